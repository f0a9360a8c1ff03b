//! Secret values, which must not be in the file itself.

use super::Mode;
use super::report::Report;
use crate::config::source::{Environment, Origin};
use crate::config::values::{SecretError, Value};

/// Reads a secret. `what` describes it, for the remedy.
pub(super) fn read_secret(
    key: &str,
    value: &Value,
    mode: Mode,
    environment: Environment<'_>,
    what: &str,
    report: &mut Report<'_>,
) -> Option<String> {
    let in_file = matches!(report.source.origin(key), Some(Origin::Line(..)));
    if matches!(value, Value::Plain(_)) && in_file {
        if mode == Mode::Serve {
            report.problem(
                key,
                "the secret is in the file itself, where it can be read",
                "write { env = \"NAME\" } or { file = \"…\" }, or to keep it there, { inline = \"…\" }",
            );
            return None;
        }
        report.warn(
            key,
            "the secret is in the file itself, which `backlot serve` refuses",
        );
    }
    match value.read(report.source, environment) {
        Ok(text) => Some(text),
        Err(SecretError::SecretNotSet(name)) => {
            let flags = report.source.command_flags();
            let remedy = format!("set it with `backlot secret set {name}{flags}`; {what}");
            report.problem(key, SecretError::SecretNotSet(name).to_string(), remedy);
            None
        }
        Err(error @ SecretError::NotSet(_)) => {
            let remedy = format!("set it where the server runs; {what}");
            if key.starts_with("app.") {
                report.missing_app_value(key, error.to_string(), remedy);
            } else {
                report.problem(key, error.to_string(), remedy);
            }
            None
        }
        Err(error) => {
            report.problem(key, error.to_string(), what);
            None
        }
    }
}
