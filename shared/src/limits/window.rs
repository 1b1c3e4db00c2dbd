//! An exact sliding window: never more than `limit` requests within any 60 s.
//!
//! A counter per minute would let twice the limit through around its edge, an approximation refuses what it should let
//! through. So each accepted request is remembered until it is 60 s old. Refused ones are not: a client that keeps
//! knocking is let in as soon as one that waits.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// How long a request counts.
pub const WINDOW_MS: i64 = 60_000;

/// The requests accepted within the last 60 s, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Window {
    accepted: VecDeque<Timestamp>,
}

/// A request that passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Admitted {
    /// When it counts as accepted. Never before the one before it, also where the clock went back.
    pub at: Timestamp,
    /// How many more would pass now.
    pub remaining: u32,
    /// Whole seconds until more than these would pass: until the oldest request that counts is free.
    pub reset_secs: u32,
}

/// A request that doesn't.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// The first whole second after which one passes, at least 1.
    pub retry_after_secs: u32,
}

impl Window {
    /// Takes up what was stored, in any order.
    #[must_use]
    pub fn from_stored(accepted: impl IntoIterator<Item = Timestamp>) -> Self {
        let mut accepted: Vec<_> = accepted.into_iter().collect();
        accepted.sort_unstable();
        Self { accepted: accepted.into() }
    }

    /// Asks for one more at `now`, of `limit` within 60 s.
    ///
    /// # Errors
    /// [`Refused`], and nothing is remembered of it.
    pub fn admit(&mut self, limit: u32, now: Timestamp) -> Result<Admitted, Refused> {
        // A clock that went back must not make room: what counts, counts for 60 s from the latest instant seen.
        let at = self.accepted.back().map_or(now, |last| now.max(*last));
        while self.accepted.front().is_some_and(|oldest| at.millis_since(*oldest) >= WINDOW_MS) {
            self.accepted.pop_front();
        }
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        if self.accepted.len() >= limit {
            // With a limit that was lowered, several have to grow old before the next passes.
            let blocking = self.accepted.get(self.accepted.len() - limit).copied().unwrap_or(at);
            return Err(Refused { retry_after_secs: secs_until(blocking, now) });
        }
        self.accepted.push_back(at);
        let remaining = u32::try_from(limit - self.accepted.len()).unwrap_or(u32::MAX);
        let oldest = self.accepted.front().copied().unwrap_or(at);
        Ok(Admitted { at, remaining, reset_secs: secs_until(oldest, now) })
    }

    /// All that counts of the second that `at` is in, as it is stored.
    #[must_use]
    pub fn second_of(&self, at: Timestamp) -> StoredSecond {
        let second = at.as_secs();
        let newest_first = self.accepted.iter().rev().skip_while(|one| one.as_secs() > second);
        let of_it = newest_first.take_while(|one| one.as_secs() == second);
        let mut millis: Vec<i64> = of_it.map(|one| one.millis_since(Timestamp::from_secs(second))).collect();
        millis.reverse();
        StoredSecond { second, millis }
    }
}

/// How many seconds are kept. A window of 60 s can touch 61 of them.
const SECONDS_KEPT: i64 = WINDOW_MS / 1000 + 1;

/// The requests of one second, in the form that they are stored in: a ring of as many places as a window can touch. So
/// to store a request writes one row, and what is over is written over: to delete it would write as many rows again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredSecond {
    /// Seconds since the epoch.
    second: i64,
    /// Each request's milliseconds within it.
    millis: Vec<i64>,
}

impl StoredSecond {
    /// Its place in the ring. Two seconds of one place never count at the same time.
    #[must_use]
    pub const fn slot(&self) -> i64 {
        self.second.rem_euclid(SECONDS_KEPT)
    }

    /// The requests.
    pub fn accepted(&self) -> impl Iterator<Item = Timestamp> + '_ {
        self.millis.iter().map(|millis| Timestamp::from_secs(self.second).plus_millis(*millis))
    }
}

