//! The widget's own words and the language that they are in. English is part of the download; any other language is a
//! file of its own (`languages/*.txt`, one text a line in the order of `en.txt`), asked for only where it is spoken. While
//! it is on its way, and where it doesn't come, the words are English.

use crate::text::{concat, decimal, pieces};

include!(concat!(env!("OUT_DIR"), "/words.rs"));

/// The code of the language that is always there.
pub(crate) const ENGLISH_CODE: &str = ENGLISH[Word::Language as usize];

/// All words in one language.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Words(Vec<String>);

impl Words {
    /// Reads a language's file. `None`: it is another one than this widget was built with, or none at all.
    pub(crate) fn read(file: &str) -> Option<Self> {
        let mut texts = Vec::new();
        for line in pieces(file, b'\n') {
            texts.push(line.to_owned());
        }
        // The last line ends too.
        (texts.len() == ENGLISH.len() + 1).then_some(Self(texts))
    }

    /// A text.
    pub(crate) fn get(&self, word: Word) -> &str {
        self.0.get(word as usize).map_or(english(word), String::as_str)
    }

    /// A text that counts: the form for this plural category (CLDR's `one`, `few`, …), with the number in it.
    pub(crate) fn count(&self, word: Word, number: usize, category: &str) -> String {
        let parts = pieces(form(self.get(word), category), b'#');
        let [before, after] = parts[..] else { return concat(&parts) };
        concat(&[before, &decimal(number), after])
    }

    /// What the owner wrote, or this word where they wrote nothing or left Weft's own English text.
    pub(crate) fn or_own<'a>(&'a self, written: &'a str, word: Word) -> &'a str {
        if written.is_empty() || written == english(word) { self.get(word) } else { written }
    }
}

/// A text in English: what the console and the page's events say is for the site's owner.
pub(crate) const fn english(word: Word) -> &'static str {
    ENGLISH[word as usize]
}

/// `one:…|other:…`: the form of a category, else the last one, which is `other`.
fn form<'a>(forms: &'a str, category: &str) -> &'a str {
    let mut last = "";
    for form in pieces(forms, b'|') {
        if let [name, text] = pieces(form, b':')[..] {
            last = text;
            if name == category {
                break;
            }
        }
    }
    last
}

/// The first of the wanted languages (tags as `de` or `pt-BR`) that the widget speaks, or English.
pub(crate) fn choose(wanted: &[&str]) -> &'static str {
    for tag in wanted {
        // Of a tag its language counts: two letters, and whatever is no letter behind them.
        let is_language = tag.as_bytes().get(2).is_none_or(|byte| !byte.is_ascii_alphanumeric());
        let primary = tag.get(..2).filter(|_| is_language).unwrap_or_default();
        if primary.eq_ignore_ascii_case(ENGLISH_CODE) {
            break;
        }
        for known in &OTHERS {
            if primary.eq_ignore_ascii_case(known) {
                return known;
            }
        }
    }
    ENGLISH_CODE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twelve_languages_are_spoken() {
        assert_eq!(OTHERS, ["ar", "de", "es", "fr", "it", "ja", "nl", "pl", "pt", "tr", "zh"]);
        assert_eq!(ENGLISH_CODE, "en");
    }

    #[test]
    fn the_first_language_that_is_spoken_is_taken() {
        for (wanted, chosen) in [
            (vec![], "en"),
            (vec!["de"], "de"),
            (vec!["", "fr"], "fr"),
            (vec!["DE-at", "fr"], "de"),
            (vec!["pt_BR"], "pt"),
            (vec!["zh-Hant-TW"], "zh"),
            (vec!["xx", "ja"], "ja"),
            (vec!["en-GB", "fr"], "en"),
            (vec!["deu", "d", "-de"], "en"),
        ] {
            assert_eq!(choose(&wanted), chosen, "{wanted:?}");
        }
    }

    #[test]
    fn plurals_take_the_form_of_their_category_or_the_last() {
        let forms = "one:# znak|few:# znaki|many:# znaków|other:# znaku";
        assert_eq!(form(forms, "few"), "# znaki");
        assert_eq!(form(forms, "two"), "# znaku");
        assert_eq!(form("", "one"), "");
        assert_eq!(Words::default().count(Word::Left, 1, "one"), "1 character left");
        assert_eq!(Words::default().count(Word::Left, 12, "other"), "12 characters left");
        let arabic = Words(vec!["one:حرف واحد|other:#".to_owned(); ENGLISH.len()]);
        assert_eq!(arabic.count(Word::Left, 1, "one"), "حرف واحد", "a form may say its number in a word");
    }

    #[test]
    fn a_file_of_another_build_is_not_mixed_in() {
        let whole = ENGLISH.join("\n") + "\n";
        assert_eq!(Words::read(&whole).unwrap().get(Word::Close), "Close");
        assert_eq!(Words::read(&[&whole, "more\n"].concat()), None);
        assert_eq!(Words::read("<!doctype html>"), None);
        assert_eq!(Words::default().get(Word::Close), "Close");
    }

    #[test]
    fn what_the_owner_wrote_wins_and_wefts_own_defaults_are_translated() {
        let mut texts: Vec<String> = ENGLISH.iter().map(|text| (*text).to_owned()).collect();
        texts[Word::Title as usize] = "Chatten Sie mit uns".to_owned();
        let words = Words(texts);
        assert_eq!(words.or_own("Ask Acme", Word::Title), "Ask Acme");
        assert_eq!(words.or_own("Chat with us", Word::Title), "Chatten Sie mit uns");
        assert_eq!(words.or_own("", Word::Title), "Chatten Sie mit uns");
    }

    #[test]
    fn the_configs_own_defaults_are_known_as_such() {
        let looks = weft_shared::config::Appearance::default();
        assert_eq!(looks.title, english(Word::Title));
        assert_eq!(looks.welcome_message, english(Word::Welcome));
        assert_eq!(looks.input_placeholder, english(Word::Placeholder));
    }
}
