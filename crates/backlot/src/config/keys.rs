//! All keys, from the schema of the sections: for suggestions, the names of environment variables, and the generated
//! reference.

use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::sections::Config;

#[derive(Debug, Clone)]
pub(crate) struct Key {
    /// The path: `cors.origins`, or `api[].path` in a list of tables.
    pub(crate) path: String,
    pub(crate) description: String,
    pub(crate) kind: Kind,
    /// The type in the reference.
    pub(crate) type_name: String,
    /// The default value, if any.
    pub(crate) default: Option<Value>,
}

/// The type of a key's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Boolean,
    Integer,
    List,
    BooleanOrList,
    /// Anything else: tables, and values that may be tables.
    Other,
}

/// One section: its name (`api[]` for a list of tables), description and keys.
#[derive(Debug, Clone)]
pub(crate) struct Section {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) keys: Vec<Key>,
}

/// All sections, by name.
pub(crate) static SECTIONS: LazyLock<Vec<Section>> = LazyLock::new(|| {
    let settings =
        SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let schema = settings.into_generator().into_root_schema_for::<Config>();
    properties(schema.as_value())
        .map(|(name, schema)| section(name, schema))
        .collect()
});

/// Returns whether a text is a configuration: all of its sections are known. Its values may be invalid.
pub(crate) fn is_configuration(text: &str) -> bool {
    let Ok(table) = toml::from_str::<toml::Table>(text) else {
        return false;
    };
    let is_section = |name: &String| {
        let mut sections = SECTIONS.iter();
        sections.any(|it| it.name.trim_end_matches("[]") == name)
    };
    !table.is_empty() && table.keys().all(is_section)
}

fn section(name: &str, schema: &Value) -> Section {
    let is_list = schema["type"] == "array";
    let inner = if is_list { &schema["items"] } else { schema };
    let name = if is_list {
        format!("{name}[]")
    } else {
        name.to_owned()
    };
    Section {
        description: description(inner),
        keys: properties(inner)
            .map(|(key, schema)| self::key(&name, key, schema))
            .collect(),
        name,
    }
}

fn key(section: &str, key: &str, schema: &Value) -> Key {
    let default = schema
        .get("default")
        .filter(|value| !value.is_null())
        .cloned();
    Key {
        path: format!("{section}.{key}"),
        description: description(schema),
        kind: kind(schema),
        type_name: type_name(schema),
        default,
    }
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema["properties"].as_object().into_iter().flatten()
}

/// Returns a doc comment on one line.
fn description(schema: &Value) -> String {
    schema["description"]
        .as_str()
        .unwrap_or_default()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// `type` is a list where null is allowed.
fn types(schema: &Value) -> Vec<&str> {
    match &schema["type"] {
        Value::Array(list) => list
            .iter()
            .filter_map(Value::as_str)
            .filter(|it| *it != "null")
            .collect(),
        other => other.as_str().into_iter().collect(),
    }
}

fn kind(schema: &Value) -> Kind {
    if !choices(schema).is_empty() {
        return Kind::Text;
    }
    let options = schema["anyOf"].as_array();
    let options: Vec<_> = options.into_iter().flatten().flat_map(types).collect();
    if options == ["boolean", "array"] {
        return Kind::BooleanOrList;
    }
    match types(schema).as_slice() {
        ["string"] => Kind::Text,
        ["boolean"] => Kind::Boolean,
        ["integer"] => Kind::Integer,
        ["array"] => Kind::List,
        _ => Kind::Other,
    }
}

fn type_name(schema: &Value) -> String {
    let choices = choices(schema);
    if !choices.is_empty() {
        return choices
            .iter()
            .map(|choice| format!("`\"{choice}\"`"))
            .collect::<Vec<_>>()
            .join(" or ");
    }
    if let Some(options) = schema["anyOf"].as_array() {
        let names: Vec<String> = options
            .iter()
            .filter(|option| option["type"] != "null")
            .map(type_name)
            .collect();
        return names.join(", or ");
    }
    if let (Some(format), false) = (schema["format"].as_str(), types(schema) == ["integer"]) {
        return format.to_owned();
    }
    match types(schema).as_slice() {
        ["string"] => "text".to_owned(),
        ["boolean"] => "`true` or `false`".to_owned(),
        ["integer"] => "number".to_owned(),
        ["array"] => format!("list of {}", type_name(&schema["items"])),
        ["object"]
            if schema
                .get("additionalProperties")
                .is_some_and(Value::is_object) =>
        {
            format!(
                "{{ NAME = {}, … }}",
                type_name(&schema["additionalProperties"])
            )
        }
        ["object"] => {
            let inner: Vec<String> = properties(schema)
                .map(|(key, schema)| format!("{key} = {}", type_name(schema)))
                .collect();
            format!("{{ {} }}", inner.join(", "))
        }
        _ => "value".to_owned(),
    }
}

/// Returns the values of an enumeration, in any form of schema.
fn choices(schema: &Value) -> Vec<&str> {
    let mut choices = all_choices(schema);
    // A schema may say the same word twice, as a constant and as a list of one.
    choices.dedup();
    choices
}

fn all_choices(schema: &Value) -> Vec<&str> {
    let listed = schema["enum"].as_array().into_iter().flatten();
    let branches = schema["oneOf"]
        .as_array()
        .or_else(|| schema["anyOf"].as_array());
    let nested = branches.into_iter().flatten().flat_map(|branch| {
        branch
            .get("const")
            .and_then(Value::as_str)
            .into_iter()
            .chain(all_choices(branch))
    });
    listed
        .filter_map(Value::as_str)
        .chain(schema["const"].as_str())
        .chain(nested)
        .collect()
}

impl Key {
    /// Returns the environment variable: `BACKLOT_CORS_ORIGINS`, or `BACKLOT_API_0_PATH` with the number of an entry in a
    /// list of tables.
    pub(crate) fn variable(&self, index: usize) -> String {
        let path = self
            .path
            .replace("[]", &format!("_{index}"))
            .replace('.', "_");
        format!("BACKLOT_{}", path.to_ascii_uppercase())
    }
}
