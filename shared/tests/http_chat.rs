//! Messages over HTTP: whose conversation they reach, what a request is told of its answer, who may read.

#[path = "pair/store.rs"]
mod store;

use store::MemoryStore;
use weft_shared::conversation::Head;
use weft_shared::error::{ErrorCode, Refusal};
use weft_shared::ids::{ChatSessionId, ConversationId, Environment, RequestId, TenantId};
use weft_shared::protocol::ws::{AnswerStatus, Delta, MAX_ANSWER_CHARS, ServerFrame};
use weft_shared::secret::{HistorySecret, SecretHash};
use weft_shared::session::server::{
    ConversationServer, Effect, Heard, HttpMessage, Listener, Outcome, Reader, Right, SocketContext, Visitor,
};
use weft_shared::time::Timestamp;

const SECRET: &str = "abcdefghijklmnopqrstuv";
const OTHER_SECRET: &str = "ABCDEFGHIJKLMNOPQRSTUV";

#[derive(Default)]
struct Room {
    server: ConversationServer,
    store: MemoryStore,
}

fn now() -> Timestamp {
    Timestamp::from_secs(1_000)
}

fn tenant(name: &str) -> TenantId {
    TenantId::parse(name).expect("a slug")
}

fn id(number: u32) -> RequestId {
    RequestId::parse(format!("request-{number:08}")).expect("an id")
}

fn hash(secret: &str) -> SecretHash {
    HistorySecret::parse(secret).expect("a secret").hash()
}

fn message(number: u32, text: &str) -> HttpMessage {
    let context = SocketContext {
        conversation: ConversationId::parse("abcdefghijklmnop").expect("an id"),
        tenant: tenant("acme"),
        environment: Environment::production(),
        require_signed_token: false,
    };
    HttpMessage {
        context,
        session: ChatSessionId::parse("s-1").expect("a session id"),
        visitor: None,
        request_id: id(number),
        text: text.to_owned(),
        history_secret: hash(SECRET),
        must_exist: false,
    }
}

fn visitor(ends: Timestamp) -> Visitor {
    Visitor {
        sub: "mia".to_owned(),
        azp: "key_000000000000000000000000".to_owned(),
        issued_at: ends.plus_secs(-300),
        expires_at: ends,
        name: None,
        data: None,
    }
}

impl Room {
    /// Sends a message. Gives its listener, and what goes to others.
    fn send(&mut self, message: HttpMessage) -> Result<(Listener, Vec<Effect>), Refusal> {
        let request_id = message.request_id.clone();
        let (mut socket, admission) =
            self.server.receive_http(message, &self.store, now()).expect("the list never fails")?;
        let effects = self.server.accept(&mut socket, admission, &mut self.store, now()).expect("the list never fails");
        Listener::new(request_id, effects)
    }

    fn refusal(&mut self, message: HttpMessage) -> ErrorCode {
        self.send(message).expect_err("refused").code
    }

    fn say(&mut self, number: u32, piece: &str) -> Vec<Effect> {
        self.server.push(&id(number), piece, &mut self.store, now()).expect("the list never fails")
    }

    fn end(&mut self, number: u32, outcome: Outcome) -> Vec<Effect> {
        self.server.finish(&id(number), outcome, &mut self.store, now()).expect("the list never fails")
    }
}

/// What goes to everyone reaches each listener.
fn tell(effects: &[Effect], listeners: &mut [&mut Listener]) {
    for effect in effects {
        if let Effect::All(frame) = effect {
            for listener in listeners.iter_mut() {
                listener.hear(frame);
            }
        }
    }
}

fn all(listener: &mut Listener) -> Vec<Heard> {
    core::iter::from_fn(|| listener.poll()).collect()
}

fn piece(text: &str) -> Heard {
    Heard::Piece(text.to_owned())
}

fn whole(text: &str) -> Heard {
    Heard::Whole(text.to_owned())
}

#[test]
fn each_request_hears_its_own_answer_piece_by_piece_and_in_order() {
    let mut room = Room::default();
    let (mut first, rest) = room.send(message(1, "Hi")).expect("accepted");
    assert!(
        matches!(&rest[..], [Effect::Others(ServerFrame::History(_)), Effect::Answer(start)] if start.text == "Hi")
    );
    let (mut second, rest) = room.send(message(2, "And?")).expect("accepted");
    assert!(matches!(&rest[..], [Effect::Others(ServerFrame::History(_))]), "it waits for the first: {rest:?}");

    assert_eq!(first.poll(), None);
    tell(&room.say(1, "Hello "), &mut [&mut first, &mut second]);
    assert_eq!(all(&mut first), [piece("Hello ")]);
    tell(&room.say(1, "there."), &mut [&mut first, &mut second]);
    let ended = room.end(1, Outcome::Complete(Vec::new()));
    tell(&ended, &mut [&mut first, &mut second]);
    assert!(!first.is_over());
    assert_eq!(all(&mut first), [piece("there."), whole("Hello there.")]);
    assert!(first.is_over());
    assert_eq!(all(&mut second), []);
    assert!(ended.iter().any(|effect| matches!(effect, Effect::Answer(start) if start.request_id == id(2))));

    tell(&room.say(2, "Bye."), &mut [&mut first, &mut second]);
    tell(&room.end(2, Outcome::Complete(Vec::new())), &mut [&mut first, &mut second]);
    assert_eq!(second.poll_end(), Some(whole("Bye.")));
    assert_eq!(all(&mut first), [], "nothing comes after the last");
}

