//! The live config, as `GET /widget/config` gives it.

use crate::browser::get;
use crate::json;
use crate::options::Looks;
use js_sys::{Array, JSON};
use wasm_bindgen::{JsCast as _, JsValue};

/// What the widget needs of the live config.
#[derive(Debug)]
pub(crate) struct Config {
    /// Whether requests need a signed widget token.
    pub requires_token: bool,
    /// Where the page's own origin gives one.
    pub refresh_path: String,
    /// How it looks.
    pub looks: Looks,
    /// A limit is reached until then, RFC 3339; empty: none is.
    pub hidden_until: String,
    /// The same in seconds from now on, whatever the visitor's clock says.
    pub hidden_for_secs: Option<u64>,
}

/// Why there is no config.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ConfigFailure {
    /// Weft can't be reached, or has a problem.
    Unreachable,
    /// Weft refused, by this code.
    Refused(String),
}

impl Config {
    /// Reads the reply.
    ///
    /// # Errors
    /// [`ConfigFailure`] where it is none, or a refusal.
    pub(crate) fn read(status: u16, body: &JsValue) -> Result<Self, ConfigFailure> {
        let text = body.as_string().unwrap_or_default();
        let body = JSON::parse(&text).map_err(|_| ConfigFailure::Unreachable)?;
        let text = |name| get(&body, name).as_string().unwrap_or_default();
        match status {
            200 => {
                let looks = get(&body, "appearance");
                Ok(Self {
                    requires_token: get(&body, "requireSignedToken").is_truthy(),
                    refresh_path: text("refreshPath"),
                    looks: Looks::read(&|name| read_look(&get(&looks, name))),
                    hidden_until: text("hiddenUntil"),
                    hidden_for_secs: json::number(&body, "hiddenForSecs"),
                })
            }
            400..500 => Err(ConfigFailure::Refused(text("error"))),
            _ => Err(ConfigFailure::Unreachable),
        }
    }
}

/// A text, or a list of texts as lines, the last one too.
fn read_look(look: &JsValue) -> Option<String> {
    look.as_string().or_else(|| Some(String::from(look.dyn_ref::<Array>()?.join("\n")) + "\n"))
}
