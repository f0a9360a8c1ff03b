//! Whether two databases hold the same, whatever the order in which they tell it.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use backlot_wix::data::order::equality_key;
use backlot_wix::data::{Object, Value};

/// The sum of a hash of each thing that is held: the same for the same things in any order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Checksum(u128);

impl Checksum {
    /// Adds an item. The order of its fields does not matter.
    pub fn item(&mut self, collection: &str, data: &Object, links: &[(String, Vec<String>)]) {
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
        self.add(&bytes);
    }

    /// Adds a collection.
    pub fn collection(&mut self, id: &str) {
        self.add(&[b"collection\0", id.as_bytes()].concat());
    }

    /// Adds what is sealed, and is of this kind and name.
    pub fn sealed(&mut self, kind: &str, name: &str, sealed: &[u8]) {
        self.add(&[kind.as_bytes(), name.as_bytes(), sealed].join(&0));
    }

    /// The sum of two.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.wrapping_add(other.0))
    }

    fn add(&mut self, bytes: &[u8]) {
        let mut short = [0; 16];
        short.copy_from_slice(&digest(&SHA256, bytes).as_ref()[..16]);
        self.0 = self.0.wrapping_add(u128::from_be_bytes(short));
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:032x}", self.0)
    }
}
