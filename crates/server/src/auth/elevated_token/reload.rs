//! Learning of keys that others made, while a server runs.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::Mutex;

use super::key_store::{SigningKeyError, SigningKeyStore};
use super::tokens::{ElevatedTokens, TokenFault};
use backlot_wix::Caller;

use crate::error::Chain;

/// How often a server looks for new keys, in seconds.
pub(crate) const RELOAD_SECONDS: u64 = 10;
/// The least time between two looks for a key that a token names and that is unknown: such tokens are free to make.
const BETWEEN_LOOKS: Duration = Duration::from_secs(5);

/// Looks for new keys, periodically and when a token names one.
pub(crate) struct KeyReloader {
    keys: SigningKeyStore,
    /// When a token last was the reason to look.
    last: Mutex<Option<Instant>>,
}

impl KeyReloader {
    pub(crate) fn new(keys: SigningKeyStore) -> Self {
        Self {
            keys,
            last: Mutex::default(),
        }
    }

    /// Looks for new keys. Where that fails, those that are known stay.
    pub(crate) async fn reload(&self, tokens: &ElevatedTokens) {
        match self.keys.load().await {
            Ok(keys) => tokens.replace_keys(keys),
            Err(error) => tracing::warn!(error = %Chain(&error), "failed to load new signing keys"),
        }
    }

    /// Takes over the keys of a backup that has taken the database's place.
    pub(crate) async fn take_over(&self, tokens: &ElevatedTokens) -> Result<(), SigningKeyError> {
        tokens.replace_keys(self.keys.load_restored().await?);
        Ok(())
    }

    /// Verifies a token whose key is not known, after one look for it. Of many such tokens, one is looked for.
    pub(crate) async fn verify(
        &self,
        tokens: &ElevatedTokens,
        token: &str,
        now: Timestamp,
    ) -> Result<Result<Caller, TokenFault>, SigningKeyError> {
        let mut last = self.last.lock().await;
        let verdict = tokens.verify(token, now);
        let is_recent = last.is_some_and(|at| at.elapsed() < BETWEEN_LOOKS);
        if verdict != Err(TokenFault::UnknownKey) || is_recent {
            return Ok(verdict);
        }
        *last = Some(Instant::now());
        tokens.replace_keys(self.keys.load().await?);
        Ok(tokens.verify(token, now))
    }
}
