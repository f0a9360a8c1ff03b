//! `[[connection]]`

mod auth;
mod call;
mod place;
mod value;

use std::str::FromStr as _;

use backlot_outbound::third_party::SecretSource;
use backlot_server::connections::{CacheScope, ConnectionSettings, HeaderNames};
use backlot_server::cors;
use backlot_server::policy::Roles;
use http::{HeaderName, HeaderValue};

use super::Mode;
use super::allowance::{quotas, rate_limit};
use super::report::Report;
use crate::config::sections::{CacheName, Config, Connection};
use crate::config::source::Environment;
use crate::config::values::{Duration, Timeout};

/// The maximum of `retries` and `redirects`.
const MAX_REPEATS: u32 = 10;

/// The context of all connections.
pub(super) struct Context<'all> {
    pub(super) mode: Mode,
    pub(super) environment: Environment<'all>,
    pub(super) connect_timeout: Timeout,
    pub(super) has_public_url: bool,
}

/// A connection's section, and its key.
pub(super) struct Entry<'all> {
    pub(super) section: &'all Connection,
    pub(super) key: String,
    pub(super) context: &'all Context<'all>,
}

impl Entry<'_> {
    pub(super) fn key(&self, name: &str) -> String {
        format!("{}.{name}", self.key)
    }
}

pub(super) fn resolve(
    config: &Config,
    mode: Mode,
    environment: Environment<'_>,
    report: &mut Report<'_>,
) -> Vec<ConnectionSettings> {
    let context = Context {
        mode,
        environment,
        connect_timeout: config.server.connect_timeout,
        has_public_url: config.server.public_url.is_some(),
    };
    let mut resolved: Vec<ConnectionSettings> = Vec::new();
    for (index, section) in config.connection.iter().enumerate() {
        let entry = Entry {
            section,
            key: format!("connection[{index}]"),
            context: &context,
        };
        let Some(settings) = one(&entry, report) else {
            continue;
        };
        if resolved.iter().any(|other| other.name == settings.name) {
            report.problem(
                entry.key("name"),
                format!("another connection is named {}", settings.name),
                "choose another name",
            );
        }
        resolved.push(settings);
    }
    resolved
}

fn one(entry: &Entry<'_>, report: &mut Report<'_>) -> Option<ConnectionSettings> {
    let section = entry.section;
    let name = name(entry, report);
    let place = place::resolve(entry, report);
    let calls = call::resolve(entry, report);
    let auth = auth::resolve(entry, report);
    let headers = headers(entry, report);
    let query = all(section.query.iter().map(|(name, value)| {
        let key = entry.key(&format!("query.{name}"));
        let value = value::plain_or_secret(entry, &key, value, report)?;
        Some((name.clone(), value))
    }));
    let mut names = |name: &str, texts: &[String]| header_names(entry, name, texts, report);
    let pass_headers = names("pass_headers", &section.pass_headers).filter(|names| {
        let never = PROOFS.map(HeaderName::from_static);
        let forbidden = never.iter().find(|name| names.contains(name));
        if let Some(name) = forbidden {
            forbidden_header(entry, name, report);
        }
        forbidden.is_none()
    });
    let mut names = |name: &str, texts: &[String]| header_names(entry, name, texts, report);
    let remove_headers = names("remove_headers", &section.remove_headers);
    let reply_headers = names("reply_headers", &section.reply_headers);
    let remove_reply_headers = names("remove_reply_headers", &section.remove_reply_headers);
    // All of them are reported.
    let cors_headers = section.reply_headers.iter();
    let cors_headers = cors_headers.filter(|text| is_cors(entry, "reply_headers", text, report));
    let reply_headers = reply_headers.filter(|_| cors_headers.count() == 0);
    let add_reply_headers = reply_additions(entry, report);
    let idempotency_header = match &section.idempotency_key {
        None => Some(None),
        Some(text) => header_name(entry, "idempotency_key", text, report).map(Some),
    };
    check_times(entry, report);
    check_numbers(entry, report);
    let place = place?;
    let settings = ConnectionSettings {
        name: name?,
        title: section
            .title
            .clone()
            .filter(|title| !title.trim().is_empty()),
        base: place.base,
        networks: place.networks,
        extra_roots: place.extra_roots,
        calls: calls?,
        auth: auth?,
        manage: Roles::new(section.manage.iter().copied()),
        pass_headers: pass_headers?,
        headers: headers?,
        remove_headers: remove_headers?,
        query: query?,
        remove_query: section.remove_query.clone(),
        reply_headers: reply_headers?,
        add_reply_headers: add_reply_headers?,
        remove_reply_headers: remove_reply_headers?,
        timeout: section.timeout.std(),
        idle_timeout: section.idle_timeout.std(),
        connect_timeout: entry.context.connect_timeout.std(),
        body_bytes: section.body_limit.bytes(),
        reply_limit: section.reply_limit.bytes(),
        rate_limit: section.rate_limit.map(rate_limit),
        total_rate_limit: section.total_rate_limit.map(rate_limit),
        quotas: quotas(&section.quota, |calls| *calls),
        cache: section.cache.map(|cache| match cache {
            CacheName::Instance => CacheScope::Instance,
            CacheName::Shared => CacheScope::Shared,
        }),
        retries: section.retries,
        idempotency_header: idempotency_header?,
        redirects: section.redirects,
        command_flags: match entry.context.mode {
            Mode::Dev => report.source.command_flags().into(),
            Mode::Serve => "".into(),
        },
    };
    if settings.cache == Some(CacheScope::Shared) && settings.is_per_instance() {
        report.problem(
            entry.key("cache"),
            "instances with their own credentials cannot share responses",
            "write cache = \"instance\"",
        );
    }
    Some(settings)
}

