//! Wix's `dataCollection` object, read and written.
//!
//! What the server makes is left out when it is read, so that a collection that was read, changed and
//! sent back is what its sender means. Dates are ISO text here, and the revision is text.

use serde_json::{Map, Value as Json, json};

use super::super::{DataCode, DataError, Date, limits};
use super::{Definition, Field, FieldType, Level, Permissions, SYSTEM_FIELDS, check_field_count};

impl Definition {
    /// Parses a collection of a request. Revision and dates are zero.
    ///
    /// # Errors
    ///
    /// Fails with `WDE0080` if the collection is not valid.
    pub fn from_wire(collection: &Json) -> Result<Self, DataError> {
        let text = |key: &str| collection.get(key).and_then(Json::as_str);
        let id = text("id").or_else(|| text("_id")).unwrap_or_default();
        let definition = Self {
            id: id.to_owned(),
            display_name: text("displayName").map(str::to_owned),
            display_field: text("displayField").map(str::to_owned),
            fields: read_fields(collection.get("fields"))?,
            permissions: read_permissions(collection.get("permissions"))?,
            plugins: list(collection.get("plugins")).to_vec(),
            indexes: Vec::new(),
            lenient: false,
            revision: 0,
            created_at: 0,
            updated_at: 0,
        };
        if definition.fields.is_empty() {
            return Err(DataError::invalid("fields must not be empty."));
        }
        definition.validate()?;
        Ok(definition)
    }

    /// The most bytes of the whole object as JSON, for a definition that has so many itself.
    pub const fn wire_bytes(&self, bytes: usize) -> usize {
        bytes + OBJECT_BYTES + self.fields.len() * FIELD_BYTES
    }

    /// The whole object, with what the server makes.
    pub fn to_wire(&self) -> Json {
        let system = SYSTEM_FIELDS.iter().map(|key| system_field(key));
        let declared = self.fields.iter().map(|field| {
            let mut wire = serde_json::to_value(field).unwrap_or_default();
            if let Some(wire) = wire.as_object_mut() {
                wire.insert("systemField".to_owned(), json!(false));
                wire.insert("capabilities".to_owned(), capabilities(field.field_type));
            }
            wire
        });
        let mut wire = json!({
            "id": self.id,
            "collectionType": "NATIVE",
            "maxPageSize": limits::LARGEST_PAGE,
            "revision": self.revision.to_string(),
            "fields": system.chain(declared).collect::<Vec<_>>(),
            "permissions": self.permissions,
            "plugins": self.plugins,
            "pagingModes": ["OFFSET", "CURSOR"],
            "capabilities": {
                "dataOperations": DATA_OPERATIONS,
                "collectionOperations": ["UPDATE", "REMOVE"],
                "indexLimits": {
                    "regular": limits::REGULAR_INDEXES,
                    "unique": limits::UNIQUE_INDEXES,
                    "total": limits::REGULAR_INDEXES + limits::UNIQUE_INDEXES,
                },
            },
            "createdDate": iso(self.created_at),
            "updatedDate": iso(self.updated_at),
        });
        if let Some(wire) = wire.as_object_mut() {
            let optional = [
                ("displayName", &self.display_name),
                ("displayField", &self.display_field),
            ];
            for (key, text) in optional {
                if let Some(text) = text {
                    wire.insert(key.to_owned(), json!(text));
                }
            }
        }
        wire
    }
}

/// What the server says of a collection: its operations, limits and system fields.
const OBJECT_BYTES: usize = 4_096;
/// What the server says of a field.
const FIELD_BYTES: usize = 256;

