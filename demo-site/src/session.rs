//! Who is logged in: a random cookie, and what the site remembers of its bearer. Kept in memory, so a restart logs
//! everybody out.

use crate::accounts::Account;
use crate::app::App;
use crate::basket::Basket;
use crate::clock;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use base64ct::{Base64UrlUnpadded, Encoding};
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The cookie's name.
pub const COOKIE: &str = "shop_session";
/// A session that nobody used for so long is over.
pub const IDLE_LIMIT: Duration = Duration::from_hours(12);
/// Above this, the session that was unused for longest goes: nobody fills the memory by asking for cookies.
const MAX_SESSIONS: usize = 10_000;

/// The cookie's value: 32 random bytes. Whoever has it is the visitor.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SessionId([u8; 32]);

impl SessionId {
    /// An id made of random bytes.
    #[must_use]
    pub fn new(random: [u8; 32]) -> Self {
        Self(random)
    }

    /// The id in a request's cookie, if there is one of the right shape.
    #[must_use]
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let mut bytes = [0; 32];
        let decoded = Base64UrlUnpadded::decode(cookie(headers, COOKIE)?, &mut bytes).ok()?;
        (decoded.len() == 32).then_some(Self(bytes))
    }

    /// The `Set-Cookie` header that hands the id to the browser. Out of reach of scripts, and not sent along with
    /// another site's forms. Behind https it would also be `Secure`.
    #[must_use]
    pub fn set_cookie(&self) -> HeaderValue {
        let value = Base64UrlUnpadded::encode_string(&self.0);
        cookie_header(&value, IDLE_LIMIT)
    }
}

/// The `Set-Cookie` header that makes the browser forget its id.
#[must_use]
pub fn clear_cookie() -> HeaderValue {
    cookie_header("", Duration::ZERO)
}

fn cookie_header(base64url: &str, max_age: Duration) -> HeaderValue {
    let max_age_secs = max_age.as_secs();
    HeaderValue::try_from(format!("{COOKIE}={base64url}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age_secs}"))
        .expect("base64url and digits are header text")
}

/// The value of a cookie in a request.
#[must_use]
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

/// What the site remembers of a visitor.
#[derive(Debug, Clone, Default)]
pub struct Session {
    /// The customer, once logged in.
    pub account: Option<&'static Account>,
    /// What the visitor means to buy.
    pub basket: Basket,
}

/// All sessions.
#[derive(Default)]
pub struct Sessions(Mutex<HashMap<SessionId, Entry>>);

struct Entry {
    session: Session,
    used_at: Instant,
}

impl Sessions {
    /// The session of that id, unless it is over. Counts as a use.
    #[must_use]
    pub fn find(&self, id: &SessionId, now: Instant) -> Option<Session> {
        let mut sessions = self.lock();
        let entry = sessions.get_mut(id).filter(|entry| entry.is_live(now))?;
        entry.used_at = now;
        Some(entry.session.clone())
    }

    /// Puts a session under an id.
    pub fn put(&self, id: SessionId, session: Session, now: Instant) {
        let mut sessions = self.lock();
        if sessions.len() >= MAX_SESSIONS && !sessions.contains_key(&id) {
            sessions.retain(|_, entry| entry.is_live(now));
            let oldest = sessions.iter().min_by_key(|(_, entry)| entry.used_at).map(|(id, _)| id.clone());
            if let Some(oldest) = oldest.filter(|_| sessions.len() >= MAX_SESSIONS) {
                sessions.remove(&oldest);
            }
        }
        sessions.insert(id, Entry { session, used_at: now });
    }

    /// Ends a session: its cookie opens nothing from here on.
    pub fn end(&self, id: &SessionId) {
        self.lock().remove(id);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SessionId, Entry>> {
        // No code path panics while it holds the lock; if one ever did, the map itself would still be whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn is_live(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.used_at) < IDLE_LIMIT
    }
}

/// Who sent a request: a visitor with a session, or one whom the site doesn't know yet.
pub struct Visitor {
    /// The id in the visitor's cookie, where it opens a session.
    pub id: Option<SessionId>,
    /// The session; an empty one for a stranger.
    pub session: Session,
}

impl FromRequestParts<Arc<App>> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        let found = SessionId::from_headers(&parts.headers)
            .and_then(|id| app.sessions.find(&id, clock::now()).map(|session| (id, session)));
        Ok(match found {
            Some((id, session)) => Self { id: Some(id), session },
            None => Self { id: None, session: Session::default() },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::ACCOUNTS;

    fn id(seed: u32) -> SessionId {
        let mut bytes = [0; 32];
        bytes[..4].copy_from_slice(&seed.to_le_bytes());
        SessionId::new(bytes)
    }

    fn logged_in() -> Session {
        Session { account: Some(&ACCOUNTS[0]), ..Session::default() }
    }

    #[test]
    fn cookie_survives_the_round_trip() {
        let sent = id(7).set_cookie();
        let sent = sent.to_str().expect("text");
        for attribute in ["HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(sent.contains(attribute), "{sent}");
        }
        let pair = sent.split(';').next().expect("a pair");
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::try_from(format!("theme=dark; {pair}; x=y")).expect("text"));
        assert!(SessionId::from_headers(&headers) == Some(id(7)));
    }

    #[test]
    fn other_cookies_open_nothing() {
        for line in ["", "shop_session=", "shop_session=abc", "shop_session=!!", "other=AAAA", "xshop_session=AAAA"] {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, HeaderValue::from_static(line));
            assert!(SessionId::from_headers(&headers).is_none(), "{line}");
        }
    }

    #[test]
    fn session_ends_when_idle_for_too_long() {
        let sessions = Sessions::default();
        let start = clock::now();
        sessions.put(id(1), logged_in(), start);
        let last_use = start + IDLE_LIMIT.saturating_sub(Duration::from_millis(1));
        assert!(sessions.find(&id(1), last_use).is_some(), "used in time, and the limit starts anew");
        assert!(sessions.find(&id(1), last_use + IDLE_LIMIT).is_none());
    }

    #[test]
    fn ended_session_opens_nothing() {
        let sessions = Sessions::default();
        let now = clock::now();
        sessions.put(id(1), logged_in(), now);
        sessions.end(&id(1));
        assert!(sessions.find(&id(1), now).is_none());
    }

    #[test]
    fn full_store_drops_the_session_unused_for_longest() {
        let sessions = Sessions::default();
        let start = clock::now();
        let full = u32::try_from(MAX_SESSIONS).expect("small");
        for seed in 0..=full {
            sessions.put(id(seed), Session::default(), start + Duration::from_millis(u64::from(seed)));
        }
        let now = start + Duration::from_mins(1);
        assert_eq!(sessions.lock().len(), MAX_SESSIONS);
        assert!(sessions.find(&id(0), now).is_none());
        assert!(sessions.find(&id(1), now).is_some() && sessions.find(&id(full), now).is_some());
    }
}
