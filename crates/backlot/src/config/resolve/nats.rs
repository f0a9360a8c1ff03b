//! `subscription.nats`

use backlot_outbound::nats::{NatsAccess, NatsAuthorities, NatsCredential};
use backlot_outbound::third_party::SecretString;
use backlot_server::events::EventDestination;

use super::Mode;
use super::report::Report;
use super::secret::read_secret;
use crate::config::sections;
use crate::config::source::Environment;
use crate::config::values::Value;

const PASSWORD: &str =
    "write for example nats = { user = \"backlot\", password = { env = \"NATS_PASSWORD\" } }";
const TOKEN: &str = "write for example nats = { token = { env = \"NATS_TOKEN\" } }";
const CA: &str = "write for example nats = { ca = { file = \"ca.pem\" } }";

/// Adds the credential to a destination.
pub(super) fn resolve(
    section: &sections::NatsAccess,
    destination: EventDestination,
    key: &dyn Fn(&str) -> String,
    (mode, environment): (Mode, Environment<'_>),
    report: &mut Report<'_>,
) -> Option<EventDestination> {
    let EventDestination::Nats(publisher) = destination else {
        report.problem(
            key("nats"),
            "the events do not go to NATS, so it would not be used",
            "remove the line, or write for example to = \"tls://nats.example.com:4222/events.{type}\"",
        );
        return None;
    };
    let key = |name: &str| key(&format!("nats.{name}"));
    let credential = credential(section, &key, (mode, environment), report);
    if section.ca.is_some() && !publisher.is_tls() {
        report.problem(
            key("ca"),
            "the connection need not be encrypted, so the server would not be verified",
            "write tls:// in place of nats:// at the beginning of `to`",
        );
        return None;
    }
    let authorities = match &section.ca {
        None => NatsAuthorities::default(),
        Some(value) => {
            let pem = plain(value, key("ca"), environment, CA, report)?;
            let parsed = NatsAuthorities::parse(&pem);
            let refused = |error| report.problem(key("ca"), format!("{error}"), CA);
            parsed.map_err(refused).ok()?
        }
    };
    Some(EventDestination::Nats(publisher.with_access(NatsAccess {
        credential: credential?,
        authorities,
    })))
}

fn credential(
    section: &sections::NatsAccess,
    key: &dyn Fn(&str) -> String,
    (mode, environment): (Mode, Environment<'_>),
    report: &mut Report<'_>,
) -> Option<NatsCredential> {
    let secret = |name: &str, value: &Value, what: &str, report: &mut Report<'_>| {
        let text = read_secret(&key(name), value, mode, environment, what, report);
        text.map(SecretString::new)
    };
    match (&section.user, &section.password, &section.token) {
        (None, None, None) => Some(NatsCredential::None),
        (None, None, Some(token)) => {
            secret("token", token, TOKEN, report).map(NatsCredential::Token)
        }
        (Some(user), Some(password), None) => {
            let password = secret("password", password, PASSWORD, report);
            let user = plain(user, key("user"), environment, PASSWORD, report);
            Some(NatsCredential::Password {
                user: user?,
                password: password?,
            })
        }
        (Some(_), None, None) => {
            report.problem(key("user"), "the user has no password", PASSWORD);
            None
        }
        (None, Some(_), None) => {
            report.problem(key("password"), "the password has no user", PASSWORD);
            None
        }
        (_, _, Some(_)) => {
            let cause =
                "there is a user or password as well, and NATS knows a client by one of them";
            report.problem(
                key("token"),
                cause,
                "remove the token, or user and password",
            );
            None
        }
    }
}

/// Reads a value that may be in the file.
fn plain(
    value: &Value,
    key: String,
    environment: Environment<'_>,
    remedy: &str,
    report: &mut Report<'_>,
) -> Option<String> {
    match value.read(report.source, environment) {
        Ok(text) => Some(text),
        Err(error) => {
            report.problem(key, error.to_string(), remedy);
            None
        }
    }
}
