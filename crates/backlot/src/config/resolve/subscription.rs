//! `[events]` and `[[subscription]]`

use backlot_outbound::third_party::{SecretSource, SecretString};
use backlot_server::events::{
    EventDestination, EventOrder, EventPattern, EventsSettings, FieldFilter, SubscriptionSettings,
    check_signing_secret,
};
use backlot_server::secrets::check_secret_name;

use super::Mode;
use super::allowance::rate_limit;
use super::nats;
use super::report::Report;
use super::secret::read_secret;
use crate::config::sections::{Config, FilterScalar, FilterValue, Order, Subscription};
use crate::config::source::Environment;
use crate::config::values::{OneOrMore, Timeout, Value};

/// The longest name. It is part of keys in the database, and of the name of a secret.
const MAX_NAME_BYTES: usize = 40;
/// The largest number of attempts at the same time.
const MAX_CONCURRENCY: u32 = 1000;
const SECRET: &str = "it is `whsec_` and base64; remove the line to have one generated, which `backlot subscription \
                      secret NAME` prints";

pub(super) fn resolve(
    config: &Config,
    mode: Mode,
    environment: Environment<'_>,
    report: &mut Report<'_>,
) -> EventsSettings {
    let mut resolved: Vec<SubscriptionSettings> = Vec::new();
    for (index, section) in config.subscription.iter().enumerate() {
        let key = |name: &str| format!("subscription[{index}].{name}");
        let Some(settings) = one(section, &key, mode, environment, report) else {
            continue;
        };
        if resolved.iter().any(|other| other.name == settings.name) {
            report.problem(
                key("name"),
                format!("another subscription is named {}", settings.name),
                "choose another name",
            );
        }
        resolved.push(settings);
    }
    EventsSettings {
        retention: config.events.keep.signed(),
        keep_count: config.events.keep_count,
        body_bytes: config.events.body_limit.bytes(),
        subscriptions: resolved,
    }
}

fn one(
    section: &Subscription,
    key: &dyn Fn(&str) -> String,
    mode: Mode,
    environment: Environment<'_>,
    report: &mut Report<'_>,
) -> Option<SubscriptionSettings> {
    let name = name(&section.name, key("name"), report);
    let patterns = patterns(&section.events, key, report);
    let destination = destination(section, key, mode, environment, report);
    let secrets = secrets(section, key, mode, environment, report);
    let filter = filter(section, key, report);
    if section.backoff.is_empty() {
        report.problem(
            key("backoff"),
            "the list is empty, so a failed delivery would be attempted again at once",
            "remove the line, or write for example backoff = [\"5s\", \"1m\"]",
        );
    }
    if section.concurrency.get() > MAX_CONCURRENCY {
        report.problem(
            key("concurrency"),
            format!("it is larger than {MAX_CONCURRENCY}"),
            "16 is usual",
        );
    }
    let mut settings = SubscriptionSettings::new(name?, patterns?, destination?);
    settings.secrets = secrets?;
    settings.order = match section.order {
        Order::Entity => EventOrder::Entity,
        Order::Instance => EventOrder::Instance,
        Order::None => EventOrder::None,
    };
    settings.timeout = section.timeout.std();
    settings.max_attempts = section.max_attempts;
    settings.backoff = section.backoff.iter().map(|it| Timeout::std(*it)).collect();
    settings.concurrency = section.concurrency;
    settings.filter = filter?;
    settings.rate_limit = section.rate_limit.map(rate_limit);
    settings.allow_echo = section.allow_echo;
    Some(settings)
}

fn name(text: &str, key: String, report: &mut Report<'_>) -> Option<String> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if (1..=MAX_NAME_BYTES).contains(&text.len()) && text.bytes().all(is_allowed) {
        return Some(text.to_owned());
    }
    report.problem(
        key,
        format!("{text:?} is not a name of 1 to {MAX_NAME_BYTES} letters, digits, `-` or `_`"),
        "write for example name = \"all\"",
    );
    None
}

