//! `collections/reviews.toml`: the words of a file. `docs/data.md` describes them.

use backlot_store::Backfill;
use backlot_wix::data::collection::{
    Definition, Field, FieldType, Index, IndexField, LengthRange, Level, NumberRange, Permissions,
    SizeRange, check_collection_id,
};
use backlot_wix::data::{Direction, Value};
use serde::Deserialize;
use serde_json::json;

use super::Declared;
use super::check::check;
use super::lines::Finding;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CollectionFile {
    /// The id. Defaults to the file's name.
    id: Option<String>,
    display_name: Option<String>,
    display_field: Option<String>,
    /// Whether items must keep to what the fields are declared to be.
    #[serde(default = "strict")]
    strict: bool,
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

const fn strict() -> bool {
    true
}

const fn admin() -> Level {
    Level::Admin
}

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
    /// The key that the field had before: what items hold in it moves.
    renamed_from: Option<String>,
    /// What items get that hold nothing in it when the definition changes.
    default: Option<toml::Value>,
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
    /// What the file defines, and everything that is wrong with it.
    pub(super) fn into_declared(self, file_name: &str) -> Result<Declared, Vec<Finding>> {
        let id = self.id.unwrap_or_else(|| file_name.to_owned());
        let mut findings = Vec::new();
        if let Err(fault) = check_collection_id(&id) {
            findings.push(Finding::new("id", fault.to_string()));
        }
        let (mut fields, mut backfill) = (Vec::new(), Backfill::default());
        for (place, mut part) in self.fields.into_iter().enumerate() {
            let key = format!("fields[{place}]");
            if let Some(earlier) = part.renamed_from.take() {
                backfill.renames.push((earlier, part.key.clone()));
            }
            if let Some(value) = part.default.take() {
                match plain(&value) {
                    Some(value) => backfill.defaults.push((part.key.clone(), value)),
                    None => findings.push(Finding::new(
                        format!("{key}.default"),
                        format!(
                            "{}: write a default as a text, number, boolean or list",
                            part.key
                        ),
                    )),
                }
            }
            match part.into_field(&key) {
                Ok(field) => fields.push(field),
                Err(finding) => findings.push(finding),
            }
        }
        let declared = Declared {
            definition: Definition {
                id,
                display_name: self.display_name,
                display_field: self.display_field,
                fields,
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
                lenient: !self.strict,
                revision: 0,
                created_at: 0,
                updated_at: 0,
            },
            backfill,
        };
        // Places are those of the file only if every field is one.
        if findings.is_empty() {
            findings = check(&declared);
        }
        if findings.is_empty()
            && let Err(fault) = declared.definition.validate()
        {
            findings.push(Finding::new("", fault.to_string()));
        }
        if findings.is_empty() {
            Ok(declared)
        } else {
            Err(findings)
        }
    }
}

impl FieldPart {
    fn into_field(self, place: &str) -> Result<Field, Finding> {
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
                    let name = if min.is_some() { "min" } else { "max" };
                    return Err(Finding::new(format!("{place}.{name}"), text));
                }
            }
        }
        if let Some(choices) = self.choices {
            let mut values = Vec::new();
            for (number, choice) in choices.iter().enumerate() {
                let wrong = || {
                    let text = format!(
                        "{}: enum is a list of texts, numbers or booleans.",
                        self.key
                    );
                    Finding::new(format!("{place}.enum[{number}]"), text)
                };
                values.push(scalar(choice).ok_or_else(wrong)?);
            }
            field.choices = Some(values);
        }
        if let Some(collection) = self.references {
            let part = match self.field_type {
                FieldType::Reference => "reference",
                FieldType::MultiReference => "multiReference",
                other => {
                    let text = format!("{}: a {} refers to nothing.", self.key, other.name());
                    return Err(Finding::new(format!("{place}.references"), text));
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

/// A value of an item, as a file writes it.
fn plain(value: &toml::Value) -> Option<Value> {
    match value {
        toml::Value::Array(values) => values
            .iter()
            .map(plain)
            .collect::<Option<_>>()
            .map(Value::Array),
        other => scalar(other),
    }
}

fn scalar(value: &toml::Value) -> Option<Value> {
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
