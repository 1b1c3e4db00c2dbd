//! Where random bytes come from: an argument, never a call. The Worker and the widget pass the platform's
//! generator, tests pass a seeded one.

/// A source of random bytes. What makes secrets must be cryptographically strong.
pub trait Entropy {
    /// Fills `bytes` with random bytes.
    fn fill(&mut self, bytes: &mut [u8]);

    /// Random bytes as an array.
    fn bytes<const N: usize>(&mut self) -> [u8; N]
    where
        Self: Sized,
    {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }
}

pub(crate) const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// `len` random characters of `0-9A-Za-z`, each equally likely (bytes that would favour some are drawn again).
pub fn base62(entropy: &mut dyn Entropy, len: usize) -> String {
    draw(entropy, len, BASE62)
}

/// `len` random characters of the base64url alphabet: 6 bits each.
pub fn url_safe(entropy: &mut dyn Entropy, len: usize) -> String {
    draw(entropy, len, URL_SAFE)
}

fn draw(entropy: &mut dyn Entropy, len: usize, alphabet: &[u8]) -> String {
    let fair = 256 - 256 % alphabet.len();
    let mut out = String::with_capacity(len);
    let mut pool = [0; 64];
    while out.len() < len {
        entropy.fill(&mut pool);
        for byte in pool.map(usize::from) {
            if byte < fair && out.len() < len {
                out.push(char::from(alphabet[byte % alphabet.len()]));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts up: every byte value once in 256.
    struct Counter(u8);

    impl Entropy for Counter {
        fn fill(&mut self, bytes: &mut [u8]) {
            for byte in bytes {
                *byte = self.0;
                self.0 = self.0.wrapping_add(1);
            }
        }
    }

    #[test]
    fn every_base62_character_is_equally_likely() {
        // 256 consecutive bytes hold 248 fair ones: each character four times.
        let drawn = base62(&mut Counter(0), 248);
        for letter in BASE62 {
            assert_eq!(drawn.bytes().filter(|byte| byte == letter).count(), 4);
        }
    }

    #[test]
    fn text_has_the_length_asked_for() {
        for len in [0, 1, 22, 64, 65, 300] {
            assert_eq!(url_safe(&mut Counter(7), len).len(), len);
        }
    }
}
