//! Laws of the limits, against the plainest model that can be written.

use proptest::prelude::*;
use weft_shared::limits::{Quota, QuotaLimits, Window};
use weft_shared::time::Timestamp;

/// The model: every accepted request, kept for ever.
#[derive(Default)]
struct Log(Vec<i64>);

impl Log {
    fn admits(&self, limit: u32, now: i64) -> bool {
        self.0.iter().filter(|at| now - **at < 60_000).count() < limit as usize
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn the_window_is_a_log_of_all_requests(
        limit in 1_u32..12,
        gaps in prop::collection::vec(prop_oneof![0_i64..50, 0_i64..5_000, 59_990_i64..60_010], 1..60),
        evicted_at in prop::collection::vec(any::<bool>(), 60),
    ) {
        let (mut window, mut log, mut now) = (Window::default(), Log::default(), 0);
        for (gap, is_evicted) in gaps.into_iter().zip(evicted_at) {
            now += gap;
            if is_evicted {
                // Only what was stored comes back.
                window = Window::from_stored(log.0.iter().rev().map(|at| Timestamp::from_millis(*at)));
            }
            match window.admit(limit, Timestamp::from_millis(now)) {
                Ok(admitted) => {
                    prop_assert!(log.admits(limit, now));
                    log.0.push(admitted.at.as_millis());
                }
                Err(refused) => {
                    prop_assert!(!log.admits(limit, now));
                    let secs = i64::from(refused.retry_after_secs);
                    prop_assert!(log.admits(limit, now + secs * 1000), "it passes then");
                    prop_assert!(!log.admits(limit, now + (secs - 1) * 1000), "and not a second earlier");
                }
            }
        }
        for start in &log.0 {
            let within = log.0.iter().filter(|at| (*start..start + 60_000).contains(*at)).count();
            prop_assert!(within <= limit as usize, "{within} within 60 s");
        }
    }

    #[test]
    fn the_quota_never_lets_more_through_than_a_day_and_a_month_allow(
        daily in prop::option::of(1_u32..6),
        monthly in prop::option::of(1_u32..20),
        start in 0_i64..4_000_000_000_000,
        gaps in prop::collection::vec(prop_oneof![0_i64..100_000_000, 0_i64..3_000_000_000], 1..60),
    ) {
        use chrono::{DateTime, Datelike as _};
        let limits = QuotaLimits { daily, monthly };
        let (mut quota, mut now) = (Quota::default(), start);
        let mut accepted: Vec<(i32, u32, u32)> = Vec::new();
        for gap in gaps {
            now += gap;
            let date = DateTime::from_timestamp_millis(now).expect("in range").date_naive();
            let today = (date.year(), date.month(), date.day());
            let day = accepted.iter().filter(|day| **day == today).count();
            let month = accepted.iter().filter(|day| (day.0, day.1) == (today.0, today.1)).count();
            let is_full = |used: usize, limit: Option<u32>| limit.is_some_and(|limit| used >= limit as usize);
            match quota.count(limits, Timestamp::from_millis(now)) {
                Ok(next) => {
                    prop_assert!(!is_full(day, daily) && !is_full(month, monthly));
                    accepted.push(today);
                    quota = next;
                }
                Err(hit) => {
                    prop_assert!(is_full(day, daily) || is_full(month, monthly));
                    prop_assert!(quota.count(QuotaLimits { daily, monthly }, hit.reset_at).is_ok(), "open at the reset");
                    let before = hit.reset_at.plus_millis(-1);
                    prop_assert!(quota.count(limits, before).is_err(), "and not a millisecond before");
                }
            }
        }
    }
}
