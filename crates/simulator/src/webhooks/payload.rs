//! The payload of one event: a sample or given JSON, with the fields that differ from event to event.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::catalogue::{self, Kind};
use crate::world::Site;

/// The error for an event that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// The type has no sample, and no JSON was given.
    #[error("There is no event type `{name}`.{hint} With JSON as its data, any type is possible.", hint = did_you_mean(.suggestions))]
    UnknownType {
        name: String,
        /// Similar names, best first.
        suggestions: Vec<&'static str>,
    },
    #[error("`{name}` has the samples 1 to {count}.")]
    NoSuchSample { name: String, count: usize },
    /// An event without an entity.
    #[error("`{name}` has no {field}: only events of an entity have one.")]
    NoSuchField { name: String, field: &'static str },
    /// Several events would have one id.
    #[error(
        "Several events cannot have the same id: leave the event id out, or send it again with a repeat."
    )]
    IdOfSeveral,
    #[error("The key of the simulator's app cannot sign.")]
    NotSigned,
}

fn did_you_mean(suggestions: &[&str]) -> String {
    if suggestions.is_empty() {
        String::new()
    } else {
        format!(" Did you mean {}?", suggestions.join(" or "))
    }
}

/// What an event is made from.
#[derive(Clone, Copy)]
pub(super) struct Draft<'draft> {
    pub(super) event_type: &'draft str,
    /// Which sample, counted from 1.
    pub(super) sample: usize,
    /// Replaces the sample.
    pub(super) data: Option<&'draft Value>,
    pub(super) entity_id: Option<&'draft str>,
    pub(super) sequence: Option<u64>,
    pub(super) event_id: Option<&'draft str>,
}

/// The state of the world when an event is made.
#[derive(Clone, Copy)]
pub(super) struct Moment<'world> {
    pub(super) app_id: backlot_wix::AppId,
    pub(super) site: &'world Site,
    pub(super) now: Timestamp,
    pub(super) guid: &'world dyn Fn() -> Uuid,
}

/// A payload, and its fields that identify the event.
pub(super) struct Payload {
    pub(super) json: Value,
    pub(super) event_id: Option<String>,
    pub(super) entity_id: Option<String>,
    pub(super) sequence: Option<String>,
}

/// The fields that only domain events have. Entities may have `id` and `slug`, too.
const DOMAIN_FIELDS: [&str; 5] = [
    "entityFqdn",
    "createdEvent",
    "updatedEvent",
    "deletedEvent",
    "actionEvent",
];

