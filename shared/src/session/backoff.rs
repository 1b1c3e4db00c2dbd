//! How long to wait before the next try: twice as long each time, with jitter, so that a thousand widgets that lost
//! one Worker don't come back in step.

/// The first wait, before jitter.
const FIRST_MS: u64 = 500;
/// The longest wait, before jitter.
const MOST_MS: u64 = 30_000;

/// Waits that grow.
#[derive(Debug, Clone)]
pub struct Backoff {
    attempt: u32,
    random: u64,
}

impl Backoff {
    /// Starts with the shortest wait. The seed only spreads widgets; it guards no secret.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        // Xorshift never leaves zero, so the seed must not be zero.
        Self { attempt: 0, random: seed | 1 }
    }

    /// The next wait, in milliseconds: half to one and a half times 0.5 s, 1 s, 2 s … 30 s.
    pub fn next_ms(&mut self) -> i64 {
        let base = MOST_MS.min(FIRST_MS << self.attempt.min(16));
        self.attempt = self.attempt.saturating_add(1);
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        i64::try_from(base / 2 + self.random % base).unwrap_or(i64::MAX)
    }

    /// How many waits were handed out since the last success.
    #[must_use]
    pub const fn attempts(&self) -> u32 {
        self.attempt
    }

    /// It went well: the next wait is the shortest again.
    pub const fn reset(&mut self) {
        self.attempt = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_with_jitter_and_stop_growing_at_30_s() {
        for seed in 0..200 {
            let mut backoff = Backoff::new(seed);
            for attempt in 0..12 {
                let base = i64::min(30_000, 500 << attempt);
                let wait = backoff.next_ms();
                assert!((base / 2..base / 2 + base).contains(&wait), "attempt {attempt}: {wait}");
            }
            backoff.reset();
            assert!(backoff.next_ms() < 750);
        }
    }

    #[test]
    fn two_widgets_do_not_wait_in_step() {
        let (mut one, mut other) = (Backoff::new(11), Backoff::new(12_345_678_901));
        let same = (0..20).filter(|_| one.next_ms() == other.next_ms()).count();
        assert!(same < 3);
    }
}
