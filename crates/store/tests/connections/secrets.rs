//! Secrets and data keys: bytes in, the same bytes out, and nobody else's.

use backlot_store::StoreError;
use backlot_store::secrets::SealedSecret;
use backlot_store::signing_keys::SigningKey;

use crate::place::Place;
use crate::{account, at, instance_id, key, pending, secret};

on_every_database! {
    two_nodes_agree_on_the_data_key
    keys_are_wrapped_anew_all_or_none
    of_nodes_that_wrap_keys_anew_at_once_one_does
    a_secret_is_kept_changed_and_removed
    a_secret_that_has_to_exist_is_not_made
    of_many_that_change_a_secret_at_once_one_does
    neither_everybodys_nor_anothers_secret_stands_in
    all_secrets_come_in_pages
    a_data_key_that_something_is_sealed_with_is_not_deleted
}

async fn two_nodes_agree_on_the_data_key(place: &Place) {
    let (one, two) = (place.open().await, place.open().await);
    assert_eq!(one.list_wrapped_keys().await.unwrap(), []);
    let (first, second) = tokio::join!(
        one.list_wrapped_keys_or_insert(key("a", b"\x00\xff", 1)),
        two.list_wrapped_keys_or_insert(key("b", b"\x01\xfe", 1))
    );
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!(first, second);
    assert_eq!(first.len(), 1);
    assert_eq!(two.list_wrapped_keys().await.unwrap(), first);
    assert!(!format!("{first:?}").contains("wrapped"));
    assert!(one.insert_wrapped_key(key("c", b"c", 9)).await.unwrap());
    let same_id = key("c", b"other", 10);
    assert!(!one.insert_wrapped_key(same_id).await.unwrap());
    let all = two
        .list_wrapped_keys_or_insert(key("d", b"d", 20))
        .await
        .unwrap();
    assert_eq!(all, [key("c", b"c", 9), first[0].clone()], "newest first");
}

async fn keys_are_wrapped_anew_all_or_none(place: &Place) {
    let store = place.open().await;
    let old = vec![key("b", b"old b", 2), key("a", b"old a", 1)];
    for key in old.clone() {
        assert!(store.insert_wrapped_key(key).await.unwrap());
    }
    // The time at which a key was made stays.
    let new = vec![key("a", b"new a", 77), key("b", b"new b", 78)];
    let one_differs = vec![key("a", b"old a", 1), key("b", b"older b", 2)];
    let rewrapped = store
        .update_wrapped_keys(new.clone(), one_differs)
        .await
        .unwrap();
    assert!(!rewrapped);
    assert_eq!(store.list_wrapped_keys().await.unwrap(), old);
    let one_is_missing = store.update_wrapped_keys(vec![new[0].clone()], vec![old[1].clone()]);
    assert!(!one_is_missing.await.unwrap());
    assert_eq!(store.list_wrapped_keys().await.unwrap(), old);
    let lost = store
        .update_wrapped_keys(vec![new[0].clone()], old.clone())
        .await;
    assert!(matches!(lost, Err(StoreError::OtherDataKeys)));
    assert_eq!(store.list_wrapped_keys().await.unwrap(), old);

    assert!(
        store
            .update_wrapped_keys(new.clone(), old.clone())
            .await
            .unwrap()
    );
    let kept = vec![key("b", b"new b", 2), key("a", b"new a", 1)];
    assert_eq!(store.list_wrapped_keys().await.unwrap(), kept);
    assert!(
        !store.update_wrapped_keys(new, old).await.unwrap(),
        "it is done"
    );
}

async fn of_nodes_that_wrap_keys_anew_at_once_one_does(place: &Place) {
    let (one, two) = (place.open().await, place.open().await);
    let old = one
        .list_wrapped_keys_or_insert(key("a", b"old", 1))
        .await
        .unwrap();
    let (first, second) = tokio::join!(
        one.update_wrapped_keys(vec![key("a", b"first", 1)], old.clone()),
        two.update_wrapped_keys(vec![key("a", b"second", 1)], old.clone())
    );
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_ne!(first, second);
    let expected: &[u8] = if first { b"first" } else { b"second" };
    assert_eq!(two.list_wrapped_keys().await.unwrap()[0].wrapped, expected);
}

