//! `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-11, sections 3 and 4), as structured fields
//! (RFC 9651).

use super::rate::Counted;
use super::window::WINDOW_MS;

/// The two fields of an answer to a request that a window counted or refused.
///
/// `RateLimit-Policy: "default";q=100;w=60`: 100 requests within 60 s. `RateLimit: "default";r=99;t=60`: 99 more would
/// pass now, and more than these in 60 s at the earliest. Where the request was refused, `t` is what `Retry-After` says
/// (section 6 wants the two to agree).
#[must_use]
pub fn fields(counted: &Counted) -> [(&'static str, String); 2] {
    let name = counted.counting.name();
    let (remaining, secs) = match counted.verdict {
        Ok(admitted) => (admitted.remaining, admitted.reset_secs),
        Err(refused) => (0, refused.retry_after_secs),
    };
    [
        ("RateLimit-Policy", format!("\"{name}\";q={};w={}", counted.limit, WINDOW_MS / 1000)),
        ("RateLimit", format!("\"{name}\";r={remaining};t={secs}")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{Counting, Window};
    use crate::time::Timestamp;

    #[test]
    fn headers_are_pinned() {
        let mut window = Window::default();
        let mut told = |counting, millis| {
            let verdict = window.admit(2, Timestamp::from_millis(millis));
            fields(&Counted { counting, limit: 2, verdict }).map(|(name, value)| format!("{name}: {value}"))
        };
        let request = Counting::Request;
        assert_eq!(told(request, 0), [r#"RateLimit-Policy: "default";q=2;w=60"#, r#"RateLimit: "default";r=1;t=60"#]);
        assert_eq!(told(request, 500)[1], r#"RateLimit: "default";r=0;t=60"#);
        assert_eq!(told(request, 1_500)[1], r#"RateLimit: "default";r=0;t=59"#);
        let mint = Counting::Mint { per_minute: 2 };
        assert_eq!(
            told(mint, 60_000),
            [r#"RateLimit-Policy: "widget-token";q=2;w=60"#, r#"RateLimit: "widget-token";r=0;t=1"#]
        );
    }
}
