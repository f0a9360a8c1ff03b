//! What Wix said of tokens not long ago. Two tables, each bounded: garbage can fill the one for
//! refusals, never push out a caller who was admitted.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use backlot_wix::Caller;
use backlot_wix::token_info::TokenRejection;
use jiff::Timestamp;
use moka::sync::Cache;

use super::outcome::Verdict;
use crate::id_hasher::InstanceHash;

/// About half a kilobyte each, once taken.
const MAX_ADMITTED: u64 = 100_000;
const MAX_REFUSED: u64 = 20_000;

/// The SHA-256 of a token: what it is known by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct TokenHash([u8; 32]);

impl TokenHash {
    pub(crate) fn new(token: &str) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
        Self(bytes)
    }
}

impl Hash for TokenHash {
    /// It is as good as random already.
    fn hash<H: Hasher>(&self, state: &mut H) {
        let first = self.0.first_chunk().copied().unwrap_or_default();
        state.write_u64(u64::from_le_bytes(first));
    }
}

pub(crate) struct Known {
    admitted: Cache<TokenHash, Arc<Caller>, InstanceHash>,
    refused: Cache<TokenHash, TokenRejection, InstanceHash>,
}

impl Known {
    /// Ages are measured with a steady clock, so that setting the system clock does not extend them.
    pub(crate) fn new(ceiling: Duration, refusal_kept: Duration) -> Self {
        Self {
            admitted: Cache::builder()
                .max_capacity(MAX_ADMITTED)
                .time_to_live(ceiling)
                .build_with_hasher(InstanceHash::default()),
            refused: Cache::builder()
                .max_capacity(MAX_REFUSED)
                .time_to_live(refusal_kept)
                .build_with_hasher(InstanceHash::default()),
        }
    }

    /// The caller, unless the token has expired since.
    pub(crate) fn admitted(&self, hash: &TokenHash, now: Timestamp) -> Option<Arc<Caller>> {
        self.admitted
            .get(hash)
            .filter(|caller| now < caller.expires_at)
    }

    pub(crate) fn refused(&self, hash: &TokenHash) -> Option<TokenRejection> {
        self.refused.get(hash)
    }

    pub(crate) fn verdict(&self, hash: &TokenHash, now: Timestamp) -> Option<Verdict> {
        let admitted = self.admitted(hash, now).map(Verdict::Admitted);
        admitted.or_else(|| self.refused(hash).map(Verdict::Refused))
    }

    pub(crate) fn admit(&self, hash: TokenHash, caller: &Arc<Caller>) {
        self.admitted.insert(hash, Arc::clone(caller));
    }

    pub(crate) fn refuse(&self, hash: TokenHash, unfit: TokenRejection) {
        self.admitted.invalidate(&hash);
        self.refused.insert(hash, unfit);
    }
}
