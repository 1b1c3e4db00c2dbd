//! The quota of one visitor's address: accepted messages per UTC day and UTC month.

use crate::error::{ErrorCode, Refusal};
use crate::protocol::ws::{LimitKind, LimitReached};
use crate::time::Timestamp;
use chrono::{DateTime, Datelike as _, Days, Months, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};

/// What the live config allows; none: no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotaLimits {
    /// Accepted messages per UTC day.
    pub daily: Option<u32>,
    /// Accepted messages per UTC month.
    pub monthly: Option<u32>,
}

/// What was accepted. The stored form: counters of the day and month in which the last message was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    /// The last message.
    counted_at: Timestamp,
    day: u32,
    month: u32,
}

/// A limit that is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitHit {
    /// Which.
    pub limit: LimitKind,
    /// When it resets.
    pub reset_at: Timestamp,
}

impl QuotaLimits {
    /// Whether there is no limit at all.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.daily.is_none() && self.monthly.is_none()
    }
}

impl LimitHit {
    /// Whole seconds until the reset, rounded up, at least 1.
    #[must_use]
    pub fn reset_in_secs(&self, now: Timestamp) -> u64 {
        u64::try_from((self.reset_at.millis_since(now).max(1) + 999) / 1000).unwrap_or(1)
    }

    /// As a caller over HTTP hears of it.
    #[must_use]
    pub fn to_refusal(&self, now: Timestamp) -> Refusal {
        let secs = u32::try_from(self.reset_in_secs(now)).unwrap_or(u32::MAX);
        Refusal::from(ErrorCode::QuotaExceeded).retry_after(secs)
    }

    /// As the widget hears of it.
    #[must_use]
    pub fn to_frame(&self, now: Timestamp) -> LimitReached {
        LimitReached { limit: self.limit, reset_at: self.reset_at.to_rfc3339(), reset_in_secs: self.reset_in_secs(now) }
    }
}

impl Quota {
    /// Counts one more message at `now`.
    ///
    /// # Errors
    /// [`LimitHit`] where a limit is reached: nothing is counted then.
    pub fn count(self, limits: QuotaLimits, now: Timestamp) -> Result<Self, LimitHit> {
        // A clock that went back must not open yesterday's counter again.
        let now = now.max(self.counted_at);
        if let Some(hit) = self.reached(limits, now) {
            return Err(hit);
        }
        let (day, month) = self.used(now);
        Ok(Self { counted_at: now, day: day.saturating_add(1), month: month.saturating_add(1) })
    }

    /// Which limit keeps the next message out at `now`, if one does. Of two, the one that resets later.
    #[must_use]
    pub fn reached(&self, limits: QuotaLimits, now: Timestamp) -> Option<LimitHit> {
        let now = now.max(self.counted_at);
        let (day, month) = self.used(now);
        let is_full = |used: u32, limit: Option<u32>| limit.is_some_and(|limit| used >= limit);
        if is_full(month, limits.monthly) {
            Some(LimitHit { limit: LimitKind::Monthly, reset_at: next_month(now) })
        } else if is_full(day, limits.daily) {
            Some(LimitHit { limit: LimitKind::Daily, reset_at: next_day(now) })
        } else {
            None
        }
    }

    /// When nothing of it counts any more and it can be deleted: the end of its month.
    #[must_use]
    pub fn ends_at(&self) -> Timestamp {
        next_month(self.counted_at)
    }

    /// Messages of the day and month that `now` is in.
    fn used(&self, now: Timestamp) -> (u32, u32) {
        let (then, now) = (date(self.counted_at), date(now));
        let is_same_month = (then.year(), then.month()) == (now.year(), now.month());
        (if then == now { self.day } else { 0 }, if is_same_month { self.month } else { 0 })
    }
}

fn date(at: Timestamp) -> NaiveDate {
    DateTime::<Utc>::from_timestamp_millis(at.as_millis()).unwrap_or_default().date_naive()
}

fn midnight(date: Option<NaiveDate>) -> Timestamp {
    // Dates beyond chrono's 262,000 years never end.
    date.map_or(Timestamp::from_millis(i64::MAX), |date| {
        Timestamp::from_millis(date.and_time(NaiveTime::MIN).and_utc().timestamp_millis())
    })
}

