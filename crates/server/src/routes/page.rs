//! The table as a page: `docs/http-api.md`.

use std::fmt::Write as _;

use super::{Authentication, BodyLimit, Listener, RateRule, RouteSpec, all};

const HEAD: &str = "\
# HTTP API

<!-- Generated from crates/server/src/routes. Do not edit: change the rows there and run
`BACKLOT_BLESS=1 cargo test -p backlot references`. -->

Every route of the two listeners, with the policy that is applied before its handler runs. `backlot routes` prints the table
with your configuration: the prefixes of `[[api]]`, the calls of `[wix]` and `[[connection]]`, and every limit in force.
[openapi.json](openapi.json) describes the same routes with their parameters and bodies; a running server has it at
`/admin/v1/openapi.json` of the admin listener.

Every path answers `OPTIONS` and preflights; `GET` brings `HEAD` along. Requests are limited as a whole, too: see
[limits.md](limits.md). Refusals are listed in [errors.md](errors.md).
";

/// Returns the page.
pub fn page() -> String {
    let mut page = HEAD.to_owned();
    section(
        &mut page,
        "Public listener",
        "Bound to `server.listen`. Pages on the CORS list may call it.",
        |route| route.listener == Listener::Public && !route.path.starts_with("/wix-data/"),
    );
    data(&mut page);
    section(
        &mut page,
        "Admin listener",
        "Bound to `server.admin_listen`, on loopback unless configured otherwise.",
        |route| route.listener == Listener::Admin,
    );
    page
}

/// The calls of Wix Data have one policy, so it is said once.
fn data(page: &mut String) {
    page.push_str(
        "\n## Wix Data\n\nOn the public listener, as Wix's client `@wix/data` speaks it. Every path is served under \
         `/_api/cloud-data/v2`, too. Any verified caller is admitted, and the account's API key; the permissions of the \
         collection decide about the caller's role. Bodies are limited by `data.body_limit`, rates by `rate_limit`, \
         `caller_rate_limit`, `visitor_rate_limit` and `app_rate_limit` in `[data]`.\n\n| method | path | |\n| --- | --- | --- |\n",
    );
    for route in all().filter(|route| route.path.starts_with("/wix-data/")) {
        let _ = writeln!(
            page,
            "| {} | `{}` | {} |",
            methods(route),
            route.path,
            route.summary
        );
    }
}

fn methods(route: &RouteSpec) -> String {
    let names = route.policy.methods.iter();
    let names: Vec<String> = names.map(|verb| verb.to_method().to_string()).collect();
    if names.is_empty() {
        return "as configured".to_owned();
    }
    names.join(", ")
}

fn section(page: &mut String, title: &str, text: &str, has: impl Fn(&RouteSpec) -> bool) {
    let _ = write!(
        page,
        "\n## {title}\n\n{text}\n\n| method | path | authentication | body | rate | |\n| --- | --- | --- | --- | --- | --- |\n"
    );
    for route in all().filter(|route| has(route)) {
        let policy = &route.policy;
        let _ = writeln!(
            page,
            "| {} | `{}` | {} | {} | {} | {} |",
            methods(route),
            route.path,
            authentication(policy.authentication),
            body(policy.body),
            rate(policy.rate),
            route.summary,
        );
    }
}

const fn authentication(authentication: Authentication) -> &'static str {
    match authentication {
        Authentication::None => "none",
        Authentication::Caller => "any verified caller",
        Authentication::CallerOrApiKey => "any verified caller, or the account's API key",
        Authentication::Entry => "`auth`, `allow` and `plans` of the `[[api]]` entry",
        Authentication::Calls => "`allow` and `plans` of the line in `calls`",
        Authentication::Manage => "`manage` of the `[[connection]]` entry",
        Authentication::App => "your own server, with its elevated token",
        Authentication::OAuthState => "`state` of the authorization",
        Authentication::Signature => "the signature of the source",
        Authentication::Loopback => "`Host` is a loopback name or the bound address",
        Authentication::WixSignature => "Wix's signature on the body",
        Authentication::LoopbackPage => "the same; a page must be the listener's own",
    }
}

fn body(limit: BodyLimit) -> String {
    match limit {
        BodyLimit::Unread => "–".to_owned(),
        BodyLimit::Entry => "`body_limit` of the entry".to_owned(),
        BodyLimit::Data => "`data.body_limit`".to_owned(),
        BodyLimit::Wix => "`wix.body_limit`".to_owned(),
        BodyLimit::Connection => "`body_limit` of the connection".to_owned(),
        BodyLimit::Events => "`events.body_limit`".to_owned(),
        BodyLimit::Bytes(bytes) => format!("{} KiB", bytes / 1024),
    }
}

const fn rate(rule: RateRule) -> &'static str {
    match rule {
        RateRule::None => "–",
        RateRule::Entry => "`rate_limit` of the entry",
        RateRule::Data => "`rate_limit` and the others in `[data]`",
        RateRule::Connection => "`rate_limit`, `total_rate_limit` and `quota` of the connection",
    }
}
