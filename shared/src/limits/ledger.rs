//! What is kept of one visitor's address: its quota, and which messages were counted last. Counting comes before storing,
//! so a message whose conversation died in between comes again: it is let in, and not counted a second time.

use super::quota::{LimitHit, Quota, QuotaLimits};
use crate::secret::SecretHash;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// How many messages are remembered. Only those count that were under way when their conversation died.
const REMEMBERED: usize = 16;

/// One address's row. The stored form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    quota: Quota,
    /// Hashes, so that no conversation can be found from an address.
    counted: Vec<SecretHash>,
}

impl Ledger {
    /// Counts a message at `now`. `None`: it was counted before, and nothing is to be stored.
    ///
    /// # Errors
    /// [`LimitHit`] where a limit is reached: nothing is counted then.
    pub fn count(&self, message: SecretHash, limits: QuotaLimits, now: Timestamp) -> Result<Option<Self>, LimitHit> {
        if self.counted.contains(&message) {
            return Ok(None);
        }
        let quota = self.quota.count(limits, now)?;
        let forgotten = (self.counted.len() + 1).saturating_sub(REMEMBERED);
        let counted = self.counted.iter().skip(forgotten).copied().chain([message]).collect();
        Ok(Some(Self { quota, counted }))
    }

    /// Which limit keeps the next message out at `now`, if one does.
    #[must_use]
    pub fn reached(&self, limits: QuotaLimits, now: Timestamp) -> Option<LimitHit> {
        self.quota.reached(limits, now)
    }

    /// When nothing of it counts any more and it can be deleted.
    #[must_use]
    pub fn ends_at(&self) -> Timestamp {
        self.quota.ends_at()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_795_321_343);
    const ONE_A_DAY: QuotaLimits = QuotaLimits { daily: Some(1), monthly: None };

    fn message(number: usize) -> SecretHash {
        SecretHash::of(&number.to_string())
    }

    #[test]
    fn a_message_that_comes_again_is_let_in_and_counted_once() {
        let ledger = Ledger::default().count(message(1), ONE_A_DAY, NOW).expect("room").expect("counted");
        assert_eq!(ledger.count(message(1), ONE_A_DAY, NOW), Ok(None));
        assert!(ledger.count(message(2), ONE_A_DAY, NOW).is_err());
        assert!(ledger.reached(ONE_A_DAY, NOW).is_some());
    }

    #[test]
    fn a_refused_message_is_counted_when_it_is_let_in() {
        let full = Ledger::default().count(message(1), ONE_A_DAY, NOW).expect("room").expect("counted");
        let hit = full.count(message(2), ONE_A_DAY, NOW).expect_err("full");
        let next = full.count(message(2), ONE_A_DAY, hit.reset_at).expect("room").expect("counted");
        assert!(next.count(message(3), ONE_A_DAY, hit.reset_at).is_err());
    }

    #[test]
    fn the_row_does_not_grow() {
        let open = QuotaLimits::default();
        let mut ledger = Ledger::default();
        for number in 0..100 {
            ledger = ledger.count(message(number), open, NOW).expect("no limit").expect("counted");
        }
        assert_eq!(ledger.counted.len(), REMEMBERED);
        assert_eq!(ledger.count(message(99), open, NOW), Ok(None));
        assert_eq!(ledger.count(message(100 - REMEMBERED), open, NOW), Ok(None));
        assert!(ledger.count(message(99 - REMEMBERED), open, NOW).expect("no limit").is_some());
    }

    #[test]
    fn the_stored_form_is_pinned() {
        let ledger = Ledger::default().count(SecretHash::of("abc"), ONE_A_DAY, NOW).expect("room").expect("counted");
        let stored = concat!(
            r#"{"quota":{"counted_at":1795321343000,"day":1,"month":1},"#,
            r#""counted":["ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"]}"#
        );
        assert_eq!(serde_json::to_string(&ledger).expect("JSON"), stored);
        assert_eq!(serde_json::from_str::<Ledger>(stored).expect("a ledger"), ledger);
    }
}
