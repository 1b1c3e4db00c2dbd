//! When what others are still to be told is told again.

/// The first time, and the least.
const LEAST_MS: i64 = 5_000;
/// The longest pause: who comes back after a day is told within ten minutes.
const MOST_MS: i64 = 600_000;

/// In how many milliseconds to try again what waits since `waiting_ms`. The pause is as long as it has waited already, so
/// that each doubles the wait: a target that is gone for long is asked about ten times, and then every ten minutes.
#[must_use]
pub fn retry_in_ms(waiting_ms: i64) -> i64 {
    waiting_ms.clamp(LEAST_MS, MOST_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often it is tried again while nobody answers for so long.
    fn tries_within(ms: i64) -> usize {
        let next = |waited: &i64| Some(waited + retry_in_ms(*waited));
        std::iter::successors(Some(0), next).skip(1).take_while(|waited| *waited <= ms).count()
    }

    #[test]
    fn what_fails_once_is_told_soon() {
        assert_eq!(retry_in_ms(0), 5_000);
        // A clock that went back is no reason to wait longer.
        assert_eq!(retry_in_ms(-1), 5_000);
        assert_eq!(retry_in_ms(5_000), 5_000);
        assert_eq!(retry_in_ms(5_001), 5_001);
    }

    #[test]
    fn what_fails_for_long_is_tried_ever_more_rarely_and_never_given_up() {
        assert_eq!(tries_within(60_000), 4);
        assert_eq!(tries_within(600_000), 7);
        let in_a_day = tries_within(86_400_000);
        assert!((140..160).contains(&in_a_day), "{in_a_day}");
        assert_eq!(retry_in_ms(599_999), 599_999);
        assert_eq!(retry_in_ms(600_001), 600_000);
        assert_eq!(retry_in_ms(i64::MAX), 600_000);
    }
}
