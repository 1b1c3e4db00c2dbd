//! The main job: login, open, ask, and an answer from the tenant's own sources; and what it leaves nowhere.

use std::time::Duration;
use weft_tests::api::{Deployment, patiently};
use weft_tests::browser::{Demo, Page, Record, Request};

/// What the demo's pages answer well.
const QUESTION: &str = "How long does delivery take?";
const SOURCE: &str = "Delivery and shipping";

fn token_requests(record: &Record) -> Vec<&Request> {
    record.requests.iter().filter(|request| request.path() == "/weft/token").collect()
}

/// The secrets of a chat: widget token and history secret.
fn secrets_of(page: &Page) -> (String, String) {
    let record = page.record();
    let requests = token_requests(&record);
    let body: serde_json::Value = serde_json::from_str(&page.answer_of(requests[0])).expect("JSON");
    let token = body["token"].as_str().expect("a token").to_owned();
    let first = record.sent("chat.request")[0].payload();
    (token, first["historySecret"].as_str().expect("a history secret").to_owned())
}

#[test]
fn logged_in_visitor_reads_a_streamed_answer_from_the_sources() {
    let demo = Demo::shared();
    let (_visitor, page) = demo.logged_in_visitor();
    page.open_widget();
    watch_answer_grow(&page);
    page.ask(QUESTION);
    let shown = page.wait_for_answers(1);

    assert_eq!(shown.questions(), [QUESTION]);
    let answer = shown.answers()[0];
    assert!(answer.sources.iter().any(|source| source.title == SOURCE), "{answer:?}");
    assert!(answer.sources.iter().all(|source| source.url.starts_with(&demo.at("/help/"))), "{answer:?}");
    assert!(answer.text.contains("Standard shipping costs"), "{answer:?}");
    assert_eq!((shown.notice.as_str(), answer.note.as_str()), ("", ""));

    let record = page.record();
    let deltas = record.received("chat.delta");
    assert!(deltas.len() > 1, "it came in one piece");
    let streamed: String = deltas.iter().filter_map(|delta| delta.payload()["text"].as_str()).collect();
    assert_eq!(record.received("chat.completed")[0].payload()["text"], streamed);
    let seqs: Vec<u64> = record.frames().filter_map(|frame| frame.payload()["seq"].as_u64()).collect();
    assert!(seqs.is_sorted(), "{seqs:?}");
    let lengths = page.in_widget("function () { return this.lengths; }", &[]).expect("watched");
    let mut lengths: Vec<u64> = serde_json::from_value(lengths).expect("numbers");
    assert!(lengths.is_sorted(), "no word that was shown goes away again: {lengths:?}");
    lengths.dedup();
    assert!(lengths.len() > 2, "it grows before the reader's eyes: {lengths:?}");

    let worker = Deployment::shared().url();
    let (shop, socket) = (demo.at("/"), worker.replacen("http", "ws", 1));
    let foreign = |url: &&str| ![worker, &shop, &socket].iter().any(|ours| url.starts_with(*ours));
    assert_eq!(record.urls().into_iter().filter(foreign).collect::<Vec<_>>(), Vec::<&str>::new());
}

/// Notes the length of the first answer whenever it changes on the screen.
fn watch_answer_grow(page: &Page) {
    let function = "function () {
        this.lengths = [];
        const look = () => {
            const answer = this.querySelector('.row:not(.user) .bubble');
            if (answer) this.lengths.push(answer.textContent.length);
        };
        new MutationObserver(look).observe(this, { subtree: true, childList: true, characterData: true });
    }";
    page.in_widget(function, &[]).expect("the panel is open");
}

