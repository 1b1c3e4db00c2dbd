//! Close codes.

/// Why the Worker closes a socket (RFC 6455 section 7.4.2: 4000 to 4999 are the application's own).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseCode {
    /// A frame that breaks the protocol.
    BadFrame,
    /// Three token refusals in a row, or a credential that was revoked.
    Token,
    /// Origin or history secret.
    Forbidden,
    /// No `chat.request` or `chat.resume` within 10 s.
    TooSlow,
    /// The conversation takes no more: it was deleted, or is full.
    Over,
    /// A frame of more than 64 KiB.
    TooLarge,
    /// A limit.
    Limit,
    /// Try again later.
    Unavailable,
}

impl CloseCode {
    const ALL: [Self; 8] = [
        Self::BadFrame,
        Self::Token,
        Self::Forbidden,
        Self::TooSlow,
        Self::Over,
        Self::TooLarge,
        Self::Limit,
        Self::Unavailable,
    ];

    /// The number on the wire.
    #[must_use]
    pub const fn code(self) -> u16 {
        match self {
            Self::BadFrame => 4400,
            Self::Token => 4401,
            Self::Forbidden => 4403,
            Self::TooSlow => 4408,
            Self::Over => 4410,
            Self::TooLarge => 4413,
            Self::Limit => 4429,
            Self::Unavailable => 4503,
        }
    }

    /// Reads the number.
    #[must_use]
    pub fn from_code(code: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.code() == code)
    }
}
