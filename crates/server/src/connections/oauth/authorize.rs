//! Sending the owner to the provider.

use aws_lc_rs::{digest, rand};
use backlot_outbound::third_party::OAuthAccount;
use backlot_store::accounts::PendingAuthorization;
use backlot_wix::Caller;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;

use super::Accounts;
use super::sealed::Pending;
use crate::connections::{Connection, secret_source};
use crate::error::{ApiError, ErrorCode};
use crate::secrets::SecretContext;

/// The length of a state, in characters.
pub(crate) const STATE_LENGTH: usize = 43;
/// How long the owner may take.
const LIFETIME: SignedDuration = SignedDuration::from_mins(10);
/// Authorizations of one instance's that are under way at once.
const MAX_PENDING: u32 = 20;

/// An authorization that has begun.
#[derive(Debug, Clone, Default)]
pub(crate) struct Begun {
    /// Where the owner goes on to after the callback.
    pub(crate) return_to: Option<String>,
    /// The page that waits to be told, by its origin.
    pub(crate) origin: Option<String>,
}

impl Accounts {
    /// Begins an authorization: the provider's address to send the owner to.
    pub(crate) async fn authorize(
        &self,
        connection: &Connection,
        caller: &Caller,
        begun: Begun,
    ) -> Result<String, ApiError> {
        let account = connection.account()?;
        let inner = &*self.0;
        let now = inner.clock.now();
        let state = random()?;
        let verifier = if account.pkce {
            random()?
        } else {
            String::new()
        };
        let name = &connection.settings.name;
        let challenge = digest::digest(&digest::SHA256, verifier.as_bytes());
        let challenge = URL_SAFE_NO_PAD.encode(challenge);
        let pending = Pending {
            verifier,
            user_id: caller.user_id.as_deref().map(str::to_owned),
            return_to: begun.return_to,
            origin: begun.origin,
        };
        let open = serde_json::to_vec(&pending).unwrap_or_default();
        let place = SecretContext::Authorization(caller.instance_id, name);
        let (key_id, sealed) = inner.vault()?.seal(place, &open)?;
        let kept = PendingAuthorization {
            state_hash: state_hash(&state),
            instance_id: caller.instance_id,
            connection: name.to_string(),
            key_id,
            sealed,
            expires_at: now + LIFETIME,
        };
        if !inner
            .store
            .insert_authorization(kept, MAX_PENDING, now)
            .await?
        {
            return Err(ApiError::from(ErrorCode::TooManyAuthorizations).retry_after(600));
        }
        let id = secret_source::read(&account.client.id, inner.vault.as_ref(), None).await?;
        let redirect = inner.redirect_url(connection, account);
        let mut url = url::Url::parse(&account.authorize_url)
            .map_err(|error| ApiError::from(ErrorCode::Internal).with_source(error))?;
        let mut query = url.query_pairs_mut();
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", id.reveal())
            .append_pair("redirect_uri", &redirect);
        if !account.client.scopes.is_empty() {
            query.append_pair("scope", &account.client.scopes);
        }
        query.append_pair("state", &state);
        if account.pkce {
            query
                .append_pair("code_challenge", &challenge)
                .append_pair("code_challenge_method", "S256");
        }
        for (name, value) in &account.authorize_parameters {
            query.append_pair(name, value);
        }
        drop(query);
        Ok(url.into())
    }
}

impl Accounts {
    /// Forgets what was begun and never ended.
    pub(crate) async fn forget_old(&self) {
        let now = self.0.clock.now();
        if let Err(error) = self.0.store.delete_expired_authorizations(now).await {
            tracing::warn!(%error, "failed to delete expired authorizations; retrying");
        }
    }
}

impl super::Inner {
    /// Returns the address the provider sends the owner back to.
    pub(crate) fn redirect_url(&self, connection: &Connection, account: &OAuthAccount) -> String {
        let name = &connection.settings.name;
        let default = || format!("{}/connections/{name}/callback", self.public_url);
        account.redirect_url.clone().unwrap_or_else(default)
    }
}

/// Returns the hash of a state, which is stored in its place: a reader of the database cannot forge a callback.
pub(crate) fn state_hash(state: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, state.as_bytes()).as_ref());
    hash
}

/// 256 random bits, as a text of 43 characters.
fn random() -> Result<String, ApiError> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes)
        .map_err(|_| ApiError::from(ErrorCode::Internal).with_source("no randomness"))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
