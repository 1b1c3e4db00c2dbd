//! What is offered below the messages: questions to begin with, and another try of the last one where it failed.

use crate::browser::Node;
use crate::language::{Word, Words};
use crate::signals::{Scope, Signal, Signals};
use crate::text::pieces;

/// Buttons at the end of the messages.
#[derive(Debug)]
pub(crate) struct Offers {
    questions: Node,
    again: Node,
}

impl Offers {
    /// None yet.
    pub(crate) fn new(parent: &Node, signals: &Signals, scope: &Scope) -> Self {
        let questions = parent.add("div", "offers");
        questions.set("role", "group");
        scope.listen(signals, &questions, "click", Signal::Suggested);
        let again = parent.add("button", "offer again");
        again.set("type", "button");
        again.show(false);
        scope.listen(signals, &again, "click", Signal::Again);
        Self { questions, again }
    }

    /// Sets the questions: one a line, or parted by bars.
    pub(crate) fn dress(&self, words: &Words, questions: &str) {
        self.again.set_text(words.get(Word::TryAgain));
        self.questions.set("aria-label", words.get(Word::Suggestions));
        self.questions.set_text("");
        let mark = if questions.bytes().any(|byte| byte == b'\n') { b'\n' } else { b'|' };
        for question in pieces(questions, mark) {
            let question = question.trim_ascii();
            if question.is_empty() {
                continue;
            }
            let button = self.questions.add_with_text("button", "offer", question);
            button.set("type", "button");
            button.set("dir", "auto");
        }
    }

    /// What fits the conversation as it is now.
    pub(crate) fn set(&self, is_begun: bool, has_failed: bool) {
        self.questions.show(!is_begun && self.questions.number("childElementCount") > 0.0);
        self.again.show(has_failed);
    }
}
