//! Backups that are refused, and then nothing has changed.

use backlot_store::backup::Origin;
use backlot_store::sqlite::SqliteStore;
use backlot_store::{Address, Existing, Store, StoreError};

use crate::backup::{address_of, backed_up, content};
use crate::backup_file::{changed, content_of};
use crate::isolation::two_tenants;

#[tokio::test]
async fn a_file_that_is_none_of_ours_or_not_whole_changes_nothing() {
    let (house, folder, file) = backed_up().await;
    let before = content(&house.database).await;
    let address = address_of(&house.database);
    let bad = folder.path().join("bad");
    let good = std::fs::read(&file).unwrap();
    let mut files: Vec<Vec<u8>> = [
        0,
        1,
        38,
        39,
        40,
        44,
        60,
        1000,
        good.len() / 2,
        good.len() - 1,
    ]
    .map(|length| good[..length].to_vec())
    .to_vec();
    for place in [
        0,
        30,
        40,
        43,
        50,
        900,
        good.len() / 2,
        good.len() - 40,
        good.len() - 1,
    ] {
        let mut other = good.clone();
        other[place] ^= 0x20;
        files.push(other);
    }
    files.push(b"nonsense".to_vec());
    files.push(vec![0; 100_000]);
    files.push([&good[..], b"\n"].concat());
    files.push([&good[..], &good[..]].concat());
    for content in files {
        std::fs::write(&bad, &content).unwrap();
        let refused = address.restore(&bad).await;
        let length = content.len();
        assert!(
            matches!(refused, Err(StoreError::NoBackup { .. })),
            "{length}: {refused:?}"
        );
    }
    let missing = address.restore(&folder.path().join("none")).await;
    assert!(matches!(missing, Err(StoreError::NoBackup { .. })));
    assert_eq!(content(&house.database).await, before);
}

#[tokio::test]
async fn what_is_whole_and_still_wrong_changes_nothing() {
    let (house, _folder, file) = backed_up().await;
    let before = content(&house.database).await;
    let address = address_of(&house.database);
    let same = changed(&file, |_| {});
    assert_eq!(std::fs::read(&same).unwrap(), std::fs::read(&file).unwrap());

    let newer = changed(&file, |pieces| {
        pieces[0].1 = br#"{"migration":9999}"#.to_vec();
    });
    let refused = address.restore(&newer).await;
    assert!(matches!(
        refused,
        Err(StoreError::TooNew { found: 9999, .. })
    ));
    let twice = changed(&file, |pieces| {
        let jobs = content_of(pieces, "jobs");
        pieces.insert(jobs, pieces[jobs].clone());
    });
    address.restore(&twice).await.unwrap_err();
    let of_no_number = changed(&file, |pieces| {
        let jobs = content_of(pieces, "jobs");
        pieces[jobs].1 = b"nonsense\n".to_vec();
    });
    address.restore(&of_no_number).await.unwrap_err();
    for (name, into) in [
        ("jobs", "migrations"),
        ("jobs", "signing_keys; DROP"),
        ("position", "x\\\""),
    ] {
        let foreign = changed(&file, |pieces| {
            let place = content_of(pieces, "jobs") - 1;
            let text = String::from_utf8(pieces[place].1.clone()).unwrap();
            pieces[place].1 = text.replace(name, into).into_bytes();
        });
        let refused = address.restore(&foreign).await;
        assert!(
            matches!(refused, Err(StoreError::NoBackup { .. })),
            "{refused:?}"
        );
    }
    // Without its header; and without what begins its first table.
    for place in [0, 1] {
        let disordered = changed(&file, |pieces| drop(pieces.remove(place)));
        let refused = address.restore(&disordered).await;
        assert!(
            matches!(refused, Err(StoreError::NoBackup { .. })),
            "{refused:?}"
        );
    }
    assert_eq!(content(&house.database).await, before);
}

#[tokio::test]
async fn one_kind_of_database_does_not_take_the_others_backups() {
    let (house, folder, file) = backed_up().await;
    let before = content(&house.database).await;
    let path = folder.path().join("backlot.db");
    let sqlite = Store::Sqlite(SqliteStore::open(&path).unwrap());
    let other = folder.path().join("sqlite-backup");
    sqlite
        .back_up(&other, Existing::IsReplaced, &Origin::default())
        .await
        .unwrap();
    let here = address_of(&house.database);
    let there = Address::Sqlite {
        path,
        durability: backlot_store::sqlite::Durability::Relaxed,
    };
    for (address, backup) in [(&here, &other), (&there, &file)] {
        let refused = address.restore(backup).await.unwrap_err();
        assert!(refused.to_string().contains("database copy"), "{refused}");
    }
    assert_eq!(content(&house.database).await, before);
    there.restore(&other).await.unwrap();
}

#[tokio::test]
async fn where_none_can_be_written_there_is_none() {
    let house = two_tenants().await;
    let folder = tempfile::tempdir().unwrap();
    for path in ["no/such/folder/backup", "."] {
        let refused = house
            .store
            .back_up(
                &folder.path().join(path),
                Existing::IsReplaced,
                &Origin::default(),
            )
            .await;
        assert!(
            matches!(refused, Err(StoreError::CannotWrite { .. })),
            "{refused:?}"
        );
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
