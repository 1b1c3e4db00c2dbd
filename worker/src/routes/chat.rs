//! `POST /v1/chat`, `POST /v1/chat/stream` and `GET /v1/conversations/{id}/messages`: chat without the widget, from
//! pages and from servers.

mod caller;

use super::Asked;
use crate::access::authority;
use crate::bindings;
use crate::clock;
use crate::entropy;
use crate::objects::conversation::{Chat, ChatAsk, ReadMessages};
use crate::objects::key_guard::CheckMinter;
use crate::reply::Reply;
use crate::settings::Settings;
use crate::tokens::Tokens;
use caller::Caller;
use weft_shared::auth::Need;
use weft_shared::error::{ErrorCode, Refusal};
use weft_shared::ids::{ConversationId, CredentialId, RequestId};
use weft_shared::keys::{ChatNames, ChatPlace, Side};
use weft_shared::limits::QuotaLimits;
use weft_shared::protocol::http::{ChatBody, ChatReply, check_idempotency_key, read_body};
use weft_shared::protocol::routes::Method;
use weft_shared::secret::{HistorySecret, Secret};
use weft_shared::session::server::{HttpMessage, Reader, Right, SocketContext, VerifyToken as _, Visitor};

/// How long a browser may keep a preflight's answer: it is the same for everyone, and for ever. Browsers keep none longer.
const PREFLIGHT_MAX_AGE_SECS: &str = "7200";
/// What a page may send along.
const PREFLIGHT_HEADERS: &str = "Authorization, Content-Type, Idempotency-Key, X-Api-Key, X-History-Secret, \
                                 X-Widget-Api-Key, X-Widget-Token";

/// `POST /v1/chat`
pub(super) async fn whole(asked: &mut Asked<'_>, settings: &Settings) -> Result<Reply, Refusal> {
    let message = Message::read(asked, settings).await?;
    let env = asked.env;
    let send = async |ask: ChatAsk| {
        let conversation_id = ask.message.context.conversation.clone();
        let object = bindings::answering(env, &message.caller.tenant, &conversation_id);
        let message = object.ask(Chat { ask }).await?;
        Ok(Reply::ok(&ChatReply { conversation_id, message }))
    };
    message.send(settings, send).await
}

/// `POST /v1/chat/stream`, and `POST /chat`, its older name.
pub(super) async fn stream(asked: &mut Asked<'_>, settings: &Settings) -> Result<Reply, Refusal> {
    let message = Message::read(asked, settings).await?;
    let env = asked.env;
    let send = async |ask: ChatAsk| Ok(Reply::lines(bindings::stream_chat(env, &message.caller.tenant, &ask).await?));
    message.send(settings, send).await
}

/// `GET /v1/conversations/{id}/messages`
pub(super) async fn messages(
    asked: &mut Asked<'_>,
    settings: &Settings,
    conversation: Result<ConversationId, Refusal>,
) -> Result<Reply, Refusal> {
    let caller = Caller::of(asked, settings, Need::History).await?;
    let conversation = conversation?;
    let page = asked.incoming.query().page()?;
    visitor(asked, settings, &caller).await?;
    let right = match caller.side {
        Side::Server => Right::Scope,
        // One that can't be any conversation's is as wrong as another conversation's.
        Side::Page => {
            let secret = asked.incoming.header("X-History-Secret").and_then(|text| HistorySecret::parse(text).ok());
            Right::Secret(secret.map(|secret| secret.hash()))
        }
    };
    let reader = Reader { tenant: caller.tenant.clone(), environment: caller.readable_environment, right };
    let list =
        bindings::conversation(asked.env, &caller.tenant, &conversation).ask(ReadMessages { reader, page }).await?;
    Ok(Reply::ok(&list))
}

/// The preflight of all of them.
pub(super) fn preflight(asked: &mut Asked<'_>, method: Method) -> Reply {
    // Echoed, not `*`: so that what comes without an `Origin` is told nothing at all.
    asked.readable_by = asked.incoming.origin();
    Reply::no_content()
        .with("Access-Control-Allow-Methods", method.as_str())
        .with("Access-Control-Allow-Headers", PREFLIGHT_HEADERS)
        .with("Access-Control-Max-Age", PREFLIGHT_MAX_AGE_SECS)
}

