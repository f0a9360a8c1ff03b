//! The token for a call: known, or renewed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use backlot_outbound::connection::Credential;
use backlot_store::accounts::{Account, Accounts as _};
use backlot_wix::InstanceId;
use tokio::time::timeout;

use super::sealed::Tokens;
use super::token::{State, Token, seconds};
use super::{Accounts, Holder, Inner, Key, TOKEN_CACHE_TTL};
use crate::connections::Connection;
use crate::connections::credentials::usable;
use crate::error::{ApiError, ErrorCode};
use crate::secrets::{SecretString, account_place};

/// A token is renewed for a refusal no more often than this.
const BETWEEN_REFUSALS: Duration = Duration::from_secs(30);

impl Accounts {
    /// A token that is good for a call.
    pub(crate) async fn token(
        &self,
        connection: &Arc<Connection>,
        holder: Holder,
    ) -> Result<Token, ApiError> {
        let key = (holder, connection.settings.name.clone());
        let inner = &self.0;
        let now = inner.clock.now();
        // What asks the database or the provider is on the heap: most calls find their token here.
        let believed = inner.believed(&key);
        let known = match believed {
            Some(known) => Some(known),
            None => Box::pin(inner.known(&key)).await?,
        };
        let Some(known) = known else {
            return self.renewed_in_time(connection, key).await;
        };
        match known.state(now) {
            State::Good => Ok(known),
            State::Aging => {
                self.renew_beside(connection, key, known.clone());
                Ok(known)
            }
            State::Over => self.renewed_in_time(connection, key).await,
        }
    }

    /// The third party refused a token: it is renewed before it is used again. True where another token may
    /// help; a refusal of one that was renewed for a refusal a moment ago is not the token's fault.
    pub(crate) fn refused(
        &self,
        connection: &Connection,
        holder: Holder,
        text: &SecretString,
    ) -> bool {
        let key = (holder, connection.settings.name.clone());
        let Some(mut token) = self.0.tokens.get(&key) else {
            return true;
        };
        // It was renewed in the meantime, or is being renewed.
        if token.text != *text || token.is_refused {
            return true;
        }
        if !token.can_be_renewed {
            return false;
        }
        let is_fresh = |at: Instant| at.elapsed() < BETWEEN_REFUSALS;
        if token.renewed_for_refusal.is_some_and(is_fresh) {
            return false;
        }
        token.is_refused = true;
        self.0.tokens.insert(key, token);
        true
    }

    fn renew_beside(&self, connection: &Arc<Connection>, key: Key, mut token: Token) {
        let is_under_way = |at: Instant| at.elapsed() < TOKEN_CACHE_TTL;
        if token.renewal_began.is_some_and(is_under_way) || !token.can_be_renewed {
            return;
        }
        token.renewal_began = Some(Instant::now());
        self.0.tokens.insert(key.clone(), token);
        let (accounts, connection) = (self.clone(), Arc::clone(connection));
        tokio::spawn(async move { accounts.renewed(&connection, key).await.map(drop) });
    }

    /// Waits for a renewal as long as a call may take. The renewal continues for the next call.
    async fn renewed_in_time(
        &self,
        connection: &Arc<Connection>,
        key: Key,
    ) -> Result<Token, ApiError> {
        let renewed = Box::pin(self.renewed(connection, key));
        let late = |_| {
            let refusal = ApiError::from(ErrorCode::ConnectionTimeout);
            Err(refusal.with_source("the provider has not given a token in time"))
        };
        let renewed = timeout(connection.settings.timeout, renewed).await;
        renewed.unwrap_or_else(late)
    }

    /// Waits for a renewal: the one that is under way, or a new one.
    async fn renewed(&self, connection: &Arc<Connection>, key: Key) -> Result<Token, ApiError> {
        let (inner, now) = (Arc::clone(&self.0), self.0.clock.now());
        let known = || {
            let token = inner.tokens.get(&key)?;
            token.is_good(now).then(|| Ok(token))
        };
        let work = || {
            let (inner, connection) = (Arc::clone(&self.0), Arc::clone(connection));
            let holder = key.0;
            async move {
                let _under_way = inner.begin().await;
                inner.renew(&connection, holder).await
            }
        };
        let outcome = inner.renewals.run(&key, known, work).await;
        outcome.unwrap_or_else(|| Err(ErrorCode::Internal.into()))
    }
}

impl Inner {
    /// A token that need not be looked for in the database.
    fn believed(&self, key: &Key) -> Option<Token> {
        let known = self.tokens.get(key)?;
        let is_believed = key.0 == Holder::Everybody || known.read_at.elapsed() < TOKEN_CACHE_TTL;
        is_believed.then_some(known)
    }

    /// What is known of a token: in memory, or for an instance's own, in the database.
    async fn known(&self, key: &Key) -> Result<Option<Token>, ApiError> {
        let known = self.tokens.get(key);
        let Holder::Instance(instance_id) = key.0 else {
            return Ok(known);
        };
        let Some(account) = self.store.account(instance_id, &key.1).await? else {
            self.tokens.invalidate(key);
            return Err(ErrorCode::ConnectionNotConnected.into());
        };
        if account.broken {
            return Err(ErrorCode::ConnectionAccountLost.into());
        }
        let mut token = self.open(&account)?;
        // What the third party thinks of it is known here only.
        if let Some(known) = known.filter(|known| known.version == token.version) {
            token.is_refused = known.is_refused;
            token.renewal_began = known.renewal_began;
            token.renewed_for_refusal = known.renewed_for_refusal;
        }
        self.tokens.insert(key.clone(), token.clone());
        Ok(Some(token))
    }

    /// An account's access token.
    pub(crate) fn open(&self, account: &Account) -> Result<Token, ApiError> {
        let tokens = self.tokens_of(account)?;
        Ok(Token {
            credential: usable(Credential::bearer(&tokens.access))?,
            text: SecretString::new(tokens.access.clone()),
            expires_at: account.expires_at,
            lifetime: tokens.lifetime.and_then(seconds),
            version: account.version,
            read_at: Instant::now(),
            is_refused: false,
            can_be_renewed: tokens.refresh.is_some(),
            renewal_began: None,
            renewed_for_refusal: None,
            values: Arc::new(tokens.values.clone()),
        })
    }

    pub(crate) fn tokens_of(&self, account: &Account) -> Result<Tokens, ApiError> {
        let place = account_place(account);
        let open = self
            .vault()?
            .open(place, &account.key_id, &account.sealed)?;
        let unreadable = |_| ApiError::from(ErrorCode::SecretUnreadable);
        serde_json::from_slice(&open).map_err(unreadable)
    }

    /// Whether an instance has an account.
    pub(crate) async fn account_of(
        &self,
        instance_id: InstanceId,
        connection: &Connection,
    ) -> Result<Option<Account>, ApiError> {
        let name = &connection.settings.name;
        Ok(self.store.account(instance_id, name).await?)
    }
}
