//! Accounts: who may renew, and what a change that comes too late does not do.

use backlot_store::accounts::Account;

use crate::place::Place;
use crate::{account, at, instance_id};

on_every_database! {
    an_account_is_kept_replaced_and_removed
    an_update_is_for_the_version_it_knows
    what_was_renewed_for_a_removed_account_is_not_put_into_the_next_one
    of_nodes_that_claim_a_renewal_at_once_one_may
    a_claim_ends_by_time_by_hand_and_with_an_update
    accounts_are_one_instances
    instances_are_found_by_the_providers_id_of_their_account
}

async fn an_account_is_kept_replaced_and_removed(place: &Place) {
    let store = place.open().await;
    let id = instance_id(1);
    assert_eq!(store.find_account(id, "mail").await.unwrap(), None);
    assert_eq!(store.delete_account(id, "mail").await.unwrap(), None);
    let first = account(1, "mail", b"\x00\xff");
    assert!(store.upsert_account(first.clone(), None).await.unwrap());
    assert!(
        !store.upsert_account(first.clone(), None).await.unwrap(),
        "there is one"
    );
    assert!(!format!("{first:?}").contains("sealed"));
    assert_eq!(store.find_account(id, "mail").await.unwrap(), Some(first));

    let second = Account {
        scopes: String::new(),
        connected_by: None,
        connected_at: at(200),
        expires_at: None,
        broken: true,
        version: 2,
        ..account(1, "mail", b"second")
    };
    assert!(!store.upsert_account(second.clone(), Some(2)).await.unwrap());
    assert!(store.upsert_account(second.clone(), Some(1)).await.unwrap());
    let expected = second;
    let found = place.open().await.find_account(id, "mail").await.unwrap();
    assert_eq!(found, Some(expected.clone()));

    let other = account(1, "crm", b"c");
    store.upsert_account(other.clone(), None).await.unwrap();
    let all = store.list_accounts(id).await.unwrap();
    assert_eq!(all, [other.clone(), expected.clone()], "by connection");
    let removed = store.delete_account(id, "mail").await.unwrap();
    assert_eq!(removed, Some(expected));
    assert_eq!(store.list_accounts(id).await.unwrap(), [other]);
    assert_eq!(store.find_account(id, "a\0b").await.unwrap(), None);
    assert_eq!(store.delete_account(id, "a\0b").await.unwrap(), None);
}

async fn an_update_is_for_the_version_it_knows(place: &Place) {
    let store = place.open().await;
    store
        .upsert_account(account(1, "mail", b"1"), None)
        .await
        .unwrap();
    let renewed = Account {
        key_id: "k2".to_owned(),
        scopes: "read".to_owned(),
        expires_at: Some(at(7300)),
        ..account(1, "mail", b"2")
    };
    assert!(store.update_account(renewed.clone()).await.unwrap());
    let expected = Account {
        version: 2,
        ..renewed.clone()
    };
    let found = store.find_account(instance_id(1), "mail").await.unwrap();
    assert_eq!(found, Some(expected.clone()));
    assert!(!store.update_account(renewed).await.unwrap(), "too late");
    let unknown = account(1, "other", b"2");
    assert!(!store.update_account(unknown).await.unwrap());
    let broken = Account {
        broken: true,
        ..expected
    };
    assert!(store.update_account(broken.clone()).await.unwrap());
    let found = store.find_account(instance_id(1), "mail").await.unwrap();
    assert_eq!(
        found,
        Some(Account {
            version: 3,
            ..broken
        })
    );
}

async fn what_was_renewed_for_a_removed_account_is_not_put_into_the_next_one(place: &Place) {
    let store = place.open().await;
    let before = account(1, "mail", b"theirs");
    store.upsert_account(before.clone(), None).await.unwrap();
    store.delete_account(instance_id(1), "mail").await.unwrap();
    let next = Account {
        connected_at: at(101),
        ..account(1, "mail", b"another's")
    };
    assert!(store.upsert_account(next.clone(), None).await.unwrap());
    assert!(!store.update_account(before).await.unwrap());
    let found = store.find_account(instance_id(1), "mail").await.unwrap();
    assert_eq!(found, Some(next));
}

async fn of_nodes_that_claim_a_renewal_at_once_one_may(place: &Place) {
    let (one, two) = (place.open().await, place.open().await);
    one.upsert_account(account(1, "mail", b"1"), None)
        .await
        .unwrap();
    let mut tasks = Vec::new();
    for round in 0..8 {
        let node = if round % 2 == 0 { &one } else { &two }.clone();
        tasks.push(tokio::spawn(async move {
            let claimed = node.claim_renewal(instance_id(1), "mail", 1, at(10), at(40));
            claimed.await.unwrap()
        }));
    }
    let mut may = 0;
    for task in tasks {
        may += usize::from(task.await.unwrap());
    }
    assert_eq!(may, 1);
}

