//! `[cors]`

use backlot_server::cors::{CorsHeaders, Origin, Pattern, Policy};
use backlot_wix::AppId;

use super::Mode;
use super::report::Report;
use crate::config::sections::{Connection, Cors, WixHosts};

pub(super) fn resolve(
    cors: &Cors,
    connections: &[Connection],
    app_id: Option<AppId>,
    mode: Mode,
    report: &mut Report<'_>,
) -> Option<(Policy, CorsHeaders)> {
    if cors.localhost && mode == Mode::Serve {
        report.problem(
            "cors.localhost",
            "it would allow any program on a visitor's machine to read responses",
            "remove the line; `backlot dev` turns it on",
        );
    }
    let mut patterns = Vec::new();
    for (index, text) in cors.origins.iter().enumerate() {
        let key = format!("cors.origins[{index}]");
        match Pattern::parse(text) {
            Ok(pattern) => {
                check_plain_http(&key, text, &pattern, mode, report);
                patterns.push(pattern);
            }
            Err(error) => report.problem(
                key,
                format!("{text:?}: {error}"),
                "write for example https://admin.example.com",
            ),
        }
    }
    patterns.extend(app_id.map(|id| Pattern::Exact(format!("https://{id}.wix.run"))));
    patterns.extend(wix_hosts(&cors.wix_hosts, report));
    if mode == Mode::Dev {
        patterns.push(one_label_before(DEVELOPMENT_SITES));
    }
    let localhost = cors.localhost || mode == Mode::Dev;
    let answer = headers(cors, connections, report);
    Some((Policy::new(patterns, localhost), answer?))
}

/// The domain of the pages of apps that Wix hosts. Each app has a subdomain.
const WIX_HOSTS: &str = ".wix-host.com";
/// The domain of Wix's development sites.
const DEVELOPMENT_SITES: &str = ".wix-development-sites.org";

fn one_label_before(domain: &str) -> Pattern {
    Pattern::OneLabel {
        before: "https://".to_owned(),
        after: domain.to_owned(),
    }
}

fn wix_hosts(hosts: &WixHosts, report: &mut Report<'_>) -> Vec<Pattern> {
    let names = match hosts {
        WixHosts::All(true) => return vec![one_label_before(WIX_HOSTS)],
        WixHosts::All(false) => &[][..],
        WixHosts::Named(names) => names,
    };
    let mut patterns = Vec::with_capacity(names.len());
    for (index, name) in names.iter().enumerate() {
        let origin = format!("https://{name}{WIX_HOSTS}");
        if !name.contains(['.', ':', '*']) && Origin::parse(&origin).is_some() {
            patterns.push(Pattern::Exact(origin));
        } else {
            report.problem(
                format!("cors.wix_hosts[{index}]"),
                format!("{name:?} is not the name of an app's host"),
                "write the part of the page's origin before .wix-host.com, such as my-app-1a2b3c",
            );
        }
    }
    patterns
}

fn check_plain_http(key: &str, text: &str, pattern: &Pattern, mode: Mode, report: &mut Report<'_>) {
    if mode == Mode::Dev || !pattern.is_plain_http() {
        return;
    }
    if Origin::parse(text).is_some_and(|origin| origin.is_localhost()) {
        report.warn(key, "pages on this machine are allowed");
    } else {
        report.problem(
            key,
            "a page over plain http can be changed in transit",
            "serve the page over https",
        );
    }
}

/// Headers that pages may send to any connection, besides those that CORS always allows.
const FROM_PAGES: [&str; 6] = [
    "content-encoding",
    "idempotency-key",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-unmodified-since",
];

/// Returns the headers that connections forward. CORS cannot express prefixes.
fn of_connections(connections: &[Connection]) -> Vec<String> {
    let is_name = |name: &&String| http::HeaderName::from_bytes(name.as_bytes()).is_ok();
    let passed = connections.iter().flat_map(|it| &it.pass_headers);
    let mut names: Vec<String> = passed
        .filter(is_name)
        .map(|name| name.to_ascii_lowercase())
        .collect();
    if !connections.is_empty() {
        names.extend(FROM_PAGES.map(str::to_owned));
        names.extend(
            connections
                .iter()
                .filter_map(|it| Some(it.idempotency_key.as_ref()?.to_ascii_lowercase())),
        );
    }
    names.sort_unstable();
    names.dedup();
    names
}

fn headers(
    cors: &Cors,
    connections: &[Connection],
    report: &mut Report<'_>,
) -> Option<CorsHeaders> {
    let lower = |names: &[String]| -> Vec<String> {
        names
            .iter()
            .map(|name| name.trim().to_ascii_lowercase())
            .collect()
    };
    let seconds = u32::try_from(cors.max_age.std().as_secs()).unwrap_or(u32::MAX);
    let mut allowed = lower(&cors.allow_headers);
    allowed.extend(of_connections(connections));
    let answer = CorsHeaders::new(&allowed, &lower(&cors.expose_headers), seconds);
    if answer.is_none() {
        for (key, names) in [
            ("cors.allow_headers", &cors.allow_headers),
            ("cors.expose_headers", &cors.expose_headers),
        ] {
            for (index, name) in names.iter().enumerate() {
                if http::HeaderName::from_bytes(name.trim().as_bytes()).is_err() {
                    report.problem(
                        format!("{key}[{index}]"),
                        format!("{name:?} is not the name of a header"),
                        "write for example x-my-header",
                    );
                }
            }
        }
    }
    answer
}
