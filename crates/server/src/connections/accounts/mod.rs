//! OAuth 2: accounts at third parties that an instance's owner has connected, and tokens that are everybody's.
//!
//! - [`authorize`]: the way to the provider, with PKCE (RFC 7636) and a state that serves once
//! - [`callback`]: the way back
//! - [`token`]: how long a token is used; [`tokens`]: the one for a call, known, or renewed, once at a time
//! - [`renew`]: one renewal
//! - [`disconnect`]: taking an account back
//!
//! Rules: tokens are sealed in the database and open in memory only; a renewal is made once for each account,
//! however many wait for it and on whatever node; a state belongs to one instance and one connection.

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

use backlot_outbound::single_flight::SingleFlight;
use backlot_store::Store;
use backlot_wix::InstanceId;
use moka::sync::Cache;

use crate::clock::Clock;
use crate::error::Refusal;
use crate::vault::Vault;
pub(crate) use authorize::Begun;

use token::Token;

/// How long a token is believed without a look at the database: an account may be taken back elsewhere.
const BELIEVED: Duration = Duration::from_secs(5);
/// How long nobody asks again after a renewal that failed.
const PAUSE: Duration = Duration::from_secs(2);
/// Tokens that are kept in memory.
const MOST: u64 = 100_000;

/// Whose tokens are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Holder {
    /// Everybody's, by client credentials.
    Everybody,
    /// An instance's own.
    Instance(InstanceId),
}

type Key = (Holder, Box<str>);

/// All accounts. Cloning shares it.
#[derive(Clone)]
pub(crate) struct Accounts(Arc<Inner>);

struct Inner {
    vault: Option<Vault>,
    store: Store,
    clock: Clock,
    public_url: String,
    tokens: Cache<Key, Token>,
    renewals: SingleFlight<Key, Result<Token, Refusal>>,
    /// Renewals that failed a moment ago: nobody asks again at once.
    pauses: Cache<Key, Refusal>,
}

impl Accounts {
    pub(super) fn new(vault: Option<Vault>, store: Store, clock: Clock, public_url: &str) -> Self {
        Self(Arc::new(Inner {
            vault,
            store,
            clock,
            public_url: public_url.trim_end_matches('/').to_owned(),
            tokens: Cache::builder().max_capacity(MOST).build(),
            renewals: SingleFlight::default(),
            pauses: Cache::builder()
                .max_capacity(MOST)
                .time_to_live(PAUSE)
                .build(),
        }))
    }
}

impl Inner {
    fn vault(&self) -> Result<&Vault, Refusal> {
        let locked =
            || Refusal::from(crate::error::Code::SecretMissing).because("the vault is locked");
        self.vault.as_ref().ok_or_else(locked)
    }
}
