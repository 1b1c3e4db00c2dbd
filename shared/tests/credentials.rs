//! Guarantees of credentials and scopes: what is made is read back, nothing else is, and their bytes are pinned.

mod forge;

use forge::{Seeded, master_bytes, master_keys, tenant};
use proptest::prelude::*;
use weft_shared::entropy::Entropy;
use weft_shared::error::ErrorCode;
use weft_shared::ids::{CredentialId, Environment};
use weft_shared::keys::credential::{Credential, CredentialError, CredentialKind};
use weft_shared::keys::master::{MasterKey, MasterKeys};
use weft_shared::scope::{Scope, ScopeSet};

const KINDS: [CredentialKind; 3] = [CredentialKind::Publishable, CredentialKind::Secret, CredentialKind::Session];

fn made(kind: CredentialKind, tenant_id: &str, seed: u64) -> Credential {
    Credential::generate(kind, &tenant(tenant_id), &master_keys(), &mut Seeded::new(seed))
}

/// 0, 1, 2, …: as base62, `0123456789ABCDEF…`.
struct Counter(u8);

impl Entropy for Counter {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.0;
            self.0 = self.0.wrapping_add(1);
        }
    }
}

/// Tags and hashes computed with Python's hmac and hashlib.
#[test]
fn credentials_have_these_very_bytes() {
    for (kind, text, id, masked) in [
        (
            CredentialKind::Publishable,
            "wf_pk_acme_0123456789ABCDEFGHIJKLMNOPQRSTUV5BemWEjq",
            "key_f93bd1a2b97793fa4d0e436b",
            "wf_pk_acme_••••WEjq",
        ),
        (
            CredentialKind::Secret,
            "wf_sk_acme_0123456789ABCDEFGHIJKLMNOPQRSTUVSnWJTYkp",
            "key_f50938e6add17f245c04fd31",
            "wf_sk_acme_••••TYkp",
        ),
        (
            CredentialKind::Session,
            "sess_acme_0123456789ABCDEFGHIJKLMNOPQRSTUVRFkVGnHS",
            "ses_e0aebe20a0ecd0283667287d",
            "sess_acme_••••GnHS",
        ),
    ] {
        let credential = Credential::generate(kind, &tenant("acme"), &master_keys(), &mut Counter(0));
        assert_eq!(credential.expose(), text);
        assert_eq!(credential.id(), CredentialId::parse(id).expect("well formed"));
        assert_eq!(credential.masked(), masked);
        assert!(credential.hash().to_hex().starts_with(&id[4..]));
    }
}

/// Computed with Python's hmac and hashlib.
#[test]
fn a_visitors_pseudonym_has_these_very_bytes() {
    assert_eq!(
        master_keys().current.ip_pseudonym(&tenant("acme"), &Environment::production(), "192.0.2.1"),
        "73fbaae36c547f1c9a02277ab3fe729dd051a85c95237e5425c4e2d41e29565e"
    );
}

#[test]
fn every_other_character_at_every_place_is_refused() {
    for kind in KINDS {
        let credential = made(kind, "acme-2", 1);
        let text = credential.expose();
        assert!(Credential::authenticate(text, &master_keys()).is_ok());
        for at in 0..text.len() {
            for other in (0..=127_u8).map(char::from).filter(|other| !text[at..].starts_with(*other)) {
                let changed = format!("{}{other}{}", &text[..at], &text[at + 1..]);
                assert!(Credential::authenticate(&changed, &master_keys()).is_err(), "{other:?} at {at}");
            }
        }
    }
}

#[test]
fn a_credential_of_one_kind_or_tenant_is_none_of_another() {
    let text = made(CredentialKind::Publishable, "acme", 2).expose().to_owned();
    for forged in [
        text.replacen("wf_pk_", "wf_sk_", 1),
        text.replacen("wf_pk_", "sess_", 1),
        text.replacen("_acme_", "_acm_", 1),
        text.replacen("_acme_", "_acme2_", 1),
        text.replacen("_acme_", "_other_", 1),
    ] {
        assert_eq!(
            Credential::authenticate(&forged, &master_keys()).expect_err("forged").code(),
            ErrorCode::InvalidKey
        );
    }
}

#[test]
fn another_deployment_issued_nothing_here() {
    let text = made(CredentialKind::Secret, "acme", 3).expose().to_owned();
    let mut bytes = master_bytes();
    bytes[31] ^= 1;
    let other = MasterKeys::new(MasterKey::from_bytes(bytes), Some(MasterKey::from_bytes([0; 32])));
    assert_eq!(Credential::authenticate(&text, &other).map(|_| ()), Err(CredentialError::NotIssued));
}

