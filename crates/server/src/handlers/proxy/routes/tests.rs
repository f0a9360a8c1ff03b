//! Which entry a path belongs to, and that no spelling reaches a stricter one.

use std::time::Duration;

use backlot_outbound::upstream::Address;
use backlot_wix::Role;
use http::Method;
use percent_encoding::percent_decode_str;

use super::*;
use crate::handlers::proxy::{Destination, Limits};
use crate::http::methods::Methods;
use crate::policy::{AccessRule, AuthPolicy, RateLimit, Roles};

fn settings(path: &str, access: AuthPolicy) -> EntrySettings {
    EntrySettings {
        path: Prefix::parse(path).unwrap(),
        destination: Destination::Upstream(Address::parse("http://127.0.0.1:9", false).unwrap()),
        strip_prefix: false,
        methods: Methods::new([Method::GET, Method::POST]),
        access,
        limits: Limits::default(),
        rate_limit: None,
        pass_authorization: false,
        pass_headers: Vec::new(),
        rewrite_redirects: true,
    }
}

fn allow(roles: &[Role]) -> AuthPolicy {
    AuthPolicy::Verified(AccessRule {
        roles: Roles::new(roles.iter().copied()),
        plans: Vec::new(),
    })
}

fn entries(list: &[(&str, AuthPolicy)]) -> Entries {
    let settings = list
        .iter()
        .map(|(path, access)| settings(path, access.clone()));
    Entries::new(settings.collect())
}

fn found(entries: &Entries, path: &str) -> String {
    match entries.find(path) {
        Ok(entry) => entry.settings.path.as_str().to_owned(),
        Err(code) => code.name().to_owned(),
    }
}

const OWNER: &[Role] = &[Role::Owner];
const MEMBERS: &[Role] = &[Role::Owner, Role::Member];

#[test]
fn an_encoded_query_before_dots_passes_no_rule() {
    let entries = entries(&[
        ("/nx/public", AuthPolicy::Anybody),
        ("/nx/admin", allow(OWNER)),
    ]);
    for path in [
        "/nx/public%3f/../admin",
        "/nx/public%3F/%2e%2e/admin",
        "/nx/public%23/../admin",
        "/nx/public%3b/../admin",
        "/nx/public%253f/../admin",
        "/nx/public/%3f/..%2f../admin",
        "/nx/public%3f\\..\\admin",
    ] {
        assert_eq!(found(&entries, path), "PATH_NOT_ALLOWED", "{path}");
    }
}

#[test]
fn another_spelling_falls_under_the_strictest_rule_or_none() {
    let entries = entries(&[
        ("/", allow(MEMBERS)),
        ("/public", AuthPolicy::Anybody),
        ("/public/admin", allow(OWNER)),
    ]);
    for (path, entry) in [
        ("/public", "/public"),
        ("/public/x", "/public"),
        ("/public/admin/x", "/public/admin"),
        ("/public/100%25ab", "/public"),
        ("/public/https%3A%2F%2Fexample.com%2Fadmin", "/public"),
        ("/public/getUser", "/public"),
        ("/PUBLIC", "/"),
        ("/public.", "/"),
        ("/public;x", "/"),
        ("/public%2Fx", "/"),
        ("/public%3Fx", "/"),
        ("/%70ublic/x", "/"),
        ("//public/x", "/"),
        ("//host/public/x", "/"),
        ("/public%2Fadmin", "/public/admin"),
        ("/public/%61dmin", "/public/admin"),
        ("/public/Admin", "/public/admin"),
        ("/public//admin", "/public/admin"),
        ("/public;x/admin", "/public/admin"),
        ("/public%252Fadmin", "/public/admin"),
        ("/public/;%2Fx/%61dmin", "/public/admin"),
        ("/public/adm%C4%B0n", "/public/admin"),
        ("/public/adm%C4%B1n", "/public/admin"),
        ("//host/public/admin", "/public/admin"),
        ("/public/a\\b", "PATH_NOT_ALLOWED"),
        ("/public/../admin", "PATH_NOT_ALLOWED"),
    ] {
        assert_eq!(found(&entries, path), entry, "{path}");
    }
}

