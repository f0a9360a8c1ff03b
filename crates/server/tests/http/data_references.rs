//! What references may be made of, and what is told of what they refer to.

use backlot_wix::data::collection::Definition;
use serde_json::{Value, json};

use crate::data::{call, with_collection};
use crate::harness::{INSTANCE_ID, TestServer, instance, request};

/// `posts`, which refer to `tags` that only the owner reads; one of either.
async fn with_posts(server: &TestServer) {
    let closed =
        json!({ "read": "ADMIN", "insert": "ANYONE", "update": "ANYONE", "remove": "ANYONE" });
    with_collection(server, "tags", closed).await;
    let anyone =
        json!({ "read": "ANYONE", "insert": "ANYONE", "update": "ANYONE", "remove": "ANYONE" });
    let definition = json!({
        "id": "posts",
        "fields": [
            { "key": "tag", "type": "REFERENCE",
              "typeMetadata": { "reference": { "referencedCollectionId": "tags" } } },
            { "key": "tags", "type": "MULTI_REFERENCE",
              "typeMetadata": { "multiReference": { "referencedCollectionId": "tags" } } },
        ],
        "permissions": anyone,
    });
    let definition = Definition::from_wire(&definition).unwrap();
    let id = INSTANCE_ID.parse().unwrap();
    let made = server.store.insert_collection(id, definition).await;
    made.unwrap();
    for (collection, id) in [("tags", "there"), ("posts", "one")] {
        let item = json!({ "dataCollectionId": collection, "dataItem": { "data": { "_id": id } } });
        let made = call(server, &instance("owner"), "items", item).await;
        assert_eq!(made.status, 200, "{}", made.body);
    }
}

#[tokio::test]
async fn references_are_made_of_what_can_be_an_items_id() {
    let server = TestServer::start(vec![]).await;
    with_posts(&server).await;
    let ask = async |path: &str, more: Value| {
        let mut body = json!({ "dataCollectionId": "posts" });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        call(&server, &instance("member"), path, body).await
    };
    let long = "x".repeat(129);
    for id in ["..", ".", "a#b", "a/../b", "%2e%2e", "", "a\0", &long] {
        let reference = |id: &str| json!({ "referringItemFieldName": "tags", "referringItemId": "one", "referencedItemId": id });
        let set = |field: &str, value: Value| {
            let change = json!({ "fieldPath": field, "action": "SET_FIELD", "setFieldOptions": { "value": value } });
            json!({ "patch": { "dataItemId": "one", "fieldModifications": [change] } })
        };
        let whole = |data: Value| json!({ "dataItem": { "data": data }, "saveReferences": true });
        for (path, more) in [
            (
                "items/replace-references",
                json!({ "referringItemFieldName": "tags", "referringItemId": "one", "newReferencedItemIds": ["there", id] }),
            ),
            (
                "items/insert-reference",
                json!({ "dataItemReference": reference(id) }),
            ),
            (
                "bulk/items/insert-references",
                json!({ "dataItemReferences": [reference("there"), reference(id)] }),
            ),
            ("items/patch", set("tags", json!([id]))),
            ("items/patch", set("tag", json!(id))),
            ("items", whole(json!({ "tag": id }))),
            ("items", whole(json!({ "tags": [id] }))),
            ("items/save", whole(json!({ "_id": "one", "tag": id }))),
            (
                "items/update",
                whole(json!({ "_id": "one", "tag": { "_id": id } })),
            ),
        ] {
            let response = ask(path, more).await;
            assert_eq!(
                (response.status, response.code().as_str()),
                (400, "WDE0079"),
                "{path} {id:?} {}",
                response.body
            );
        }
    }
    for held in [json!(5), json!({ "a": 1 }), json!(["there"])] {
        let body = json!({ "dataItem": { "data": { "tag": held } } });
        let response = ask("items", body).await;
        assert_eq!(
            (response.status, response.code().as_str()),
            (400, "WDE0079")
        );
    }
    // Nor is the database asked about what is no id.
    for id in ["", "a\0", &long] {
        for (path, more) in [
            (
                "items/is-referenced",
                json!({ "referringItemFieldName": "tags", "referringItemId": id, "referencedItemId": "there" }),
            ),
            (
                "items/is-referenced",
                json!({ "referringItemFieldName": "tags", "referringItemId": "one", "referencedItemId": id }),
            ),
            (
                "items/query-referenced",
                json!({ "referringItemFieldName": "tags", "referringItemId": id }),
            ),
        ] {
            let response = ask(path, more).await;
            assert_eq!(
                (response.status, response.code().as_str()),
                (400, "WDE0079")
            );
        }
    }
}

/// As `@wix/data` has it: set if the item exists and the caller may not read it.
#[tokio::test]
async fn what_may_not_be_read_is_told_from_what_is_gone() {
    let server = TestServer::start(vec![]).await;
    with_posts(&server).await;
    let link = json!({ "dataCollectionId": "posts", "referringItemFieldName": "tags", "referringItemId": "one", "newReferencedItemIds": ["there", "gone"] });
    let credential = instance("owner");
    let headers = [("authorization", credential.as_str())];
    let path = "/wix-data/v2/items/replace-references";
    let linked = request(server.address, "POST", path, &headers, &link.to_string()).await;
    assert_eq!(linked.status, 200, "{}", linked.body);
    let query = json!({ "dataCollectionId": "posts", "referringItemFieldName": "tags", "referringItemId": "one" });
    for (role, expected) in [
        ("member", [Some(true), Some(false)]),
        ("owner", [None, Some(false)]),
    ] {
        let response = call(
            &server,
            &instance(role),
            "items/query-referenced",
            query.clone(),
        )
        .await;
        let response = response.json();
        let results = response["results"].as_array().unwrap().iter();
        let told: Vec<_> = results
            .map(|it| it["unresolvedReference"]["unauthorized"].as_bool())
            .collect();
        assert_eq!(told, expected, "{role}");
    }
}
