//! The conversation's half of the session, frame by frame: each refusal beside what is let through.

#[path = "pair/store.rs"]
mod store;

use store::MemoryStore;
use weft_shared::error::{ErrorCode, Refusal};
use weft_shared::ids::{ConversationId, Environment, RequestId, TenantId};
use weft_shared::protocol::ws::{AnswerStatus, CloseCode, MAX_FRAME_BYTES, Role, ServerFrame};
use weft_shared::secret::Secret;
use weft_shared::session::server::{
    ConversationServer, Effect, Input, Outcome, Received, Socket, SocketContext, VerifyToken, Visitor,
};
use weft_shared::time::Timestamp;

const SECRET: &str = "abcdefghijklmnopqrstuv";
const OTHER_SECRET: &str = "ABCDEFGHIJKLMNOPQRSTUV";

struct Tokens;

impl VerifyToken for Tokens {
    fn verify(&self, token: &Secret, now: Timestamp) -> Result<Visitor, ErrorCode> {
        let ends = token.expose().parse().map(Timestamp::from_secs).map_err(|_| ErrorCode::InvalidToken)?;
        if ends <= now {
            return Err(ErrorCode::ExpiredToken);
        }
        let (sub, azp) = ("mia".to_owned(), "key_000000000000000000000000".to_owned());
        Ok(Visitor { sub, azp, issued_at: ends.plus_secs(-300), expires_at: ends, name: None, data: None })
    }
}

struct Room {
    server: ConversationServer,
    store: MemoryStore,
    now: Timestamp,
}

impl Room {
    fn new() -> Self {
        Self { server: ConversationServer::default(), store: MemoryStore::default(), now: Timestamp::from_secs(1_000) }
            .restarted()
    }

    fn restarted(mut self) -> Self {
        let (server, _) = ConversationServer::load(&mut self.store, self.now).expect("the list never fails");
        self.server = server;
        self
    }

    fn socket(&self, require_signed_token: bool) -> Socket {
        let context = SocketContext {
            conversation: ConversationId::parse("conversation-0123").expect("well formed"),
            tenant: TenantId::parse("acme").expect("well formed"),
            environment: Environment::production(),
            require_signed_token,
        };
        Socket::open(context, self.now).0
    }

    fn say(&mut self, socket: &mut Socket, frame: &serde_json::Value) -> Vec<Effect> {
        self.say_raw(socket, Input::Text(&frame.to_string()))
    }

    fn say_raw(&mut self, socket: &mut Socket, input: Input<'_>) -> Vec<Effect> {
        match self.server.receive(socket, input, &Tokens, &self.store, self.now).expect("the list never fails") {
            Received::Done(effects) => effects,
            Received::Admit(admission) => {
                self.server.accept(socket, admission, &mut self.store, self.now).expect("the list never fails")
            }
        }
    }

    fn ask(&mut self, socket: &mut Socket, number: u32) -> Vec<Effect> {
        self.say(socket, &request(number, "Hi", Some(SECRET), None))
    }

    fn answer(&mut self, number: u32, pieces: &[&str]) -> Vec<Effect> {
        for piece in pieces {
            self.server.push(&id(number), piece, &mut self.store, self.now).expect("the list never fails");
        }
        let outcome = Outcome::Complete(Vec::new());
        self.server.finish(&id(number), outcome, &mut self.store, self.now).expect("the list never fails")
    }
}

fn id(number: u32) -> RequestId {
    RequestId::parse(format!("request-{number:08}")).expect("well formed")
}

fn request(number: u32, text: &str, secret: Option<&str>, token: Option<&str>) -> serde_json::Value {
    let mut payload = serde_json::json!({"message": {"text": text}});
    if let Some(secret) = secret {
        payload["historySecret"] = secret.into();
    }
    if let Some(token) = token {
        payload["widgetToken"] = token.into();
    }
    serde_json::json!({"type": "chat.request", "id": id(number), "payload": payload})
}

fn resume(secret: &str, last_seq: u64) -> serde_json::Value {
    serde_json::json!({"type": "chat.resume", "payload": {"historySecret": secret, "lastSeq": last_seq}})
}

fn errors(effects: &[Effect]) -> Vec<String> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Reply(ServerFrame::Error(error)) | Effect::All(ServerFrame::Error(error)) => {
                Some(error.error.clone())
            }
            _ => None,
        })
        .collect()
}