fn slug() -> impl Strategy<Value = String> {
    "[a-z0-9](-?[a-z0-9]){0,15}"
}

fn kind() -> impl Strategy<Value = CredentialKind> {
    proptest::sample::select(&KINDS[..])
}

fn scopes() -> impl Strategy<Value = ScopeSet> {
    proptest::sample::subsequence(Scope::ALL.to_vec(), 0..=Scope::ALL.len()).prop_map(ScopeSet::from_iter)
}

/// Every scope that a set grants, one by one.
fn granted(set: ScopeSet) -> Vec<Scope> {
    Scope::ALL.into_iter().filter(|scope| set.grants(*scope)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_made_is_read_back(kind in kind(), tenant_id in slug(), seed in any::<u64>()) {
        let credential = made(kind, &tenant_id, seed);
        let text = credential.expose();
        let body = text.rsplit('_').next().expect("an underscore");
        prop_assert_eq!(text, format!("{}{tenant_id}_{body}", kind.prefix()));
        prop_assert!(body.len() == 40 && body.bytes().all(|byte| byte.is_ascii_alphanumeric()));

        let read = Credential::authenticate(text, &master_keys()).expect("issued here");
        prop_assert_eq!(read.kind(), kind);
        prop_assert_eq!(read.tenant().as_str(), tenant_id.as_str());
        prop_assert_eq!(read.expose(), text);
        prop_assert_eq!((read.id(), read.hash(), read.masked()), (credential.id(), credential.hash(), credential.masked()));
    }

    #[test]
    fn a_changed_credential_is_refused(seed in any::<u64>(), at in any::<prop::sample::Index>(), other in any::<char>()) {
        let credential = made(CredentialKind::Secret, "acme", seed);
        let mut changed: Vec<char> = credential.expose().chars().collect();
        let at = at.index(changed.len());
        prop_assume!(changed[at] != other);
        changed[at] = other;
        let changed: String = changed.into_iter().collect();
        prop_assert!(Credential::authenticate(&changed, &master_keys()).is_err());
    }

    #[test]
    fn a_guessed_credential_was_never_issued(kind in kind(), tenant_id in slug(), body in "[0-9A-Za-z]{40}") {
        let guess = format!("{}{tenant_id}_{body}", kind.prefix());
        let error = Credential::authenticate(&guess, &master_keys()).map(|_| ());
        prop_assert_eq!(error, Err(CredentialError::NotIssued));
    }

    #[test]
    fn no_text_makes_it_panic(text in ".{0,120}", rest in "\\PC{0,60}") {
        prop_assert!(Credential::authenticate(&text, &master_keys()).is_err());
        for kind in KINDS {
            let text = format!("{}{rest}", kind.prefix());
            prop_assert!(Credential::authenticate(&text, &master_keys()).is_err());
        }
        let _ = MasterKey::parse(&text);
    }

    #[test]
    fn the_mask_shows_nothing_of_the_random_part(kind in kind(), seed in any::<u64>()) {
        let credential = made(kind, "acme", seed);
        let text = credential.expose();
        let random = &text[text.len() - 40..text.len() - 8];
        for shown in [credential.masked(), format!("{credential:?}"), credential.id().to_string()] {
            prop_assert!(random.as_bytes().windows(6).all(|part| !shown.as_bytes().windows(6).any(|other| other == part)));
        }
    }

    #[test]
    fn subset_means_granting_no_more(a in scopes(), b in scopes(), c in scopes()) {
        prop_assert!(ScopeSet::NONE.is_subset(&a) && a.is_subset(&a) && a.is_subset(&ScopeSet::all()));
        let no_more = granted(a).iter().all(|scope| b.grants(*scope));
        prop_assert_eq!(a.is_subset(&b), no_more);
        prop_assert!(!(a.is_subset(&b) && b.is_subset(&c)) || a.is_subset(&c));
        if a.is_subset(&b) && b.is_subset(&a) {
            prop_assert_eq!(granted(a), granted(b));
        }
    }

    #[test]
    fn a_scope_set_survives_its_stored_form(set in scopes()) {
        let text = serde_json::to_string(&set).expect("JSON");
        let texts: Vec<String> = serde_json::from_str(&text).expect("an array of texts");
        prop_assert!(texts.is_sorted() && texts.iter().all(|text| Scope::parse(text).is_ok()));
        prop_assert_eq!(serde_json::from_str::<ScopeSet>(&text).expect("read back"), set);
    }
}
