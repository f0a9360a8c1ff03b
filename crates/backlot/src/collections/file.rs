//! `collections/reviews.toml`: the words of a file. `docs/data.md` describes them.

use backlot_wix::data::collection::{
    Definition, Field, FieldType, Index, IndexField, LengthRange, Level, NumberRange, Permissions,
    SizeRange,
};
use backlot_wix::data::{Direction, Fault, Value};
use serde::Deserialize;
use serde_json::json;

/// A collection.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CollectionFile {
    /// Its id; without it, the file's name.
    id: Option<String>,
    display_name: Option<String>,
    display_field: Option<String>,
    permissions: PermissionsPart,
    #[serde(default)]
    fields: Vec<FieldPart>,
    #[serde(default)]
    indexes: Vec<IndexPart>,
}

/// The lowest role that may do each thing; `ADMIN` where none is named.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PermissionsPart {
    #[serde(default = "admin")]
    read: Level,
    #[serde(default = "admin")]
    insert: Level,
    #[serde(default = "admin")]
    update: Level,
    #[serde(default = "admin")]
    remove: Level,
}

const fn admin() -> Level {
    Level::Admin
}

/// A field.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldPart {
    key: String,
    #[serde(rename = "type")]
    field_type: FieldType,
    display_name: Option<String>,
    description: Option<String>,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    unique: bool,
    /// The least number, or the fewest characters or elements.
    min: Option<f64>,
    /// The greatest number, or the most characters or elements.
    max: Option<f64>,
    #[serde(rename = "enum")]
    choices: Option<Vec<toml::Value>>,
    pattern: Option<String>,
    /// The collection that a reference refers to.
    references: Option<String>,
}

/// An index. A field with `-` in front is kept descending.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct IndexPart {
    name: Option<String>,
    fields: Vec<String>,
    #[serde(default)]
    unique: bool,
    #[serde(default)]
    case_insensitive: bool,
}

impl CollectionFile {
    /// What the file defines, checked as Wix Data checks it.
    pub(super) fn into_definition(self, file_name: &str) -> Result<Definition, Fault> {
        let definition = Definition {
            id: self.id.unwrap_or_else(|| file_name.to_owned()),
            display_name: self.display_name,
            display_field: self.display_field,
            fields: self
                .fields
                .into_iter()
                .map(FieldPart::into_field)
                .collect::<Result<_, _>>()?,
            permissions: Permissions {
                insert: self.permissions.insert,
                update: self.permissions.update,
                remove: self.permissions.remove,
                read: self.permissions.read,
            },
            plugins: Vec::new(),
            indexes: self
                .indexes
                .into_iter()
                .map(IndexPart::into_index)
                .collect(),
            revision: 0,
            created_at: 0,
            updated_at: 0,
        };
        definition.validate()?;
        Ok(definition)
    }
}

impl FieldPart {
    fn into_field(self) -> Result<Field, Fault> {
        let mut field = Field::new(&self.key, self.field_type);
        field.required = self.required;
        field.unique = self.unique;
        field.pattern = self.pattern;
        let (min, max) = (self.min, self.max);
        if min.is_some() || max.is_some() {
            match self.field_type {
                FieldType::Number => field.number_range = Some(NumberRange { min, max }),
                FieldType::Array
                | FieldType::ArrayString
                | FieldType::ArrayDocument
                | FieldType::MediaGallery => {
                    field.array_size_range = Some(SizeRange {
                        min_size: min,
                        max_size: max,
                    });
                }
                FieldType::Text
                | FieldType::Url
                | FieldType::Email
                | FieldType::Slug
                | FieldType::RichText => {
                    let range = LengthRange {
                        min_length: min,
                        max_length: max,
                    };
                    field.string_length_range = Some(range);
                }
                other => {
                    let text = format!("{}: a {} has no min and max.", self.key, other.name());
                    return Err(Fault::invalid(text));
                }
            }
        }
        if let Some(choices) = self.choices {
            let choices = choices.iter().map(choice).collect::<Option<_>>();
            let wrong = || {
                Fault::invalid(format!(
                    "{}: enum is a list of texts, numbers or booleans.",
                    self.key
                ))
            };
            field.choices = Some(choices.ok_or_else(wrong)?);
        }
        if let Some(collection) = self.references {
            let part = match self.field_type {
                FieldType::Reference => "reference",
                FieldType::MultiReference => "multiReference",
                other => {
                    let text = format!("{}: a {} refers to nothing.", self.key, other.name());
                    return Err(Fault::invalid(text));
                }
            };
            field.type_metadata = Some(json!({ part: { "referencedCollectionId": collection } }));
        }
        for (name, text) in [
            ("displayName", self.display_name),
            ("description", self.description),
        ] {
            if let Some(text) = text {
                field.rest.insert(name.to_owned(), json!(text));
            }
        }
        Ok(field)
    }
}

fn choice(value: &toml::Value) -> Option<Value> {
    Some(match value {
        toml::Value::String(text) => text.as_str().into(),
        #[expect(
            clippy::cast_precision_loss,
            reason = "numbers are doubles, as in JavaScript"
        )]
        toml::Value::Integer(number) => (*number as f64).into(),
        toml::Value::Float(number) => (*number).into(),
        toml::Value::Boolean(it) => (*it).into(),
        _ => return None,
    })
}

impl IndexPart {
    fn into_index(self) -> Index {
        let field = |text: &String| match text.strip_prefix('-') {
            Some(path) => IndexField {
                path: path.to_owned(),
                order: Direction::Descending,
            },
            None => IndexField {
                path: text.clone(),
                order: Direction::Ascending,
            },
        };
        Index {
            name: self.name.unwrap_or_else(|| self.fields.join("_")),
            fields: self.fields.iter().map(field).collect(),
            unique: self.unique,
            case_insensitive: self.case_insensitive,
        }
    }
}
