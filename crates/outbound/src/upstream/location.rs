//! The target of an upstream's redirect: its own path, or another address.

use url::{Host, Url};

use super::Address;

/// A place at the upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectTarget {
    /// Path, query and fragment as the upstream is asked for them, without the base path of its address.
    pub target: String,
    /// Whether it was written with a host.
    pub is_absolute: bool,
}

impl Address {
    /// Reads a `Location` of the response to a request for the path `asked`. `None` if it leads elsewhere, or is none.
    ///
    /// The upstream is recognised by host and port, in any scheme: behind a proxy that speaks TLS, servers write `https`
    /// with their own host. The names of the loopback are one host.
    pub fn place(&self, location: &str, asked: &str) -> Option<RedirectTarget> {
        let own = Url::parse(&self.origin().to_string()).ok()?;
        let place = place(&own, &self.full_path(asked), location)?;
        let beneath = place.target.strip_prefix(self.base_path());
        let target = match beneath {
            Some(rest) if rest.starts_with('/') => rest.to_owned(),
            Some(rest) if rest.is_empty() || rest.starts_with(['?', '#']) => format!("/{rest}"),
            _ => place.target,
        };
        Some(RedirectTarget { target, ..place })
    }

    fn full_path(&self, asked: &str) -> String {
        format!("{}{asked}", self.base_path())
    }
}

/// The same for a server that is reached under `host` (with its port), whatever the scheme.
pub fn place_at_host(host: &str, asked: &str, location: &str) -> Option<RedirectTarget> {
    let own = Url::parse(&format!("http://{host}/")).ok()?;
    place(&own, asked, location)
}

fn place(own: &Url, asked: &str, location: &str) -> Option<RedirectTarget> {
    let location = location.trim();
    if location.is_empty() {
        return None;
    }
    let asked = own
        .join(asked)
        .ok()
        .filter(|url| url.host() == own.host())?;
    let found = asked.join(location).ok()?;
    if !is_same_server(own, &found) {
        return None;
    }
    let mut target = found.path().to_owned();
    for (mark, part) in [('?', found.query()), ('#', found.fragment())] {
        if let Some(part) = part {
            target.push(mark);
            target.push_str(part);
        }
    }
    let is_absolute = Url::parse(location).is_ok() || location.starts_with("//");
    Some(RedirectTarget {
        target,
        is_absolute,
    })
}

fn is_same_server(own: &Url, other: &Url) -> bool {
    let same_host = own.host() == other.host() || (is_loopback(own) && is_loopback(other));
    // With a scheme's own port left away, `http://app` and `https://app` are one place.
    let same_port =
        own.port() == other.port() || own.port_or_known_default() == other.port_or_known_default();
    matches!(other.scheme(), "http" | "https") && same_host && same_port
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback() || ip.is_unspecified(),
        Some(Host::Ipv6(ip)) => ip.is_loopback() || ip.is_unspecified(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_of_the_upstreams_is_found_however_it_is_written() {
        let address = Address::parse("http://127.0.0.1:3000/v1", false).unwrap();
        for (location, target, is_absolute) in [
            ("http://127.0.0.1:3000/v1/x?y=1#z", "/x?y=1#z", true),
            ("https://127.0.0.1:3000/v1/x", "/x", true),
            ("http://localhost:3000/v1/x", "/x", true),
            ("//127.0.0.1:3000/v1?y", "/?y", true),
            ("http://[::1]:3000/v1/", "/", true),
            ("http://127.0.0.1:3000/elsewhere", "/elsewhere", true),
            ("/v1/x", "/x", false),
            ("y", "/a/y", false),
            ("../y", "/y", false),
            ("?q=1", "/a/b?q=1", false),
        ] {
            let place = address.place(location, "/a/b");
            let expected = RedirectTarget {
                target: target.to_owned(),
                is_absolute,
            };
            assert_eq!(place, Some(expected), "{location}");
        }
        for location in [
            "",
            "http://127.0.0.1:3001/v1/x",
            "http://127.0.0.1/v1/x",
            "https://example.com/v1/x",
            "//example.com/x",
            "/\\example.com/x",
            "mailto:a@example.com",
            "app://127.0.0.1:3000/x",
            "http://[broken",
        ] {
            assert_eq!(address.place(location, "/a/b"), None, "{location}");
        }
        let address = Address::parse("http://app", false).unwrap();
        for location in [
            "http://app/x",
            "https://app/x",
            "http://app:80/x",
            "HTTP://APP/x",
        ] {
            assert_eq!(
                address.place(location, "/").unwrap().target,
                "/x",
                "{location}"
            );
        }
        assert_eq!(address.place("https://app:3000/x", "/"), None);
    }

    #[test]
    fn a_place_under_another_name_is_found_too() {
        let place = place_at_host("shop.example", "/a", "https://shop.example/x").unwrap();
        assert_eq!(place.target, "/x");
        assert_eq!(
            place_at_host("shop.example", "/a", "https://other.example/x"),
            None
        );
        assert_eq!(
            place_at_host("shop.example:8443", "/a", "https://shop.example/x"),
            None
        );
    }
}
