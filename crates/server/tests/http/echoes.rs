//! `Backlot-Echo`: the events that own writes cause are marked, and left out where a subscription says so.

use axum::Router;
use axum::routing::post;
use backlot_server::events::SubscriptionSettings;
use backlot_server::{ConnectionCallError, Connections, Settings, Wix, WixCallError};
use backlot_store::echo_marks::{EchoKey, EchoMark};
use backlot_wix::Role;
use http::Method;
use jiff::Timestamp;

use crate::harness::events::{Destination, WixKey, contact, instance_number};
use crate::harness::{
    FakeWix, INSTANCE_ID, NOW, Reply, TestServer, ThirdParty, connected, instance, may_call,
    request, to_router,
};
use crate::place::Place;

on_every_database! {
    the_event_of_a_write_is_an_echo_once
    an_event_that_comes_before_the_response_is_an_echo
    a_failed_write_has_no_echo
    keys_that_cannot_be_marked_are_refused
    calls_of_third_parties_have_echoes
    handlers_in_rust_name_keys
}

const CONTACT: &str = "/contacts/v4/contacts/c1";

/// A server with a subscription of all events, and one without echoes.
struct Sync {
    server: TestServer,
    wix: FakeWix,
    all: Destination,
    originals: Destination,
}

impl Sync {
    async fn start(place: &Place, change: impl FnOnce(&mut Settings)) -> Self {
        let (wix, all, originals) = (
            FakeWix::start().await,
            Destination::start().await,
            Destination::start().await,
        );
        wix.on(CONTACT, 200, "{}");
        let without_echoes = SubscriptionSettings {
            name: "originals".to_owned(),
            allow_echo: false,
            ..originals.subscription()
        };
        let server = TestServer::start_on(place.open().await, |settings| {
            wix.apply_to(settings);
            settings.public_keys = vec![WixKey::of_app().public()];
            settings.events.subscriptions = vec![all.subscription(), without_echoes];
            let roles = [Role::Owner, Role::Visitor];
            settings.wix_calls.calls = ["PATCH", "GET"]
                .map(|method| may_call(&format!("{method} /contacts/v4/contacts/{{id}}"), roles))
                .to_vec();
            change(settings);
        })
        .await;
        Self {
            server,
            wix,
            all,
            originals,
        }
    }

    async fn call(&self, role: &str, method: &str, path: &str, keys: &[&str]) -> Reply {
        let credential = instance(role);
        let mut headers = vec![("authorization", &*credential)];
        headers.extend(keys.iter().map(|key| ("backlot-echo", *key)));
        request(self.server.address, method, path, &headers, "").await
    }

    async fn write(&self, key: &str) -> Reply {
        self.call("owner", "PATCH", &format!("/wix{CONTACT}"), &[key])
            .await
    }

    /// Whether the event that comes now is delivered as an echo.
    async fn is_echo(&mut self, event_id: &str, entity_id: &str) -> bool {
        self.server
            .post_event(&contact(event_id, entity_id, INSTANCE_ID))
            .await;
        let delivered = self.all.next().await.json();
        assert_eq!(delivered["id"], event_id);
        delivered["echo"] == true
    }
}

async fn the_event_of_a_write_is_an_echo_once(place: &Place) {
    let mut sync = Sync::start(place, |_| {}).await;
    assert_eq!(sync.write("Contact/c1").await.status, 200);
    let asked = sync.wix.asked(CONTACT).pop().unwrap();
    assert!(!asked.headers.contains_key("backlot-echo"), "{asked:?}");
    assert!(!sync.is_echo("e1", "c2").await);
    let other = instance_number(1);
    sync.server.post_event(&contact("e2", "c1", &other)).await;
    assert_eq!(
        sync.all.next().await.json()["echo"],
        serde_json::Value::Null
    );
    assert!(sync.is_echo("e3", "c1").await);
    assert!(!sync.is_echo("e4", "c1").await);
    let mut originals = Vec::new();
    for _ in 0..3 {
        originals.push(sync.originals.next().await.id());
    }
    originals.sort_unstable();
    assert_eq!(originals, ["e1", "e2", "e4"]);
}

async fn an_event_that_comes_before_the_response_is_an_echo(place: &Place) {
    let mut sync = Sync::start(place, |_| {}).await;
    // The app's token is there then.
    sync.call("owner", "GET", &format!("/wix{CONTACT}"), &[])
        .await;
    sync.wix.hold();
    let (address, credential) = (sync.server.address, instance("owner"));
    let call = tokio::spawn(async move {
        let headers = [
            ("authorization", &*credential),
            ("backlot-echo", "contact/c1"),
        ];
        request(address, "PATCH", &format!("/wix{CONTACT}"), &headers, "").await
    });
    sync.wix.until_asked(CONTACT, 2).await;
    assert!(sync.is_echo("e1", "c1").await);
    sync.wix.let_through(1);
    assert_eq!(call.await.unwrap().status, 200);
    assert!(!sync.is_echo("e2", "c1").await);
}

