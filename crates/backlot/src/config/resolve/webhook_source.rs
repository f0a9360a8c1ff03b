//! `[[webhook_source]]`

use std::sync::Arc;

use backlot_outbound::third_party::{SecretSource, SecretString, SignatureTemplate};
use backlot_outbound::upstream::Address;
use backlot_server::secrets::check_secret_name;
use backlot_server::webhook_sources::{
    FactPaths, FieldPath, HmacSource, InstanceRule, SharedSecret, SourceKind,
    WebhookSourceSettings, WebhookSourcesSettings, preset, preset_names,
};
use http::HeaderName;

use super::Mode;
use super::report::Report;
use super::secret::read_secret;
use crate::config::sections::webhook_source as sections;
use crate::config::sections::{Config, ConnectionAuth, WebhookSource};
use crate::config::source::Environment;
use crate::config::values::{Size, Value};

/// The word below `/webhooks/{name}` that is no key.
const RESERVED_NAMES: [&str; 1] = ["wix"];

/// A source's section, and its key.
struct Entry<'all> {
    section: &'all WebhookSource,
    key: String,
    config: &'all Config,
    mode: Mode,
    environment: Environment<'all>,
}

impl Entry<'_> {
    fn key(&self, name: &str) -> String {
        format!("{}.{name}", self.key)
    }
}

pub(super) fn resolve(
    config: &Config,
    body_limit: Size,
    mode: Mode,
    environment: Environment<'_>,
    report: &mut Report<'_>,
) -> WebhookSourcesSettings {
    let mut list: Vec<WebhookSourceSettings> = Vec::new();
    for (index, section) in config.webhook_source.iter().enumerate() {
        let entry = Entry {
            section,
            key: format!("webhook_source[{index}]"),
            config,
            mode,
            environment,
        };
        let Some(settings) = one(&entry, report) else {
            continue;
        };
        if list.iter().any(|other| other.name == settings.name) {
            report.problem(
                entry.key("name"),
                format!("another webhook source is named {}", settings.name),
                "choose another name",
            );
        }
        list.push(settings);
    }
    WebhookSourcesSettings {
        list,
        body_bytes: body_limit.bytes(),
    }
}

fn one(entry: &Entry<'_>, report: &mut Report<'_>) -> Option<WebhookSourceSettings> {
    let section = entry.section;
    let name = name(entry, report);
    let kind = kind(entry, report);
    let secrets = secrets(entry, report);
    let mut path = |name, text: &Option<String>| match text {
        None => Some(None),
        Some(text) => field_path(entry, name, text, report).map(Some),
    };
    let fields = [
        path("id", &section.id),
        path("type", &section.event_type),
        path("entity", &section.entity),
        path("occurred_at", &section.occurred_at),
    ];
    let public_url = public_url(entry, report);
    let kind = kind?;
    let instance = instance(entry, &*kind, report);
    let (secrets, instance) = (secrets?, instance?);
    for secret in &secrets {
        if let SecretSource::Text(text) = secret
            && !kind.is_usable(text)
        {
            report.problem(
                entry.key("secret"),
                "no signature can be checked with this secret: it has another form than the provider's",
                "paste it as the provider shows it, such as whsec_ and base64",
            );
        }
    }
    let address_is_secret = instance == InstanceRule::Address && kind.has_secret_in_url();
    if secrets.is_empty() && !address_is_secret {
        report.problem(
            entry.key("secret"),
            "without a secret, events could not be told from forged ones",
            "write for example secret = { secret = \"NAME\" }, and set it with `backlot secret set NAME`",
        );
    }
    let is_known = public_url.is_some() || entry.config.server.public_url.is_some();
    if kind.signs_url() && !is_known && entry.mode == Mode::Serve {
        report.problem(
            entry.key("public_url"),
            "the signature covers the address that the provider knows this server by, which is not known here",
            "set server.public_url to the public address of this server, such as \"https://backend.example.com\"",
        );
    }
    let [id, event_type, entity, occurred_at] = fields;
    Some(WebhookSourceSettings {
        name: name?,
        kind,
        secrets,
        instance,
        public_url,
        fields: FactPaths {
            id: id?,
            event_type: event_type?,
            entity: entity?,
            occurred_at: occurred_at?,
        },
    })
}

