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
mod weight;
mod wire;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{DataCode, DataError, Date, Direction, Filter, fits_in, limits};

pub use check::{FieldRules, Violation, violations_fault};
pub use field::{Field, LengthRange, NumberRange, SizeRange};
pub use field_type::{FieldType, reference_id};
pub use index::{Index, IndexField, IndexId, KeyError, Keys, MAX_KEY};
pub use permissions::{Access, Level, Operation, Permissions};
pub use wire::read_field;

/// The fields that every item has. They cannot be declared again.
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
    ///
    /// # Errors
    ///
    /// Fails with `WDE0080` if the definition is not valid.
    pub fn validate(&self) -> Result<(), DataError> {
        check_collection_id(&self.id)?;
        check_field_count(self.fields.len())?;
        self.check_size()?;
        check_name("displayName", self.display_name.as_deref())?;
        check_name("displayField", self.display_field.as_deref())?;
        let mut keys = std::collections::HashSet::new();
        for field in &self.fields {
            field.validate()?;
            if !keys.insert(field.key.as_str()) {
                let key = super::path::shown(&field.key);
                return Err(DataError::invalid(format!(
                    "The field {key} is declared twice."
                )));
            }
        }
        self.check_patterns()?;
        Index::validate_all(&self.indexes)
    }

    /// `WDE0080` if it is larger than a definition may be. Every call with its collection reads it.
    ///
    /// # Errors
    ///
    /// Fails with `WDE0080` if the definition is too large.
    pub fn check_size(&self) -> Result<(), DataError> {
        let most = limits::DEFINITION_BYTES;
        if fits_in(self, most) {
            return Ok(());
        }
        let text = format!("The definition of a collection has at most {most} bytes as JSON.");
        Err(DataError::invalid(text).with("limitBytes", most))
    }

    /// Compiles each pattern once, until they are too large together.
    fn check_patterns(&self) -> Result<(), DataError> {
        let mut left = limits::PATTERNS_BYTES;
        for field in &self.fields {
            let Some(pattern) = &field.pattern else {
                continue;
            };
            let bytes = check::compiled_size(pattern).map_err(|cause| {
                let shown = super::path::shown(&field.key);
                DataError::invalid(format!("The pattern of {shown} is not valid: {cause}."))
            })?;
            left = left.checked_sub(bytes).ok_or_else(|| {
                let most = limits::PATTERNS_BYTES;
                DataError::invalid(format!(
                    "The patterns of a collection take up at most {most} bytes."
                ))
            })?;
        }
        Ok(())
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
    pub fn is_same_definition(&self, other: &Self) -> bool {
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

/// `WDE0080` for more fields than a collection may have.
fn check_field_count(count: usize) -> Result<(), DataError> {
    let most = limits::FIELDS;
    if count <= most {
        return Ok(());
    }
    Err(DataError::invalid(format!(
        "A collection has at most {most} fields."
    )))
}

/// `WDE0080` for a name that is longer than people read.
fn check_name(key: &str, name: Option<&str>) -> Result<(), DataError> {
    check_text(key, name, limits::DISPLAY_NAME_CHARACTERS)
}

fn check_text(key: &str, text: Option<&str>, most: usize) -> Result<(), DataError> {
    // No text has more characters than bytes.
    if text.is_none_or(|text| text.len() <= most || text.chars().count() <= most) {
        return Ok(());
    }
    Err(DataError::invalid(format!("{key} has at most {most} characters.")).with("field", key))
}

/// A collection's id is 1 to 256 characters without a NUL.
///
/// # Errors
///
/// Fails with `WDE0080` if the id is not valid.
pub fn check_collection_id(id: &str) -> Result<(), DataError> {
    if id.is_empty() {
        return Err(DataError::invalid("dataCollectionId must not be empty."));
    }
    if id.chars().count() > limits::COLLECTION_ID_CHARACTERS || id.contains('\0') {
        return Err(DataError::new(
            DataCode::Invalid,
            format!("{} is no id of a collection.", super::path::shown(id)),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
