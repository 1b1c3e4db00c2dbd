//! Bad servers behind the agent provider `openai`: each fault ends in a typed error or an interrupted answer, keeps what
//! came, and leaves the socket well.

use crate::openai::{PLACE, is_logged, play};
use serde_json::json;
use std::time::Duration;
use weft_tests::api::{Settings, Socket, Upstream, Visit, Workspace, chat_request, fresh, resume};
use xtask::clock::Stopwatch;

/// Has the server play something, and holds what comes of it. The next question is answered as ever.
#[track_caller]
fn ends(what: &str, error: Option<&str>, status: &str, text: &str, tries: usize) -> (String, Duration) {
    let place = &*PLACE;
    let visit = place.visit();
    let mut socket: Socket = visit.ready();
    let stopwatch = Stopwatch::start();
    let told = play(&visit, &mut socket, what);
    let took = stopwatch.elapsed();
    told.is(error, status, text);
    assert_eq!(place.upstream.asked(&told.mark).len(), tries, "{what}: requests");
    play(&visit, &mut socket, "answer").is(None, "complete", "Grüß dich.");
    (told.mark, took)
}

const FAILED: Option<&str> = Some("agent_failed");

#[test]
fn a_server_that_refuses_is_not_asked_again() {
    for what in ["bad", "locked", "missing"] {
        ends(what, FAILED, "interrupted", "", 1);
    }
    let place = &*PLACE;
    for part in ["\"event\":\"agent_failed\"", "\"status\":401", "\"status\":404"] {
        is_logged(place.deployment(), part);
    }
    let log = place.deployment().log();
    assert!(!log.contains(&place.api_key) && !log.contains("locked "), "neither the key nor what a visitor wrote");
}

#[test]
fn a_server_that_is_ill_is_asked_three_times() {
    ends("ill", FAILED, "interrupted", "", 3);
    ends("ill-twice", None, "complete", "Grüß dich.", 3);
    ends("resets-once", None, "complete", "Grüß dich.", 2);
}

#[test]
fn a_busy_server_is_asked_again_after_the_time_that_it_names() {
    let (_, took) = ends("busy-once", None, "complete", "Grüß dich.", 2);
    assert!(took >= Duration::from_secs(2), "{took:?}");
    // A time that no visitor waits for is not waited for.
    let (_, took) = ends("busy", FAILED, "interrupted", "", 1);
    assert!(took < Duration::from_secs(20), "{took:?}");
}

#[test]
fn a_redirect_is_not_followed_and_the_key_goes_nowhere() {
    for what in ["moved", "found"] {
        ends(what, FAILED, "interrupted", "", 1);
    }
    let strays: Vec<_> = PLACE.upstream.strays();
    assert!(strays.is_empty(), "{strays:?}");
}

#[test]
fn what_is_no_stream_of_events_is_no_answer() {
    for what in ["page", "status"] {
        ends(what, FAILED, "interrupted", "", 1);
    }
}

#[test]
fn a_stream_is_read_however_it_comes() {
    for what in ["bytewise", "crlf"] {
        ends(what, None, "complete", "Grüß dich.", 1);
    }
}

#[test]
fn a_stream_that_breaks_off_is_never_silently_complete() {
    for what in ["breaks-off", "ends-early", "not-utf8", "error-inside", "no-json"] {
        ends(what, FAILED, "interrupted", "So far", 1);
    }
    ends("empty", FAILED, "interrupted", "", 1);
}

#[test]
fn an_answer_that_the_model_cuts_short_is_interrupted_and_no_error() {
    for what in ["length", "filtered"] {
        ends(what, None, "interrupted", "So far", 1);
    }
}

#[test]
fn an_answer_of_a_megabyte_is_cut_and_its_request_too() {
    let longest = "0123456789".repeat(4_000)[..32_768].to_owned();
    let (mark, _) = ends("floods", None, "interrupted", &longest, 1);
    PLACE.is_cut(&mark);
    // In one line it is more than is held.
    let (mark, _) = ends("long-line", FAILED, "interrupted", "So far", 1);
    PLACE.is_cut(&mark);
}

/// Holds that the server is given up after 30 s of silence, and sees it.
#[track_caller]
fn is_given_up(what: &str, text: &str) {
    let (mark, took) = ends(what, FAILED, "interrupted", text, 1);
    assert!((Duration::from_secs(29)..Duration::from_secs(50)).contains(&took), "{took:?}");
    PLACE.is_cut(&mark);
}

#[test]
fn a_server_that_never_answers_is_given_up() {
    is_given_up("mute", "");
}

#[test]
fn a_server_that_never_ends_its_headers_is_given_up() {
    is_given_up("mute-headers", "");
}

#[test]
fn a_server_that_falls_silent_is_given_up_with_what_came() {
    is_given_up("falls-silent", "So far");
}

#[test]
fn after_a_crash_nothing_is_asked_twice_and_what_waited_is_answered() {
    let upstream = Upstream::start();
    let settings = Settings::new("openai-crash").with("OPENAI_BASE_URL", &upstream.base_url());
    let started = settings.start();
    let workspace = Workspace::new(&started.deployment);
    let key = workspace.open_for_chat(&json!({ "agent": { "provider": "openai", "model": "m" } }));
    let visit = workspace.visit(&key);
    let (cut, waits) = (fresh("mark"), fresh("mark"));
    let mut socket = visit.ready();
    socket.send(&visit.first(&fresh("request"), &format!("slow {cut}")));
    socket.send(&chat_request(&fresh("request"), &format!("answer {waits}"), None, None));
    let _ = socket.until("chat.accepted");
    let _ = socket.until("chat.accepted");
    let _ = socket.until("chat.delta");
    assert_eq!((upstream.asked(&cut).len(), upstream.asked(&waits).len()), (1, 0));
    started.crash();

    let started = settings.start();
    let visit = Visit { base: started.deployment.url().to_owned(), ..visit };
    let mut socket = visit.ready();
    socket.send(&resume(Some(&visit.token()), &visit.secret, 0));
    let history = socket.expect("history");
    let messages = history["messages"].as_array().expect("messages");
    assert_eq!(messages[messages.len() - 1]["status"], "interrupted", "{history}");
    let completed = socket.find("chat.completed");
    assert_eq!((&completed["status"], &completed["text"]), (&json!("complete"), &json!("Grüß dich.")));
    assert_eq!((upstream.asked(&cut).len(), upstream.asked(&waits).len()), (1, 1));
}
