//! Names, ids and numbers at the edges: nothing of them ever becomes SQL.

use backlot_wix::data::Object;

use crate::house::{House, definition, filter_of, instance_id, object};

const NASTY: [&str; 8] = [
    "'; DROP TABLE items; --",
    "\"",
    "\\",
    "$1",
    "$.a ? (@ > 1)",
    "a\"].b[*",
    "\u{1}\n\t",
    "é\u{10ffff}%_",
];

#[tokio::test]
async fn quotes_and_the_like_are_only_characters() {
    let house = House::new().await;
    for name in NASTY {
        let of = house.collection(1, definition(name, &["a"])).await;
        let json = serde_json::json!({ name.replace('.', ","): name, "o": { name.replace('.', ","): [name] } });
        let key = name.replace('.', ",");
        if !key.starts_with('$') {
            house.insert(&of, &[(name, &json.to_string())]).await;
            let item = house.store.find_item(&of, name).await.unwrap().unwrap();
            assert_eq!(item.id, name);
            for (path, word) in [
                (key.clone(), "$eq"),
                (format!("o.{key}"), "$eq"),
                (format!("o.{key}"), "$contains"),
                (format!("o.{key}"), "$gte"),
                (key.clone(), "$lte"),
            ] {
                let filter = serde_json::json!({ path: { word: name } }).to_string();
                assert_eq!(house.ids(&of, &filter).await, [name], "{filter}");
            }
            let filter = serde_json::json!({ "friends": name, key: [name] }).to_string();
            assert!(house.ids(&of, &filter).await.is_empty());
        }
        let found = house
            .store
            .find_collection(instance_id(1), name)
            .await
            .unwrap();
        assert_eq!(found.unwrap().definition.id, name);
    }
    assert_eq!(
        house
            .store
            .list_collections(instance_id(1))
            .await
            .unwrap()
            .len(),
        NASTY.len()
    );
}

#[tokio::test]
async fn what_cannot_be_there_is_not_there() {
    let house = House::new().await;
    let of = house.collection(1, definition("c", &[])).await;
    assert_eq!(house.store.find_item(&of, "a\0b").await.unwrap(), None);
    assert!(
        house
            .store
            .find_collection(instance_id(1), "a\0")
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        !house
            .store
            .delete_collection(instance_id(1), "a\0")
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn numbers_come_back_as_they_were() {
    let house = House::new().await;
    let of = house.collection(1, definition("c", &["n"])).await;
    let numbers = [
        "0",
        "-1",
        "0.1",
        "0.30000000000000004",
        "1e21",
        "1e308",
        "-1.7976931348623157e308",
        "5e-324",
        "2.2250738585072014e-308",
        "9007199254740991",
        "9007199254740992",
        "9007199254740994",
        "1e-7",
        "123456789012345680000",
    ];
    for (place, number) in numbers.into_iter().enumerate() {
        let (id, json) = (
            format!("i{place}"),
            format!(r#"{{"n":{number},"list":[{number}]}}"#),
        );
        house.insert(&of, &[(&id, &json)]).await;
        let item = house
            .store
            .find_item(&of, &id)
            .await
            .unwrap()
            .unwrap()
            .object()
            .unwrap();
        assert_eq!(item["n"], object(&json)["n"], "{number}");
        for path in ["n", "list"] {
            for word in ["$eq", "$lte", "$gte"] {
                let filter = format!(r#"{{"{path}":{{"{word}":{number}}},"_id":"{id}"}}"#);
                assert_eq!(
                    house.ids(&of, &filter).await,
                    std::slice::from_ref(&id),
                    "{filter}"
                );
            }
        }
    }
    let dates = r#"{"d":[{"$date":"-271821-04-20T00:00:00.000Z"},{"$date":"+275760-09-13T00:00:00.000Z"}]}"#;
    house.insert(&of, &[("dates", dates)]).await;
    let item: Object = house
        .store
        .find_item(&of, "dates")
        .await
        .unwrap()
        .unwrap()
        .object()
        .unwrap();
    assert_eq!(item["d"], object(dates)["d"]);
    let before = filter_of(r#"{"d":{"$lt":{"$date":"1960-01-01"}}}"#);
    assert_eq!(house.store.count_items(&of, &before).await.unwrap(), 1);
}

#[tokio::test]
async fn many_operands_deep_filters_and_many_items_are_served() {
    let house = House::new().await;
    let of = house.collection(1, definition("c", &["a"])).await;
    let items: Vec<(String, String)> = (0..1000)
        .map(|number| {
            (
                format!("i{number:04}"),
                format!(r#"{{"a":{number},"s":"S{number}"}}"#),
            )
        })
        .collect();
    let items: Vec<(&str, &str)> = items.iter().map(|(id, json)| (&**id, &**json)).collect();
    house.insert(&of, &items).await;
    let found = house.ids(&of, "{}").await;
    let ids: Vec<&str> = items.iter().map(|(id, _)| *id).collect();
    assert_eq!(found, ids, "in the order of the batch");
    let list: Vec<u32> = (0..9_999).collect();
    for filter in [
        serde_json::json!({ "a": { "$in": list } }),
        serde_json::json!({ "s": { "$nin": list } }),
        serde_json::json!({ "$or": list.iter().take(2_000).map(|it| serde_json::json!({ "a": it })).collect::<Vec<_>>() }),
    ] {
        let filter = filter_of(&filter.to_string());
        assert_eq!(house.store.count_items(&of, &filter).await.unwrap(), 1000);
    }
    let mut deep = r#"{"s":{"$startsWith":"s99"}}"#.to_owned();
    for _ in 0..48 {
        deep = format!(r#"{{"$not":{deep}}}"#);
    }
    assert_eq!(house.ids(&of, &deep).await.len(), 11);
}
