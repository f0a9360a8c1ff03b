//! Encrypts again what earlier versions encrypted: they bound it to its context only, so an older copy of a row could be decrypted.
//!
//! It happens with a change of the master key, when no earlier version runs any more. Versions stay, so a node that renews
//! a token at the same time is not in the way. Then the earlier data key is deleted, and what older copies hold
//! opens with nothing that is kept.

use backlot_store::accounts::Account;

use super::named::place_of;
use super::{Revision, SecretContext, Vault, VaultError};

/// Rows that are listed at once.
const PAGE: u32 = 500;

impl Vault {
    /// Encrypts again what was encrypted with a data key of an earlier version. Returns how much that was.
    pub async fn reseal(&self) -> Result<u64, VaultError> {
        let count = self.reseal_secrets().await? + self.reseal_accounts().await?;
        for key in self.keys().iter().filter(|key| !key.binds_writes()) {
            // An authorization under way may need it for some minutes more; then it goes with the next change.
            self.store.delete_unused_wrapped_key(&key.id).await?;
        }
        Ok(count)
    }

    async fn reseal_secrets(&self) -> Result<u64, VaultError> {
        let (mut after, mut count) = (None, 0);
        loop {
            let page = self.store.list_all_secrets(after, PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(count);
            };
            after = Some((last.instance_id, last.name.clone()));
            for mut secret in page {
                if !self.is_earlier(&secret.key_id) {
                    continue;
                }
                let place = place_of(&secret);
                let open = self.open(place, &secret.key_id, &secret.sealed)?;
                let (key_id, sealed) = self.seal(place, &open)?;
                let instead_of = std::mem::replace(&mut secret.key_id, key_id);
                secret.sealed = sealed;
                count += u64::from(self.store.reseal_secret(secret, &instead_of).await?);
            }
        }
    }

    async fn reseal_accounts(&self) -> Result<u64, VaultError> {
        let (mut after, mut count) = (None, 0);
        loop {
            let page = self.store.list_instance_ids(after, PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(count);
            };
            after = Some(*last);
            for instance_id in page {
                for mut account in self.store.list_accounts(instance_id).await? {
                    if !self.is_earlier(&account.key_id) {
                        continue;
                    }
                    let place = account_place(&account);
                    let open = self.open(place, &account.key_id, &account.sealed)?;
                    let (key_id, sealed) = self.seal(place, &open)?;
                    let instead_of = std::mem::replace(&mut account.key_id, key_id);
                    account.sealed = sealed;
                    count += u64::from(self.store.reseal_account(account, &instead_of).await?);
                }
            }
        }
    }

    fn is_earlier(&self, key_id: &str) -> bool {
        let key = self.keys().into_iter().find(|key| key.id == key_id);
        key.is_some_and(|key| !key.binds_writes())
    }
}

