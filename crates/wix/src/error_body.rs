//! The JSON shape of every error on Wix's REST APIs, which Wix's own clients know how to show.
//!
//! Source: Wix REST documentation, "Errors".

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// `{"message":…,"details":{"applicationError":{"code":…,"description":…,"data":{…}}}}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// What happened and what to do, for people.
    pub message: String,
    /// The part that programs read.
    pub details: Details,
}

/// What stands under `details`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Details {
    /// The error itself.
    pub application_error: ApplicationError,
}

/// What stands under `details.applicationError`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplicationError {
    /// A stable code in upper case.
    pub code: String,
    /// What the code means, for people.
    pub description: String,
    /// Facts about this very error, such as the allowed methods.
    #[serde(default)]
    pub data: Map<String, Value>,
}

impl ErrorBody {
    /// One error with its facts.
    pub fn new(code: &str, description: &str, message: String, data: Map<String, Value>) -> Self {
        Self {
            message,
            details: Details {
                application_error: ApplicationError {
                    code: code.to_owned(),
                    description: description.to_owned(),
                    data,
                },
            },
        }
    }
}
