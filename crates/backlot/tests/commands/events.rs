//! `backlot events` and `backlot deliveries`

use std::sync::Arc;
use std::time::Duration;

use backlot_store::events::{
    AfterAttempt, Attempt, AttemptOutcome, ClaimLimits, NewDelivery, NewEvent, UNASSIGNED,
};
use backlot_store::{Store, sqlite::SqliteStore};
use jiff::Timestamp;
use serde_json::Value;

use crate::harness::{ONE, OTHER, Place};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_795_341_600 + seconds).unwrap()
}

fn event(instance: &str, id: &str, event_type: &str, seconds: i64) -> NewEvent {
    NewEvent {
        instance_id: instance.parse().unwrap(),
        source: "wix".to_owned(),
        event_id: id.to_owned(),
        event_type: event_type.to_owned(),
        entity_id: Some("contact-1".to_owned()),
        entity_sequence: Some(seconds),
        occurred_at: Some(at(seconds)),
        received_at: at(seconds),
        identity: None,
        data: r#"{"name":"Ada"}"#.to_owned(),
        details: "{}".to_owned(),
        is_echo: false,
        echo: None,
        deliveries: vec![NewDelivery {
            subscription: "all".to_owned(),
            lane: id.to_owned(),
            sequence: None,
        }],
    }
}

/// Four events. The first is dead, the others wait.
fn fill(place: &Place) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let path = place.path("data/backlot.db");
        let store = Store::Sqlite(SqliteStore::open(&path).unwrap());
        let mut unknown = event(ONE, "e4", "stripe/invoice.paid", 40);
        unknown.instance_id = UNASSIGNED;
        let events = vec![
            event(ONE, "e1", "AppInstalled", 10),
            event(ONE, "e2", "wix.contacts.v4.contact_created", 20),
            event(OTHER, "e3", "AppInstalled", 30),
            unknown,
        ];
        store.insert_events(events).await.unwrap();
        let lease = Duration::from_secs(30);
        let claims =
            store.advance_deliveries("all", Arc::default(), ClaimLimits::new(1), lease, at(50));
        let claimed = claims.await.unwrap().claimed.remove(0);
        assert_eq!(claimed.event.event_id, "e1");
        let outcome = AttemptOutcome {
            lease: claimed.lease,
            attempt: Attempt {
                number: 1,
                started_at: at(50),
                duration_ms: 7,
                status: Some(500),
                error: Some("500 Internal Server Error".to_owned()),
                response: Some("no".to_owned()),
            },
            next: AfterAttempt::Dead,
        };
        let settled = store.advance_deliveries(
            "all",
            Arc::new(vec![outcome]),
            ClaimLimits::none(),
            lease,
            at(51),
        );
        settled.await.unwrap();
    });
}

fn lines(text: &str) -> Vec<Value> {
    let parse = |line: &str| serde_json::from_str(line).unwrap();
    text.lines().map(parse).collect()
}

fn each<'all>(all: &'all [Value], key: &str) -> Vec<&'all str> {
    all.iter().map(|it| it[key].as_str().unwrap()).collect()
}

#[test]
fn events_are_listed_by_conditions() {
    let place = Place::new();
    fill(&place);
    let list = |more: &[&str]| {
        let arguments = [&["events", "list", "--json"], more].concat();
        lines(&place.run(&arguments).done())
    };
    assert_eq!(each(&list(&[]), "id"), ["e4", "e3", "e2", "e1"]);
    assert_eq!(each(&list(&["--limit", "2"]), "id"), ["e4", "e3"]);
    assert_eq!(each(&list(&["--instance", OTHER]), "id"), ["e3"]);
    assert_eq!(each(&list(&["--type", "AppInstalled"]), "id"), ["e3", "e1"]);
    assert_eq!(each(&list(&["--since", "1795341630"]), "id"), ["e4", "e3"]);
    assert_eq!(
        each(&list(&["--id", "e2"]), "type"),
        ["wix.contacts.v4.contact_created"]
    );
    assert_eq!(list(&["--id", "e4"])[0]["instanceId"], Value::Null);
    let text = place.run(&["events", "list", "--id", "e1"]).done();
    assert!(
        text.contains("AppInstalled") && text.contains(ONE),
        "{text}"
    );
    let none = place.run(&["events", "list", "--id", "e9"]);
    assert!(none.err.contains("no such events"), "{none:?}");
    assert_eq!(none.done(), "");
}