const DATA_OPERATIONS: [&str; 20] = [
    "AGGREGATE",
    "BULK_INSERT",
    "BULK_PATCH",
    "BULK_REMOVE",
    "BULK_SAVE",
    "BULK_UPDATE",
    "COUNT",
    "DISTINCT",
    "FIND",
    "GET",
    "INSERT",
    "INSERT_REFERENCE",
    "IS_REFERENCED",
    "PATCH",
    "QUERY_REFERENCED",
    "REMOVE",
    "REMOVE_REFERENCE",
    "REPLACE_REFERENCES",
    "SAVE",
    "TRUNCATE",
];

const QUERY_OPERATORS: [&str; 12] = [
    "EQ",
    "LT",
    "GT",
    "NE",
    "LTE",
    "GTE",
    "STARTS_WITH",
    "ENDS_WITH",
    "CONTAINS",
    "HAS_SOME",
    "HAS_ALL",
    "EXISTS",
];

fn capabilities(field_type: FieldType) -> Json {
    let operators: &[&str] = match field_type {
        FieldType::MultiReference => &["EQ", "NE", "HAS_SOME", "HAS_ALL"],
        _ => &QUERY_OPERATORS,
    };
    let sortable = field_type != FieldType::MultiReference;
    json!({ "sortable": sortable, "queryOperators": operators })
}

fn system_field(key: &str) -> Json {
    let (field_type, name) = match key {
        "_id" => (FieldType::Text, "ID"),
        "_owner" => (FieldType::Text, "Owner"),
        "_createdDate" => (FieldType::DateTime, "Created Date"),
        _ => (FieldType::DateTime, "Updated Date"),
    };
    json!({
        "key": key,
        "displayName": name,
        "type": field_type,
        "systemField": true,
        "readOnly": true,
        "capabilities": capabilities(field_type),
    })
}

fn iso(milliseconds: i64) -> String {
    Date::from_milliseconds(milliseconds).map_or_else(String::new, |date| date.to_string())
}

fn list(json: Option<&Json>) -> &[Json] {
    json.and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

fn read_fields(fields: Option<&Json>) -> Result<Vec<Field>, DataError> {
    let is_system = |field: &Json| {
        let key = field.get("key").and_then(Json::as_str);
        key.is_some_and(|key| SYSTEM_FIELDS.contains(&key))
    };
    let declared = list(fields).iter().filter(|field| !is_system(field));
    check_field_count(declared.clone().count())?;
    declared.map(read_field).collect()
}

/// Parses a field of a request.
///
/// # Errors
///
/// Fails with `WDE0080` if the field is not valid.
pub fn read_field(field: &Json) -> Result<Field, DataError> {
    let mut field = field.clone();
    if let Some(field) = field.as_object_mut() {
        for made in ["systemField", "capabilities"] {
            field.remove(made);
        }
        field.retain(|_, value| !value.is_null());
        let name = field.get("type").and_then(Json::as_str).unwrap_or_default();
        if FieldType::from_name(name).is_none() {
            let name = super::super::path::shown(name);
            return Err(DataError::invalid(format!("{name} is no type of a field.")));
        }
    }
    let field: Field = serde_json::from_value(field)
        .map_err(|error| DataError::invalid(format!("A field cannot be read: {error}.")))?;
    field.validate()?;
    Ok(field)
}

fn read_permissions(permissions: Option<&Json>) -> Result<Permissions, DataError> {
    let empty = Map::new();
    let permissions = match permissions {
        None | Some(Json::Null) => {
            return Err(DataError::invalid("permissions must not be empty."));
        }
        Some(permissions) => permissions.as_object().unwrap_or(&empty),
    };
    // What is left out is the owner's alone.
    let level = |key: &str| match permissions.get(key) {
        None | Some(Json::Null) => Ok(Level::Admin),
        Some(level) => level.as_str().and_then(Level::from_name).ok_or_else(|| {
            let text = "Not recognized role provided in permissions.";
            DataError::new(DataCode::BadRequest, text).with("permission", key)
        }),
    };
    Ok(Permissions {
        insert: level("insert")?,
        update: level("update")?,
        remove: level("remove")?,
        read: level("read")?,
    })
}
