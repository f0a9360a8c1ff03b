//! The keys of elevated tokens: sealed in the database, shared by all nodes, and changed while they run.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use backlot_server::Clock;
use backlot_server::auth::elevated_token::{
    ElevatedTokens, KeyState, PUBLISH_DELAY, SigningKeyError, SigningKeyStore, TokenFault,
    TokenLimits, UPGRADE_DELAY, list_signing_keys,
};
use backlot_server::secrets::{MasterKey, Vault, VaultError};
use backlot_store::backup::Origin;
use backlot_store::signing_keys::SigningKey;
use backlot_store::{Existing, Store};
use backlot_wix::InstanceId;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};

use crate::harness::{APP_ID, INSTANCE_ID, MASTER_KEY, NOW, TestServer, request};
use crate::place::Place;

const LIFETIME: SignedDuration = SignedDuration::from_mins(5);

on_every_database! {
    nodes_that_start_at_once_sign_with_one_key
    a_key_of_an_earlier_version_is_sealed_and_succeeded
    no_copy_of_the_database_holds_a_private_key_in_the_clear
    a_rotation_is_known_before_it_signs_and_overlaps
    a_backup_of_before_is_sealed_when_it_is_put_back
    another_master_key_opens_nothing
    a_new_master_key_opens_the_same_key
    a_key_in_the_clear_beside_a_sealed_one_is_nobodys
    a_key_that_was_changed_or_renamed_does_not_open
}

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn clock() -> Clock {
    Clock::standing_at(now())
}

fn master() -> MasterKey {
    MasterKey::parse(MASTER_KEY).unwrap()
}

async fn keys(store: &Store, clock: &Clock) -> SigningKeyStore {
    let vault = Vault::unlock(store.clone(), clock.clone(), &master()).await;
    SigningKeyStore::new(store.clone(), vault.unwrap(), clock.clone(), LIFETIME)
}

async fn tokens(keys: &SigningKeyStore) -> ElevatedTokens {
    let limits = TokenLimits {
        lifetime: LIFETIME,
        clock_skew: SignedDuration::from_mins(5),
    };
    ElevatedTokens::new(APP_ID.parse().unwrap(), limits, keys.load().await.unwrap())
}

fn instance() -> InstanceId {
    INSTANCE_ID.parse().unwrap()
}

/// As an earlier version kept it.
fn clear_key() -> SigningKey {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let fingerprint = digest(&SHA256, pair.public_key().as_ref());
    SigningKey {
        key_id: URL_SAFE_NO_PAD.encode(&fingerprint.as_ref()[..12]),
        private_key: pair.to_pkcs8v1().unwrap().as_ref().to_vec(),
        sealed_with: None,
        created_at: now() - SignedDuration::from_hours(48),
        signs_from: Timestamp::UNIX_EPOCH,
        ends_at: None,
    }
}

async fn states(store: &Store, clock: &Clock) -> Vec<(String, KeyState)> {
    let all = list_signing_keys(store, clock.now()).await.unwrap();
    assert!(all.iter().all(|key| key.is_sealed));
    all.into_iter().map(|key| (key.key_id, key.state)).collect()
}

