//! `Forwarded` (RFC 7239) and the `X-Forwarded-*` headers that came before it: one story in both.
//!
//! Only a proxy that the configuration trusts is believed: its chain is extended. What other clients send under
//! these names has been removed before (`forged::remove_forged`). A proxy may speak only one of the two languages; what it
//! says is then said in the other, too. Where the two differ, `X-Forwarded-*` counts: proxies that do not know `Forwarded`
//! hand on the client's own.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

use http::header::{FORWARDED, HeaderMap, HeaderName, HeaderValue};

use crate::transport::{ForwardedElement, Peer, parse_ip, read_forwarded};

static FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
static PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
static HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
static PREFIX: HeaderName = HeaderName::from_static("x-forwarded-prefix");

/// How the client addressed this server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AskedAddress {
    /// `http` or `https`, as far as is known.
    pub(crate) proto: Cow<'static, str>,
    /// With its port; `None` where the client named none.
    pub(crate) host: Option<HeaderValue>,
    /// What a proxy in front took off the path.
    pub(crate) prefix: String,
}

/// Says who asked, and for which address. `stripped` is the prefix that is taken off the path here.
pub(crate) fn put_on(
    headers: &mut HeaderMap,
    peer: &Peer,
    asked_host: Option<HeaderValue>,
    stripped: Option<&str>,
) -> AskedAddress {
    let address = if peer.is_trusted() {
        add_to_chain(headers, peer, asked_host)
    } else {
        headers.insert(&FOR, peer.ip_header().clone());
        begin_chain(headers, peer, asked_host)
    };
    if let Some(host) = &address.host {
        headers.insert(&HOST, host.clone());
    }
    if let Some(stripped) = stripped {
        let prefix = format!("{}{stripped}", address.prefix);
        if let Ok(prefix) = HeaderValue::from_str(&prefix) {
            headers.insert(&PREFIX, prefix);
        }
    }
    address
}

/// The values for a direct connection.
fn begin_chain(
    headers: &mut HeaderMap,
    peer: &Peer,
    asked_host: Option<HeaderValue>,
) -> AskedAddress {
    headers.insert(&PROTO, HeaderValue::from_static("http"));
    let host = asked_host.as_ref().and_then(|host| host.to_str().ok());
    let mut text = String::with_capacity(64);
    element(&mut text, peer.forwarded_for(), host, "http");
    if let Ok(value) = HeaderValue::from_str(&text) {
        headers.insert(FORWARDED, value);
    }
    AskedAddress {
        proto: Cow::Borrowed("http"),
        host: asked_host,
        prefix: String::new(),
    }
}

/// Adds the proxy itself to what it says.
fn add_to_chain(
    headers: &mut HeaderMap,
    peer: &Peer,
    asked_host: Option<HeaderValue>,
) -> AskedAddress {
    let list = list(headers, &FOR);
    let proto = first_of(headers, &PROTO).as_deref().and_then(scheme);
    let host = first_of(headers, &HOST).and_then(|host| HeaderValue::from_str(&host).ok());
    let told = read_forwarded(headers)
        .filter(|told| is_same_story(told, &list, proto.as_ref(), host.as_ref()))
        .unwrap_or_default();
    let first = told.first();
    let proto = proto
        .or_else(|| first?.proto.as_deref().and_then(scheme))
        .unwrap_or_else(|| "http".to_owned());
    let told_host = || HeaderValue::from_str(first?.host.as_deref()?).ok();
    let host = host.or_else(told_host).or(asked_host);
    let host_text = host.as_ref().and_then(|host| host.to_str().ok());

    let mut chain = if list.is_empty() {
        clients(&told)
    } else {
        list
    };
    let mut text = String::with_capacity(128);
    if told.is_empty() {
        for (index, client) in chain.iter().enumerate() {
            let client = node(client);
            if index == 0 {
                element(&mut text, &client, host_text, &proto);
            } else {
                let _ = write!(text, "for={client}");
            }
            text.push_str(", ");
        }
    } else {
        let lines = headers.get_all(FORWARDED).iter();
        for line in lines.filter_map(|line| line.to_str().ok()) {
            let _ = write!(text, "{line}, ");
        }
    }
    element(&mut text, peer.forwarded_for(), host_text, &proto);
    chain.push(peer.ip_text().to_owned());
    for (name, text) in [
        (&FOR, &chain.join(", ")),
        (&PROTO, &proto),
        (&FORWARDED, &text),
    ] {
        if let Ok(value) = HeaderValue::from_str(text) {
            headers.insert(name, value);
        }
    }
    AskedAddress {
        proto: proto.into(),
        host,
        prefix: prefix(headers),
    }
}

