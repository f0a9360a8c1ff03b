//! Access tokens, as `fetchWithAuth` sends them: created and verified without any state.
//!
//! ```text
//! token     := "OauthNG.JWS." header "." claims "." signature
//! header    := base64url({"kid":"YHBsuJpH","alg":"HS256"})
//! claims    := base64url({"data":"{\"instance\":{…}}","iat":…,"exp":…})
//! signature := base64url(HMAC-SHA256(key, header "." claims))
//! ```
//!
//! The key is made from the world's private key, so processes with the same data folder make tokens
//! that a running simulator accepts. Real tokens are signed with a key that only Wix has, so neither accepts the
//! other's.
//!
//! Source: the token shapes in `crates/wix/tests/vectors`; the owner's is inferred from the signed
//! instance of a dashboard.

mod content;
mod subject;

#[cfg(test)]
mod tests;

use aws_lc_rs::hmac;
use backlot_wix::{AppId, Role};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};

use crate::world::Site;
use content::Claims;
pub use subject::Subject;

/// The lifetime of a token at Wix.
pub const LIFETIME: SignedDuration = SignedDuration::from_hours(4);

const PREFIX: &str = "OauthNG.JWS.";
const HEADER: &str = r#"{"kid":"YHBsuJpH","alg":"HS256"}"#;

/// The content of a token.
#[derive(Debug, Clone)]
pub struct TokenIssue<'site> {
    pub app_id: AppId,
    pub site: &'site Site,
    pub role: Role,
    /// The user. Defaults to the first user with the role. The app has none.
    pub user_id: Option<&'site str>,
    pub signed_at: Timestamp,
    pub lifetime: SignedDuration,
}

/// The error for a token without a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Dead {
    /// Not a token, or one that was not made with this world's key.
    #[error("it is no access token of this simulator")]
    NotOurs,
    /// Past its end.
    #[error("it expired at {0}")]
    Expired(Timestamp),
}

/// Creates and verifies tokens. The key cannot be printed.
#[derive(Clone)]
pub struct AccessTokens {
    key: hmac::Key,
}

impl AccessTokens {
    /// Derives the key from the world's private key (`world.app.private_key`).
    pub fn new(private_key: &str) -> Self {
        let root = hmac::Key::new(hmac::HMAC_SHA256, private_key.as_bytes());
        let derived = hmac::sign(&root, b"backlot simulator: access tokens");
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()),
        }
    }

    /// A token.
    pub fn make(&self, issue: &TokenIssue<'_>) -> String {
        self.sign(&Claims::new(issue))
    }

    /// Verifies a token at a time, and returns its subject.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Subject, Dead> {
        self.open(token, now)?.subject().ok_or(Dead::NotOurs)
    }

    /// Creates another token for the same subject with the same expiry, and returns its remaining lifetime.
    pub fn unbound(&self, token: &str, now: Timestamp) -> Result<(String, SignedDuration), Dead> {
        let claims = self.open(token, now)?;
        let again = claims.signed_again(now).ok_or(Dead::NotOurs)?;
        let left = now.duration_until(again.expires_at());
        Ok((self.sign(&again), left))
    }

    fn sign(&self, claims: &Claims) -> String {
        let header = URL_SAFE_NO_PAD.encode(HEADER);
        let claims = URL_SAFE_NO_PAD.encode(serde_json::to_vec(claims).unwrap_or_default());
        let message = format!("{header}.{claims}");
        let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&self.key, message.as_bytes()));
        format!("{PREFIX}{message}.{signature}")
    }

    /// The signature comes first: nothing of a stranger's is decoded.
    fn open(&self, token: &str, now: Timestamp) -> Result<Claims, Dead> {
        let signed = token.strip_prefix(PREFIX).ok_or(Dead::NotOurs)?;
        let (message, signature) = signed.rsplit_once('.').ok_or(Dead::NotOurs)?;
        let signature = decode(signature)?;
        hmac::verify(&self.key, message.as_bytes(), &signature).map_err(|_| Dead::NotOurs)?;
        let (_, claims) = message.split_once('.').ok_or(Dead::NotOurs)?;
        let claims: Claims = serde_json::from_slice(&decode(claims)?).map_err(|_| Dead::NotOurs)?;
        if claims.expires_at() <= now {
            return Err(Dead::Expired(claims.expires_at()));
        }
        Ok(claims)
    }
}

fn decode(part: &str) -> Result<Vec<u8>, Dead> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Dead::NotOurs)
}
