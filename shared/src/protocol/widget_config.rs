//! The body of `GET /widget/config`: what the widget is told of the live config. camelCase, as all that browsers
//! touch. It holds nothing that a visitor of the page may not know: no origins, no limits, nothing of the agent.

use serde::{Deserialize, Serialize};

/// The body of `GET /widget/config`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct WidgetConfig {
    /// The tenant that the publishable key belongs to.
    pub tenant: String,
    /// The key's environment.
    pub environment: String,
    /// Whether requests need a signed widget token.
    pub require_signed_token: bool,
    /// The path on the page's own origin that returns `{"token": "<jwt>"}`.
    pub refresh_path: String,
    /// How it looks.
    pub appearance: WidgetAppearance,
    /// Until when the visitor's limit hides the widget, in RFC 3339.
    #[serde(default)]
    pub hidden_until: Option<String>,
    /// The same in whole seconds from now on: the visitor's clock may be off. Absent where nothing hides it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden_for_secs: Option<u64>,
}

/// How the widget looks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct WidgetAppearance {
    /// The heading.
    pub title: String,
    /// What it says before the first message; may be empty.
    pub welcome_message: String,
    /// The hint in the empty input; may be empty.
    pub input_placeholder: String,
    /// `#rrggbb`.
    pub accent_color: String,
    /// Where the launcher stands.
    pub position: Position,
    /// Light, dark or the visitor's own setting.
    pub theme: Theme,
    /// Language tag (BCP 47) of the widget's own words; the page's language where absent.
    #[serde(default)]
    pub locale: Option<String>,
    /// Questions to begin with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suggested_questions: Vec<String>,
}

/// The corner that the launcher stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Position {
    /// Bottom right.
    #[default]
    BottomRight,
    /// Bottom left.
    BottomLeft,
}

impl Position {
    /// Reads `bottom-right` or `bottom-left`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "bottom-right" => Some(Self::BottomRight),
            "bottom-left" => Some(Self::BottomLeft),
            _ => None,
        }
    }

    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BottomRight => "bottom-right",
            Self::BottomLeft => "bottom-left",
        }
    }
}

/// Light or dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Theme {
    /// As the visitor's browser prefers.
    #[default]
    Auto,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// Reads `auto`, `light` or `dark`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "auto" => Some(Self::Auto),
            "light" => Some(Self::Light),
            "dark" => Some(Self::Dark),
            _ => None,
        }
    }

    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}