fn key_id(token: &str) -> String {
    let header = token.split('.').next().unwrap();
    let header = URL_SAFE_NO_PAD.decode(header).unwrap();
    let header: serde_json::Value = serde_json::from_slice(&header).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

fn mint(tokens: &ElevatedTokens, at: Timestamp) -> String {
    let token = tokens.token_for(instance(), at).unwrap();
    token.to_str().unwrap().to_owned()
}

async fn nodes_that_start_at_once_sign_with_one_key(place: &Place) {
    let (one, two) = (place.open().await, place.open().await);
    let clock = clock();
    let start = async |store: &Store| tokens(&keys(store, &clock).await).await;
    let (first, second) = tokio::join!(start(&one), start(&two));
    assert_eq!(first.jwks(), second.jwks());
    assert!(second.verify(&mint(&first, now()), now()).is_ok());
    let states = states(&one, &clock).await;
    assert_eq!(states.len(), 1);
    assert_eq!(states[0].1, KeyState::Signing);
}

async fn a_key_of_an_earlier_version_is_sealed_and_succeeded(place: &Place) {
    let (store, clock) = (place.open().await, clock());
    let old = clear_key();
    let replaced = store.replace_signing_keys(Vec::new(), vec![old.clone()]);
    assert!(replaced.await.unwrap());
    let keys = keys(&store, &clock).await;
    let before = tokens(&keys).await;
    let found = states(&store, &clock).await;
    let [(new_id, KeyState::Next), (old_id, KeyState::Signing)] = &found[..] else {
        panic!("{found:?}")
    };
    assert_eq!(*old_id, old.key_id, "nodes of before know no other");
    let first = mint(&before, now());
    assert_eq!(key_id(&first), *old_id);

    let later = now() + UPGRADE_DELAY;
    clock.set(later);
    let node = tokens(&keys).await;
    assert_eq!(key_id(&mint(&node, later)), *new_id);
    let last = mint(&before, later - SignedDuration::from_secs(1));
    assert!(
        node.verify(&last, later + LIFETIME - SignedDuration::from_secs(2))
            .is_ok()
    );

    // Older copies of the database hold it in the clear, so it does not stay.
    clock.set(later + LIFETIME + LIFETIME);
    let node = tokens(&keys).await;
    assert_eq!(
        states(&store, &clock).await,
        [(new_id.clone(), KeyState::Signing)]
    );
    let verdict = node.verify(&last, later);
    assert_eq!(verdict.map(drop), Err(TokenFault::UnknownKey));
}

/// Whether a file holds these bytes, as they are or in hexadecimal.
fn holds(file: &std::path::Path, secret: &[u8]) -> bool {
    let digits = |byte: &u8| [byte >> 4, byte & 15].map(|it| char::from_digit(it.into(), 16));
    let hexadecimal: String = secret.iter().flat_map(digits).flatten().collect();
    let bytes = std::fs::read(file).unwrap();
    let has = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    has(secret) || has(hexadecimal.as_bytes())
}

async fn no_copy_of_the_database_holds_a_private_key_in_the_clear(place: &Place) {
    let (store, clock) = (place.open().await, clock());
    let old = clear_key();
    let replaced = store.replace_signing_keys(Vec::new(), vec![old.clone()]);
    assert!(replaced.await.unwrap());
    // The number that is secret, as PKCS #8 has it in the middle.
    let scalar = old.private_key[36..68].to_vec();
    let folder = tempfile::tempdir().unwrap();
    let backup = async |name: &str| {
        let path = folder.path().join(name);
        store
            .back_up(&path, Existing::IsReplaced, &Origin::default())
            .await
            .unwrap();
        path
    };
    assert!(
        holds(&backup("before").await, &scalar),
        "that is where it lies"
    );
    keys(&store, &clock).await.load().await.unwrap();
    assert!(!holds(&backup("after").await, &scalar));
    if let Place::Folder(folder) = place {
        let entries = std::fs::read_dir(folder.path().join("deep")).unwrap();
        for entry in entries {
            let path = entry.unwrap().path();
            assert!(!holds(&path, &scalar), "{}", path.display());
        }
    }
}

async fn a_rotation_is_known_before_it_signs_and_overlaps(place: &Place) {
    let (one, two) = (place.open().await, place.open().await);
    let clock = clock();
    let (keys_of_one, keys_of_two) = (keys(&one, &clock).await, keys(&two, &clock).await);
    let first = tokens(&keys_of_one).await;
    let old_id = key_id(&mint(&first, now()));
    let new = keys_of_two.rotate().await.unwrap();
    assert_eq!(new.signs_from, now() + PUBLISH_DELAY);
    let again = keys_of_one.rotate().await;
    assert!(matches!(
        again,
        Err(SigningKeyError::RotationUnderWay { .. })
    ));

    // Every node that looks within the delay has it before anybody signs with it.
    let second = tokens(&keys_of_two).await;
    let just_before = new.signs_from - SignedDuration::from_secs(1);
    let last = mint(&second, just_before);
    assert_eq!(key_id(&last), old_id);
    clock.set(new.signs_from);
    let first = tokens(&keys_of_one).await;
    let token = mint(&first, new.signs_from);
    assert_eq!(key_id(&token), new.key_id);
    assert!(second.verify(&token, new.signs_from).is_ok());
    let jwks = String::from_utf8(second.jwks().to_vec()).unwrap();
    assert!(jwks.contains(&old_id) && jwks.contains(&new.key_id));
    let its_end = just_before + LIFETIME - SignedDuration::from_secs(1);
    assert!(first.verify(&last, its_end).is_ok());

    clock.set(its_end + LIFETIME);
    keys_of_one.load().await.unwrap();
    assert_eq!(
        states(&two, &clock).await,
        [(new.key_id, KeyState::Signing)]
    );
}

async fn a_backup_of_before_is_sealed_when_it_is_put_back(place: &Place) {
    let (store, clock) = (place.open().await, clock());
    let kept = store.list_signing_keys().await.unwrap();
    let keys = keys(&store, &clock).await;
    keys.load().await.unwrap();
    let sealed = store.list_signing_keys().await.unwrap();
    assert_eq!((kept.len(), sealed.len()), (0, 1));
    // What a restore brings: the whole table as it was.
    let restored = store.replace_signing_keys(sealed, vec![clear_key()]);
    assert!(restored.await.unwrap());
    keys.load().await.unwrap();
    assert_eq!(states(&store, &clock).await.len(), 2);
}

async fn another_master_key_opens_nothing(place: &Place) {
    let (store, clock) = (place.open().await, clock());
    keys(&store, &clock).await.load().await.unwrap();
    let other = MasterKey::generate().unwrap();
    let refused = Vault::unlock(place.open().await, clock, &other).await;
    assert!(matches!(refused, Err(VaultError::WrongMasterKey)));
}

async fn a_new_master_key_opens_the_same_key(place: &Place) {
    let (store, clock) = (place.open().await, clock());
    let before = tokens(&keys(&store, &clock).await).await;
    let new = MasterKey::generate().unwrap();
    Vault::rekey(&store, &master(), &new).await.unwrap();
    let vault = Vault::unlock(store.clone(), clock.clone(), &new).await;
    let keys = SigningKeyStore::new(store, vault.unwrap(), clock, LIFETIME);
    let after = tokens(&keys).await;
    assert_eq!(before.jwks(), after.jwks());
    assert!(after.verify(&mint(&before, now()), now()).is_ok());
}

/// Who can write into the database must not be able to bring a key of their own.
async fn a_key_in_the_clear_beside_a_sealed_one_is_nobodys(place: &Place) {
    let (store, clock) = (place.open().await, clock());
    let keys = keys(&store, &clock).await;
    keys.load().await.unwrap();
    let sealed = store.list_signing_keys().await.unwrap();
    let strangers = clear_key();
    let both = vec![strangers.clone(), sealed[0].clone()];
    assert!(
        store
            .replace_signing_keys(sealed.clone(), both)
            .await
            .unwrap()
    );
    keys.load().await.unwrap();
    assert_eq!(store.list_signing_keys().await.unwrap(), sealed);
}

async fn a_key_that_was_changed_or_renamed_does_not_open(place: &Place) {
    let (store, clock) = (place.open().await, clock());
    let keys = keys(&store, &clock).await;
    keys.load().await.unwrap();
    let mut kept = store.list_signing_keys().await.unwrap();
    let good = kept[0].clone();
    let mut changed = good.clone();
    changed.private_key[40] ^= 1;
    for bad in [
        changed,
        SigningKey {
            key_id: clear_key().key_id,
            ..good.clone()
        },
    ] {
        let replaced = store.replace_signing_keys(kept, vec![bad.clone()]);
        assert!(replaced.await.unwrap());
        let Err(error) = keys.load().await else {
            panic!("{bad:?} opens")
        };
        let text = error.to_string();
        assert!(text.starts_with("SIGNING_KEY_UNREADABLE"), "{text}");
        assert!(
            text.contains(&bad.key_id) && text.contains("hint"),
            "{text}"
        );
        kept = vec![bad];
    }
    assert!(store.replace_signing_keys(kept, vec![good]).await.unwrap());
    keys.load().await.unwrap();
}

#[tokio::test]
async fn a_running_server_looks_for_a_key_that_a_token_names() {
    let server = TestServer::start(Vec::new()).await;
    let elsewhere = keys(&server.store, &server.clock).await;
    let new = elsewhere.rotate().await.unwrap();
    server.clock.set(new.signs_from);
    let token = mint(&tokens(&elsewhere).await, new.signs_from);
    assert_eq!(key_id(&token), new.key_id);
    let whoami = async |token: &str| {
        let headers = [("authorization", token)];
        request(server.address, "GET", "/whoami", &headers, "").await
    };
    let response = whoami(&token).await;
    assert_eq!(response.status, 200, "{response:?}");
    assert_eq!(response.json()["role"], "app");
    let jwks = request(server.address, "GET", "/.well-known/jwks.json", &[], "").await;
    assert_eq!(jwks.json()["keys"].as_array().unwrap().len(), 2);

    // Nobody's key is refused, whether it was looked for or not.
    let folder = tempfile::tempdir().unwrap();
    let other = backlot_store::sqlite::SqliteStore::open(&folder.path().join("other.db"));
    let stranger = keys(&Store::Sqlite(other.unwrap()), &server.clock).await;
    let token = mint(&tokens(&stranger).await, new.signs_from);
    for _ in 0..3 {
        let response = whoami(&token).await;
        assert_eq!(
            (response.status, response.code().as_str()),
            (401, "ELEVATED_TOKEN_INVALID")
        );
    }
}
