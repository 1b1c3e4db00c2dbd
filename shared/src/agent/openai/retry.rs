//! What is tried again, and when: only what failed before the first byte of an answer, twice at most, and never beyond
//! the time that a visitor is made to wait.

use crate::time::Timestamp;
use chrono::DateTime;

/// Tries in all.
const MAX_TRIES: u32 = 3;
/// The first pause, before jitter; the second is twice as long.
const FIRST_PAUSE_MS: i64 = 500;
/// What is added to the time that a server asks for, at most: those that it sent away together don't come back in step.
const JITTER_MS: i64 = 250;
/// Time that a try needs at least to be worth it.
const WORTH_MS: i64 = 1_000;

/// A try that failed before the first byte.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// Which it was, from 1.
    pub number: u32,
    /// The status that came; none where the server couldn't be reached.
    pub status: Option<u16>,
    /// The `Retry-After` that came with it (RFC 9110 section 10.2.3).
    pub retry_after: Option<&'a str>,
}

/// How long to wait before the next try, in milliseconds; none: give up. `deadline` is when the first byte must be
/// there, `random` any number.
#[must_use]
pub fn pause_before_retry(attempt: Attempt<'_>, now: Timestamp, deadline: Timestamp, random: u32) -> Option<u32> {
    let can_pass = attempt.status.is_none_or(|status| status == 429 || (500..600).contains(&status));
    if attempt.number >= MAX_TRIES || !can_pass {
        return None;
    }
    let random = i64::from(random);
    let asked = attempt.retry_after.and_then(|value| asked_for_ms(value, now));
    let pause = asked.map_or_else(
        || {
            // Half to one and a half times the pause.
            let pause = FIRST_PAUSE_MS << attempt.number.saturating_sub(1);
            pause / 2 + random % pause
        },
        |asked| asked.saturating_add(random % JITTER_MS),
    );
    // A server that asks for more time than there is would only be asked in vain.
    let is_worth_it = pause.saturating_add(WORTH_MS) <= deadline.millis_since(now);
    u32::try_from(pause).ok().filter(|_| is_worth_it)
}

/// Seconds or an HTTP date. Anything else is as if it weren't there.
fn asked_for_ms(value: &str, now: Timestamp) -> Option<i64> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(value.parse().unwrap_or(i64::MAX / 1_000).saturating_mul(1_000));
    }
    let at = DateTime::parse_from_rfc2822(value).ok()?;
    Some(Timestamp::from_millis(at.timestamp_millis()).millis_since(now).max(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Sun, 06 Nov 1994 08:49:37 GMT
    const NOW: Timestamp = Timestamp::from_secs(784_111_777);
    const DEADLINE: Timestamp = NOW.plus_secs(30);

    fn pause(number: u32, status: u16, retry_after: Option<&str>) -> Option<u32> {
        pause_before_retry(Attempt { number, status: Some(status), retry_after }, NOW, DEADLINE, 0)
    }

    #[test]
    fn what_can_pass_is_tried_twice_more_and_nothing_else_is() {
        for status in [429, 500, 502, 503, 529, 599] {
            assert_eq!(pause(1, status, None), Some(250), "{status}");
            assert_eq!(pause(2, status, None), Some(500), "{status}");
            assert_eq!(pause(3, status, None), None, "{status}");
        }
        for status in [200, 301, 302, 400, 401, 403, 404, 408, 418, 428, 430, 499, 600] {
            assert_eq!(pause(1, status, None), None, "{status}");
        }
        let unreachable = Attempt { number: 1, status: None, retry_after: None };
        assert_eq!(pause_before_retry(unreachable, NOW, DEADLINE, 0), Some(250));
    }

    #[test]
    fn the_time_that_a_server_asks_for_is_kept() {
        for (value, ms) in [
            ("0", 0),
            ("2", 2_000),
            (" 7 ", 7_000),
            ("Sun, 06 Nov 1994 08:49:40 GMT", 3_000),
            ("Sun, 06 Nov 1994 08:49:30 GMT", 0),
        ] {
            assert_eq!(pause(1, 429, Some(value)), Some(ms), "{value}");
            assert_eq!(pause(3, 429, Some(value)), None, "{value}");
        }
        for nonsense in ["", "soon", "-1", "1.5", "+3", "06 Nov"] {
            assert_eq!(pause(1, 429, Some(nonsense)), Some(250), "{nonsense}");
        }
    }

    #[test]
    fn nobody_is_made_to_wait_beyond_the_deadline() {
        assert_eq!(pause(1, 429, Some("29")), Some(29_000));
        assert_eq!(pause(1, 429, Some("30")), None);
        assert_eq!(pause(1, 429, Some("99999999999999999999999999")), None);
        assert_eq!(pause(1, 429, Some("Sat, 06 Nov 2094 08:49:37 GMT")), None);
        let attempt = Attempt { number: 1, status: None, retry_after: None };
        assert_eq!(pause_before_retry(attempt, NOW, NOW.plus_millis(1_250), 0), Some(250));
        assert_eq!(pause_before_retry(attempt, NOW, NOW.plus_millis(1_249), 0), None);
        assert_eq!(pause_before_retry(attempt, NOW, NOW.plus_secs(-9), 0), None);
    }

    proptest! {
        #[test]
        fn no_answer_of_a_server_makes_a_pause_that_is_too_long(
            number in 0..10_u32, status in proptest::option::of(any::<u16>()), value in ".{0,40}",
            left in -50_000..50_000_i64, random in any::<u32>(),
        ) {
            let attempt = Attempt { number, status, retry_after: Some(&value) };
            if let Some(pause) = pause_before_retry(attempt, NOW, NOW.plus_millis(left), random) {
                prop_assert!(i64::from(pause) + 1_000 <= left);
                prop_assert!(number < 3);
            }
        }
    }
}
