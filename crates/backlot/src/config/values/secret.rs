//! `{ env = "NAME" }`, `{ file = "path" }`, `{ secret = "NAME" }`, `{ command = ["program"] }`, or plain
//! text for values that are not secret.

use std::borrow::Cow;
use std::fmt;
use std::io::Read as _;
use std::process::{ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::config::source::{Environment, Source};

/// The source of a text. It cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// The text itself: `"text"`.
    Plain(String),
    /// The text itself, even if it is a secret: `{ inline = "text" }`.
    Inline(String),
    /// An environment variable.
    Env(String),
    /// A file, relative to the configuration's folder. Surrounding white space is removed.
    File(String),
    /// A secret in the database.
    Secret(String),
    /// A secret of the calling instance, for connections only.
    InstanceSecret(String),
    /// The output of a program, which runs in the configuration's folder.
    Command(Vec<String>),
}

/// A [`Value`] that should not be in the file itself.
pub type Secret = Value;

/// The error for a value that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error("the environment variable {0} is not set")]
    NotSet(String),
    #[error("cannot read the file {path}: {cause}")]
    NotReadable {
        /// Which file.
        path: String,
        cause: std::io::Error,
    },
    #[error("the secret {0} has not been set")]
    SecretNotSet(String),
    #[error("an instance_secret is available only in connections")]
    NoInstance,
    #[error("the command {program} {cause}")]
    Command { program: String, cause: String },
    #[error("it is empty")]
    Empty,
}

const FORMS: &str =
    "{ env = \"NAME\" }, { file = \"path\" }, { secret = \"NAME\" } or { command = [\"program\"] }";

impl Value {
    /// Reads the text.
    pub(crate) fn read(
        &self,
        source: &Source,
        environment: Environment<'_>,
    ) -> Result<String, SecretError> {
        let text = match self {
            Self::Plain(text) | Self::Inline(text) => text.clone(),
            Self::Env(name) => {
                environment(name).ok_or_else(|| SecretError::NotSet(name.clone()))?
            }
            Self::File(name) => {
                let path = source.folder().join(name);
                std::fs::read_to_string(&path).map_err(|cause| SecretError::NotReadable {
                    path: path.display().to_string(),
                    cause,
                })?
            }
            Self::Secret(name) => {
                let secret = source.secret(name);
                secret.ok_or_else(|| SecretError::SecretNotSet(name.clone()))?
            }
            Self::InstanceSecret(_) => return Err(SecretError::NoInstance),
            Self::Command(words) => printed_by(words, source)?,
        };
        let text = text.trim();
        if text.is_empty() {
            return Err(SecretError::Empty);
        }
        Ok(text.to_owned())
    }
}

const COMMAND_TIMEOUT: Duration = Duration::from_secs(30);
const MAX_OUTPUT_BYTES: u64 = 64 * 1024;

/// Runs a program and returns its output. It inherits the environment and standard error.
fn printed_by(words: &[String], source: &Source) -> Result<String, SecretError> {
    let (program, arguments) = words.split_first().ok_or(SecretError::Empty)?;
    let failed = |cause: String| SecretError::Command {
        program: program.clone(),
        cause,
    };
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    if !source.folder().as_os_str().is_empty() {
        command.current_dir(source.folder());
    }
    command.stdout(Stdio::piped());
    let child = command.spawn();
    let mut child = child.map_err(|error| failed(format!("cannot be run: {error}")))?;
    let printed = read_beside(child.stdout.take());
    let Ok(printed) = printed.recv_timeout(COMMAND_TIMEOUT) else {
        let _ = child.kill();
        let _ = child.wait();
        return Err(failed(format!(
            "has not ended after {} s",
            COMMAND_TIMEOUT.as_secs()
        )));
    };
    if printed.len() as u64 > MAX_OUTPUT_BYTES {
        // Its output is not read any further, so it may block.
        let _ = child.kill();
        let _ = child.wait();
        return Err(failed(format!("prints more than {MAX_OUTPUT_BYTES} bytes")));
    }
    let status = child
        .wait()
        .map_err(|error| failed(format!("cannot be waited for: {error}")))?;
    if !status.success() {
        return Err(failed(format!("failed: {status}")));
    }
    String::from_utf8(printed).map_err(|_| failed("does not print UTF-8".to_owned()))
}

/// Reads in a separate thread, so that the caller can time out.
fn read_beside(output: Option<ChildStdout>) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut printed = Vec::new();
        if let Some(output) = output {
            let _ = output.take(MAX_OUTPUT_BYTES + 1).read_to_end(&mut printed);
        }
        let _ = sender.send(printed);
    });
    receiver
}

impl fmt::Debug for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(_) | Self::Inline(_) => formatter.write_str("…"),
            Self::Env(name) => write!(formatter, "{{ env = {name:?} }}"),
            Self::File(name) => write!(formatter, "{{ file = {name:?} }}"),
            Self::Secret(name) => write!(formatter, "{{ secret = {name:?} }}"),
            Self::InstanceSecret(name) => write!(formatter, "{{ instance_secret = {name:?} }}"),
            // Its arguments may say too much.
            Self::Command(words) => {
                let program = words.first().map(String::as_str).unwrap_or_default();
                write!(formatter, "{{ command = [{program:?}, …] }}")
            }
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
                formatter.write_str(FORMS)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
                Ok(Value::Plain(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
                let wrong = || A::Error::custom(format_args!("expected {FORMS}"));
                let key: String = map.next_key()?.ok_or_else(wrong)?;
                let value = match key.as_str() {
                    "env" => Value::Env(map.next_value()?),
                    "file" => Value::File(map.next_value()?),
                    "inline" => Value::Inline(map.next_value()?),
                    "secret" => Value::Secret(map.next_value()?),
                    "instance_secret" => Value::InstanceSecret(map.next_value()?),
                    "command" => Value::Command(map.next_value()?),
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
        json_schema!({ "type": "object", "format": "{ secret = … }, { env = … } or { file = … }" })
    }
}
