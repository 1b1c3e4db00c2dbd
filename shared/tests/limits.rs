//! Laws of the limits, against the plainest model that can be written.

use proptest::prelude::*;
use std::collections::BTreeMap;
use weft_shared::keys::KeyRecord;
use weft_shared::limits::{Counting, Quota, QuotaLimits, StoredSecond, Window};
use weft_shared::protocol::routes::{ROUTES, Route};
use weft_shared::time::Timestamp;

/// The model: every accepted request, kept for ever.
#[derive(Default)]
struct Log(Vec<i64>);

impl Log {
    /// Where the clock went back, what was accepted last is as late as it ever was.
    fn admits(&self, limit: u32, now: i64) -> bool {
        let now = self.0.last().map_or(now, |last| now.max(*last));
        self.0.iter().filter(|at| now - **at < 60_000).count() < limit as usize
    }
}

/// A record as a guard holds it.
fn record(kind: &str, rate_limit_per_minute: Option<u32>) -> KeyRecord {
    let record = serde_json::json!({
        "id": "key_0123456789abcdef01234567",
        "tenant": "acme",
        "type": kind,
        "label": "a",
        "environment": "production",
        "scopes": [],
        "hash": "00".repeat(32),
        "masked": "",
        "created_at": 0,
        "expires_at": null,
        "rate_limit_per_minute": rate_limit_per_minute,
        "grace_ends_at": null,
        "revoked_at": null,
        "last_used_at": null,
    });
    serde_json::from_value(record).expect("a record")
}

#[test]
fn secret_keys_and_session_tokens_are_limited_and_publishable_keys_are_not() {
    let mint = Counting::Mint { per_minute: 6_000 };
    for kind in ["secret", "session"] {
        assert_eq!(Counting::Request.limit(&record(kind, None)), Some(100));
        assert_eq!(Counting::Request.limit(&record(kind, Some(7))), Some(7));
        // The key's own limit is the API's: its visitors come as before.
        assert_eq!(mint.limit(&record(kind, Some(7))), Some(6_000));
    }
    for counting in [Counting::Request, mint] {
        assert_eq!(counting.limit(&record("publishable", Some(7))), None);
    }
}

#[test]
fn minting_alone_counts_as_minting() {
    for row in ROUTES {
        let is_mint = row.route == Route::MintWidgetToken;
        let expected = if is_mint { Counting::Mint { per_minute: 9 } } else { Counting::Request };
        assert_eq!(row.need.counting(9), expected, "{}", row.pattern);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn the_window_is_a_log_of_all_requests(
        limit in 1_u32..12,
        start in 0_i64..4_000_000_000_000,
        gaps in prop::collection::vec(
            prop_oneof![6 => 0_i64..50, 6 => 0_i64..5_000, 6 => 59_990_i64..60_010, 1 => -3_000_i64..0],
            1..60,
        ),
        evicted_at in prop::collection::vec(any::<bool>(), 60),
    ) {
        let (mut window, mut log, mut now) = (Window::default(), Log::default(), start);
        let mut rows: BTreeMap<i64, StoredSecond> = BTreeMap::new();
        for (gap, is_evicted) in gaps.into_iter().zip(evicted_at) {
            now += gap;
            if is_evicted {
                // Only what was stored comes back: each second in its place, over what was there before.
                window = Window::from_stored(rows.values().flat_map(StoredSecond::accepted));
            }
            match window.admit(limit, Timestamp::from_millis(now)) {
                Ok(admitted) => {
                    prop_assert!(log.admits(limit, now));
                    log.0.push(admitted.at.as_millis());
                    let row = window.second_of(admitted.at);
                    rows.insert(row.slot(), row);
                    prop_assert!(rows.len() <= 61, "storage doesn't grow");
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