fn close(effects: &[Effect]) -> Option<CloseCode> {
    effects.iter().find_map(|effect| if let Effect::Close(code) = effect { Some(*code) } else { None })
}

fn accepted(effects: &[Effect]) -> Option<(u64, bool)> {
    effects.iter().find_map(|effect| match effect {
        Effect::Reply(ServerFrame::Accepted(accepted)) => Some((accepted.seq, accepted.duplicate)),
        _ => None,
    })
}

#[test]
fn a_request_is_stored_before_it_is_acknowledged() {
    let mut room = Room::new();
    let mut socket = room.socket(false);
    let effects = room.ask(&mut socket, 1);
    assert_eq!(accepted(&effects), Some((1, false)));
    assert_eq!(room.store.rows.len(), 1);
    assert!(matches!(effects.last(), Some(Effect::Answer(start)) if start.text == "Hi"));
}

#[test]
fn the_third_refused_token_in_a_row_ends_the_socket() {
    let mut room = Room::new();
    let mut socket = room.socket(true);
    for (frame, code) in [
        (request(1, "Hi", Some(SECRET), None), "token_required"),
        (request(1, "Hi", Some(SECRET), Some("forged")), "invalid_token"),
    ] {
        let effects = room.say(&mut socket, &frame);
        assert_eq!((errors(&effects), close(&effects)), (vec![code.to_owned()], None));
    }
    let effects = room.say(&mut socket, &request(1, "Hi", Some(SECRET), Some("999")));
    assert_eq!((errors(&effects), close(&effects)), (vec!["expired_token".to_owned()], Some(CloseCode::Token)));
    assert!(room.store.rows.is_empty() && room.store.head.is_none(), "a refused socket leaves nothing behind");
}

#[test]
fn a_good_token_after_two_refusals_starts_the_count_anew() {
    let mut room = Room::new();
    let mut socket = room.socket(true);
    for _ in 0..2 {
        room.say(&mut socket, &request(1, "Hi", Some(SECRET), Some("forged")));
    }
    assert!(accepted(&room.say(&mut socket, &request(1, "Hi", Some(SECRET), Some("1300")))).is_some());
    let refresh = serde_json::json!({"type": "auth.refresh", "payload": {"widgetToken": "forged"}});
    for _ in 0..2 {
        assert_eq!(close(&room.say(&mut socket, &refresh)), None);
    }
    assert_eq!(close(&room.say(&mut socket, &refresh)), Some(CloseCode::Token));
}

#[test]
fn a_request_after_the_tokens_end_is_refused_until_it_is_renewed() {
    let mut room = Room::new();
    let mut socket = room.socket(true);
    assert!(accepted(&room.say(&mut socket, &request(1, "Hi", Some(SECRET), Some("1300")))).is_some());
    room.now = Timestamp::from_millis(1_299_999);
    assert!(accepted(&room.say(&mut socket, &request(2, "Hi", None, None))).is_some());
    room.now = Timestamp::from_secs(1_300);
    assert_eq!(errors(&room.say(&mut socket, &request(3, "Hi", None, None))), ["expired_token"]);
    let refresh = serde_json::json!({"type": "auth.refresh", "payload": {"widgetToken": "1600"}});
    assert_eq!(room.say(&mut socket, &refresh), []);
    assert!(accepted(&room.say(&mut socket, &request(3, "Hi", None, None))).is_some());
}

#[test]
fn a_token_that_is_not_required_is_still_verified_when_it_comes() {
    let mut room = Room::new();
    let mut socket = room.socket(false);
    assert_eq!(errors(&room.say(&mut socket, &request(1, "Hi", Some(SECRET), Some("forged")))), ["invalid_token"]);
    assert!(accepted(&room.say(&mut socket, &request(1, "Hi", Some(SECRET), None))).is_some());
}