fn next_day(at: Timestamp) -> Timestamp {
    midnight(date(at).checked_add_days(Days::new(1)))
}

fn next_month(at: Timestamp) -> Timestamp {
    midnight(date(at).with_day(1).and_then(|first| first.checked_add_months(Months::new(1))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).expect("a time")
    }

    const LIMITS: QuotaLimits = QuotaLimits { daily: Some(2), monthly: Some(3) };

    #[test]
    fn the_day_ends_at_midnight_utc_to_the_millisecond() {
        let now = at("2026-11-22T23:59:59.999Z");
        let quota =
            Quota::default().count(LIMITS, now).and_then(|quota| quota.count(LIMITS, now)).expect("room for two");
        let hit = quota.count(LIMITS, now).expect_err("the third");
        assert_eq!((hit.limit, hit.reset_at), (LimitKind::Daily, at("2026-11-23T00:00:00Z")));
        assert_eq!(hit.reset_in_secs(now), 1);
        assert!(quota.count(LIMITS, at("2026-11-23T00:00:00Z")).is_ok());
    }

    #[test]
    fn the_month_ends_in_leap_years_and_at_new_year_too() {
        for (last, first) in [
            ("2028-02-29T12:00:00Z", "2028-03-01T00:00:00Z"),
            ("2027-02-28T12:00:00Z", "2027-03-01T00:00:00Z"),
            ("2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z"),
            ("2026-11-30T00:00:00Z", "2026-12-01T00:00:00Z"),
        ] {
            let limits = QuotaLimits { daily: None, monthly: Some(1) };
            let quota = Quota::default().count(limits, at(last)).expect("room");
            let hit = quota.count(limits, at(last)).expect_err("full");
            assert_eq!((hit.limit, hit.reset_at), (LimitKind::Monthly, at(first)));
            assert_eq!(quota.ends_at(), at(first));
            assert!(quota.count(limits, at(first)).is_ok());
        }
    }

    #[test]
    fn of_two_limits_the_one_that_resets_later_is_named() {
        let mut quota = Quota::default();
        for day in ["2026-11-21T10:00:00Z", "2026-11-22T10:00:00Z", "2026-11-22T11:00:00Z"] {
            quota = quota.count(LIMITS, at(day)).expect("room");
        }
        let hit = quota.reached(LIMITS, at("2026-11-22T12:00:00Z")).expect("both are full");
        assert_eq!((hit.limit, hit.reset_at), (LimitKind::Monthly, at("2026-12-01T00:00:00Z")));
    }

    #[test]
    fn a_lowered_limit_holds_at_once_and_a_raised_one_lets_in_at_once() {
        let now = at("2026-11-22T10:00:00Z");
        let open = QuotaLimits::default();
        let quota = (0..5).fold(Quota::default(), |quota, _| quota.count(open, now).expect("no limit"));
        assert!(quota.count(QuotaLimits { daily: Some(5), monthly: None }, now).is_err());
        assert!(quota.count(QuotaLimits { daily: Some(6), monthly: None }, now).is_ok());
        assert!(quota.count(QuotaLimits { daily: Some(0), monthly: None }, now).is_err());
    }

    #[test]
    fn a_clock_that_goes_back_opens_no_closed_day() {
        let limits = QuotaLimits { daily: Some(1), monthly: None };
        let quota = Quota::default().count(limits, at("2026-11-22T00:00:01Z")).expect("room");
        let hit = quota.count(limits, at("2026-11-21T23:59:59Z")).expect_err("full");
        assert_eq!(hit.reset_at, at("2026-11-23T00:00:00Z"));
    }

    #[test]
    fn the_stored_form_is_pinned() {
        let quota = Quota::default().count(LIMITS, Timestamp::from_millis(1_795_321_343_123)).expect("room");
        assert_eq!(serde_json::to_string(&quota).expect("JSON"), r#"{"counted_at":1795321343123,"day":1,"month":1}"#);
    }
}
