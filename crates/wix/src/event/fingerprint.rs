//! The id of an event that has none.

use aws_lc_rs::digest::{Context, SHA256};

use crate::jwt::Webhook;

/// Returns the SHA-256 of type, instance and content, in hexadecimal digits. Wix repeats an event byte for byte.
pub(super) fn fingerprint(webhook: &Webhook) -> String {
    let mut hash = Context::new(&SHA256);
    let instance_id = webhook.instance_id.as_deref().unwrap_or_default();
    for part in [&*webhook.event_type, instance_id, &*webhook.data] {
        // With its length, no part can be read as the end of the one before it.
        hash.update(&(part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    const_hex::encode(hash.finish())
}
