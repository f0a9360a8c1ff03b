//! `Forwarded` (RFC 7239) and the `X-Forwarded-*` headers that came before it.
//!
//! Only a proxy that the configuration trusts is believed: its chain is kept and added to. What
//! anybody else sends under these names has been removed before (`forged::remove_forged`).

use http::header::{FORWARDED, HeaderMap, HeaderName, HeaderValue};

use crate::listener::Peer;

static FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
static PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
static HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

pub(super) fn put_on(headers: &mut HeaderMap, peer: &Peer, asked_host: Option<HeaderValue>) {
    let host = asked_host.as_ref().and_then(|host| host.to_str().ok());
    let element = element(peer, host);
    if peer.is_trusted() {
        append(headers, &FOR, peer.ip_text());
        append(headers, &FORWARDED, &element);
        headers
            .entry(&PROTO)
            .or_insert(HeaderValue::from_static("http"));
        if let Some(host) = asked_host {
            headers.entry(&HOST).or_insert(host);
        }
        return;
    }
    headers.insert(&FOR, peer.ip_header().clone());
    headers.insert(&PROTO, HeaderValue::from_static("http"));
    if let Some(host) = asked_host {
        headers.insert(&HOST, host);
    }
    if let Ok(value) = HeaderValue::from_str(&element) {
        headers.insert(FORWARDED, value);
    }
}

/// `for=192.0.2.1;host="example.com:8080";proto=http`
fn element(peer: &Peer, host: Option<&str>) -> String {
    let mut text = String::with_capacity(64);
    text.push_str("for=");
    text.push_str(peer.forwarded_for());
    if let Some(host) = host.filter(|host| !host.contains(['"', '\\'])) {
        text.push_str(";host=\"");
        text.push_str(host);
        text.push('"');
    }
    text.push_str(";proto=http");
    text
}

/// Adds to the end of a list that may be spread over several headers.
fn append(headers: &mut HeaderMap, name: &HeaderName, last: &str) {
    let mut parts: Vec<&str> = headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    parts.push(last);
    if let Ok(value) = HeaderValue::from_str(&parts.join(", ")) {
        headers.insert(name, value);
    }
}
