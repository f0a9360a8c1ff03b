//! One renewal. On several nodes, one of them makes it, and the others wait for what it brings: providers may
//! take a refresh token once only.

use std::sync::Arc;
use std::time::{Duration, Instant};

use backlot_outbound::third_party::oauth::TokenRequestError;
use backlot_store::accounts::Account;
use backlot_wix::InstanceId;
use jiff::SignedDuration;
use tokio::time::sleep;

use super::callback::{MAX_TRIES, expires_at};
use super::sealed::Tokens;
use super::token::Token;
use super::{Inner, TokenKey, TokenOwner};
use crate::connections::Connection;
use crate::error::{ApiError, ErrorCode, ErrorKind};
use crate::secrets::{Revision, account_place};

/// How long a node has for a renewal before another may try.
const CLAIM_TTL: SignedDuration = SignedDuration::from_secs(30);
/// The most attempts to write a renewed token, and the time between them: ten minutes in all, since it is stored
/// nowhere else.
const MAX_WRITES: u32 = 1200;
const WRITE_RETRY_INTERVAL: Duration = Duration::from_millis(500);
/// The time between two reads of the database while another node renews.
const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// The most reads of the database while another node renews: as long as a claim lasts.
const MAX_POLLS: u32 = 600;
pub(super) const NO_ACCESS_TOKEN: &str = "the answer holds no access token that can be sent";

impl Inner {
    pub(crate) async fn renew(
        &self,
        connection: &Connection,
        owner: TokenOwner,
    ) -> Result<Token, ApiError> {
        let key = (owner, connection.settings.name.clone());
        if let Some(error) = self.cooldowns.get(&key) {
            return Err(error);
        }
        let outcome = match owner {
            TokenOwner::Shared => self.renew_shared(connection, &key).await,
            TokenOwner::Instance(id) => self.renew_or_wait(connection, id).await,
        };
        if let Err(error) = &outcome {
            self.cooldowns.insert(key, error.clone());
        }
        outcome
    }

    /// Renews an account, or waits for the node that renews it.
    async fn renew_or_wait(
        &self,
        connection: &Connection,
        instance_id: InstanceId,
    ) -> Result<Token, ApiError> {
        for _ in 0..MAX_POLLS {
            let account = self.account_of(instance_id, connection).await?;
            let account = account.ok_or(ErrorCode::ConnectionNotConnected)?;
            if let Some(token) = self.renew_account(connection, account).await? {
                return Ok(token);
            }
            sleep(POLL_INTERVAL).await;
        }
        Err(unavailable(
            "another node renews this token, and does not end",
        ))
    }

    /// Renews an account. Returns `None` while another node does.
    async fn renew_account(
        &self,
        connection: &Connection,
        account: Account,
    ) -> Result<Option<Token>, ApiError> {
        if account.broken {
            return Err(ErrorCode::ConnectionAccountLost.into());
        }
        let (id, name, version) = (
            account.instance_id,
            account.connection.clone(),
            account.version,
        );
        let key = (TokenOwner::Instance(id), connection.settings.name.clone());
        let used = self.tokens.get(&key).filter(|used| used.is_refused);
        let is_new = used.as_ref().is_none_or(|used| used.version != version);
        let now = self.clock.now();
        let known = self.open(&account)?;
        if is_new && known.is_good(now) {
            // It has been renewed meanwhile.
            return Ok(Some(self.put(&key, known)));
        }
        let until = now + CLAIM_TTL;
        if !self
            .store
            .claim_renewal(id, &name, version, now, until)
            .await?
        {
            return Ok(None);
        }
        match self.ask_for_renewal(connection, &account).await {
            Ok(renewed) => {
                // Before anything else is done with it.
                if !self.keep_renewed(&renewed.account).await? {
                    self.was_changed_meanwhile(connection, &account, &renewed.account)
                        .await?;
                    return Ok(None);
                }
                if !renewed.has_token {
                    return Err(unavailable(NO_ACCESS_TOKEN));
                }
                let token = Token {
                    renewed_for_refusal: used.map(|_| Instant::now()),
                    ..self.open(&next_version(&renewed.account))?
                };
                Ok(Some(self.put(&key, token)))
            }
            Err(error) if error.code() == ErrorKind::Own(ErrorCode::ConnectionAccountLost) => {
                let tokens = self.tokens_of(&account)?;
                let broken = Account {
                    broken: true,
                    ..self.reseal(account, &tokens)?
                };
                if !self.store.update_account(broken).await? {
                    // Another node has renewed it, or it was connected again.
                    return Ok(None);
                }
                self.tokens.invalidate(&key);
                Err(error)
            }
            Err(error) => {
                let released = self.store.release_renewal(id, &name, version, until);
                released.await?;
                Err(error)
            }
        }
    }