fn name(entry: &Entry<'_>, report: &mut Report<'_>) -> Option<Box<str>> {
    let text = &entry.section.name;
    let allowed =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    if (1..=40).contains(&text.len()) && text.bytes().all(allowed) {
        return Some(text.as_str().into());
    }
    let cause = if text.is_empty() {
        "the connection has no name".to_owned()
    } else {
        format!("{text:?} is not a valid name")
    };
    let remedy = "use 1 to 40 lowercase letters, digits, `-` or `_`: name = \"openai\"";
    report.problem(entry.key("name"), cause, remedy);
    None
}

fn headers(entry: &Entry<'_>, report: &mut Report<'_>) -> Option<Vec<(HeaderName, SecretSource)>> {
    let headers = entry.section.headers.iter().map(|(text, value)| {
        let key = format!("headers.{text}");
        let name = header_name(entry, &key, text, report);
        let value = value::plain_or_secret(entry, &entry.key(&key), value, report);
        Some((name?, value?))
    });
    all(headers)
}

fn reply_additions(
    entry: &Entry<'_>,
    report: &mut Report<'_>,
) -> Option<Vec<(HeaderName, HeaderValue)>> {
    let headers = entry.section.add_reply_headers.iter().map(|(text, value)| {
        let key = format!("add_reply_headers.{text}");
        let name = header_name(entry, &key, text, report);
        let name = name.filter(|_| !is_cors(entry, &key, text, report));
        let value = HeaderValue::from_str(value).ok();
        if value.is_none() {
            let cause = "this text is not valid in a header";
            report.problem(entry.key(&key), cause, "write printable text on one line");
        }
        Some((name?, value?))
    });
    all(headers)
}

/// Collects values after all of them have been resolved, so that all problems are reported. `None` if one has a problem.
fn all<T>(values: impl Iterator<Item = Option<T>>) -> Option<Vec<T>> {
    let values: Vec<Option<T>> = values.collect();
    values.into_iter().collect()
}

/// Whether a header belongs to CORS, which `[cors]` configures. Reports it if it does.
fn is_cors(entry: &Entry<'_>, name: &str, text: &str, report: &mut Report<'_>) -> bool {
    let is_cors = text.to_ascii_lowercase().starts_with(cors::PREFIX);
    if is_cors {
        report.problem(
            entry.key(name),
            format!(
                "{text} determines which pages may read a response, which is configured in [cors]"
            ),
            "remove it, and add the pages to cors.origins",
        );
    }
    is_cors
}

/// Headers with the caller's credential, which are never forwarded.
const PROOFS: [&str; 3] = ["authorization", "cookie", "proxy-authorization"];

fn forbidden_header(entry: &Entry<'_>, name: &HeaderName, report: &mut Report<'_>) {
    report.problem(
        entry.key("pass_headers"),
        format!("{name} carries the caller's credential, which is never forwarded"),
        "remove it; `auth` configures the credential for the API",
    );
}

/// Headers that belong to a single connection.
const OURS: [&str; 9] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "upgrade",
    "te",
    "trailer",
    "keep-alive",
    "proxy-connection",
];

pub(super) fn header_name(
    entry: &Entry<'_>,
    name: &str,
    text: &str,
    report: &mut Report<'_>,
) -> Option<HeaderName> {
    let header = HeaderName::from_str(text).ok();
    let header = header.filter(|header| !OURS.contains(&header.as_str()));
    if header.is_none() {
        report.problem(
            entry.key(name),
            format!("{text:?} is not a header that can be set"),
            "write the name of a header, such as X-Api-Key",
        );
    }
    header
}

fn header_names(
    entry: &Entry<'_>,
    name: &str,
    texts: &[String],
    report: &mut Report<'_>,
) -> Option<HeaderNames> {
    match HeaderNames::parse(texts) {
        Ok(names) => Some(names),
        Err(text) => {
            report.problem(
                entry.key(name),
                format!("{text:?} is not a valid header name"),
                "write names such as retry-after, or prefixes such as x-ratelimit-*",
            );
            None
        }
    }
}

fn check_times(entry: &Entry<'_>, report: &mut Report<'_>) {
    let section = entry.section;
    let mut times = vec![
        ("timeout", section.timeout),
        ("idle_timeout", section.idle_timeout),
    ];
    times.extend(section.rate_limit.map(|limit| ("rate_limit", limit.per)));
    times.extend(
        section
            .total_rate_limit
            .map(|limit| ("total_rate_limit", limit.per)),
    );
    for (name, time) in times {
        if time.std() > Duration::hours(24 * 31).std() {
            report.problem(
                entry.key(name),
                "it is longer than a month",
                "write a shorter duration, such as \"1h\"",
            );
        }
    }
}

fn check_numbers(entry: &Entry<'_>, report: &mut Report<'_>) {
    let section = entry.section;
    for (name, number) in [
        ("retries", section.retries),
        ("redirects", section.redirects),
    ] {
        if number > MAX_REPEATS {
            let cause = format!("it is more than {MAX_REPEATS}");
            report.problem(entry.key(name), cause, "two or three are enough");
        }
    }
    if section.reply_limit.bytes() == 0 {
        let remedy = "write for example \"50MiB\", or remove the line";
        report.problem(
            entry.key("reply_limit"),
            "it is zero, so every response would be refused",
            remedy,
        );
    }
}
