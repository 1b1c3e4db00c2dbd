//! The only place that makes randomness: it is an argument everywhere else.

/// 32 bytes from the system's generator.
///
/// # Errors
/// Where the system has no randomness to give. There is no safe way on from that.
#[expect(clippy::disallowed_methods, reason = "this is the source of randomness")]
pub fn random_bytes() -> Result<[u8; 32], getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}
