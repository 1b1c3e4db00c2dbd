//! The widget token: a JWT (RFC 7519) signed with HS256 under a key derived for its tenant.
//!
//! RFC 8725 is followed to the letter. One key, one algorithm (section 3.1); `typ` keeps other JWTs out (3.11); the
//! header says nothing that is believed: it holds exactly `alg`, `typ` and `kid`, so that no `jwk`, `jku`, `x5u` or
//! `crit` can steer the check (3.10); issuer, audience, tenant and environment are compared (3.8, 3.9). All of it is
//! [`Verifier::verify`], one call: no caller can forget a part.
//!
//! Not decided here: who may mint ([`crate::auth`]), and whether a token is required (the live config).

use crate::error::{ErrorCode, Refusal};
use crate::ids::{Environment, TenantId};
use crate::keys::master::{MasterKey, MasterKeys};
#[cfg(feature = "openapi")]
use crate::openapi::NO_CONTROLS;
use crate::secret::{Secret, base16};
use crate::time::Timestamp;
use base64ct::{Base64UrlUnpadded, Encoding as _};
use jwt_compact::alg::{Hs256, Hs256Key};
use jwt_compact::{AlgorithmExt as _, Header, UntrustedToken};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Lifetime in seconds unless another is asked for.
pub const TTL_DEFAULT_SECS: u32 = 300;
/// The shortest lifetime, in seconds.
pub const TTL_MIN_SECS: u32 = 60;
/// The longest lifetime, in seconds.
pub const TTL_MAX_SECS: u32 = 3_600;
/// How far the clocks of two of our own machines may differ, in seconds.
pub const LEEWAY_SECS: i64 = 5;
/// The longest token that is looked at, in bytes. Every token that is minted is shorter.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;
/// The largest `data` of a user, in bytes of JSON.
pub const MAX_DATA_BYTES: usize = 2 * 1024;
/// `sub` of a token that was minted for nobody in particular.
pub const ANONYMOUS: &str = "anon";

const ALGORITHM: &str = "HS256";
const TYPE: &str = "widget+jwt";
const AUDIENCE: &str = "weft:widget";
const MAX_USER_ID_CHARS: usize = 128;
const MAX_NAME_CHARS: usize = 200;
const MAX_EMAIL_CHARS: usize = 320;
const MAX_ISSUER_CHARS: usize = 200;
const KID_HEX_CHARS: usize = 12;

/// The end user that a token is for, as the customer's backend names them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The customer's own id of them: 1 to 128 characters.
    #[cfg_attr(feature = "openapi", schemars(regex(pattern = NO_CONTROLS), length(min = 1, max = MAX_USER_ID_CHARS)))]
    pub id: String,
    /// At most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(regex(pattern = NO_CONTROLS), length(max = MAX_NAME_CHARS)))]
    pub name: Option<String>,
    /// At most 320 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(regex(pattern = NO_CONTROLS), length(max = MAX_EMAIL_CHARS)))]
    pub email: Option<String>,
    /// Anything more: an object of at most 2 KiB of JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<serde_json::Map<String, serde_json::Value>>,
}

impl User {
    /// Checks the lengths.
    ///
    /// # Errors
    /// `invalid_request`, naming the field.
    pub fn validate(&self) -> Result<(), Refusal> {
        if !is_text(&self.id, 1, MAX_USER_ID_CHARS) {
            return Err(Refusal::invalid("user.id must have 1 to 128 characters, none of them a control character."));
        }
        if self.name.as_ref().is_some_and(|name| !is_text(name, 0, MAX_NAME_CHARS)) {
            return Err(Refusal::invalid(
                "user.name must have at most 200 characters, none of them a control character.",
            ));
        }
        if self.email.as_ref().is_some_and(|email| !is_text(email, 0, MAX_EMAIL_CHARS)) {
            return Err(Refusal::invalid(
                "user.email must have at most 320 characters, none of them a control character.",
            ));
        }
        if self.data.as_ref().is_some_and(|data| !is_small(data)) {
            return Err(Refusal::invalid("user.data must be an object of at most 2 KiB of JSON."));
        }
        Ok(())
    }
}

fn is_text(text: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

fn is_small(data: &serde_json::Map<String, serde_json::Value>) -> bool {
    serde_json::to_string(data).is_ok_and(|json| json.len() <= MAX_DATA_BYTES)
}

/// What a verified token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// `iss`
    pub issuer: String,
    /// `tid`
    pub tenant: TenantId,
    /// `env`
    pub environment: Environment,
    /// `sub`: the end user's id, or [`ANONYMOUS`].
    pub subject: String,
    /// `iat`
    pub issued_at: Timestamp,
    /// `exp`
    pub expires_at: Timestamp,
    /// `nbf`
    pub not_before: Option<Timestamp>,
    /// `jti`
    pub token_id: String,
    /// `azp`: the id of the key or session that minted it.
    pub minted_by: String,
    /// The user's `name`.
    pub name: Option<String>,
    /// The user's `email`.
    pub email: Option<String>,
    /// The user's `data`.
    pub data: Option<serde_json::Map<String, serde_json::Value>>,
}

