//! Tokens: the signed widget token that a customer's backend obtains for one end user.

pub mod widget_token;

pub use widget_token::{Claims, Mint, TokenError, User, Verifier};
