//! Golden vectors of protocol 1: what stands on the wire, letter by letter. A change here is a change of the product.

use weft_shared::ids::RequestId;
use weft_shared::protocol::ws::{
    Accepted, AnswerStatus, ChatRequest, ChatResume, ClientFrame, CloseCode, Completed, Delta, ErrorFrame, Expiring,
    FrameError, History, HistoryMessage, LimitKind, LimitReached, MAX_TEXT_CHARS, PING, PONG, Ready, Role, ServerFrame,
    SourceRef,
};
use weft_shared::secret::{HistorySecret, Secret};

const ID: &str = "request-0123456789";
const SECRET: &str = "abcdefghijklmnopqrstuv";

fn id() -> RequestId {
    RequestId::parse(ID).expect("well formed")
}

fn secret() -> HistorySecret {
    HistorySecret::parse(SECRET).expect("well formed")
}

fn json<T: serde::Serialize>(frame: &T) -> String {
    serde_json::to_string(frame).expect("a frame is JSON")
}

#[test]
fn frames_of_the_widget_are_pinned() {
    let request = |widget_token, history_secret| {
        ClientFrame::Request(ChatRequest { id: id(), widget_token, history_secret, text: "Hi".to_owned() })
    };
    let resume = ChatResume { widget_token: None, history_secret: secret(), last_seq: 7 };
    let golden = [
        (
            request(Some(Secret::new("e.y.J")), Some(secret())),
            r#"{"type":"chat.request","id":"request-0123456789","payload":{"widgetToken":"e.y.J","historySecret":"abcdefghijklmnopqrstuv","message":{"text":"Hi"}}}"#,
        ),
        (
            request(None, None),
            r#"{"type":"chat.request","id":"request-0123456789","payload":{"message":{"text":"Hi"}}}"#,
        ),
        (
            ClientFrame::Resume(resume),
            r#"{"type":"chat.resume","payload":{"historySecret":"abcdefghijklmnopqrstuv","lastSeq":7}}"#,
        ),
        (ClientFrame::Cancel(id()), r#"{"type":"chat.cancel","id":"request-0123456789"}"#),
        (ClientFrame::Refresh(Secret::new("e.y.J")), r#"{"type":"auth.refresh","payload":{"widgetToken":"e.y.J"}}"#),
        (ClientFrame::Ping, PING),
    ];
    for (frame, wire) in golden {
        assert_eq!(json(&frame), wire);
        let read = ClientFrame::parse(wire).expect("what is written can be read");
        assert_eq!(json(&read), wire);
    }
}

#[test]
fn frames_of_the_worker_are_pinned() {
    let sources = Some(vec![
        SourceRef { title: "Shipping".to_owned(), url: Some("https://example.com/ship".to_owned()) },
        SourceRef { title: "Returns".to_owned(), url: None },
    ]);
    let message = HistoryMessage {
        id: ID.to_owned(),
        seq: 1,
        role: Role::User,
        text: "Hi".to_owned(),
        created_at: "2026-11-22T04:22:23.000Z".to_owned(),
        request_id: None,
        status: None,
        sources: None,
    };
    let golden = [
        (
            ServerFrame::Ready(Ready { protocol: 1, require_signed_token: true }),
            r#"{"type":"session.ready","payload":{"protocol":1,"requireSignedToken":true}}"#,
        ),
        (
            ServerFrame::Accepted(Accepted { request_id: id(), seq: 1, duplicate: false }),
            r#"{"type":"chat.accepted","payload":{"requestId":"request-0123456789","seq":1}}"#,
        ),
        (
            ServerFrame::Accepted(Accepted { request_id: id(), seq: 1, duplicate: true }),
            r#"{"type":"chat.accepted","payload":{"requestId":"request-0123456789","seq":1,"duplicate":true}}"#,
        ),
        (
            ServerFrame::Delta(Delta { request_id: id(), seq: 2, text: "Hello".to_owned() }),
            r#"{"type":"chat.delta","payload":{"requestId":"request-0123456789","seq":2,"text":"Hello"}}"#,
        ),
        (
            ServerFrame::Completed(Completed {
                request_id: id(),
                seq: 3,
                message_id: "request-0123456789.a".to_owned(),
                text: "Hello".to_owned(),
                status: AnswerStatus::Complete,
                sources,
            }),
            r#"{"type":"chat.completed","payload":{"requestId":"request-0123456789","seq":3,"messageId":"request-0123456789.a","text":"Hello","status":"complete","sources":[{"title":"Shipping","url":"https://example.com/ship"},{"title":"Returns"}]}}"#,
        ),
        (
            ServerFrame::Error(ErrorFrame {
                request_id: Some(id()),
                error: "rate_limited".to_owned(),
                message: "Later.".to_owned(),
                retry_after_secs: Some(9),
            }),
            r#"{"type":"chat.error","payload":{"requestId":"request-0123456789","error":"rate_limited","message":"Later.","retryAfterSecs":9}}"#,
        ),
        (
            ServerFrame::Expiring(Expiring { expires_in_secs: 59 }),
            r#"{"type":"auth.expiring","payload":{"expiresInSecs":59}}"#,
        ),
        (
            ServerFrame::Limit(LimitReached {
                limit: LimitKind::Daily,
                reset_at: "2026-11-23T00:00:00.000Z".to_owned(),
                reset_in_secs: 3_600,
            }),
            r#"{"type":"limit.reached","payload":{"limit":"daily","resetAt":"2026-11-23T00:00:00.000Z","resetInSecs":3600}}"#,
        ),
        (
            ServerFrame::History(History { messages: vec![message] }),
            r#"{"type":"history","payload":{"messages":[{"id":"request-0123456789","seq":1,"role":"user","text":"Hi","createdAt":"2026-11-22T04:22:23.000Z"}]}}"#,
        ),
        (ServerFrame::Pong, PONG),
    ];
    for (frame, wire) in golden {
        assert_eq!(json(&frame), wire);
        assert_eq!(ServerFrame::parse(wire).expect("well formed"), Some(frame));
    }
}

#[test]
fn a_frame_that_breaks_the_protocol_is_told_apart() {
    let broken = [
        ("", FrameError::NotAFrame),
        ("null", FrameError::NotAFrame),
        ("[]", FrameError::NotAFrame),
        ("{}", FrameError::NotAFrame),
        (r#"{"type":7}"#, FrameError::NotAFrame),
        (r#"{"type":"ping""#, FrameError::NotAFrame),
        (r#"{"type":"ping","type":"ping"}"#, FrameError::NotAFrame),
        (r#"{"type":"chat.unknown"}"#, FrameError::UnknownType),
        (r#"{"type":"chat.accepted"}"#, FrameError::UnknownType),
        (r#"{"type":"chat.request","payload":{"message":{"text":"Hi"}}}"#, FrameError::Id),
        (r#"{"type":"chat.request","id":"short","payload":{"message":{"text":"Hi"}}}"#, FrameError::Id),
        (r#"{"type":"chat.cancel"}"#, FrameError::Id),
        (r#"{"type":"chat.request","id":"request-0123456789","payload":{"message":{"text":""}}}"#, FrameError::Text),
    ];
    for (wire, error) in broken {
        assert_eq!(ClientFrame::parse(wire).expect_err(wire), error, "{wire}");
    }
    for wire in [
        r#"{"type":"chat.request","id":"request-0123456789"}"#,
        r#"{"type":"chat.request","id":"request-0123456789","payload":{}}"#,
        r#"{"type":"chat.request","id":"request-0123456789","payload":{"message":{"text":7}}}"#,
        r#"{"type":"chat.resume","payload":{"historySecret":"short","lastSeq":0}}"#,
        r#"{"type":"chat.resume","payload":{"historySecret":"abcdefghijklmnopqrstuv","lastSeq":-1}}"#,
        r#"{"type":"auth.refresh","payload":{}}"#,
    ] {
        assert!(matches!(ClientFrame::parse(wire), Err(FrameError::Payload(_))), "{wire}");
    }
}

#[test]
fn an_error_never_repeats_what_was_sent() {
    let wire = r#"{"type":"auth.refresh","payload":{"widgetToken":{"secret":"eyJhbGciOi"}}}"#;
    let error = ClientFrame::parse(wire).expect_err("a token is text").to_string();
    assert!(!error.contains("eyJ"), "{error}");
    for payload in [
        r#""eyJhbGciOi""#,
        r#"{"widgetToken":"a","historySecret":"aaaaaaaaaaaaaaaaaaaaaa","message":"eyJ, expected x"}"#,
    ] {
        let wire = format!(r#"{{"type":"chat.request","id":"{ID}","payload":{payload}}}"#);
        let error = ClientFrame::parse(&wire).expect_err("an object is asked for").to_string();
        assert!(!error.contains("eyJ") && error.contains("expected an object"), "{error}");
    }
    let wire = r#"{"type":"chat.resume","payload":{"historySecret":"not a secret!","lastSeq":0}}"#;
    let error = ClientFrame::parse(wire).expect_err("malformed").to_string();
    assert!(error.contains("historySecret") && !error.contains("not a secret"), "{error}");
}

#[test]
fn an_array_is_no_frame_and_no_part_of_one() {
    let secret = "aaaaaaaaaaaaaaaaaaaaaa";
    for wire in [
        r#"["ping"]"#.to_owned(),
        format!(r#"["chat.request","{ID}",{{"historySecret":"{secret}","message":{{"text":"a"}}}}]"#),
        format!(r#"{{"type":"chat.request","id":"{ID}","payload":[null,"{secret}",{{"text":"a"}}]}}"#),
        format!(r#"{{"type":"chat.request","id":"{ID}","payload":{{"message":["a"]}}}}"#),
        format!(r#"{{"type":"chat.resume","payload":[null,"{secret}",0]}}"#),
        r#"{"type":"auth.refresh","payload":["a"]}"#.to_owned(),
    ] {
        assert!(ClientFrame::parse(&wire).is_err(), "{wire}");
    }
    let wire = format!(r#"{{"type":"chat.request","id":"{ID}","payload":{{"message":{{"text":"a"}}}}}}"#);
    assert!(ClientFrame::parse(&wire).is_ok());
}

#[test]
fn a_message_has_1_to_4000_characters_whatever_their_bytes() {
    let parse = |text: &str| {
        let wire = serde_json::json!({"type": "chat.request", "id": ID, "payload": {"message": {"text": text}}});
        ClientFrame::parse(&wire.to_string())
    };
    for letter in ["a", "é", "日", "🙂"] {
        assert!(parse(letter).is_ok());
        assert!(parse(&letter.repeat(MAX_TEXT_CHARS)).is_ok(), "{letter}");
        assert_eq!(parse(&letter.repeat(MAX_TEXT_CHARS + 1)).expect_err(letter), FrameError::Text);
    }
}

#[test]
fn the_widget_skips_types_it_does_not_know() {
    assert_eq!(ServerFrame::parse(r#"{"type":"chat.novelty","payload":{"x":1}}"#), Ok(None));
    assert!(ServerFrame::parse(r#"{"type":"chat.delta","payload":{}}"#).is_err());
}

#[test]
fn close_codes_are_pinned() {
    let codes = [
        (CloseCode::BadFrame, 4400),
        (CloseCode::Token, 4401),
        (CloseCode::Forbidden, 4403),
        (CloseCode::TooSlow, 4408),
        (CloseCode::TooLarge, 4413),
        (CloseCode::Limit, 4429),
        (CloseCode::Unavailable, 4503),
    ];
    for (code, number) in codes {
        assert_eq!(code.code(), number);
        assert_eq!(CloseCode::from_code(number), Some(code));
    }
    assert_eq!(CloseCode::from_code(1006), None);
}
