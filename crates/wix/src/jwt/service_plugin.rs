//! Service plugins: Wix asks the app something while a customer waits. The body is one JWT whose
//! `data` is an object, not a string as in a webhook; issuer and audience are enforced.
//!
//! Source: `@wix/sdk` 1.21.16, `service-plugin-modules.js`.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::{JwtError, PublicKey, verify};
use crate::AppId;

/// What Wix asks.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct PluginCall {
    /// The request in the plugin's own schema.
    pub request: Value,
    /// `requestId`, `instanceId`, `identity`, `currency`, `languages`, `appExtensionType`.
    pub metadata: Value,
}

#[derive(Deserialize)]
struct Claims {
    iss: Option<String>,
    aud: Option<String>,
    data: PluginCall,
}

/// Verifies the body of a service plugin request for this app.
///
/// # Errors
///
/// Fails if the body is not a valid token of the key, has expired, or has an unexpected content.
pub fn verify_service_plugin(
    body: &str,
    key: &PublicKey,
    app_id: AppId,
    now: Timestamp,
) -> Result<PluginCall, JwtError> {
    let claims: Claims = verify(body, key, now)?;
    if claims.iss.as_deref() != Some("wix.com") {
        return Err(JwtError::WrongParty("iss"));
    }
    let audience: Option<AppId> = claims.aud.and_then(|text| text.parse().ok());
    if audience != Some(app_id) {
        return Err(JwtError::WrongParty("aud"));
    }
    Ok(claims.data)
}
