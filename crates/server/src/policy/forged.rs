//! Request headers that do not reach an upstream: a client could forge the caller with them, its own address, or
//! the path and method that the rules were applied to.
//!
//! Servers that pass headers on as CGI variables read `_`, `.` and others as `-`, so a name is compared in every
//! such spelling.

use std::sync::LazyLock;

use http::header::{HeaderMap, HeaderName};

/// Headers by which frameworks and servers take another path, method or host than the request's, or a user that a
/// proxy has checked: gunicorn takes `SCRIPT_NAME` off the path. They are removed from every request, unless the entry
/// passes them by name.
const OVERRIDES: [&[u8]; 39] = [
    b"path-info",
    b"proxy",
    b"remote-user",
    b"request-uri",
    b"script-name",
    b"unencoded-url",
    b"x-accel-mapping",
    b"x-auth-request-email",
    b"x-auth-request-user",
    b"x-authenticated-user",
    b"x-envoy-original-path",
    b"x-host-override",
    b"x-http-host-override",
    b"x-http-method",
    b"x-http-method-override",
    b"x-http-override",
    b"x-http-path-override",
    b"x-invoke-path",
    b"x-invoke-query",
    b"x-matched-path",
    b"x-method-override",
    b"x-nextjs-matched-path",
    b"x-nextjs-rewrite",
    b"x-original-method",
    b"x-original-path",
    b"x-original-uri",
    b"x-original-url",
    b"x-override-method",
    b"x-override-url",
    b"x-path-info",
    b"x-remote-user",
    b"x-request-uri",
    b"x-rewrite-uri",
    b"x-rewrite-url",
    b"x-script-name",
    b"x-sendfile-type",
    b"x-url-override",
    b"x-waws-unencoded-url",
    b"x-webauth-user",
];

/// The beginning of headers by which Next.js skips its middleware and rewrites paths.
const NEXT_MIDDLEWARE: &[u8] = b"x-middleware-";

/// What only a proxy may say of the client, beside `X-Forwarded-*`.
const CLIENTS: [&[u8]; 34] = [
    b"cf-connecting-ip",
    b"cf-connecting-ipv6",
    b"client-ip",
    b"do-connecting-ip",
    b"fastly-client-ip",
    b"fly-client-ip",
    b"forwarded",
    b"forwarded-for",
    b"forwarded-for-ip",
    b"front-end-https",
    b"proxy-client-ip",
    b"true-client-ip",
    b"wl-proxy-client-ip",
    b"x-appengine-user-ip",
    b"x-azure-clientip",
    b"x-azure-socketip",
    b"x-client-ip",
    b"x-cluster-client-ip",
    b"x-envoy-external-address",
    b"x-forward-for",
    b"x-forwarded",
    b"x-host",
    b"x-nf-client-connection-ip",
    b"x-original-forwarded-for",
    b"x-original-host",
    b"x-originating-ip",
    b"x-proxyuser-ip",
    b"x-real-ip",
    b"x-remote-addr",
    b"x-remote-ip",
    b"x-scheme",
    b"x-trusted-ip",
    b"x-url-scheme",
    b"x-vercel-forwarded-for",
];

/// Headers that this server reads or writes itself: in another spelling they would reach a server that takes it for
/// the same name.
const OURS: [&[u8]; 9] = [
    b"authorization",
    b"connection",
    b"content-length",
    b"content-type",
    b"cookie",
    b"expect",
    b"host",
    b"transfer-encoding",
    b"x-request-id",
];

/// What a header is removed for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sense {
    /// It overrides the request line.
    Override,
    /// It is what a proxy says of the client.
    Client,
    /// In another spelling, it is one that this server reads or writes.
    Ours,
}

