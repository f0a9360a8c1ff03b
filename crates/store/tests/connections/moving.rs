//! What becomes of secrets, accounts and usage when an instance is deleted or exported, and when a whole database
//! is copied.

use backlot_store::Store;
use backlot_store::accounts::Account;
use backlot_store::portability::{Exporter, Record, copy};
use backlot_store::secrets::SealedSecret;

use crate::place::Place;
use crate::{account, at, instance_id, key, pending, secret, used};

on_every_database! {
    an_instance_is_deleted_with_all_of_it
    an_export_holds_neither_secrets_nor_accounts
    whatever_is_kept_makes_a_database_no_empty_one
}

/// Of each kind one for instance 1 and one for instance 2, and what is everybody's.
async fn filled(place: &Place) -> Store {
    let store = place.open().await;
    for (id, bytes) in [("first", b"wrapped-1"), ("second", b"wrapped-2")] {
        let key = key(id, bytes, 1);
        assert!(store.insert_wrapped_key(key).await.unwrap());
    }
    for instance in [None, Some(1), Some(2)] {
        for (sealed, replaces) in [(b"sealed-s1", None), (b"sealed-s2", Some(1))] {
            let secret = SealedSecret {
                version: replaces.unwrap_or_default() + 1,
                ..secret(instance, "s", sealed, 1)
            };
            assert!(store.upsert_secret(secret, replaces).await.unwrap());
        }
    }
    for instance in [1, 2] {
        for (sealed, replaces) in [(b"sealed-a1", None), (b"sealed-a2", Some(1))] {
            let account = Account {
                version: replaces.unwrap_or_default() + 1,
                ..account(instance, "mail", sealed)
            };
            assert!(store.upsert_account(account, replaces).await.unwrap());
        }
        let pending = pending(instance, instance, 100);
        assert!(store.insert_authorization(pending, 5, at(1)).await.unwrap());
        let usage = vec![used(instance, "mail", 202_611, 5)];
        store.add_connection_usage(usage).await.unwrap();
    }
    store
}

async fn an_instance_is_deleted_with_all_of_it(place: &Place) {
    let store = filled(place).await;
    let (one, two) = (instance_id(1), instance_id(2));
    let known = store.list_instance_ids(None, 9).await.unwrap();
    assert_eq!(known, [one, two], "though neither was ever seen");
    store.delete_instance(one).await.unwrap();
    assert_eq!(store.list_secrets(Some(one)).await.unwrap(), []);
    assert_eq!(store.list_accounts(one).await.unwrap(), []);
    assert_eq!(store.list_connection_usage(one, None).await.unwrap(), []);
    let taken = store.take_authorization([1; 32], at(1)).await.unwrap();
    assert_eq!(taken, None);
    assert_eq!(store.list_instance_ids(None, 9).await.unwrap(), [two]);

    assert_eq!(store.list_secrets(None).await.unwrap().len(), 1);
    assert_eq!(store.list_secrets(Some(two)).await.unwrap().len(), 1);
    assert_eq!(store.list_accounts(two).await.unwrap().len(), 1);
    assert_eq!(
        store.list_connection_usage(two, None).await.unwrap().len(),
        1
    );
    let taken = store.take_authorization([2; 32], at(1)).await.unwrap();
    assert!(taken.is_some());
}

async fn an_export_holds_neither_secrets_nor_accounts(place: &Place) {
    let store = filled(place).await;
    let mut exporter = Exporter::new(&store, instance_id(1));
    let mut text = String::new();
    loop {
        let records = exporter.next().await.unwrap();
        if records.is_empty() {
            break;
        }
        for mut record in records {
            // How much is left out is told.
            if let Record::Header { leaves_out, .. } = &mut record {
                let all: Vec<_> = std::mem::take(leaves_out).into_iter().collect();
                let told = ["connectedAccounts", "connectionUsage", "secrets"];
                assert_eq!(all, told.map(|name| (name.to_owned(), 1)));
            }
            text.push_str(&serde_json::to_string(&record).unwrap());
        }
    }
    assert!(text.contains("header") && text.contains("end"), "{text}");
    for word in ["sealed", "wrapped", "mail", "secret", "account"] {
        assert!(!text.contains(word), "{word} in {text}");
    }
    let as_numbers = serde_json::to_string(b"sealed-s2").unwrap();
    assert!(!text.contains(as_numbers.trim_matches(['[', ']'])));
}

async fn whatever_is_kept_makes_a_database_no_empty_one(place: &Place) {
    let store = place.open().await;
    let is_empty = async || copy::is_empty(&store).await.unwrap();
    let id = instance_id(1);
    assert!(is_empty().await);
    for instance in [None, Some(1)] {
        let secret = secret(instance, "s", b"x", 1);
        store.upsert_secret(secret, None).await.unwrap();
        assert!(!is_empty().await);
        store
            .delete_secret(instance.map(instance_id), "s")
            .await
            .unwrap();
        assert!(is_empty().await);
    }
    store
        .upsert_account(account(1, "mail", b"x"), None)
        .await
        .unwrap();
    assert!(!is_empty().await);
    store.delete_account(id, "mail").await.unwrap();
    let usage = vec![used(1, "mail", 202_611, 1)];
    store.add_connection_usage(usage).await.unwrap();
    assert!(!is_empty().await);
    store.delete_instance(id).await.unwrap();
    assert!(is_empty().await);
    store.insert_wrapped_key(key("a", b"x", 1)).await.unwrap();
    assert!(!is_empty().await);
}

#[tokio::test]
async fn a_copy_holds_all_but_what_is_under_way() {
    let (first, second) = (Place::folder(), Place::database().await);
    let (from, to) = (filled(&first).await, second.open().await);
    check_copy(&from, &to).await;
    let back = Place::folder();
    check_copy(&to, &back.open().await).await;
}

async fn check_copy(from: &Store, to: &Store) {
    assert!(copy::is_empty(to).await.unwrap());
    copy::copy(from, to, &mut |_| {}).await.unwrap();
    assert_eq!(
        from.list_wrapped_keys().await.unwrap(),
        to.list_wrapped_keys().await.unwrap()
    );
    let (old, new) = (
        from.list_all_secrets(None, 9).await.unwrap(),
        to.list_all_secrets(None, 9).await.unwrap(),
    );
    assert_eq!(old, new);
    assert_eq!(old.len(), 3);
    assert_eq!(new[0].version, 2, "as it was");
    for instance in [1, 2] {
        let id = instance_id(instance);
        assert_eq!(
            from.list_accounts(id).await.unwrap(),
            to.list_accounts(id).await.unwrap()
        );
        assert_eq!(to.list_accounts(id).await.unwrap().len(), 1);
        assert_eq!(
            from.list_connection_usage(id, None).await.unwrap(),
            to.list_connection_usage(id, None).await.unwrap()
        );
        let under_way = to.take_authorization([instance; 32], at(1)).await.unwrap();
        assert_eq!(under_way, None);
    }
    let (old, new) = (
        copy::holdings(from).await.unwrap(),
        copy::holdings(to).await.unwrap(),
    );
    assert_eq!(old, new);
    let changed = SealedSecret {
        version: 3,
        ..secret(Some(2), "s", b"changed since", 1)
    };
    assert!(to.upsert_secret(changed, Some(2)).await.unwrap());
    assert_ne!(old, copy::holdings(to).await.unwrap());
    let sealed = from
        .list_secrets(Some(instance_id(2)))
        .await
        .unwrap()
        .remove(0);
    assert!(to.upsert_secret(sealed, Some(3)).await.unwrap());
}