/// Where an account's tokens are sealed for.
pub(crate) fn account_place(account: &Account) -> SecretContext<'_> {
    let revision = Revision {
        version: account.version,
        created_at: account.connected_at,
    };
    SecretContext::Account(account.instance_id, &account.connection, revision)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::secrets::data_key::DataKey;
    use crate::secrets::{MasterKey, SecretString};
    use backlot_store::Store;
    use backlot_store::secrets::SealedSecret;
    use backlot_store::sqlite::SqliteStore;
    use backlot_wix::InstanceId;
    use jiff::Timestamp;

    fn open(folder: &tempfile::TempDir) -> Store {
        Store::Sqlite(SqliteStore::open(&folder.path().join("backlot.db")).unwrap())
    }

    async fn text(vault: &Vault, name: &str) -> String {
        let text = vault.secret(None, name).await.unwrap();
        text.unwrap().reveal().to_owned()
    }

    #[tokio::test]
    async fn what_an_earlier_version_sealed_opens_and_is_bound_when_it_is_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let (store, now) = (open(&folder), Timestamp::UNIX_EPOCH);
        let clock = Clock::standing_at(now);
        let (master, next) = (
            MasterKey::generate().unwrap(),
            MasterKey::generate().unwrap(),
        );
        let earlier = DataKey::generate_as_before(now).unwrap();
        store
            .insert_wrapped_key(earlier.wrap(&master, now).unwrap())
            .await
            .unwrap();
        let id = InstanceId::from_bytes([1; 16]);
        let revision = Revision {
            version: 3,
            created_at: now,
        };
        let seal = |place, text: &[u8]| earlier.sealing.seal(place, text).unwrap();
        let secret = |name: &'static str| SealedSecret {
            instance_id: None,
            name: name.to_owned(),
            key_id: earlier.id.clone(),
            sealed: seal(SecretContext::Secret(None, name, revision), name.as_bytes()),
            version: 3,
            created_at: now,
            changed_at: now,
        };
        for name in ["kept", "written"] {
            assert!(store.upsert_secret(secret(name), None).await.unwrap());
        }
        let account = Account {
            instance_id: id,
            connection: "mail".to_owned(),
            key_id: earlier.id.clone(),
            sealed: seal(SecretContext::Account(id, "mail", revision), b"tokens"),
            version: 3,
            scopes: String::new(),
            connected_by: None,
            connected_at: now,
            expires_at: None,
            broken: false,
            external_id: None,
        };
        assert!(store.upsert_account(account, None).await.unwrap());

        let unlock = async |master: &MasterKey| {
            let vault = Vault::unlock(store.clone(), clock.clone(), master).await;
            vault.unwrap()
        };
        let (one, two) = tokio::join!(unlock(&master), unlock(&master));
        assert_eq!(
            store.list_wrapped_keys().await.unwrap().len(),
            2,
            "one new key"
        );
        assert_eq!(text(&one, "kept").await, "kept");
        let new = SecretString::new("anew".to_owned());
        let version = one.keep_secret(None, "written", &new, true).await.unwrap();
        assert_eq!(version, Some(4));
        assert_eq!(text(&two, "written").await, "anew");
        let written = store.find_secret(None, "written").await.unwrap().unwrap();
        assert_ne!(written.key_id, earlier.id);

        // Until the master key is changed, what was sealed with the earlier data key opens in its place.
        assert_eq!(one.reseal().await.unwrap(), 2);
        assert_eq!(one.reseal().await.unwrap(), 0);
        let keys = store.list_wrapped_keys().await.unwrap();
        assert!(keys.len() == 1 && keys[0].key_id == written.key_id);
        Vault::rekey(&store, &master, &next).await.unwrap();
        let vault = unlock(&next).await;
        assert_eq!(text(&vault, "kept").await, "kept");
        let account = store.find_account(id, "mail").await.unwrap().unwrap();
        assert_eq!(account.version, 3);
        let opened = vault.open(account_place(&account), &account.key_id, &account.sealed);
        assert_eq!(**opened.unwrap(), *b"tokens");

        let kept = store.find_secret(None, "kept").await.unwrap().unwrap();
        let old = secret("kept");
        let put_back = store.reseal_secret(old, &kept.key_id);
        assert!(put_back.await.unwrap());
        let refused = unlock(&next).await.secret(None, "kept").await;
        assert!(matches!(refused, Err(VaultError::DoesNotOpen)));
    }

    #[tokio::test]
    async fn a_data_key_that_something_needs_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (store, now) = (open(&folder), Timestamp::UNIX_EPOCH);
        let master = MasterKey::generate().unwrap();
        let earlier = DataKey::generate_as_before(now).unwrap();
        store
            .insert_wrapped_key(earlier.wrap(&master, now).unwrap())
            .await
            .unwrap();
        let id = InstanceId::from_bytes([1; 16]);
        let pending = backlot_store::accounts::PendingAuthorization {
            state_hash: [1; 32],
            instance_id: id,
            connection: "mail".to_owned(),
            key_id: earlier.id.clone(),
            sealed: vec![1],
            expires_at: now + jiff::SignedDuration::from_mins(5),
        };
        assert!(store.insert_authorization(pending, 1, now).await.unwrap());
        let clock = Clock::standing_at(now);
        let vault = Vault::unlock(store.clone(), clock, &master).await.unwrap();
        vault.reseal().await.unwrap();
        assert_eq!(store.list_wrapped_keys().await.unwrap().len(), 2);
        let ends = now + jiff::SignedDuration::from_mins(9);
        store.delete_expired_authorizations(ends).await.unwrap();
        vault.reseal().await.unwrap();
        assert_eq!(store.list_wrapped_keys().await.unwrap().len(), 1);
    }
}
