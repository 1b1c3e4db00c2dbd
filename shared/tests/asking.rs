//! What the session hands the agent of a message and its author, and how an answer that the agent ends early is kept.
#![cfg(feature = "server")]
#![expect(clippy::panic, reason = "a helper that meets what must not be fails its test")]

#[path = "pair/store.rs"]
mod store;

use store::MemoryStore;
use weft_shared::error::ErrorCode;
use weft_shared::ids::{ConversationId, Environment, RequestId, TenantId};
use weft_shared::protocol::ws::{AnswerStatus, ServerFrame, SourceRef};
use weft_shared::secret::Secret;
use weft_shared::session::server::{
    ConversationServer, Effect, Input, Outcome, Profile, Received, Socket, SocketContext, StartAnswer, VerifyToken,
    Visitor,
};
use weft_shared::time::Timestamp;

const NOW: Timestamp = Timestamp::from_secs(1_000);

/// The token is the visitor's name.
struct Tokens;

impl VerifyToken for Tokens {
    fn verify(&self, token: &Secret, now: Timestamp) -> Result<Visitor, ErrorCode> {
        Ok(Visitor {
            sub: "user-1".to_owned(),
            azp: "key_000000000000000000000000".to_owned(),
            issued_at: now,
            expires_at: now.plus_secs(300),
            name: Some(token.expose().to_owned()),
            data: serde_json::json!({ "plan": "gold" }).as_object().cloned(),
        })
    }
}

fn id(number: u32) -> RequestId {
    RequestId::parse(format!("request-{number:08}")).expect("well formed")
}

fn socket() -> Socket {
    let tenant = TenantId::parse("acme").expect("well formed");
    let conversation = ConversationId::parse("conversation-0123").expect("well formed");
    let context =
        SocketContext { conversation, tenant, environment: Environment::production(), require_signed_token: false };
    Socket::open(context, NOW).0
}

fn ask(
    server: &mut ConversationServer,
    store: &mut MemoryStore,
    socket: &mut Socket,
    number: u32,
    token: Option<&str>,
) -> Vec<Effect> {
    let mut payload = serde_json::json!({ "message": { "text": "Hi" }, "historySecret": "abcdefghijklmnopqrstuv" });
    if let Some(token) = token {
        payload["widgetToken"] = token.into();
    }
    let frame = serde_json::json!({ "type": "chat.request", "id": id(number), "payload": payload }).to_string();
    match server.receive(socket, Input::Text(&frame), &Tokens, store, NOW).expect("the list never fails") {
        Received::Admit(admission) => server.accept(socket, admission, store, NOW).expect("the list never fails"),
        Received::Done(effects) => panic!("{effects:?}"),
    }
}

fn started(effects: &[Effect]) -> &StartAnswer {
    let start = effects.iter().find_map(|effect| if let Effect::Answer(start) = effect { Some(start) } else { None });
    start.expect("an answer begins")
}

#[test]
fn the_agent_is_told_what_the_author_s_own_token_said() {
    let (mut server, mut store) = (ConversationServer::default(), MemoryStore::default());
    let (mut mia, mut ben, mut nobody) = (socket(), socket(), socket());
    let effects = ask(&mut server, &mut store, &mut mia, 1, Some("Mia"));
    let data = serde_json::json!({ "plan": "gold" }).as_object().cloned();
    assert_eq!(started(&effects).visitor, Some(Profile { name: Some("Mia".to_owned()), data: data.clone() }));
    // Two more wait behind it: each is its own author's, whoever spoke last.
    ask(&mut server, &mut store, &mut ben, 2, Some("Ben"));
    ask(&mut server, &mut store, &mut nobody, 3, None);
    let over = Outcome::Complete(Vec::new());
    let effects = server.finish(&id(1), over.clone(), &mut store, NOW).expect("the list never fails");
    assert_eq!(started(&effects).visitor, Some(Profile { name: Some("Ben".to_owned()), data }));
    let effects = server.finish(&id(2), over, &mut store, NOW).expect("the list never fails");
    assert_eq!(started(&effects).visitor, None);
}

#[test]
fn after_a_restart_a_waiting_message_is_answered_without_what_its_token_said() {
    let (mut server, mut store) = (ConversationServer::default(), MemoryStore::default());
    let mut mia = socket();
    for number in 1..=2 {
        ask(&mut server, &mut store, &mut mia, number, Some("Mia"));
    }
    let (_, effects) = ConversationServer::load(&mut store, NOW).expect("the list never fails");
    let start = started(&effects);
    assert_eq!((&start.request_id, start.text.as_str(), &start.visitor), (&id(2), "Hi", &None));
    let stored = format!("{store:?}");
    assert!(
        stored.contains("Mia") && !stored.contains("gold"),
        "who writes is kept with the conversation, data is not"
    );
}

#[test]
fn an_answer_that_the_agent_cuts_short_is_kept_as_interrupted_and_is_no_error() {
    let (mut server, mut store) = (ConversationServer::default(), MemoryStore::default());
    ask(&mut server, &mut store, &mut socket(), 1, None);
    server.push(&id(1), "As far as it", &mut store, NOW).expect("the list never fails");
    let sources = vec![SourceRef { title: "Returns".to_owned(), url: None }];
    let cut = Outcome::CutShort(sources.clone());
    let effects = server.finish(&id(1), cut, &mut store, NOW).expect("the list never fails");
    let [Effect::All(ServerFrame::Completed(completed))] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!((completed.status, completed.text.as_str()), (AnswerStatus::Interrupted, "As far as it"));
    assert_eq!(completed.sources, Some(sources));
}
