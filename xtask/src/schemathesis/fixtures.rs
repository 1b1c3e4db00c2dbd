//! What the requests are about: the tenant `acme` of the document's own examples, and one spare tenant per caller.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::Caller;
use crate::http::Api;

/// Where the tenant's pages are.
pub(super) const ORIGIN: &str = "https://shop.example";

const TENANT: &str = "acme";
const ENVIRONMENT: &str = "production";
const HISTORY_SECRET: &str = "history-secret-of-this-conversation";
/// All that routes ask for.
const SCOPES: [&str; 6] =
    ["settings:write", "conversations:write", "messages:write", "sources:write", "keys:write", "widget:token"];
/// How many of each kind there are to delete. Deleting again is the same as once, or a 404.
const SPARES: usize = 6;
/// A session token passes 100 requests a minute.
const SESSION_TOKENS: usize = 40;

/// All of it.
#[derive(Debug)]
pub(super) struct Fixtures {
    admin_key: String,
    publishable: String,
    secret: String,
    test_key: String,
    sessions: Vec<String>,
    widget_token: String,
    page_conversation: String,
    server_conversation: String,
    spares: Vec<Spare>,
}

/// A tenant whose things may be destroyed.
#[derive(Debug)]
struct Spare {
    caller: Caller,
    tenant: String,
    credentials: Vec<String>,
    keys: Vec<String>,
    sessions: Vec<String>,
    sources: Vec<String>,
    conversations: Vec<String>,
}

impl Fixtures {
    /// Makes them on the Worker at `url`.
    pub(super) fn make(url: &str, admin_key: &str) -> Result<Self> {
        let admin = Maker { api: Api::new(url, admin_key), tenant: TENANT };
        admin.tenant()?;
        admin.config(ENVIRONMENT)?;
        admin.source()?;
        let publishable = admin.key("publishable", ENVIRONMENT)?.1;
        let secret = admin.key("secret", ENVIRONMENT)?.1;
        let test_key = admin.key("secret", ENVIRONMENT)?.1;
        let sessions = (0..SESSION_TOKENS).map(|_| admin.session()).collect::<Result<_>>()?;
        let server = Api::new(url, &secret).with("X-History-Secret", HISTORY_SECRET);
        let page = Api::new(url, &publishable).with("X-History-Secret", HISTORY_SECRET).with("Origin", ORIGIN);
        let minted = server.post("/widget-token", &json!({ "ttl_seconds": 3_600 }))?.success("minting a token")?;
        let spares = [Caller::Admin, Caller::Secret, Caller::Session];
        Ok(Self {
            widget_token: text(&minted, "token")?,
            page_conversation: conversation(&page, "page")?,
            server_conversation: conversation(&server, "server")?,
            spares: spares.into_iter().map(|caller| Spare::make(url, admin_key, caller)).collect::<Result<_>>()?,
            admin_key: admin_key.to_owned(),
            publishable,
            secret,
            test_key,
            sessions,
        })
    }

    /// The value of `TEST_WIDGET_TOKEN_API_KEY`.
    pub(super) fn test_key(&self) -> &str {
        &self.test_key
    }

    /// The pages' key.
    pub(super) fn publishable_key(&self) -> &str {
        &self.publishable
    }

    /// A caller's credentials by tenant.
    pub(super) fn credentials(&self, caller: Caller) -> Value {
        let own = match caller {
            Caller::Admin => std::slice::from_ref(&self.admin_key),
            Caller::Secret => std::slice::from_ref(&self.secret),
            Caller::Session => &self.sessions,
            Caller::Page => std::slice::from_ref(&self.publishable),
        };
        let mut all = json!({ TENANT: own });
        if let Some(spare) = self.spare(caller) {
            all[&spare.tenant] = json!(spare.credentials);
        }
        all
    }

    /// The tenant whose things a caller may destroy. A page destroys nothing.
    pub(super) fn spare_tenant(&self, caller: Caller) -> &str {
        self.spare(caller).map_or("none", |spare| &spare.tenant)
    }

    /// The values that `schemathesis.toml` names.
    pub(super) fn dictionaries(&self, caller: Caller) -> Vec<(&'static str, Vec<String>)> {
        let is_page = caller == Caller::Page;
        let conversation = if is_page { &self.page_conversation } else { &self.server_conversation };
        // What a caller has none of it doesn't ask about either, but no dictionary may be empty.
        let of = |values: fn(&Spare) -> &[String]| match self.spare(caller).map(values) {
            Some(values) if !values.is_empty() => values.to_vec(),
            _ => vec!["none".to_owned()],
        };
        vec![
            ("tenant", vec![TENANT.to_owned()]),
            ("staging", vec!["staging".to_owned()]),
            ("conversation", vec![conversation.clone()]),
            ("spare_conversation", of(|spare| &spare.conversations)),
            ("history_secret", vec![HISTORY_SECRET.to_owned()]),
            ("spare_key", of(|spare| &spare.keys)),
            ("spare_session", of(|spare| &spare.sessions)),
            ("spare_source", of(|spare| &spare.sources)),
            ("origin", vec![ORIGIN.to_owned()]),
            ("widget_token", vec![self.widget_token.clone()]),
        ]
    }