async fn a_claim_ends_by_time_by_hand_and_with_an_update(place: &Place) {
    let store = place.open().await;
    let id = instance_id(1);
    store
        .upsert_account(account(1, "mail", b"1"), None)
        .await
        .unwrap();
    let claim = async |version, now, until| {
        let claimed = store.claim_renewal(id, "mail", version, at(now), at(until));
        claimed.await.unwrap()
    };
    assert!(!claim(2, 10, 40).await, "there is no such version");
    assert!(claim(1, 10, 40).await);
    assert!(!claim(1, 39, 69).await);
    assert!(claim(1, 40, 70).await, "whoever had it took too long");
    let release = async |version, until| {
        let released = store.release_renewal(id, "mail", version, at(until));
        released.await.unwrap();
    };
    release(2, 70).await;
    assert!(!claim(1, 50, 80).await, "another version was released");
    release(1, 40).await;
    assert!(
        !claim(1, 50, 80).await,
        "a node that outlived its claim releases no other's"
    );
    release(1, 70).await;
    assert!(claim(1, 50, 80).await);
    let renewed = account(1, "mail", b"2");
    assert!(store.update_account(renewed).await.unwrap());
    assert!(!claim(1, 51, 81).await, "it is renewed");
    assert!(claim(2, 51, 81).await);
    let resealed = Account {
        key_id: "k2".to_owned(),
        version: 2,
        ..account(1, "mail", b"2, anew")
    };
    let reseal = async |account: &Account, instead_of: &str| {
        let resealed = store.reseal_account(account.clone(), instead_of);
        resealed.await.unwrap()
    };
    let of_the_next = Account {
        connected_at: at(101),
        ..resealed.clone()
    };
    assert!(!reseal(&of_the_next, "k").await);
    assert!(!reseal(&resealed, "another").await);
    assert!(reseal(&resealed, "k").await);
    assert_eq!(
        store.find_account(id, "mail").await.unwrap(),
        Some(resealed)
    );
    assert!(!claim(2, 51, 81).await, "the claim stays");
    let renewed = Account {
        version: 3,
        ..account(1, "mail", b"3")
    };
    assert!(store.upsert_account(renewed, Some(2)).await.unwrap());
    assert!(claim(3, 52, 82).await);
    let missing = store.claim_renewal(id, "none", 1, at(1), at(2));
    assert!(!missing.await.unwrap());
}

async fn accounts_are_one_instances(place: &Place) {
    let store = place.open().await;
    for instance in [1, 2] {
        let own = account(instance, "mail", &[instance]);
        store.upsert_account(own, None).await.unwrap();
    }
    store.delete_account(instance_id(1), "mail").await.unwrap();
    let update = account(1, "mail", b"x");
    assert!(!store.update_account(update).await.unwrap());
    let other = store.list_accounts(instance_id(2)).await.unwrap();
    assert_eq!(other, [account(2, "mail", &[2])]);
}

async fn instances_are_found_by_the_providers_id_of_their_account(place: &Place) {
    let store = place.open().await;
    let with_id = |instance: u8, connection: &str, id: Option<&str>| Account {
        external_id: id.map(str::to_owned),
        ..account(instance, connection, b"x")
    };
    for account in [
        with_id(2, "crm", Some("62515")),
        with_id(1, "crm", Some("62515")),
        with_id(3, "crm", Some("7")),
        with_id(4, "crm", None),
        with_id(5, "mail", Some("62515")),
    ] {
        assert!(store.upsert_account(account, None).await.unwrap());
    }
    let store = &store;
    let find = async |id: &str, limit| {
        let found = store.list_instances_by_account("crm", id, limit).await;
        found.unwrap()
    };
    assert_eq!(find("62515", 9).await, [instance_id(1), instance_id(2)]);
    assert_eq!(find("62515", 1).await, [instance_id(1)]);
    assert_eq!(find("", 9).await, []);
    // A renewal leaves the id as it is; another account of the same instance has its own.
    let renewed = with_id(1, "crm", None);
    assert!(store.update_account(renewed).await.unwrap());
    assert_eq!(find("62515", 9).await, [instance_id(1), instance_id(2)]);
    let other = Account {
        version: 3,
        ..with_id(1, "crm", Some("8"))
    };
    assert!(store.upsert_account(other, Some(2)).await.unwrap());
    assert_eq!(find("62515", 9).await, [instance_id(2)]);
    assert_eq!(find("8", 9).await, [instance_id(1)]);
}