#[test]
fn an_answer_that_is_not_whole_is_never_told_as_one() {
    for (outcome, code) in [
        (Outcome::Failed(ErrorCode::AgentFailed.into()), ErrorCode::AgentFailed),
        (Outcome::Failed(ErrorCode::Unavailable.into()), ErrorCode::Unavailable),
        // An agent that met a limit or a missing page: that is not this caller's doing.
        (Outcome::Failed(ErrorCode::RateLimited.into()), ErrorCode::AgentFailed),
        (Outcome::Failed(ErrorCode::NotFound.into()), ErrorCode::AgentFailed),
    ] {
        let mut room = Room::default();
        let (mut listener, _) = room.send(message(1, "Hi")).expect("accepted");
        tell(&room.say(1, "Hel"), &mut [&mut listener]);
        tell(&room.end(1, outcome), &mut [&mut listener]);
        assert_eq!(all(&mut listener), [piece("Hel"), Heard::Failed(code)]);
        // Asked for again, it is as it was.
        let (mut again, _) = room.send(message(1, "Hi")).expect("the same message");
        assert_eq!(all(&mut again), [Heard::Failed(ErrorCode::AgentFailed)]);
    }
    // One that is cut at its longest.
    let mut room = Room::default();
    let (mut listener, _) = room.send(message(1, "Hi")).expect("accepted");
    tell(&room.say(1, &"x".repeat(MAX_ANSWER_CHARS + 1)), &mut [&mut listener]);
    assert_eq!(all(&mut listener), [piece(&"x".repeat(MAX_ANSWER_CHARS)), Heard::Failed(ErrorCode::AgentFailed)]);
    // One that died with its object.
    let mut room = Room::default();
    let (mut listener, _) = room.send(message(1, "Hi")).expect("accepted");
    let (_, effects) = ConversationServer::load(&mut room.store, now()).expect("the list never fails");
    tell(&effects, &mut [&mut listener]);
    assert_eq!(all(&mut listener), [Heard::Failed(ErrorCode::AgentFailed)]);
}

#[test]
fn the_same_message_again_has_one_answer_and_another_text_is_a_conflict() {
    let mut room = Room::default();
    let (mut first, _) = room.send(message(1, "Hi")).expect("accepted");
    tell(&room.say(1, "Hello "), &mut [&mut first]);
    // While it is under way: what came, then live.
    let (mut second, rest) = room.send(message(1, "Hi")).expect("the same");
    assert_eq!(rest, [], "no second answer");
    tell(&room.say(1, "there."), &mut [&mut first, &mut second]);
    tell(&room.end(1, Outcome::Complete(Vec::new())), &mut [&mut first, &mut second]);
    assert_eq!(all(&mut first), [piece("Hello "), piece("there."), whole("Hello there.")]);
    assert_eq!(all(&mut second), [piece("Hello "), piece("there."), whole("Hello there.")]);
    // When it is over.
    let (mut third, rest) = room.send(message(1, "Hi")).expect("the same");
    assert_eq!((all(&mut third), rest), (vec![whole("Hello there.")], vec![]));
    assert_eq!(room.refusal(message(1, "Hi!")), ErrorCode::Conflict);
    assert_eq!(room.store.rows.len(), 2);
}

#[test]
fn an_answer_that_a_visitor_stops_ends_with_what_came() {
    let mut room = Room::default();
    let (mut listener, _) = room.send(message(1, "Hi")).expect("accepted");
    tell(&room.say(1, "Hel"), &mut [&mut listener]);
    let (mut socket, admission) =
        room.server.receive_http(message(1, "Hi"), &room.store, now()).expect("the list").expect("let through");
    let _ = room.server.accept(&mut socket, admission, &mut room.store, now()).expect("the list");
    let stopped = room.server.stopped(&id(1), &mut room.store, now()).expect("the list");
    assert!(stopped.iter().any(
        |effect| matches!(effect, Effect::All(ServerFrame::Completed(end)) if end.status == AnswerStatus::Cancelled)
    ));
    tell(&stopped, &mut [&mut listener]);
    assert_eq!(all(&mut listener), [piece("Hel"), whole("Hel")]);
}

