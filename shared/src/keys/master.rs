//! The master key: one secret of the deployment, from which every other key is derived (HKDF-SHA256, RFC 5869, empty
//! salt, one label each). A key derived for one purpose or tenant says nothing about another.
//!
//! Labels: `weft/v1/key-tag`, `weft/v1/widget-token/<tenant>`, `weft/v1/ip`, `weft/v1/chat`; `weft/v1/encryption` is
//! kept for what is stored encrypted.

use crate::ids::{Environment, TenantId};
use crate::secret::base16;
use base64ct::{Base64UrlUnpadded, Encoding as _};
use core::fmt;
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

const KEY_TAG: &str = "weft/v1/key-tag";
const IP: &str = "weft/v1/ip";
const CHAT: &str = "weft/v1/chat";
const WIDGET_TOKEN: &str = "weft/v1/widget-token/";

/// Bytes of a master key and of every key derived from it.
pub const KEY_BYTES: usize = 32;

/// A key derived from the master key. Wiped from memory when dropped.
pub(crate) type DerivedKey = Zeroizing<[u8; KEY_BYTES]>;

/// The master key's 32 bytes. Wiped from memory when dropped.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; KEY_BYTES]>);

/// Why a setting is no master key. The text names the rule, nothing of the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MasterKeyError {
    /// The setting is there but empty.
    #[error("the master key is empty; it must be 32 random bytes as base64url")]
    Empty,
    /// Not base64url.
    #[error("the master key is not base64url; it must be 32 random bytes as base64url (A-Z a-z 0-9 - _)")]
    NotBase64Url,
    /// Base64url of fewer bytes.
    #[error("the master key is too short; it must be 32 random bytes as base64url, 43 characters")]
    TooShort,
    /// Base64url of more bytes.
    #[error("the master key is too long; it must be 32 random bytes as base64url, 43 characters")]
    TooLong,
}

impl MasterKey {
    /// Reads the setting: base64url of exactly 32 bytes. Padding and blanks around it are tolerated, as people and
    /// pipes add them.
    ///
    /// # Errors
    /// [`MasterKeyError`], which says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, MasterKeyError> {
        let text = text.trim_ascii();
        if text.is_empty() {
            return Err(MasterKeyError::Empty);
        }
        let unpadded = text.strip_suffix("==").or_else(|| text.strip_suffix('=')).unwrap_or(text);
        let bytes = Zeroizing::new(Base64UrlUnpadded::decode_vec(unpadded).map_err(|_| MasterKeyError::NotBase64Url)?);
        match <[u8; KEY_BYTES]>::try_from(bytes.as_slice()) {
            Ok(bytes) => Ok(Self::from_bytes(bytes)),
            Err(_) if bytes.len() < KEY_BYTES => Err(MasterKeyError::TooShort),
            Err(_) => Err(MasterKeyError::TooLong),
        }
    }

    /// From 32 random bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; KEY_BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// HMAC of a credential's text before its tag.
    pub(crate) fn key_tag(&self, text: &str) -> [u8; KEY_BYTES] {
        mac(&self.derive(KEY_TAG), &[text.as_bytes()])
    }

    /// The key that signs a tenant's widget tokens.
    pub(crate) fn widget_token_key(&self, tenant: &TenantId) -> DerivedKey {
        self.derive(&format!("{WIDGET_TOKEN}{tenant}"))
    }

    /// What stands for a visitor's address in storage: 64 hex digits that lead back to it only with the master key.
    /// Different for each tenant and environment, so that visitors can't be followed from one to another.
    /// `address_bucket` is an IPv4 address or an IPv6 /64.
    #[must_use]
    pub fn ip_pseudonym(&self, tenant: &TenantId, environment: &Environment, address_bucket: &str) -> String {
        // No slug holds a zero byte, so no two triples make the same text.
        let parts =
            [tenant.as_str().as_bytes(), b"\0", environment.as_str().as_bytes(), b"\0", address_bucket.as_bytes()];
        base16(&mac(&self.derive(IP), &parts))
    }

    /// What stands for a client's address in a tenant's audit log. It fits no visitor's pseudonym: an environment has a
    /// name.
    #[must_use]
    pub fn actor_pseudonym(&self, tenant: &TenantId, address_bucket: &str) -> String {
        let parts = [tenant.as_str().as_bytes(), b"\0\0", address_bucket.as_bytes()];
        base16(&mac(&self.derive(IP), &parts))
    }

    /// HMAC of what names a conversation over HTTP, or what belongs to it ([`super::chat`]).
    pub(crate) fn chat_name(&self, parts: &[&[u8]]) -> [u8; KEY_BYTES] {
        mac(&self.derive(CHAT), parts)
    }

    fn derive(&self, label: &str) -> DerivedKey {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        Hkdf::<Sha256>::new(None, self.0.as_slice())
            .expand(label.as_bytes(), key.as_mut_slice())
            .expect("HKDF-SHA256 gives up to 8,160 bytes, this asks for 32");
        key
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

fn mac(key: &DerivedKey, parts: &[&[u8]]) -> [u8; KEY_BYTES] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_slice()).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// The master key in force and, after a change, the one before: what that one issued stays valid while it is set.
#[derive(Debug, Clone)]
pub struct MasterKeys {
    /// Issues and verifies.
    pub current: MasterKey,
    /// Verifies only.
    pub previous: Option<MasterKey>,
}

