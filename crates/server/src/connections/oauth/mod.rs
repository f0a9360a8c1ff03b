//! OAuth 2: accounts that the owners of instances have connected, and tokens that all instances share.
//!
//! - [`authorize`]: the way to the provider, with PKCE (RFC 7636) and a state that serves once
//! - [`callback`]: the way back
//! - [`token`]: how long a token is used; [`tokens`]: the one for a call, known, or renewed, once at a time
//! - [`renew`]: one renewal
//! - [`disconnect`]: taking an account back
//!
//! Rules: tokens are sealed in the database and open in memory only. A renewal is made once for each account, however many
//! calls wait for it and on whatever node. A state belongs to one instance and one connection. The tokens of a provider
//! are sealed and stored before anything else, and a server that stops waits for that: the provider may have ended the
//! earlier ones.

mod authorize;
mod callback;
mod disconnect;
mod endpoint;
mod renew;
mod sealed;
mod token;
mod tokens;

use std::sync::Arc;
use std::time::Duration;

use backlot_outbound::resilience::SingleFlight;
use backlot_outbound::third_party::TokenOwner;
use backlot_store::Store;
use moka::sync::Cache;
use tokio::sync::{OwnedRwLockReadGuard, RwLock};
use tokio::time::timeout;
use tracing::Instrument as _;

use crate::clock::Clock;
use crate::error::ApiError;
use crate::secrets::Vault;
pub(crate) use authorize::Begun;
pub(crate) use callback::{AuthorizationOutcome, Returned};

use token::Token;

/// How long a token is used without reading the database: an account may be disconnected on another node.
const TOKEN_CACHE_TTL: Duration = Duration::from_secs(5);
/// How long no renewal is tried after one has failed.
const RENEWAL_COOLDOWN: Duration = Duration::from_secs(2);
/// The most tokens in memory.
const MAX_CACHED_TOKENS: u64 = 100_000;

/// The owner of a token, and the connection's name.
type TokenKey = (TokenOwner, Box<str>);

/// All accounts. Cloning shares it.
#[derive(Clone)]
pub(crate) struct Accounts(Arc<Inner>);

struct Inner {
    vault: Option<Vault>,
    store: Store,
    clock: Clock,
    public_url: String,
    tokens: Cache<TokenKey, Token>,
    renewals: SingleFlight<TokenKey, Result<Token, ApiError>>,
    /// Renewals that failed a moment ago.
    cooldowns: Cache<TokenKey, ApiError>,
    /// Held for reading while a provider is asked for tokens.
    under_way: Arc<RwLock<()>>,
}

impl Accounts {
    pub(super) fn new(vault: Option<Vault>, store: Store, clock: Clock, public_url: &str) -> Self {
        Self(Arc::new(Inner {
            vault,
            store,
            clock,
            public_url: public_url.trim_end_matches('/').to_owned(),
            tokens: Cache::builder().max_capacity(MAX_CACHED_TOKENS).build(),
            renewals: SingleFlight::default(),
            cooldowns: Cache::builder()
                .max_capacity(MAX_CACHED_TOKENS)
                .time_to_live(RENEWAL_COOLDOWN)
                .build(),
            under_way: Arc::default(),
        }))
    }

    /// Waits until what providers were asked for is stored, but no longer than this.
    pub(crate) async fn settle(&self, longest: Duration) {
        if timeout(longest, self.0.under_way.write()).await.is_err() {
            tracing::warn!("stopping while a token request is in flight");
        }
    }
}

impl Inner {
    /// Held while a provider is asked, until its answer is stored.
    async fn begin(&self) -> OwnedRwLockReadGuard<()> {
        Arc::clone(&self.under_way).read_owned().await
    }

    /// Runs work to its end, also if its caller leaves. `None` if it panicked.
    async fn undisturbed<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let under_way = self.begin().await;
        let task = async move {
            let outcome = work.await;
            drop(under_way);
            outcome
        };
        tokio::spawn(task.in_current_span()).await.ok()
    }

    fn vault(&self) -> Result<&Vault, ApiError> {
        let locked = || {
            ApiError::from(crate::error::ErrorCode::SecretMissing)
                .with_source("the vault is locked")
        };
        self.vault.as_ref().ok_or_else(locked)
    }
}
