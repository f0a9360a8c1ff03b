//! `[[api]]`

use backlot_outbound::upstream::Address;
use backlot_server::handlers::proxy::{Destination, EntrySettings, Limits, Prefix, is_override};
use backlot_server::http::methods::Methods;
use backlot_server::policy::{AccessRule, AuthPolicy, Roles};
use backlot_server::routes::RESERVED;
use http::{HeaderName, Method};

use super::allowance::rate_limit;
use super::report::Report;
use crate::config::sections::{Api, Auth};
use crate::config::values::Timeout;

pub(super) fn resolve(entries: &[Api], report: &mut Report<'_>) -> Vec<EntrySettings> {
    let mut resolved: Vec<EntrySettings> = Vec::new();
    for (index, api) in entries.iter().enumerate() {
        let key = |name: &str| format!("api[{index}].{name}");
        let Some(entry) = entry(api, &key, report) else {
            continue;
        };
        if resolved
            .iter()
            .any(|other| other.path.is_same_as(&entry.path))
        {
            report.problem(
                key("path"),
                "another entry has the same path",
                "merge the two entries",
            );
        }
        resolved.push(entry);
    }
    resolved
}

fn entry(
    api: &Api,
    key: &dyn Fn(&str) -> String,
    report: &mut Report<'_>,
) -> Option<EntrySettings> {
    let path = prefix(&api.path, key("path"), report);
    let upstream = upstream(api, key("upstream"), report);
    let methods = methods(&api.methods, key, report);
    let access = access(api, key, report);
    Some(EntrySettings {
        path: path?,
        destination: Destination::Upstream(upstream?),
        strip_prefix: api.strip_prefix,
        methods: methods?,
        access: access?,
        limits: Limits {
            timeout: api.timeout.std(),
            body_bytes: api.body_limit.bytes(),
            idle_timeout: api.idle_timeout.std(),
            body_timeout: api.body_timeout.map(Timeout::std),
        },
        rate_limit: api.rate_limit.map(rate_limit),
        pass_authorization: api.pass_authorization,
        pass_headers: pass_headers(&api.pass_headers, key, report),
        rewrite_redirects: api.rewrite_redirects,
    })
}

fn prefix(text: &str, key: String, report: &mut Report<'_>) -> Option<Prefix> {
    let prefix = match Prefix::parse(text) {
        Ok(prefix) => prefix,
        Err(error) => {
            report.problem(
                key,
                format!("{text:?}: {error}"),
                "write for example path = \"/api\"",
            );
            return None;
        }
    };
    let reserved = RESERVED.iter().find(|reserved| {
        Prefix::parse(reserved)
            .is_ok_and(|reserved| reserved.holds(&prefix.as_str().to_ascii_lowercase()))
    });
    if let Some(reserved) = reserved {
        report.problem(
            key,
            format!("{reserved} is reserved"),
            "choose another path, such as /api",
        );
        return None;
    }
    Some(prefix)
}

fn pass_headers(
    names: &[String],
    key: &dyn Fn(&str) -> String,
    report: &mut Report<'_>,
) -> Vec<HeaderName> {
    let mut passed = Vec::with_capacity(names.len());
    for (index, name) in names.iter().enumerate() {
        match HeaderName::try_from(name.trim()) {
            Ok(name) if is_override(&name) => passed.push(name),
            _ => report.problem(
                key(&format!("pass_headers[{index}]")),
                format!("{name:?} is not a header that overrides a path or a method"),
                "remove it: other headers are forwarded anyway, except those that identify the caller",
            ),
        }
    }
    passed
}

fn upstream(api: &Api, key: String, report: &mut Report<'_>) -> Option<Address> {
    match Address::parse(&api.upstream, api.http2) {
        Ok(address) => Some(address),
        Err(error) => {
            // Not repeated: it may hold a password.
            report.problem(
                key,
                format!("this address {error}"),
                "write for example upstream = \"http://127.0.0.1:3000\"",
            );
            None
        }
    }
}

fn methods(
    names: &[String],
    key: &dyn Fn(&str) -> String,
    report: &mut Report<'_>,
) -> Option<Methods> {
    const KNOWN: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
    let mut methods = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let name = name.trim();
        if KNOWN.contains(&name) {
            methods.extend(Method::from_bytes(name.as_bytes()));
        } else {
            let key = key(&format!("methods[{index}]"));
            report.problem(
                key,
                format!("{name:?} is not a supported method"),
                format!(
                    "choose from {}; preflights (OPTIONS) are always answered",
                    KNOWN.join(", ")
                ),
            );
        }
    }
    if names.is_empty() {
        report.problem(
            key("methods"),
            "the list is empty, so nothing would be served",
            "remove the line, or write methods = [\"GET\"]",
        );
    }
    (!methods.is_empty()).then(|| Methods::new(methods))
}

fn access(api: &Api, key: &dyn Fn(&str) -> String, report: &mut Report<'_>) -> Option<AuthPolicy> {
    match (api.auth, api.allow.as_slice()) {
        (Some(Auth::None), []) if api.plans.is_empty() => Some(AuthPolicy::Anybody),
        (Some(Auth::WixDigest), []) if api.plans.is_empty() => Some(AuthPolicy::WixDigest),
        (Some(Auth::WixDigest), _) => {
            report.problem(
                key("auth"),
                "`auth = \"wix_digest\"` is for requests of Wix, which have neither a role nor a plan",
                "remove `allow` and `plans`",
            );
            None
        }
        (Some(Auth::None), _) => {
            report.problem(
                key("auth"),
                "`auth = \"none\"` allows all requests, which contradicts `allow` or `plans`",
                "keep one of them",
            );
            None
        }
        (None, []) => {
            report.problem(
                key("allow"),
                "no role may call this entry",
                "write allow = [\"owner\", \"member\", \"visitor\"], or auth = \"none\" to allow unverified requests",
            );
            None
        }
        (None, roles) => Some(AuthPolicy::Verified(AccessRule {
            roles: Roles::new(roles.iter().copied()),
            plans: api.plans.clone(),
        })),
    }
}