#[test]
fn an_event_is_shown_by_number_or_id() {
    let place = Place::new();
    fill(&place);
    let shown = lines(&place.run(&["events", "show", "e1", "--json"]).done()).remove(0);
    assert_eq!(shown["data"]["name"], "Ada");
    assert_eq!(shown["deliveries"][0]["state"], "DEAD");
    let number = shown["number"].to_string();
    let again = lines(&place.run(&["events", "show", &number, "--json"]).done()).remove(0);
    assert_eq!(again, shown);
    place
        .run(&["events", "show", "e9"])
        .refused("there is no event e9");
}

#[test]
fn deliveries_are_listed_shown_retried_and_skipped() {
    let place = Place::new();
    fill(&place);
    let list = |more: &[&str]| {
        let arguments = [&["deliveries", "list", "--json"], more].concat();
        lines(&place.run(&arguments).done())
    };
    assert_eq!(each(&list(&[]), "eventId"), ["e4", "e3", "e2", "e1"]);
    let dead = list(&["--state", "dead"]);
    assert_eq!(each(&dead, "eventId"), ["e1"]);
    let id = dead[0]["id"].to_string();
    let shown = lines(&place.run(&["deliveries", "show", &id, "--json"]).done()).remove(0);
    assert_eq!(
        (&shown["log"][0]["status"], &shown["log"][0]["response"]),
        (&500.into(), &"no".into())
    );
    let text = place.run(&["deliveries", "list", "--state", "dead"]).done();
    assert!(text.contains("500 Internal Server Error"), "{text}");

    let retried = place.run(&["deliveries", "retry", &id, "--json"]).done();
    assert_eq!(lines(&retried)[0]["retried"], 1);
    assert_eq!(list(&["--state", "waiting"]).len(), 4);
    place
        .run(&["deliveries", "skip", "--instance", ONE])
        .refused("--yes");
    place
        .run(&["deliveries", "skip", "--instance", ONE, "--yes"])
        .done();
    assert_eq!(list(&["--state", "skipped"]).len(), 2);
    place
        .run(&["deliveries", "skip", &id])
        .refused("can be skipped");
    place.run(&["deliveries", "skip"]).refused("name the ids");
    place
        .run(&["deliveries", "retry", &id, "--state", "dead"])
        .refused("but not both");
    place
        .run(&["deliveries", "show", "999"])
        .refused("there is no delivery 999");
}

#[test]
fn events_are_replayed_to_the_subscriptions_of_now() {
    let place = Place::new();
    fill(&place);
    place
        .run(&["events", "replay", "e1"])
        .refused("the configuration has no subscription");
    place.write(
        "backlot.toml",
        r#"
        [[subscription]]
        name = "installs"
        events = ["AppInstalled"]
        to = "http://127.0.0.1:9/events"
        secret = { env = "NOT_SET_HERE" }

        [[subscription]]
        name = "all"
        events = ["*"]
        to = "http://127.0.0.1:9/events"
        "#,
    );
    let replay = |more: &[&str]| {
        let arguments = [&["events", "replay", "--json"], more].concat();
        lines(&place.run(&arguments).done()).remove(0)
    };
    assert_eq!(replay(&["e1"])["deliveries"], 2);
    assert_eq!(replay(&["--instance", ONE])["events"], 2);
    let only = replay(&["--since", "1795341600", "--subscription", "installs"]);
    assert_eq!(
        (&only["events"], &only["deliveries"]),
        (&4.into(), &2.into())
    );
    let waiting = [
        "deliveries",
        "list",
        "--json",
        "--subscription",
        "installs",
        "--state",
        "waiting",
    ];
    assert_eq!(lines(&place.run(&waiting).done()).len(), 4);
    place
        .run(&["events", "replay", "e9"])
        .refused("there is no event e9");
    place.run(&["events", "replay"]).refused("name events");
    place
        .run(&["events", "replay", "e1", "--subscription", "none"])
        .refused("the configuration has installs, all");
}
