//! The one table of error codes: what each is called, which HTTP status it has, and what it says (contract of the
//! HTTP API and of protocol 1). No other place decides a status.

/// Makes the table below into the type. Each column is a function of its own, so that the widget, which reads codes alone,
/// carries no sentences.
macro_rules! error_codes {
    ($( $(#[$doc:meta])* $name:ident = $code:literal, $status:literal, $message:literal; )*) => {
        /// A refusal or failure, by its public code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorCode {
            $( $(#[$doc])* $name, )*
        }

        impl ErrorCode {
            /// Every code, in the table's order.
            pub const ALL: [Self; [$($code),*].len()] = [$(Self::$name),*];

            /// The code as it stands in `error`.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The HTTP status.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// The sentence for `message` where nothing more precise is to be said.
            #[must_use]
            pub const fn message(self) -> &'static str {
                match self { $(Self::$name => $message,)* }
            }

            /// Reads a code from the wire.
            #[must_use]
            pub fn parse(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$name),)* _ => None }
            }
        }
    };
}

error_codes! {
    /// Body, path or query fails its rules; the message names the field.
    InvalidRequest = "invalid_request", 400, "The request is not valid.";
    /// No credential came.
    MissingAuthorization = "missing_authorization", 401, "A credential is required: send Authorization: Bearer <key>.";
    /// A credential came, but not of a credential's shape.
    MalformedKey = "malformed_key", 401, "The credential does not have the shape of a key or session token.";
    /// Not issued here, unknown, revoked or expired: all alike.
    InvalidKey = "invalid_key", 401, "The credential is not valid.";
    /// Widget token refused.
    InvalidToken = "invalid_token", 401, "The widget token is not valid.";
    /// Widget token too old.
    ExpiredToken = "expired_token", 401, "The widget token has expired.";
    /// The live config requires a signed widget token and none came.
    TokenRequired = "token_required", 401, "A signed widget token is required.";
    /// The history secret is not this conversation's.
    WrongHistorySecret = "wrong_history_secret", 403, "The history secret is not this conversation's.";
    /// The credential doesn't reach that far.
    InsufficientScope = "insufficient_scope", 403, "The credential does not have the scope that this needs.";
    /// The page's origin isn't on the allow-list.
    OriginNotAllowed = "origin_not_allowed", 403, "This origin is not on the allow-list of the live config.";
    /// Secret keys are off for this tenant.
    ApiKeysDisabled = "api_keys_disabled", 403, "Secret keys are disabled for this tenant; use session tokens.";
    /// A credential came over plain HTTP.
    HttpsRequired = "https_required", 403, "Credentials are accepted over HTTPS only.";
    /// Missing, or another tenant's: both alike.
    NotFound = "not_found", 404, "There is nothing here.";
    /// The path is there, the method isn't.
    MethodNotAllowed = "method_not_allowed", 405, "This path does not take this method.";
    /// It contradicts what is stored.
    Conflict = "conflict", 409, "The request contradicts what is stored.";
    /// Three active keys of that type and environment are there.
    KeyLimitReached = "key_limit_reached", 409, "There are 3 active keys of this type and environment; revoke one first.";
    /// A body or frame of more than 64 KiB.
    PayloadTooLarge = "payload_too_large", 413, "At most 64 KiB are accepted.";
    /// The key's window is full.
    RateLimited = "rate_limited", 429, "Too many requests; retry after the time given.";
    /// The visitor's daily or monthly limit is reached.
    QuotaExceeded = "quota_exceeded", 429, "The message limit is reached; it resets at the time given.";
    /// The deployment lacks a setting.
    Misconfigured = "misconfigured", 500, "This deployment lacks a setting; its log names it.";
    /// Our own fault.
    Internal = "internal", 500, "Something went wrong on our side.";
    /// The agent gave no answer.
    AgentFailed = "agent_failed", 502, "The agent gave no answer.";
    /// `ADMIN_API_KEY` is not set.
    AdminNotConfigured = "admin_not_configured", 503, "ADMIN_API_KEY is not set on this deployment.";
    /// An authority can't be reached; try again.
    Unavailable = "unavailable", 503, "Temporarily unavailable; try again.";
}

impl ErrorCode {
    /// Whether it speaks of a widget token that was refused or missing: the socket stays open for a fresh one.
    #[must_use]
    pub const fn is_token_refusal(self) -> bool {
        matches!(self, Self::InvalidToken | Self::ExpiredToken | Self::TokenRequired)
    }
}

impl serde::Serialize for ErrorCode {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.code())
    }
}

/// A refusal with its sentence: what an answer's body and a `chat.error` say. Holds nothing internal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Which.
    pub code: ErrorCode,
    /// One sentence for the caller.
    pub message: String,
    /// Whole seconds after which another try can succeed.
    pub retry_after_secs: Option<u32>,
}

impl Refusal {
    /// A refusal with a sentence of its own.
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), retry_after_secs: None }
    }

    /// A 400 whose message names the field.
    #[must_use]
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidRequest, message)
    }

    /// The same, to be tried again after `secs`.
    #[must_use]
    pub fn retry_after(mut self, secs: u32) -> Self {
        self.retry_after_secs = Some(secs);
        self
    }
}

impl From<ErrorCode> for Refusal {
    fn from(code: ErrorCode) -> Self {
        Self::new(code, code.message())
    }
}

impl From<crate::ids::InvalidId> for Refusal {
    fn from(error: crate::ids::InvalidId) -> Self {
        Self::invalid(format!("{error}."))
    }
}

impl core::fmt::Display for Refusal {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}: {}", self.code.code(), self.message)
    }
}

impl core::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_is_named_once_and_read_back() {
        for code in ErrorCode::ALL {
            assert_eq!(ErrorCode::parse(code.code()), Some(code));
            assert!((400..600).contains(&code.status()));
            assert!(code.message().ends_with('.'));
        }
        assert_eq!(ErrorCode::parse("no_such_code"), None);
    }
}
