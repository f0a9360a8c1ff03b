//! Revoked credentials. A token is stored as its SHA-256 only.
//!
//! Credentials know their milliseconds only. So that one made just before a revocation is dead and
//! one made just after is not, the latter says that it was made in the next millisecond:
//! [`Revocations::signing_time`].

use std::collections::VecDeque;

use aws_lc_rs::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use backlot_wix::InstanceId;
use jiff::{SignedDuration, Timestamp};

/// Beyond this the oldest of each kind is forgotten.
const MAX_REVOCATIONS: usize = 1000;

const MILLISECOND: SignedDuration = SignedDuration::from_millis(1);

type Fingerprint = [u8; SHA256_OUTPUT_LEN];

/// Single tokens, and instances with the time until which all of theirs are dead.
#[derive(Default)]
pub(crate) struct Revocations {
    tokens: VecDeque<Fingerprint>,
    instances: VecDeque<(InstanceId, Timestamp)>,
}

impl Revocations {
    pub(crate) fn revoke_token(&mut self, token: &str) {
        push(&mut self.tokens, fingerprint(token));
    }

    pub(crate) fn revoke_instance(&mut self, instance_id: InstanceId, now: Timestamp) {
        let until = self.signing_time(instance_id, now);
        self.instances.retain(|(known, _)| *known != instance_id);
        push(&mut self.instances, (instance_id, until));
    }

    /// Returns the time of signing for a new credential of this instance.
    pub(crate) fn signing_time(&self, instance_id: InstanceId, now: Timestamp) -> Timestamp {
        let now = Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now);
        let mut instances = self.instances.iter();
        let revoked = instances.find(|(known, _)| *known == instance_id);
        let next = revoked.and_then(|(_, until)| until.checked_add(MILLISECOND).ok());
        next.map_or(now, |next| next.max(now))
    }

    pub(crate) fn has_token(&self, token: &str) -> bool {
        let wanted = fingerprint(token);
        self.tokens.iter().any(|known| *known == wanted)
    }

    /// Returns whether credentials that were signed for the instance at that time are revoked.
    pub(crate) fn has_instance(&self, instance_id: InstanceId, signed_at: Timestamp) -> bool {
        let covers =
            |(known, until): &(InstanceId, Timestamp)| *known == instance_id && signed_at <= *until;
        self.instances.iter().any(covers)
    }
}

fn push<T>(kept: &mut VecDeque<T>, item: T) {
    if kept.len() >= MAX_REVOCATIONS {
        kept.pop_front();
    }
    kept.push_back(item);
}

fn fingerprint(token: &str) -> Fingerprint {
    let mut bytes = [0; SHA256_OUTPUT_LEN];
    bytes.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn before_and_after_within_one_millisecond() {
        let instance: InstanceId = "2b0d7a6e-4c1f-4a52-9d3e-0c5f8a1b7e60".parse().unwrap();
        let other: InstanceId = "2b0d7a6e-4c1f-4a52-9d3e-0c5f8a1b7e61".parse().unwrap();
        let now = Timestamp::from_nanosecond(1_795_341_600_000_700_000).unwrap();
        let mut revocations = Revocations::default();
        let mut before = revocations.signing_time(instance, now);
        for _ in 0..3 {
            revocations.revoke_instance(instance, now);
            let after = revocations.signing_time(instance, now);
            assert!(revocations.has_instance(instance, before));
            assert!(!revocations.has_instance(instance, after));
            assert!(!revocations.has_instance(other, before));
            before = after;
        }
    }

    #[test]
    fn memory_is_bounded() {
        let mut revocations = Revocations::default();
        for number in 0..2 * MAX_REVOCATIONS {
            revocations.revoke_token(&number.to_string());
        }
        assert_eq!(revocations.tokens.len(), MAX_REVOCATIONS);
        assert!(!revocations.has_token("0"));
        assert!(revocations.has_token("1999"));
    }
}
