//! The owner's return from the provider.

use std::sync::Arc;

use backlot_outbound::third_party::OAuthAccount;
use backlot_outbound::third_party::oauth::{AccountInfo, IssuedTokens, scopes_in};
use backlot_store::accounts::{Account, PendingAuthorization};
use backlot_wix::InstanceId;
use jiff::{SignedDuration, Timestamp};

use super::authorize::{STATE_LENGTH, state_hash};
use super::renew::NO_ACCESS_TOKEN;
use super::sealed::{Pending, Tokens};
use super::{Accounts, Inner, TokenOwner};
use crate::connections::Connection;
use crate::error::{ApiError, ErrorCode};
use crate::secrets::{Revision, SecretContext};

/// How often an account is kept when others do the same at the same time.
pub(crate) const MAX_TRIES: u32 = 16;

/// The most bytes of the provider's id of an account.
const MAX_EXTERNAL_ID_BYTES: usize = 512;

/// What a browser brings back from the provider.
pub(crate) struct Returned {
    /// The code, or the provider's word for why there is none.
    pub(crate) answer: Result<String, String>,
    /// All that came along, as names and values.
    pub(crate) parameters: Vec<(String, String)>,
}

/// How an authorization ended.
pub(crate) struct AuthorizationOutcome {
    /// Whose it is.
    pub(crate) instance_id: Option<InstanceId>,
    /// Why not, if it failed.
    pub(crate) refusal: Option<ApiError>,
    /// Where the owner goes on to.
    pub(crate) return_to: Option<String>,
    /// The page that waits to be told, by its origin.
    pub(crate) origin: Option<String>,
}

impl Accounts {
    /// Ends an authorization with the parameters of its callback. An unknown state (used, expired or forged) is an error,
    /// unless the connected account was connected with it.
    ///
    /// The work goes on if the browser disconnects: a code can be used once, and its tokens must not be lost.
    pub(crate) async fn finish(
        &self,
        connection: &Arc<Connection>,
        state: String,
        returned: Returned,
    ) -> Result<AuthorizationOutcome, ApiError> {
        let (accounts, connection) = (self.clone(), Arc::clone(connection));
        let work = async move { accounts.end(&connection, &state, &returned).await };
        let outcome = self.0.undisturbed(work).await;
        outcome.unwrap_or_else(|| Err(ErrorCode::Internal.into()))
    }

    async fn end(
        &self,
        connection: &Connection,
        state: &str,
        returned: &Returned,
    ) -> Result<AuthorizationOutcome, ApiError> {
        let inner = &*self.0;
        let unknown = || ApiError::from(ErrorCode::AuthorizationUnknown);
        // What none of ours looks like need not be looked for.
        let is_ours = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if state.len() != STATE_LENGTH || !state.bytes().all(is_ours) {
            return Err(unknown());
        }
        let hash = state_hash(state);
        let now = inner.clock.now();
        let Some(kept) = inner.store.take_authorization(hash, now).await? else {
            let instance_id = inner.connected_by(connection, hash).await?;
            return Ok(AuthorizationOutcome {
                instance_id: Some(instance_id.ok_or_else(unknown)?),
                refusal: None,
                return_to: None,
                origin: None,
            });
        };
        if *kept.connection != *connection.settings.name {
            return Err(unknown().with_source("the state belongs to another connection"));
        }
        let place = SecretContext::Authorization(kept.instance_id, &kept.connection);
        let open = inner.vault()?.open(place, &kept.key_id, &kept.sealed)?;
        let pending: Pending = serde_json::from_slice(&open).map_err(|_| unknown())?;
        let ended = match &returned.answer {
            Err(error) => {
                let denied = ApiError::from(ErrorCode::AuthorizationDenied);
                Err(denied.with_data("providerError", error.clone()))
            }
            Ok(code) => {
                let asked = CodeExchange {
                    kept: &kept,
                    pending: &pending,
                    code,
                    parameters: &returned.parameters,
                };
                inner.exchange(connection, &asked).await
            }
        };
        self.forget_token(connection, kept.instance_id);
        Ok(AuthorizationOutcome {
            instance_id: Some(kept.instance_id),
            refusal: ended.err(),
            return_to: pending.return_to.clone(),
            origin: pending.origin.clone(),
        })
    }

    /// The database knows better from now on.
    pub(crate) fn forget_token(&self, connection: &Connection, instance_id: InstanceId) {
        let owner = TokenOwner::Instance(instance_id);
        let key = (owner, connection.settings.name.clone());
        self.0.tokens.invalidate(&key);
        self.0.cooldowns.invalidate(&key);
    }
}

/// An authorization that comes to its end.
struct CodeExchange<'end> {
    kept: &'end PendingAuthorization,
    pending: &'end Pending,
    code: &'end str,
    parameters: &'end [(String, String)],
}

impl Inner {
    /// Returns the instance whose account was connected by the authorization with this state: the page of the callback has
    /// been reloaded.
    async fn connected_by(
        &self,
        connection: &Connection,
        hash: [u8; 32],
    ) -> Result<Option<InstanceId>, ApiError> {
        let now = self.clock.now();
        let taken = self.store.find_taken_authorization(hash, now).await?;
        let is_it = |connected: &str| *connected == *connection.settings.name;
        let Some(taken) = taken.filter(|taken| is_it(&taken.connection)) else {
            return Ok(None);
        };
        let account = self.account_of(taken.instance_id, connection).await?;
        let account = account.filter(|account| !account.broken);
        let tokens = account.and_then(|account| self.tokens_of(&account).ok());
        let is_by_it = tokens.is_some_and(|tokens| tokens.connected_by == Some(hash));
        Ok(is_by_it.then_some(taken.instance_id))
    }

