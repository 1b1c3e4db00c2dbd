//! What the page says about its widget (`data-*` attributes), and how it looks: what the page says wins over the live
//! config.

use serde::Deserialize;
use weft_shared::ids::{ConversationId, is_url_safe};

/// What the script tag says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Options {
    /// The publishable key.
    pub key: String,
    /// Weft's origin, as `https://weft.example`.
    pub origin: String,
    /// What the page says about looks.
    pub appearance: Appearance,
}

/// How the widget looks; `None`: not said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Appearance {
    pub title: Option<String>,
    pub welcome_message: Option<String>,
    pub input_placeholder: Option<String>,
    pub accent_color: Option<String>,
    pub position: Option<String>,
    pub theme: Option<String>,
}

/// What the script tag must say and doesn't.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OptionsError {
    /// `data-key` is missing or not a key.
    Key,
    /// `data-api-url` isn't an address, and the script has none either.
    Origin,
}

impl OptionsError {
    /// What the console says to the site's owner.
    pub(crate) const fn message(self) -> &'static str {
        match self {
            Self::Key => "Weft: data-key must hold a publishable key (wf_pk_…)",
            Self::Origin => "Weft: data-api-url must be an http or https address",
        }
    }
}

impl Options {
    /// Reads the attributes by name: camel case, without `data-`. `src` is the script's own address. The older names
    /// `apiKey` and `apiUrl` come from pages that had Open Chat Widget.
    ///
    /// # Errors
    /// [`OptionsError`] where the widget can't start.
    pub(crate) fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self, OptionsError> {
        let get = |name| get(name).filter(|text| !text.is_empty());
        // The key stands in addresses, so nothing but a key's own characters may be in it.
        let key =
            get("key").or_else(|| get("apiKey")).filter(|key| is_url_safe(key, 1, 128)).ok_or(OptionsError::Key)?;
        let address = get("apiUrl").or_else(|| get("src")).unwrap_or_default();
        Ok(Self {
            key,
            origin: origin_of(&address).ok_or(OptionsError::Origin)?.to_owned(),
            appearance: Appearance {
                title: get("title"),
                welcome_message: get("welcomeMessage"),
                input_placeholder: get("inputPlaceholder"),
                accent_color: get("accentColor"),
                position: get("position"),
                theme: get("theme"),
            },
        })
    }

    /// Where the live config is read.
    pub(crate) fn config_url(&self) -> String {
        [&self.origin, "/widget/config?key=", &self.key].concat()
    }

    /// Where the socket is opened. No token stands in it, ever: addresses are logged.
    pub(crate) fn session_url(&self, conversation: &ConversationId) -> String {
        // "https" becomes "wss", "http" becomes "ws".
        ["ws", &self.origin["http".len()..], "/widget/session?key=", &self.key, "&conversation=", conversation.as_str()]
            .concat()
    }
}

impl Appearance {
    /// What is said here, else what `other` says.
    #[must_use]
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            title: self.title.or(other.title),
            welcome_message: self.welcome_message.or(other.welcome_message),
            input_placeholder: self.input_placeholder.or(other.input_placeholder),
            accent_color: self.accent_color.or(other.accent_color),
            position: self.position.or(other.position),
            theme: self.theme.or(other.theme),
        }
    }

    /// Whether it sits at the left: `bottom-left`.
    pub(crate) fn is_left(&self) -> bool {
        self.position.as_deref().is_some_and(|position| position.ends_with("left"))
    }
}

/// The origin of an http or https address.
fn origin_of(address: &str) -> Option<&str> {
    let host_at = ["http://", "https://"].into_iter().find(|scheme| address.starts_with(scheme))?.len();
    let rest = &address[host_at..];
    let host = rest.split(['/', '?', '#', '\\']).next().filter(|host| !host.is_empty())?;
    Some(&address[..host_at + host.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(attributes: &[(&str, &str)]) -> Result<Options, OptionsError> {
        Options::read(|name| attributes.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn a_key_and_the_scripts_address_are_enough() {
        let options = read(&[("key", "wf_pk_acme_1"), ("src", "https://weft.example/widget/weft.js")]).unwrap();
        assert_eq!(options.config_url(), "https://weft.example/widget/config?key=wf_pk_acme_1");
        let conversation = ConversationId::parse("c".repeat(16)).unwrap();
        assert_eq!(
            options.session_url(&conversation),
            "wss://weft.example/widget/session?key=wf_pk_acme_1&conversation=cccccccccccccccc"
        );
    }

    #[test]
    fn names_of_open_chat_widget_are_understood() {
        let options = read(&[
            ("apiKey", "wf_pk_acme_1"),
            ("apiUrl", "http://127.0.0.1:8787/"),
            ("src", "https://cdn.example/weft.js"),
            ("title", "Support"),
            ("welcomeMessage", "Hi"),
            ("inputPlaceholder", "Ask"),
            ("position", "bottom-left"),
            ("accentColor", "#123456"),
        ])
        .unwrap();
        assert_eq!(options.origin, "http://127.0.0.1:8787");
        assert_eq!(options.appearance.title.as_deref(), Some("Support"));
        assert_eq!(options.appearance.welcome_message.as_deref(), Some("Hi"));
        assert_eq!(options.appearance.input_placeholder.as_deref(), Some("Ask"));
        assert_eq!(options.appearance.accent_color.as_deref(), Some("#123456"));
        assert!(options.appearance.is_left());
    }

    #[test]
    fn a_key_with_foreign_characters_never_reaches_an_address() {
        let src = ("src", "https://weft.example/weft.js");
        for key in ["", "a&b", "a b", "a#b", "ä", &"a".repeat(129)] {
            assert_eq!(read(&[("key", key), src]), Err(OptionsError::Key), "{key}");
        }
        assert_eq!(read(&[src]), Err(OptionsError::Key));
    }

    #[test]
    fn only_http_and_https_are_addresses() {
        for address in ["", "weft.example", "//weft.example", "javascript:alert(1)", "https://", "https:///x", "ws://x"]
        {
            assert_eq!(read(&[("key", "k"), ("apiUrl", address), ("src", "")]), Err(OptionsError::Origin), "{address}");
        }
        assert_eq!(origin_of("https://weft.example?x"), Some("https://weft.example"));
        assert_eq!(origin_of("https://weft.example\\@evil"), Some("https://weft.example"));
    }

    #[test]
    fn the_page_wins_over_the_live_config() {
        let page = Appearance { title: Some("Page".to_owned()), ..Appearance::default() };
        let live =
            Appearance { title: Some("Live".to_owned()), theme: Some("dark".to_owned()), ..Appearance::default() };
        let both = page.or(live);
        assert_eq!(both.title.as_deref(), Some("Page"));
        assert_eq!(both.theme.as_deref(), Some("dark"));
        assert!(!both.is_left());
    }
}
