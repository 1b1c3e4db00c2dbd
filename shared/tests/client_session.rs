//! The widget's half of the session against single replies that only a test can time.

use weft_shared::ids::RequestId;
use weft_shared::protocol::ws::{Accepted, ClientFrame, ErrorFrame, Ready, ServerFrame};
use weft_shared::secret::{HistorySecret, Secret};
use weft_shared::session::client::{Action, ClientConfig, ClientSession, Status, Token};
use weft_shared::time::Timestamp;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn id() -> RequestId {
    RequestId::parse("request-0123456789").expect("well formed")
}

fn session() -> ClientSession {
    ClientSession::new(ClientConfig {
        history_secret: HistorySecret::parse("0123456789abcdefghijkl").expect("well formed"),
        begun: false,
        require_signed_token: true,
        seed: 7,
        outbox: Vec::new(),
    })
}

fn token(lifetime_secs: u32) -> Token {
    Token { secret: Secret::new("token"), lifetime_secs: Some(lifetime_secs) }
}

fn actions(session: &mut ClientSession) -> Vec<Action> {
    std::iter::from_fn(|| session.poll_action()).collect()
}

fn fetches(session: &mut ClientSession) -> usize {
    actions(session).iter().filter(|action| matches!(action, Action::FetchToken)).count()
}

/// A session whose first message is on its way, at 100 ms.
fn asking() -> ClientSession {
    let mut session = session();
    assert!(session.send(id(), "Hi", at(0)));
    session.handle_token(Ok(token(300)), at(50));
    session.handle_opened(at(100));
    let ready = Ready { protocol: 1, require_signed_token: true };
    session.handle_frame(ServerFrame::Ready(ready), at(100));
    let sent = actions(&mut session);
    assert!(sent.iter().any(|action| matches!(action, Action::Send(ClientFrame::Request(_)))), "{sent:?}");
    session
}

fn refusal(code: &str) -> ServerFrame {
    let (error, message) = (code.to_owned(), "No.".to_owned());
    ServerFrame::Error(ErrorFrame { request_id: Some(id()), error, message, retry_after_secs: None })
}

#[test]
fn a_refresh_endpoint_that_gives_old_tokens_is_not_hammered() {
    for lifetime_secs in 1..=10 {
        let mut session = session();
        session.prepare(at(0));
        let mut asked = fetches(&mut session);
        let (mut now, end) = (at(0), at(60_000));
        while now < end {
            session.handle_token(Ok(token(lifetime_secs)), now);
            asked += fetches(&mut session);
            while fetches(&mut session) == 0 && now < end {
                now = session.poll_timeout().expect("a token runs out").max(now.plus_millis(1));
                session.handle_timeout(now);
                let again = fetches(&mut session);
                asked += again;
                if again > 0 {
                    break;
                }
            }
        }
        assert!((2..=31).contains(&asked), "{asked} in a minute with {lifetime_secs} s");
    }
}

#[test]
fn a_message_whose_tokens_minter_was_revoked_is_kept_and_sent_with_a_fresh_token() {
    let mut session = asking();
    session.handle_frame(refusal("invalid_key"), at(3_000));
    session.handle_closed(4401, at(3_000));
    assert_eq!(session.persisted().outbox.len(), 1, "it is kept");
    assert_eq!(fetches(&mut session), 1);
    session.handle_token(Ok(token(300)), at(3_100));
    let later = at(10_000);
    session.handle_timeout(later);
    assert!(actions(&mut session).iter().any(|action| matches!(action, Action::Connect)));
    session.handle_opened(later);
    assert!(actions(&mut session).iter().any(|action| matches!(action, Action::Send(ClientFrame::Request(_)))));
    session.handle_frame(ServerFrame::Accepted(Accepted { request_id: id(), seq: 1, duplicate: false }), later);
    assert!(session.persisted().outbox.is_empty());
}

#[test]
fn after_two_refused_tokens_the_visitor_decides() {
    let mut session = asking();
    session.handle_frame(refusal("invalid_token"), at(3_000));
    assert_eq!(fetches(&mut session), 1);
    session.handle_token(Ok(token(300)), at(3_100));
    assert!(actions(&mut session).iter().any(|action| matches!(action, Action::Send(ClientFrame::Request(_)))));
    session.handle_frame(refusal("invalid_token"), at(6_000));
    assert_eq!((fetches(&mut session), session.status()), (0, Status::TokenRefused));
    session.retry(at(9_000));
    assert_eq!(fetches(&mut session), 1);
}

#[test]
fn a_link_that_is_refused_three_times_before_it_opens_has_the_config_asked_why() {
    let mut session = session();
    assert!(session.send(id(), "Hi", at(0)));
    session.handle_token(Ok(token(300)), at(50));
    let checks = |session: &mut ClientSession| {
        actions(session).iter().filter(|action| matches!(action, Action::CheckConfig)).count()
    };
    for refusals in 1..=6 {
        session.handle_closed(1006, at(100));
        assert_eq!(checks(&mut session), usize::from(refusals % 3 == 0), "{refusals}");
        session.retry(at(200));
    }
    // A link that opens and breaks is another matter, and clears the count.
    for _ in 0..2 {
        session.handle_closed(1006, at(300));
        session.retry(at(400));
    }
    session.handle_opened(at(500));
    for _ in 0..3 {
        session.handle_closed(1006, at(600));
        assert_eq!(checks(&mut session), 0);
        session.retry(at(700));
        session.handle_opened(at(800));
    }
}
