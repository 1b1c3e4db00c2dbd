//! What the page says about its widget (`data-*` attributes), and how it looks: what the page says wins over the live
//! config.

use crate::text::concat;
use weft_shared::ids::{ConversationId, is_url_safe};

/// What the script tag says.
#[derive(Debug)]
pub(crate) struct Options {
    /// The publishable key.
    pub key: String,
    /// Weft's origin, as `https://weft.example`.
    pub origin: String,
    /// Where the files of languages are, as far as their addresses are the same.
    pub languages: String,
    /// What the page says about looks.
    pub looks: Looks,
}

/// A part of the widget's looks.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Look {
    Title,
    WelcomeMessage,
    InputPlaceholder,
    AccentColor,
    Position,
    Theme,
    Locale,
    /// Parted by bars in the attribute, by lines in the config.
    SuggestedQuestions,
}

/// As the attributes (`data-welcome-message` is `welcomeMessage`) and the live config call them.
const NAMES: [&str; 8] =
    ["title", "welcomeMessage", "inputPlaceholder", "accentColor", "position", "theme", "locale", "suggestedQuestions"];

/// How the widget looks; what isn't said is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Looks([Option<String>; NAMES.len()]);

impl Looks {
    /// Reads them by name.
    pub(crate) fn read(get: &dyn Fn(&str) -> Option<String>) -> Self {
        Self(NAMES.map(get))
    }

    /// What is said of a part; empty: nothing.
    pub(crate) fn get(&self, look: Look) -> &str {
        self.0[look as usize].as_deref().unwrap_or_default()
    }

    /// Fills in what is not said here.
    pub(crate) fn or(&mut self, other: Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            if mine.is_none() {
                *mine = theirs;
            }
        }
    }
}

impl Options {
    /// Reads the attributes by name: camel case, without `data-`. The older name `apiKey` comes from pages that had Open
    /// Chat Widget. `None`: there is no key.
    pub(crate) fn read(origin: String, get: &dyn Fn(&str) -> Option<String>) -> Option<Self> {
        // The key stands in addresses, so nothing but a key's own characters may be in it.
        let key = get("key").or_else(|| get("apiKey")).filter(|key| is_url_safe(key, 1, 128))?;
        Some(Self { key, origin, languages: get("languages").unwrap_or_default(), looks: Looks::read(get) })
    }

    /// Where the words of a language are.
    pub(crate) fn language_url(&self, language: &str) -> String {
        concat(&[&self.languages, language, ".txt"])
    }

    /// Where the live config is read.
    pub(crate) fn config_url(&self) -> String {
        concat(&[&self.origin, "/widget/config?key=", &self.key])
    }

    /// Where the socket is opened. No token stands in it, ever: addresses are logged.
    pub(crate) fn session_url(&self, conversation: &ConversationId) -> String {
        // "https" becomes "wss", "http" becomes "ws".
        let rest = self.origin.strip_prefix("http").unwrap_or_default();
        concat(&["ws", rest, "/widget/session?key=", &self.key, "&conversation=", conversation.as_str()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: &str = "https://weft.example";

    fn read(attributes: &[(&str, &str)]) -> Option<Options> {
        let get =
            |name: &str| attributes.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Options::read(ORIGIN.to_owned(), &get)
    }

    #[test]
    fn a_key_is_enough() {
        let options = read(&[("key", "wf_pk_acme_1")]).unwrap();
        assert_eq!(options.config_url(), "https://weft.example/widget/config?key=wf_pk_acme_1");
        let conversation = ConversationId::parse("c".repeat(16)).unwrap();
        assert_eq!(
            options.session_url(&conversation),
            "wss://weft.example/widget/session?key=wf_pk_acme_1&conversation=cccccccccccccccc"
        );
        assert_eq!(options.looks, Looks::default());
    }

    #[test]
    fn names_of_open_chat_widget_are_understood() {
        let options = read(&[
            ("apiKey", "wf_pk_acme_1"),
            ("title", "Support"),
            ("welcomeMessage", "Hi"),
            ("inputPlaceholder", "Ask"),
            ("position", "bottom-left"),
            ("accentColor", "#123456"),
        ])
        .unwrap();
        assert_eq!(options.key, "wf_pk_acme_1");
        assert_eq!(options.looks.get(Look::Title), "Support");
        assert_eq!(options.looks.get(Look::WelcomeMessage), "Hi");
        assert_eq!(options.looks.get(Look::InputPlaceholder), "Ask");
        assert_eq!(options.looks.get(Look::AccentColor), "#123456");
        assert_eq!(options.looks.get(Look::Position), "bottom-left");
        assert_eq!(options.looks.get(Look::Theme), "");
    }

    #[test]
    fn a_key_with_foreign_characters_never_reaches_an_address() {
        for key in ["", "a&b", "a b", "a#b", "ä", &"a".repeat(129)] {
            assert!(read(&[("key", key)]).is_none(), "{key}");
        }
        assert!(read(&[]).is_none());
        assert!(read(&[("key", "a")]).is_some());
    }

    #[test]
    fn the_page_wins_over_the_live_config() {
        let mut looks = Looks::read(&|name| (name == "title").then(|| "Page".to_owned()));
        looks.or(Looks::read(&|_| Some("Live".to_owned())));
        assert_eq!(looks.get(Look::Title), "Page");
        assert_eq!(looks.get(Look::Theme), "Live");
    }
}
