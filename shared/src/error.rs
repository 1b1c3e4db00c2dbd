//! The one table of error codes: what each is called, which HTTP status it has, and what it says (contract of the
//! HTTP API and of protocol 1). No other place decides a status.

/// A refusal or failure, by its public code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// Body, path or query fails its rules; the message names the field.
    InvalidRequest,
    /// No credential came.
    MissingAuthorization,
    /// A credential came, but not of a credential's shape.
    MalformedKey,
    /// Not issued here, unknown, revoked or expired: all alike.
    InvalidKey,
    /// Widget token refused.
    InvalidToken,
    /// Widget token too old.
    ExpiredToken,
    /// The live config requires a signed widget token and none came.
    TokenRequired,
    /// The history secret is not this conversation's.
    WrongHistorySecret,
    /// The credential doesn't reach that far.
    InsufficientScope,
    /// The page's origin isn't on the allow-list.
    OriginNotAllowed,
    /// Secret keys are off for this tenant.
    ApiKeysDisabled,
    /// A credential came over plain HTTP.
    HttpsRequired,
    /// Missing, or another tenant's: both alike.
    NotFound,
    /// The path is there, the method isn't.
    MethodNotAllowed,
    /// It contradicts what is stored.
    Conflict,
    /// Three active keys of that type and environment are there.
    KeyLimitReached,
    /// A body or frame of more than 64 KiB.
    PayloadTooLarge,
    /// The key's window is full.
    RateLimited,
    /// The visitor's daily or monthly limit is reached.
    QuotaExceeded,
    /// The deployment lacks a setting.
    Misconfigured,
    /// Our own fault.
    Internal,
    /// The agent gave no answer.
    AgentFailed,
    /// `ADMIN_API_KEY` is not set.
    AdminNotConfigured,
    /// An authority can't be reached; try again.
    Unavailable,
}

impl ErrorCode {
    /// Every code, in the table's order.
    pub const ALL: [Self; 24] = [
        Self::InvalidRequest,
        Self::MissingAuthorization,
        Self::MalformedKey,
        Self::InvalidKey,
        Self::InvalidToken,
        Self::ExpiredToken,
        Self::TokenRequired,
        Self::WrongHistorySecret,
        Self::InsufficientScope,
        Self::OriginNotAllowed,
        Self::ApiKeysDisabled,
        Self::HttpsRequired,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Conflict,
        Self::KeyLimitReached,
        Self::PayloadTooLarge,
        Self::RateLimited,
        Self::QuotaExceeded,
        Self::Misconfigured,
        Self::Internal,
        Self::AgentFailed,
        Self::AdminNotConfigured,
        Self::Unavailable,
    ];

    /// The code as it stands in `error`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.row().0
    }

    /// The HTTP status.
    #[must_use]
    pub const fn status(self) -> u16 {
        self.row().1
    }

    /// The sentence for `message` where nothing more precise is to be said.
    #[must_use]
    pub const fn message(self) -> &'static str {
        self.row().2
    }

    const fn row(self) -> (&'static str, u16, &'static str) {
        match self {
            Self::InvalidRequest => ("invalid_request", 400, "The request is not valid."),
            Self::MissingAuthorization => {
                ("missing_authorization", 401, "A credential is required: send Authorization: Bearer <key>.")
            }
            Self::MalformedKey => {
                ("malformed_key", 401, "The credential does not have the shape of a key or session token.")
            }
            Self::InvalidKey => ("invalid_key", 401, "The credential is not valid."),
            Self::InvalidToken => ("invalid_token", 401, "The widget token is not valid."),
            Self::ExpiredToken => ("expired_token", 401, "The widget token has expired."),
            Self::TokenRequired => ("token_required", 401, "A signed widget token is required."),
            Self::WrongHistorySecret => ("wrong_history_secret", 403, "The history secret is not this conversation's."),
            Self::InsufficientScope => {
                ("insufficient_scope", 403, "The credential does not have the scope that this needs.")
            }
            Self::OriginNotAllowed => {
                ("origin_not_allowed", 403, "This origin is not on the allow-list of the live config.")
            }
            Self::ApiKeysDisabled => {
                ("api_keys_disabled", 403, "Secret keys are disabled for this tenant; use session tokens.")
            }
            Self::HttpsRequired => ("https_required", 403, "Credentials are accepted over HTTPS only."),
            Self::NotFound => ("not_found", 404, "There is nothing here."),
            Self::MethodNotAllowed => ("method_not_allowed", 405, "This path does not take this method."),
            Self::Conflict => ("conflict", 409, "The request contradicts what is stored."),
            Self::KeyLimitReached => {
                ("key_limit_reached", 409, "There are 3 active keys of this type and environment; revoke one first.")
            }
            Self::PayloadTooLarge => ("payload_too_large", 413, "At most 64 KiB are accepted."),
            Self::RateLimited => ("rate_limited", 429, "Too many requests; retry after the time given."),
            Self::QuotaExceeded => {
                ("quota_exceeded", 429, "The message limit is reached; it resets at the time given.")
            }
            Self::Misconfigured => ("misconfigured", 500, "This deployment lacks a setting; its log names it."),
            Self::Internal => ("internal", 500, "Something went wrong on our side."),
            Self::AgentFailed => ("agent_failed", 502, "The agent gave no answer."),
            Self::AdminNotConfigured => ("admin_not_configured", 503, "ADMIN_API_KEY is not set on this deployment."),
            Self::Unavailable => ("unavailable", 503, "Temporarily unavailable; try again."),
        }
    }

    /// Reads a code from the wire.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }

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
