//! A tenant whose pages need widget tokens, and the one question about each token.

use serde_json::json;
use weft_tests::api::{Forge, Visit, Workspace, chat_request, fresh};

/// A visitor of such a tenant.
pub(crate) fn visit() -> Visit {
    let workspace = Workspace::shared();
    let key = workspace.open_for_chat(&json!({}));
    workspace.visit(&key)
}

/// A tenant whose pages need tokens, with a key for them.
pub(crate) struct Shop {
    /// Its tenant.
    pub(crate) workspace: Workspace<'static>,
    /// For its pages.
    pub(crate) key: String,
}

impl Shop {
    pub(crate) fn open() -> Self {
        let workspace = Workspace::shared();
        let key = workspace.open_for_chat(&json!({}));
        Self { workspace, key }
    }

    /// A good token's parts.
    pub(crate) fn good(&self) -> Forge {
        self.workspace.forge()
    }

    /// Holds that `token` is refused with `code`, and that a good one then gets in on the same socket.
    #[track_caller]
    pub(crate) fn refuses_with(&self, code: &str, token: Option<&str>, what: &str) {
        let visit = self.workspace.visit(&self.key);
        let mut socket = visit.ready();
        let id = fresh("request");
        socket.send(&chat_request(&id, "say=Hello.", token, Some(&visit.secret)));
        let error = socket.expect("chat.error");
        assert_eq!((&error["error"], &error["requestId"]), (&json!(code), &json!(id)), "{what}: {error}");
        socket.send(&visit.first(&id, "say=Hello."));
        assert_eq!(socket.expect("chat.accepted")["requestId"], json!(id), "{what}");
        assert_eq!(socket.find("chat.completed")["text"], "Hello.", "{what}");
    }

    /// The same with `invalid_token`.
    #[track_caller]
    pub(crate) fn refuses(&self, token: &str, what: &str) {
        self.refuses_with("invalid_token", Some(token), what);
    }
}
