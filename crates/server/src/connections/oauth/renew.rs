//! One renewal. On several nodes, one of them makes it, and the others wait for what it brings: providers may
//! take a refresh token once only.

use std::sync::Arc;
use std::time::{Duration, Instant};

use backlot_outbound::connection::Credential;
use backlot_outbound::connection::grant::GrantError;
use backlot_store::accounts::{Account, Accounts as _};
use jiff::SignedDuration;
use tokio::time::sleep;

use super::callback::{MAX_TRIES, expires_at};
use super::endpoint::ask;
use super::token::Token;
use super::{Holder, Inner};
use crate::connections::credentials::usable;
use crate::connections::{
    AccountSettings, ClientCredentialsSettings, Connection, CredentialSettings, OAuthClient,
};
use crate::error::{ApiError, ErrorCode};
use crate::secrets::{Revision, SecretString, account_place};

/// How long a node has for a renewal before another may try.
const CLAIM: SignedDuration = SignedDuration::from_secs(30);
/// How often it is tried to write a renewed token, and how long in between: ten minutes in all, since it is nowhere else.
const WRITES: u32 = 1200;
const BETWEEN_WRITES: Duration = Duration::from_millis(500);
/// Between two looks at what another node brings.
const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// How often it is looked at: as long as a claim lasts.
const LOOKS: u32 = 600;

impl Inner {
    pub(crate) async fn renew(
        &self,
        connection: &Connection,
        holder: Holder,
    ) -> Result<Token, ApiError> {
        let key = (holder, connection.settings.name.clone());
        if let Some(refusal) = self.pauses.get(&key) {
            return Err(refusal);
        }
        let outcome = self.try_to_renew(connection, holder).await;
        if let Err(refusal) = &outcome {
            self.pauses.insert(key, refusal.clone());
        }
        outcome
    }

    async fn try_to_renew(
        &self,
        connection: &Connection,
        holder: Holder,
    ) -> Result<Token, ApiError> {
        match (&connection.settings.credential, holder) {
            (CredentialSettings::ClientCredentials(settings), Holder::Everybody) => {
                self.grant_to_all(connection, settings).await
            }
            (CredentialSettings::Account(settings), Holder::Instance(instance_id)) => {
                for _ in 0..LOOKS {
                    let account = self.account_of(instance_id, connection).await?;
                    let account = account.ok_or(ErrorCode::ConnectionNotConnected)?;
                    if let Some(text) = self.renew_account(connection, settings, account).await? {
                        return Ok(text);
                    }
                    sleep(POLL_INTERVAL).await;
                }
                Err(unavailable(
                    "another node renews this token, and does not end",
                ))
            }
            _ => Err(ErrorCode::Internal.into()),
        }
    }

    /// `None` when another node is at it.
    async fn renew_account(
        &self,
        connection: &Connection,
        settings: &AccountSettings,
        account: Account,
    ) -> Result<Option<Token>, ApiError> {
        let client = &settings.client;
        if account.broken {
            return Err(ErrorCode::ConnectionAccountLost.into());
        }
        let (id, name, version) = (
            account.instance_id,
            account.connection.clone(),
            account.version,
        );
        let key = (Holder::Instance(id), connection.settings.name.clone());
        let used = self.tokens.get(&key).filter(|used| used.is_refused);
        let is_new = used.as_ref().is_none_or(|used| used.version != version);
        let now = self.clock.now();
        let known = self.open(&account)?;
        if is_new && known.is_good(now) {
            // It was renewed in the meantime.
            return Ok(Some(self.put(&key, known)));
        }
        let until = now + CLAIM;
        if !self
            .store
            .claim_renewal(id, &name, version, now, until)
            .await?
        {
            return Ok(None);
        }
        let renewed = self.ask_for_renewal(connection, client, &account).await;
        match renewed {
            Ok(renewed) => {
                // Before anything else is done with it.
                if !self.keep_renewed(&renewed.account).await? {
                    self.was_changed_meanwhile(connection, settings, &account, &renewed.account)
                        .await?;
                    return Ok(None);
                }
                if !renewed.has_token {
                    return Err(unavailable(
                        "the answer holds no access token that can be sent",
                    ));
                }
                let token = Token {
                    renewed_for_refusal: used.map(|_| Instant::now()),
                    ..self.open(&next_version(&renewed.account))?
                };
                Ok(Some(self.put(&key, token)))
            }
            Err(Failed::ForGood(refusal)) => {
                let broken = self.broken(account)?;
                if !self.store.update_account(broken).await? {
                    // Another node has renewed it, or it was connected again.
                    return Ok(None);
                }
                self.tokens.invalidate(&key);
                Err(refusal)
            }
            Err(Failed::ForNow(refusal)) => {
                let released = self.store.release_renewal(id, &name, version, until);
                released.await?;
                Err(refusal)
            }
        }
    }

