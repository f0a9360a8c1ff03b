//! Indexes: which values of a collection are found fast, and which may stand there only once.
//!
//! An index turns each item into keys ([`Index::keys`]): bytes that sort as the values do. A list gives
//! a key for each of its elements. A database keeps the keys in a tree; whatever it finds by them it
//! still compares with the filter itself, so a key may say too much, and never too little.
//!
//! Source: Wix Data Indexes API: at most three regular indexes of up to three fields, and one unique
//! index of one field.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::super::filter::fold;
use super::super::{DataError, Direction, FieldPath, Object, Value, key, limits, order};

/// An index of a collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Index {
    /// Its name, unique within the collection.
    pub name: String,
    /// What is indexed, the most telling first.
    pub fields: Vec<IndexField>,
    /// Whether no two items may have the same value. Empty values do not count.
    #[serde(default)]
    pub unique: bool,
    /// Whether texts that differ in case only are the same.
    #[serde(default)]
    pub case_insensitive: bool,
}

/// One field of an index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexField {
    /// Where the value is: `price`, `address.city`.
    pub path: String,
    /// Which way it is kept.
    #[serde(default, with = "direction")]
    pub order: Direction,
}

/// Names an index by what it does, so that the same index has the same id everywhere.
pub type IndexId = i64;

/// The longest key; what is longer is cut, and told apart by a hash at its end.
pub const MAX_KEY: usize = 900;
/// The most keys of one item in one index.
const MAX_KEYS: usize = 10_000;

/// An item cannot be in the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Two of the fields hold lists.
    #[error("two of its fields hold lists")]
    TwoLists,
    /// A list is too long.
    #[error("a list in it is too long")]
    TooMany,
}

/// The keys of an item in an index.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Keys {
    /// In ascending order, each once.
    pub keys: Vec<Vec<u8>>,
    /// Whether the item sorts as its one key does: no list, nothing cut, nothing folded.
    pub exact: bool,
}

impl Index {
    /// The index's id in a collection: a hash of what it indexes, and how.
    pub fn id(&self, collection: &str) -> IndexId {
        let flag = |it: bool| if it { '1' } else { '0' };
        let mut text = format!("{collection}\0");
        text.extend([flag(self.unique), flag(self.case_insensitive)]);
        for field in self.ascending_first().fields {
            text.push(match field.order {
                Direction::Ascending => '+',
                Direction::Descending => '-',
            });
            text.push_str(&field.path);
            text.push('\0');
        }
        let mut id = [0; 8];
        id.copy_from_slice(&hash(text.as_bytes())[..8]);
        i64::from_be_bytes(id)
    }

    /// The same index with its first field ascending. A tree is read in both directions, so it serves
    /// whatever this one serves.
    #[must_use]
    pub fn ascending_first(&self) -> Self {
        let mut index = self.clone();
        if index
            .fields
            .first()
            .is_some_and(|it| it.order == Direction::Descending)
        {
            for field in &mut index.fields {
                field.order = field.order.reversed();
            }
        }
        index
    }

    /// The fields as paths with directions.
    pub fn sorts(&self) -> Vec<order::Sort> {
        self.fields
            .iter()
            .filter_map(|field| {
                Some(order::Sort {
                    path: FieldPath::parse(&field.path).ok()?,
                    direction: field.order,
                })
            })
            .collect()
    }

    /// The keys of an item. A regular index has at least one for every item; a unique one has none
    /// where a field is empty.
    ///
    /// # Errors
    ///
    /// Fails if the item's values cannot be index keys.
    pub fn keys(&self, item: &Object) -> Result<Keys, KeyError> {
        let mut parts: Vec<Vec<u8>> = vec![Vec::new()];
        let mut exact = !self.case_insensitive;
        let mut lists = 0;
        for sort in self.sorts() {
            let found = sort.path.find(item);
            let is_list = found.len() > 1 || found.iter().any(|it| it.as_array().is_some());
            lists += usize::from(is_list);
            if lists > 1 {
                return Err(KeyError::TwoLists);
            }
            exact &= !is_list;
            let mut values: Vec<&Value> = found.iter().flat_map(|it| it.elements()).collect();
            if values.is_empty() {
                values.push(&Value::Null);
            }
            if self.unique {
                values.retain(|value| **value != Value::Null);
            }
            if values.len() > MAX_KEYS {
                return Err(KeyError::TooMany);
            }
            parts = parts
                .iter()
                .flat_map(|before| {
                    values
                        .iter()
                        .map(|value| self.extended(before, value, sort.direction))
                })
                .collect();
        }
        let mut keys = BTreeSet::new();
        for bytes in parts {
            exact &= bytes.len() <= MAX_KEY;
            keys.insert(shortened(bytes));
        }
        Ok(Keys {
            keys: keys.into_iter().collect(),
            exact,
        })
    }

