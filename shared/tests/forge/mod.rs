//! What a forger has: HMAC, base64url and a pen. Nothing here uses the code under test to make a token.
#![allow(dead_code, reason = "each test program uses a part of it")]

use base64ct::{Base64UrlUnpadded, Encoding as _};
use hmac::{Hmac, Mac as _};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use weft_shared::entropy::Entropy;
use weft_shared::ids::{Environment, TenantId};
use weft_shared::keys::master::{MasterKey, MasterKeys};
use weft_shared::time::Timestamp;
use weft_shared::tokens::widget_token::{Claims, TokenError, Verifier};

/// 2027-01-15T08:00:00Z
pub(crate) const NOW_SECS: i64 = 1_800_000_000;
pub(crate) const NOW: Timestamp = Timestamp::from_secs(NOW_SECS);

/// Bytes 0 to 31.
pub(crate) fn master_bytes() -> [u8; 32] {
    core::array::from_fn(|at| u8::try_from(at).expect("below 32"))
}

pub(crate) fn master_keys() -> MasterKeys {
    MasterKeys::new(MasterKey::from_bytes(master_bytes()), None)
}

pub(crate) fn tenant(name: &str) -> TenantId {
    TenantId::parse(name).expect("well formed")
}

/// Random bytes from a seed.
pub(crate) struct Seeded(ChaCha20Rng);

impl Seeded {
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha20Rng::seed_from_u64(seed))
    }
}

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }
}

/// The key that the contract describes: HKDF-SHA256 of the master key, empty salt.
pub(crate) fn widget_token_key(master: &[u8; 32], tenant: &str) -> [u8; 32] {
    let mut key = [0; 32];
    hkdf::Hkdf::<Sha256>::new(Some(&[]), master)
        .expand(format!("weft/v1/widget-token/{tenant}").as_bytes(), &mut key)
        .expect("32 bytes are few enough");
    key
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use core::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes all");
        text
    })
}

/// The first 12 hex digits of the key's SHA-256.
pub(crate) fn kid(key: &[u8]) -> String {
    hex(&Sha256::digest(key))[..12].to_owned()
}

pub(crate) fn base64url(text: impl AsRef<[u8]>) -> String {
    Base64UrlUnpadded::encode_string(text.as_ref())
}

pub(crate) fn hs256(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length will do");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// A token of this header and these claims, signed with HS256 whatever they say.
pub(crate) fn sign(key: &[u8], header: &str, claims: &str) -> String {
    let text = format!("{}.{}", base64url(header), base64url(claims));
    format!("{text}.{}", base64url(hs256(key, &text)))
}

/// A good token's parts, to be spoilt one at a time. For tenant `acme`, environment `production`.
#[derive(Clone)]
pub(crate) struct Forge {
    pub(crate) key: [u8; 32],
    pub(crate) header: Map<String, Value>,
    pub(crate) claims: Map<String, Value>,
}

impl Forge {
    pub(crate) fn good() -> Self {
        let key = widget_token_key(&master_bytes(), "acme");
        let object = |value: Value| value.as_object().cloned().expect("an object");
        Self {
            key,
            header: object(json!({ "alg": "HS256", "typ": "widget+jwt", "kid": kid(&key) })),
            claims: object(json!({
                "iss": "weft",
                "aud": "weft:widget",
                "tid": "acme",
                "env": "production",
                "sub": "user-1",
                "iat": NOW_SECS,
                "exp": NOW_SECS + 300,
                "jti": "0123456789abcdef012345",
                "azp": "key_0123456789abcdef01234567",
            })),
        }
    }

    /// With a header field set, or left out where `value` is none.
    pub(crate) fn header(mut self, field: &str, value: impl Into<Option<Value>>) -> Self {
        set(&mut self.header, field, value.into());
        self
    }

    /// With a claim set, or left out where `value` is none.
    pub(crate) fn claim(mut self, name: &str, value: impl Into<Option<Value>>) -> Self {
        set(&mut self.claims, name, value.into());
        self
    }

    pub(crate) fn token(&self) -> String {
        self.token_of(&self.header_json(), &self.claims_json())
    }

    /// A token of these very texts, rightly signed.
    pub(crate) fn token_of(&self, header: &str, claims: &str) -> String {
        sign(&self.key, header, claims)
    }

    pub(crate) fn header_json(&self) -> String {
        serde_json::to_string(&self.header).expect("JSON")
    }

    pub(crate) fn claims_json(&self) -> String {
        serde_json::to_string(&self.claims).expect("JSON")
    }
}

fn set(object: &mut Map<String, Value>, field: &str, value: Option<Value>) {
    match value {
        Some(value) => object.insert(field.to_owned(), value),
        None => object.remove(field),
    };
}

pub(crate) fn verify_as(tenant_id: &str, environment: &str, token: &str) -> Result<Claims, TokenError> {
    let environment = Environment::parse(environment).expect("well formed");
    let keys = master_keys();
    Verifier { issuer: "weft", tenant: &tenant(tenant_id), environment: &environment, keys: &keys }.verify(token, NOW)
}

pub(crate) fn verify(token: &str) -> Result<Claims, TokenError> {
    verify_as("acme", "production", token)
}

#[track_caller]
pub(crate) fn assert_refused(token: &str, what: &str) {
    let answer = verify(token);
    assert!(matches!(answer, Err(TokenError::Invalid(_))), "{what}: {answer:?}");
}
