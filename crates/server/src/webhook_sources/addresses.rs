//! Unguessable addresses, each for one instance: `/webhooks/{name}/{key}`.
//!
//! The app makes, lists and deletes them. A key is shown once; the database holds its hash. To turn one over, the app makes
//! another, registers it with the provider, and deletes the first.

use aws_lc_rs::{digest, rand};
use backlot_store::webhook_addresses::WebhookAddress;
use backlot_wix::InstanceId;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::receive::unknown_address;
use super::{InstanceRule, WebhookSource, WebhookSources};
use crate::error::{ApiError, ErrorCode};

/// The bytes of a key.
const KEY_BYTES: usize = 32;
/// The length of a key, in characters.
const KEY_LENGTH: usize = 43;
/// The bytes of the hash that an address is called by.
const ID_BYTES: usize = 9;
/// The most addresses of an instance for one source.
const MAX_ADDRESSES: usize = 10;

/// An address whose key is known for the moment.
pub(crate) struct NewAddress {
    pub(crate) address: WebhookAddress,
    pub(crate) key: String,
    pub(crate) url: String,
}

impl WebhookSources {
    /// Makes an address of an instance.
    pub(crate) async fn make_address(
        &self,
        source: &WebhookSource,
        instance_id: InstanceId,
    ) -> Result<NewAddress, ApiError> {
        source.check_has_addresses()?;
        if self.list_addresses(source, instance_id).await?.len() >= MAX_ADDRESSES {
            let refusal = ApiError::from(ErrorCode::TooManyWebhookAddresses);
            return Err(refusal.with_data("limit", MAX_ADDRESSES));
        }
        let mut bytes = [0; KEY_BYTES];
        rand::fill(&mut bytes).map_err(|_| ErrorCode::Internal)?;
        let key = URL_SAFE_NO_PAD.encode(bytes);
        let key_hash = hash(&key);
        let address = WebhookAddress {
            key_hash,
            instance_id,
            source: source.settings.name.to_string(),
            address_id: URL_SAFE_NO_PAD.encode(&key_hash[..ID_BYTES]),
            created_at: self.clock.now(),
        };
        if !self.store.insert_webhook_address(address.clone()).await? {
            return Err(ErrorCode::Internal.into());
        }
        let url = format!(
            "{}/webhooks/{}/{key}",
            source.public_url, source.settings.name
        );
        Ok(NewAddress { address, key, url })
    }

    /// Lists the addresses of an instance, the oldest first.
    pub(crate) async fn list_addresses(
        &self,
        source: &WebhookSource,
        instance_id: InstanceId,
    ) -> Result<Vec<WebhookAddress>, ApiError> {
        source.check_has_addresses()?;
        let mut all = self.store.list_webhook_addresses(instance_id).await?;
        all.retain(|address| *address.source == *source.settings.name);
        Ok(all)
    }

    /// Deletes an address of an instance, or all of them. Returns how many there were.
    pub(crate) async fn delete_addresses(
        &self,
        source: &WebhookSource,
        instance_id: InstanceId,
        address_id: Option<&str>,
    ) -> Result<u64, ApiError> {
        source.check_has_addresses()?;
        let name = &source.settings.name;
        let store = &self.store;
        let deleted = store.delete_webhook_addresses(instance_id, name, address_id);
        match (deleted.await?, address_id) {
            (0, Some(_)) => Err(unknown_address()),
            (deleted, _) => Ok(deleted),
        }
    }

    /// Returns the instance that a key belongs to.
    pub(super) async fn instance_of(
        &self,
        source: &WebhookSource,
        key: &str,
    ) -> Result<InstanceId, ApiError> {
        // What no key looks like need not be looked for.
        let is_ours = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if key.len() != KEY_LENGTH || !key.bytes().all(is_ours) {
            return Err(unknown_address());
        }
        let found = self.store.find_webhook_address(hash(key)).await?;
        let found = found.filter(|address| *address.source == *source.settings.name);
        found
            .map(|address| address.instance_id)
            .ok_or_else(unknown_address)
    }
}

impl WebhookSource {
    fn check_has_addresses(&self) -> Result<(), ApiError> {
        if self.settings.instance == InstanceRule::Address {
            return Ok(());
        }
        let refusal = unknown_address();
        Err(refusal.with_detail("The source has no addresses of instances."))
    }
}

fn hash(key: &str) -> [u8; 32] {
    let hash = digest::digest(&digest::SHA256, key.as_bytes());
    let mut bytes = [0; 32];
    bytes.copy_from_slice(hash.as_ref());
    bytes
}