#[test]
fn a_stranger_without_the_history_secret_neither_reads_nor_writes() {
    let mut room = Room::new();
    let mut owner = room.socket(false);
    room.ask(&mut owner, 1);
    room.answer(1, &["Hello"]);
    for frame in [resume(OTHER_SECRET, 0), request(2, "Hi", Some(OTHER_SECRET), None)] {
        let mut stranger = room.socket(false);
        let effects = room.say(&mut stranger, &frame);
        assert_eq!(errors(&effects), ["wrong_history_secret"]);
        assert_eq!(close(&effects), Some(CloseCode::Forbidden));
        assert!(!stranger.is_joined());
    }
    let mut back = room.socket(false);
    let effects = room.say(&mut back, &resume(SECRET, 0));
    assert!(matches!(&effects[..], [Effect::Reply(ServerFrame::History(history))] if history.messages.len() == 2));
}

#[test]
fn a_conversation_does_not_answer_in_another_tenant_or_environment() {
    let mut room = Room::new();
    let mut owner = room.socket(false);
    room.ask(&mut owner, 1);
    let mut elsewhere = room.socket(false);
    elsewhere.context.environment = Environment::parse("staging").expect("well formed");
    assert_eq!(close(&room.say(&mut elsewhere, &resume(SECRET, 0))), Some(CloseCode::Forbidden));
    let mut elsewhere = room.socket(false);
    elsewhere.context.tenant = TenantId::parse("other").expect("well formed");
    assert_eq!(close(&room.say(&mut elsewhere, &resume(SECRET, 0))), Some(CloseCode::Forbidden));
}

#[test]
fn a_resume_before_anything_was_said_shows_nothing_and_hears_nothing() {
    let mut room = Room::new();
    let mut early = room.socket(false);
    let effects = room.say(&mut early, &resume(OTHER_SECRET, 0));
    assert!(matches!(&effects[..], [Effect::Reply(ServerFrame::History(history))] if history.messages.is_empty()));
    assert!(!early.is_joined(), "it would hear what another begins");
    let mut owner = room.socket(false);
    room.ask(&mut owner, 1);
    let effects = room.say(&mut early, &request(2, "Hi", None, None));
    assert_eq!(close(&effects), Some(CloseCode::Forbidden));
}

