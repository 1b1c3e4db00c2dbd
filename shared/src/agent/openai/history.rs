//! What was said before, as a model is told it.

use crate::conversation::StoredMessage;
use crate::ids::RequestId;
use crate::protocol::ws::Role;

/// How many questions before this one a model is told, each with its answer.
pub const MAX_EXCHANGES: usize = 10;
/// How long all of them may be, in characters.
pub const MAX_HISTORY_CHARS: usize = 16_000;
/// How long each question and each answer may be; a longer one is cut there.
pub const MAX_TURN_CHARS: usize = 4_000;

/// A question that was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// What the visitor wrote.
    pub question: String,
    /// What was answered, whether all of it or not.
    pub answer: String,
}

/// The last exchanges before a message, oldest first, within the bounds. Of `messages` those count that came before it
/// and were answered with some text: models' templates want questions and answers in turns.
#[must_use]
pub fn exchanges(messages: &[StoredMessage], question: &RequestId) -> Vec<Exchange> {
    let asked = messages.iter().find(|message| message.role == Role::User && &message.request_id == question);
    let Some(before) = asked.map(|message| message.seq) else { return Vec::new() };
    let mut questions: Vec<_> =
        messages.iter().filter(|message| message.role == Role::User && message.seq < before).collect();
    questions.sort_by_key(|message| core::cmp::Reverse(message.seq));
    let mut chars = 0;
    let mut last: Vec<Exchange> = questions
        .into_iter()
        .filter_map(|question| {
            let is_answer = |message: &&StoredMessage| {
                message.role == Role::Assistant && message.is_over() && message.request_id == question.request_id
            };
            let answer = messages.iter().find(is_answer).filter(|answer| !answer.text.trim().is_empty())?;
            Some(Exchange { question: cut(&question.text), answer: cut(&answer.text) })
        })
        .take(MAX_EXCHANGES)
        .take_while(|exchange| {
            chars += exchange.question.chars().count() + exchange.answer.chars().count();
            chars <= MAX_HISTORY_CHARS
        })
        .collect();
    last.reverse();
    last
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_TURN_CHARS) {
        Some(_) => text.chars().take(MAX_TURN_CHARS - 1).chain(['…']).collect(),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::answer_id;
    use crate::protocol::ws::AnswerStatus;
    use crate::time::Timestamp;

    fn id(number: u64) -> RequestId {
        RequestId::parse(format!("request-{number:08}")).expect("well formed")
    }

    fn message(number: u64, seq: u64, text: &str, status: Option<AnswerStatus>, role: Role) -> StoredMessage {
        let id = if role == Role::User { id(number).to_string() } else { answer_id(&self::id(number)) };
        let (request_id, text) = (self::id(number), text.to_owned());
        let created_at = Timestamp::from_millis(0);
        StoredMessage { id, seq, role, text, request_id, status, sources: Vec::new(), created_at, reserved_seq: 0 }
    }

    fn question(number: u64, seq: u64, text: &str) -> StoredMessage {
        message(number, seq, text, None, Role::User)
    }

    fn answer(number: u64, seq: u64, text: &str) -> StoredMessage {
        message(number, seq, text, Some(AnswerStatus::Complete), Role::Assistant)
    }

    #[test]
    fn questions_stand_beside_their_answers_whenever_these_came() {
        // Three were sent at once, and a fourth waits behind the one that is asked now.
        let stored = [
            answer(2, 20, "two!"),
            question(1, 1, "one?"),
            question(2, 2, "two?"),
            answer(1, 10, "one!"),
            question(3, 3, "three?"),
            question(4, 4, "four?"),
        ];
        let told = exchanges(&stored, &id(3));
        let told: Vec<_> = told.iter().map(|exchange| (exchange.question.as_str(), exchange.answer.as_str())).collect();
        assert_eq!(told, [("one?", "one!"), ("two?", "two!")]);
        assert_eq!(exchanges(&stored, &id(1)), []);
        assert_eq!(exchanges(&stored, &id(9)), []);
    }

    #[test]
    fn what_was_not_answered_is_not_told() {
        let running = message(3, 12, "half", None, Role::Assistant);
        let stopped = message(4, 13, "so far", Some(AnswerStatus::Cancelled), Role::Assistant);
        let stored = [
            question(1, 1, "never"),
            question(2, 2, "nothing"),
            answer(2, 11, " \n"),
            question(3, 3, "still"),
            running,
            question(4, 4, "stopped"),
            stopped,
            question(5, 5, "now"),
        ];
        let told = exchanges(&stored, &id(5));
        assert_eq!(told, [Exchange { question: "stopped".to_owned(), answer: "so far".to_owned() }]);
    }

    #[test]
    fn the_last_ones_are_told_up_to_each_bound() {
        let many = |count: u64, chars: usize| -> Vec<StoredMessage> {
            let pair = |n: u64| [question(n, 2 * n, &"é".repeat(chars)), answer(n, 2 * n + 1, &format!("{n}"))];
            (1..=count).flat_map(pair).chain([question(99, 999, "now")]).collect()
        };
        let told = exchanges(&many(12, 1), &id(99));
        assert_eq!(told.len(), MAX_EXCHANGES);
        assert_eq!((told[0].answer.as_str(), told[9].answer.as_str()), ("3", "12"));
        // Four of 3,999 and one character each are exactly 16,000; with one more the oldest doesn't fit.
        assert_eq!(exchanges(&many(4, 3_999), &id(99)).len(), 4);
        assert_eq!(exchanges(&many(4, 4_000), &id(99)).len(), 3);
    }

    #[test]
    fn a_long_turn_is_cut() {
        let stored = [question(1, 1, &"é".repeat(4_000)), answer(1, 2, &"ü".repeat(4_001)), question(2, 3, "now")];
        let told = exchanges(&stored, &id(2));
        assert_eq!(told[0].question, "é".repeat(4_000));
        assert_eq!(told[0].answer, format!("{}…", "ü".repeat(3_999)));
    }
}
