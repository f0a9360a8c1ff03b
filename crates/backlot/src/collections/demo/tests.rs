use backlot_server::{Clock, DataCaller, DataService};
use backlot_store::{Address, Store, sqlite::Durability};
use backlot_wix::{InstanceId, Role};
use serde_json::json;

use super::super::{Losses, apply};
use super::*;

#[test]
fn a_folder_takes_the_place_of_the_demo() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("collections");
    let names = |shown| -> Vec<String> {
        let all = read_or_demo(&folder, shown).unwrap();
        all.into_iter().map(|it| it.definition.id).collect()
    };
    assert_eq!(names(true), ["reviews"]);
    assert!(names(false).is_empty());
    std::fs::create_dir(&folder).unwrap();
    assert!(names(true).is_empty());
}

async fn ask(store: &Store, path: &str, words: &serde_json::Value) -> u16 {
    let app_id = "7f3c2c1a-9a55-4f0e-8c5d-0123456789ab".parse().unwrap();
    let service = DataService::new(store.clone(), Clock::System, app_id, b"a secret");
    let caller = DataCaller {
        instance_id: InstanceId::new(uuid::Uuid::from_u128(1)),
        role: Role::Member,
        user_id: Some("somebody".to_owned()),
    };
    let request = http::Request::post(format!("/wix-data/v2/{path}"));
    let request = request.body(words.to_string().into()).unwrap();
    service.answer(caller, request).await.status().as_u16()
}

#[tokio::test]
async fn what_was_tried_is_in_nobodys_way_and_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let address = Address::Sqlite {
        path: folder.path().join("a.db"),
        durability: Durability::Relaxed,
    };
    let store = address.open().await.unwrap();
    let reviews = || vec![declared().unwrap()];
    apply(&store, reviews(), Losses::OfTheDemo, "")
        .await
        .unwrap();
    let item = json!({ "_id": "1", "title": "x", "rating": 5 });
    let item = json!({ "dataCollectionId": "reviews", "dataItem": { "id": "1", "data": item } });
    assert_eq!(ask(&store, "items", &item).await, 200);

    let find = json!({ "dataCollectionId": "reviews", "dataItemId": "1" });
    let refusal = apply(&store, Vec::new(), Losses::Refused, "").await;
    let refusal = refusal.unwrap_err().to_string();
    assert!(refusal.contains("would be out of reach"), "{refusal}");
    apply(&store, Vec::new(), Losses::OfTheDemo, "")
        .await
        .unwrap();
    assert_eq!(ask(&store, "items/remove", &find).await, 404);
    apply(&store, reviews(), Losses::Refused, "").await.unwrap();
    assert_eq!(ask(&store, "items/remove", &find).await, 200);
}
