//! The refresh path: where, on the page's own origin, the widget asks the customer backend for a token.
//!
//! The widget sends the visitor's cookies there, so it must never lead to another origin, in any browser and
//! through any URL parser. Therefore it is not repaired but refused, and the alphabet is small: what RFC 3986 allows
//! in a path (section 3.3), without `@`. It is a path only: no query, no fragment.

use super::Origin;
use core::fmt;
use url::Url;

/// The longest refresh path, in characters.
pub const MAX_REFRESH_PATH_CHARS: usize = 512;

/// A path on the base URL's own origin, as `/widget-token`. Built by [`RefreshPath::parse`] only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshPath(String);

/// Why a text is no refresh path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefreshPathError {
    /// Empty or too long.
    #[error("must have 1 to 512 characters")]
    Length,
    /// A URL, a relative path, `//host`: anything that doesn't begin with one slash.
    #[error("must start with exactly one '/': it is a path, not a URL")]
    NotAPath,
    /// `//` further on.
    #[error("must not contain '//'")]
    EmptySegment,
    /// Backslash, control character, space, `@`, `?`, `#`, non-ASCII and the like.
    #[error("may contain letters, digits, '/', %-escapes and -._~!$&'()*+,;=: only; no query or fragment")]
    Character,
    /// `%` without two hex digits, or escapes that aren't UTF-8.
    #[error("has a malformed %-escape")]
    Escape,
    /// An escape that stands for a slash, backslash, percent sign or control character.
    #[error("must not contain an escaped slash, backslash, percent sign or control character")]
    HiddenCharacter,
    /// `.` or `..`, plain or escaped.
    #[error("must not contain '.' or '..' segments")]
    DotSegment,
    /// It doesn't resolve to itself on the base URL's origin.
    #[error("must resolve to a path on the base URL's own origin")]
    LeavesOrigin,
}

impl RefreshPath {
    /// Parses a path, and resolves it against `base` where one is set.
    ///
    /// # Errors
    /// [`RefreshPathError`]
    pub fn parse(text: &str, base: Option<&Origin>) -> Result<Self, RefreshPathError> {
        if text.is_empty() || text.chars().nth(MAX_REFRESH_PATH_CHARS).is_some() {
            return Err(RefreshPathError::Length);
        }
        let mut bytes = text.bytes();
        if bytes.next() != Some(b'/') || matches!(bytes.next(), Some(b'/' | b'\\')) {
            return Err(RefreshPathError::NotAPath);
        }
        // Browsers drop tabs and line breaks before they parse and read `\` as `/`: "/\t/evil" and "/\evil" are "//evil".
        if !text.bytes().all(is_path_byte) {
            return Err(RefreshPathError::Character);
        }
        if text.contains("//") {
            return Err(RefreshPathError::EmptySegment);
        }
        for segment in text.split('/') {
            let decoded = decode(segment)?;
            // Some server or proxy on the way decodes once more and then sees another path.
            if decoded.chars().any(|c| c.is_control() || matches!(c, '/' | '\\' | '%')) {
                return Err(RefreshPathError::HiddenCharacter);
            }
            if decoded == "." || decoded == ".." {
                return Err(RefreshPathError::DotSegment);
            }
        }
        // The rules above should suffice. The parser that browsers have has the last word.
        if !base.is_none_or(|base| stays(base, text)) {
            return Err(RefreshPathError::LeavesOrigin);
        }
        Ok(Self(text.to_owned()))
    }

    /// The path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for RefreshPath {
    fn default() -> Self {
        Self(crate::protocol::paths::DEFAULT_REFRESH_PATH.to_owned())
    }
}

/// RFC 3986's `pchar` without `@`, and the slash.
const fn is_path_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'/' | b'%' | b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&')
        || matches!(byte, b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' | b':')
}

/// Undoes one layer of percent-encoding. Refuses what isn't UTF-8: overlong forms are how `%c0%af` became a slash.
fn decode(segment: &str) -> Result<String, RefreshPathError> {
    let mut decoded = Vec::with_capacity(segment.len());
    let mut bytes = segment.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let mut digit = || bytes.next().and_then(|digit| char::from(digit).to_digit(16));
            let (Some(high), Some(low)) = (digit(), digit()) else { return Err(RefreshPathError::Escape) };
            decoded.push(u8::try_from(high * 16 + low).map_err(|_| RefreshPathError::Escape)?);
        } else {
            decoded.push(byte);
        }
    }
    String::from_utf8(decoded).map_err(|_| RefreshPathError::Escape)
}

/// Whether the URL Standard's parser resolves `path` to itself on `base`.
fn stays(base: &Origin, path: &str) -> bool {
    let Ok(base) = Url::parse(base.as_str()) else { return false };
    let Ok(url) = base.join(path) else { return false };
    url.origin() == base.origin() && url.path() == path && url.query().is_none() && url.fragment().is_none()
}

impl fmt::Display for RefreshPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl serde::Serialize for RefreshPath {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for RefreshPath {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(from)?, None).map_err(serde::de::Error::custom)
    }
}