    /// While its tokens were renewed, an account was disconnected: then the new ones are revoked, too. Or it was connected again with
    /// the refresh token of before, which may have ended with the renewal: then it gets the one that took its place. Or a
    /// node that came too late learned that the old one is invalid: then the new ones count.
    async fn was_changed_meanwhile(
        &self,
        connection: &Connection,
        settings: &AccountSettings,
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
                return self.give_back(connection, settings, &renewed).await;
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
            let place = next_version(&account);
            let (key_id, sealed) = self.seal_tokens(account_place(&place), &tokens)?;
            let account = Account {
                key_id,
                sealed,
                expires_at,
                broken: false,
                ..account
            };
            if self.keep_renewed(&account).await? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The same account, which the provider does not renew any more, sealed for its next version.
    fn broken(&self, account: Account) -> Result<Account, ApiError> {
        let tokens = self.tokens_of(&account)?;
        let (key_id, sealed) = self.seal_tokens(account_place(&next_version(&account)), &tokens)?;
        Ok(Account {
            key_id,
            sealed,
            broken: true,
            ..account
        })
    }

    /// Writes what the provider gave, again and again for a while: it may have ended what there was before.
    async fn keep_renewed(&self, renewed: &Account) -> Result<bool, ApiError> {
        let mut left = WRITES;
        loop {
            left -= 1;
            match self.store.update_account(renewed.clone()).await {
                Err(error) if left > 0 => {
                    tracing::warn!(%error, "failed to store a renewed token; retrying");
                    sleep(BETWEEN_WRITES).await;
                }
                outcome => return Ok(outcome?),
            }
        }
    }

    async fn ask_for_renewal(
        &self,
        connection: &Connection,
        client: &OAuthClient,
        account: &Account,
    ) -> Result<Renewed, Failed> {
        let tokens = self.tokens_of(account)?;
        let lost = || Failed::ForGood(ErrorCode::ConnectionAccountLost.into());
        let refresh = tokens.refresh.as_deref().ok_or_else(lost)?;
        let identity = self.identity(client).await?;
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
        let now = self.clock.now();
        let grant = ask(connection, client, &identity, &form, now).await;
        let grant = grant.map_err(|error| {
            if error.is_final() {
                let lost = ApiError::from(ErrorCode::ConnectionAccountLost);
                Failed::ForGood(lost.with_source(error))
            } else {
                Failed::ForNow(refused(error))
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

    async fn grant_to_all(
        &self,
        connection: &Connection,
        settings: &ClientCredentialsSettings,
    ) -> Result<Token, ApiError> {
        let client = &settings.client;
        let identity = self.identity(client).await?;
        let mut form = vec![("grant_type", "client_credentials")];
        if !client.scopes.is_empty() {
            form.push(("scope", &client.scopes));
        }
        let now = self.clock.now();
        let grant = ask(connection, client, &identity, &form, now).await;
        let grant = grant.map_err(refused)?;
        let nothing = || unavailable("the answer holds no access token that can be sent");
        let text = grant.access_token.as_ref().ok_or_else(nothing)?;
        let values = connection.values_of(&grant, &[]);
        let values = values.map_err(unavailable)?;
        let token = Token {
            credential: usable(Credential::bearer(text))?,
            text: SecretString::new(text.to_string()),
            values: Arc::new(values),
            expires_at: expires_at(&grant, self.clock.now()),
            lifetime: grant
                .lifetime
                .and_then(|it| SignedDuration::try_from(it).ok()),
            version: 0,
            read_at: Instant::now(),
            is_refused: false,
            can_be_renewed: true,
            renewal_began: None,
            renewed_for_refusal: None,
        };
        let key = (Holder::Everybody, connection.settings.name.clone());
        let used = self.tokens.get(&key).filter(|used| used.is_refused);
        let token = Token {
            renewed_for_refusal: used.map(|_| Instant::now()),
            ..token
        };
        Ok(self.put(&key, token))
    }

    fn put(&self, key: &super::Key, token: Token) -> Token {
        self.tokens.insert(key.clone(), token.clone());
        token
    }
}

/// As it is when it has been written.
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

/// A renewal that failed.
enum Failed {
    ForGood(ApiError),
    ForNow(ApiError),
}

impl From<ApiError> for Failed {
    fn from(refusal: ApiError) -> Self {
        Self::ForNow(refusal)
    }
}

fn refused(error: GrantError) -> ApiError {
    match &error {
        GrantError::Refused { code, .. } => ApiError::from(ErrorCode::ConnectionTokenRefused)
            .with_data("providerError", code.clone())
            .with_source(error),
        GrantError::Unavailable(_) => unavailable(error),
    }
}

fn unavailable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ApiError {
    ApiError::from(ErrorCode::ConnectionUnavailable)
        .retry_after(2)
        .with_source(cause)
}