fn patterns(
    texts: &[String],
    key: &dyn Fn(&str) -> String,
    report: &mut Report<'_>,
) -> Option<Vec<EventPattern>> {
    const REMEDY: &str =
        "write for example events = [\"wix.contacts.v4.contact_*\", \"AppInstalled\"]";
    if texts.is_empty() {
        report.problem(
            key("events"),
            "the list is empty, so nothing would be delivered",
            REMEDY,
        );
        return None;
    }
    let mut patterns = Vec::with_capacity(texts.len());
    for (index, text) in texts.iter().enumerate() {
        match EventPattern::parse(text) {
            Ok(pattern) => patterns.push(pattern),
            Err(error) => {
                let key = key(&format!("events[{index}]"));
                report.problem(key, format!("{text:?} is not a pattern: {error}"), REMEDY);
            }
        }
    }
    (patterns.len() == texts.len()).then_some(patterns)
}

fn destination(
    section: &Subscription,
    key: &dyn Fn(&str) -> String,
    mode: Mode,
    environment: Environment<'_>,
    report: &mut Report<'_>,
) -> Option<EventDestination> {
    match (EventDestination::parse(&section.to), &section.nats) {
        (Ok(destination), None) => Some(destination),
        (Ok(destination), Some(access)) => {
            nats::resolve(access, destination, key, (mode, environment), report)
        }
        (Err(error), _) => {
            // Not repeated: it may hold a password.
            report.problem(
                key("to"),
                format!("this address {error}"),
                "write for example to = \"http://127.0.0.1:3000/events\", or \"nats://127.0.0.1:4222/events\"",
            );
            None
        }
    }
}

fn secrets(
    section: &Subscription,
    key: &dyn Fn(&str) -> String,
    mode: Mode,
    environment: Environment<'_>,
    report: &mut Report<'_>,
) -> Option<Vec<SecretSource>> {
    let Some(configured) = &section.secret else {
        return Some(Vec::new());
    };
    let values = configured.as_slice();
    if values.is_empty() {
        report.problem(key("secret"), "the list is empty", SECRET);
        return None;
    }
    let read = values.iter().enumerate().map(|(index, value)| {
        let key = match configured {
            OneOrMore::More(_) => key(&format!("secret[{index}]")),
            OneOrMore::One(_) => key("secret"),
        };
        secret(&key, value, mode, environment, report)
    });
    let read: Vec<Option<SecretSource>> = read.collect();
    read.into_iter().collect()
}

fn secret(
    key: &str,
    value: &Value,
    mode: Mode,
    environment: Environment<'_>,
    report: &mut Report<'_>,
) -> Option<SecretSource> {
    match value {
        Value::Secret(name) => {
            if let Err(error) = check_secret_name(name) {
                let remedy = "write for example { secret = \"events\" }";
                report.problem(key, format!("{name:?}: {error}"), remedy);
                return None;
            }
            Some(SecretSource::Shared(name.as_str().into()))
        }
        Value::InstanceSecret(_) => {
            report.problem(
                key,
                "a subscription has events of all instances, so this cannot be an instance secret",
                SECRET,
            );
            None
        }
        other => {
            let text = read_secret(key, other, mode, environment, SECRET, report)?;
            if let Err(cause) = check_signing_secret(&text) {
                report.problem(key, cause, SECRET);
                return None;
            }
            Some(SecretSource::Text(SecretString::new(text)))
        }
    }
}

fn filter(
    section: &Subscription,
    key: &dyn Fn(&str) -> String,
    report: &mut Report<'_>,
) -> Option<FieldFilter> {
    let mut filter = FieldFilter::default();
    for (field, value) in &section.filter {
        let values: Vec<_> = match value {
            FilterValue::List(list) => list.iter().map(json).collect(),
            FilterValue::One(one) => vec![json(one)],
        };
        if values.is_empty() {
            report.problem(
                key("filter"),
                format!("{field:?} has no values, so no event would be delivered"),
                "list the values that the field may have, or remove it",
            );
            return None;
        }
        filter = match filter.with(field, values) {
            Ok(filter) => filter,
            Err(error) => {
                report.problem(
                    key("filter"),
                    format!("{field:?}: {error}"),
                    "write for example filter = { \"data.slug\" = \"created\" }",
                );
                return None;
            }
        };
    }
    Some(filter)
}

fn json(scalar: &FilterScalar) -> serde_json::Value {
    match scalar {
        FilterScalar::Boolean(value) => (*value).into(),
        FilterScalar::Integer(value) => (*value).into(),
        FilterScalar::Number(value) => (*value).into(),
        FilterScalar::Text(value) => value.as_str().into(),
    }
}
