use super::*;

fn read(json: &str) -> Result<(u32, u64), String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Both {
        paging: Option<WirePaging>,
        cursor_paging: Option<WireCursorPaging>,
    }
    let both: Both = serde_json::from_str(json).unwrap();
    Paging::read(both.paging.as_ref(), both.cursor_paging.as_ref())
        .map(|paging| (paging.limit, paging.offset))
        .map_err(|fault| fault.to_string())
}

#[test]
fn what_is_accepted() {
    for (json, expected) in [
        ("{}", (50, 0)),
        (r#"{"paging":null,"cursorPaging":null}"#, (50, 0)),
        (r#"{"paging":{}}"#, (50, 0)),
        (r#"{"paging":{"limit":null,"offset":null}}"#, (50, 0)),
        (r#"{"paging":{"limit":1000,"offset":7}}"#, (1000, 7)),
        (r#"{"paging":{"offset":5}}"#, (50, 5)),
        (r#"{"cursorPaging":{"limit":3}}"#, (3, 0)),
        (r#"{"cursorPaging":{"limit":3,"cursor":""}}"#, (3, 0)),
    ] {
        assert_eq!(read(json), Ok(expected), "{json}");
    }
}

#[test]
fn what_is_refused() {
    for json in [
        r#"{"paging":{"limit":0}}"#,
        r#"{"paging":{"limit":1001}}"#,
        r#"{"paging":{"limit":-1}}"#,
        r#"{"paging":{"limit":1.5}}"#,
        r#"{"paging":{"limit":"5"}}"#,
        r#"{"paging":{"offset":-1}}"#,
        r#"{"paging":{"offset":1e300}}"#,
        r#"{"cursorPaging":{"limit":0}}"#,
        r#"{"cursorPaging":{"cursor":5}}"#,
        r#"{"paging":{},"cursorPaging":{}}"#,
    ] {
        assert!(read(json).unwrap_err().starts_with("WDE0080"), "{json}");
    }
}