/// Whole seconds, rounded up, until what was accepted at `at` is free.
fn secs_until(at: Timestamp, now: Timestamp) -> u32 {
    let left = at.plus_millis(WINDOW_MS).millis_since(now);
    u32::try_from((left.max(1) + 999) / 1000).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn a_request_counts_for_60_s_to_the_millisecond() {
        let mut window = Window::default();
        assert!(window.admit(1, at(0)).is_ok());
        assert_eq!(window.admit(1, at(59_999)), Err(Refused { retry_after_secs: 1 }));
        assert!(window.admit(1, at(60_000)).is_ok());
    }

    #[test]
    fn a_burst_around_the_minute_gets_no_second_helping() {
        let mut window = Window::default();
        let pass = |window: &mut Window, now, asked| (0..asked).filter(|_| window.admit(100, at(now)).is_ok()).count();
        assert_eq!(pass(&mut window, 59_900, 150), 100);
        assert_eq!(pass(&mut window, 60_100, 150), 0);
        assert_eq!(pass(&mut window, 119_899, 150), 0);
        assert_eq!(pass(&mut window, 119_900, 150), 100);
    }

    #[test]
    fn retry_after_is_the_first_second_at_which_one_passes() {
        let mut window = Window::default();
        window.admit(2, at(0)).expect("room");
        window.admit(2, at(10_500)).expect("room");
        let Err(refused) = window.admit(2, at(30_400)) else { unreachable!("the window is full") };
        assert_eq!(refused.retry_after_secs, 30);
        assert!(window.clone().admit(2, at(30_400 + 29_000)).is_err());
        assert!(window.admit(2, at(30_400 + 30_000)).is_ok());
    }

    #[test]
    fn a_clock_that_goes_back_makes_no_room() {
        let mut window = Window::default();
        window.admit(1, at(100_000)).expect("room");
        assert!(window.admit(1, at(0)).is_err());
        assert_eq!(window.admit(2, at(0)).expect("room").at, at(100_000));
    }

    #[test]
    fn the_oldest_request_says_when_more_will_pass() {
        let mut window = Window::default();
        assert_eq!(window.admit(3, at(0)).expect("room").reset_secs, 60);
        assert_eq!(window.admit(3, at(30_001)).expect("room").reset_secs, 30);
        assert_eq!(window.admit(3, at(60_000)).expect("room").reset_secs, 31);
    }

    #[test]
    fn after_a_clock_that_went_back_retry_after_still_names_the_second() {
        let mut window = Window::default();
        window.admit(1, at(100_000)).expect("room");
        assert_eq!(window.admit(1, at(90_500)), Err(Refused { retry_after_secs: 70 }));
        assert!(window.admit(1, at(90_500 + 70_000)).is_ok());
    }

    #[test]
    fn the_stored_form_is_pinned() {
        let mut window = Window::default();
        for now in [1_795_321_342_999, 1_795_321_343_000, 1_795_321_343_000, 1_795_321_343_017] {
            window.admit(9, at(now)).expect("room");
        }
        let stored = window.second_of(at(1_795_321_343_000));
        let text = r#"{"second":1795321343,"millis":[0,0,17]}"#;
        assert_eq!(serde_json::to_string(&stored).expect("JSON"), text);
        assert_eq!(serde_json::from_str::<StoredSecond>(text).expect("a row"), stored);
        assert_eq!(stored.slot(), 1_795_321_343 % 61);
        assert!(serde_json::from_str::<StoredSecond>(r#"{"second":1795321343}"#).is_err());
    }

    #[test]
    fn a_lowered_limit_holds_at_once_and_a_raised_one_lets_in_at_once() {
        let mut window = Window::default();
        for second in 0..5 {
            window.admit(5, at(second * 1_000)).expect("room");
        }
        assert_eq!(window.admit(2, at(5_000)), Err(Refused { retry_after_secs: 58 }));
        assert!(window.admit(6, at(5_000)).is_ok());
        assert_eq!(window.admit(0, at(5_000)), Err(Refused { retry_after_secs: 60 }));
    }
}
