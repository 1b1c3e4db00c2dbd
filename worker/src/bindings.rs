//! The Worker's bindings: what each is called in `wrangler.toml`, how objects are named, and the one way to call them.
//!
//! An object's calls are declared with `calls!`: one type per call, with its reply, and one enum of them all, which
//! goes over as JSON in an internal `POST`. Nothing of a request from outside is forwarded as it came: what an object is
//! told was built here, so no client can forge it.

use crate::clock;
use crate::log;
use crate::objects::{conversation, directory, ip_quota, key_guard, socket_gate, tenant};
use crate::quota::Place;
use futures_util::future::{Either, select};
use futures_util::stream::TryStream;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::marker::PhantomData;
use std::pin::pin;
use weft_shared::error::{ErrorCode, Refusal};
use weft_shared::ids::{ConversationId, CredentialId, Environment, TenantId};
use weft_shared::secret::SecretHash;
use worker::web_sys::ReadableStream;
use worker::{Env, KvStore, Method, Request, RequestInit, Response, ResponseBody, Stub};

const DIRECTORY: &str = "DIRECTORY";
const TENANT: &str = "TENANT";
const KEY_GUARD: &str = "KEY_GUARD";
const CONVERSATION: &str = "CONVERSATION";
const IP_QUOTA: &str = "IP_QUOTA";
const SOCKET_GATE: &str = "SOCKET_GATE";
const WIDGET_RATE: &str = "WIDGET_RATE";
const KV: &str = "KV";

/// The one `Directory` object.
const DIRECTORY_NAME: &str = "directory";
/// How long an object may take that asks no one else. One that doesn't answer can't be reached.
const DEADLINE_MS: u32 = 10_000;
/// How long a conversation may take: what is under way there comes first.
const CONVERSATION_DEADLINE_MS: u32 = 20_000;
/// How long a tenant's object may take, which tells others of what it did.
const TENANT_DEADLINE_MS: u32 = 30_000;
/// How long one who asks over HTTP waits for the end of an answer, those before it in the queue included.
pub(crate) const ANSWER_DEADLINE_MS: u32 = 300_000;
/// Where calls go. An object has no host: only the path means something.
const CALL_URL: &str = "https://object/call";
/// Where a WebSocket goes.
const SESSION_URL: &str = "https://object/session";
/// Where a message goes whose answer is to be streamed.
const CHAT_URL: &str = "https://object/chat";
/// The path of [`CHAT_URL`].
pub(crate) const CHAT_PATH: &str = "/chat";
/// The path of [`SESSION_URL`].
pub(crate) const SESSION_PATH: &str = "/session";
/// The header of a WebSocket's internal request that says for whom it is. ASCII JSON.
pub(crate) const CONTEXT_HEADER: &str = "x-weft-context";

/// A call of an object, with its reply.
pub(crate) trait Call: Into<Self::Calls> {
    /// All calls of that object.
    type Calls: Serialize;
    /// What it answers.
    type Reply: Serialize + DeserializeOwned;
}

