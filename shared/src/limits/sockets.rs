//! How many sockets one visitor's address may open and hold, and how many frames one socket may send. Decided here: when
//! enough is enough. Where sockets are listed isn't.

use super::window::Window;
use crate::error::{ErrorCode, Refusal};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// New sockets a minute from one address, unless the deployment is set otherwise.
pub const NEW_SOCKETS_PER_MINUTE: u32 = 600;
/// Sockets that one address holds at once, unless the deployment is set otherwise.
pub const HELD_SOCKETS: u32 = 100;
/// When an address that holds too many may try again: by then a socket that says nothing is cut.
const HELD_RETRY_SECS: u32 = 10;

/// Frames that a socket may send in one go.
const FRAMES_AT_ONCE: i64 = 60;
/// Frames a second that it may send for ever.
const FRAMES_PER_SEC: i64 = 20;
/// What one frame costs, in milliseconds of waiting.
const FRAME_MS: i64 = 1_000 / FRAMES_PER_SEC;

/// What a deployment allows one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SocketLimits {
    /// New ones within any 60 s.
    pub per_minute: u32,
    /// Open ones at once.
    pub held: u32,
}

impl SocketLimits {
    /// Lets one more in where `held` are open. What is refused isn't remembered.
    ///
    /// # Errors
    /// `rate_limited`, with the time after which another try can succeed.
    pub fn admit(self, opened: &mut Window, held: usize, now: Timestamp) -> Result<(), Refusal> {
        if self.is_full(held) {
            return Err(Refusal::from(ErrorCode::RateLimited).retry_after(HELD_RETRY_SECS));
        }
        let refused = |secs| Refusal::from(ErrorCode::RateLimited).retry_after(secs);
        opened.admit(self.per_minute, now).map(drop).map_err(|full| refused(full.retry_after_secs))
    }

    /// Whether no more may be open.
    #[must_use]
    pub fn is_full(self, held: usize) -> bool {
        u32::try_from(held).unwrap_or(u32::MAX) >= self.held
    }
}

/// How fast one socket sends: a bucket that frames fill and time empties. Kept with the socket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pace {
    /// When the bucket is empty.
    empty_at: Timestamp,
}

impl Pace {
    /// An empty bucket.
    #[must_use]
    pub const fn new() -> Self {
        Self { empty_at: Timestamp::from_millis(0) }
    }

    /// One more frame at `now`. `false`: it is one too many.
    pub fn admit(&mut self, now: Timestamp) -> bool {
        let full = now.plus_millis(FRAMES_AT_ONCE * FRAME_MS);
        // Never more than full: a clock that went back must not shut the socket for as long.
        self.empty_at = self.empty_at.max(now).min(full);
        let filled = self.empty_at.plus_millis(FRAME_MS);
        let fits = filled <= full;
        if fits {
            self.empty_at = filled;
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: SocketLimits = SocketLimits { per_minute: 3, held: 2 };

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn an_address_opens_and_holds_so_many_sockets_and_no_more() {
        let mut opened = Window::default();
        for (held, passes) in [(0, true), (1, true), (2, false), (1, true), (1, false)] {
            assert_eq!(LIMITS.admit(&mut opened, held, at(1_000)).is_ok(), passes, "{held} held");
        }
        let refusal = LIMITS.admit(&mut opened, 0, at(1_000)).expect_err("three within the minute");
        assert_eq!((refusal.code, refusal.retry_after_secs), (ErrorCode::RateLimited, Some(60)));
        assert!(LIMITS.admit(&mut opened, 0, at(61_000)).is_ok());
    }

    #[test]
    fn a_socket_sends_60_frames_at_once_and_then_20_a_second() {
        let mut pace = Pace::default();
        let count = |pace: &mut Pace, now| (0..100).take_while(|_| pace.admit(at(now))).count();
        assert_eq!(count(&mut pace, 10_000), 60);
        assert_eq!(count(&mut pace, 10_049), 0);
        assert_eq!(count(&mut pace, 10_050), 1);
        assert_eq!(count(&mut pace, 11_050), 20);
        assert_eq!(count(&mut pace, 100_000), 60);
    }

    #[test]
    fn a_clock_that_goes_back_neither_opens_nor_closes_a_socket_for_good() {
        let mut pace = Pace::default();
        assert!(pace.admit(at(1_000_000)));
        let admitted = (0..100).filter(|_| pace.admit(at(0))).count();
        assert_eq!(admitted, 0);
        assert!(pace.admit(at(50)), "one frame's time later");
    }

    #[test]
    fn the_stored_form_is_pinned() {
        let mut pace = Pace::default();
        assert!(pace.admit(at(1_000)));
        assert_eq!(serde_json::to_string(&pace).expect("JSON"), r#"{"empty_at":1050}"#);
    }
}
