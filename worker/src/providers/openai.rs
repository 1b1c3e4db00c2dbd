//! The provider `openai`: asks a server that speaks OpenAI's chat completions, and says its answer as it streams.
//!
//! What is asked and how the stream is read is decided in `weft_shared::agent::openai`. How long a server may be silent
//! is the conversation's to hold, for every provider alike. The key goes to the one address that the operator set, and
//! into no log.

use super::{Asking, search};
use crate::clock;
use crate::entropy::PlatformEntropy;
use crate::log;
use crate::settings::{OpenAi, Settings, misconfigured};
use futures_util::StreamExt as _;
use futures_util::future::{Either, select};
use serde_json::json;
use weft_shared::agent::openai::{Attempt, Failure, Finish, Prompt, Reading, pause_before_retry, request_body};
use weft_shared::agent::{SILENCE_MS, best, named};
use weft_shared::entropy::Entropy as _;
use weft_shared::error::{ErrorCode, Refusal};
use weft_shared::session::server::Outcome;
use weft_shared::time::Timestamp;
use worker::web_sys::AbortController;
use worker::{AbortSignal, Fetch, Headers, Method, Request, RequestInit, RequestRedirect, Response};

/// How long is waited for the end of a stream once the answer is whole: a connection that ends in order can be used
/// again.
const LAST_WORDS_MS: u32 = 1_000;

pub(super) async fn answer(asking: &Asking<'_>, say: &dyn Fn(&str)) -> Result<Outcome, Refusal> {
    let deadline = clock::now().plus_millis(SILENCE_MS);
    let upstream = OpenAi::read(asking.env, Settings::read(asking.env)?.is_production)?;
    let model = asking.agent.model.as_deref().or(upstream.model.as_deref());
    let model = model.ok_or_else(|| misconfigured("OPENAI_MODEL", "is not set, and the live config names no model"))?;
    let hits = search(asking).await?;
    let passages = best(asking.question, &hits);
    let body = request_body(&Prompt {
        model,
        instructions: &asking.agent.instructions,
        visitor: asking.visitor,
        passages: &passages,
        history: &(asking.history)()?,
        question: asking.question,
    });
    let Begun { response, tries, abort } = connect(&upstream, &body, deadline).await?;
    say("");
    let finish = stream(response, say).await;
    drop(abort);
    match finish {
        Ok(Finish::Complete) => Ok(Outcome::Complete(named(&passages))),
        Ok(Finish::CutShort) => Ok(Outcome::CutShort(named(&passages))),
        Err(failure) => Err(failed(tries, None, &failure.to_string())),
    }
}

/// An answer that begins.
struct Begun {
    response: Response,
    /// How often it was asked for.
    tries: u32,
    abort: AbortOnDrop,
}

/// Asks until an answer begins, or it makes no sense to try again.
async fn connect(upstream: &OpenAi, body: &str, deadline: Timestamp) -> Result<Begun, Refusal> {
    let mut tries = 1;
    loop {
        // One for each try: the body of a refusal is not read, and must not hold its connection.
        let abort = AbortOnDrop::new();
        let (status, reason, retry_after) = match send(upstream, body, &abort).await {
            Ok(response) => match reason_against(&response) {
                None => return Ok(Begun { response, tries, abort }),
                Some(reason) => {
                    let retry_after = response.headers().get("Retry-After").ok().flatten();
                    (Some(response.status_code()), reason, retry_after)
                }
            },
            Err(error) => {
                log::warning("agent_unreachable", &json!({ "provider": "openai", "cause": error.to_string() }));
                (None, "the server can't be reached", None)
            }
        };
        drop(abort);
        let attempt = Attempt { number: tries, status, retry_after: retry_after.as_deref() };
        let random = u32::from_le_bytes(PlatformEntropy.bytes());
        match pause_before_retry(attempt, clock::now(), deadline, random) {
            Some(pause) => clock::sleep(pause).await,
            None => return Err(failed(tries, status, reason)),
        }
        tries += 1;
    }
}

/// One request. Its answer may be of any kind.
async fn send(upstream: &OpenAi, body: &str, abort: &AbortOnDrop) -> worker::Result<Response> {
    let headers = Headers::new();
    headers.set("Content-Type", "application/json")?;
    headers.set("Accept", "text/event-stream")?;
    if let Some(key) = &upstream.key {
        headers.set("Authorization", &format!("Bearer {}", key.expose()))?;
    }
    let mut init = RequestInit::new();
    init.with_method(Method::Post)
        .with_headers(headers)
        .with_body(Some(body.into()))
        // Followed, a redirect would carry the key and the conversation to wherever the answer says.
        .with_redirect(RequestRedirect::Manual);
    let request = Request::new_with_init(&upstream.endpoint.to_string(), &init)?;
    match abort.signal() {
        Some(signal) => Fetch::Request(request).send_with_signal(&signal).await,
        None => Fetch::Request(request).send().await,
    }
}

/// Why a response is no answer; none where it is the beginning of one.
fn reason_against(response: &Response) -> Option<&'static str> {
    let kind = response.headers().get("Content-Type").ok().flatten().unwrap_or_default().to_ascii_lowercase();
    match response.status_code() {
        200 if kind.starts_with("text/event-stream") => None,
        200 => Some("the response is not an event stream"),
        300..400 => Some("the server redirects, which is not followed: set OPENAI_BASE_URL to where it is"),
        _ => Some("the server refused"),
    }
}

/// Reads the stream to its end.
async fn stream(mut response: Response, say: &dyn Fn(&str)) -> Result<Finish, Failure> {
    let mut reading = Reading::default();
    let Ok(mut body) = response.stream() else { return reading.end() };
    while !reading.is_done() {
        let next = body.next();
        let bytes = if reading.is_finished() {
            match select(next, clock::sleep(LAST_WORDS_MS)).await {
                Either::Left((bytes, _)) => bytes,
                Either::Right(((), _)) => None,
            }
        } else {
            next.await
        };
        // A connection that breaks is a stream that ends.
        let Some(Ok(bytes)) = bytes else { break };
        say("");
        reading.read(&bytes, &mut |piece| say(piece))?;
    }
    reading.end()
}

/// Writes the cause down, which a visitor doesn't need to know.
fn failed(tries: u32, status: Option<u16>, reason: &str) -> Refusal {
    let details = json!({ "provider": "openai", "status": status, "reason": reason, "tries": tries });
    log::warning("agent_failed", &details);
    ErrorCode::AgentFailed.into()
}

/// Aborts its request when it is dropped: the server is to see that nobody listens any more. That is where the visitor
/// stopped the answer, where it has its full length, and where its time is over.
struct AbortOnDrop(Option<AbortController>);

impl AbortOnDrop {
    fn new() -> Self {
        Self(AbortController::new().ok())
    }

    fn signal(&self) -> Option<AbortSignal> {
        self.0.as_ref().map(|controller| AbortSignal::from(controller.signal()))
    }
}

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        if let Some(controller) = &self.0 {
            controller.abort();
        }
    }
}
