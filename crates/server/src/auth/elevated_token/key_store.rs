//! The signing keys in the database: sealed by the vault, made where there is none, and changed with an overlap.
//!
//! - A new key is published first, and signs [`PUBLISH_DELAY`] later: by then every node and every program that keeps
//!   `jwks.json` knows it.
//! - The key before it verifies until the last of its tokens has ended, and is deleted then.
//! - A key in the clear, which an earlier program left, is sealed, and another takes its place: older copies of the
//!   database hold it, too.

use backlot_store::signing_keys::SigningKey;
use backlot_store::{Store, StoreError};
use jiff::{SignedDuration, Timestamp};

use super::key_set::{self, KeySet, KeyState};
use super::keys::{self, KeyError, SigningKeyPair};
use crate::clock::Clock;
use crate::error::{ApiError, ErrorCode};
use crate::secrets::{SecretContext, Vault, VaultError};

/// How long a new key is published before it signs: twice as long as `jwks.json` may be kept, and many times as long
/// as a node goes without a look at the keys.
pub const PUBLISH_DELAY: SignedDuration = SignedDuration::from_mins(2);
/// The same after an upgrade from a program that kept the key in the clear: nodes that still run it do not look for
/// new keys, and are replaced one after another.
pub const UPGRADE_DELAY: SignedDuration = SignedDuration::from_mins(10);
/// How much longer than its tokens last a key verifies: for nodes whose clocks differ, or that learn of the new key
/// late.
const OVERLAP_MARGIN: SignedDuration = SignedDuration::from_mins(2);
/// The most keys at a time. More would only come of rotating without end.
const MAX_KEYS: usize = 8;
/// How often a change is tried when others change the keys at the same time.
const MAX_TRIES: u32 = 16;

/// Why there are no signing keys.
#[derive(Debug, thiserror::Error)]
pub enum SigningKeyError {
    /// A key that cannot be made or read.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A key does not open: it was sealed with another master key, or changed.
    #[error(
        "SIGNING_KEY_UNREADABLE: the signing key {0} in the database does not open: it was sealed with another master \
         key, or changed\n  hint: give every node the same [secrets] master_key, the one that this database is sealed \
         with; `backlot signing-key list` says which keys there are"
    )]
    DoesNotOpen(String),
    /// A new key is published already.
    #[error("the key {key_id} is published already, and signs from {signs_from:.0} on")]
    RotationUnderWay {
        /// The key.
        key_id: String,
        /// When it begins to sign.
        signs_from: Timestamp,
    },
    /// The earlier keys still verify.
    #[error(
        "there are {MAX_KEYS} keys whose tokens have not ended; rotate again when the oldest is gone"
    )]
    TooMany,
    /// Others changed the keys again and again.
    #[error("the signing keys are being changed by others at the same time; nothing was changed")]
    ChangedMeanwhile,
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The signing keys cannot be looked at, so no token that names an unknown one is accepted.
impl From<SigningKeyError> for ApiError {
    fn from(error: SigningKeyError) -> Self {
        match error {
            SigningKeyError::Store(error) => error.into(),
            error => Self::from(ErrorCode::Internal).with_source(error),
        }
    }
}

/// What may be told of a signing key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyListing {
    /// The name that tokens carry in `kid`.
    pub key_id: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it signs.
    pub signs_from: Timestamp,
    /// Until when it verifies, once another has taken its place.
    pub ends_at: Option<Timestamp>,
    /// What it is used for now.
    pub state: KeyState,
    /// Whether its private half is sealed; one of an earlier program is until the next start.
    pub is_sealed: bool,
}

/// What may be told of the keys in a database, newest first. Nothing is opened.
pub async fn list_signing_keys(
    store: &Store,
    now: Timestamp,
) -> Result<Vec<KeyListing>, StoreError> {
    let keys = store.list_signing_keys().await?;
    let states = key_set::states(&keys, now);
    let listing = |(key, state): (SigningKey, KeyState)| KeyListing {
        key_id: key.key_id,
        created_at: key.created_at,
        signs_from: key.signs_from,
        ends_at: key.ends_at,
        state,
        is_sealed: key.sealed_with.is_some(),
    };
    Ok(keys.into_iter().zip(states).map(listing).collect())
}

/// The signing keys of a database, and the vault that opens them.
#[derive(Clone)]
pub struct SigningKeyStore {
    store: Store,
    vault: Vault,
    clock: Clock,
    token_lifetime: SignedDuration,
}

impl SigningKeyStore {
    /// Takes what it needs. Tokens last for `token_lifetime`.
    pub const fn new(
        store: Store,
        vault: Vault,
        clock: Clock,
        token_lifetime: SignedDuration,
    ) -> Self {
        Self {
            store,
            vault,
            clock,
            token_lifetime,
        }
    }

    /// Opens the keys that have not ended. Makes one where there is none, seals what lies in the clear, and deletes
    /// what has ended.
    pub async fn load(&self) -> Result<KeySet, SigningKeyError> {
        for _ in 0..MAX_TRIES {
            let kept = self.store.list_signing_keys().await?;
            let Some(changed) = self.tidied(&kept)? else {
                return self.open(&kept);
            };
            let was_clear = kept.iter().any(|key| key.sealed_with.is_none());
            if self.store.replace_signing_keys(kept, changed).await? && was_clear {
                tracing::info!(
                    "sealed the signing key, which an earlier version kept in the clear"
                );
                self.scrub().await;
            }
        }
        Err(SigningKeyError::ChangedMeanwhile)
    }

