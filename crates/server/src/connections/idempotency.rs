//! The keys by which callers name their writes, told apart by instance.
//!
//! An API remembers such a key for the credential that it came with. Where instances share one, a key of one instance
//! would bring back the response to another's write, or keep its own write from being done. So what goes out is made of
//! the instance and the key: the same for the same key of the same instance, on every node and after every restart, and
//! never that of another instance.

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use backlot_wix::InstanceId;
use http::{HeaderName, HeaderValue};

use super::ConnectionSettings;

/// What is signed is this, and nothing else that is signed with an instance's id.
const PURPOSE: &[u8] = b"backlot idempotency key v1\0";

/// A header of this kind without the word in its name.
const PAYPAL: &str = "paypal-request-id";

impl ConnectionSettings {
    /// Whether a header names a write: the connection's own, or one of the names that are known.
    pub(super) fn names_writes(&self, name: &HeaderName) -> bool {
        let text = name.as_str();
        // `Idempotency-Key`, `X-Idempotency-Key`, `Idempotence-Key`, …
        self.idempotency_header.as_ref() == Some(name)
            || text.contains("idempoten")
            || text == PAYPAL
    }
}

/// The key that goes out for an instance's, in the shape that every API takes: that of a random UUID.
pub(super) fn key_of_instance(instance_id: InstanceId, key: &HeaderValue) -> Option<HeaderValue> {
    if key.is_empty() {
        return None;
    }
    let mut message = PURPOSE.to_vec();
    message.extend_from_slice(key.as_bytes());
    let tag = sign(&Key::new(HMAC_SHA256, instance_id.as_bytes()), &message);
    let bytes = *tag.as_ref().first_chunk::<16>()?;
    let id = uuid::Builder::from_random_bytes(bytes).into_uuid();
    HeaderValue::from_str(&id.to_string()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(instance: u8, key: &'static str) -> Option<String> {
        let id = InstanceId::from_bytes([instance; 16]);
        let key = key_of_instance(id, &HeaderValue::from_static(key));
        key.map(|key| key.to_str().unwrap().to_owned())
    }

    #[test]
    fn a_key_is_the_same_again_and_no_other_instances() {
        // Written down: it must not change from one release to the next.
        assert_eq!(
            key(1, "order-7").unwrap(),
            "1853b9af-fc94-4348-9452-e1e652d5efd4"
        );
        let all = [
            key(1, "order-7"),
            key(2, "order-7"),
            key(1, "order-8"),
            key(1, "ORDER-7"),
        ];
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
        assert_eq!(key(1, "order-7").unwrap().len(), 36);
        assert_eq!(key(1, ""), None);
    }
}
