//! The agent provider `scripted`, for tests: the message is the script.
//!
//! `words=40 delay_ms=20 then=complete` answers with 40 words, 20 ms apart. `say=` takes all that follows it as the
//! answer. `then` is `complete` (unless given), `fail`, `hang` or `truncate`. Any other message is echoed.
//! It is accepted in a config only where the deployment says so ([`crate::config::Config::patch`]).

/// The most words that a script may ask for: enough to go over the longest answer.
const MAX_WORDS: usize = 20_000;
/// The longest pause between words.
const MAX_DELAY_MS: u32 = 60_000;

/// What a scripted agent does, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Waits.
    Delay {
        /// For how long.
        ms: u32,
    },
    /// Gives a piece of the answer.
    Text(String),
    /// Ends; always the last step.
    End(Ending),
}

/// How a script ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ending {
    /// As an agent that has said all.
    #[default]
    Complete,
    /// As an agent that reports an error.
    Fail,
    /// As an agent that falls silent: neither text nor end.
    Hang,
    /// As an agent whose connection breaks off.
    Truncate,
}

/// A parsed script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    pieces: Vec<String>,
    delay_ms: u32,
    then: Ending,
}

impl Script {
    /// Reads a message. Never fails: what is no script is echoed.
    #[must_use]
    pub fn parse(message: &str) -> Self {
        Self::read(message).unwrap_or_else(|| Self { pieces: words_of(message), delay_ms: 0, then: Ending::Complete })
    }

    fn read(message: &str) -> Option<Self> {
        let mut script = Self { pieces: Vec::new(), delay_ms: 0, then: Ending::Complete };
        let mut rest = message.trim_start();
        if rest.is_empty() {
            return None;
        }
        while !rest.is_empty() {
            let (name, value) = rest.split_once('=')?;
            if name == "say" {
                script.pieces = words_of(value);
                return Some(script);
            }
            let (value, after) = value.split_once(char::is_whitespace).unwrap_or((value, ""));
            match name {
                "words" => {
                    let count = value.parse().ok().filter(|count| *count <= MAX_WORDS)?;
                    script.pieces = (1..=count).map(numbered_word).collect();
                }
                "delay_ms" => script.delay_ms = value.parse().ok().filter(|ms| *ms <= MAX_DELAY_MS)?,
                "then" => {
                    script.then = match value {
                        "complete" => Ending::Complete,
                        "fail" => Ending::Fail,
                        "hang" => Ending::Hang,
                        "truncate" => Ending::Truncate,
                        _ => return None,
                    }
                }
                _ => return None,
            }
            rest = after.trim_start();
        }
        Some(script)
    }

    /// All that it says, from the first word to the last.
    #[must_use]
    pub fn text(&self) -> String {
        self.pieces.concat()
    }

    /// What it does, in order. A pause comes before each piece.
    pub fn steps(&self) -> impl Iterator<Item = Step> + '_ {
        let pause = (self.delay_ms > 0).then_some(Step::Delay { ms: self.delay_ms });
        self.pieces
            .iter()
            .flat_map(move |piece| pause.clone().into_iter().chain([Step::Text(piece.clone())]))
            .chain([Step::End(self.then)])
    }
}

fn numbered_word(number: usize) -> String {
    if number == 1 { "word1".to_owned() } else { format!(" word{number}") }
}

/// The text in pieces of one word, each with the whitespace after it: together they are the text.
fn words_of(text: &str) -> Vec<String> {
    text.split_inclusive(char::is_whitespace).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_says_its_words_at_its_pace_and_ends_as_told() {
        let script = Script::parse("words=3 delay_ms=20 then=fail");
        assert_eq!(script.text(), "word1 word2 word3");
        let steps: Vec<_> = script.steps().collect();
        assert_eq!(
            steps,
            [
                Step::Delay { ms: 20 },
                Step::Text("word1".to_owned()),
                Step::Delay { ms: 20 },
                Step::Text(" word2".to_owned()),
                Step::Delay { ms: 20 },
                Step::Text(" word3".to_owned()),
                Step::End(Ending::Fail),
            ]
        );
    }

    #[test]
    fn each_ending_has_its_word() {
        for (word, ending) in [
            ("complete", Ending::Complete),
            ("fail", Ending::Fail),
            ("hang", Ending::Hang),
            ("truncate", Ending::Truncate),
        ] {
            let script = Script::parse(&format!("words=0 then={word}"));
            assert_eq!(script.steps().collect::<Vec<_>>(), [Step::End(ending)]);
        }
    }

    #[test]
    fn say_takes_all_that_follows() {
        let script = Script::parse("then=truncate say=Two  words = three\nlines then=fail");
        assert_eq!(script.text(), "Two  words = three\nlines then=fail");
        assert_eq!(script.steps().last(), Some(Step::End(Ending::Truncate)));
        assert_eq!(script.steps().filter(|step| matches!(step, Step::Text(_))).count(), 7);
    }

    #[test]
    fn what_is_no_script_is_echoed() {
        for message in ["Where is my order?", "", "words=many", "words=20001", "then=explode", "delay_ms=60001", "a=b"]
        {
            let script = Script::parse(message);
            assert_eq!(script.text(), message);
            assert_eq!(script.steps().last(), Some(Step::End(Ending::Complete)));
        }
    }
}
