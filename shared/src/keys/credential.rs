//! Credentials: the text that a caller holds. `wf_pk_<tenant>_<40 base62>`, `wf_sk_…`, `sess_…`.
//!
//! The 40 characters are 32 random ones and a tag of 8: 47 bits of an HMAC over all before it. So a text that this
//! deployment never issued is refused by arithmetic alone, before any storage is read or object called: guessing
//! costs the guesser a request and us nothing. The tag is no proof of validity: the key's record says whether it is
//! revoked or expired ([`super::record`]).

use super::master::{MasterKey, MasterKeys};
use crate::entropy::{self, BASE62, Entropy};
use crate::error::ErrorCode;
use crate::ids::{CredentialId, TenantId};
use crate::secret::{Secret, SecretHash};
use core::fmt;
use subtle::{Choice, ConstantTimeEq as _};

const RANDOM_CHARS: usize = 32;
const TAG_CHARS: usize = 8;
/// Of a 256-bit HMAC, as many leading bits as 8 base62 characters can hold: 62^8 is a little above 2^47.
const TAG_BITS: u32 = 47;

/// What kind of credential: an API key of either type, or a session token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CredentialKind {
    /// `wf_pk_…`: safe in a browser.
    Publishable,
    /// `wf_sk_…`: for servers only.
    Secret,
    /// `sess_…`: issued by the operator for an hour.
    Session,
}

impl CredentialKind {
    const ALL: [Self; 3] = [Self::Publishable, Self::Secret, Self::Session];

    /// The text before the tenant.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Publishable => "wf_pk_",
            Self::Secret => "wf_sk_",
            Self::Session => "sess_",
        }
    }

    /// As it stands in `type`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Publishable => "publishable",
            Self::Secret => "secret",
            Self::Session => "session",
        }
    }
}

/// A credential that this deployment issued: well formed, and its tag is right. Has no `Display` and no `Serialize`.
#[derive(Clone)]
pub struct Credential {
    kind: CredentialKind,
    tenant: TenantId,
    text: Secret,
}

/// Why a text is no credential of this deployment. Holds nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// Not of a credential's shape.
    #[error("not of a credential's shape")]
    Malformed,
    /// Of the right shape, but its tag was not made with this deployment's master key.
    #[error("not issued by this deployment")]
    NotIssued,
}

impl CredentialError {
    /// The public code.
    #[must_use]
    pub const fn code(self) -> ErrorCode {
        match self {
            Self::Malformed => ErrorCode::MalformedKey,
            Self::NotIssued => ErrorCode::InvalidKey,
        }
    }
}

impl Credential {
    /// Makes a new credential. `entropy` must be cryptographically strong: about 190 random bits are all that
    /// protects it.
    pub fn generate(kind: CredentialKind, tenant: &TenantId, keys: &MasterKeys, entropy: &mut dyn Entropy) -> Self {
        let random = Secret::new(entropy::base62(entropy, RANDOM_CHARS));
        let tagged = Secret::new(format!("{}{tenant}_{}", kind.prefix(), random.expose()));
        let tag = tag(&keys.current, tagged.expose());
        let text = tagged.expose().chars().chain(tag.map(char::from)).collect::<String>();
        Self { kind, tenant: tenant.clone(), text: Secret::new(text) }
    }

    /// Takes a text as a credential if this deployment issued it, under the master key in force or the one before.
    /// No storage is needed for that.
    ///
    /// # Errors
    /// [`CredentialError`], whose [`code`](CredentialError::code) is the answer's.
    pub fn authenticate(text: &str, keys: &MasterKeys) -> Result<Self, CredentialError> {
        let Shape { kind, tenant, tagged, tag: presented } = shape(text).ok_or(CredentialError::Malformed)?;
        // Each tag is compared in full and in constant time, whichever fits: the time taken must not tell how many
        // characters of a forged tag are right.
        let is_issued = keys
            .each()
            .map(|key| tag(key, tagged).ct_eq(presented.as_bytes()))
            .fold(Choice::from(0), |any, fits| any | fits);
        if bool::from(is_issued) {
            Ok(Self { kind, tenant, text: Secret::new(text) })
        } else {
            Err(CredentialError::NotIssued)
        }
    }

    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> CredentialKind {
        self.kind
    }

    /// The tenant that it belongs to.
    #[must_use]
    pub const fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The plaintext, for the one reply that creates it. Never for a log, an error or a URL.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.text.expose()
    }

    /// What is stored of it.
    #[must_use]
    pub fn hash(&self) -> SecretHash {
        SecretHash::of(self.expose())
    }

    /// The id of its record and its guard: `key_` or `ses_` and the first 24 hex digits of its hash.
    #[must_use]
    pub fn id(&self) -> CredentialId {
        id_of(self.kind, &self.hash())
    }

    /// How it is shown after its creation: `wf_sk_acme_••••1a2b`.
    #[must_use]
    pub fn masked(&self) -> String {
        let text = self.expose();
        format!("{}{}_••••{}", self.kind.prefix(), self.tenant, &text[text.len() - 4..])
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential({}{}_…)", self.kind.prefix(), self.tenant)
    }
}

fn id_of(kind: CredentialKind, hash: &SecretHash) -> CredentialId {
    let prefix = match kind {
        CredentialKind::Publishable | CredentialKind::Secret => "key_",
        CredentialKind::Session => "ses_",
    };
    CredentialId::parse(format!("{prefix}{}", &hash.to_hex()[..24])).expect("24 hex digits behind a key id's prefix")
}