    fn extended(&self, before: &[u8], value: &Value, direction: Direction) -> Vec<u8> {
        let mut bytes = before.to_vec();
        self.push(&mut bytes, value, direction);
        bytes
    }

    /// Adds one value to a key, as this index writes it.
    pub fn push(&self, bytes: &mut Vec<u8>, value: &Value, direction: Direction) {
        match value {
            Value::String(text) if self.case_insensitive => {
                key::push(bytes, &Value::String(fold(text)), direction);
            }
            // Only whether they are the same can matter here, and only to a unique index.
            Value::Object(_) | Value::Array(_) if self.unique => {
                key::push(bytes, value, direction);
                bytes.extend(hash(&order::equality_key(value)));
            }
            _ => key::push(bytes, value, direction),
        }
    }

    pub(super) fn validate_all(indexes: &[Self]) -> Result<(), DataError> {
        let mut names = std::collections::HashSet::new();
        let mut ids = std::collections::HashSet::new();
        for index in indexes {
            index.validate()?;
            if !names.insert(index.name.as_str()) || !ids.insert(index.id("")) {
                let name = super::super::path::shown(&index.name);
                return Err(bad(format!("There is an index like {name} already.")));
            }
        }
        Ok(())
    }

    /// Whether it can be one.
    ///
    /// # Errors
    ///
    /// Fails with `WDE0080` if the index is not valid.
    pub fn validate(&self) -> Result<(), DataError> {
        let name = super::super::path::shown(&self.name);
        if self.name.is_empty() || self.name.chars().count() > 128 || self.name.contains('\0') {
            return Err(bad(format!(
                "{name} is no name of an index: 1 to 128 characters."
            )));
        }
        let most = if self.unique { 1 } else { limits::INDEX_FIELDS };
        if self.fields.is_empty() || self.fields.len() > most {
            return Err(bad(format!("The index {name} has 1 to {most} fields.")));
        }
        let mut paths = std::collections::HashSet::new();
        for field in &self.fields {
            FieldPath::parse(&field.path)?;
            if !paths.insert(&field.path) {
                return Err(bad(format!("The index {name} names a field twice.")));
            }
        }
        Ok(())
    }
}

fn bad(text: String) -> DataError {
    DataError::new(super::super::DataCode::BadIndex, text)
}

/// A key of bounded length, which begins as the whole one does.
fn shortened(mut bytes: Vec<u8>) -> Vec<u8> {
    if bytes.len() > MAX_KEY {
        let digest = hash(&bytes);
        bytes.truncate(MAX_KEY);
        bytes.extend(digest);
    }
    bytes
}

fn hash(bytes: &[u8]) -> [u8; 16] {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    let mut short = [0; 16];
    short.copy_from_slice(&digest.as_ref()[..16]);
    short
}

mod direction {
    use serde::{Deserialize as _, Deserializer, Serializer};

    use crate::data::Direction;

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde passes a reference"
    )]
    pub(super) fn serialize<S: Serializer>(
        direction: &Direction,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match direction {
            Direction::Ascending => "ASC",
            Direction::Descending => "DESC",
        })
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Direction, D::Error> {
        match Option::<String>::deserialize(deserializer)?.as_deref() {
            None | Some("ASC") => Ok(Direction::Ascending),
            Some("DESC") => Ok(Direction::Descending),
            Some(_) => Err(serde::de::Error::custom("an order is ASC or DESC")),
        }
    }
}