async fn a_failed_write_has_no_echo(place: &Place) {
    let mut sync = Sync::start(place, |_| {}).await;
    sync.wix.on(CONTACT, 404, "{}");
    assert_eq!(sync.write("contact/c1").await.status, 404);
    assert!(!sync.is_echo("e1", "c1").await);
    // A read changes nothing.
    sync.wix.on(CONTACT, 200, "{}");
    let path = format!("/wix{CONTACT}");
    let read = sync.call("owner", "GET", &path, &["contact/c1"]).await;
    assert_eq!(read.status, 200);
    assert!(!sync.is_echo("e2", "c1").await);
}

async fn keys_that_cannot_be_marked_are_refused(place: &Place) {
    let mut sync = Sync::start(place, |_| {}).await;
    let path = format!("/wix{CONTACT}");
    let long = format!("contact/{}", "1".repeat(200));
    let malformed: [&[&str]; 4] = [
        &["contact"],
        &["contact/"],
        &[&long],
        &["contact/c1", "contact/c1"],
    ];
    for keys in malformed {
        let refused = sync.call("owner", "PATCH", &path, keys).await;
        assert_eq!(
            (refused.status, &*refused.code()),
            (400, "ECHO_KEY_INVALID")
        );
    }
    let refused = sync.call("visitor", "PATCH", &path, &["contact/c1"]).await;
    assert_eq!(refused.code(), "ROLE_NOT_ALLOWED");
    assert_eq!(sync.call("visitor", "PATCH", &path, &[]).await.status, 200);

    let now: Timestamp = NOW.parse().unwrap();
    for number in 0_u128..1000 {
        let mark = EchoMark {
            instance_id: INSTANCE_ID.parse().unwrap(),
            mark_id: number.to_be_bytes(),
            key: EchoKey::parse("contact/c9").unwrap(),
            expires_at: now + jiff::SignedDuration::from_secs(1),
        };
        let inserted = sync.server.store.insert_echo_mark(mark, 1000, now);
        assert!(inserted.await.unwrap());
    }
    let refused = sync.write("contact/c1").await;
    assert_eq!(
        (refused.status, &*refused.code()),
        (429, "TOO_MANY_ECHO_KEYS")
    );
    assert_eq!(sync.wix.asked(CONTACT).len(), 1);
    assert!(sync.is_echo("e1", "c9").await);
    assert_eq!(sync.write("contact/c1").await.status, 200);
}

async fn calls_of_third_parties_have_echoes(place: &Place) {
    let party = ThirdParty::start().await;
    let connections = connected(party.connection("", &[("POST /contacts/{id}", &[Role::Owner])]));
    let mut sync = Sync::start(place, connections).await;
    let path = "/connections/x/contacts/c1";
    for (status, is_echo) in [(500, false), (201, true), (422, false), (504, true)] {
        party.on("/contacts/c1", status, &[], "{}");
        let called = sync.call("owner", "POST", path, &["contact/c1"]).await;
        assert_eq!(called.status, status);
        assert!(!party.last().headers.contains_key("backlot-echo"));
        let id = format!("e{status}");
        assert_eq!(sync.is_echo(&id, "c1").await, is_echo, "{status}");
    }
}

async fn update(wix: Wix) -> Result<String, WixCallError> {
    let call = wix.call(Method::PATCH, CONTACT).echo("contact/c1");
    Ok(call.send().await?.status().to_string())
}

async fn update_elsewhere(connections: Connections) -> Result<String, ConnectionCallError> {
    let call = connections.post("x", "/contacts/c1").echo("contact/c1");
    Ok(call.send().await?.status().to_string())
}

async fn update_nothing(wix: Wix) -> Result<String, WixCallError> {
    let call = wix.call(Method::PATCH, CONTACT).echo("contact");
    Ok(call.send().await?.status().to_string())
}

async fn handlers_in_rust_name_keys(place: &Place) {
    let party = ThirdParty::start().await;
    party.on("/contacts/c1", 200, &[], "{}");
    let connections = connected(party.connection("", &[("POST /contacts/{id}", &[Role::Owner])]));
    let router = Router::new()
        .route("/api/update", post(update))
        .route("/api/update-elsewhere", post(update_elsewhere))
        .route("/api/update-nothing", post(update_nothing));
    let mut sync = Sync::start(place, |settings| {
        connections(settings);
        settings.api = vec![to_router("/api", router)];
    })
    .await;
    for (path, id) in [("/api/update", "e1"), ("/api/update-elsewhere", "e3")] {
        assert_eq!(sync.call("owner", "POST", path, &[]).await.body, "200 OK");
        assert!(sync.is_echo(id, "c1").await);
        assert!(!sync.is_echo(&format!("{id} again"), "c1").await);
    }
    let refused = sync.call("owner", "POST", "/api/update-nothing", &[]).await;
    assert_eq!(refused.code(), "ECHO_KEY_INVALID");
    assert!(!sync.is_echo("e5", "c1").await);
}
