//! The `Origin` header, parsed as strictly as browsers write it.

/// A web origin: scheme, host and port, as a browser serialises them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin<'value> {
    /// `http` or `https`.
    pub scheme: &'value str,
    /// A name, an IPv4 address, or an IPv6 address in brackets; lower case.
    pub host: &'value str,
    /// `None` where it is the scheme's own.
    pub port: Option<u16>,
}

impl<'value> Origin<'value> {
    /// Parses `scheme://host` or `scheme://host:port`. Anything that a browser would not write is
    /// `None`: a path, a user, upper case, a scheme's own port, `null`.
    pub fn parse(value: &'value str) -> Option<Self> {
        let (scheme, authority) = value.split_once("://")?;
        if !matches!(scheme, "http" | "https") {
            return None;
        }
        let (host, port) = split_port(authority)?;
        if !is_host(host) {
            return None;
        }
        let port = match port {
            Some(text) => Some(parse_port(text, scheme)?),
            None => None,
        };
        Some(Self { scheme, host, port })
    }

    /// True for the machine's own names: `localhost`, `127.0.0.1` and `[::1]`.
    pub fn is_localhost(&self) -> bool {
        matches!(self.host, "localhost" | "127.0.0.1" | "[::1]")
    }
}

fn split_port(authority: &str) -> Option<(&str, Option<&str>)> {
    if authority.starts_with('[') {
        let end = authority.find(']')? + 1;
        let (host, rest) = authority.split_at(end);
        return match rest.strip_prefix(':') {
            Some(port) => Some((host, Some(port))),
            None if rest.is_empty() => Some((host, None)),
            None => None,
        };
    }
    Some(match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    })
}

fn is_host(host: &str) -> bool {
    if let Some(inner) = host.strip_prefix('[') {
        let inner = inner.strip_suffix(']').unwrap_or_default();
        return inner.parse::<std::net::Ipv6Addr>().is_ok() && !inner.contains(upper);
    }
    !host.is_empty()
        && host.len() <= 253
        && host.split('.').all(is_label)
        && host.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_".contains(&byte)
        })
}

fn is_label(label: &str) -> bool {
    !label.is_empty() && label.len() <= 63
}

fn upper(character: char) -> bool {
    character.is_ascii_uppercase()
}

/// One to five digits without a leading zero; the scheme's own port is never written.
fn parse_port(text: &str, scheme: &str) -> Option<u16> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    let port: u16 = plain.then(|| text.parse().ok()).flatten()?;
    let own = if scheme == "https" { 443 } else { 80 };
    (port != own).then_some(port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_browsers_write() {
        let port = |value| Origin::parse(value).unwrap().port;
        assert_eq!(port("https://example.com"), None);
        assert_eq!(port("http://localhost:5173"), Some(5173));
        assert_eq!(port("http://[::1]:8080"), Some(8080));
        for wrong in [
            "",
            "null",
            "*",
            "https://",
            "https://:80",
            "https://a:443",
            "http://a:80",
            "https://a:0",
            "https://a:65536",
            "https://a:08",
            "https://a:+1",
            "https://a/",
            "https://A.com",
            "https://u@a.com",
            "ftp://a.com",
            "https://a..b",
            "https://.a",
            "https://a b",
            "https://[::1",
            "https://[::1]x",
            "https://[::g]",
            "https://a.com\0",
            "HTTPS://a.com",
            "https://ü.com",
            "//a.com",
            "https://a.com, https://b.com",
        ] {
            assert_eq!(Origin::parse(wrong), None, "{wrong}");
        }
    }

    proptest::proptest! {
        /// What is accepted is what the URL standard makes of it, letter for letter.
        #[test]
        fn accepted_origins_are_their_own_serialisation(value in "(https?|ftp)://[a-z0-9.\\-:@\\[\\]/]{0,24}") {
            if Origin::parse(&value).is_some() && let Ok(url) = url::Url::parse(&value) {
                    let serialised = url.origin().ascii_serialization();
                    // IPv4 and IPv6 have spellings that a browser never writes; the matcher only
                    // compares, so another spelling of a listed address is merely not matched.
                    let is_name = matches!(url.host(), Some(url::Host::Domain(_)));
                    if is_name {
                        proptest::prop_assert_eq!(serialised, value);
                }
            }
        }

        #[test]
        fn any_text_is_parsed_without_panic(value in "\\PC{0,60}") {
            let _ = Origin::parse(&value);
        }
    }
}