/// A message that may be sent, but for what its conversation says.
struct Message {
    caller: Caller,
    body: ChatBody,
    /// Who speaks, where a signed token told.
    visitor: Option<Visitor>,
    /// The client's own, which it can read the conversation with.
    history_secret: Option<HistorySecret>,
    idempotency_key: Option<String>,
    /// What stands for the visitor's address, and its limits.
    address: Option<(String, QuotaLimits)>,
}

impl Message {
    /// Checks a request in the order of what it costs: credential, origin, body, token.
    async fn read(asked: &mut Asked<'_>, settings: &Settings) -> Result<Self, Refusal> {
        let caller = Caller::of(asked, settings, Need::Chat).await?;
        let body: ChatBody = read_body(&asked.incoming.body().await?)?;
        body.check()?;
        let idempotency_key = asked.incoming.header("Idempotency-Key");
        if let Some(key) = &idempotency_key {
            check_idempotency_key(key)?;
        }
        let history_secret = asked.incoming.header("X-History-Secret");
        let history_secret = history_secret
            .map(HistorySecret::parse)
            .transpose()
            .map_err(|error| Refusal::invalid(format!("X-History-Secret must be {}.", error.rule)))?;
        let address = match caller.side {
            // A customer's server speaks for all of its visitors: its key has a window of its own.
            Side::Server => None,
            Side::Page => {
                let bucket = asked.incoming.address_bucket(settings)?;
                let keys = &settings.keys.current;
                let pseudonym = keys.ip_pseudonym(&caller.tenant, &caller.environment, bucket.as_str());
                Some((pseudonym, caller.limits))
            }
        };
        let visitor = visitor(asked, settings, &caller).await?;
        Ok(Self { caller, body, visitor, history_secret, idempotency_key, address })
    }

    /// Sends it to its conversation.
    async fn send(
        &self,
        settings: &Settings,
        send: impl AsyncFn(ChatAsk) -> Result<Reply, Refusal>,
    ) -> Result<Reply, Refusal> {
        let place = ChatPlace {
            tenant: &self.caller.tenant,
            environment: &self.caller.environment,
            side: self.caller.side,
            sub: self.visitor.as_ref().map(|visitor| visitor.sub.as_str()),
            session: &self.body.session_id,
        };
        let (names, before) = place.names(&settings.keys);
        // A conversation that began under the master key before goes on there.
        if let Some(before) = before {
            match send(self.ask(&before, true)?).await {
                Err(refusal) if refusal.code == ErrorCode::NotFound => {}
                taken => return taken,
            }
        }
        send(self.ask(&names, false)?).await
    }

    fn ask(&self, names: &ChatNames, must_exist: bool) -> Result<ChatAsk, Refusal> {
        let request_id = match &self.idempotency_key {
            Some(key) => names.request(key),
            None => RequestId::parse(entropy::unique_id())?,
        };
        let message = HttpMessage {
            context: self.caller.context(&names.conversation),
            session: self.body.session_id.clone(),
            visitor: self.visitor.clone(),
            request_id,
            text: self.body.message.clone(),
            history_secret: self.history_secret.as_ref().unwrap_or(&names.history_secret).hash(),
            must_exist,
        };
        Ok(ChatAsk { message, visitor: self.address.clone(), live_version: self.caller.live_version })
    }
}

/// Who the token in `X-Widget-Token` is for. One that comes where none is required is verified all the same.
async fn visitor(asked: &Asked<'_>, settings: &Settings, caller: &Caller) -> Result<Option<Visitor>, Refusal> {
    let Some(token) = asked.incoming.header("X-Widget-Token").filter(|token| !token.is_empty()) else {
        return if caller.require_signed_token { Err(ErrorCode::TokenRequired.into()) } else { Ok(None) };
    };
    let (tenant, environment) = (caller.tenant.clone(), caller.environment.clone());
    let visitor = Tokens { settings, tenant, environment }.verify(&Secret::new(token), clock::now())?;
    if let Ok(minter) = CredentialId::parse(visitor.azp.as_str()) {
        bindings::key_guard(asked.env, &minter).ask(CheckMinter {}).await.map_err(authority)?;
    }
    Ok(Some(visitor))
}

impl Caller {
    fn context(&self, conversation: &ConversationId) -> SocketContext {
        SocketContext {
            conversation: conversation.clone(),
            tenant: self.tenant.clone(),
            environment: self.environment.clone(),
            require_signed_token: self.require_signed_token,
        }
    }
}
