//! Addresses of webhooks. A key is looked up by the owner of the tables: it says which instance a request is for.

use backlot_wix::InstanceId;

use super::Store;
use crate::StoreError;
use crate::sql::{Row, Scope, bind};
use crate::webhook_addresses::WebhookAddress;

const INSERT: &str = "
    INSERT INTO webhook_addresses (key_hash, instance_id, source, address_id, created_at_ms)
    VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT DO NOTHING";

const FIND: &str = "
    SELECT key_hash, instance_id, source, address_id, created_at_ms
    FROM webhook_addresses WHERE key_hash = $1";

const LIST: &str = "
    SELECT key_hash, instance_id, source, address_id, created_at_ms
    FROM webhook_addresses WHERE instance_id = $1 ORDER BY created_at_ms, address_id";

const DELETE: &str = "
    DELETE FROM webhook_addresses WHERE instance_id = $1 AND source = $2 AND address_id = $3";

const DELETE_ALL: &str = "DELETE FROM webhook_addresses WHERE instance_id = $1 AND source = $2";

impl Store {
    /// Inserts an address. Returns false if there is one with this key or this id, which stays.
    pub async fn insert_webhook_address(
        &self,
        address: WebhookAddress,
    ) -> Result<bool, StoreError> {
        let values = bind![
            &address.key_hash[..],
            address.instance_id,
            &address.source,
            &address.address_id,
            address.created_at,
        ];
        let scope = Scope::Tenant(address.instance_id);
        Ok(self.execute(scope, INSERT, &values).await? > 0)
    }

    /// Finds the address with a key.
    pub async fn find_webhook_address(
        &self,
        key_hash: [u8; 32],
    ) -> Result<Option<WebhookAddress>, StoreError> {
        self.query_one(Scope::Owner, FIND, &bind![&key_hash[..]], read)
            .await
    }

    /// Lists the addresses of an instance, of all sources, the oldest first.
    pub async fn list_webhook_addresses(
        &self,
        instance_id: InstanceId,
    ) -> Result<Vec<WebhookAddress>, StoreError> {
        self.query(Scope::Tenant(instance_id), LIST, &bind![instance_id], read)
            .await
    }

    /// Deletes an address of an instance and a source, or all of them. Returns how many there were.
    pub async fn delete_webhook_addresses(
        &self,
        instance_id: InstanceId,
        source: &str,
        address_id: Option<&str>,
    ) -> Result<u64, StoreError> {
        let scope = Scope::Tenant(instance_id);
        if let Some(address_id) = address_id {
            let values = bind![instance_id, source, address_id];
            self.execute(scope, DELETE, &values).await
        } else {
            let values = bind![instance_id, source];
            self.execute(scope, DELETE_ALL, &values).await
        }
    }
}

fn read(row: &Row<'_>) -> Result<WebhookAddress, StoreError> {
    let hash: Vec<u8> = row.get(0)?;
    Ok(WebhookAddress {
        key_hash: hash
            .try_into()
            .map_err(|_| StoreError::corrupt("the key of a webhook address"))?,
        instance_id: row.instance_id(1)?,
        source: row.get(2)?,
        address_id: row.get(3)?,
        created_at: row.timestamp(4)?,
    })
}
