//! A tenant of a test's own.

use super::deployment::Deployment;
use super::forge::Forge;
use super::http::Call;
use super::names::{fresh, fresh_secret};
use super::session::{Socket, Upgrade, chat_request};
use serde_json::{Value, json};

/// The origin of the pages that [`Workspace::open_for_chat`] allows.
pub const ORIGIN: &str = "https://shop.example";

/// A tenant that no other test knows.
#[derive(Debug, Clone)]
pub struct Workspace<'d> {
    /// Where it is.
    pub deployment: &'d Deployment,
    /// Its id.
    pub tenant: String,
}

impl<'d> Workspace<'d> {
    /// Makes a tenant.
    ///
    /// # Panics
    /// Where the Worker refuses.
    #[must_use]
    #[track_caller]
    pub fn new(deployment: &'d Deployment) -> Self {
        let tenant = fresh("t");
        let _ = deployment.admin("POST", "/v1/tenants").json(&json!({ "id": tenant })).send().expect(201);
        Self { deployment, tenant }
    }

    /// One on the Worker that all tests share.
    #[must_use]
    #[track_caller]
    pub fn shared() -> Workspace<'static> {
        Workspace::new(Deployment::shared())
    }

    /// A path below the tenant's own.
    #[must_use]
    pub fn path(&self, rest: &str) -> String {
        format!("/v1/tenants/{}{rest}", self.tenant)
    }

    /// A request of the operator's, below the tenant's own path.
    pub fn admin(&self, method: &str, rest: &str) -> Call {
        self.deployment.admin(method, &self.path(rest))
    }

    /// A request without a credential, below the tenant's own path.
    pub fn call(&self, method: &str, rest: &str) -> Call {
        self.deployment.call(method, &self.path(rest))
    }

    /// Makes a key. Gives the whole answer.
    ///
    /// # Panics
    /// Where the Worker refuses.
    #[must_use]
    #[track_caller]
    pub fn key(&self, body: &Value) -> Value {
        self.admin("POST", "/keys").json(body).send().expect(201)
    }

    /// The plaintext of a new secret key for `production` with these scopes.
    ///
    /// # Panics
    /// Where the Worker refuses.
    #[must_use]
    #[track_caller]
    pub fn secret_key(&self, scopes: &[&str]) -> String {
        text(
            &self.key(&json!({ "label": "test", "type": "secret", "environment": "production", "scopes": scopes }))["key"],
        )
    }

    /// The plaintext of a new session token.
    ///
    /// # Panics
    /// Where the Worker refuses.
    #[must_use]
    #[track_caller]
    pub fn session_token(&self) -> String {
        let body = json!({ "tenant_id": self.tenant });
        text(&self.deployment.admin("POST", "/v1/sessions").json(&body).send().expect(200)["token"])
    }

    /// The plaintext of a new publishable key.
    ///
    /// # Panics
    /// Where the Worker refuses.
    #[must_use]
    #[track_caller]
    pub fn publishable_key(&self, environment: &str) -> String {
        text(&self.key(&json!({ "label": "test", "type": "publishable", "environment": environment }))["key"])
    }

    /// Stages these fields and deploys them.
    ///
    /// # Panics
    /// Where the Worker refuses.
    #[track_caller]
    pub fn deploy(&self, environment: &str, fields: &Value) {
        let _ = self.admin("PATCH", &format!("/config?environment={environment}")).json(fields).send().expect(200);
        let _ = self.admin("POST", "/config/deploy").json(&json!({ "environment": environment })).send().expect(200);
    }

    /// A good token to spoil, for `production`.
    #[must_use]
    pub fn forge(&self) -> Forge {
        Forge::good(&self.deployment.master(), &self.tenant, "production")
    }

    /// Deploys a config for pages of [`ORIGIN`] with the scripted agent and required tokens, with `more` on top, and
    /// gives a key for them.
    ///
    /// # Panics
    /// Where the Worker refuses.
    #[must_use]
    #[track_caller]
    pub fn open_for_chat(&self, more: &Value) -> String {
        let mut fields = json!({
            "base_url": ORIGIN,
            "require_signed_token": true,
            "agent": { "provider": "scripted" },
        });
        if let (Some(fields), Some(more)) = (fields.as_object_mut(), more.as_object()) {
            fields.extend(more.clone());
        }
        self.deploy("production", &fields);
        self.publishable_key("production")
    }

    /// A visitor's new conversation on a page with this key.
    #[must_use]
    pub fn visit(&self, key: &str) -> Visit {
        Visit {
            base: self.deployment.url().to_owned(),
            key: key.to_owned(),
            conversation: fresh("conversation"),
            secret: fresh_secret(),
            forge: self.forge(),
        }
    }
}

/// One visitor's conversation.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The Worker's address.
    pub base: String,
    /// The page's publishable key.
    pub key: String,
    /// The conversation's id.
    pub conversation: String,
    /// Its history secret.
    pub secret: String,
    /// Makes its tokens.
    pub forge: Forge,
}

impl Visit {
    /// The upgrade, from an allowed page.
    pub fn upgrade(&self) -> Upgrade {
        self.upgrade_without_origin().origin(ORIGIN)
    }

    /// The upgrade, from no page.
    pub fn upgrade_without_origin(&self) -> Upgrade {
        Upgrade::new(&self.base, &format!("/widget/session?key={}&conversation={}", self.key, self.conversation))
    }

    /// An open socket that was greeted.
    ///
    /// # Panics
    /// Where the Worker refuses.
    #[must_use]
    #[track_caller]
    pub fn ready(&self) -> Socket {
        self.upgrade().ready()
    }

    /// A good token.
    #[must_use]
    pub fn token(&self) -> String {
        self.forge.token()
    }

    /// A `chat.request` with a good token and the history secret.
    #[must_use]
    pub fn first(&self, id: &str, text: &str) -> Value {
        chat_request(id, text, Some(&self.token()), Some(&self.secret))
    }

    /// Opens a socket and has a first message answered.
    ///
    /// # Panics
    /// Where that doesn't go well.
    #[must_use]
    #[track_caller]
    pub fn begun(&self) -> Socket {
        let mut socket = self.ready();
        socket.send(&self.first(&fresh("request"), "say=Hello."));
        let completed = socket.find("chat.completed");
        assert_eq!(completed["status"], "complete", "{completed}");
        socket
    }
}

/// The text of a JSON string.
#[track_caller]
fn text(value: &Value) -> String {
    value.as_str().expect("a string").to_owned()
}