#[test]
fn ordinary_paths_stay_possible() {
    let entries = entries(&[("/api", allow(MEMBERS)), ("/api/admin", allow(OWNER))]);
    for path in [
        "/api/100%25ab",
        "/api/https%3A%2F%2Fexample.com%2Fa%3Fb%3D1%23c",
        "/api/a%5Cb",
        "/api/a;v=1/b",
        "/api/Order%20No.%201",
        "/api/caf%C3%A9/caf%E9",
        "/api/.well-known/x",
        "/api/v1.",
        "/api/a//b",
    ] {
        assert_eq!(found(&entries, path), "/api", "{path}");
    }
    for path in ["/API/x", "/api%2Fx", "/apix", "//api/x"] {
        assert_eq!(found(&entries, path), "ROUTE_NOT_FOUND", "{path}");
    }
}

#[test]
fn entries_of_which_none_is_strictest_refuse_what_could_mean_both() {
    let entries = entries(&[("/", allow(&[Role::Member])), ("/a", allow(&[Role::Owner]))]);
    assert_eq!(found(&entries, "/A"), "PATH_NOT_ALLOWED");
    assert_eq!(found(&entries, "/B"), "/");
}

fn stripping(list: &[(&str, &str, AuthPolicy)]) -> Entries {
    let settings = list.iter().map(|(path, upstream, access)| EntrySettings {
        strip_prefix: true,
        destination: Destination::Upstream(Address::parse(upstream, false).unwrap()),
        ..settings(path, access.clone())
    });
    Entries::new(settings.collect())
}

#[test]
fn what_remains_without_the_prefix_passes_no_rule() {
    let entries = stripping(&[
        ("/api", "http://127.0.0.1:9", AuthPolicy::Anybody),
        ("/api/admin", "http://127.0.0.1:9/admin", allow(OWNER)),
    ]);
    for path in [
        "/api//h/admin/x",
        "/api/%2Fh/admin",
        "/api///h/admin",
        "/api//admin",
        "/api/;a=b/h/admin",
        "/api//h/adm%ffin",
    ] {
        assert_eq!(found(&entries, path), "/api/admin", "{path}");
    }
    for path in ["/api/x", "/api//x/y", "/api/100%25ab", "/api/a%2Fb"] {
        assert_eq!(found(&entries, path), "/api", "{path}");
    }
    // Nor does it leave the path that all at the upstream begin with.
    let entries = stripping(&[
        ("/v", "http://127.0.0.1:9/base", AuthPolicy::Anybody),
        ("/v/admin", "http://127.0.0.1:9/base/admin", allow(OWNER)),
    ]);
    assert_eq!(found(&entries, "/v//h/admin"), "/v");
    assert_eq!(found(&entries, "/v//admin"), "/v/admin");
    assert_eq!(found(&entries, "/v/..;/x"), "PATH_NOT_ALLOWED");
}

#[test]
fn headers_that_are_passed_are_rules_too() {
    let mut root = settings("/", AuthPolicy::Anybody);
    root.pass_headers = vec![http::HeaderName::from_static("x-http-method-override")];
    let entries = Entries::new(vec![root, settings("/items", AuthPolicy::Anybody)]);
    for path in ["/Items/1", "/%69tems/1", "//items/1"] {
        assert_eq!(found(&entries, path), "/items", "{path}");
    }
    assert_eq!(found(&entries, "/Other"), "/");
}

#[test]
fn methods_rates_and_sizes_are_rules_too() {
    let strict = |change: fn(&mut EntrySettings)| {
        let mut login = settings("/login", AuthPolicy::Anybody);
        change(&mut login);
        Entries::new(vec![settings("/", AuthPolicy::Anybody), login])
    };
    for entries in [
        strict(|entry| entry.methods = Methods::new([http::Method::GET])),
        strict(|entry| entry.limits.body_bytes = 10),
        strict(|entry| {
            entry.rate_limit = Some(RateLimit {
                requests: 5.try_into().unwrap(),
                per: Duration::from_mins(1),
            });
        }),
    ] {
        assert_eq!(found(&entries, "/LOGIN"), "/login");
        assert_eq!(found(&entries, "/login%2Fx"), "/login");
    }
}

