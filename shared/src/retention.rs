//! How long conversations are kept. A tenant sets days; a conversation whose last message is older is deleted.
//!
//! Derived at each look from the last message and the rule as it is then, never stored: so a rule that is shortened or
//! lengthened later holds for what is there already.

use crate::error::Refusal;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The longest retention, in days: ten years.
pub const MAX_RETENTION_DAYS: u32 = 3_650;

const DAY_MS: i64 = 86_400_000;

/// For how long conversations are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Retention {
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = MAX_RETENTION_DAYS)))]
    days: u32,
}

impl Retention {
    /// So many days.
    ///
    /// # Errors
    /// `invalid_request` where it isn't 1 to [`MAX_RETENTION_DAYS`].
    pub fn days(days: u32) -> Result<Self, Refusal> {
        if (1..=MAX_RETENTION_DAYS).contains(&days) {
            Ok(Self { days })
        } else {
            Err(Refusal::invalid(format!(
                "retention_days must be null or a whole number from 1 to {MAX_RETENTION_DAYS}."
            )))
        }
    }

    /// In days.
    #[must_use]
    pub const fn as_days(self) -> u32 {
        self.days
    }

    /// When a conversation is to be deleted whose last message was stored at this instant.
    #[must_use]
    pub fn ends_at(self, last_message_at: Timestamp) -> Timestamp {
        last_message_at.plus_millis(i64::from(self.days) * DAY_MS)
    }

    /// A conversation whose last message was stored at this instant or before is to be deleted at `now`.
    #[must_use]
    pub fn limit(self, now: Timestamp) -> Timestamp {
        now.plus_millis(-(i64::from(self.days) * DAY_MS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retention_has_1_to_3650_days() {
        for bad in [0, 3_651, u32::MAX] {
            let refusal = Retention::days(bad).expect_err("out of bounds");
            assert!(refusal.message.contains("retention_days"), "{refusal}");
        }
        for good in [1, 3_650] {
            assert_eq!(Retention::days(good).map(Retention::as_days), Ok(good));
        }
    }

    #[test]
    fn the_two_ways_to_ask_agree_to_the_millisecond() {
        let last = Timestamp::from_millis(1_795_321_343_123);
        for days in [1, 30, 3_650] {
            let retention = Retention::days(days).expect("in bounds");
            let ends = retention.ends_at(last);
            assert_eq!(ends.millis_since(last), i64::from(days) * 86_400_000);
            assert!(last <= retention.limit(ends), "due from its end on");
            assert!(last > retention.limit(ends.plus_millis(-1)), "and not before");
        }
    }

    #[test]
    fn a_rule_that_changes_holds_for_what_is_there() {
        let last = Timestamp::from_secs(1_000_000);
        let [week, month] = [7, 30].map(|days| Retention::days(days).expect("in bounds"));
        let in_ten_days = last.plus_secs(10 * 86_400);
        assert!(last <= week.limit(in_ten_days), "shortened from a month to a week, it is due");
        assert!(last > month.limit(in_ten_days), "lengthened from a week to a month, it isn't");
    }
}
