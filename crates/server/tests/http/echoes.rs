//! `Backlot-Echo`: the events that own writes cause are marked, and left out where a subscription says so.

use axum::Router;
use axum::routing::post;
use backlot_server::events::{EventDestination, SubscriptionSettings};
use backlot_server::{ConnectionCallError, Connections, Settings, Wix, WixCallError};
use backlot_store::echo_marks::{EchoKey, EchoMark};
use backlot_store::events::{DeliveryFilter, DeliveryState, EventFilter, ListOrder};
use backlot_wix::Role;
use http::Method;
use jiff::{SignedDuration, Timestamp};

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
    the_response_to_a_creation_names_its_entity
    an_event_waits_for_the_creation_under_way
    an_event_that_was_stored_before_the_response_becomes_an_echo
    a_delivery_that_has_not_begun_before_the_response_is_skipped
    creations_without_an_id_have_no_echo
}

const CONTACT: &str = "/contacts/v4/contacts/c1";
const CONTACTS: &str = "/contacts/v4/contacts";
const CREATED: &str = "contact/{/contact/id}";
const NEW: &str = r#"{"contact":{"id":"c1"}}"#;

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
            let create = format!("POST {CONTACTS}");
            settings.wix_calls.calls.push(may_call(&create, roles));
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

    /// Begins a creation, whose response waits until it is let through.
    async fn begin_creation(&self) -> tokio::task::JoinHandle<Reply> {
        // The app's token is there then.
        self.call("owner", "GET", &format!("/wix{CONTACT}"), &[])
            .await;
        self.wix.on(CONTACTS, 200, NEW);
        self.wix.hold();
        let (address, credential) = (self.server.address, instance("owner"));
        let call = tokio::spawn(async move {
            let headers = [("authorization", &*credential), ("backlot-echo", CREATED)];
            request(address, "POST", &format!("/wix{CONTACTS}"), &headers, "").await
        });
        self.wix.until_asked(CONTACTS, 1).await;
        call
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
            expires_at: now + SignedDuration::from_secs(1),
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

async fn create(wix: Wix) -> Result<String, WixCallError> {
    let call = wix.post(CONTACTS).echo(CREATED);
    Ok(call
        .send()
        .await?
        .json::<serde_json::Value>()
        .await?
        .to_string())
}

async fn create_elsewhere(connections: Connections) -> Result<String, ConnectionCallError> {
    let call = connections.post("x", "/contacts").echo(CREATED);
    Ok(call
        .send()
        .await?
        .json::<serde_json::Value>()
        .await?
        .to_string())
}

async fn the_response_to_a_creation_names_its_entity(place: &Place) {
    let party = ThirdParty::start().await;
    party.on("/contacts", 201, &[], NEW);
    let connections = connected(party.connection("", &[("POST /contacts", &[Role::Owner])]));
    let router = Router::new()
        .route("/api/create", post(create))
        .route("/api/create-elsewhere", post(create_elsewhere));
    let mut sync = Sync::start(place, |settings| {
        connections(settings);
        settings.api = vec![to_router("/api", router)];
    })
    .await;
    sync.wix.on(CONTACTS, 200, NEW);
    let by_header: &[&str] = &[CREATED];
    for (path, keys) in [
        (&*format!("/wix{CONTACTS}"), by_header),
        ("/connections/x/contacts", by_header),
        ("/api/create", &[]),
        ("/api/create-elsewhere", &[]),
    ] {
        // Events of the calls before were received earlier.
        let clock = &sync.server.clock;
        clock.set(clock.now() + SignedDuration::from_secs(1));
        let created = sync.call("owner", "POST", path, keys).await;
        assert_eq!(created.body, NEW, "{path}");
        assert!(!sync.is_echo(&format!("{path} other"), "c2").await);
        assert!(sync.is_echo(&format!("{path} first"), "c1").await, "{path}");
        assert!(!sync.is_echo(&format!("{path} second"), "c1").await);
    }
}

async fn an_event_waits_for_the_creation_under_way(place: &Place) {
    let mut sync = Sync::start(place, |_| {}).await;
    let call = sync.begin_creation().await;
    let address = sync.server.address;
    let webhook = WixKey::of_app().webhook(&contact("e1", "c1", INSTANCE_ID));
    let event =
        tokio::spawn(async move { request(address, "POST", "/webhooks", &[], &webhook).await });
    // Events of other kinds and instances do not wait.
    let other = contact("e2", "c1", &instance_number(1));
    sync.server.post_event(&other).await;
    assert_eq!(sync.all.next().await.id(), "e2");
    sync.wix.let_through(1);
    assert_eq!(call.await.unwrap().body, NEW);
    assert_eq!(event.await.unwrap().status, 200);
    let delivered = sync.all.next().await.json();
    assert_eq!(
        (&delivered["id"], &delivered["echo"]),
        (&"e1".into(), &true.into())
    );
    assert!(!sync.is_echo("e3", "c1").await);
    let mut originals = [
        sync.originals.next().await.id(),
        sync.originals.next().await.id(),
    ];
    originals.sort_unstable();
    assert_eq!(originals, ["e2", "e3"]);
}

async fn an_event_that_was_stored_before_the_response_becomes_an_echo(place: &Place) {
    let mut sync = Sync::start(place, |_| {}).await;
    let call = sync.begin_creation().await;
    // It waits for the response no longer than Wix waits for its own.
    sync.server
        .post_event(&contact("e1", "c1", INSTANCE_ID))
        .await;
    assert_eq!(
        sync.all.next().await.json()["echo"],
        serde_json::Value::Null
    );
    sync.wix.let_through(1);
    assert_eq!(call.await.unwrap().body, NEW);
    let events = sync
        .server
        .store
        .list_events(EventFilter::default(), ListOrder::Oldest, 10);
    assert!(events.await.unwrap()[0].is_echo);
    assert!(!sync.is_echo("e2", "c1").await, "it has taken the mark");
}

async fn a_delivery_that_has_not_begun_before_the_response_is_skipped(place: &Place) {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nowhere = format!("http://{}/", free.local_addr().unwrap());
    drop(free);
    let mut sync = Sync::start(place, |settings| {
        let originals = &mut settings.events.subscriptions[1];
        originals.destination = EventDestination::parse(&nowhere).unwrap();
    })
    .await;
    let call = sync.begin_creation().await;
    sync.server
        .post_event(&contact("e1", "c1", INSTANCE_ID))
        .await;
    assert_eq!(sync.all.next().await.id(), "e1");
    let delivery = async || {
        let filter = DeliveryFilter {
            subscription: Some("originals".to_owned()),
            ..DeliveryFilter::default()
        };
        let listed = sync
            .server
            .store
            .list_deliveries(filter, ListOrder::Oldest, 2);
        listed.await.unwrap().remove(0)
    };
    while delivery().await.last_error.is_none() {
        tokio::task::yield_now().await;
    }
    sync.wix.let_through(1);
    assert_eq!(call.await.unwrap().body, NEW);
    assert_eq!(delivery().await.state, DeliveryState::Skipped);
}

async fn creations_without_an_id_have_no_echo(place: &Place) {
    let mut sync = Sync::start(place, |_| {}).await;
    let path = format!("/wix{CONTACTS}");
    for (status, body) in [(200, r#"{"id":"c1"}"#), (200, "c1"), (422, NEW), (504, NEW)] {
        sync.wix.on(CONTACTS, status, body);
        let created = sync.call("owner", "POST", &path, &[CREATED]).await;
        assert_eq!((created.status, &*created.body), (status, body));
        let id = format!("{status} {body}");
        assert!(!sync.is_echo(&id, "c1").await, "{id}");
    }
    let refused = sync.call("visitor", "POST", &path, &[CREATED]).await;
    assert_eq!(refused.code(), "ROLE_NOT_ALLOWED");
}
