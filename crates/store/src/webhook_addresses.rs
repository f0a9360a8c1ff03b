//! Addresses at which the webhooks of one source are those of one instance.

use backlot_wix::InstanceId;
use jiff::Timestamp;

/// An address. Its key is not stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookAddress {
    /// SHA-256 of the key in the address.
    pub key_hash: [u8; 32],
    /// The tenant.
    pub instance_id: InstanceId,
    /// The name of the webhook source.
    pub source: String,
    /// What the address is called where its key must not be named. Unique for the instance and the source.
    pub address_id: String,
    /// When it was made.
    pub created_at: Timestamp,
}