    fn spare(&self, caller: Caller) -> Option<&Spare> {
        self.spares.iter().find(|spare| spare.caller == caller)
    }
}

impl Spare {
    fn make(url: &str, admin_key: &str, caller: Caller) -> Result<Self> {
        let tenant = format!("{TENANT}-{}", caller.name());
        let admin = Maker { api: Api::new(url, admin_key), tenant: &tenant };
        admin.tenant()?;
        admin.config(ENVIRONMENT)?;
        admin.config("staging")?;
        let secret = admin.key("secret", ENVIRONMENT)?.1;
        let credentials = match caller {
            Caller::Admin => vec![admin_key.to_owned()],
            Caller::Session => (0..SESSION_TOKENS).map(|_| admin.session()).collect::<Result<_>>()?,
            Caller::Secret | Caller::Page => vec![secret.clone()],
        };
        // Publishable ones: HIPAA refuses to rotate the others. One per environment, or rotating meets the cap.
        let keys = (0..SPARES).map(|at| Ok(admin.key("publishable", &format!("spare-{at}"))?.0));
        let keys = keys.collect::<Result<_>>()?;
        let sources = (0..SPARES).map(|_| admin.source()).collect::<Result<_>>()?;
        let server = Api::new(url, &secret);
        let conversations = (0..SPARES).map(|at| conversation(&server, &format!("spare-{at}")));
        let conversations = conversations.collect::<Result<_>>()?;
        let sessions = (0..SPARES).map(|_| admin.spare_session()).collect::<Result<_>>()?;
        Ok(Self { caller, tenant, credentials, keys, sessions, sources, conversations })
    }
}

/// The operator, at work on one tenant.
struct Maker<'a> {
    api: Api<'a>,
    tenant: &'a str,
}

impl Maker<'_> {
    fn path(&self, rest: &str) -> String {
        format!("/v1/tenants/{}{rest}", self.tenant)
    }

    fn tenant(&self) -> Result<()> {
        self.api.post("/v1/tenants", &json!({ "id": self.tenant }))?.success("making a tenant").map(drop)
    }

    fn config(&self, environment: &str) -> Result<()> {
        let fields = json!({ "base_url": ORIGIN, "require_signed_token": false });
        let config = self.path(&format!("/config?environment={environment}"));
        self.api.patch(&config, &fields)?.success("staging a config")?;
        let body = json!({ "environment": environment });
        self.api.post(&self.path("/config/deploy"), &body)?.success("deploying a config").map(drop)
    }

    /// Id and plaintext.
    fn key(&self, kind: &str, environment: &str) -> Result<(String, String)> {
        let mut body = json!({ "label": "schemathesis", "type": kind, "environment": environment });
        if kind == "secret" {
            body["rate_limit_per_minute"] = json!(100_000);
            body["scopes"] = json!(SCOPES);
        }
        let made = self.api.post(&self.path("/keys"), &body)?.success("making a key")?;
        Ok((text(&made, "id")?, text(&made, "key")?))
    }

    fn session(&self) -> Result<String> {
        let made = self.api.post("/v1/sessions", &json!({ "tenant_id": self.tenant }))?;
        text(&made.success("making a session token")?, "token")
    }

    /// The id of a session token that nobody uses.
    fn spare_session(&self) -> Result<String> {
        self.session()?;
        let newest = self.api.get(&self.path("/sessions?limit=1"))?.success("listing session tokens")?;
        text(&newest["sessions"][0], "id")
    }

    fn source(&self) -> Result<String> {
        let body = json!({ "title": "Returns", "body": "You have 30 days to return a grinder." });
        text(&self.api.post(&self.path("/sources"), &body)?.success("adding a source")?, "id")
    }
}

fn conversation(api: &Api<'_>, session: &str) -> Result<String> {
    let body = json!({ "sessionId": session, "message": "How long may I return a grinder?" });
    text(&api.post("/v1/chat", &body)?.success("beginning a conversation")?, "conversationId")
}

fn text(body: &Value, field: &str) -> Result<String> {
    body[field].as_str().map(str::to_owned).with_context(|| format!("an answer without {field}"))
}