#[test]
fn a_conversation_takes_messages_of_its_own_secret_tenant_and_environment_alone() {
    let mut room = Room::default();
    let with = |change: &dyn Fn(&mut HttpMessage)| {
        let mut message = message(2, "Hi");
        change(&mut message);
        message
    };
    let unborn = with(&|message| message.must_exist = true);
    assert_eq!(room.refusal(unborn.clone()), ErrorCode::NotFound);
    assert!(room.store.head.is_none() && room.store.rows.is_empty(), "nothing was stored for it");
    room.send(message(1, "Hi")).expect("accepted");
    for wrong in [
        with(&|message| message.history_secret = hash(OTHER_SECRET)),
        with(&|message| message.context.tenant = tenant("other")),
        with(&|message| message.context.environment = Environment::parse("staging").expect("a slug")),
    ] {
        assert_eq!(room.refusal(wrong), ErrorCode::WrongHistorySecret);
    }
    assert_eq!(room.store.rows.len(), 1);
    room.send(unborn).expect("it has begun");
    let session = room.store.head.and_then(|head| head.session);
    assert_eq!(session.as_deref(), Some("s-1"), "the client's own name is kept for whoever lists conversations");
}

#[test]
fn a_token_is_needed_where_it_is_required_and_must_not_be_over() {
    let required = |number: u32, visitor: Option<Visitor>| {
        let mut message = message(number, "Hi");
        message.context.require_signed_token = true;
        message.visitor = visitor;
        message
    };
    let mut room = Room::default();
    assert_eq!(room.refusal(required(1, None)), ErrorCode::TokenRequired);
    assert_eq!(room.refusal(required(1, Some(visitor(now())))), ErrorCode::ExpiredToken);
    assert!(room.store.rows.is_empty());
    room.send(required(1, Some(visitor(now().plus_millis(1))))).expect("it is in force");
}

#[test]
fn who_waits_is_told_when_nothing_more_can_come() {
    let mut room = Room::default();
    let (mut listener, _) = room.send(message(1, "Hi")).expect("accepted");
    tell(&room.say(1, "Hel"), &mut [&mut listener]);
    listener.end(ErrorCode::NotFound);
    listener.end(ErrorCode::Unavailable);
    assert_eq!(all(&mut listener), [piece("Hel"), Heard::Failed(ErrorCode::NotFound)]);
    listener.end(ErrorCode::Unavailable);
    assert_eq!(all(&mut listener), []);
}

#[test]
fn a_reader_who_does_not_read_costs_no_more_than_the_answer() {
    let mut room = Room::default();
    let (mut listener, _) = room.send(message(1, "Hi")).expect("accepted");
    let frame = |seq: u64| ServerFrame::Delta(Delta { request_id: id(1), seq, text: format!("{seq} ") });
    (1..=1_000).for_each(|seq| listener.hear(&frame(seq)));
    let pieces = all(&mut listener);
    assert_eq!(pieces.len(), 64);
    let text: String =
        pieces.iter().map(|heard| if let Heard::Piece(text) = heard { text.as_str() } else { "" }).collect();
    assert_eq!(text.split_whitespace().count(), 1_000);
    assert!(text.starts_with("1 2 3 ") && text.ends_with(" 999 1000 "));
}

#[test]
fn a_history_is_for_its_secret_or_its_customer_and_is_nowhere_for_others() {
    let staging = Environment::parse("staging").expect("a slug");
    let head = Head {
        tenant: tenant("acme"),
        environment: Environment::production(),
        history_secret: hash(SECRET),
        created_at: now(),
        id: None,
        visitor: None,
        session: None,
    };
    let check = |name: &str, environment: Option<Environment>, right: Right| {
        Reader { tenant: tenant(name), environment, right }.check(Some(&head))
    };
    let production = || Some(Environment::production());
    let secret = |text: &str| Right::Secret(Some(hash(text)));
    assert_eq!(check("acme", production(), secret(SECRET)), Ok(()));
    assert_eq!(check("acme", production(), secret(OTHER_SECRET)), Err(ErrorCode::WrongHistorySecret));
    assert_eq!(check("acme", production(), Right::Secret(None)), Err(ErrorCode::WrongHistorySecret));
    assert_eq!(check("acme", production(), Right::Scope), Ok(()));
    assert_eq!(check("acme", None, Right::Scope), Ok(()));
    for right in [Right::Scope, secret(SECRET), secret(OTHER_SECRET), Right::Secret(None)] {
        assert_eq!(check("other", production(), right.clone()), Err(ErrorCode::NotFound));
        assert_eq!(check("other", None, right.clone()), Err(ErrorCode::NotFound));
        assert_eq!(check("acme", Some(staging.clone()), right.clone()), Err(ErrorCode::NotFound));
        let reader = Reader { tenant: tenant("acme"), environment: None, right };
        assert_eq!(reader.check(None), Err(ErrorCode::NotFound));
    }
}
