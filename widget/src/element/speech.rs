//! The language that the element speaks.

use super::Element;
use crate::language::{ENGLISH_CODE, Word, Words, choose};
use crate::options::Look;
use crate::requests::ask;
use crate::signals::Signal;
use wasm_bindgen::JsValue;

impl Element {
    /// Speaks the language of the script tag, else of the live config, else of the page.
    pub(super) fn speak(&mut self) {
        let page = self.window.node("document").node("documentElement").text("lang");
        let language = choose(&[self.options.looks.get(Look::Locale), &page]);
        if language != self.language {
            self.language = language;
            if language == ENGLISH_CODE {
                self.set_words(Words::default());
            } else {
                ask(&self.options.language_url(language), None, Signal::Words, &self.signals);
            }
        }
    }

    pub(super) fn handle_words(&mut self, status: u16, file: &JsValue) {
        let words = file.as_string().filter(|_| status == 200).and_then(|file| Words::read(&file));
        // They may come after another language was chosen.
        if let Some(words) = words.filter(|words| words.get(Word::Language) == self.language) {
            self.set_words(words);
        }
    }

    fn set_words(&mut self, words: Words) {
        self.view.words = words;
        self.view.dress(&self.options.looks);
        self.view.log.redraw(self.session.entries().len());
    }
}
