//! The event types: every sample of Wix's documentation under its type, and the app's lifecycle events.
//!
//! The samples are `samples/wix-event-samples.json`, from wix-incubator/wix-rest-docs, MIT licence, (c) Wix.com. Lifecycle
//! events that have no sample there have the fields of Wix's typings.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

static SAMPLES: &str = include_str!("../../samples/wix-event-samples.json");

/// The webhook of this message is not a domain event, and its payload's `eventType` is only a part of the type.
const PAYMENT_EVENT: &str = "wix.payment.api.pay.v3.PaymentEvent";

/// How many names are suggested.
const MAX_SUGGESTIONS: usize = 3;
/// Names that are less similar are not suggested.
const MIN_SIMILARITY: f64 = 0.8;

/// The shape of a type's payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// An event of an entity: `id`, `entityFqdn`, `slug`, `entityId` and one of four bodies.
    Domain,
    /// Flat fields, such as those of `AppInstalled`.
    Flat,
}

/// One event type.
#[derive(Debug)]
pub struct EventType {
    /// The `eventType` of the envelope: `wix.contacts.v4.contact_created`, `AppInstalled`.
    pub name: String,
    pub kind: Kind,
    /// The payloads that Wix documents. There is at least one.
    pub samples: Vec<Map<String, Value>>,
}

/// Returns all types, sorted by name.
pub fn event_types() -> &'static [EventType] {
    static TYPES: OnceLock<Vec<EventType>> = OnceLock::new();
    TYPES.get_or_init(read)
}

/// Finds the type with exactly this name.
pub fn find(name: &str) -> Option<&'static EventType> {
    let types = event_types();
    let index = types
        .binary_search_by(|it| it.name.as_str().cmp(name))
        .ok()?;
    types.get(index)
}

/// Returns the names that are most similar to an unknown one, best first.
pub fn suggestions(name: &str) -> Vec<&'static str> {
    let wanted = name.to_ascii_lowercase();
    let mut near: Vec<(f64, &str)> = event_types()
        .iter()
        .map(|it| {
            (
                similarity(&wanted, &it.name.to_ascii_lowercase()),
                &*it.name,
            )
        })
        .filter(|(similarity, _)| *similarity >= MIN_SIMILARITY)
        .collect();
    near.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    near.truncate(MAX_SUGGESTIONS);
    near.into_iter().map(|(_, name)| name).collect()
}

/// A part of a name, such as `contact_created`, is as good as the whole.
fn similarity(wanted: &str, name: &str) -> f64 {
    if wanted.len() > 3 && name.contains(wanted) {
        return 1.0;
    }
    let end = name.rsplit('.').next().unwrap_or(name);
    strsim::jaro_winkler(wanted, name).max(strsim::jaro_winkler(wanted, end))
}

#[derive(Deserialize)]
struct File {
    samples: Vec<Sample>,
}

#[derive(Deserialize)]
struct Sample {
    sample: Map<String, Value>,
}

fn read() -> Vec<EventType> {
    // A test reads the file, which is a part of the program.
    let samples =
        serde_json::from_str::<File>(SAMPLES).map_or_else(|_| Vec::new(), |it| it.samples);
    let documented = samples.into_iter().filter_map(|it| type_of(it.sample));
    let mut types = BTreeMap::new();
    for (name, kind, sample) in documented.chain(lifecycle()) {
        let entry = types.entry(name).or_insert((kind, Vec::new()));
        entry.1.push(sample);
    }
    types
        .into_iter()
        .map(|(name, (kind, samples))| EventType {
            name,
            kind,
            samples,
        })
        .collect()
}

type Typed = (String, Kind, Map<String, Value>);

/// Returns the type of a sample, which may be a payload, or an envelope with the payload as a string.
fn type_of(sample: Map<String, Value>) -> Option<Typed> {
    let text = |name: &str| sample.get(name).and_then(Value::as_str);
    if let (Some(fqdn), Some(slug)) = (text("entityFqdn"), text("slug")) {
        return Some((format!("{fqdn}_{slug}"), Kind::Domain, sample));
    }
    let name = text("eventType")?.to_owned();
    match text("data") {
        Some(data) => Some((name, Kind::Flat, serde_json::from_str(data).ok()?)),
        None => Some((PAYMENT_EVENT.to_owned(), Kind::Flat, sample)),
    }
}

/// Lifecycle events without a sample. Ids and times are placeholders, which are replaced in each event.
fn lifecycle() -> impl Iterator<Item = Typed> {
    let start = "2026-01-15T09:00:00.000Z";
    let end = "2026-02-15T09:00:00.000Z";
    let payloads = [
        ("AppInstalled", json!({ "appId": "" })),
        ("AppRemoved", json!({ "appId": "" })),
        (
            "PlanReactivated",
            json!({
                "operationTimeStamp": start, "vendorProductId": "pro", "cycle": "MONTHLY", "expiresOn": end,
                "invoiceId": "11111112", "reason": "AUTO_RENEW_TURNED_ON",
            }),
        ),
        (
            "PlanConvertedToPaid",
            json!({
                "operationTimeStamp": start, "vendorProductId": "pro", "cycle": "MONTHLY", "expiresOn": end,
            }),
        ),
        (
            "PlanTransferred",
            json!({
                "operationTimeStamp": start, "vendorProductId": "pro", "cycle": "MONTHLY", "invoiceId": "11111113",
            }),
        ),
        (
            "SitePropertiesUpdated",
            json!({
                "metasiteId": "",
                "event": {
                    "version": 2,
                    "fields": ["siteDisplayName"],
                    "properties": { "siteDisplayName": "A new name" },
                },
            }),
        ),
    ];
    payloads.into_iter().filter_map(|(name, payload)| {
        let Value::Object(payload) = payload else {
            return None;
        };
        Some((name.to_owned(), Kind::Flat, payload))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_has_a_type() {
        let samples = serde_json::from_str::<File>(SAMPLES).unwrap().samples.len();
        assert_eq!(samples, 198);
        let listed: usize = event_types().iter().map(|it| it.samples.len()).sum();
        assert_eq!(listed, samples + lifecycle().count());
        assert_eq!(event_types().len(), 177);
        for event_type in event_types() {
            assert_eq!(find(&event_type.name).unwrap().name, event_type.name);
        }
    }

    #[test]
    fn the_samples_name_their_source() {
        let file: Value = serde_json::from_str(SAMPLES).unwrap();
        let source = file["_source"].as_str().unwrap();
        assert!(source.contains("MIT, (c) Wix.com"), "{source}");
    }

    #[test]
    fn similar_names_are_suggested() {
        assert_eq!(suggestions("AppInstaled")[0], "AppInstalled");
        assert_eq!(
            suggestions("contact_created")[0],
            "wix.contacts.v4.contact_created"
        );
        assert_eq!(
            suggestions("wix.contacts.v4.contact_craeted")[0],
            "wix.contacts.v4.contact_created"
        );
        assert!(suggestions("xyzzy").is_empty());
    }
}
