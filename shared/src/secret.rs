//! Text that must not be seen. It has no `Display` and no `Serialize`, and its `Debug` is redacted: it can't reach
//! a log line or an answer by accident. It is compared as a hash, in constant time.

use core::fmt;
use zeroize::Zeroizing;

/// A secret text: a credential, a token, a history secret. Wiped from memory when dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text in.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text, for the one place that needs it. Never for a log, an error or a URL.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl<'de> serde::Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(Self::new)
    }
}

/// A conversation's history secret: `[A-Za-z0-9_-]{22,128}`, at least 128 random bits, kept in the visitor's browser.
#[derive(Debug, Clone)]
pub struct HistorySecret(Secret);

impl HistorySecret {
    /// Parses the secret.
    ///
    /// # Errors
    /// [`crate::ids::InvalidId`] where it isn't 22 to 128 characters of the base64url alphabet.
    pub fn parse(text: impl Into<String>) -> Result<Self, crate::ids::InvalidId> {
        let text = text.into();
        if crate::ids::is_url_safe(&text, 22, 128) {
            Ok(Self(Secret::new(text)))
        } else {
            Err(crate::ids::InvalidId { what: "historySecret", rule: "22 to 128 letters, digits, '-' and '_'" })
        }
    }

    /// The text, for the frame or header that carries it and for the browser's storage.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// What is stored of it.
    #[cfg(feature = "server")]
    #[must_use]
    pub fn hash(&self) -> SecretHash {
        SecretHash::of(self.expose())
    }
}

impl<'de> serde::Deserialize<'de> for HistorySecret {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parse(String::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

/// SHA-256 of a secret: what is stored of it. Equality takes the same time wherever the two differ.
/// Good only for secrets of 128 random bits or more, which can't be guessed from their hash.
#[cfg(feature = "server")]
#[derive(Clone, Copy)]
pub struct SecretHash([u8; 32]);

#[cfg(feature = "server")]
impl SecretHash {
    /// Hashes a secret text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        use sha2::Digest as _;
        Self(sha2::Sha256::digest(text.as_bytes()).into())
    }

    /// 64 hex digits, the stored form.
    #[must_use]
    pub fn to_hex(&self) -> String {
        base16(&self.0)
    }

    /// Reads the stored form.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            *byte = u8::from_str_radix(core::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(bytes))
    }

    /// The hash's bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

#[cfg(feature = "server")]
impl PartialEq for SecretHash {
    fn eq(&self, other: &Self) -> bool {
        subtle::ConstantTimeEq::ct_eq(&self.0[..], &other.0[..]).into()
    }
}

#[cfg(feature = "server")]
impl Eq for SecretHash {}

#[cfg(feature = "server")]
impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(…)")
    }
}

#[cfg(feature = "server")]
impl serde::Serialize for SecretHash {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.to_hex())
    }
}

#[cfg(feature = "server")]
impl<'de> serde::Deserialize<'de> for SecretHash {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::from_hex(&String::deserialize(from)?).ok_or_else(|| serde::de::Error::custom("must be 64 hex digits"))
    }
}

/// Lower-case hex (RFC 4648 section 8).
#[cfg(feature = "server")]
#[must_use]
pub fn base16(bytes: &[u8]) -> String {
    use core::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_show_in_debug() {
        let secret = HistorySecret::parse("abcdefghijklmnopqrstuvwxyz").expect("well formed");
        assert!(!format!("{secret:?}").contains("abc"));
        assert!(!format!("{:?}", secret.hash()).contains(&secret.hash().to_hex()[..8]));
    }

    #[test]
    fn a_hash_survives_its_stored_form() {
        let hash = SecretHash::of("abc");
        // FIPS 180-4's example for "abc".
        assert_eq!(hash.to_hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(SecretHash::from_hex(&hash.to_hex()), Some(hash));
        assert_ne!(SecretHash::of("abd"), hash);
        assert_eq!(SecretHash::from_hex("zz"), None);
    }

    #[test]
    fn history_secrets_hold_at_least_128_bits() {
        assert!(HistorySecret::parse("a".repeat(22)).is_ok());
        assert!(HistorySecret::parse("a".repeat(128)).is_ok());
        for bad in ["a".repeat(21), "a".repeat(129), "a".repeat(22) + "!"] {
            assert!(HistorySecret::parse(bad).is_err());
        }
    }
}