fn name(entry: &Entry<'_>, report: &mut Report<'_>) -> Option<Box<str>> {
    let text = &entry.section.name;
    let allowed =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    let is_valid = (1..=40).contains(&text.len()) && text.bytes().all(allowed);
    let cause = if text.is_empty() {
        "the webhook source has no name".to_owned()
    } else if RESERVED_NAMES.contains(&text.as_str()) {
        format!("{text:?} is the source of Wix's own events")
    } else if is_valid {
        return Some(text.as_str().into());
    } else {
        format!("{text:?} is not a valid name")
    };
    let remedy = "use 1 to 40 lowercase letters, digits, `-` or `_`: name = \"stripe\"";
    report.problem(entry.key("name"), cause, remedy);
    None
}

fn kind(entry: &Entry<'_>, report: &mut Report<'_>) -> Option<Arc<dyn SourceKind>> {
    let section = entry.section;
    match (&section.preset, &section.hmac, &section.shared_secret) {
        (Some(name), None, None) => preset(name).or_else(|| {
            let names: Vec<&str> = preset_names().collect();
            report.problem(
                entry.key("preset"),
                format!("there is no preset {name:?}"),
                format!(
                    "write one of {}, or set hmac or shared_secret",
                    names.join(", ")
                ),
            );
            None
        }),
        (None, Some(hmac), None) => signature(entry, hmac, report),
        (None, None, Some(secret)) => shared_secret(entry, secret, report),
        _ => {
            report.problem(
                entry.key("preset"),
                "a webhook source has exactly one of preset, hmac and shared_secret",
                "write for example preset = \"stripe\"",
            );
            None
        }
    }
}

fn signature(
    entry: &Entry<'_>,
    hmac: &sections::HmacSource,
    report: &mut Report<'_>,
) -> Option<Arc<dyn SourceKind>> {
    let mut headers = Vec::new();
    for (name, text) in &hmac.headers {
        let key = format!("hmac.headers.{name}");
        headers.push((header_name(entry, &key, name, report)?, text.clone()));
    }
    let template = SignatureTemplate::for_received(hmac.hash, hmac.encoding, &hmac.over, headers);
    match template {
        Ok(template) => Some(Arc::new(HmacSource {
            template,
            tolerance: hmac.tolerance.signed(),
        })),
        Err(error) => {
            report.problem(
                entry.key("hmac"),
                error.to_string(),
                "write for example over = \"{timestamp}.{body}\", headers = { \"X-Signature\" = \"t={timestamp},v1={signature}\" }",
            );
            None
        }
    }
}

fn shared_secret(
    entry: &Entry<'_>,
    secret: &sections::SharedSecret,
    report: &mut Report<'_>,
) -> Option<Arc<dyn SourceKind>> {
    match (&secret.header, &secret.prefix, &secret.query) {
        (Some(name), prefix, None) => {
            let name = header_name(entry, "shared_secret.header", name, report)?;
            let prefix = prefix.clone().unwrap_or_default();
            Some(Arc::new(SharedSecret::Header { name, prefix }))
        }
        (None, None, Some(name)) if !name.is_empty() => {
            Some(Arc::new(SharedSecret::Query(name.clone())))
        }
        _ => {
            report.problem(
                entry.key("shared_secret"),
                "it names neither a header nor a parameter of the query, or both",
                "write { header = \"X-Secret\" } or { query = \"secret\" }",
            );
            None
        }
    }
}

fn header_name(
    entry: &Entry<'_>,
    key: &str,
    text: &str,
    report: &mut Report<'_>,
) -> Option<HeaderName> {
    let name = text.parse().ok();
    if name.is_none() {
        let cause = format!("{text:?} is not a header's name");
        let remedy = "write for example \"X-Signature\"";
        report.problem(entry.key(key), cause, remedy);
    }
    name
}

fn field_path(
    entry: &Entry<'_>,
    key: &str,
    text: &str,
    report: &mut Report<'_>,
) -> Option<FieldPath> {
    match text.parse() {
        Ok(path) => Some(path),
        Err(error) => {
            let remedy = "write for example \"/data/id\", \"header:X-Event-Id\" or \"query:id\"";
            report.problem(entry.key(key), format!("{text:?}: {error}"), remedy);
            None
        }
    }
}

