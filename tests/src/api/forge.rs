//! What a forger has: HMAC, base64url and a pen. A second reading of the contract's section on widget tokens, which
//! shares no code with the Worker: it makes good tokens, spoilt ones, and reads those that the Worker made.

use super::clock::now_secs;
use super::names::fresh;
use base64ct::{Base64Url, Base64UrlUnpadded, Encoding as _};
use hmac::{Hmac, Mac as _};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

/// The bytes of `WEFT_MASTER_KEY`.
///
/// # Panics
/// Where the text isn't base64url of 32 bytes.
#[must_use]
pub fn master_bytes(text: &str) -> [u8; 32] {
    let bytes = Base64UrlUnpadded::decode_vec(text).or_else(|_| Base64Url::decode_vec(text)).expect("base64url");
    bytes.try_into().expect("32 bytes")
}

/// The key that signs a tenant's tokens: HKDF-SHA256 of the master key, empty salt.
///
/// # Panics
/// Never: 32 bytes are few enough for HKDF.
#[must_use]
pub fn widget_token_key(master: &[u8; 32], tenant: &str) -> [u8; 32] {
    let mut key = [0; 32];
    hkdf::Hkdf::<Sha256>::new(Some(&[]), master)
        .expand(format!("weft/v1/widget-token/{tenant}").as_bytes(), &mut key)
        .expect("32 bytes are few enough");
    key
}

/// The first 12 hex digits of the key's SHA-256.
#[must_use]
pub fn kid(key: &[u8]) -> String {
    let hash = Sha256::digest(key);
    let (head, _) = hash.split_at(6);
    head.iter().flat_map(|byte| [byte >> 4, byte & 15]).filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

/// Base64url without padding.
#[must_use]
pub fn base64url(bytes: impl AsRef<[u8]>) -> String {
    Base64UrlUnpadded::encode_string(bytes.as_ref())
}

/// HMAC-SHA256.
///
/// # Panics
/// Never: HMAC takes keys of any length.
#[must_use]
pub fn hs256(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length will do");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// A token of this header and these claims, signed with HS256 whatever they say.
#[must_use]
pub fn sign(key: &[u8], header: &str, claims: &str) -> String {
    let text = format!("{}.{}", base64url(header), base64url(claims));
    format!("{text}.{}", base64url(hs256(key, &text)))
}

/// A good token's parts, to be spoilt one at a time.
#[derive(Debug, Clone)]
pub struct Forge {
    /// What it is signed with.
    pub key: [u8; 32],
    header: Map<String, Value>,
    claims: Map<String, Value>,
}

impl Forge {
    /// A token that the Worker must accept: for this tenant's environment, good for five minutes.
    ///
    /// # Panics
    /// Never.
    #[must_use]
    pub fn good(master: &[u8; 32], tenant: &str, environment: &str) -> Self {
        let key = widget_token_key(master, tenant);
        let object = |value: Value| value.as_object().cloned().expect("an object");
        let now = now_secs();
        Self {
            key,
            header: object(json!({ "alg": "HS256", "typ": "widget+jwt", "kid": kid(&key) })),
            claims: object(json!({
                "iss": "weft",
                "aud": "weft:widget",
                "tid": tenant,
                "env": environment,
                "sub": "visitor-1",
                "iat": now,
                "exp": now + 300,
                "jti": fresh("jti"),
                "azp": "key_0123456789abcdef01234567",
            })),
        }
    }

    /// With a header field set, or left out where `value` is none.
    #[must_use]
    pub fn header(mut self, field: &str, value: impl Into<Option<Value>>) -> Self {
        set(&mut self.header, field, value.into());
        self
    }

    /// With a claim set, or left out where `value` is none.
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Into<Option<Value>>) -> Self {
        set(&mut self.claims, name, value.into());
        self
    }

    /// With times relative to now: issued, and ending, so many seconds from now.
    #[must_use]
    pub fn times(self, issued: i64, ends: i64) -> Self {
        let now = now_secs();
        self.claim("iat", json!(now + issued)).claim("exp", json!(now + ends))
    }

    /// The token.
    #[must_use]
    pub fn token(&self) -> String {
        sign(&self.key, &self.header_json(), &self.claims_json())
    }

    /// Its header.
    #[must_use]
    pub fn header_json(&self) -> String {
        Value::Object(self.header.clone()).to_string()
    }

    /// Its claims.
    #[must_use]
    pub fn claims_json(&self) -> String {
        Value::Object(self.claims.clone()).to_string()
    }
}

fn set(object: &mut Map<String, Value>, field: &str, value: Option<Value>) {
    match value {
        Some(value) => object.insert(field.to_owned(), value),
        None => object.remove(field),
    };
}

/// A token that the Worker made, read.
#[derive(Debug, Clone)]
pub struct Jwt {
    /// Its header.
    pub header: Value,
    /// Its claims.
    pub claims: Value,
}

impl Jwt {
    /// Reads a token and checks its signature.
    ///
    /// # Panics
    /// Where it isn't three parts of strict base64url, the first two JSON, rightly signed for this tenant.
    #[must_use]
    #[track_caller]
    pub fn read(token: &str, master: &[u8; 32], tenant: &str) -> Self {
        let parts: Vec<&str> = token.split('.').collect();
        let [header, claims, signature] = parts[..] else { panic!("a JWT has three parts") };
        let bytes = |part: &str| Base64UrlUnpadded::decode_vec(part).expect("strict base64url");
        let json = |part: &str| serde_json::from_slice(&bytes(part)).expect("JSON");
        let key = widget_token_key(master, tenant);
        assert_eq!(bytes(signature), hs256(&key, &format!("{header}.{claims}")), "the signature");
        let read = Self { header: json(header), claims: json(claims) };
        assert_eq!(read.header, json!({ "alg": "HS256", "typ": "widget+jwt", "kid": kid(&key) }));
        read
    }
}
