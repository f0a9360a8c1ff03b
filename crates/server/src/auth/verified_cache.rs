//! Instances that were verified not long ago.
//!
//! A page sends the same instance with every call for up to four hours. What makes it valid depends
//! on nothing but its own bytes, the secrets and the time; so what was verified once need not be
//! taken apart again, only looked at for its age. That is two microseconds saved on every call.
//!
//! Rules: only what was verified is kept, so a stranger can fill nothing. A hit needs the whole
//! credential to be the same; the signature is compared in constant time, before the payload is
//! looked at, so that timing does not reveal a cached one. The table is small and bounded: a
//! new entry replaces the one in its place.

use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use backlot_wix::Caller;
use parking_lot::Mutex;

/// About a kilobyte each, once taken.
const PLACES: usize = 2048;
/// The signature and its dot.
const SIGNATURE: usize = 44;
/// Longer ones are verified each time.
const MAX_CACHED_BYTES: usize = 2048;

/// What is known of a credential.
#[derive(Clone)]
pub(crate) struct CachedCaller {
    pub(crate) caller: Arc<Caller>,
    pub(crate) old_secret: bool,
}

struct Kept {
    credential: Box<[u8]>,
    known: CachedCaller,
}

/// The table.
pub(crate) struct VerifiedCache(Box<[Mutex<Option<Kept>>]>);

impl VerifiedCache {
    pub(crate) fn new() -> Self {
        Self((0..PLACES).map(|_| Mutex::new(None)).collect())
    }

    /// What is known of exactly this credential.
    pub(crate) fn find(&self, credential: &str) -> Option<CachedCaller> {
        let (signature, payload) = credential.as_bytes().split_at_checked(SIGNATURE)?;
        let place = self.place_of(signature)?.lock();
        let kept = place.as_ref()?;
        let (kept_signature, kept_payload) = kept.credential.split_at_checked(SIGNATURE)?;
        verify_slices_are_equal(signature, kept_signature).ok()?;
        (payload == kept_payload).then(|| kept.known.clone())
    }

    /// Keeps a credential that was verified.
    pub(crate) fn keep(&self, credential: &str, known: CachedCaller) {
        let credential = credential.as_bytes();
        if credential.len() > MAX_CACHED_BYTES {
            return;
        }
        if let Some(place) = credential.get(..SIGNATURE).and_then(|it| self.place_of(it)) {
            *place.lock() = Some(Kept {
                credential: credential.into(),
                known,
            });
        }
    }

    /// A signature is as good as random, so its first characters choose the place.
    fn place_of(&self, signature: &[u8]) -> Option<&Mutex<Option<Kept>>> {
        let first = u64::from_le_bytes(*signature.first_chunk()?);
        let mixed = first.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        self.0.get(usize::try_from(mixed).ok()? % PLACES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use backlot_wix::{AppId, InstanceId};
    use jiff::Timestamp;

    fn known() -> CachedCaller {
        let id = "2b0d7a6e-4c1f-4a52-9d3e-0c5f8a1b7e60";
        let (instance, app): (InstanceId, AppId) = (id.parse().unwrap(), id.parse().unwrap());
        let at = Timestamp::UNIX_EPOCH;
        CachedCaller {
            caller: Arc::new(Caller::app(instance, app, at, at)),
            old_secret: true,
        }
    }

    #[test]
    fn only_the_very_same_credential_is_known() {
        let recent = VerifiedCache::new();
        let credential = format!("{}.payload", "s".repeat(43));
        assert!(recent.find(&credential).is_none());
        recent.keep(&credential, known());
        assert!(recent.find(&credential).unwrap().old_secret);
        for other in [
            format!("{credential}x"),
            credential.replace("payload", "payloae"),
            credential[..credential.len() - 1].to_owned(),
            format!("{}t.payload", "s".repeat(42)),
            "s".repeat(8),
            String::new(),
        ] {
            assert!(recent.find(&other).is_none(), "{other}");
        }
        recent.keep(
            &format!("{}.{}", "t".repeat(43), "p".repeat(MAX_CACHED_BYTES)),
            known(),
        );
        recent.keep("short", known());
    }
}
