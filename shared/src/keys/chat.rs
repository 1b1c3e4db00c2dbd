//! What conversations over HTTP are called. A client names its conversation by a session id of its own, which may be
//! short, guessable or the same as somebody else's. The conversation's id is a keyed hash of it and of where it came
//! from, so that
//!
//! - nobody can work out the id of another's conversation, nor pick it in a widget (which picks its ids itself);
//! - no session id leads into a widget's conversation, or into another tenant's or environment's;
//! - a customer's server and its pages don't meet under one session id: a publishable key is on every page, and server
//!   code likes to use ids that can be guessed;
//! - with a signed token, two end users don't meet either.
//!
//! Without a signed token whoever knows a session id can go on with its conversation. So session ids of pages are to be
//! random, as Open Chat Widget's are.

use super::master::{MasterKey, MasterKeys};
use crate::ids::{ChatSessionId, ConversationId, Environment, RequestId, TenantId};
use crate::secret::HistorySecret;
use base64ct::{Base64UrlUnpadded, Encoding as _};

/// Bytes of an id: 192 bits, 32 characters.
const ID_BYTES: usize = 24;

/// Who speaks: code on a customer's server, or a page that anyone can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// A secret key or a session token.
    Server,
    /// A publishable key or `WIDGET_API_KEY`.
    Page,
}

impl Side {
    const fn as_bytes(self) -> &'static [u8] {
        match self {
            Self::Server => b"server",
            Self::Page => b"page",
        }
    }
}

/// Where a session id holds.
#[derive(Debug, Clone, Copy)]
pub struct ChatPlace<'a> {
    /// Whose.
    pub tenant: &'a TenantId,
    /// In which environment.
    pub environment: &'a Environment,
    /// Who speaks.
    pub side: Side,
    /// The end user, where a signed token told.
    pub sub: Option<&'a str>,
    /// The client's own name.
    pub session: &'a ChatSessionId,
}

/// One conversation's names.
#[derive(Debug, Clone)]
pub struct ChatNames {
    /// Its id.
    pub conversation: ConversationId,
    /// Its history secret, where the client brings none of its own. Nobody is told it: such a conversation is read by
    /// servers alone, and no widget can join it.
    pub history_secret: HistorySecret,
    master: MasterKey,
}

impl ChatPlace<'_> {
    /// The conversation's names by each master key: by the one in force, and, while it is set, by the one before. A
    /// conversation that began under that one goes on under it.
    #[must_use]
    pub fn names(&self, keys: &MasterKeys) -> (ChatNames, Option<ChatNames>) {
        (self.names_by(&keys.current), keys.previous.as_ref().map(|master| self.names_by(master)))
    }

    fn names_by(&self, master: &MasterKey) -> ChatNames {
        let id = self.hash(master, b"conversation");
        let secret = self.hash(master, b"history-secret");
        ChatNames {
            conversation: ConversationId::parse(text(&id[..ID_BYTES])).expect("32 characters of base64url"),
            history_secret: HistorySecret::parse(text(&secret)).expect("43 characters of base64url"),
            master: master.clone(),
        }
    }

    fn hash(&self, master: &MasterKey, what: &[u8]) -> [u8; 32] {
        // Nothing but `sub`, which is last, can hold a zero byte: no two places make the same text, and one without a
        // `sub` is none with an empty one.
        let mut parts = vec![
            what,
            b"\0",
            self.tenant.as_str().as_bytes(),
            b"\0",
            self.environment.as_str().as_bytes(),
            b"\0",
            self.side.as_bytes(),
            b"\0",
            self.session.as_str().as_bytes(),
        ];
        if let Some(sub) = self.sub {
            parts.extend([b"\0", sub.as_bytes()]);
        }
        master.chat_name(&parts)
    }
}

impl ChatNames {
    /// The id of the message that a client sends with this `Idempotency-Key`: the same again is the same message.
    ///
    /// # Panics
    /// Never: 24 bytes are 32 characters of base64url, which is an id.
    #[must_use]
    pub fn request(&self, idempotency_key: &str) -> RequestId {
        let parts: [&[u8]; 4] =
            [b"request\0", self.conversation.as_str().as_bytes(), b"\0", idempotency_key.as_bytes()];
        RequestId::parse(text(&self.master.chat_name(&parts)[..ID_BYTES])).expect("32 characters of base64url")
    }
}

fn text(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn master(byte: u8) -> MasterKey {
        MasterKey::from_bytes([byte; 32])
    }

    /// Names by tenant, environment, side, end user and session.
    fn names(tenant: &str, environment: &str, side: Side, sub: Option<&str>, session: &str) -> ChatNames {
        let tenant = TenantId::parse(tenant).expect("a slug");
        let environment = Environment::parse(environment).expect("a slug");
        let session = ChatSessionId::parse(session).expect("a session id");
        ChatPlace { tenant: &tenant, environment: &environment, side, sub, session: &session }.names_by(&master(1))
    }

    #[test]
    fn names_are_pinned() {
        // A change here would leave every conversation over HTTP behind. Worked out apart, with Python's hmac.
        let names = names("acme", "production", Side::Page, None, "session-1");
        assert_eq!(names.conversation.as_str(), "BAseksoEpxJ9HP0e_JxPNE2eZhljceza");
        assert_eq!(names.request("key-1").as_str(), "Eyheo2YerS5K1bQzxlgJnFn6U2SJ--_O");
    }

    #[test]
    fn whatever_differs_leads_to_another_conversation() {
        let all = [
            names("acme", "production", Side::Page, None, "s"),
            names("acme", "production", Side::Page, None, "S"),
            names("acme", "production", Side::Server, None, "s"),
            names("acme", "staging", Side::Page, None, "s"),
            names("other", "production", Side::Page, None, "s"),
            names("acme", "production", Side::Page, Some(""), "s"),
            names("acme", "production", Side::Page, Some("mia"), "s"),
            names("acme", "production", Side::Page, Some("mi"), "s"),
            names("acme", "production", Side::Page, Some("\0mia"), "s"),
            names("acme", "production", Side::Server, Some("mia"), "s"),
        ];
        for (at, one) in all.iter().enumerate() {
            for other in &all[at + 1..] {
                assert_ne!(one.conversation, other.conversation);
                assert_ne!(one.history_secret.expose(), other.history_secret.expose());
                assert_ne!(one.request("k"), other.request("k"));
            }
            assert_ne!(one.request("k"), one.request("l"));
            assert_ne!(one.history_secret.expose()[..32], *one.conversation.as_str());
        }
    }

    #[test]
    fn names_by_the_master_key_before_are_found_while_it_is_set() {
        let tenant = TenantId::parse("acme").expect("a slug");
        let environment = Environment::production();
        let session = ChatSessionId::parse("s").expect("a session id");
        let place =
            ChatPlace { tenant: &tenant, environment: &environment, side: Side::Page, sub: None, session: &session };
        let (before, none) = place.names(&MasterKeys::new(master(1), None));
        assert!(none.is_none());
        let (now, previous) = place.names(&MasterKeys::new(master(2), Some(master(1))));
        assert_ne!(now.conversation, before.conversation);
        let previous = previous.expect("it is set");
        assert_eq!(previous.conversation, before.conversation);
        assert_eq!(previous.request("k"), before.request("k"));
    }
}
