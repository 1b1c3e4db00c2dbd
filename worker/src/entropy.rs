//! Randomness: the only place in the Worker that makes any.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use weft_shared::entropy::Entropy;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = crypto, js_name = getRandomValues)]
    fn get_random_values(bytes: &mut [u8]) -> Result<JsValue, JsValue>;
}

/// The platform's generator (Web Crypto's `getRandomValues`): cryptographically strong.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PlatformEntropy;

/// The most that one call of `getRandomValues` fills.
const MAX_CHUNK: usize = 65_536;

impl Entropy for PlatformEntropy {
    fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(MAX_CHUNK) {
            // Web Crypto section 10.1.1: it fails only above 65,536 bytes or for an array of another type. Going on with
            // bytes that are not random would be worse than stopping.
            get_random_values(chunk).expect("getRandomValues fills up to 65,536 bytes");
        }
    }
}

/// The id of a token or the like: 132 random bits.
pub(crate) fn unique_id() -> String {
    weft_shared::entropy::url_safe(&mut PlatformEntropy, 22)
}

/// The text of a new source's id.
pub(crate) fn source_id() -> String {
    format!("src_{}", weft_shared::entropy::base62(&mut PlatformEntropy, 20))
}