async fn a_secret_is_kept_changed_and_removed(place: &Place) {
    let store = place.open().await;
    for instance in [None, Some(1)] {
        let id = instance.map(instance_id);
        assert_eq!(store.find_secret(id, "stripe").await.unwrap(), None);
        let first = secret(instance, "stripe", b"\x00first\xff", 100);
        assert!(store.upsert_secret(first.clone(), None).await.unwrap());
        assert!(
            !store.upsert_secret(first.clone(), None).await.unwrap(),
            "there is one"
        );
        assert!(!format!("{first:?}").contains("sealed"));
        assert_eq!(store.find_secret(id, "stripe").await.unwrap(), Some(first));

        let second = SealedSecret {
            key_id: "k2".to_owned(),
            version: 2,
            created_at: at(100),
            changed_at: at(200),
            ..secret(instance, "stripe", b"second", 0)
        };
        let made_anew = SealedSecret {
            created_at: at(99),
            ..second.clone()
        };
        assert!(!store.upsert_secret(made_anew, Some(1)).await.unwrap());
        assert!(store.upsert_secret(second.clone(), Some(1)).await.unwrap());
        assert!(
            !store.upsert_secret(second.clone(), Some(1)).await.unwrap(),
            "too late"
        );
        drop(place.open().await);
        let found = place.open().await.find_secret(id, "stripe").await.unwrap();
        assert_eq!(found, Some(second.clone()));

        let resealed = SealedSecret {
            key_id: "k3".to_owned(),
            sealed: b"resealed".to_vec(),
            ..second.clone()
        };
        let reseal = async |secret: &SealedSecret, instead_of: &str| {
            let resealed = store.reseal_secret(secret.clone(), instead_of);
            resealed.await.unwrap()
        };
        let of_another_version = SealedSecret {
            version: 1,
            ..resealed.clone()
        };
        assert!(!reseal(&of_another_version, "k2").await);
        assert!(!reseal(&resealed, "k").await);
        assert!(reseal(&resealed, "k2").await);
        assert_eq!(
            store.find_secret(id, "stripe").await.unwrap(),
            Some(resealed)
        );

        let other = secret(instance, "mail", b"m", 1);
        store.upsert_secret(other, None).await.unwrap();
        let all = store.list_secrets(id).await.unwrap();
        let names: Vec<&str> = all.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["mail", "stripe"]);

        assert!(store.delete_secret(id, "stripe").await.unwrap());
        assert!(!store.delete_secret(id, "stripe").await.unwrap());
        assert_eq!(store.find_secret(id, "stripe").await.unwrap(), None);
        assert_eq!(store.list_secrets(id).await.unwrap().len(), 1);
        // Nothing is called so, on no database.
        assert_eq!(store.find_secret(id, "a\0b").await.unwrap(), None);
        assert!(!store.delete_secret(id, "a\0b").await.unwrap());
    }
}

async fn a_secret_that_has_to_exist_is_not_made(place: &Place) {
    let store = place.open().await;
    for instance in [None, Some(1)] {
        let missing = secret(instance, "none", b"x", 1);
        assert!(!store.upsert_secret(missing, Some(1)).await.unwrap());
    }
    assert_eq!(store.list_all_secrets(None, 9).await.unwrap(), []);
}

async fn of_many_that_change_a_secret_at_once_one_does(place: &Place) {
    let (one, two) = (place.open().await, place.open().await);
    for replaces in [None, Some(1)] {
        let mut tasks = Vec::new();
        for round in 0..8 {
            let node = if round % 2 == 0 { &one } else { &two }.clone();
            tasks.push(tokio::spawn(async move {
                let changed = SealedSecret {
                    version: replaces.unwrap_or_default() + 1,
                    ..secret(Some(1), "s", &[round], 1)
                };
                node.upsert_secret(changed, replaces).await.unwrap()
            }));
        }
        let mut did = 0;
        for task in tasks {
            did += u32::from(task.await.unwrap());
        }
        assert_eq!(did, 1);
    }
    let found = two.find_secret(Some(instance_id(1)), "s").await.unwrap();
    assert_eq!(found.unwrap().version, 2);
}