/// A text's parts, where it has a credential's shape.
struct Shape<'a> {
    kind: CredentialKind,
    tenant: TenantId,
    /// All before the tag.
    tagged: &'a str,
    tag: &'a str,
}

fn shape(text: &str) -> Option<Shape<'_>> {
    let (kind, rest) =
        CredentialKind::ALL.into_iter().find_map(|kind| Some((kind, text.strip_prefix(kind.prefix())?)))?;
    // A tenant holds no underscore and base62 neither: where the tenant ends is never in doubt.
    let (tenant, body) = rest.split_once('_')?;
    if body.len() != RANDOM_CHARS + TAG_CHARS || !body.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let tenant = TenantId::parse(tenant).ok()?;
    let (tagged, tag) = text.split_at(text.len() - TAG_CHARS);
    Some(Shape { kind, tenant, tagged, tag })
}

/// Whether `text` has a credential's shape, issued here or not: for finding credentials where none belong.
#[must_use]
pub fn has_credential_shape(text: &str) -> bool {
    shape(text).is_some()
}

/// The first 47 bits of the HMAC over `tagged`, as 8 base62 digits, most significant first.
fn tag(key: &MasterKey, tagged: &str) -> [u8; TAG_CHARS] {
    let mac = key.key_tag(tagged);
    let mut number =
        mac[..8].iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte)) >> (u64::BITS - TAG_BITS);
    let mut digits = [b'0'; TAG_CHARS];
    for digit in digits.iter_mut().rev() {
        *digit = usize::try_from(number % 62).map_or(b'0', |at| BASE62[at]);
        number /= 62;
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> MasterKeys {
        MasterKeys::new(MasterKey::from_bytes([1; 32]), None)
    }

    /// The same byte for ever.
    struct Constant(u8);

    impl Entropy for Constant {
        fn fill(&mut self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    fn generate(kind: CredentialKind) -> Credential {
        let tenant = TenantId::parse("acme-1").expect("well formed");
        Credential::generate(kind, &tenant, &keys(), &mut Constant(11))
    }

    #[test]
    fn a_new_credential_has_its_kinds_shape_and_is_accepted() {
        for kind in CredentialKind::ALL {
            let made = generate(kind);
            assert!(made.expose().starts_with(&format!("{}acme-1_{}", kind.prefix(), "B".repeat(32))));
            assert_eq!(made.expose().len(), kind.prefix().len() + "acme-1_".len() + 40);
            let read = Credential::authenticate(made.expose(), &keys()).expect("issued here");
            assert_eq!((read.kind(), read.tenant(), read.expose()), (kind, made.tenant(), made.expose()));
            assert_eq!(read.id(), made.id());
            assert_eq!(read.id().as_str().starts_with("ses_"), kind == CredentialKind::Session);
        }
    }

    #[test]
    fn another_shape_is_malformed_and_another_tag_is_not_issued() {
        let text = generate(CredentialKind::Secret).expose().to_owned();
        let body = "B".repeat(40);
        for bad in [
            String::new(),
            "wf_sk_".to_owned(),
            body.clone(),
            format!("wf_xk_acme_{body}"),
            format!("wf_sk__{body}"),
            format!("wf_sk_{body}"),
            format!("wf_sk_ACME_{body}"),
            format!("wf_sk_a_b_{body}"),
            format!("wf_sk_a--b_{body}"),
            format!("wf_sk_{}_{body}", "a".repeat(33)),
            format!("wf_sk_acme_{}", "B".repeat(39)),
            format!("wf_sk_acme_{}", "B".repeat(41)),
            format!("wf_sk_acme_{}-", "B".repeat(39)),
            format!("wf_sk_acme_{}é", "B".repeat(38)),
            format!(" {text}"),
            format!("{text} "),
            format!("{text}\n"),
            text.to_uppercase(),
        ] {
            assert_eq!(
                Credential::authenticate(&bad, &keys()).expect_err(&bad).code(),
                ErrorCode::MalformedKey,
                "{bad}"
            );
        }
        for kind in CredentialKind::ALL {
            let forged = format!("{}acme_{body}", kind.prefix());
            assert!(has_credential_shape(&forged));
            assert_eq!(Credential::authenticate(&forged, &keys()).expect_err("forged").code(), ErrorCode::InvalidKey);
        }
    }

    #[test]
    fn a_credential_outlives_its_master_key_while_that_is_the_previous_one() {
        let text = generate(CredentialKind::Publishable).expose().to_owned();
        let old = keys().current;
        let new = MasterKey::from_bytes([2; 32]);
        let check = |current: &MasterKey, previous: Option<&MasterKey>| {
            Credential::authenticate(&text, &MasterKeys::new(current.clone(), previous.cloned())).map(|_| ())
        };
        assert_eq!(check(&old, None), Ok(()));
        assert_eq!(check(&old, Some(&new)), Ok(()));
        assert_eq!(check(&new, Some(&old)), Ok(()));
        assert_eq!(check(&new, None), Err(CredentialError::NotIssued));
    }

    #[test]
    fn a_credential_shows_its_last_four_characters_and_no_more() {
        let made = generate(CredentialKind::Secret);
        let text = made.expose();
        assert_eq!(made.masked(), format!("wf_sk_acme-1_••••{}", &text[text.len() - 4..]));
        assert_eq!(format!("{made:?}"), "Credential(wf_sk_acme-1_…)");
    }
}
