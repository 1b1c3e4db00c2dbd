//! The one place that makes randomness: the browser's own generator.

use crate::browser::fill_randomly;
use weft_shared::entropy::Entropy;

/// `crypto.getRandomValues`.
#[derive(Debug)]
pub(crate) struct BrowserEntropy;

impl BrowserEntropy {
    /// A number that guards nothing: it spreads waits.
    pub(crate) fn seed(&mut self) -> u64 {
        u64::from_le_bytes(self.bytes())
    }
}

impl Entropy for BrowserEntropy {
    fn fill(&mut self, bytes: &mut [u8]) {
        fill_randomly(bytes);
    }
}