#[test]
fn token_comes_from_the_refresh_endpoint_and_travels_in_the_first_request_alone() {
    let demo = Demo::shared();
    let (_visitor, page) = demo.logged_in_visitor();
    page.open_widget();
    page.ask(QUESTION);
    page.wait_for_answers(1);
    page.ask("And returns?");
    page.wait_for_answers(2);

    let (token, history_secret) = secrets_of(&page);
    let record = page.record();
    let [request] = token_requests(&record)[..] else { panic!("one token is enough for two questions") };
    assert_eq!((request.method.as_str(), request.url.as_str()), ("POST", demo.at("/weft/token").as_str()));
    assert_eq!((request.body.as_deref(), request.status), (Some("{}"), Some(200)));
    assert!(request.headers.contains("shop_session="), "with the visitor's cookie: {}", request.headers);

    let with_token: Vec<_> = record.frames().filter(|frame| frame.text.contains(&token)).collect();
    assert_eq!(with_token.len(), 1);
    assert_eq!(with_token[0].kind(), "chat.request");
    assert_eq!(with_token[0].payload()["widgetToken"], token);
    let first_sent = record.frames().find(|frame| frame.is_sent).expect("frames were sent");
    assert_eq!(first_sent.text, with_token[0].text, "nothing goes before it");
    let with_secret = record.frames().filter(|frame| frame.text.contains(&history_secret)).count();
    assert_eq!(with_secret, 1);
    assert_eq!(record.sockets.len(), 1);
}

#[test]
fn no_address_header_console_storage_or_log_holds_a_secret() {
    let demo = Demo::shared();
    let (_visitor, page) = demo.logged_in_visitor();
    page.open_widget();
    page.ask("When is the shop open?");
    page.wait_for_answers(1);
    let (token, history_secret) = secrets_of(&page);
    let record = page.record();
    let conversation = record.sockets[0].url.split("conversation=").nth(1).expect("it is in the address").to_owned();
    let secrets = [("widget token", &token), ("history secret", &history_secret), ("secret key", &demo.secret_key())];
    let clean = |place: &str, text: &str| {
        for (what, secret) in secrets {
            // The signature alone would do as well for who finds it.
            let end = &secret[secret.len() - 20..];
            assert!(!text.contains(end), "{place} holds the {what}");
        }
    };

    assert!(record.urls().iter().any(|url| url.contains(&conversation)), "addresses are looked at");
    record.urls().iter().for_each(|url| clean("an address", url));
    record.requests.iter().for_each(|request| clean(&request.url, &request.headers));
    record.sockets.iter().for_each(|socket| clean(&socket.url, &socket.headers));
    record.console.iter().for_each(|line| clean("the console", line));
    clean("the document", page.evaluate("document.documentElement.outerHTML").as_str().expect("HTML"));
    let storage = page.local_storage();
    assert!(storage.contains(&history_secret), "the history secret is kept where it belongs");
    clean("the storage", &storage.replace(&history_secret, ""));
    clean("the session's storage", page.evaluate("JSON.stringify(sessionStorage)").as_str().expect("text"));
    clean("a cookie", page.evaluate("document.cookie").as_str().expect("text"));

    // The log comes through a pipe: that it is there is asked until it is.
    let log = patiently(Duration::from_secs(20), || {
        Some(Deployment::shared().log()).filter(|log| log.contains("/widget/session"))
    });
    clean("the Worker's log", &log.expect("the Worker logs requests"));
    clean("the demo's log", &demo.log());
}

#[test]
fn page_sees_nothing_of_the_chat_but_its_events() {
    let demo = Demo::shared();
    let (_visitor, page) = demo.logged_in_visitor();
    page.evaluate("window.heard = []; for (const kind of ['ready', 'open', 'message', 'close', 'error', 'hidden']) document.addEventListener('weft:' + kind, (event) => heard.push(kind)) || 0");
    page.open_widget();
    page.ask(QUESTION);
    let shown = page.wait_for_answers(1);
    page.wait_until("the event of the answer", || {
        page.evaluate("heard.filter((kind) => kind === 'message').length") == 2
    });
    let heard = page.evaluate("heard.join(' ')");
    assert!(!heard.as_str().expect("text").contains("error"), "{heard}");
    for kind in ["ready", "open"] {
        assert_eq!(page.evaluate(&format!("heard.filter((kind) => kind === '{kind}').length")), 1, "{heard}");
    }
    assert_eq!(page.evaluate("document.querySelector('weft-chat').shadowRoot === null"), true);
    let first_words = shown.answers()[0].text.lines().next().expect("it has text").to_owned();
    let page_text = page.evaluate("document.documentElement.textContent");
    assert!(!page_text.as_str().expect("text").contains(&first_words), "{first_words}");
}
