//! Who is at the other end of a connection, worked out once for all of its requests.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderValue};
use ipnet::IpNet;

use super::forwarded_header::{ForwardedElement, read_forwarded};

/// The other end of a connection.
pub struct Peer {
    ip: IpAddr,
    ip_text: String,
    ip_header: HeaderValue,
    forwarded_for: String,
    trusted: bool,
    came_to_loopback: bool,
    /// What is given back when the connection has ended in every form, as a tunnel, too.
    held: Option<Box<dyn std::any::Any + Send + Sync>>,
}

impl Peer {
    /// `remote` is the other end, `local` ours.
    pub fn new(remote: SocketAddr, local: SocketAddr, trusted_proxies: &[IpNet]) -> Self {
        let ip = remote.ip().to_canonical();
        let ip_text = ip.to_string();
        let forwarded_for = match ip {
            IpAddr::V4(_) => ip_text.clone(),
            // RFC 7239, section 6: IPv6 in brackets, and so in quotes.
            IpAddr::V6(_) => format!("\"[{ip_text}]\""),
        };
        Self {
            ip,
            ip_header: HeaderValue::from_str(&ip_text).unwrap_or(HeaderValue::from_static("")),
            ip_text,
            forwarded_for,
            trusted: is_in(trusted_proxies, ip),
            came_to_loopback: local.ip().to_canonical().is_loopback(),
            held: None,
        }
    }

    /// Holds something for as long as this connection is in use.
    #[must_use]
    pub(crate) fn holding(mut self, held: impl Send + Sync + 'static) -> Self {
        self.held = Some(Box::new(held));
        self
    }

    pub(crate) const fn ip(&self) -> IpAddr {
        self.ip
    }

    pub(crate) fn ip_text(&self) -> &str {
        &self.ip_text
    }

    pub(crate) const fn ip_header(&self) -> &HeaderValue {
        &self.ip_header
    }

    pub(crate) fn forwarded_for(&self) -> &str {
        &self.forwarded_for
    }

    pub(crate) const fn is_trusted(&self) -> bool {
        self.trusted
    }

    pub(crate) const fn came_to_loopback(&self) -> bool {
        self.came_to_loopback
    }

    /// The client's address: this peer's, or behind proxies that are trusted, the last address in
    /// `X-Forwarded-For` (otherwise in `Forwarded`) that is not one of theirs.
    pub(crate) fn client_ip(&self, headers: &HeaderMap, trusted_proxies: &[IpNet]) -> IpAddr {
        if !self.trusted {
            return self.ip;
        }
        let mut nearest = self.ip;
        let lines = headers.get_all("x-forwarded-for").iter();
        let mut values: Vec<Cow<'_, str>> = lines
            .flat_map(|line| line.to_str().unwrap_or("?").split(','))
            .map(Cow::Borrowed)
            .collect();
        // A proxy that speaks of the rest in `X-Forwarded-*` hands on a client's own `Forwarded`.
        let rest = ["x-forwarded-proto", "x-forwarded-host"];
        if values.is_empty() && !rest.iter().any(|name| headers.contains_key(*name)) {
            let elements = read_forwarded(headers).unwrap_or_default();
            let client = |it: ForwardedElement| it.client.unwrap_or_default();
            values.extend(elements.into_iter().map(client).map(Cow::Owned));
        }
        for text in values.into_iter().rev() {
            // Elements before an unreadable one are not trusted.
            let Some(ip) = parse_ip(text.trim()) else {
                break;
            };
            nearest = ip;
            if !is_in(trusted_proxies, ip) {
                break;
            }
        }
        nearest
    }
}

/// An address, with or without a port.
pub(crate) fn parse_ip(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    let bare = text
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse()
        .ok();
    bare.or_else(with_port).map(|ip: IpAddr| ip.to_canonical())
}

fn is_in(networks: &[IpNet], ip: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(&ip))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_proxies_are_believed() {
        let trusted: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap()];
        let local = "10.0.0.9:80".parse().unwrap();
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", HeaderValue::from_static("1.1.1.1, junk"));
        headers.append(
            "x-forwarded-for",
            HeaderValue::from_static("2.2.2.2, 10.0.0.3"),
        );
        let ip = |remote: &str| {
            Peer::new(remote.parse().unwrap(), local, &trusted)
                .client_ip(&headers, &trusted)
                .to_string()
        };
        assert_eq!(ip("9.9.9.9:1"), "9.9.9.9");
        assert_eq!(ip("10.0.0.2:1"), "2.2.2.2");
        assert_eq!(ip("[::ffff:10.0.0.2]:1"), "2.2.2.2");
        headers.append("x-forwarded-for", HeaderValue::from_static("3.3.3.3:99"));
        let peer = Peer::new("10.0.0.2:1".parse().unwrap(), local, &trusted);
        assert_eq!(peer.client_ip(&headers, &trusted).to_string(), "3.3.3.3");
        headers.append("x-forwarded-for", HeaderValue::from_static("unknown"));
        assert_eq!(peer.client_ip(&headers, &trusted).to_string(), "10.0.0.2");
    }

    #[test]
    fn a_proxy_that_speaks_the_standard_is_believed() {
        let trusted: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap()];
        let peer = Peer::new(
            "10.0.0.2:1".parse().unwrap(),
            "10.0.0.9:80".parse().unwrap(),
            &trusted,
        );
        let mut headers = HeaderMap::new();
        let chain = "for=1.1.1.1, for=\"[2001:db8::7]:99\", for=10.0.0.3";
        headers.append("forwarded", HeaderValue::from_static(chain));
        assert_eq!(
            peer.client_ip(&headers, &trusted).to_string(),
            "2001:db8::7"
        );
        headers.append("x-forwarded-for", HeaderValue::from_static("3.3.3.3"));
        assert_eq!(peer.client_ip(&headers, &trusted).to_string(), "3.3.3.3");
    }

    #[test]
    fn ipv6_is_quoted() {
        let peer = Peer::new(
            "[2001:db8::1]:9".parse().unwrap(),
            "[::1]:80".parse().unwrap(),
            &[],
        );
        assert_eq!(peer.forwarded_for(), "\"[2001:db8::1]\"");
        assert!(peer.came_to_loopback());
    }
}
