//! Collections: what a table of items is called, holds, and lets whom do.
//!
//! - [`Definition`]: the whole of it, as Wix's `dataCollection` object
//! - [`Field`] and [`FieldType`]: what a field may hold
//! - [`Permissions`]: who may do what
//! - [`Index`]: which values are found fast, or only once
//! - [`FieldRules`]: whether an item keeps to what is declared
//!
//! Fields that are not declared may be stored. Those that are must be what they are declared to be where the collection
//! is of a file, and not lenient; one that was made through the API stores what comes, as on Wix.
//!
//! Source: Wix Data Collections API, "Data Collection Object", "Data types", "Permissions".

mod check;
mod field;
mod field_type;
mod index;
mod permissions;
mod wire;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{DataCode, Date, Direction, Fault, Filter, limits};

pub use check::{FieldRules, Violation, violations_fault};
pub use field::{Field, LengthRange, NumberRange, SizeRange};
pub use field_type::{FieldType, reference_id};
pub use index::{Index, IndexField, IndexId, KeyError, Keys, LONGEST_KEY};
pub use permissions::{Access, Level, Operation, Permissions};
pub use wire::read_field;

/// The fields that every item has; they cannot be declared anew.
pub const SYSTEM_FIELDS: [&str; 4] = ["_id", "_owner", "_createdDate", "_updatedDate"];

/// A collection, without its items.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Definition {
    /// Its id, as the app calls it.
    pub id: String,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The field that stands for an item in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_field: Option<String>,
    /// The declared fields, without those of the system.
    #[serde(default)]
    pub fields: Vec<Field>,
    /// Who may do what.
    pub permissions: Permissions,
    /// Kept and returned; they mean nothing here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plugins: Vec<Json>,
    /// What is found fast.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub indexes: Vec<Index>,
    /// Whether items may hold anything, whatever the fields are declared to be. It is asked only of a collection that
    /// the configuration declares; any other one holds anything.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lenient: bool,
    /// Grows with each change.
    #[serde(default)]
    pub revision: u64,
    /// When it was made, in milliseconds since 1970.
    #[serde(default)]
    pub created_at: i64,
    /// When it was changed last, in milliseconds since 1970.
    #[serde(default)]
    pub updated_at: i64,
}

impl Definition {
    /// The field of this name, if it is declared.
    pub fn field(&self, key: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.key == key)
    }

    /// The fields that refer to several items; what they hold lies beside the items.
    pub fn multi_references(&self) -> impl Iterator<Item = &Field> {
        self.fields
            .iter()
            .filter(|field| field.field_type == FieldType::MultiReference)
    }

    /// The multi-reference field of this name.
    pub fn multi_reference(&self, key: &str) -> Option<&Field> {
        self.multi_references().find(|field| field.key == key)
    }

    /// Whether a filter asks for what a multi-reference holds, which is no part of an item.
    pub fn has_links_in(&self, filter: &Filter) -> bool {
        let mut has = false;
        filter.paths(&mut |path| has |= self.multi_reference(path.first()).is_some());
        has
    }

    /// The collection that a field refers to.
    pub fn referenced(&self, key: &str) -> Option<&str> {
        self.field(key)?.referenced_collection()
    }

    /// Whether everything in it is as it must be.
    pub fn validate(&self) -> Result<(), Fault> {
        check_collection_id(&self.id)?;
        if self.fields.len() > limits::FIELDS {
            let most = limits::FIELDS;
            return Err(Fault::invalid(format!(
                "A collection has at most {most} fields."
            )));
        }
        let mut keys = std::collections::HashSet::new();
        for field in &self.fields {
            field.validate()?;
            if !keys.insert(field.key.as_str()) {
                let key = super::path::shown(&field.key);
                return Err(Fault::invalid(format!(
                    "The field {key} is declared twice."
                )));
            }
        }
        let patterns = self.fields.iter().filter_map(|it| it.pattern.as_deref());
        let bytes = patterns.filter_map(|pattern| check::compiled_size(pattern).ok());
        if bytes.sum::<usize>() > limits::PATTERNS_BYTES {
            let most = limits::PATTERNS_BYTES;
            return Err(Fault::invalid(format!(
                "The patterns of a collection take up at most {most} bytes."
            )));
        }
        Index::validate_all(&self.indexes)
    }

    /// Every index: the declared ones, one for each unique field, and where one reads one's own items, one
    /// of their owners.
    pub fn all_indexes(&self) -> Vec<Index> {
        let single = |path: &str, unique: bool| Index {
            name: path.to_owned(),
            fields: vec![IndexField {
                path: path.to_owned(),
                order: Direction::Ascending,
            }],
            unique,
            case_insensitive: false,
        };
        let unique = self.fields.iter().filter(|field| field.unique);
        let mut made: Vec<Index> = unique.map(|field| single(&field.key, true)).collect();
        if self.permissions.read == Level::SiteMemberAuthor {
            made.push(single("_owner", false));
        }
        let mut all = self.indexes.clone();
        for index in made {
            if !all.iter().any(|it| it.id("") == index.id("")) {
                all.push(index);
            }
        }
        all
    }

    /// Whether both are the same but for revision and times.
    pub fn says_the_same_as(&self, other: &Self) -> bool {
        let mut twin = other.clone();
        (twin.revision, twin.created_at, twin.updated_at) =
            (self.revision, self.created_at, self.updated_at);
        *self == twin
    }

    /// When it was made.
    pub fn created(&self) -> Option<Date> {
        Date::from_milliseconds(self.created_at)
    }
}

/// A collection's id is 1 to 256 characters without a NUL.
pub fn check_collection_id(id: &str) -> Result<(), Fault> {
    if id.is_empty() {
        return Err(Fault::invalid("dataCollectionId must not be empty."));
    }
    if id.chars().count() > limits::COLLECTION_ID_CHARACTERS || id.contains('\0') {
        return Err(Fault::new(
            DataCode::Invalid,
            format!("{} is no id of a collection.", super::path::shown(id)),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
