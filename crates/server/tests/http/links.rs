//! `/links/{collection}`: pairs of ids, for the app's own server.

use axum::routing::post;
use axum::{Json, Router};
use backlot_server::policy::quota::Quotas;
use backlot_server::{Link, Links, LinksError};
use serde_json::{Value, json};

use crate::harness::{
    Reply, TestServer, echo, elevated_token, instance, request, to_router, to_upstream,
};
use crate::place::Place;

on_every_database! {
    links_are_put_found_listed_and_deleted
    only_the_app_has_links
    what_is_no_link_is_refused
    links_count_against_the_quota
    handlers_in_rust_have_links
}

struct App {
    server: TestServer,
    token: String,
}

impl App {
    async fn start(place: &Place, max_items: Option<u64>) -> Self {
        let upstream = echo().await;
        let server = TestServer::start_on(place.open().await, |settings| {
            settings.api = vec![to_upstream("/api", upstream)];
            settings.data_api.storage.items = Quotas {
                others: max_items,
                ..Quotas::default()
            };
        })
        .await;
        let token = elevated_token(&server).await;
        Self { server, token }
    }

    async fn ask(&self, method: &str, path: &str, body: &str) -> Reply {
        let headers = [("authorization", self.token.as_str())];
        let path = format!("/links/{path}");
        request(self.server.address, method, &path, &headers, body).await
    }

    async fn put(&self, external: &str, internal: &str) -> Reply {
        let body = json!({ "external": external, "internal": internal, "hash": "h" });
        self.ask("PUT", "contacts", &body.to_string()).await
    }
}

fn link(external: &str, internal: &str) -> Value {
    json!({
        "external": external, "internal": internal, "hash": "h",
        "updatedAt": "2026-11-22T12:00:00Z",
    })
}

async fn links_are_put_found_listed_and_deleted(place: &Place) {
    let app = App::start(place, None).await;
    assert_eq!(app.put("x1", "i1").await.json(), link("x1", "i1"));
    assert_eq!(app.put("x1", "i2").await.json(), link("x1", "i2"));
    assert_eq!(app.put("x/ü", "i2").await.json(), link("x/ü", "i2"));
    for query in ["internal=i2", "external=x%2F%C3%BC"] {
        let found = app.ask("GET", &format!("contacts?{query}"), "").await;
        assert_eq!((found.status, found.json()), (200, link("x/ü", "i2")));
    }
    let missing = app.ask("GET", "contacts?external=x1", "").await;
    assert_eq!((missing.status, &*missing.code()), (404, "LINK_NOT_FOUND"));

    app.put("x1", "i1").await;
    let conflict = app.put("x1", "i2").await;
    assert_eq!((conflict.status, &*conflict.code()), (409, "LINK_CONFLICT"));
    let links = &conflict.json()["details"]["applicationError"]["data"]["links"];
    assert_eq!(*links, json!([link("x1", "i1"), link("x/ü", "i2")]));

    app.put("x2", "i3").await;
    let page = app.ask("GET", "contacts?limit=2", "").await.json();
    assert_eq!(page["links"], json!([link("x/ü", "i2"), link("x1", "i1")]));
    assert_eq!(page["next"], "x1");
    let page = app.ask("GET", "contacts?limit=2&after=x1", "").await.json();
    assert_eq!(page, json!({ "links": [link("x2", "i3")], "next": null }));
    let other = app.ask("GET", "more%20contacts", "").await.json();
    assert_eq!(other, json!({ "links": [], "next": null }));

    let deleted = app.ask("DELETE", "contacts?internal=i3", "").await;
    assert_eq!((deleted.status, deleted.json()), (200, link("x2", "i3")));
    let again = app.ask("DELETE", "contacts?external=x2", "").await;
    assert_eq!(again.code(), "LINK_NOT_FOUND");
}

async fn only_the_app_has_links(place: &Place) {
    let app = App::start(place, None).await;
    app.put("x1", "i1").await;
    let owner = instance("owner");
    for method in ["PUT", "GET", "DELETE"] {
        let headers = [("authorization", owner.as_str())];
        let path = "/links/contacts?external=x1";
        let refused = request(app.server.address, method, path, &headers, "{}").await;
        assert_eq!(
            (refused.status, &*refused.code()),
            (403, "ROLE_NOT_ALLOWED")
        );
    }
    let other = app.ask("POST", "contacts", "").await;
    assert_eq!(other.code(), "METHOD_NOT_ALLOWED");
    assert_eq!(other.header("allow"), "GET, HEAD, PUT, DELETE");
}

async fn what_is_no_link_is_refused(place: &Place) {
    let app = App::start(place, None).await;
    let long = "x".repeat(501);
    for body in [
        json!({}),
        json!({ "external": "x1" }),
        json!({ "external": "", "internal": "i1" }),
        json!({ "external": "x\u{0}", "internal": "i1" }),
        json!({ "external": "x1", "internal": long }),
        json!({ "external": "x1", "internal": "i1", "hash": long }),
    ] {
        let refused = app.ask("PUT", "contacts", &body.to_string()).await;
        assert_eq!(
            (refused.status, &*refused.code()),
            (400, "PARAMETER_INVALID"),
            "{body}"
        );
    }
    let name = "c".repeat(101);
    for (method, path) in [
        ("GET", "contacts?external=x1&internal=i1"),
        ("GET", "contacts?limit=many"),
        ("GET", "contacts?external=%00"),
        ("DELETE", "contacts"),
        ("GET", &name),
        ("GET", "a%0Ab"),
    ] {
        let refused = app.ask(method, path, "").await;
        assert_eq!(
            (refused.status, &*refused.code()),
            (400, "PARAMETER_INVALID"),
            "{path}"
        );
    }
    for path in ["", "contacts/x1"] {
        assert_eq!(app.ask("GET", path, "").await.code(), "ROUTE_NOT_FOUND");
    }
}

async fn links_count_against_the_quota(place: &Place) {
    let app = App::start(place, Some(2)).await;
    app.put("x1", "i1").await;
    app.put("x2", "i2").await;
    let refused = app.put("x3", "i3").await;
    assert_eq!(refused.code(), "STORAGE_QUOTA_EXCEEDED", "{refused:?}");
    assert_eq!(app.put("x2", "i9").await.status, 200);
    app.ask("DELETE", "contacts?external=x1", "").await;
    assert_eq!(app.put("x3", "i3").await.status, 200);
}

async fn pair(links: Links) -> Result<Json<Option<Link>>, LinksError> {
    links.upsert("contacts", "x1", "i1", None).await?;
    links.upsert("contacts", "x2", "i2", Some("h")).await?;
    let conflict = links.upsert("contacts", "x1", "i2", None).await;
    assert!(conflict.unwrap_err().is_conflict());
    assert_eq!(links.list("contacts", Some("x1"), 10).await?.len(), 1);
    let deleted = links.delete_external("contacts", "x1").await?;
    assert_eq!(deleted.unwrap().internal, "i1");
    assert_eq!(links.find_internal("contacts", "i1").await?, None);
    Ok(Json(links.find_external("contacts", "x2").await?))
}

async fn handlers_in_rust_have_links(place: &Place) {
    let router = Router::new().route("/api/pair", post(pair));
    let server = TestServer::start_on(place.open().await, |settings| {
        settings.api = vec![to_router("/api", router)];
    })
    .await;
    let visitor = instance("visitor");
    let headers = [("authorization", visitor.as_str())];
    let reply = request(server.address, "POST", "/api/pair", &headers, "").await;
    assert_eq!(reply.json(), link("x2", "i2"), "{reply:?}");
}