/// Declares an object's calls: `Name { field: Type } -> Reply;` each.
macro_rules! calls {
    (
        $(#[$doc:meta])*
        $calls:ident {
            $( $(#[$call_doc:meta])* $call:ident { $( $field:ident : $type:ty ),* $(,)? } -> $reply:ty; )*
        }
    ) => {
        $(#[$doc])*
        #[derive(serde::Serialize, serde::Deserialize)]
        pub(crate) enum $calls {
            $( $(#[$call_doc])* $call($call), )*
        }

        $(
            $(#[$call_doc])*
            #[derive(serde::Serialize, serde::Deserialize)]
            pub(crate) struct $call {
                $( pub(crate) $field: $type, )*
            }

            impl $crate::bindings::Call for $call {
                type Calls = $calls;
                type Reply = $reply;
            }

            impl From<$call> for $calls {
                fn from(call: $call) -> Self {
                    Self::$call(call)
                }
            }
        )*
    };
}
pub(crate) use calls;

/// What an object answers.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer<R> {
    Done(R),
    Refused { code: String, message: String, retry_after_secs: Option<u32> },
}

impl<R> Answer<R> {
    fn into_result(self) -> Result<R, Refusal> {
        match self {
            Self::Done(reply) => Ok(reply),
            Self::Refused { code, message, retry_after_secs } => {
                let code = ErrorCode::parse(&code).unwrap_or(ErrorCode::Internal);
                let refusal = Refusal::new(code, message);
                Err(match retry_after_secs {
                    Some(secs) => refusal.retry_after(secs),
                    None => refusal,
                })
            }
        }
    }
}

impl<R> From<Result<R, Refusal>> for Answer<R> {
    fn from(result: Result<R, Refusal>) -> Self {
        match result {
            Ok(reply) => Self::Done(reply),
            Err(Refusal { code, message, retry_after_secs }) => {
                Self::Refused { code: code.code().to_owned(), message, retry_after_secs }
            }
        }
    }
}

/// An object that can be asked.
pub(crate) struct Remote<C> {
    stub: worker::Result<Stub>,
    binding: &'static str,
    deadline_ms: u32,
    calls: PhantomData<C>,
}

/// The list of tenants.
pub(crate) fn directory(env: &Env) -> Remote<directory::Calls> {
    Remote::of(env, DIRECTORY, DIRECTORY_NAME, DEADLINE_MS)
}

/// A tenant's object.
pub(crate) fn tenant(env: &Env, id: &TenantId) -> Remote<tenant::Calls> {
    Remote::of(env, TENANT, id.as_str(), TENANT_DEADLINE_MS)
}

/// The guard of a key or session token.
pub(crate) fn key_guard(env: &Env, id: &CredentialId) -> Remote<key_guard::Calls> {
    Remote::of(env, KEY_GUARD, id.as_str(), DEADLINE_MS)
}

/// The counters of a visitor's address.
pub(crate) fn ip_quota(env: &Env, place: &Place) -> Remote<ip_quota::Calls> {
    Remote::of(env, IP_QUOTA, &place_name(place), DEADLINE_MS)
}

/// The gate for sockets of a visitor's address.
pub(crate) fn socket_gate(env: &Env, place: &Place) -> Remote<socket_gate::Calls> {
    Remote::of(env, SOCKET_GATE, &place_name(place), TENANT_DEADLINE_MS)
}

/// Cloudflare's own rate limit for requests with a publishable key. It counts in each of its locations by itself, and not
/// exactly: good for turning a flood away before anything of ours is woken, for nothing else. Where it fails, what comes
/// after it still holds.
pub(crate) async fn is_flood(env: &Env, key: String) -> bool {
    let Ok(limiter) = env.rate_limiter(WIDGET_RATE) else { return false };
    limiter.limit(key).await.is_ok_and(|outcome| !outcome.success)
}

/// A conversation.
pub(crate) fn conversation(env: &Env, tenant: &TenantId, id: &ConversationId) -> Remote<conversation::Calls> {
    Remote::of(env, CONVERSATION, &conversation_name(tenant, id), CONVERSATION_DEADLINE_MS)
}

/// A conversation that is asked for a whole answer: it takes as long as that does.
pub(crate) fn answering(env: &Env, tenant: &TenantId, id: &ConversationId) -> Remote<conversation::Calls> {
    Remote::of(env, CONVERSATION, &conversation_name(tenant, id), ANSWER_DEADLINE_MS + DEADLINE_MS)
}

impl<C: Serialize> Remote<C> {
    fn of(env: &Env, binding: &'static str, name: &str, deadline_ms: u32) -> Self {
        Self { stub: stub(env, binding, name), binding, deadline_ms, calls: PhantomData }
    }

    /// Asks, and waits for the reply.
    ///
    /// # Errors
    /// What the object refused, or `unavailable` where it can't be reached.
    pub(crate) async fn ask<A: Call<Calls = C>>(&self, call: A) -> Result<A::Reply, Refusal> {
        match select(pin!(self.send::<A>(call)), clock::sleep(self.deadline_ms)).await {
            Either::Left((Ok(answer), _)) => answer.into_result(),
            Either::Left((Err(error), _)) => Err(log::unavailable(self.binding, &error)),
            Either::Right(((), _)) => Err(log::unavailable(self.binding, &"no answer in time")),
        }
    }

    async fn send<A: Call<Calls = C>>(&self, call: A) -> worker::Result<Answer<A::Reply>> {
        let stub = self.stub.as_ref().map_err(|error| worker::Error::from(error.to_string()))?;
        let calls: C = call.into();
        let mut init = RequestInit::new();
        init.with_method(Method::Post).with_body(Some(serde_json::to_string(&calls)?.into()));
        let mut response = stub.fetch_with_request(Request::new_with_init(CALL_URL, &init)?).await?;
        response.json().await
    }
}

fn stub(env: &Env, binding: &str, name: &str) -> worker::Result<Stub> {
    env.durable_object(binding)?.get_by_name(name)
}

/// The object's side of [`Remote::ask`]: reads the call, has it handled, writes the answer.
///
/// # Errors
/// The runtime's own.
pub(crate) async fn serve<C: DeserializeOwned>(
    mut request: Request,
    handle: impl AsyncFnOnce(C) -> Result<serde_json::Value, Refusal>,
) -> worker::Result<Response> {
    // Calls come from this same deployment; one that can't be read is an older version of it, still running.
    let call = serde_json::from_str(&request.text().await?)?;
    Response::from_json(&Answer::from(handle(call).await))
}

/// A call's result in the form that [`serve`] sends.
///
/// # Errors
/// The call's own refusal.
pub(crate) fn reply<A: Call>(result: Result<A::Reply, Refusal>) -> Result<serde_json::Value, Refusal> {
    serde_json::to_value(result?).map_err(|error| log::internal("encoding a reply", &error))
}

/// Hands a WebSocket over to its conversation. `context` is ASCII JSON.
///
/// # Errors
/// `unavailable` where the object can't be reached, or doesn't answer in time.
pub(crate) async fn open_session(
    env: &Env,
    tenant: &TenantId,
    conversation: &ConversationId,
    context: &str,
) -> Result<Response, Refusal> {
    let open = async {
        let mut request = Request::new(SESSION_URL, Method::Get)?;
        let headers = request.headers_mut()?;
        headers.set("Upgrade", "websocket")?;
        headers.set(CONTEXT_HEADER, context)?;
        stub(env, CONVERSATION, &conversation_name(tenant, conversation))?.fetch_with_request(request).await
    };
    match select(pin!(open), clock::sleep(DEADLINE_MS)).await {
        Either::Left((opened, _)) => opened.map_err(|error| log::unavailable(CONVERSATION, &error)),
        Either::Right(((), _)) => Err(log::unavailable(CONVERSATION, &"no answer in time")),
    }
}

/// Hands a message over to its conversation, and gives the lines of its answer as they come.
///
/// # Errors
/// What the object refused; `unavailable` where it can't be reached, or doesn't take the message in time.
pub(crate) async fn stream_chat(
    env: &Env,
    tenant: &TenantId,
    ask: &conversation::ChatAsk,
) -> Result<ReadableStream, Refusal> {
    let send = async {
        let mut init = RequestInit::new();
        init.with_method(Method::Post).with_body(Some(serde_json::to_string(ask)?.into()));
        let request = Request::new_with_init(CHAT_URL, &init)?;
        stub(env, CONVERSATION, &conversation_name(tenant, &ask.message.context.conversation))?
            .fetch_with_request(request)
            .await
    };
    let mut response = match select(pin!(send), clock::sleep(DEADLINE_MS)).await {
        Either::Left((response, _)) => response.map_err(|error| log::unavailable(CONVERSATION, &error))?,
        Either::Right(((), _)) => return Err(log::unavailable(CONVERSATION, &"no answer in time")),
    };
    if response.status_code() == 200
        && let ResponseBody::Stream(lines) = response.body()
    {
        return Ok(lines.clone());
    }
    let answer: Answer<()> = response.json().await.map_err(|error| log::unavailable(CONVERSATION, &error))?;
    Err(answer.into_result().err().unwrap_or_else(|| ErrorCode::Unavailable.into()))
}

/// The object's side of [`stream_chat`]: the lines, or why there are none.
///
/// # Errors
/// The runtime's own.
pub(crate) fn serve_lines<S>(lines: Result<S, Refusal>) -> worker::Result<Response>
where
    S: TryStream<Ok = Vec<u8>, Error = worker::Error> + 'static,
{
    match lines {
        Ok(lines) => Response::from_stream(lines),
        Err(refusal) => Ok(Response::from_json(&Answer::<()>::from(Err(refusal)))?.with_status(400)),
    }
}

/// A tenant's slug holds no slash, so no two conversations share a name.
fn conversation_name(tenant: &TenantId, conversation: &ConversationId) -> String {
    format!("{tenant}/{conversation}")
}

/// Slugs hold no slash, and a pseudonym is 64 hex digits.
fn place_name(place: &Place) -> String {
    format!("{}/{}/{}", place.tenant, place.environment, place.visitor)
}

/// The KV namespace.
///
/// # Errors
/// The runtime's own.
pub(crate) fn kv(env: &Env) -> worker::Result<KvStore> {
    env.kv(KV)
}

/// Where the live config of an environment is copied to.
pub(crate) fn config_key(tenant: &TenantId, environment: &Environment) -> String {
    format!("config/{tenant}/{environment}")
}

/// Where a key's record is copied to.
pub(crate) fn record_key(hash: &SecretHash) -> String {
    format!("key/{}", hash.to_hex())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_objects_and_copies_are_pinned() {
        // A change here would leave every stored object behind.
        let tenant = TenantId::parse("acme").expect("a slug");
        let conversation = ConversationId::parse("abcdefghijklmnop").expect("an id");
        let staging = Environment::parse("staging").expect("a slug");
        assert_eq!(conversation_name(&tenant, &conversation), "acme/abcdefghijklmnop");
        let place = Place { tenant: tenant.clone(), environment: staging.clone(), visitor: "00ff".to_owned() };
        assert_eq!(place_name(&place), "acme/staging/00ff");
        assert_eq!(config_key(&tenant, &staging), "config/acme/staging");
        assert!(record_key(&SecretHash::of("abc")).starts_with("key/ba7816bf8f01cfea"));
        assert_eq!(
            [DIRECTORY, TENANT, KEY_GUARD, CONVERSATION, IP_QUOTA, SOCKET_GATE, KV],
            ["DIRECTORY", "TENANT", "KEY_GUARD", "CONVERSATION", "IP_QUOTA", "SOCKET_GATE", "KV"]
        );
    }

    #[test]
    fn a_refusal_crosses_the_border_whole() {
        let refusal = Refusal::new(ErrorCode::Conflict, "No.").retry_after(3);
        let wire = serde_json::to_string(&Answer::<()>::from(Err(refusal.clone()))).expect("JSON");
        let answer: Answer<()> = serde_json::from_str(&wire).expect("an answer");
        assert_eq!(answer.into_result(), Err(refusal));
    }
}
