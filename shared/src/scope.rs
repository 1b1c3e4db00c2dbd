//! Scopes: what a secret key may do. Each resource has `:read` and `:write` (which includes reading), and there is
//! `widget:token`. Which route needs which scope is the route table's matter; who holds it is [`crate::auth`]'s.

use core::fmt;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a scope opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resource {
    /// Config, the audit log.
    Settings,
    /// Conversations.
    Conversations,
    /// Messages; chat needs `messages:write`.
    Messages,
    /// End users.
    Customers,
    /// What the agent answers from.
    Sources,
    /// The agent.
    Agent,
    /// Channels.
    Channels,
    /// Webhooks.
    Webhooks,
    /// API keys.
    Keys,
}

impl Resource {
    const fn name(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Conversations => "conversations",
            Self::Messages => "messages",
            Self::Customers => "customers",
            Self::Sources => "sources",
            Self::Agent => "agent",
            Self::Channels => "channels",
            Self::Webhooks => "webhooks",
            Self::Keys => "keys",
        }
    }
}

/// One scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// `<resource>:read`
    Read(Resource),
    /// `<resource>:write`, which includes reading.
    Write(Resource),
    /// `widget:token`: minting widget tokens.
    WidgetToken,
}

/// A text that is no scope. It isn't repeated: it may be anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown scope")]
pub struct UnknownScope;

impl Scope {
    /// Every scope, in alphabetical order: the order of a [`ScopeSet`] as text.
    pub const ALL: [Self; 19] = [
        Self::Read(Resource::Agent),
        Self::Write(Resource::Agent),
        Self::Read(Resource::Channels),
        Self::Write(Resource::Channels),
        Self::Read(Resource::Conversations),
        Self::Write(Resource::Conversations),
        Self::Read(Resource::Customers),
        Self::Write(Resource::Customers),
        Self::Read(Resource::Keys),
        Self::Write(Resource::Keys),
        Self::Read(Resource::Messages),
        Self::Write(Resource::Messages),
        Self::Read(Resource::Settings),
        Self::Write(Resource::Settings),
        Self::Read(Resource::Sources),
        Self::Write(Resource::Sources),
        Self::Read(Resource::Webhooks),
        Self::Write(Resource::Webhooks),
        Self::WidgetToken,
    ];

    /// Reads `keys:write` and the like.
    ///
    /// # Errors
    /// [`UnknownScope`]
    pub fn parse(text: &str) -> Result<Self, UnknownScope> {
        Self::ALL.into_iter().find(|scope| scope.is_written(text)).ok_or(UnknownScope)
    }

    fn is_written(self, text: &str) -> bool {
        match self {
            Self::Read(resource) => text.strip_suffix(":read") == Some(resource.name()),
            Self::Write(resource) => text.strip_suffix(":write") == Some(resource.name()),
            Self::WidgetToken => text == "widget:token",
        }
    }

    /// Its bit in a [`ScopeSet`]. Never stored: a set is stored as text.
    fn bit(self) -> u32 {
        Self::ALL.iter().position(|scope| *scope == self).map_or(0, |at| 1 << at)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(resource) => write!(f, "{}:read", resource.name()),
            Self::Write(resource) => write!(f, "{}:write", resource.name()),
            Self::WidgetToken => f.write_str("widget:token"),
        }
    }
}

/// A set of scopes. As text: an array of scopes in alphabetical order, as they were given.
#[derive(Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct ScopeSet(u32);

impl ScopeSet {
    /// No scope at all, as publishable keys have.
    pub const NONE: Self = Self(0);

    /// Every scope there is.
    #[must_use]
    pub fn all() -> Self {
        Scope::ALL.into_iter().collect()
    }

    /// Every scope but `keys:*`: a secret key's default, and what a session token may do.
    #[must_use]
    pub fn all_but_keys() -> Self {
        Scope::ALL
            .into_iter()
            .filter(|scope| !matches!(scope, Scope::Read(Resource::Keys) | Scope::Write(Resource::Keys)))
            .collect()
    }

    /// Whether it opens what `scope` opens. Writing includes reading.
    #[must_use]
    pub fn grants(self, scope: Scope) -> bool {
        let has = |scope: Scope| self.0 & scope.bit() != 0;
        match scope {
            Scope::Read(resource) => has(scope) || has(Scope::Write(resource)),
            Scope::Write(_) | Scope::WidgetToken => has(scope),
        }
    }

    /// Whether `other` grants all that this set grants: then a holder of `other` may hand this set on.
    #[must_use]
    pub fn is_subset(self, other: &Self) -> bool {
        self.iter().all(|scope| other.grants(scope))
    }

    /// The scopes, in alphabetical order.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.0 & scope.bit() != 0)
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}

impl fmt::Debug for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(|scope| scope.to_string())).finish()
    }
}

impl Serialize for ScopeSet {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.iter().map(|scope| scope.to_string()))
    }
}

/// A scope that isn't known is an error, never skipped: a stored set fails closed.
impl<'de> Deserialize<'de> for ScopeSet {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let texts = Vec::<String>::deserialize(from)?;
        texts.iter().map(|text| Scope::parse(text)).collect::<Result<_, _>>().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_scope_is_read_as_it_is_written() {
        let texts: Vec<_> = Scope::ALL.iter().map(Scope::to_string).collect();
        assert!(texts.is_sorted());
        for (scope, text) in Scope::ALL.into_iter().zip(&texts) {
            assert_eq!(Scope::parse(text), Ok(scope));
        }
        for bad in
            ["", "keys", "keys:", ":read", "keys:admin", "Keys:read", "keys:read ", "widget:write", "*", "keys:*"]
        {
            assert_eq!(Scope::parse(bad), Err(UnknownScope), "{bad}");
        }
    }

    #[test]
    fn writing_includes_reading_and_nothing_else() {
        let set = ScopeSet::from_iter([Scope::Write(Resource::Sources)]);
        for scope in Scope::ALL {
            let expected = matches!(scope, Scope::Read(Resource::Sources) | Scope::Write(Resource::Sources));
            assert_eq!(set.grants(scope), expected, "{scope}");
        }
        let read = ScopeSet::from_iter([Scope::Read(Resource::Sources)]);
        assert!(read.is_subset(&set) && !set.is_subset(&read));
    }

    #[test]
    fn the_default_holds_all_but_keys() {
        for scope in Scope::ALL {
            let is_keys = scope.to_string().starts_with("keys:");
            assert_eq!(ScopeSet::all_but_keys().grants(scope), !is_keys, "{scope}");
            assert!(ScopeSet::all().grants(scope));
            assert!(!ScopeSet::NONE.grants(scope));
        }
        assert!(!ScopeSet::all().is_subset(&ScopeSet::all_but_keys()));
    }

    #[test]
    fn a_set_is_a_sorted_array_of_texts() {
        let set: ScopeSet =
            serde_json::from_str(r#"["widget:token","keys:read","agent:write","keys:read"]"#).expect("known scopes");
        assert_eq!(serde_json::to_string(&set).expect("json"), r#"["agent:write","keys:read","widget:token"]"#);
        assert!(serde_json::from_str::<ScopeSet>(r#"["agent:write","root"]"#).is_err());
    }
}
