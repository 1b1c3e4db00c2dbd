//! A model's stream, chunk by chunk: what it says, and how it ended.

use super::event_stream::{EventStream, Unreadable};
use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

/// The event that ends a stream.
const DONE: &str = "[DONE]";

/// How a model ended its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// It had said all.
    Complete,
    /// At its longest, by a filter, or for a tool that nobody offered: the answer is not whole.
    CutShort,
}

/// Why there is no answer, or not the rest of it. Said in the log alone.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Failure {
    /// The stream itself can't be read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// An event isn't a chunk of a chat completion.
    #[error("an event is not a chunk of a chat completion")]
    NotAChunk,
    /// The server reported an error in the stream. Its words could hold what the visitor wrote: only a code is kept.
    #[error("the server reported an error: {0}")]
    Reported(String),
    /// The stream ended before the answer did.
    #[error("the stream broke off")]
    BrokenOff,
    /// The answer ended without a word.
    #[error("the answer is empty")]
    Empty,
}

/// An answer that is being read.
#[derive(Debug, Default)]
pub struct Reading {
    events: EventStream,
    answer: Answer,
}

#[derive(Debug, Default)]
struct Answer {
    finish: Option<Finish>,
    is_done: bool,
    has_text: bool,
}

#[derive(Deserialize)]
struct Chunk {
    #[serde(default)]
    choices: Option<Vec<Choice>>,
    #[serde(default)]
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    index: Option<u64>,
    #[serde(default)]
    delta: Option<Delta>,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Delta {
    #[serde(default)]
    content: Option<Value>,
    /// What a model of OpenAI's says in place of an answer that it won't give.
    #[serde(default)]
    refusal: Option<String>,
}

impl Reading {
    /// Takes the next bytes, and says what they add to the answer.
    ///
    /// # Errors
    /// Why it can't go on. What was said before stays said.
    pub fn read(&mut self, bytes: &[u8], say: &mut dyn FnMut(&str)) -> Result<(), Failure> {
        let Self { events, answer } = self;
        events.read(bytes, |data| answer.take(data, say))
    }

    /// Whether the model has ended its answer. Little follows: usage, and the end of the stream.
    #[must_use]
    pub const fn is_finished(&self) -> bool {
        self.answer.finish.is_some()
    }

    /// Whether the server has said that nothing follows.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.answer.is_done
    }

    /// How the answer ended, now that nothing more is read.
    ///
    /// # Errors
    /// [`Failure::BrokenOff`] or [`Failure::Empty`].
    pub const fn end(&self) -> Result<Finish, Failure> {
        let Answer { finish, is_done, has_text } = self.answer;
        match finish {
            None if !is_done => Err(Failure::BrokenOff),
            _ if !has_text => Err(Failure::Empty),
            Some(finish) => Ok(finish),
            // Some servers give no reason, and end their streams in order.
            None => Ok(Finish::Complete),
        }
    }
}

impl Answer {
    fn take(&mut self, data: &str, say: &mut dyn FnMut(&str)) -> Result<(), Failure> {
        let data = data.trim();
        // After its end nothing can add to an answer, nor spoil it.
        if self.is_done || data.is_empty() {
            return Ok(());
        }
        if data == DONE {
            self.is_done = true;
            return Ok(());
        }
        if self.finish.is_some() {
            return Ok(());
        }
        let chunk: Chunk = serde_json::from_str(data).map_err(|_| Failure::NotAChunk)?;
        if let Some(error) = chunk.error {
            return Err(Failure::Reported(error_code(&error)));
        }
        // One answer was asked for: the first.
        for choice in chunk.choices.into_iter().flatten().filter(|choice| choice.index.is_none_or(|index| index == 0)) {
            if let Some(Delta { content, refusal }) = choice.delta {
                let content = content.as_ref().and_then(Value::as_str);
                for text in content.into_iter().chain(refusal.as_deref()).filter(|text| !text.is_empty()) {
                    self.has_text = true;
                    say(text);
                }
            }
            match choice.finish_reason.as_deref() {
                None | Some("") => {}
                // The second is what text-generation-inference says.
                Some("stop" | "eos_token") => self.finish = Some(Finish::Complete),
                Some(_) => self.finish = Some(Finish::CutShort),
            }
        }
        Ok(())
    }
}

/// An error's code or type where it is a plain word, which nothing that anyone wrote hides in.
fn error_code(error: &Value) -> String {
    let is_word = |text: &&str| {
        (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let word = |name| match &error[name] {
        Value::String(text) => Some(text.as_str()).filter(is_word).map(str::to_owned),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    word("code").or_else(|| word("type")).unwrap_or_else(|| "no code".to_owned())
}