/// `for=192.0.2.1;host="example.com:8080";proto=http`
fn element(text: &mut String, client: &str, host: Option<&str>, proto: &str) {
    for part in ["for=", client] {
        text.push_str(part);
    }
    if let Some(host) = host.filter(|host| memchr::memchr2(b'"', b'\\', host.as_bytes()).is_none())
    {
        for part in [";host=\"", host, "\""] {
            text.push_str(part);
        }
    }
    for part in [";proto=", proto] {
        text.push_str(part);
    }
}

/// A client of the list as `Forwarded` writes it.
fn node(client: &str) -> String {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    match (client.parse::<SocketAddr>(), parse_ip(client)) {
        (Ok(with_port), _) => format!("\"{with_port}\""),
        (Err(_), Some(IpAddr::V4(ip))) => ip.to_string(),
        (Err(_), Some(IpAddr::V6(ip))) => format!("\"[{ip}]\""),
        // A made-up name begins with `_` (section 6.3).
        (Err(_), None) if client.starts_with('_') && client.bytes().all(is_token) => {
            client.to_owned()
        }
        (Err(_), None) => "unknown".to_owned(),
    }
}

/// The clients of the elements, as `X-Forwarded-For` writes them: without ports and brackets.
fn clients(told: &[ForwardedElement]) -> Vec<String> {
    let client = |it: &ForwardedElement| {
        let client = it.client.as_deref()?;
        Some(parse_ip(client).map_or_else(|| client.to_owned(), |ip| ip.to_string()))
    };
    told.iter()
        .map(|it| client(it).unwrap_or_else(|| "unknown".to_owned()))
        .collect()
}

/// Whether the elements contradict nothing that the proxy says in `X-Forwarded-*`.
fn is_same_story(
    told: &[ForwardedElement],
    list: &[String],
    proto: Option<&String>,
    host: Option<&HeaderValue>,
) -> bool {
    let plain = |client: &String| parse_ip(client).map_or(client.clone(), |ip| ip.to_string());
    let Some(first) = told.first() else {
        return false;
    };
    let told_proto = first.proto.as_deref().and_then(scheme);
    // Without `X-Forwarded-For`, a proxy that speaks of the rest knows nothing of `Forwarded` either.
    let speaks_standard = list.is_empty() && proto.is_none() && host.is_none();
    (speaks_standard || list.iter().map(plain).eq(clients(told)))
        && proto.is_none_or(|proto| told_proto.is_none_or(|told| told == *proto))
        && host.is_none_or(|host| first.host.as_ref().is_none_or(|told| host == told.as_str()))
}

/// The elements of a list that may be spread over several lines.
fn list(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
    let lines = headers.get_all(name).iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty())
        .collect()
}

/// Of a list, what the proxy next to the client said.
fn first_of(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    list(headers, name).into_iter().next()
}

/// A scheme, in lower case. `None` if it is none.
fn scheme(text: &str) -> Option<String> {
    let text = text.to_ascii_lowercase();
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    let is_scheme = text.bytes().all(is_letter) && text.starts_with(|it: char| it.is_alphabetic());
    is_scheme.then_some(text)
}

/// What proxies in front took off, the outermost first.
fn prefix(headers: &HeaderMap) -> String {
    let parts = list(headers, &PREFIX);
    let parts = parts.iter().map(|part| part.trim_matches('/'));
    parts
        .filter(|part| !part.is_empty())
        .fold(String::new(), |all, part| format!("{all}/{part}"))
}

#[cfg(test)]
mod tests;
