//! How a conversation ends: it is full, or it was deleted. Either way the widget keeps what it has for the next one.

#[path = "pair/store.rs"]
mod store;

use store::MemoryStore;
use weft_shared::conversation::bound::MAX_MESSAGES;
use weft_shared::conversation::{Head, Store as _, StoredMessage};
use weft_shared::error::ErrorCode;
use weft_shared::ids::{ConversationId, Environment, RequestId, TenantId};
use weft_shared::protocol::ws::{Accepted, CloseCode, ErrorFrame, Ready, Role, ServerFrame};
use weft_shared::secret::{HistorySecret, Secret};
use weft_shared::session::client::{Action, ClientConfig, ClientSession, Ended, Status};
use weft_shared::session::server::{
    ConversationServer, Effect, Input, Received, Socket, SocketContext, VerifyToken, Visitor,
};
use weft_shared::time::Timestamp;

const SECRET: &str = "abcdefghijklmnopqrstuv";
const NOW: Timestamp = Timestamp::from_secs(1_000);

struct NoTokens;

impl VerifyToken for NoTokens {
    fn verify(&self, _: &Secret, _: Timestamp) -> Result<Visitor, ErrorCode> {
        Err(ErrorCode::InvalidToken)
    }
}

fn id(number: u64) -> RequestId {
    RequestId::parse(format!("request-{number:08}")).expect("well formed")
}

/// A conversation with so many questions, each answered, and a socket in it.
fn conversation(questions: u64) -> (ConversationServer, MemoryStore, Socket) {
    let context = SocketContext {
        conversation: ConversationId::parse("conversation-0123").expect("well formed"),
        tenant: TenantId::parse("acme").expect("well formed"),
        environment: Environment::production(),
        require_signed_token: false,
    };
    let mut store = MemoryStore::default();
    for number in 1..=questions {
        let message = |role, seq, status| StoredMessage {
            id: if role == Role::User { id(number).to_string() } else { format!("{}.a", id(number)) },
            seq,
            role,
            text: "Hi".to_owned(),
            request_id: id(number),
            status,
            sources: Vec::new(),
            created_at: NOW,
            reserved_seq: 2 * questions,
        };
        let question = message(Role::User, 2 * number - 1, None);
        if number == 1 {
            let head = Head {
                id: Some(context.conversation.clone()),
                tenant: context.tenant.clone(),
                environment: context.environment.clone(),
                history_secret: HistorySecret::parse(SECRET).expect("well formed").hash(),
                created_at: NOW,
                visitor: None,
                session: None,
            };
            store.begin(&head, &question).expect("the list never fails");
        } else {
            store.put(&question).expect("the list never fails");
        }
        let status = Some(weft_shared::protocol::ws::AnswerStatus::Complete);
        store.put(&message(Role::Assistant, 2 * number, status)).expect("the list never fails");
    }
    let (server, _) = ConversationServer::load(&mut store, NOW).expect("the list never fails");
    (server, store, Socket::open(context, NOW).0)
}

fn say(
    server: &mut ConversationServer,
    store: &mut MemoryStore,
    socket: &mut Socket,
    frame: &serde_json::Value,
) -> Vec<Effect> {
    match server.receive(socket, Input::Text(&frame.to_string()), &NoTokens, store, NOW).expect("never fails") {
        Received::Done(effects) => effects,
        Received::Admit(admission) => server.accept(socket, admission, store, NOW).expect("never fails"),
    }
}

fn request(number: u64) -> serde_json::Value {
    serde_json::json!({
        "type": "chat.request", "id": id(number), "payload": {"historySecret": SECRET, "message": {"text": "Hi"}}
    })
}

fn resume(last_seq: u64) -> serde_json::Value {
    serde_json::json!({"type": "chat.resume", "payload": {"historySecret": SECRET, "lastSeq": last_seq}})
}

fn ends_with(effects: &[Effect], code: &str) -> bool {
    matches!(effects, [Effect::Reply(ServerFrame::Error(error)), Effect::Close(CloseCode::Over)]
        if error.error == code && error.request_id.is_none())
}

