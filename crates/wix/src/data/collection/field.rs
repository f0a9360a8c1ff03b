//! One declared field.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::super::{DataCode, DataError, Value, limits};
use super::{FieldType, SYSTEM_FIELDS};

/// A field, and what it may hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Field {
    /// Its name in items.
    pub key: String,
    /// What it holds.
    #[serde(rename = "type")]
    pub field_type: FieldType,
    /// Whether an item must have a value.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// Whether no two items may have the same value.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unique: bool,
    /// The values to choose from.
    #[serde(default, rename = "enum", skip_serializing_if = "Option::is_none")]
    pub choices: Option<Vec<Value>>,
    /// A regular expression that a text must match from its beginning to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// The least and the greatest number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number_range: Option<NumberRange>,
    /// How many characters a text may have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub string_length_range: Option<LengthRange>,
    /// How many elements a list may have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub array_size_range: Option<SizeRange>,
    /// What the field refers to, or what its elements are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub type_metadata: Option<Json>,
    /// Everything else of Wix's field object (`displayName`, `description` …): kept and returned.
    #[serde(flatten)]
    pub rest: Map<String, Json>,
}

/// `{"min":0,"max":9}`; Wix's client writes an open end as `"Infinity"`.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct NumberRange {
    /// The least.
    #[serde(
        default,
        deserialize_with = "bound",
        skip_serializing_if = "Option::is_none"
    )]
    pub min: Option<f64>,
    /// The greatest.
    #[serde(
        default,
        deserialize_with = "bound",
        skip_serializing_if = "Option::is_none"
    )]
    pub max: Option<f64>,
}

/// `{"minLength":1,"maxLength":9}`
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LengthRange {
    /// The fewest.
    #[serde(
        default,
        deserialize_with = "bound",
        skip_serializing_if = "Option::is_none"
    )]
    pub min_length: Option<f64>,
    /// The most.
    #[serde(
        default,
        deserialize_with = "bound",
        skip_serializing_if = "Option::is_none"
    )]
    pub max_length: Option<f64>,
}

/// `{"minSize":0,"maxSize":9}`
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SizeRange {
    /// The fewest.
    #[serde(
        default,
        deserialize_with = "bound",
        skip_serializing_if = "Option::is_none"
    )]
    pub min_size: Option<f64>,
    /// The most.
    #[serde(
        default,
        deserialize_with = "bound",
        skip_serializing_if = "Option::is_none"
    )]
    pub max_size: Option<f64>,
}

/// A number, or an open end: `null`, `"Infinity"`, `"-Infinity"`, `"NaN"`.
fn bound<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    match Option::<Value>::deserialize(deserializer)? {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) => Ok(Some(number)),
        Some(Value::String(text)) if ["Infinity", "-Infinity", "NaN"].contains(&text.as_str()) => {
            Ok(None)
        }
        Some(_) => Err(serde::de::Error::custom("a bound is a number")),
    }
}

impl Field {
    /// A field with nothing but a name and a type.
    pub fn new(key: &str, field_type: FieldType) -> Self {
        Self {
            key: key.to_owned(),
            field_type,
            required: false,
            unique: false,
            choices: None,
            pattern: None,
            number_range: None,
            string_length_range: None,
            array_size_range: None,
            type_metadata: None,
            rest: Map::new(),
        }
    }

    /// The collection that this field refers to.
    pub fn referenced_collection(&self) -> Option<&str> {
        let part = match self.field_type {
            FieldType::Reference => "reference",
            FieldType::MultiReference => "multiReference",
            _ => return None,
        };
        self.type_metadata
            .as_ref()?
            .get(part)?
            .get("referencedCollectionId")?
            .as_str()
    }

    /// All but the pattern, which is compiled once for the whole collection.
    pub(super) fn validate(&self) -> Result<(), DataError> {
        let shown = super::super::path::shown(&self.key);
        let is_system = SYSTEM_FIELDS.contains(&self.key.as_str());
        if self.key.is_empty() || self.key.contains(['.', '\0']) || is_system {
            return Err(DataError::invalid(format!(
                "{shown} cannot be a field's key."
            )));
        }
        super::check_text("key", Some(&self.key), limits::FIELD_KEY_CHARACTERS)?;
        if self.key.starts_with('$') {
            let text = format!("The field {shown} begins with $.");
            return Err(DataError::new(DataCode::DollarField, text));
        }
        let is_reference = matches!(
            self.field_type,
            FieldType::Reference | FieldType::MultiReference
        );
        if is_reference && self.referenced_collection().is_none() {
            let text = "Metadata for Reference type field not provided.";
            return Err(DataError::new(DataCode::BadRequest, text).with("field", self.key.as_str()));
        }
        let text = |key: &str| self.rest.get(key).and_then(Json::as_str);
        super::check_name("displayName", text("displayName"))?;
        super::check_text(
            "description",
            text("description"),
            limits::DESCRIPTION_CHARACTERS,
        )
    }
}
