//! The config itself, its defaults, and what the widget sees of it.

use super::{Origin, RefreshPath};
use crate::ids::{Environment, TenantId};
use crate::limits::QuotaLimits;
use crate::protocol::widget_config::{Position, Theme, WidgetAppearance, WidgetConfig};
use serde::{Deserialize, Serialize};

/// A config, whole. Its serde form is both the stored one and the management API's; a field that an older stored form
/// lacks has its default.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Config {
    /// Whether requests need a signed widget token.
    pub require_signed_token: bool,
    /// The origin of the customer's pages.
    pub base_url: Option<Origin>,
    /// Where on it the widget asks for a token.
    pub refresh_path: RefreshPath,
    /// The origins that may use the widget; the base URL's alone unless given.
    pub allowed_origins: Option<Vec<Origin>>,
    /// Accepted messages per client IP and UTC day.
    pub per_ip_daily: Option<u32>,
    /// Accepted messages per client IP and UTC month.
    pub per_ip_monthly: Option<u32>,
    /// How the widget looks.
    pub appearance: Appearance,
    /// What answers.
    pub agent: AgentConfig,
}

/// How the widget looks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Appearance {
    /// The heading: 1 to 60 characters.
    pub title: String,
    /// What it says before the first message: up to 500 characters.
    pub welcome_message: String,
    /// The hint in the empty input: up to 100 characters.
    pub input_placeholder: String,
    /// `#rrggbb`.
    pub accent_color: String,
    /// Where the launcher stands.
    pub position: Position,
    /// Light, dark or the visitor's own setting.
    pub theme: Theme,
    /// Language tag of the visitors; the page's own language where null.
    pub locale: Option<String>,
    /// What a visitor may ask with one click before the first message: up to 4 texts of 1 to 100 characters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub suggested_questions: Vec<String>,
}

impl Default for Appearance {
    fn default() -> Self {
        Self {
            title: "Chat with us".to_owned(),
            welcome_message: "Hello! What can we help you with?".to_owned(),
            input_placeholder: "Write a message".to_owned(),
            // White text on it has a contrast of 5.2:1 (WCAG 2.2 asks for 4.5:1).
            accent_color: "#2563eb".to_owned(),
            position: Position::default(),
            theme: Theme::default(),
            locale: None,
            suggested_questions: Vec::new(),
        }
    }
}

/// What answers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct AgentConfig {
    /// Which agent provider.
    pub provider: Provider,
    /// What a model is told beforehand: up to 8,000 characters.
    pub instructions: String,
    /// Which model; the deployment's own where null.
    pub model: Option<String>,
}

/// An agent provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Quotes the tenant's sources.
    #[default]
    Sources,
    /// Any OpenAI-compatible server.
    OpenAi,
    /// Plays a script; for tests.
    Scripted,
}

impl Provider {
    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sources => "sources",
            Self::OpenAi => "openai",
            Self::Scripted => "scripted",
        }
    }
}

impl Config {
    /// The origins that may use the widget. None by default: a config that names none allows none.
    #[must_use]
    pub fn origins(&self) -> Vec<Origin> {
        self.allowed_origins.clone().unwrap_or_else(|| self.base_url.iter().cloned().collect())
    }

    /// Whether a page with this `Origin` header may. The header is compared whole: `null`, a prefix, another case or
    /// another port never pass.
    #[must_use]
    pub fn is_origin_allowed(&self, origin_header: &str) -> bool {
        self.origins().iter().any(|origin| origin.as_str() == origin_header)
    }

    /// What a visitor's address may send.
    #[must_use]
    pub const fn quota_limits(&self) -> QuotaLimits {
        QuotaLimits { daily: self.per_ip_daily, monthly: self.per_ip_monthly }
    }

    /// What the widget is told.
    #[must_use]
    pub fn for_widget(&self, tenant: &TenantId, environment: &Environment) -> WidgetConfig {
        WidgetConfig {
            tenant: tenant.to_string(),
            environment: environment.to_string(),
            require_signed_token: self.require_signed_token,
            refresh_path: self.refresh_path.to_string(),
            appearance: WidgetAppearance {
                title: self.appearance.title.clone(),
                welcome_message: self.appearance.welcome_message.clone(),
                input_placeholder: self.appearance.input_placeholder.clone(),
                accent_color: self.appearance.accent_color.clone(),
                position: self.appearance.position,
                theme: self.appearance.theme,
                locale: self.appearance.locale.clone(),
                suggested_questions: self.appearance.suggested_questions.clone(),
            },
            hidden_until: None,
            hidden_for_secs: None,
        }
    }
}