/// The claims as they are written, but for the three times, which `jwt_compact` keeps.
#[derive(Serialize, Deserialize)]
struct WireClaims {
    iss: String,
    // A string and nothing else: a list would let one token serve two audiences.
    aud: String,
    tid: TenantId,
    env: Environment,
    sub: String,
    jti: String,
    azp: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    data: Option<serde_json::Map<String, serde_json::Value>>,
}

/// The header, as a whole: a field more, one twice, or one that isn't a string is a refusal.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StrictHeader {
    alg: String,
    typ: String,
    kid: String,
}

/// A token to be made.
#[derive(Debug, Clone)]
pub struct Mint<'a> {
    /// The setting `ISSUER`.
    pub issuer: &'a str,
    /// The tenant.
    pub tenant: &'a TenantId,
    /// The environment.
    pub environment: &'a Environment,
    /// The id of the key or session that asks for it.
    pub azp: &'a str,
    /// The end user, where there is one.
    pub user: Option<&'a User>,
    /// 60 to 3,600.
    pub ttl_secs: u32,
    /// Unique among all tokens: at least 128 random bits as text.
    pub jti: String,
}

impl Mint<'_> {
    /// Signs the token with the master key in force. Returns it with its end.
    ///
    /// # Errors
    /// `invalid_request`, naming the field, where the user or the lifetime breaks its rule; `misconfigured` where the
    /// setting `ISSUER` is empty or longer than 200 characters.
    pub fn mint(self, keys: &MasterKeys, now: Timestamp) -> Result<(Secret, Timestamp), Refusal> {
        if !(TTL_MIN_SECS..=TTL_MAX_SECS).contains(&self.ttl_secs) {
            return Err(Refusal::invalid("ttl_seconds must be 60 to 3600."));
        }
        if !is_text(self.issuer, 1, MAX_ISSUER_CHARS) {
            return Err(ErrorCode::Misconfigured.into());
        }
        if let Some(user) = self.user {
            user.validate()?;
        }
        let seconds = |at: i64| chrono::DateTime::from_timestamp(at, 0);
        let issued_at = now.as_secs();
        let expires_at = issued_at.saturating_add(i64::from(self.ttl_secs));
        let (Some(iat), Some(exp)) = (seconds(issued_at), seconds(expires_at)) else {
            // Such a clock is broken. A token without an end must not be made.
            return Err(ErrorCode::Internal.into());
        };
        let mut claims = jwt_compact::Claims::new(WireClaims {
            iss: self.issuer.to_owned(),
            aud: AUDIENCE.to_owned(),
            tid: self.tenant.clone(),
            env: self.environment.clone(),
            sub: self.user.map_or(ANONYMOUS, |user| &user.id).to_owned(),
            jti: self.jti,
            azp: self.azp.to_owned(),
            name: self.user.and_then(|user| user.name.clone()),
            email: self.user.and_then(|user| user.email.clone()),
            data: self.user.and_then(|user| user.data.clone()),
        });
        claims.issued_at = Some(iat);
        claims.expiration = Some(exp);
        let key = TenantKey::of(&keys.current, self.tenant);
        let header = Header::empty().with_token_type(TYPE).with_key_id(key.kid);
        match Hs256.token(&header, &claims, &key.key) {
            Ok(token) => Ok((Secret::new(token), Timestamp::from_secs(expires_at))),
            // Texts, maps of texts and numbers: nothing that JSON can't hold. Answered rather than assumed.
            Err(_) => Err(ErrorCode::Internal.into()),
        }
    }
}

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not a token of ours for this tenant and environment. The reason is for the log: the answer doesn't tell a
    /// forger which check stopped them.
    #[error("invalid widget token: {0}")]
    Invalid(&'static str),
    /// Ours in every respect, but too old.
    #[error("expired widget token")]
    Expired,
}

impl TokenError {
    /// The public code.
    #[must_use]
    pub const fn code(self) -> ErrorCode {
        match self {
            Self::Invalid(_) => ErrorCode::InvalidToken,
            Self::Expired => ErrorCode::ExpiredToken,
        }
    }
}