/// What kinds of servers make of a path, each written down by itself.
fn readings_of_servers(path: &str) -> Vec<String> {
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let once = decode(path);
    let whatwg = url::Url::parse("http://host")
        .and_then(|base| base.join(path))
        .map_or_else(|_| path.to_owned(), |url| url.path().to_owned());
    let cut = |text: &str| {
        text.split(['?', '#', ';'])
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    let twice = decode(&once);
    let join = |text: &str| {
        let names = text.split('/').filter(|name| !name.is_empty());
        let joined = names.fold(String::new(), |all, name| format!("{all}/{name}"));
        if joined.is_empty() {
            "/".to_owned()
        } else {
            joined
        }
    };
    // As Tomcat: parameters go first, and what is left is decoded.
    let names = path
        .split('/')
        .map(|name| name.split(';').next().unwrap_or_default());
    let without_parameters = decode(&names.collect::<Vec<_>>().join("/"));
    // As PHP's `parse_url`: the host goes first.
    let after_host = path
        .strip_prefix("//")
        .and_then(|rest| rest.find('/').map(|at| decode(&rest[at..])));
    vec![
        join(&once),
        join(&without_parameters),
        without_parameters,
        after_host.unwrap_or_else(|| once.clone()),
        path.to_owned(),
        decode(&whatwg),
        cut(path),
        cut(&once),
        cut(&twice),
        percent_encoding::percent_decode_str(path)
            .collect::<Vec<u8>>()
            .utf8_chunks()
            .map(|chunk| chunk.valid())
            .collect(),
        once.to_lowercase(),
        path.to_lowercase(),
        whatwg,
        once,
        twice,
    ]
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(4096))]

    /// For every pair of entries: what a path may do under the rule that is applied to it, it may do with every
    /// handler that it reaches.
    #[test]
    fn no_spelling_reaches_a_stricter_handler(
        pair in proptest::sample::subsequence(vec!["/", "/a", "/a/b", "/a/b/a", "/b", "/b/a"], 2),
        strict_first in proptest::bool::ANY,
        path in "(/|/a|/b|%2f|%2F|%5c|%3f|%23|%3b|%25|%2561|%252f|%61|%62|A|B|;|\\.|%2e|\\.\\.|%20|%ff|%C3|//|/host|x){1,8}",
    ) {
        let path = format!("/{path}");
        let access = |strict: bool| if strict { allow(OWNER) } else { AuthPolicy::Anybody };
        let entries = entries(&[
            (pair[0], access(strict_first)),
            (pair[1], access(!strict_first)),
        ]);
        if let Ok(ruled) = entries.find(&path) {
            for reading in readings_of_servers(&path) {
                let handler = entries.longest(|prefix| prefix.holds(&reading));
                proptest::prop_assert!(
                    handler.is_some_and(|handler| ruled.is_as_strict_as(handler)),
                    "{path} is read as {reading} under the rule of {}", ruled.settings.path.as_str()
                );
            }
        }
    }

    /// The same where prefixes are taken off: what the upstream is sent is read in every way, and what it is the path
    /// of on this server is no stricter entry's.
    #[test]
    fn no_spelling_reaches_a_stricter_handler_without_the_prefix(
        pair in proptest::sample::subsequence(vec!["/a", "/a/b", "/a/b/a", "/b", "/b/a"], 2),
        strict_first in proptest::bool::ANY,
        path in "(/a|/b)(/|/a|/b|%2f|%5c|%3f|%23|%3b|%25|%61|A|B|;|%20|%ff|//|/host|x){1,7}",
    ) {
        let access = |strict: bool| if strict { allow(OWNER) } else { AuthPolicy::Anybody };
        let entries = stripping(&[
            (pair[0], "http://127.0.0.1:9", access(strict_first)),
            (pair[1], "http://127.0.0.1:9", access(!strict_first)),
        ]);
        if let Ok(ruled) = entries.find(&path) && let Some(sent) = ruled.settings.path.strip(&path) {
            for reading in readings_of_servers(sent) {
                let public = ruled.settings.path.with(&reading);
                let handler = entries.longest(|prefix| prefix.holds(&public));
                proptest::prop_assert!(
                    handler.is_some_and(|handler| ruled.is_as_strict_as(handler)),
                    "{path}: {sent} is read as {reading} under the rule of {}", ruled.settings.path.as_str()
                );
            }
        }
    }
}
