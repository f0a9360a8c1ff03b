//! Wix Data without a listener.

use backlot_server::{Clock, DataCaller, DataService};
use backlot_store::Address;
use backlot_store::sqlite::Durability;
use backlot_wix::{InstanceId, Role};
use bytes::Bytes;
use http::Request;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};

const ONE: InstanceId = instance(1);
const OTHER: InstanceId = instance(2);

const fn instance(number: u128) -> InstanceId {
    InstanceId::new(uuid::Uuid::from_u128(number))
}

struct Service {
    service: DataService,
    _folder: tempfile::TempDir,
}

impl Service {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = Address::Sqlite {
            path: folder.path().join("data.db"),
            durability: Durability::Relaxed,
        };
        let app_id = "7f3c2c1a-9a55-4f0e-8c5d-0123456789ab".parse().unwrap();
        let store = address.open().await.unwrap();
        Self {
            service: DataService::new(store, Clock::System, app_id, b"a secret"),
            _folder: folder,
        }
    }

    /// Status and JSON.
    async fn ask(&self, who: (InstanceId, Role), path: &str, body: Value) -> (u16, Value) {
        let caller = DataCaller {
            instance_id: who.0,
            role: who.1,
            user_id: Some("somebody".to_owned()),
        };
        let request = Request::post(format!("/wix-data/v2/{path}"))
            .body(Bytes::from(body.to_string()))
            .unwrap();
        let response = self.service.answer(caller, request).await;
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap())
    }
}

fn code(answer: &(u16, Value)) -> (u16, &str) {
    let code = &answer.1["details"]["applicationError"]["code"];
    (answer.0, code.as_str().unwrap_or_default())
}

#[tokio::test]
async fn each_site_has_its_own_by_the_rules_of_its_collections() {
    let service = Service::start().await;
    let collection = json!({ "collection": {
        "id": "notes",
        "fields": [{ "key": "text", "type": "TEXT" }],
        "permissions": { "read": "ANYONE", "insert": "SITE_MEMBER", "update": "ADMIN", "remove": "ADMIN" },
    } });
    let made = service
        .ask((ONE, Role::App), "collections", collection)
        .await;
    assert_eq!(made.0, 200, "{}", made.1);

    let item = json!({ "dataCollectionId": "notes", "dataItem": { "data": { "text": "x" } } });
    let kept = service
        .ask((ONE, Role::Member), "items", item.clone())
        .await;
    assert_eq!(kept.1["dataItem"]["data"]["_owner"], "somebody");
    let refused = service.ask((ONE, Role::Visitor), "items", item).await;
    assert_eq!(code(&refused), (403, "WDE0027"));

    let all = json!({ "dataCollectionId": "notes" });
    let found = service
        .ask((ONE, Role::Visitor), "items/query", all.clone())
        .await;
    assert_eq!(found.1["dataItems"][0]["data"]["text"], "x");
    let elsewhere = service.ask((OTHER, Role::App), "items/query", all).await;
    assert_eq!(code(&elsewhere), (404, "WDE0025"));
}

#[tokio::test]
async fn what_is_no_call_of_wix_datas_is_not_there() {
    let service = Service::start().await;
    let answer = service.ask((ONE, Role::App), "nothing", json!({})).await;
    assert_eq!(code(&answer), (404, "ROUTE_NOT_FOUND"));
}