impl MasterKeys {
    /// The two of them.
    #[must_use]
    pub const fn new(current: MasterKey, previous: Option<MasterKey>) -> Self {
        Self { current, previous }
    }

    /// The one in force first.
    pub(crate) fn each(&self) -> impl Iterator<Item = &MasterKey> {
        core::iter::once(&self.current).chain(&self.previous)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes 0 to 31.
    fn fixed() -> MasterKey {
        MasterKey::from_bytes(core::array::from_fn(|at| u8::try_from(at).expect("below 32")))
    }

    fn tenant(name: &str) -> TenantId {
        TenantId::parse(name).expect("well formed")
    }

    #[test]
    fn a_master_key_is_exactly_32_bytes() {
        let good = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
        for form in [good.to_owned(), format!("{good}="), format!(" {good}\n")] {
            let key = MasterKey::parse(&form).expect("32 bytes");
            assert_eq!(*key.0, *fixed().0);
        }
        for (bad, why) in [
            ("", MasterKeyError::Empty),
            (" \n", MasterKeyError::Empty),
            ("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg", MasterKeyError::TooShort),
            ("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g", MasterKeyError::TooLong),
            ("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh+", MasterKeyError::NotBase64Url),
            ("AAECAwQFBgcICQoL DA0ODxAREhMUFRYXGBkaGxwdHh8", MasterKeyError::NotBase64Url),
            ("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8===", MasterKeyError::NotBase64Url),
            // Bits that belong to no byte.
            ("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9", MasterKeyError::NotBase64Url),
            ("geheim", MasterKeyError::NotBase64Url),
        ] {
            let error = MasterKey::parse(bad).expect_err(bad);
            assert_eq!(error, why, "{bad}");
            assert!(bad.is_empty() || bad == " \n" || !error.to_string().contains(bad), "{bad}");
        }
    }

    #[test]
    fn a_master_key_does_not_show_in_debug() {
        let keys = MasterKeys::new(fixed(), Some(fixed()));
        assert_eq!(format!("{keys:?}"), "MasterKeys { current: MasterKey(…), previous: Some(MasterKey(…)) }");
    }

    #[test]
    fn each_label_and_tenant_has_its_own_key() {
        let master = fixed();
        let keys = [
            master.derive(KEY_TAG),
            master.derive(IP),
            master.derive(CHAT),
            master.widget_token_key(&tenant("acme")),
            master.widget_token_key(&tenant("acme-2")),
            MasterKey::from_bytes([7; 32]).widget_token_key(&tenant("acme")),
        ];
        for (at, key) in keys.iter().enumerate() {
            assert!(keys[..at].iter().all(|other| **other != **key));
        }
    }

    #[test]
    fn pseudonyms_differ_by_tenant_environment_and_address() {
        let master = fixed();
        let production = Environment::production();
        let staging = Environment::parse("staging").expect("well formed");
        let one = master.ip_pseudonym(&tenant("acme"), &production, "192.0.2.1");
        assert_eq!(one.len(), 64);
        assert_eq!(one, master.ip_pseudonym(&tenant("acme"), &production, "192.0.2.1"));
        assert_ne!(one, master.ip_pseudonym(&tenant("acme"), &production, "192.0.2.2"));
        assert_ne!(one, master.ip_pseudonym(&tenant("acme"), &staging, "192.0.2.1"));
        assert_ne!(one, master.ip_pseudonym(&tenant("other"), &production, "192.0.2.1"));
    }
}
