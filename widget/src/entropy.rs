//! The one place that makes randomness: the browser's own generator.

use web_sys::Window;
use weft_shared::entropy::Entropy;

/// `crypto.getRandomValues`.
#[derive(Debug)]
pub(crate) struct BrowserEntropy(web_sys::Crypto);

impl BrowserEntropy {
    /// The window's generator; `None` where there is none, and then there can be no conversation.
    pub(crate) fn of(window: &Window) -> Option<Self> {
        window.crypto().ok().map(Self)
    }

    /// A number that guards nothing: it spreads waits.
    pub(crate) fn seed(&mut self) -> u64 {
        u64::from_le_bytes(self.bytes())
    }
}

impl Entropy for BrowserEntropy {
    fn fill(&mut self, bytes: &mut [u8]) {
        // It fails beyond 65,536 bytes only, and the longest asked for here is 64.
        let _ = self.0.get_random_values_with_u8_array(bytes);
    }
}
