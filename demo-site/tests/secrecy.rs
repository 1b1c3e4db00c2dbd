//! The secret key and the tokens stay where they belong. A file of its own, because it reads all that is logged.

mod support;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use support::{PUBLISHABLE_KEY, SECRET_KEY, StubWeft, TOKEN, Visit, json};

/// Where the log goes.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("whole").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn secret_key_and_tokens_are_in_no_page_and_no_log_line() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);

    // A Weft that fails in the worst way: it sends the credential back.
    let leaky = StubWeft::start(|| json(401, &format!(r#"{{"error":"{SECRET_KEY}","message":"{SECRET_KEY}"}}"#))).await;
    let leaky_page = StubWeft::start(|| support::answer(500, "text/html", SECRET_KEY)).await;
    let minting = StubWeft::minting().await;
    let mut answers = Vec::new();
    for weft in [leaky.url.as_str(), &leaky_page.url, &minting.url, "http://127.0.0.1:9"] {
        let mut visit = Visit::new(weft, true);
        for is_logged_in in [false, true] {
            if is_logged_in {
                visit.log_in().await;
            }
            for path in ["/", "/products/night-ferry", "/help", "/help/contact", "/basket", "/login", "/nowhere"] {
                answers.push(visit.get(path).await);
            }
            answers.push(visit.refresh().await);
            visit.cookies.push(("demo_fault".to_owned(), "500".to_owned()));
            answers.push(visit.refresh().await);
            visit.cookies.retain(|(name, _)| name != "demo_fault");
        }
    }
    drop(guard);

    let log = String::from_utf8_lossy(&log.0.lock().expect("whole")).into_owned();
    for line in ["Weft refused with 401 Unauthorized (no code)", "Weft can't be reached", "demo fault ServerError"] {
        assert!(log.contains(line), "{log}");
    }
    let bodies: Vec<_> = answers.iter().map(|answer| format!("{:?}\n{}", answer.headers, answer.body)).collect();
    let bodies = bodies.join("\n");
    // Positive control: what may be shown is found.
    assert!(bodies.contains(PUBLISHABLE_KEY) && bodies.matches(TOKEN).count() == 1);
    for (what, text) in [("answer", &bodies), ("log", &log)] {
        assert!(!text.contains(SECRET_KEY) && !text.contains("wf_sk_"), "secret key in an {what}");
    }
    assert!(!log.contains(TOKEN), "token in the log");
    let sessions = bodies.matches("shop_session=").count();
    assert!(!log.contains("shop_session") && sessions == 0, "the pages set no cookie, and none is logged");
}
