//! Widget tokens as they come in: verified with the deployment's own keys, by `weft_shared::tokens`.

use crate::log;
use crate::settings::Settings;
use weft_shared::error::ErrorCode;
use weft_shared::ids::{Environment, TenantId};
use weft_shared::secret::Secret;
use weft_shared::session::server::{VerifyToken, Visitor};
use weft_shared::time::Timestamp;
use weft_shared::tokens::widget_token::{Claims, TokenError, Verifier};

/// Verifies widget tokens for one socket or request.
pub(crate) struct Tokens<'a> {
    pub(crate) settings: &'a Settings,
    /// Whose tokens.
    pub(crate) tenant: TenantId,
    /// Of which environment.
    pub(crate) environment: Environment,
}

impl Tokens<'_> {
    /// What a token says, where it is good.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn claims(&self, token: &Secret, now: Timestamp) -> Result<Claims, TokenError> {
        let Self { tenant, environment, .. } = self;
        let Settings { issuer, keys, .. } = self.settings;
        (Verifier { issuer, tenant, environment, keys }).verify(token.expose(), now)
    }
}

impl VerifyToken for Tokens<'_> {
    fn verify(&self, token: &Secret, now: Timestamp) -> Result<Visitor, ErrorCode> {
        match self.claims(token, now) {
            Ok(claims) => Ok(Visitor {
                sub: claims.subject,
                azp: claims.minted_by,
                issued_at: claims.issued_at,
                expires_at: claims.expires_at,
                name: claims.name,
                data: claims.data,
            }),
            Err(error) => {
                if let TokenError::Invalid(reason) = error {
                    log::warning("token_refused", &serde_json::json!({ "tenant": self.tenant, "reason": reason }));
                }
                Err(error.code())
            }
        }
    }
}
