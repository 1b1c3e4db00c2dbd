//! Every path of the product that both ends speak of. The Worker's table ([`super::routes`]) is built from these, the
//! widget calls them: neither writes a path of its own.

/// Is the Worker up.
pub const HEALTH_PATH: &str = "/health";
/// The loader that a page embeds. A static asset: it isn't in the table of routes.
pub const WIDGET_SCRIPT_PATH: &str = "/widget/weft.js";
/// The live config, as far as the widget needs it.
pub const WIDGET_CONFIG_PATH: &str = "/widget/config";
/// The WebSocket of one conversation.
pub const WIDGET_SESSION_PATH: &str = "/widget/session";
/// Mints a widget token for a customer backend.
pub const WIDGET_TOKEN_PATH: &str = "/widget-token";
/// Answers as a customer's refresh endpoint would; never in production.
pub const TEST_WIDGET_TOKEN_PATH: &str = "/test-widget-token";
/// Where the widget asks the customer backend for a token, unless the config says otherwise.
pub const DEFAULT_REFRESH_PATH: &str = "/widget-token";

/// Query parameter of the widget plane: the publishable key.
pub const KEY_PARAM: &str = "key";
/// Query parameter of the widget's session: the conversation.
pub const CONVERSATION_PARAM: &str = "conversation";
