//! Names of things: newtypes with private fields, built by `parse`. A value of such a type is always well formed.

use core::fmt;

/// A name that breaks its rule. The text names the rule, never the value (it may be a secret in the wrong place).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what} must be {rule}")]
pub struct InvalidId {
    /// What was parsed, in the contract's word.
    pub what: &'static str,
    /// The rule that it must keep.
    pub rule: &'static str,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $rule:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Parses the name.
            ///
            /// # Errors
            /// [`InvalidId`] where it breaks the type's rule.
            pub fn parse(text: impl Into<String>) -> Result<Self, InvalidId> {
                let text = text.into();
                let valid: fn(&str) -> bool = $valid;
                if valid(&text) {
                    Ok(Self(text))
                } else {
                    Err(InvalidId { what: $what, rule: $rule })
                }
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(&self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                Self::parse(String::deserialize(from)?).map_err(serde::de::Error::custom)
            }
        }
    };
}

id! {
    /// A tenant: the isolation boundary. `[a-z0-9](-?[a-z0-9])*`, at most 32 characters.
    TenantId, "tenant", "1 to 32 lower-case letters and digits, with single hyphens between them", is_slug
}
id! {
    /// An environment of a tenant: `production`, `staging`, `development` or another slug of a tenant's shape.
    Environment, "environment", "1 to 32 lower-case letters and digits, with single hyphens between them", is_slug
}
id! {
    /// A conversation, picked by the browser: `[A-Za-z0-9_-]{16,64}`.
    ConversationId, "conversation", "16 to 64 letters, digits, '-' and '_'", |text| is_url_safe(text, 16, 64)
}
id! {
    /// A message, picked by the browser before it is sent: `[A-Za-z0-9_-]{16,64}`.
    RequestId, "id", "16 to 64 letters, digits, '-' and '_'", |text| is_url_safe(text, 16, 64)
}
id! {
    /// A client's own name for a conversation over HTTP: `[A-Za-z0-9._:-]{1,128}`. It may be guessable, so no
    /// conversation has it for its id: that is derived.
    ChatSessionId, "sessionId", "1 to 128 letters, digits, '.', '_', ':' and '-'", is_chat_session
}
id! {
    /// The id of a key or a session token: `key_` or `ses_` and 24 hex digits of the credential's SHA-256.
    /// Derived from the credential, so its guard is found without a look-up; it doesn't lead back to it.
    CredentialId, "key id", "'key_' or 'ses_' and 24 hex digits", is_credential_id
}
id! {
    /// The id of a source.
    SourceId, "source id", "'src_' and 20 letters and digits", |text| {
        text.strip_prefix("src_").is_some_and(|rest| rest.len() == 20 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    }
}

impl Environment {
    /// The environment `production`.
    #[must_use]
    pub fn production() -> Self {
        Self("production".to_owned())
    }
}

impl CredentialId {
    /// Whether it is a session token's: they are listed and revoked apart from keys.
    #[must_use]
    pub fn is_session(&self) -> bool {
        self.0.starts_with("ses_")
    }
}

fn is_slug(text: &str) -> bool {
    text.len() <= 32
        && !text.contains("--")
        && !text.starts_with('-')
        && !text.ends_with('-')
        && !text.is_empty()
        && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

/// Whether `text` has `least` to `most` characters, all of the base64url alphabet.
#[must_use]
pub fn is_url_safe(text: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

fn is_chat_session(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'-'))
}

fn is_credential_id(text: &str) -> bool {
    text.strip_prefix("key_")
        .or_else(|| text.strip_prefix("ses_"))
        .is_some_and(|rest| rest.len() == 24 && rest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenants_are_slugs_of_at_most_32_characters() {
        for good in ["a", "acme", "a-b", "0", "a1-b2-c3", &"a".repeat(32)] {
            assert!(TenantId::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "a-", "a--b", "A", "a_b", "a b", "ä", "a/b", &"a".repeat(33)] {
            assert!(TenantId::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn conversation_ids_have_16_to_64_url_safe_characters() {
        assert!(ConversationId::parse("a".repeat(16)).is_ok());
        assert!(ConversationId::parse("Az09_-".repeat(10)).is_ok());
        for bad in ["a".repeat(15), "a".repeat(65), "a".repeat(20) + "/", "é".repeat(10)] {
            assert!(ConversationId::parse(bad).is_err());
        }
    }

    #[test]
    fn key_ids_are_hex_behind_their_prefix() {
        assert!(CredentialId::parse("key_0123456789abcdef01234567").is_ok());
        assert!(CredentialId::parse("ses_0123456789abcdef01234567").is_ok());
        for bad in ["key_0123456789ABCDEF01234567", "key_0123", "sess_0123456789abcdef01234567", ""] {
            assert!(CredentialId::parse(bad).is_err());
        }
    }
}
