//! Whether two databases hold the same, whatever the order in which they tell it.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use backlot_wix::data::collection::Definition;
use backlot_wix::data::order::equality_key;
use backlot_wix::data::{Object, Value};
use serde::Serialize;
use serde_json::Value as Json;

/// The sum of a hash of each thing that is held: the same for the same things in any order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Checksum(u128);

impl Checksum {
    /// Adds an item, with what its multi-reference fields hold, in its order. The order of fields does not matter.
    pub fn item(&mut self, collection: &str, data: &Object, links: &[(String, Vec<String>)]) {
        let key = equality_key(&Value::Object(data.clone()));
        let mut links: Vec<_> = links.iter().filter(|(_, ids)| !ids.is_empty()).collect();
        links.sort_unstable();
        let mut parts: Vec<&[u8]> = vec![b"item", collection.as_bytes(), &key];
        let counts: Vec<_> = links
            .iter()
            .map(|(_, ids)| ids.len().to_be_bytes())
            .collect();
        for ((field, ids), count) in links.iter().zip(&counts) {
            parts.push(field.as_bytes());
            parts.push(count);
            parts.extend(ids.iter().map(String::as_bytes));
        }
        self.add(&parts);
    }

    /// Adds a collection: its permissions, fields, indexes and all else, but for its revision and times.
    pub fn collection(&mut self, declared: bool, definition: &Definition) {
        let mut plain = definition.clone();
        (plain.revision, plain.created_at, plain.updated_at) = (0, 0, 0);
        let whose: &[u8] = if declared { b"declared" } else { b"own" };
        self.add(&[b"collection", whose, canonical(&plain).as_bytes()]);
    }

    /// Adds anything else, by what it is as JSON.
    pub(super) fn other(&mut self, thing: &impl Serialize) {
        self.add(&[b"other", canonical(thing).as_bytes()]);
    }

    /// Adds what is sealed, and is of this kind and name.
    pub fn sealed(&mut self, kind: &str, name: &str, sealed: &[u8]) {
        self.add(&[kind.as_bytes(), name.as_bytes(), sealed]);
    }

    /// The sum of two.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.wrapping_add(other.0))
    }

    /// Each part with its length before it, so that nothing moves from one to the next unseen.
    fn add(&mut self, parts: &[&[u8]]) {
        let mut bytes = Vec::new();
        for part in parts {
            bytes.extend((part.len() as u64).to_be_bytes());
            bytes.extend(*part);
        }
        self.add_hash(&bytes);
    }

    fn add_hash(&mut self, bytes: &[u8]) {
        let mut short = [0; 16];
        short.copy_from_slice(&digest(&SHA256, bytes).as_ref()[..16]);
        self.0 = self.0.wrapping_add(u128::from_be_bytes(short));
    }
}

/// The checksum of exports of version 1: items, and the names of collections.
impl Checksum {
    pub(super) fn item_of_version_1(
        &mut self,
        collection: &str,
        data: &Object,
        links: &[(String, Vec<String>)],
    ) {
        let mut bytes = collection.as_bytes().to_vec();
        bytes.push(0);
        bytes.extend(equality_key(&Value::Object(data.clone())));
        let mut links: Vec<_> = links.iter().filter(|(_, ids)| !ids.is_empty()).collect();
        links.sort_unstable();
        for (field, ids) in links {
            bytes.extend(field.as_bytes());
            bytes.push(0);
            for id in ids {
                bytes.extend(id.as_bytes());
                bytes.push(0);
            }
        }
        self.add_hash(&bytes);
    }

    pub(super) fn collection_of_version_1(&mut self, id: &str) {
        self.add_hash(&[b"collection\0", id.as_bytes()].concat());
    }
}

/// JSON with the keys of all objects in one order.
fn canonical(thing: &impl Serialize) -> String {
    fn sort(json: Json) -> Json {
        match json {
            Json::Object(map) => {
                let mut pairs: Vec<_> = map.into_iter().collect();
                pairs.sort_unstable_by(|one, other| one.0.cmp(&other.0));
                Json::Object(pairs.into_iter().map(|(key, it)| (key, sort(it))).collect())
            }
            Json::Array(values) => Json::Array(values.into_iter().map(sort).collect()),
            other => other,
        }
    }
    sort(serde_json::to_value(thing).unwrap_or_default()).to_string()
}

impl fmt::Display for Checksum {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:032x}", self.0)
    }
}
