//! Instants and how they look from outside. Nothing here asks what time it is.

/// An instant: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since the epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// From whole seconds since the epoch (JWT's `NumericDate`, RFC 7519 section 2).
    #[must_use]
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    #[must_use]
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This instant and `millis` more.
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// This instant and `secs` more.
    #[must_use]
    pub const fn plus_secs(self, secs: i64) -> Self {
        self.plus_millis(secs.saturating_mul(1000))
    }

    /// Milliseconds from `earlier` to this instant; negative where it is later.
    #[must_use]
    pub const fn millis_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

#[cfg(feature = "server")]
impl Timestamp {
    /// RFC 3339 in UTC with milliseconds, as every time in an answer: `2026-11-22T04:22:23.000Z`.
    #[must_use]
    pub fn to_rfc3339(self) -> String {
        chrono::DateTime::from_timestamp_millis(self.0)
            .unwrap_or_default()
            .to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
    }

    /// Reads RFC 3339 with any offset.
    #[must_use]
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        chrono::DateTime::parse_from_rfc3339(text).ok().map(|at| Self(at.timestamp_millis()))
    }
}

/// For `#[serde(with = "…")]`: an instant as RFC 3339 text, as bodies carry it.
#[cfg(feature = "server")]
pub mod rfc3339 {
    use super::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer};
    /// Writes it.
    ///
    /// # Errors
    /// The serializer's own.
    pub fn serialize<S: Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&at.to_rfc3339())
    }
    /// Reads it.
    ///
    /// # Errors
    /// Where it isn't an RFC 3339 time.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        let text = String::deserialize(from)?;
        Timestamp::parse_rfc3339(&text).ok_or_else(|| serde::de::Error::custom("must be an RFC 3339 time"))
    }

    /// The same for an instant that may be absent: `null`.
    pub mod option {
        use super::Timestamp;
        use serde::{Deserialize, Deserializer, Serializer};
        /// Writes it.
        ///
        /// # Errors
        /// The serializer's own.
        pub fn serialize<S: Serializer>(at: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
            match at {
                Some(at) => to.serialize_str(&at.to_rfc3339()),
                None => to.serialize_none(),
            }
        }
        /// Reads it.
        ///
        /// # Errors
        /// Where it is there and isn't an RFC 3339 time.
        pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
            let Some(text) = Option::<String>::deserialize(from)? else { return Ok(None) };
            Timestamp::parse_rfc3339(&text)
                .map(Some)
                .ok_or_else(|| serde::de::Error::custom("must be an RFC 3339 time"))
        }
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;

    #[test]
    fn times_are_rfc3339_in_utc() {
        let at = Timestamp::from_millis(1_795_321_343_123);
        assert_eq!(at.to_rfc3339(), "2026-11-22T04:22:23.123Z");
        assert_eq!(Timestamp::parse_rfc3339("2026-11-22T05:22:23.123+01:00"), Some(at));
        assert_eq!(Timestamp::parse_rfc3339("2026-11-22 05:22"), None);
    }

    #[test]
    fn seconds_round_down_also_before_the_epoch() {
        assert_eq!(Timestamp::from_millis(1999).as_secs(), 1);
        assert_eq!(Timestamp::from_millis(-1).as_secs(), -1);
    }
}
