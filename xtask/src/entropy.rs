//! The only place in this crate that makes randomness.

use anyhow::{Context as _, Result};
use base64ct::{Base64UrlUnpadded, Encoding as _};

/// 32 random bytes as base64url without padding: the form of `WEFT_MASTER_KEY`, and a good password.
///
/// # Errors
/// Where the system gives no randomness.
pub fn random_secret() -> Result<String> {
    let mut bytes = [0; 32];
    fill(&mut bytes)?;
    Ok(Base64UrlUnpadded::encode_string(&bytes))
}

/// Eight random characters for the name of a folder.
///
/// # Errors
/// Where the system gives no randomness.
pub fn random_name() -> Result<String> {
    let mut bytes = [0; 4];
    fill(&mut bytes)?;
    Ok(format!("{:08x}", u32::from_be_bytes(bytes)))
}

#[expect(clippy::disallowed_methods, reason = "this is entropy.rs")]
fn fill(bytes: &mut [u8]) -> Result<()> {
    getrandom::fill(bytes).context("the system gives no randomness")
}
