//! Laws of the limits, against the plainest model that can be written.

use proptest::prelude::*;
use std::collections::BTreeMap;
use std::net::Ipv6Addr;
use weft_shared::keys::KeyRecord;
use weft_shared::limits::{AddressBucket, Counting, Quota, QuotaLimits, StoredSecond, Window};
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

/// Up to two days before a month ends: before and after leap days, where there is none, and at new year.
fn near_the_end_of_a_month() -> impl Strategy<Value = i64> {
    let ends = [
        "2028-02-29T00:00:00Z",
        "2028-03-01T00:00:00Z",
        "2027-03-01T00:00:00Z",
        "2100-03-01T00:00:00Z",
        "2000-03-01T00:00:00Z",
        "2026-12-01T00:00:00Z",
        "2027-01-01T00:00:00Z",
        "2028-01-01T00:00:00Z",
    ];
    let ends = ends.map(|end| Timestamp::parse_rfc3339(end).expect("a time").as_millis());
    (prop::sample::select(ends.to_vec()), 0_i64..172_800_000).prop_map(|(end, before)| end - before)
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
        start in prop_oneof![0_i64..4_000_000_000_000, near_the_end_of_a_month()],
        gaps in prop::collection::vec(prop_oneof![0_i64..7_200_000, 0_i64..100_000_000, 0_i64..3_000_000_000], 1..60),
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

#[test]
fn the_addresses_of_one_64_are_one_bucket() {
    let bucket = |host: u64| {
        let address = Ipv6Addr::from((0x2001_0db8_0001_0002_u128 << 64) | u128::from(host));
        AddressBucket::parse(&address.to_string()).expect("an address")
    };
    let first = bucket(0);
    // Spread over all of the lower half, the lowest and the highest included.
    for number in 0..=0xffff_u64 {
        assert!(bucket(number * 0x0001_0001_0001_0001) == first, "{number}");
    }
    assert!(AddressBucket::parse("2001:db8:1:3::") != Some(first), "the next network");
}

#[test]
fn no_header_but_the_platforms_own_makes_an_address() {
    const CLAIMS: [&str; 10] = [
        "X-Forwarded-For",
        "X-Real-IP",
        "Forwarded",
        "True-Client-IP",
        "X-Client-IP",
        "X-Cluster-Client-IP",
        "CF-Connecting-IPv6",
        "CF-Connecting-O2O",
        "CF-Pseudo-IPv4",
        "Fastly-Client-IP",
    ];
    let real = AddressBucket::parse("192.0.2.1");
    let loopback = AddressBucket::parse("127.0.0.1");
    for number in 0..10_000_u32 {
        let claimed = format!("198.{}.{}.7", 18 + number / 65_536, number % 256);
        let claims = |name: &str| CLAIMS.contains(&name).then(|| claimed.clone());
        let with_real =
            |name: &str| (name == "CF-Connecting-IP").then(|| "192.0.2.1".to_owned()).or_else(|| claims(name));
        for is_production in [false, true] {
            assert!(AddressBucket::of_request(&with_real, is_production) == real, "{claimed}");
        }
        assert!(AddressBucket::of_request(&claims, false) == loopback, "{claimed}");
        assert!(AddressBucket::of_request(&claims, true).is_none(), "{claimed}: refused in production");
    }
}
