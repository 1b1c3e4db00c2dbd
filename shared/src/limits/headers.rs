//! `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10), as structured fields (RFC 9651).

use super::window::{Admitted, Refused, WINDOW_MS};

/// `RateLimit-Policy`: `"default";q=100;w=60`: so many requests within so many seconds.
#[must_use]
pub fn policy(limit: u32) -> String {
    format!("\"default\";q={limit};w={}", WINDOW_MS / 1000)
}

/// `RateLimit`: `"default";r=99;t=60`: so many left, all of them free again in so many seconds.
#[must_use]
pub fn rate_limit(verdict: Result<Admitted, Refused>) -> String {
    let (remaining, secs) = match verdict {
        Ok(admitted) => (admitted.remaining, admitted.reset_secs),
        Err(refused) => (0, refused.retry_after_secs),
    };
    format!("\"default\";r={remaining};t={secs}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Window;
    use crate::time::Timestamp;

    #[test]
    fn headers_are_pinned() {
        let mut window = Window::default();
        assert_eq!(policy(2), "\"default\";q=2;w=60");
        assert_eq!(rate_limit(window.admit(2, Timestamp::from_millis(0))), "\"default\";r=1;t=60");
        assert_eq!(rate_limit(window.admit(2, Timestamp::from_millis(500))), "\"default\";r=0;t=60");
        assert_eq!(rate_limit(window.admit(2, Timestamp::from_millis(1_500))), "\"default\";r=0;t=59");
    }
}
