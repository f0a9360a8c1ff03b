//! `[app]`: the values of the app.

use backlot_outbound::hop_by_hop::is_hop_by_hop;
use backlot_wix::jwt::PublicKey;
use backlot_wix::signed_instance::Policy;
use backlot_wix::{AppId, AppSecret, AppSecrets};
use http::HeaderName;

use super::report::Report;
use super::secret::read_secret;
use super::{Fallback, Mode};
use crate::config::sections::{App, Auth, Config};
use crate::config::source::Environment;
use crate::config::values::{OneOrMore, SecretError, Value};

pub(super) struct ResolvedApp {
    pub(super) policy: Policy,
    pub(super) secrets: AppSecrets,
    pub(super) public_keys: Vec<PublicKey>,
    pub(super) instance_headers: Vec<HeaderName>,
}

const APP_SECRET: &str = "the app secret has 36 characters";
const WHERE: &str = "it is in the app's dashboard on dev.wix.com, under View ID & keys";

pub(super) fn resolve(
    app: &App,
    mode: Mode,
    fallback: &Fallback,
    environment: Environment<'_>,
    report: &mut Report<'_>,
) -> Option<ResolvedApp> {
    let nothing_set = app.id.is_none() && app.secret.is_none();
    let make_believe = fallback.app.as_ref().filter(|_| nothing_set);
    let id = match (make_believe, &app.id) {
        (Some((id, _)), _) => id.parse().ok(),
        (None, text) => app_id(text.as_deref(), report),
    };
    let secrets = match make_believe {
        Some((_, secret)) => AppSecrets::new(vec![AppSecret::new(secret)]),
        None => secrets(app.secret.as_ref(), mode, environment, report),
    };
    let mut public_keys = public_keys(app.public_key.as_ref(), environment, report);
    // What the simulator signs is verified beside what Wix signs.
    public_keys.extend(
        fallback
            .public_key
            .as_deref()
            .map(PublicKey::parse)
            .and_then(Result::ok),
    );
    let instance_headers = instance_headers(&app.instance_headers, report);
    Some(ResolvedApp {
        policy: Policy {
            app_id: id?,
            maximum_age: app.maximum_age.signed(),
            clock_skew: app.clock_skew.signed(),
        },
        secrets: secrets?,
        public_keys,
        instance_headers,
    })
}

/// Headers with another meaning, which cannot carry a credential.
const TAKEN: [&str; 5] = ["authorization", "cookie", "host", "origin", "referer"];
/// Prefixes of headers that have another meaning.
const TAKEN_BEGINNINGS: [&str; 9] = [
    "x-backlot-",
    "x-forwarded-",
    "access-control-",
    "content-",
    "sec-",
    "proxy-",
    "if-",
    "accept",
    "x-request-id",
];

fn instance_headers(names: &[String], report: &mut Report<'_>) -> Vec<HeaderName> {
    let mut headers = Vec::with_capacity(names.len());
    for (index, text) in names.iter().enumerate() {
        let name = HeaderName::try_from(text.trim()).ok().filter(|name| {
            let text = name.as_str();
            let is_taken = TAKEN.contains(&text) || is_hop_by_hop(name);
            !is_taken && !TAKEN_BEGINNINGS.iter().any(|it| text.starts_with(it))
        });
        match name {
            Some(name) if !headers.contains(&name) => headers.push(name),
            Some(_) => {}
            None => report.problem(
                format!("app.instance_headers[{index}]"),
                format!("{text:?} is not a custom header of a page"),
                "write for example x-wix-instance; Authorization needs no line",
            ),
        }
    }
    headers
}

fn app_id(text: Option<&str>, report: &mut Report<'_>) -> Option<AppId> {
    let Some(text) = text else {
        let remedy = format!("set it, or WIX_CLIENT_ID; {WHERE}");
        report.missing_app_value("app.id", "the app id is missing", remedy);
        return None;
    };
    let id = text.trim().parse().ok();
    if id.is_none() {
        report.problem(
            "app.id",
            format!("{text:?} is not an app id"),
            "it is a GUID such as 7f3c2c1a-9a55-4f0e-8c5d-0123456789ab",
        );
    }
    id
}

fn secrets(
    configured: Option<&OneOrMore<Value>>,
    mode: Mode,
    environment: Environment<'_>,
    report: &mut Report<'_>,
) -> Option<AppSecrets> {
    let list = configured.map(OneOrMore::as_slice).unwrap_or_default();
    if list.is_empty() {
        let remedy =
            format!("set it to {{ env = \"WIX_CLIENT_SECRET\" }} and that variable; {WHERE}");
        report.missing_app_value("app.secret", "the app secret is missing", remedy);
        return None;
    }
    let mut secrets = Vec::new();
    for (index, value) in list.iter().enumerate() {
        let key = match configured {
            Some(OneOrMore::More(_)) => format!("app.secret[{index}]"),
            _ => "app.secret".to_owned(),
        };
        if let Some(text) = read_secret(&key, value, mode, environment, APP_SECRET, report) {
            secrets.push(AppSecret::new(&text));
        }
    }
    AppSecrets::new(secrets)
}

/// Reads the public keys, if there are any.
fn public_keys(
    configured: Option<&OneOrMore<Value>>,
    environment: Environment<'_>,
    report: &mut Report<'_>,
) -> Vec<PublicKey> {
    let list = configured.map(OneOrMore::as_slice).unwrap_or_default();
    let mut keys = Vec::with_capacity(list.len());
    for (index, value) in list.iter().enumerate() {
        let key = match configured {
            Some(OneOrMore::More(_)) => format!("app.public_key[{index}]"),
            _ => "app.public_key".to_owned(),
        };
        let parsed = match value.read(report.source, environment) {
            Ok(text) => PublicKey::parse(&text).map_err(|error| error.to_string()),
            Err(error @ SecretError::NotSet(_)) => {
                report.missing_app_value(key, error.to_string(), WHERE);
                continue;
            }
            Err(error) => Err(error.to_string()),
        };
        match parsed {
            Ok(parsed) => keys.push(parsed),
            Err(cause) => report.problem(key, cause, WHERE),
        }
    }
    keys
}

/// Reports that the public key is missing, if something needs it.
pub(super) fn check_public_key(
    config: &Config,
    resolved: Option<&ResolvedApp>,
    mode: Mode,
    report: &mut Report<'_>,
) {
    // In development, the simulator has one.
    if config.app.public_key.is_some() || resolved.is_none() || mode == Mode::Dev {
        return;
    }
    let mut entries = config.api.iter();
    if entries.any(|entry| entry.auth == Some(Auth::WixDigest)) {
        report.missing_app_value(
            "app.public_key",
            "an entry with `auth = \"wix_digest\"` needs the app's public key",
            WHERE,
        );
    } else if !config.subscription.is_empty() {
        report.warn(
            "app.public_key",
            "it is not set, so webhooks of Wix are refused",
        );
    }
}