type Names = Vec<(&'static [u8], Sense)>;

/// The names above by their length, so that a name is compared with few of them.
static BY_LENGTH: LazyLock<Vec<Names>> = LazyLock::new(|| {
    let all = OVERRIDES.iter().map(|name| (*name, Sense::Override));
    let all = all.chain(CLIENTS.iter().map(|name| (*name, Sense::Client)));
    let all = all.chain(OURS.iter().map(|name| (*name, Sense::Ours)));
    let mut by_length = Vec::new();
    for (name, sense) in all {
        if by_length.len() <= name.len() {
            by_length.resize(name.len() + 1, Vec::new());
        }
        by_length[name.len()].push((name, sense));
    }
    by_length
});

/// How a server takes a name that it reads with every mark as `-`.
fn sense_of(name: &[u8]) -> Option<Sense> {
    if starts_with(name, NEXT_MIDDLEWARE) {
        return Some(Sense::Override);
    }
    if starts_with(name, b"x-forwarded-") {
        return Some(Sense::Client);
    }
    let same_length = BY_LENGTH.get(name.len())?;
    let same = same_length.iter().find(|(other, _)| folded_eq(name, other));
    same.map(|(_, sense)| *sense)
}

/// Removes the headers that only this server may set, those that override the request line, and from a client
/// that is no trusted proxy, those that only a proxy may set. `passed` are the overrides that the entry lets through;
/// `instance_headers`, in which a credential may come, are removed in every spelling but their own.
pub(crate) fn remove_forged(
    headers: &mut HeaderMap,
    from_trusted_proxy: bool,
    passed: &[HeaderName],
    instance_headers: &[HeaderName],
) {
    let is_removed = |name: &&HeaderName| {
        (is_forged(name.as_str(), from_trusted_proxy) && !passed.contains(name))
            || (!instance_headers.contains(name) && is_read_as(name, instance_headers))
    };
    let forged: Vec<HeaderName> = headers.keys().filter(is_removed).cloned().collect();
    for name in forged {
        headers.remove(name);
    }
}

/// Removes headers that a credential may come in, in every spelling.
pub(crate) fn remove_instance_headers(headers: &mut HeaderMap, instance_headers: &[HeaderName]) {
    let is_own = |name: &&HeaderName| is_read_as(name, instance_headers);
    let own: Vec<HeaderName> = headers.keys().filter(is_own).cloned().collect();
    for name in own {
        headers.remove(name);
    }
}

/// Whether a server that writes the names of headers as CGI does takes this one for one of `names`.
fn is_read_as(name: &HeaderName, names: &[HeaderName]) -> bool {
    let bytes = name.as_str().as_bytes();
    let without_prefix = without_cgi_prefix(bytes);
    let is_same = |other: &HeaderName| {
        let other = other.as_str().as_bytes();
        folded_eq(bytes, other) || folded_eq(without_prefix, other)
    };
    names.iter().any(is_same)
}

/// Whether an entry may pass a header by name: it overrides the request line, and says nothing of the caller.
pub fn is_override(name: &HeaderName) -> bool {
    sense_of(name.as_str().as_bytes()) == Some(Sense::Override)
}

/// Whether a header could lead past a rule or be taken for what a proxy says, so that passing all that begin alike does not
/// pass it.
pub(crate) fn needs_its_name(name: &HeaderName) -> bool {
    is_forged(name.as_str(), false)
}

fn is_forged(name: &str, from_trusted_proxy: bool) -> bool {
    let bytes = name.as_bytes();
    if is_usual(name) {
        return false;
    }
    let is_spelled_oddly = || {
        let is_usual = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
        !bytes.iter().all(is_usual)
    };
    let name = without_cgi_prefix(bytes);
    match sense_of(name) {
        Some(Sense::Override) => true,
        Some(Sense::Client) => !from_trusted_proxy || is_spelled_oddly(),
        Some(Sense::Ours) => is_spelled_oddly(),
        None => starts_with(name, b"x-backlot-"),
    }
}

/// What nearly every request has: a shortcut. None of these is forged, spelled like this.
fn is_usual(name: &str) -> bool {
    let usual = matches!(
        name,
        "accept"
            | "accept-encoding"
            | "accept-language"
            | "authorization"
            | "cache-control"
            | "content-length"
            | "content-type"
            | "cookie"
            | "host"
            | "origin"
            | "priority"
            | "referer"
            | "user-agent"
    );
    usual || name.starts_with("sec-")
}

/// The name without the `HTTP_` that CGI writes before the names of headers.
fn without_cgi_prefix(name: &[u8]) -> &[u8] {
    match name.split_at_checked(5) {
        Some((start, rest)) if folded_eq(start, b"http-") => rest,
        _ => name,
    }
}

fn starts_with(name: &[u8], start: &[u8]) -> bool {
    name.get(..start.len())
        .is_some_and(|it| folded_eq(it, start))
}

/// Whether two names are the same to a server that reads every mark as `-`.
fn folded_eq(one: &[u8], other: &[u8]) -> bool {
    let is_same = |(one, other): (&u8, &u8)| {
        one == other || (!one.is_ascii_alphanumeric() && !other.is_ascii_alphanumeric())
    };
    one.len() == other.len() && one.iter().zip(other).all(is_same)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn named(names: &[&str]) -> HeaderMap {
        let name = |name: &&str| HeaderName::from_bytes(name.as_bytes()).unwrap();
        let forged = || HeaderValue::from_static("forged");
        names.iter().map(|it| (name(it), forged())).collect()
    }

    fn left(headers: &HeaderMap) -> String {
        let mut left: Vec<_> = headers.keys().map(ToString::to_string).collect();
        left.sort_unstable();
        left.join(" ")
    }

    #[test]
    fn every_spelling_of_our_names_is_removed() {
        let mut headers = named(&[
            "x-backlot-role",
            "x_backlot_role",
            "x.backlot.role",
            "x-backlot~role",
            "x-backlot_anything",
            "X-Backlot-New",
            "x_request_id",
            "x_forwarded_for",
            "x-forwarded_proto",
            "x_real_ip",
            "http_x_backlot_role",
            "HTTP_Authorization",
            "content_length",
            "transfer.encoding",
            "x-backlog",
            "x-custom_name",
            "x-forwarded-for",
            "x-real-ip",
            "true-client-ip",
            "forwarded",
            "authorization",
        ]);
        remove_forged(&mut headers, true, &[], &[]);
        let from_proxy = "authorization forwarded true-client-ip x-backlog x-custom_name x-forwarded-for x-real-ip";
        assert_eq!(left(&headers), from_proxy);
        remove_forged(&mut headers, false, &[], &[]);
        assert_eq!(left(&headers), "authorization x-backlog x-custom_name");
    }

    #[test]
    fn no_name_above_looks_usual() {
        let ours = OURS.iter().map(|name| {
            let name = std::str::from_utf8(name).unwrap();
            name.replace('-', "_")
        });
        let others = OVERRIDES.iter().chain(&CLIENTS).flat_map(|name| {
            let name = std::str::from_utf8(name).unwrap();
            [name.to_owned(), name.replace('-', "_")]
        });
        for name in ours.filter(|name| name.contains('_')).chain(others) {
            assert!(is_forged(&name, false), "{name}");
        }
    }

    #[test]
    fn what_a_proxy_says_is_removed_from_clients() {
        let names = [
            "x-forwarded",
            "forwarded-for",
            "fly-client-ip",
            "wl-proxy-client-ip",
            "x-azure-clientip",
            "x-proxyuser-ip",
            "front-end-https",
            "x-scheme",
        ];
        let mut headers = named(&names);
        remove_forged(&mut headers, true, &[], &[]);
        assert_eq!(headers.len(), names.len());
        remove_forged(&mut headers, false, &[], &[]);
        assert_eq!(left(&headers), "");
    }

    #[test]
    fn overrides_are_removed_whoever_sent_them() {
        let names = [
            "x-original-url",
            "x_rewrite_url",
            "X-HTTP-Method-Override",
            "x-http-method",
            "x.method.override",
            "x-middleware-subrequest",
            "x_middleware_rewrite",
            "proxy",
            "http_x_original_url",
            "unencoded_url",
            "SCRIPT_NAME",
            "Path-Info",
            "Remote-User",
            "X-NextJS-Rewrite",
        ];
        for from_trusted_proxy in [true, false] {
            let mut headers = named(&names);
            remove_forged(&mut headers, from_trusted_proxy, &[], &[]);
            assert_eq!(left(&headers), "");
        }
        let mut headers = named(&names);
        let passed = HeaderName::from_static("x-http-method-override");
        remove_forged(&mut headers, false, &[passed], &[]);
        assert_eq!(left(&headers), "x-http-method-override");
    }

    #[test]
    fn credential_headers_are_removed_in_every_other_spelling() {
        let own = ["x-wix-instance", "my_token.v1"].map(HeaderName::from_static);
        let names = [
            "X_Wix_Instance",
            "X.Wix.Instance",
            "x-wix_instance",
            "x~wix-instance",
            "HTTP_X_WIX_INSTANCE",
            "http-x-wix-instance",
            "my-token-v1",
            "My_Token_V1",
            "HTTP_MY_TOKEN_V1",
            "x-wix-instance",
            "my_token.v1",
            "x-wix-instances",
            "wix-instance",
            "xx-wix-instance",
        ];
        for from_trusted_proxy in [true, false] {
            let mut headers = named(&names);
            remove_forged(&mut headers, from_trusted_proxy, &[], &own);
            let others = "wix-instance x-wix-instances xx-wix-instance";
            assert_eq!(
                left(&headers),
                "my_token.v1 wix-instance x-wix-instance x-wix-instances xx-wix-instance"
            );
            remove_instance_headers(&mut headers, &own);
            assert_eq!(left(&headers), others);
        }
        let mut headers = named(&names);
        remove_instance_headers(&mut headers, &own);
        assert_eq!(headers.len(), 3);
    }
}
