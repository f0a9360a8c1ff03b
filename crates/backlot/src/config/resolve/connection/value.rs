//! Values of a connection, which are read at the start or for each call.

use backlot_outbound::third_party::{SecretSource, SecretString};
use backlot_server::secrets::check_secret_name;

use super::Entry;
use crate::config::resolve::report::Report;
use crate::config::resolve::secret::read_secret;
use crate::config::values::Value;

/// Resolves a value that must not be in the file itself.
pub(super) fn secret(
    entry: &Entry<'_>,
    key: &str,
    value: &Value,
    report: &mut Report<'_>,
) -> Option<SecretSource> {
    let named = match value {
        Value::Secret(name) => Some((name, SecretSource::Shared(name.as_str().into()))),
        Value::InstanceSecret(name) => Some((name, SecretSource::OfInstance(name.as_str().into()))),
        _ => None,
    };
    if let Some((name, source)) = named {
        if let Err(error) = check_secret_name(name) {
            let remedy = "write for example { secret = \"openai-key\" }";
            report.problem(key, format!("{name:?}: {error}"), remedy);
            return None;
        }
        return Some(source);
    }
    let context = entry.context;
    let what = "it is the key or password for the API";
    let text = read_secret(key, value, context.mode, context.environment, what, report)?;
    Some(SecretSource::Text(SecretString::new(text)))
}

/// Resolves a value that may be plain text or a secret.
pub(super) fn plain_or_secret(
    entry: &Entry<'_>,
    key: &str,
    value: &Value,
    report: &mut Report<'_>,
) -> Option<SecretSource> {
    match value {
        Value::Plain(text) if text.chars().any(char::is_control) => {
            let remedy = "write printable text on one line";
            report.problem(
                key,
                "the text contains a line break or another control character",
                remedy,
            );
            None
        }
        Value::Plain(text) => Some(SecretSource::Plain(text.as_str().into())),
        other => secret(entry, key, other, report),
    }
}

/// Resolves a value that cannot be an instance's: an OAuth client belongs to the app.
pub(super) fn shared(
    entry: &Entry<'_>,
    key: &str,
    value: &Value,
    report: &mut Report<'_>,
) -> Option<SecretSource> {
    if matches!(value, Value::InstanceSecret(_)) {
        report.problem(
            key,
            "an OAuth client belongs to the app, so this cannot be an instance secret",
            "write { secret = \"NAME\" } or { env = \"NAME\" }",
        );
        return None;
    }
    plain_or_secret(entry, key, value, report)
}
