//! `{ env = "NAME" }`, `{ file = "path" }`, or the text itself for what is no secret.

use std::borrow::Cow;
use std::fmt;
use std::path::Path;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Where a text is. It cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// Right here: `"text"`.
    Plain(String),
    /// Right here, and meant: `{ inline = "text" }`.
    Inline(String),
    /// In an environment variable.
    Env(String),
    /// In a file, relative to the configuration's folder. White space around it is cut off.
    File(String),
}

/// A secret: a [`Value`] that should not stand in the file itself.
pub type Secret = Value;

/// Why a value is not there.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The variable is not set, or not text.
    #[error("the environment variable {0} is not set")]
    NotSet(String),
    /// The file cannot be read.
    #[error("cannot read the file {path}: {cause}")]
    NotReadable {
        /// Which file.
        path: String,
        /// What the system says.
        cause: std::io::Error,
    },
    /// There is nothing in it.
    #[error("it is empty")]
    Empty,
}

impl Value {
    /// The text, read from where it is. `environment` finds variables.
    pub(crate) fn read(
        &self,
        folder: &Path,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<String, SecretError> {
        let text = match self {
            Self::Plain(text) | Self::Inline(text) => text.clone(),
            Self::Env(name) => {
                environment(name).ok_or_else(|| SecretError::NotSet(name.clone()))?
            }
            Self::File(name) => {
                let path = folder.join(name);
                std::fs::read_to_string(&path).map_err(|cause| SecretError::NotReadable {
                    path: path.display().to_string(),
                    cause,
                })?
            }
        };
        let text = text.trim();
        if text.is_empty() {
            return Err(SecretError::Empty);
        }
        Ok(text.to_owned())
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(_) | Self::Inline(_) => formatter.write_str("…"),
            Self::Env(name) => write!(formatter, "{{ env = {name:?} }}"),
            Self::File(name) => write!(formatter, "{{ file = {name:?} }}"),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{self:?}"))
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ValueVisitor;

        impl<'de> Visitor<'de> for ValueVisitor {
            type Value = Value;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("{ env = \"NAME\" } or { file = \"path\" }")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
                Ok(Value::Plain(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
                let wrong =
                    || A::Error::custom("expected { env = \"NAME\" } or { file = \"path\" }");
                let key: String = map.next_key()?.ok_or_else(wrong)?;
                let text: String = map.next_value()?;
                let value = match key.as_str() {
                    "env" => Value::Env(text),
                    "file" => Value::File(text),
                    "inline" => Value::Inline(text),
                    _ => return Err(wrong()),
                };
                match map.next_key::<String>()? {
                    None => Ok(value),
                    Some(_) => Err(wrong()),
                }
            }
        }

        deserializer.deserialize_any(ValueVisitor)
    }
}

impl JsonSchema for Value {
    fn schema_name() -> Cow<'static, str> {
        "Value".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "format": "{ env = … } or { file = … }" })
    }
}