async fn neither_everybodys_nor_anothers_secret_stands_in(place: &Place) {
    let store = place.open().await;
    for instance in [None, Some(1), Some(2)] {
        let own = secret(instance, "s", format!("{instance:?}").as_bytes(), 1);
        store.upsert_secret(own, None).await.unwrap();
    }
    store
        .delete_secret(Some(instance_id(2)), "s")
        .await
        .unwrap();
    let sealed = async |instance: Option<u8>| {
        let found = store
            .find_secret(instance.map(instance_id), "s")
            .await
            .unwrap();
        found.map(|it| String::from_utf8(it.sealed).unwrap())
    };
    assert_eq!(sealed(None).await.as_deref(), Some("None"));
    assert_eq!(sealed(Some(1)).await.as_deref(), Some("Some(1)"));
    assert_eq!(sealed(Some(2)).await, None);
    assert_eq!(store.list_secrets(Some(instance_id(2))).await.unwrap(), []);
}

async fn all_secrets_come_in_pages(place: &Place) {
    let store = place.open().await;
    let mut expected = Vec::new();
    for instance in [None, Some(1), Some(2), Some(3)] {
        for name in ["a", "b", "c"] {
            let one = secret(instance, name, b"x", 1);
            store.upsert_secret(one, None).await.unwrap();
            expected.push((instance.map(instance_id), name.to_owned()));
        }
    }
    for limit in [1, 2, 3, 5, 12, 100] {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = store.list_all_secrets(after.clone(), limit).await.unwrap();
            assert!(page.len() <= limit as usize);
            let Some(last) = page.last() else { break };
            after = Some((last.instance_id, last.name.clone()));
            found.extend(page.into_iter().map(|it| (it.instance_id, it.name)));
        }
        assert_eq!(found, expected, "{limit} at a time");
    }
}

async fn a_data_key_that_something_is_sealed_with_is_not_deleted(place: &Place) {
    let store = place.open().await;
    let delete = async || store.delete_unused_wrapped_key("k").await.unwrap();
    assert!(!delete().await, "there is none");
    assert!(store.insert_wrapped_key(key("k", b"k", 1)).await.unwrap());
    for instance in [None, Some(1)] {
        let sealed = secret(instance, "s", b"x", 1);
        assert!(store.upsert_secret(sealed, None).await.unwrap());
        assert!(!delete().await);
        let id = instance.map(instance_id);
        assert!(store.delete_secret(id, "s").await.unwrap());
    }
    let account = account(1, "mail", b"x");
    assert!(store.upsert_account(account, None).await.unwrap());
    assert!(!delete().await);
    store.delete_account(instance_id(1), "mail").await.unwrap();
    let pending = pending(1, 1, 100);
    assert!(store.insert_authorization(pending, 5, at(1)).await.unwrap());
    assert!(!delete().await);
    store.delete_expired_authorizations(at(101)).await.unwrap();
    let signing_key = SigningKey {
        key_id: "s".to_owned(),
        private_key: b"x".to_vec(),
        sealed_with: Some("k".to_owned()),
        created_at: at(1),
        signs_from: at(1),
        ends_at: None,
    };
    let keys = vec![signing_key];
    let replaced = store.replace_signing_keys(Vec::new(), keys.clone());
    assert!(replaced.await.unwrap());
    assert!(!delete().await);
    let replaced = store.replace_signing_keys(keys, Vec::new());
    assert!(replaced.await.unwrap());
    assert!(delete().await);
    assert_eq!(store.list_wrapped_keys().await.unwrap(), []);
}