fn secrets(entry: &Entry<'_>, report: &mut Report<'_>) -> Option<Vec<SecretSource>> {
    match &entry.section.secret {
        None => Some(Vec::new()),
        Some(sections::Secrets::One(value)) => {
            Some(vec![secret(entry, &entry.key("secret"), value, report)?])
        }
        Some(sections::Secrets::Several(values)) => {
            let mut secrets = Vec::with_capacity(values.len());
            for (index, value) in values.iter().enumerate() {
                let key = entry.key(&format!("secret[{index}]"));
                secrets.push(secret(entry, &key, value, report));
            }
            secrets.into_iter().collect()
        }
    }
}

fn secret(
    entry: &Entry<'_>,
    key: &str,
    value: &Value,
    report: &mut Report<'_>,
) -> Option<SecretSource> {
    let Value::Secret(name) = value else {
        let what = "it is the secret that the provider signs its webhooks with";
        let text = read_secret(key, value, entry.mode, entry.environment, what, report)?;
        return Some(SecretSource::Text(SecretString::new(text)));
    };
    if let Err(error) = check_secret_name(name) {
        let remedy = "write for example { secret = \"stripe-webhooks\" }";
        report.problem(key, format!("{name:?}: {error}"), remedy);
        return None;
    }
    Some(SecretSource::Shared(name.as_str().into()))
}

fn instance(
    entry: &Entry<'_>,
    kind: &dyn SourceKind,
    report: &mut Report<'_>,
) -> Option<InstanceRule> {
    let table = match &entry.section.instance {
        None => return Some(InstanceRule::Unassigned),
        Some(sections::InstanceOf::Word(word)) if word == "address" => {
            return Some(InstanceRule::Address);
        }
        Some(sections::InstanceOf::Table(table)) => Some(table),
        Some(sections::InstanceOf::Word(_)) => None,
    };
    let parts = table.map(|it| (&it.connection, &it.account, &it.field));
    match parts {
        Some((Some(name), account, None)) => {
            check_connection(entry, name, report)?;
            let places: Vec<&str> = match account {
                Some(places) => places.as_slice().iter().map(String::as_str).collect(),
                None => kind.account().to_vec(),
            };
            if places.is_empty() {
                report.problem(
                    entry.key("instance.account"),
                    "it is not known where an event names its account",
                    "write for example account = \"/account_id\"",
                );
                return None;
            }
            let mut paths = Vec::with_capacity(places.len());
            for place in places {
                paths.push(field_path(entry, "instance.account", place, report)?);
            }
            Some(InstanceRule::Account {
                connection: name.as_str().into(),
                account: paths,
            })
        }
        Some((None, None, Some(text))) => {
            field_path(entry, "instance.field", text, report).map(InstanceRule::Field)
        }
        _ => {
            report.problem(
                entry.key("instance"),
                "this does not say which instance an event is for",
                "write \"address\", { connection = \"NAME\", account = \"/pointer\" } or { field = \"/pointer\" }",
            );
            None
        }
    }
}

/// Checks that the connection's accounts have the provider's id.
fn check_connection(entry: &Entry<'_>, name: &str, report: &mut Report<'_>) -> Option<()> {
    let mut all = entry.config.connection.iter();
    let Some(connection) = all.find(|connection| connection.name == name) else {
        report.problem(
            entry.key("instance.connection"),
            format!("there is no connection named {name:?}"),
            "add a [[connection]] with this name, or correct the name",
        );
        return None;
    };
    match &connection.auth {
        ConnectionAuth::OAuth(oauth) if oauth.account_id.is_some() => Some(()),
        _ => {
            report.problem(
                entry.key("instance.connection"),
                format!("the accounts of the connection {name:?} have no id of the provider's"),
                "set account_id in auth = { oauth = { … } } of the [[connection]], such as account_id = \"/hub_id\"",
            );
            None
        }
    }
}

fn public_url(entry: &Entry<'_>, report: &mut Report<'_>) -> Option<String> {
    let text = entry.section.public_url.as_deref()?;
    if let Err(error) = Address::parse(text, false) {
        report.problem(
            entry.key("public_url"),
            format!("this address {error}"),
            "write for example https://backend.example.com",
        );
    }
    Some(text.trim_end_matches('/').to_owned())
}