    /// Handles an account that was changed while its tokens were renewed. If it was disconnected, the new tokens are
    /// revoked. If it was connected again with the earlier refresh token, which may have ended with the renewal, it gets
    /// the new one. If another node was refused because the earlier one has ended, the new tokens count.
    async fn was_changed_meanwhile(
        &self,
        connection: &Connection,
        before: &Account,
        renewed: &Account,
    ) -> Result<(), ApiError> {
        let (old, new) = (
            self.tokens_of(before)?,
            self.tokens_of(&next_version(renewed))?,
        );
        for _ in 0..MAX_TRIES {
            let Some(account) = self.account_of(before.instance_id, connection).await? else {
                let renewed = next_version(renewed);
                return self.revoke(connection, &renewed).await;
            };
            let mut tokens = self.tokens_of(&account)?;
            let is_new = new.refresh != old.refresh;
            if tokens.refresh != old.refresh || !(is_new || account.broken) {
                return Ok(());
            }
            tokens.refresh.clone_from(&new.refresh);
            let expires_at = if account.broken {
                tokens.access.clone_from(&new.access);
                tokens.lifetime = new.lifetime;
                renewed.expires_at
            } else {
                account.expires_at
            };
            let account = Account {
                expires_at,
                broken: false,
                ..self.reseal(account, &tokens)?
            };
            if self.keep_renewed(&account).await? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Returns the account with its tokens sealed for its next version.
    fn reseal(&self, account: Account, tokens: &Tokens) -> Result<Account, ApiError> {
        let (key_id, sealed) = self.seal_tokens(account_place(&next_version(&account)), tokens)?;
        Ok(Account {
            key_id,
            sealed,
            ..account
        })
    }

    /// Writes renewed tokens, with retries: the provider may have ended the earlier ones.
    async fn keep_renewed(&self, renewed: &Account) -> Result<bool, ApiError> {
        let mut left = MAX_WRITES;
        loop {
            left -= 1;
            match self.store.update_account(renewed.clone()).await {
                Err(error) if left > 0 => {
                    tracing::warn!(%error, "failed to store a renewed token; retrying");
                    sleep(WRITE_RETRY_INTERVAL).await;
                }
                outcome => return Ok(outcome?),
            }
        }
    }

    async fn ask_for_renewal(
        &self,
        connection: &Connection,
        account: &Account,
    ) -> Result<Renewed, ApiError> {
        let tokens = self.tokens_of(account)?;
        let refresh = tokens.refresh.as_deref();
        let refresh = refresh.ok_or(ErrorCode::ConnectionAccountLost)?;
        let client = &connection.account()?.client;
        let identity = self.identity(client).await?;
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
        let grant = self.request_token(connection, client, &identity, &form);
        let grant = grant.await.map_err(|error| {
            if error.is_final() {
                ApiError::from(ErrorCode::ConnectionAccountLost).with_source(error)
            } else {
                refused(error)
            }
        })?;
        let mut renewed = tokens.renewed(&grant);
        connection.renew_values(&grant, &mut renewed.values);
        let next = Revision {
            version: account.version + 1,
            created_at: account.connected_at,
        };
        let new = self.account(connection, account.instance_id, &renewed, next)?;
        let has_token = grant.access_token.is_some();
        let said = grant.scopes.as_ref().filter(|scopes| !scopes.is_empty());
        let scopes = said.map(|scopes| scopes.join(" "));
        let now = self.clock.now();
        Ok(Renewed {
            has_token,
            account: Account {
                version: account.version,
                scopes: scopes.unwrap_or_else(|| account.scopes.clone()),
                connected_by: account.connected_by.clone(),
                connected_at: account.connected_at,
                // The access token of before stays, and is over.
                expires_at: if has_token {
                    expires_at(&grant, now)
                } else {
                    Some(now)
                },
                ..new
            },
        })
    }

    async fn renew_shared(
        &self,
        connection: &Connection,
        key: &TokenKey,
    ) -> Result<Token, ApiError> {
        let client = connection.settings.auth.oauth_client();
        let client = client.ok_or(ErrorCode::Internal)?;
        let identity = self.identity(client).await?;
        let mut form = vec![("grant_type", "client_credentials")];
        if !client.scopes.is_empty() {
            form.push(("scope", &client.scopes));
        }
        let grant = self.request_token(connection, client, &identity, &form);
        let grant = grant.await.map_err(refused)?;
        let text = grant.access_token.as_ref();
        let text = text.ok_or_else(|| unavailable(NO_ACCESS_TOKEN))?;
        let values = connection.values_of(&grant, &[]).map_err(unavailable)?;
        let used = self.tokens.get(key).filter(|used| used.is_refused);
        let token = Token {
            expires_at: expires_at(&grant, self.clock.now()),
            lifetime: grant.lifetime.and_then(|it| it.try_into().ok()),
            values: Arc::new(values),
            can_be_renewed: true,
            renewed_for_refusal: used.map(|_| Instant::now()),
            ..Token::new(text)?
        };
        Ok(self.put(key, token))
    }

    fn put(&self, key: &TokenKey, token: Token) -> Token {
        self.tokens.insert(key.clone(), token.clone());
        token
    }
}

/// Returns the account as it is once it is stored.
fn next_version(account: &Account) -> Account {
    Account {
        version: account.version + 1,
        ..account.clone()
    }
}

/// What a renewal brought.
struct Renewed {
    /// Sealed for its next version.
    account: Account,
    /// Whether there is an access token in it that can be sent.
    has_token: bool,
}

fn refused(error: TokenRequestError) -> ApiError {
    match &error {
        TokenRequestError::Refused { code, .. } => {
            ApiError::from(ErrorCode::ConnectionTokenRefused)
                .with_data("providerError", code.clone())
                .with_source(error)
        }
        TokenRequestError::Unavailable(_) => unavailable(error),
    }
}

fn unavailable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ApiError {
    ApiError::from(ErrorCode::ConnectionUnavailable)
        .retry_after(2)
        .with_source(cause)
}
