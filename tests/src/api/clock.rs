//! The only place in this crate that reads the clock, and the one that waits.

use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use xtask::clock::Stopwatch;

const POLL: Duration = Duration::from_millis(50);

/// Seconds since 1970, as a token's times count.
///
/// # Panics
/// Where the machine's clock is before 1970.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is clock.rs")]
pub fn now_secs() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is past 1970");
    i64::try_from(since.as_secs()).expect("a time of this age of the world")
}

/// Waits until `clock` has run for so long: for what only time itself can show.
pub fn sleep_until(clock: Stopwatch, at: Duration) {
    sleep(at.saturating_sub(clock.elapsed()));
}

/// Asks `question` again and again until it answers, or `deadline` is over: then none.
pub fn patiently<T>(deadline: Duration, mut question: impl FnMut() -> Option<T>) -> Option<T> {
    let stopwatch = Stopwatch::start();
    loop {
        let answer = question();
        if answer.is_some() || stopwatch.elapsed() >= deadline {
            return answer;
        }
        sleep(POLL);
    }
}
