//! What the vault seals is bound to the one write: what an older copy of a row holds does not open.

use backlot_server::Clock;
use backlot_server::secrets::{MasterKey, SecretString, Vault, VaultError};
use backlot_store::Store;
use backlot_store::secrets::SealedSecret;
use backlot_wix::InstanceId;
use jiff::SignedDuration;

use crate::harness::{INSTANCE_ID, MASTER_KEY, NOW};
use crate::place::Place;

on_every_database! {
    a_ciphertext_of_before_does_not_open
    a_secret_that_is_made_anew_does_not_open_with_what_was_before
    many_that_write_one_secret_at_once_all_write_it
    nodes_that_start_at_once_share_one_data_key
    nothing_is_sealed_with_a_data_key_that_is_gone
}

fn clock() -> Clock {
    Clock::standing_at(NOW.parse().unwrap())
}

/// A vault that has opened nothing yet, as after a start.
async fn vault(store: &Store, clock: &Clock) -> Vault {
    let master = MasterKey::parse(MASTER_KEY).unwrap();
    let vault = Vault::unlock(store.clone(), clock.clone(), &master).await;
    vault.unwrap()
}

fn owners() -> [Option<InstanceId>; 2] {
    [None, Some(INSTANCE_ID.parse().unwrap())]
}

async fn keep(vault: &Vault, owner: Option<InstanceId>, text: &str) -> i64 {
    let text = SecretString::new(text.to_owned());
    let kept = vault.keep_secret(owner, "s", &text, false).await;
    kept.unwrap().unwrap()
}

async fn read(
    store: &Store,
    clock: &Clock,
    owner: Option<InstanceId>,
) -> Result<String, VaultError> {
    let text = vault(store, clock).await.secret(owner, "s").await?;
    Ok(text.unwrap().reveal().to_owned())
}

/// Puts the sealed bytes of one row into another, as somebody would who can write into the database.
async fn put_back(store: &Store, old: &SealedSecret, present: &SealedSecret) {
    let row = SealedSecret {
        key_id: old.key_id.clone(),
        sealed: old.sealed.clone(),
        ..present.clone()
    };
    let put = store.reseal_secret(row, &present.key_id);
    assert!(put.await.unwrap());
}

async fn a_ciphertext_of_before_does_not_open(place: &Place) {
    let (store, clock) = (place.open().await, clock());
    for owner in owners() {
        let writer = vault(&store, &clock).await;
        assert_eq!(keep(&writer, owner, "revoked").await, 1);
        let old = store.find_secret(owner, "s").await.unwrap().unwrap();
        assert_eq!(keep(&writer, owner, "present").await, 2);
        assert_eq!(read(&store, &clock, owner).await.unwrap(), "present");
        let present = store.find_secret(owner, "s").await.unwrap().unwrap();
        put_back(&store, &old, &present).await;
        let refused = read(&store, &clock, owner).await;
        assert!(
            matches!(refused, Err(VaultError::DoesNotOpen)),
            "{refused:?}"
        );
        put_back(&store, &present, &present).await;
        assert_eq!(read(&store, &clock, owner).await.unwrap(), "present");
    }
}

async fn a_secret_that_is_made_anew_does_not_open_with_what_was_before(place: &Place) {
    let (store, clock) = (place.open().await, clock());
    for owner in owners() {
        let writer = vault(&store, &clock).await;
        keep(&writer, owner, "revoked").await;
        let old = store.find_secret(owner, "s").await.unwrap().unwrap();
        assert!(writer.remove_secret(owner, "s").await.unwrap());
        clock.set(clock.now() + SignedDuration::from_millis(1));
        assert_eq!(keep(&writer, owner, "present").await, 1);
        let present = store.find_secret(owner, "s").await.unwrap().unwrap();
        put_back(&store, &old, &present).await;
        let refused = read(&store, &clock, owner).await;
        assert!(
            matches!(refused, Err(VaultError::DoesNotOpen)),
            "{refused:?}"
        );
    }
}

async fn many_that_write_one_secret_at_once_all_write_it(place: &Place) {
    let (one, two) = (place.open().await, place.open().await);
    let clock = clock();
    let mut tasks = Vec::new();
    for round in 0..8 {
        let vault = vault(if round % 2 == 0 { &one } else { &two }, &clock).await;
        let write = async move { keep(&vault, None, &round.to_string()).await };
        tasks.push(tokio::spawn(write));
    }
    let mut versions = Vec::new();
    for task in tasks {
        versions.push(task.await.unwrap());
    }
    versions.sort_unstable();
    assert_eq!(versions, (1..=8).collect::<Vec<i64>>());
    read(&one, &clock, None).await.unwrap();
}

async fn nodes_that_start_at_once_share_one_data_key(place: &Place) {
    let (one, two) = (place.open().await, place.open().await);
    let clock = clock();
    let (first, second) = tokio::join!(vault(&one, &clock), vault(&two, &clock));
    assert_eq!(one.list_wrapped_keys().await.unwrap().len(), 1);
    keep(&first, None, "text").await;
    let text = second.secret(None, "s").await.unwrap();
    assert_eq!(text.unwrap().reveal(), "text");
}

/// A backup of a time without the data key was put back while a server runs.
async fn nothing_is_sealed_with_a_data_key_that_is_gone(place: &Place) {
    let (store, clock) = (place.open().await, clock());
    let running = vault(&store, &clock).await;
    let key = store.list_wrapped_keys().await.unwrap().remove(0);
    assert!(store.delete_unused_wrapped_key(&key.key_id).await.unwrap());
    let text = SecretString::new("text".to_owned());
    let refused = running.keep_secret(None, "s", &text, false).await;
    assert!(
        matches!(refused, Err(VaultError::DataKeyGone)),
        "{refused:?}"
    );
    assert_eq!(store.find_secret(None, "s").await.unwrap(), None);
}
