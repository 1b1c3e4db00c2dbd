//! Names that no other test, and no earlier run against the same Worker, has used.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

static RUN: LazyLock<String> = LazyLock::new(|| xtask::entropy::random_name().expect("the system gives randomness"));
static COUNT: AtomicU64 = AtomicU64::new(0);

/// A new name that is a tenant's slug, a conversation's id and a request's id alike: `what-1f2e3d4c-00001`.
#[must_use]
pub fn fresh(what: &str) -> String {
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{what}-{}-{count:05}", *RUN)
}

/// A new history secret.
///
/// # Panics
/// Where the system gives no randomness.
#[must_use]
pub fn fresh_secret() -> String {
    xtask::entropy::random_secret().expect("the system gives randomness")
}
