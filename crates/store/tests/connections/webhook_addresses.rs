//! Addresses of webhooks: a key belongs to one instance and one source.

use backlot_store::webhook_addresses::WebhookAddress;

use crate::place::Place;
use crate::{at, instance_id};

on_every_database! {
    addresses_are_inserted_found_listed_and_deleted
}

fn address(key: u8, instance: u8, source: &str) -> WebhookAddress {
    WebhookAddress {
        key_hash: [key; 32],
        instance_id: instance_id(instance),
        source: source.to_owned(),
        address_id: format!("id-{key}"),
        created_at: at(key.into()),
    }
}

async fn addresses_are_inserted_found_listed_and_deleted(place: &Place) {
    let store = place.open().await;
    let all = [
        address(1, 1, "mailchimp"),
        address(2, 1, "mailchimp"),
        address(3, 1, "stripe"),
        address(4, 2, "mailchimp"),
    ];
    for address in &all {
        let inserted = store.insert_webhook_address(address.clone()).await.unwrap();
        assert!(inserted, "{address:?}");
    }
    let again = store.insert_webhook_address(address(1, 2, "stripe")).await;
    assert!(!again.unwrap(), "the key is another one's");
    let found = store.find_webhook_address([1; 32]).await.unwrap();
    assert_eq!(found, Some(all[0].clone()));
    assert_eq!(store.find_webhook_address([9; 32]).await.unwrap(), None);
    let one = instance_id(1);
    assert_eq!(store.list_webhook_addresses(one).await.unwrap(), all[..3]);

    let store = &store;
    let delete = async |instance, source: &str, id: Option<&str>| {
        let deleted = store.delete_webhook_addresses(instance_id(instance), source, id);
        deleted.await.unwrap()
    };
    assert_eq!(delete(2, "mailchimp", Some("id-1")).await, 0, "another's");
    assert_eq!(
        delete(1, "stripe", Some("id-1")).await,
        0,
        "of another source"
    );
    assert_eq!(delete(1, "mailchimp", Some("id-1")).await, 1);
    assert_eq!(delete(1, "mailchimp", None).await, 1);
    assert_eq!(store.list_webhook_addresses(one).await.unwrap(), all[2..3]);
    store.delete_instance(one).await.unwrap();
    assert_eq!(store.find_webhook_address([3; 32]).await.unwrap(), None);
    assert!(store.find_webhook_address([4; 32]).await.unwrap().is_some());
}