    /// Opens what a backup brought that has taken the database's place: the data keys, and the signing keys.
    pub(crate) async fn load_restored(&self) -> Result<KeySet, SigningKeyError> {
        self.vault.reload().await?;
        self.load().await
    }

    /// Publishes a new key, which takes the place of the one that signs.
    pub async fn rotate(&self) -> Result<KeyListing, SigningKeyError> {
        for _ in 0..MAX_TRIES {
            self.load().await?;
            let kept = self.store.list_signing_keys().await?;
            let now = self.clock.now();
            if let Some(next) = kept.iter().find(|key| key.signs_from > now) {
                return Err(SigningKeyError::RotationUnderWay {
                    key_id: next.key_id.clone(),
                    signs_from: next.signs_from,
                });
            }
            if kept.len() >= MAX_KEYS {
                return Err(SigningKeyError::TooMany);
            }
            let new = self.new_key(later(now, PUBLISH_DELAY))?;
            let listing = KeyListing {
                key_id: new.key_id.clone(),
                created_at: new.created_at,
                signs_from: new.signs_from,
                ends_at: None,
                state: KeyState::Next,
                is_sealed: true,
            };
            let changed = self.succeeded_by(new, kept.clone());
            if self.store.replace_signing_keys(kept, changed).await? {
                return Ok(listing);
            }
        }
        Err(SigningKeyError::ChangedMeanwhile)
    }

    /// Overwrites what is left in the database of a key that lay in it in the clear.
    pub(crate) async fn scrub(&self) {
        if let Err(error) = self.store.scrub_signing_keys().await {
            tracing::debug!(%error, "the database's write-ahead log is not truncated yet");
        }
    }

    /// The keys as they have to be; `None` where they are.
    fn tidied(&self, kept: &[SigningKey]) -> Result<Option<Vec<SigningKey>>, SigningKeyError> {
        let now = self.clock.now();
        let has_ended = |key: &SigningKey| key.ends_at.is_some_and(|end| end <= now);
        let (clear, mut sealed): (Vec<_>, Vec<_>) = kept
            .iter()
            .filter(|key| !has_ended(key))
            .cloned()
            .partition(|key| key.sealed_with.is_none());
        if sealed.is_empty() && clear.is_empty() {
            return Ok(Some(vec![self.new_key(now)?]));
        }
        if clear.is_empty() {
            return Ok((sealed.len() < kept.len()).then_some(sealed));
        }
        // A program that encrypts keys leaves none unencrypted, so one beside an encrypted key is obsolete.
        if !sealed.is_empty() {
            tracing::warn!(
                "deleted a signing key in the clear that no version of this program put there"
            );
            return Ok(Some(sealed));
        }
        for key in clear {
            SigningKeyPair::read(&key.key_id, &key.private_key)?;
            sealed.push(self.sealed(key)?);
        }
        let new = self.new_key(later(now, UPGRADE_DELAY))?;
        Ok(Some(self.succeeded_by(new, sealed)))
    }

    fn new_key(&self, signs_from: Timestamp) -> Result<SigningKey, SigningKeyError> {
        let (key_id, private_key) = keys::generate()?;
        Ok(self.sealed(SigningKey {
            key_id,
            private_key: private_key.to_vec(),
            sealed_with: None,
            created_at: milliseconds(self.clock.now()),
            signs_from: milliseconds(signs_from),
            ends_at: None,
        })?)
    }

    /// The new key, and before it those that end when the last token that they sign has.
    fn succeeded_by(&self, new: SigningKey, before: Vec<SigningKey>) -> Vec<SigningKey> {
        let end = later(later(new.signs_from, self.token_lifetime), OVERLAP_MARGIN);
        let mut keys = vec![new];
        keys.extend(before.into_iter().map(|key| SigningKey {
            ends_at: Some(key.ends_at.unwrap_or(end)),
            ..key
        }));
        keys
    }

    fn sealed(&self, mut key: SigningKey) -> Result<SigningKey, VaultError> {
        let clear = zeroize::Zeroizing::new(std::mem::take(&mut key.private_key));
        let (data_key, bytes) = self
            .vault
            .seal(SecretContext::SigningKey(&key.key_id), &clear)?;
        key.private_key = bytes;
        key.sealed_with = Some(data_key);
        Ok(key)
    }

    fn open(&self, kept: &[SigningKey]) -> Result<KeySet, SigningKeyError> {
        let open = |key: &SigningKey| -> Result<SigningKeyPair, SigningKeyError> {
            let does_not_open = || SigningKeyError::DoesNotOpen(key.key_id.clone());
            let data_key = key.sealed_with.as_deref().ok_or_else(does_not_open)?;
            let place = SecretContext::SigningKey(&key.key_id);
            let opened = self.vault.open(place, data_key, &key.private_key);
            let opened = opened.map_err(|_| does_not_open())?;
            Ok(SigningKeyPair::read(&key.key_id, &opened)?)
        };
        let pair = |key| Ok((key, open(key)?));
        let pairs: Result<_, SigningKeyError> = kept.iter().map(pair).collect();
        Ok(KeySet::new(pairs?))
    }
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}

/// As exact as the database keeps it, so that it can be compared with the stored value.
fn milliseconds(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}