/// What a token must say to be accepted.
#[derive(Debug, Clone, Copy)]
pub struct Verifier<'a> {
    /// The setting `ISSUER`.
    pub issuer: &'a str,
    /// The tenant of the credential that the token came with.
    pub tenant: &'a TenantId,
    /// That credential's environment.
    pub environment: &'a Environment,
    /// The master key in force and the one before.
    pub keys: &'a MasterKeys,
}

impl Verifier<'_> {
    /// Checks all there is to check about a token, at `now`.
    ///
    /// # Errors
    /// [`TokenError::Expired`] where its age is all that is wrong, else [`TokenError::Invalid`].
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, TokenError> {
        use TokenError::Invalid;
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Invalid("too long"));
        }
        // Three parts of strict base64url: no padding, no blanks, no other alphabet, no bits left over. So a token has
        // one text only, and the header is a JSON object.
        let untrusted =
            UntrustedToken::new(token).map_err(|_| Invalid("not three parts of base64url, the first a header"))?;
        let header = strict_header(token).ok_or(Invalid("header isn't exactly alg, typ and kid"))?;
        if header.alg != ALGORITHM {
            return Err(Invalid("alg"));
        }
        if header.typ != TYPE {
            return Err(Invalid("typ"));
        }
        // The keys are this tenant's alone: another tenant's token names a `kid` that isn't among them.
        let key = self
            .keys
            .each()
            .map(|master| TenantKey::of(master, self.tenant))
            .find(|key| key.kid == header.kid)
            .ok_or(Invalid("kid"))?;
        let verified = Hs256
            .validator::<WireClaims>(&key.key)
            .validate(&untrusted)
            .map_err(|_| Invalid("signature, or a claim that is missing or malformed"))?;
        self.check(verified.claims(), now)
    }

    fn check(&self, claims: &jwt_compact::Claims<WireClaims>, now: Timestamp) -> Result<Claims, TokenError> {
        use TokenError::Invalid;
        let said = &claims.custom;
        if said.iss != self.issuer {
            return Err(Invalid("iss"));
        }
        if said.aud != AUDIENCE {
            return Err(Invalid("aud"));
        }
        if said.tid != *self.tenant {
            return Err(Invalid("tid"));
        }
        if said.env != *self.environment {
            return Err(Invalid("env"));
        }
        if said.sub.is_empty() || said.jti.is_empty() || said.azp.is_empty() {
            return Err(Invalid("sub, jti or azp is empty"));
        }
        if said.data.as_ref().is_some_and(|data| !is_small(data)) {
            return Err(Invalid("data"));
        }
        let instant = |at: chrono::DateTime<chrono::Utc>| Timestamp::from_secs(at.timestamp());
        let expires_at = claims.expiration.map(instant).ok_or(Invalid("exp is missing"))?;
        let issued_at = claims.issued_at.map(instant).ok_or(Invalid("iat is missing"))?;
        let not_before = claims.not_before.map(instant);
        // RFC 7519 section 4.1.4: on or after `exp` it must not be accepted.
        if now >= expires_at.plus_secs(LEEWAY_SECS) {
            return Err(TokenError::Expired);
        }
        let latest_start = now.plus_secs(LEEWAY_SECS);
        if issued_at > latest_start {
            return Err(Invalid("iat is in the future"));
        }
        if not_before.is_some_and(|at| at > latest_start) {
            return Err(Invalid("nbf is in the future"));
        }
        let lifetime_ms = expires_at.millis_since(issued_at);
        if !(1..=i64::from(TTL_MAX_SECS) * 1000).contains(&lifetime_ms) {
            return Err(Invalid("lifetime"));
        }
        Ok(Claims {
            issuer: said.iss.clone(),
            tenant: said.tid.clone(),
            environment: said.env.clone(),
            subject: said.sub.clone(),
            issued_at,
            expires_at,
            not_before,
            token_id: said.jti.clone(),
            minted_by: said.azp.clone(),
            name: said.name.clone(),
            email: said.email.clone(),
            data: said.data.clone(),
        })
    }
}

/// The header read a second time, by our own rules: `jwt_compact` overlooks fields that it doesn't know, and these
/// are where the attacks are. It must have read the token first: it refuses a header that is an array.
fn strict_header(token: &str) -> Option<StrictHeader> {
    let (header, _) = token.split_once('.')?;
    serde_json::from_slice(&Base64UrlUnpadded::decode_vec(header).ok()?).ok()
}

/// The key that signs one tenant's widget tokens, and its name.
struct TenantKey {
    key: Hs256Key,
    kid: String,
}

impl TenantKey {
    fn of(master: &MasterKey, tenant: &TenantId) -> Self {
        let key = master.widget_token_key(tenant);
        let mut kid = base16(&Sha256::digest(key.as_slice()));
        kid.truncate(KID_HEX_CHARS);
        Self { key: Hs256Key::new(key.as_slice()), kid }
    }
}