    async fn exchange(
        &self,
        connection: &Connection,
        asked: &CodeExchange<'_>,
    ) -> Result<(), ApiError> {
        let account = connection.account()?;
        self.vault()?.check_data_key().await?;
        let identity = self.identity(&account.client).await?;
        let redirect = self.redirect_url(connection, account);
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", asked.code),
            ("redirect_uri", &redirect),
        ];
        if !asked.pending.verifier.is_empty() {
            form.push(("code_verifier", &asked.pending.verifier));
        }
        let failed = || ApiError::from(ErrorCode::AuthorizationFailed);
        let grant = self.request_token(connection, &account.client, &identity, &form);
        let grant = grant.await.map_err(|error| failed().with_source(error))?;
        let values = connection.values_of(&grant, asked.parameters);
        let values = values.map_err(|error| failed().with_source(error))?;
        let instance_id = asked.kept.instance_id;
        let external_id = external_id(connection, account, &grant).await;
        for _ in 0..MAX_TRIES {
            let before = self.account_of(instance_id, connection).await?;
            let replaces = before.as_ref().map(|before| before.version);
            let tokens = Tokens::from_grant(&grant);
            let mut tokens = tokens.ok_or_else(|| failed().with_source(NO_ACCESS_TOKEN))?;
            tokens.connected_by = Some(asked.kept.state_hash);
            tokens.values.clone_from(&values);
            // Many give a refresh token the first time only: the one of before is still good.
            let before = before.filter(|before| !before.broken);
            let before = before.and_then(|before| self.tokens_of(&before).ok());
            if let Some(before) = before.filter(|before| before.may_be_of_one(&tokens)) {
                tokens.keep(&before);
            }
            let revision = Revision {
                version: replaces.unwrap_or_default() + 1,
                created_at: self.clock.now(),
            };
            let mut new = self.account(connection, instance_id, &tokens, revision)?;
            let scopes = || scopes_in(&account.client.scopes);
            new.scopes = grant.scopes.clone().unwrap_or_else(scopes).join(" ");
            new.expires_at = expires_at(&grant, self.clock.now());
            new.connected_by.clone_from(&asked.pending.user_id);
            new.external_id.clone_from(&external_id);
            if self.store.upsert_account(new, replaces).await? {
                return Ok(());
            }
        }
        Err(ApiError::from(ErrorCode::DatabaseBusy)
            .with_source("others connect the same account at the same time"))
    }

    /// An account with these tokens, sealed for this write.
    pub(crate) fn account(
        &self,
        connection: &Connection,
        instance_id: InstanceId,
        tokens: &Tokens,
        revision: Revision,
    ) -> Result<Account, ApiError> {
        let name = &connection.settings.name;
        let place = SecretContext::Account(instance_id, name, revision);
        let (key_id, sealed) = self.seal_tokens(place, tokens)?;
        Ok(Account {
            instance_id,
            connection: name.to_string(),
            key_id,
            sealed,
            version: revision.version,
            scopes: String::new(),
            connected_by: None,
            connected_at: revision.created_at,
            expires_at: None,
            broken: false,
            external_id: None,
        })
    }

    pub(crate) fn seal_tokens(
        &self,
        place: SecretContext<'_>,
        tokens: &Tokens,
    ) -> Result<(String, Vec<u8>), ApiError> {
        let open = zeroize::Zeroizing::new(serde_json::to_vec(tokens).unwrap_or_default());
        Ok(self.vault()?.seal(place, &open)?)
    }
}

/// The provider's own id of the account, which its webhooks name. An account without one is connected, too: its tokens
/// are good.
async fn external_id(
    connection: &Connection,
    account: &OAuthAccount,
    grant: &IssuedTokens,
) -> Option<String> {
    let pointer = account.account_id.as_deref()?;
    let id = match (&account.account_endpoint, &grant.access_token) {
        (Some(endpoint), Some(token)) => {
            let http = connection.third_party.client();
            let info = AccountInfo::request(http, endpoint, token).await;
            info.map(|info| info.at_pointer(pointer))
        }
        _ => Ok(grant.at_pointer(pointer)),
    };
    let name = &*connection.settings.name;
    match id.map(|id| id.filter(|id| is_usable(id))) {
        Ok(Some(id)) => return Some(id),
        Ok(None) => {
            tracing::warn!(
                connection.name = name,
                "the provider did not name the account's id"
            );
        }
        Err(error) => {
            tracing::warn!(connection.name = name, %error, "failed to request the account's id");
        }
    }
    None
}

/// An id that can be stored and looked up.
fn is_usable(id: &str) -> bool {
    id.len() <= MAX_EXTERNAL_ID_BYTES && !id.contains(char::is_control)
}

/// When a token ends, if it says.
pub(crate) fn expires_at(grant: &IssuedTokens, now: Timestamp) -> Option<Timestamp> {
    let lifetime = SignedDuration::try_from(grant.lifetime?).ok()?;
    now.checked_add(lifetime).ok()
}