impl Draft<'_> {
    pub(super) fn payload(&self, moment: Moment<'_>) -> Result<Payload, EventError> {
        let known = catalogue::find(self.event_type);
        let split = self.event_type.rsplit_once('.');
        let names_an_entity = split.is_some_and(|(_, end)| end.contains('_'));
        let kind = match known {
            Some(known) => known.kind,
            None if names_an_entity => Kind::Domain,
            None => Kind::Flat,
        };
        if let Some(data) = self.data {
            let fields = data.as_object().filter(|data| is_domain(data));
            return match (kind, fields) {
                (_, Some(fields)) => Ok(self.domain(fields.clone(), moment)),
                (Kind::Domain, None) => Ok(self.domain(self.body(data), moment)),
                (Kind::Flat, None) => self.flat(data.clone(), moment),
            };
        }
        let Some(known) = known else {
            return Err(EventError::UnknownType {
                name: self.event_type.to_owned(),
                suggestions: catalogue::suggestions(self.event_type),
            });
        };
        let index = self.sample.checked_sub(1);
        let Some(sample) = index.and_then(|index| known.samples.get(index)) else {
            return Err(EventError::NoSuchSample {
                name: known.name.clone(),
                count: known.samples.len(),
            });
        };
        let mut fields = sample.clone();
        refresh(&mut fields, moment);
        match kind {
            Kind::Domain => Ok(self.domain(fields, moment)),
            Kind::Flat => self.flat(Value::Object(fields), moment),
        }
    }

    /// A domain event. Fields that are missing are added, and the ids that the draft names are set.
    fn domain(&self, mut fields: Map<String, Value>, moment: Moment<'_>) -> Payload {
        let (fqdn, slug) = self.split_type();
        let guid = || Value::from((moment.guid)().hyphenated().to_string());
        if let Some(entity_id) = self.entity_id {
            let old = fields.get("entityId").and_then(Value::as_str);
            if let Some(old) = old.map(str::to_owned) {
                for value in fields.values_mut() {
                    replace(value, &old, entity_id);
                }
            }
            fields.insert("entityId".to_owned(), entity_id.into());
        }
        if let Some(event_id) = self.event_id {
            fields.insert("id".to_owned(), event_id.into());
        }
        if let Some(sequence) = self.sequence {
            fields.insert(
                "entityEventSequence".to_owned(),
                sequence.to_string().into(),
            );
        }
        let defaults: [(&str, &dyn Fn() -> Value); 6] = [
            ("id", &guid),
            ("entityFqdn", &|| fqdn.clone().into()),
            ("slug", &|| slug.clone().into()),
            ("entityId", &guid),
            ("eventTime", &|| event_time(moment.now)),
            ("triggeredByAnonymizeRequest", &|| false.into()),
        ];
        for (name, value) in defaults {
            if !fields.contains_key(name) {
                fields.insert(name.to_owned(), value());
            }
        }
        let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
        Payload {
            event_id: text("id"),
            entity_id: text("entityId"),
            sequence: text("entityEventSequence"),
            json: Value::Object(fields),
        }
    }

    /// The fields of a domain event of which only the entity is given.
    fn body(&self, entity: &Value) -> Map<String, Value> {
        let (_, slug) = self.split_type();
        let (name, body) = match slug.as_str() {
            "created" => ("createdEvent", json!({ "entity": entity })),
            "updated" => ("updatedEvent", json!({ "currentEntity": entity })),
            "deleted" => ("deletedEvent", json!({ "deletedEntity": entity })),
            _ => ("actionEvent", json!({ "body": entity })),
        };
        let mut fields = Map::new();
        fields.insert(name.to_owned(), body);
        if let Some(Value::String(id)) = entity.get("id").filter(|_| self.entity_id.is_none()) {
            fields.insert("entityId".to_owned(), id.as_str().into());
        }
        fields
    }

    /// The entity's name and the slug, as the samples of the type have them, or else split at the last underscore.
    fn split_type(&self) -> (String, String) {
        let sample = catalogue::find(self.event_type).and_then(|it| it.samples.first());
        let text = |name| sample.and_then(|it| it.get(name)?.as_str());
        let (fqdn, slug) = match (text("entityFqdn"), text("slug")) {
            (Some(fqdn), Some(slug)) => (fqdn, slug),
            _ => self
                .event_type
                .rsplit_once('_')
                .unwrap_or((self.event_type, "created")),
        };
        (fqdn.to_owned(), slug.to_owned())
    }

    /// An event without an entity.
    fn flat(&self, mut json: Value, moment: Moment<'_>) -> Result<Payload, EventError> {
        let missing = |field| EventError::NoSuchField {
            name: self.event_type.to_owned(),
            field,
        };
        if self.entity_id.is_some() {
            return Err(missing("entity id"));
        }
        if self.sequence.is_some() {
            return Err(missing("sequence"));
        }
        let mut id = json.get_mut("id").filter(|id| id.is_string());
        match (&mut id, self.event_id) {
            (Some(id), Some(event_id)) => **id = event_id.into(),
            (Some(id), None) if self.data.is_none() => {
                **id = (moment.guid)().hyphenated().to_string().into();
            }
            (None, Some(_)) => return Err(missing("event id")),
            _ => {}
        }
        let event_id = id.and_then(|id| id.as_str()).map(str::to_owned);
        Ok(Payload {
            json,
            event_id,
            entity_id: None,
            sequence: None,
        })
    }
}

/// Whether given data is a domain event with an id.
pub(super) fn has_event_id(data: &Value) -> bool {
    let fields = data.as_object().filter(|fields| is_domain(fields));
    fields.is_some_and(|fields| fields.contains_key("id"))
}

fn is_domain(fields: &Map<String, Value>) -> bool {
    DOMAIN_FIELDS.iter().any(|name| fields.contains_key(*name))
}

/// With microseconds, as most samples have it.
fn event_time(now: Timestamp) -> Value {
    format!("{now:.6}").into()
}

/// Replaces the ids and times of a sample. The event's id is set later.
fn refresh(fields: &mut Map<String, Value>, moment: Moment<'_>) {
    let times = ["operationTimeStamp", "expiresOn"].map(|name| {
        let text = fields.get(name).and_then(Value::as_str);
        text.and_then(|text| text.parse::<Timestamp>().ok())
    });
    if let [Some(start), Some(end)] = times {
        let end = moment.now.saturating_add(start.duration_until(end));
        let end = end.unwrap_or(moment.now);
        fields.insert("expiresOn".to_owned(), format!("{end:.0}").into());
    }
    let current = [
        ("appId", moment.app_id.to_string()),
        ("metasiteId", moment.site.site_id.clone()),
        ("wixAppInstanceId", moment.site.instance_id.to_string()),
        ("operationTimeStamp", format!("{:.3}", moment.now)),
    ];
    for (name, value) in current {
        if let Some(field) = fields.get_mut(name) {
            *field = value.into();
        }
    }
    if fields.contains_key("eventTime") {
        fields.insert("eventTime".to_owned(), event_time(moment.now));
    }
    if is_domain(fields) || fields.contains_key("entityId") {
        fields.remove("id");
    }
}

/// Replaces an id wherever it is a whole string, and inside of JSON in strings.
fn replace(value: &mut Value, old: &str, new: &str) {
    match value {
        Value::String(text) if text == old => new.clone_into(text),
        Value::String(text) if text.starts_with('{') => {
            *text = text.replace(&format!("\"{old}\""), &format!("\"{new}\""));
        }
        Value::Array(values) => values.iter_mut().for_each(|it| replace(it, old, new)),
        Value::Object(fields) => fields.values_mut().for_each(|it| replace(it, old, new)),
        _ => {}
    }
}