#[test]
fn the_last_message_that_fits_is_answered_and_the_next_ends_the_conversation() {
    let most = MAX_MESSAGES / 2;
    let (mut server, mut store, mut socket) = conversation(most - 1);
    let effects = say(&mut server, &mut store, &mut socket, &request(most));
    assert!(matches!(effects.last(), Some(Effect::Answer(_))), "{effects:?}");
    let writes = store.writes;
    let effects = say(&mut server, &mut store, &mut socket, &request(most + 1));
    assert!(ends_with(&effects, "conflict"), "{effects:?}");
    assert_eq!(store.writes, writes, "nothing is stored of it");

    // The same holds for what was loaded, and what it has can be read for ever.
    let (mut server, mut store, mut socket) = conversation(most);
    let effects = say(&mut server, &mut store, &mut socket, &resume(0));
    let messages = effects.iter().map(|effect| match effect {
        Effect::Reply(ServerFrame::History(history)) => history.messages.len(),
        other => panic!("{other:?}"),
    });
    assert_eq!(messages.sum::<usize>(), 2_000);
    // A message that was accepted before is acknowledged again: it is no new one.
    let effects = say(&mut server, &mut store, &mut socket, &request(1));
    assert!(
        matches!(effects.first(), Some(Effect::Reply(ServerFrame::Accepted(Accepted { duplicate: true, .. })))),
        "{effects:?}"
    );
    assert!(ends_with(&say(&mut server, &mut store, &mut socket, &request(most + 1)), "conflict"));
}

#[test]
fn a_widget_that_knows_more_than_there_is_learns_that_it_was_deleted() {
    let (mut server, mut store, mut socket) = conversation(0);
    assert!(ends_with(&say(&mut server, &mut store, &mut socket, &resume(7)), "not_found"));
    // After a reload it knows nothing, and may begin under the same id.
    let (mut server, mut store, mut socket) = conversation(0);
    let effects = say(&mut server, &mut store, &mut socket, &resume(0));
    assert!(
        matches!(effects.as_slice(), [Effect::Reply(ServerFrame::History(history))] if history.messages.is_empty())
    );
    let effects = say(&mut server, &mut store, &mut socket, &request(1));
    assert!(matches!(effects.first(), Some(Effect::Reply(ServerFrame::Accepted(_)))), "{effects:?}");
    // What is there is resumed as ever.
    let (mut server, mut store, mut socket) = conversation(2);
    let effects = say(&mut server, &mut store, &mut socket, &resume(2));
    assert!(matches!(effects.as_slice(), [Effect::Reply(ServerFrame::History(_))]), "{effects:?}");
}

#[test]
fn a_socket_that_was_cut_begins_nothing_anew() {
    let (mut server, mut store, mut socket) = conversation(0);
    socket.cut();
    assert_eq!(say(&mut server, &mut store, &mut socket, &request(1)), []);
    assert!(store.head.is_none() && store.rows.is_empty());
}

#[test]
fn the_widget_keeps_its_message_for_the_next_conversation() {
    let at = Timestamp::from_millis;
    let secret = HistorySecret::parse(SECRET).expect("well formed");
    let session = |outbox| {
        ClientSession::new(ClientConfig {
            history_secret: secret.clone(),
            begun: true,
            require_signed_token: false,
            seed: 7,
            outbox,
        })
    };
    let mut full = session(Vec::new());
    assert!(full.send(id(1), "Hi", at(0)));
    full.handle_opened(at(10));
    full.handle_frame(ServerFrame::Ready(Ready { protocol: 1, require_signed_token: false }), at(10));
    let error = ErrorFrame {
        request_id: None,
        error: "conflict".to_owned(),
        message: "This conversation is full. Begin a new one.".to_owned(),
        retry_after_secs: None,
    };
    full.handle_frame(ServerFrame::Error(error), at(20));
    full.handle_closed(CloseCode::Over.code(), at(20));
    assert_eq!(full.status(), Status::Ended(Ended::Over));
    assert_eq!(full.persisted().outbox, [(id(1), "Hi".to_owned())], "it isn't lost");
    while full.poll_action().is_some() {}
    full.handle_timeout(at(1_000_000));
    assert!(full.poll_action().is_none(), "it doesn't try on");
    // In the next conversation it goes out by itself.
    let mut next = session(full.persisted().outbox);
    next.handle_timeout(at(30));
    assert!(matches!(next.poll_action(), Some(Action::Connect)));
}