#[test]
fn frames_that_break_the_protocol_end_the_socket() {
    let large = "x".repeat(MAX_FRAME_BYTES + 1);
    let cases = [
        (Input::Text("no json"), "invalid_request", CloseCode::BadFrame),
        (Input::Text(r#"{"type":"chat.unknown"}"#), "invalid_request", CloseCode::BadFrame),
        (Input::Binary(3), "invalid_request", CloseCode::BadFrame),
        (Input::Binary(MAX_FRAME_BYTES + 1), "payload_too_large", CloseCode::TooLarge),
        (Input::Text(&large), "payload_too_large", CloseCode::TooLarge),
        (Input::Text(r#"{"type":"chat.cancel","id":"request-00000001"}"#), "invalid_request", CloseCode::BadFrame),
    ];
    for (input, error, code) in cases {
        let mut room = Room::new();
        let mut socket = room.socket(false);
        let effects = room.say_raw(&mut socket, input);
        assert_eq!((errors(&effects), close(&effects)), (vec![error.to_owned()], Some(code)));
    }
    let mut room = Room::new();
    let mut socket = room.socket(false);
    let effects = room.say(&mut socket, &request(1, "Hi", None, None));
    assert_eq!(close(&effects), Some(CloseCode::BadFrame), "the first request introduces itself");
    let mut socket = room.socket(false);
    let padded = format!("{{\"type\":\"ping\"}}{}", " ".repeat(MAX_FRAME_BYTES - 15));
    assert_eq!(room.say_raw(&mut socket, Input::Text(&padded)), [Effect::Reply(ServerFrame::Pong)]);
}

#[test]
fn a_silent_socket_is_cut_after_10_s_and_a_speaking_one_is_not() {
    let mut room = Room::new();
    let mut silent = room.socket(false);
    assert_eq!(silent.poll_timeout(), Some(room.now.plus_secs(10)));
    assert_eq!(silent.handle_timeout(room.now.plus_millis(9_999)), []);
    assert_eq!(silent.handle_timeout(room.now.plus_secs(10)), [Effect::Close(CloseCode::TooSlow)]);
    let mut speaking = room.socket(false);
    room.ask(&mut speaking, 1);
    assert_eq!(speaking.poll_timeout(), None);
    assert_eq!(speaking.handle_timeout(room.now.plus_secs(11)), []);
}

#[test]
fn a_token_that_runs_out_is_announced_once() {
    let mut room = Room::new();
    let mut socket = room.socket(true);
    room.say(&mut socket, &request(1, "Hi", Some(SECRET), Some("1300")));
    assert_eq!(socket.poll_timeout(), Some(Timestamp::from_secs(1_240)));
    let effects = socket.handle_timeout(Timestamp::from_secs(1_240));
    assert!(matches!(&effects[..], [Effect::Reply(ServerFrame::Expiring(notice))] if notice.expires_in_secs == 60));
    assert_eq!(socket.poll_timeout(), None);
}

#[test]
fn a_token_that_is_renewed_with_itself_is_not_announced_again() {
    let mut room = Room::new();
    let mut socket = room.socket(true);
    room.now = Timestamp::from_secs(1_250);
    room.say(&mut socket, &request(1, "Hi", Some(SECRET), Some("1300")));
    assert_eq!(socket.poll_timeout(), None, "it came inside its notice: the widget knows");
    let refresh = serde_json::json!({"type": "auth.refresh", "payload": {"widgetToken": "1600"}});
    room.say(&mut socket, &refresh);
    assert_eq!(socket.poll_timeout(), Some(Timestamp::from_secs(1_540)));
}

#[test]
fn a_socket_that_was_told_to_close_is_heard_no_more() {
    let mut room = Room::new();
    let mut socket = room.socket(false);
    assert_eq!(close(&room.say_raw(&mut socket, Input::Text("no json"))), Some(CloseCode::BadFrame));
    assert_eq!(room.ask(&mut socket, 1), []);
    assert!(room.store.rows.is_empty(), "what can't be acknowledged isn't stored");
    let mut silent = room.socket(false);
    let late = room.now.plus_secs(10);
    assert_eq!(silent.handle_timeout(late), [Effect::Close(CloseCode::TooSlow)]);
    assert_eq!((silent.poll_timeout(), silent.handle_timeout(late)), (None, Vec::new()));
}

#[test]
fn the_same_request_again_gets_the_same_acknowledgement_and_no_second_answer() {
    let mut room = Room::new();
    let mut socket = room.socket(false);
    room.ask(&mut socket, 1);
    let effects = room.ask(&mut socket, 1);
    assert_eq!(accepted(&effects), Some((1, true)));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Answer(_))));
    let effects = room.say(&mut socket, &request(1, "Other", None, None));
    assert_eq!((errors(&effects), close(&effects)), (vec!["conflict".to_owned()], None));
    room.answer(1, &["Hello"]);
    let effects = room.ask(&mut socket, 1);
    assert!(
        matches!(effects.last(), Some(Effect::Reply(ServerFrame::Completed(completed))) if completed.text == "Hello")
    );
}

#[test]
fn two_messages_sent_fast_are_answered_in_order() {
    let mut room = Room::new();
    let mut socket = room.socket(false);
    let first = room.ask(&mut socket, 1);
    let second = room.ask(&mut socket, 2);
    assert!(matches!(first.last(), Some(Effect::Answer(start)) if start.request_id == id(1)));
    assert!(!second.iter().any(|effect| matches!(effect, Effect::Answer(_))), "one after the other");
    let effects = room.answer(1, &["one"]);
    assert!(matches!(effects.last(), Some(Effect::Answer(start)) if start.request_id == id(2)));
}

#[test]
fn a_stopped_answer_keeps_what_came_and_the_next_begins() {
    let mut room = Room::new();
    let mut socket = room.socket(false);
    room.ask(&mut socket, 1);
    room.ask(&mut socket, 2);
    room.server.push(&id(1), "half", &mut room.store, room.now).expect("the list never fails");
    let cancel = serde_json::json!({"type": "chat.cancel", "id": id(1)});
    assert_eq!(room.say(&mut socket, &cancel), [Effect::Stop(id(1))]);
    assert_eq!(room.server.push(&id(1), "late", &mut room.store, room.now), Ok(Vec::new()));
    let effects = room.server.stopped(&id(1), &mut room.store, room.now).expect("the list never fails");
    let Effect::All(ServerFrame::Completed(completed)) = &effects[0] else { panic!("{effects:?}") };
    assert_eq!((completed.status, completed.text.as_str()), (AnswerStatus::Cancelled, "half"));
    assert!(matches!(&effects[1], Effect::Answer(start) if start.request_id == id(2)));
}

#[test]
fn an_agent_that_fails_is_named_and_the_answer_ends_interrupted() {
    let mut room = Room::new();
    let mut socket = room.socket(false);
    room.ask(&mut socket, 1);
    let failed = Outcome::Failed(Refusal::from(ErrorCode::AgentFailed));
    let effects = room.server.finish(&id(1), failed, &mut room.store, room.now).expect("the list never fails");
    assert_eq!(errors(&effects), ["agent_failed"]);
    assert!(
        matches!(&effects[1], Effect::All(ServerFrame::Completed(completed)) if completed.status == AnswerStatus::Interrupted)
    );
}

#[test]
fn numbers_sent_but_not_stored_before_a_crash_are_not_used_again() {
    let mut room = Room::new();
    let mut socket = room.socket(false);
    room.ask(&mut socket, 1);
    let mut last = 0;
    for _ in 0..2_500 {
        for effect in room.server.push(&id(1), "x", &mut room.store, room.now).expect("the list never fails") {
            if let Effect::All(ServerFrame::Delta(delta)) = effect {
                assert!(delta.seq > last && !delta.text.is_empty());
                last = delta.seq;
            }
        }
    }
    let (_, effects) = ConversationServer::load(&mut room.store, room.now).expect("the list never fails");
    let Effect::All(ServerFrame::Completed(completed)) = &effects[0] else { panic!("{effects:?}") };
    assert!(completed.seq > last);
    assert_eq!(completed.status, AnswerStatus::Interrupted);
    assert!("x".repeat(2_500).starts_with(&completed.text) && completed.text.len() >= 900, "{}", completed.text.len());
}

#[test]
fn an_answer_costs_three_rows_and_one_a_second() {
    let mut room = Room::new();
    let mut socket = room.socket(false);
    room.ask(&mut socket, 1);
    room.answer(1, &["done"]);
    let before = room.store.writes;
    room.ask(&mut socket, 2);
    for _ in 0..100 {
        room.now = room.now.plus_millis(100);
        room.server.push(&id(2), "word ", &mut room.store, room.now).expect("the list never fails");
    }
    room.answer(2, &[]);
    assert!(room.store.writes - before <= 3 + 10, "{}", room.store.writes - before);
}

#[test]
fn a_resume_in_the_middle_of_an_answer_gives_each_piece_once() {
    let mut room = Room::new();
    let mut socket = room.socket(false);
    room.ask(&mut socket, 1);
    for piece in ["one ", "two ", "three "] {
        room.server.push(&id(1), piece, &mut room.store, room.now).expect("the list never fails");
    }
    let mut back = room.socket(false);
    let texts = |effects: Vec<Effect>| {
        let text = |effect| if let Effect::Reply(ServerFrame::Delta(delta)) = effect { Some(delta.text) } else { None };
        effects.into_iter().filter_map(text).collect::<Vec<_>>()
    };
    assert_eq!(texts(room.say(&mut back, &resume(SECRET, 2))), ["two ", "three "]);
    room.answer(1, &["four"]);
    let mut late = room.socket(false);
    let effects = room.say(&mut late, &resume(SECRET, 2));
    let Some(Effect::Reply(ServerFrame::Completed(completed))) = effects.last() else { panic!("{effects:?}") };
    assert_eq!(completed.text, "one two three four");
}

#[test]
fn a_long_history_comes_in_frames_below_the_largest() {
    let mut room = Room::new();
    let mut socket = room.socket(false);
    for number in 0..60 {
        room.say(&mut socket, &request(number, &"x".repeat(4_000), Some(SECRET), None));
        room.answer(number, &["ok"]);
    }
    let mut back = room.socket(false);
    let effects = room.say(&mut back, &resume(SECRET, 0));
    let mut roles = Vec::new();
    for effect in &effects {
        let Effect::Reply(frame @ ServerFrame::History(history)) = effect else { panic!("{effect:?}") };
        assert!(serde_json::to_string(frame).expect("a frame is JSON").len() <= MAX_FRAME_BYTES);
        roles.extend(history.messages.iter().map(|message| message.role));
    }
    assert!(effects.len() > 4);
    assert_eq!(roles.iter().filter(|role| **role == Role::User).count(), 60);
    assert_eq!(roles.len(), 120);
}
