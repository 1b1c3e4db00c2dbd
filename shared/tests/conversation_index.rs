//! What a tenant's index takes over: each message once, whatever is told twice, late or in pieces. And what it is asked:
//! nothing that anyone types is FTS5 syntax.

use proptest::prelude::*;
use weft_shared::agent::match_words;
use weft_shared::conversation::index::{Indexed, MAX_NOTE_BYTES, Note, NotedMessage, first_note};
use weft_shared::conversation::{Participant, StoredMessage};
use weft_shared::ids::{ConversationId, Environment, RequestId};
use weft_shared::protocol::ws::{AnswerStatus, Role};
use weft_shared::time::Timestamp;

fn note(created_at: i64, messages: Vec<NotedMessage>) -> Note {
    Note {
        conversation: ConversationId::parse("conversation-0123").expect("well formed"),
        created_at: Timestamp::from_secs(created_at),
        environment: Environment::production(),
        session: None,
        visitor: None,
        messages,
    }
}

fn message(seq: u64) -> NotedMessage {
    let at = i64::try_from(seq).expect("small");
    NotedMessage {
        id: format!("message-{seq}"),
        seq,
        role: if seq.is_multiple_of(2) { Role::Assistant } else { Role::User },
        text: format!("Text {seq}"),
        created_at: Timestamp::from_secs(2_000 + at),
    }
}

fn stored(seq: u64, bytes: usize) -> StoredMessage {
    StoredMessage {
        id: format!("message-{seq}"),
        seq,
        role: Role::Assistant,
        text: "x".repeat(bytes),
        request_id: RequestId::parse("request-0123456789").expect("well formed"),
        status: Some(AnswerStatus::Complete),
        sources: Vec::new(),
        created_at: Timestamp::from_secs(1),
        reserved_seq: 0,
    }
}

#[test]
fn a_note_brings_a_conversation_up_to_date() {
    let first = note(1_000, vec![message(1), message(2)]);
    let mut indexed = Indexed::new(&first);
    assert_eq!(indexed.absorb(first.clone()), [message(1), message(2)]);
    assert_eq!((indexed.message_count, indexed.last_seq, indexed.preview.as_str()), (2, 2, "Text 2"));
    assert_eq!(indexed.last_message_at, Timestamp::from_secs(2_002));
    assert!(indexed.is_of(&first));
    // The same id with another beginning is another conversation, whose numbers count from one again.
    assert!(!indexed.is_of(&note(1_001, vec![message(1)])));
}

#[test]
fn the_last_visitor_that_a_token_named_stays() {
    let named = |name: &str| Participant { sub: "mia".to_owned(), name: Some(name.to_owned()) };
    let mut indexed = Indexed::new(&note(1, Vec::new()));
    let mut tell = |visitor: Option<Participant>, seq| {
        let _ = indexed.absorb(Note { visitor, ..note(1, vec![message(seq)]) });
        indexed.visitor.clone()
    };
    assert_eq!(tell(None, 1), None);
    assert_eq!(tell(Some(named("Mia")), 3), Some(named("Mia")));
    assert_eq!(tell(None, 5), Some(named("Mia")), "a message without a token names nobody else");
    assert_eq!(tell(Some(named("Mia M.")), 7), Some(named("Mia M.")));
}

#[test]
fn a_note_is_cut_at_its_most_but_never_empty() {
    let count = |sizes: &[usize]| first_note((1..).zip(sizes).map(|(seq, bytes)| stored(seq, *bytes)).collect()).len();
    assert_eq!(count(&[]), 0);
    assert_eq!(count(&[MAX_NOTE_BYTES + 1, 1]), 1, "one at least");
    assert_eq!(count(&[MAX_NOTE_BYTES - 1, 1, 1]), 2, "to the byte");
    assert_eq!(count(&[MAX_NOTE_BYTES, 1]), 1);
}

proptest! {
    /// A conversation tells what is above the last confirmed `seq`; a confirmation may get lost, so it tells again, and
    /// more by then. Whatever gets lost, the index has each message once, in order.
    #[test]
    fn each_message_is_indexed_once(steps in prop::collection::vec((0_u64..4, any::<bool>()), 1..40)) {
        let mut indexed = Indexed::new(&note(1, Vec::new()));
        let (mut over, mut confirmed, mut index) = (0, 0, Vec::new());
        for (more, is_confirmed) in steps {
            over += more;
            let told: Vec<_> = (confirmed + 1..=over).map(message).collect();
            index.extend(indexed.absorb(note(1, told)));
            if is_confirmed {
                confirmed = over;
            }
        }
        let expected: Vec<_> = (1..=over).map(message).collect();
        prop_assert_eq!(&index, &expected);
        prop_assert_eq!(indexed.message_count, over);
        prop_assert_eq!(indexed.last_seq, over);
        if let Some(last) = expected.last() {
            prop_assert_eq!(&indexed.preview, &last.text);
            prop_assert_eq!(indexed.last_message_at, last.created_at);
        }
    }

    /// Outside of quotes an expression has nothing but what is written here, and inside of them letters and digits.
    #[test]
    fn no_text_is_fts5_syntax(text in "\\PC{0,80}", syntax in r#"[ "*()^:+\-{}]{0,10}(AND|OR|NOT|NEAR)?"#) {
        let Some(expression) = match_words(&format!("{text}{syntax}{text}")) else { return Ok(()) };
        for (index, term) in expression.split(" AND ").enumerate() {
            let word = term.strip_prefix('"').and_then(|rest| rest.strip_suffix("\"*"));
            let word = word.unwrap_or_else(|| panic!("term {index} of {expression}"));
            prop_assert!(!word.is_empty() && word.chars().all(char::is_alphanumeric), "{}", expression);
        }
    }
}

#[test]
fn every_word_of_a_search_is_wanted_as_a_beginning() {
    assert_eq!(match_words("the Café").as_deref(), Some(r#""the"* AND "cafe"*"#), "small words too");
    assert_eq!(match_words("a a A").as_deref(), Some(r#""a"*"#), "each once");
    assert_eq!(match_words(r#"" OR * NEAR("#).as_deref(), Some(r#""or"* AND "near"*"#));
    for nothing in ["", " ", "\"\"", "-*-"] {
        assert_eq!(match_words(nothing), None);
    }
}
