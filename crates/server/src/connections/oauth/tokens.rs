//! The token for a call: known, or renewed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use backlot_store::accounts::Account;
use backlot_wix::InstanceId;
use tokio::time::timeout;
use tracing::Instrument as _;

use super::sealed::Tokens;
use super::token::{Token, TokenState, seconds};
use super::{Accounts, Inner, TOKEN_CACHE_TTL, TokenKey, TokenOwner};
use crate::connections::Connection;
use crate::error::{ApiError, ErrorCode};
use crate::secrets::{SecretString, account_place};

/// A token is renewed for a refusal no more often than this.
const BETWEEN_REFUSALS: Duration = Duration::from_secs(30);

impl Accounts {
    /// A token that is good for a call.
    pub(crate) async fn token(
        &self,
        connection: &Arc<Connection>,
        owner: TokenOwner,
    ) -> Result<Token, ApiError> {
        let key = (owner, connection.settings.name.clone());
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
            TokenState::Good => Ok(known),
            TokenState::Aging => {
                self.renew_beside(connection, key, known.clone());
                Ok(known)
            }
            TokenState::Over => self.renewed_in_time(connection, key).await,
        }
    }

    /// Marks a token that the third party refused, so that it is renewed before it is used again. Returns whether another
    /// token may help: not if this one replaced a refused one a moment ago.
    pub(crate) fn refused(
        &self,
        connection: &Connection,
        owner: TokenOwner,
        text: &SecretString,
    ) -> bool {
        let key = (owner, connection.settings.name.clone());
        let Some(mut token) = self.0.tokens.get(&key) else {
            return true;
        };
        // It has been renewed meanwhile, or is being renewed.
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

    fn renew_beside(&self, connection: &Arc<Connection>, key: TokenKey, mut token: Token) {
        let is_under_way = |at: Instant| at.elapsed() < TOKEN_CACHE_TTL;
        if token.renewal_began.is_some_and(is_under_way) || !token.can_be_renewed {
            return;
        }
        token.renewal_began = Some(Instant::now());
        self.0.tokens.insert(key.clone(), token);
        let (accounts, connection) = (self.clone(), Arc::clone(connection));
        let renewal = async move { accounts.renewed(&connection, key).await.map(drop) };
        tokio::spawn(renewal.in_current_span());
    }

    /// Waits for a renewal as long as a call may take. The renewal goes on for the next call.
    async fn renewed_in_time(
        &self,
        connection: &Arc<Connection>,
        key: TokenKey,
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
    async fn renewed(
        &self,
        connection: &Arc<Connection>,
        key: TokenKey,
    ) -> Result<Token, ApiError> {
        let (inner, now) = (Arc::clone(&self.0), self.0.clock.now());
        let known = || {
            let token = inner.tokens.get(&key)?;
            token.is_good(now).then(|| Ok(token))
        };
        let work = || {
            let (inner, connection) = (Arc::clone(&self.0), Arc::clone(connection));
            let owner = key.0;
            async move {
                let _under_way = inner.begin().await;
                inner.renew(&connection, owner).await
            }
        };
        let outcome = inner.renewals.run(&key, known, work).await;
        outcome.unwrap_or_else(|| Err(ErrorCode::Internal.into()))
    }
}

impl Inner {
    /// A token that need not be looked for in the database.
    fn believed(&self, key: &TokenKey) -> Option<Token> {
        let known = self.tokens.get(key)?;
        let is_believed = key.0 == TokenOwner::Shared || known.read_at.elapsed() < TOKEN_CACHE_TTL;
        is_believed.then_some(known)
    }

    /// What is known of a token: in memory, or for an instance's own, in the database.
    async fn known(&self, key: &TokenKey) -> Result<Option<Token>, ApiError> {
        let known = self.tokens.get(key);
        let TokenOwner::Instance(instance_id) = key.0 else {
            return Ok(known);
        };
        let Some(account) = self.store.find_account(instance_id, &key.1).await? else {
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
            expires_at: account.expires_at,
            lifetime: tokens.lifetime.and_then(seconds),
            version: account.version,
            can_be_renewed: tokens.refresh.is_some(),
            values: Arc::new(tokens.values.clone()),
            ..Token::new(&tokens.access)?
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
        Ok(self.store.find_account(instance_id, name).await?)
    }
}
