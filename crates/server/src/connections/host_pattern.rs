//! Which hosts an account's API may be at: `api.example.com`, `*.example.com`, each with a port or without.

use url::Url;

/// A host, or all hosts under one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPattern {
    host: String,
    /// Any number of labels before `host`, and at least one.
    is_under: bool,
    /// `None` is any.
    port: Option<u16>,
}

/// The text names no host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no host such as api.example.com, *.example.com or api.example.com:8443")]
pub struct HostPatternError;

impl HostPattern {
    /// Reads a host. `*.` before it stands for any number of labels.
    ///
    /// # Errors
    /// When the text is no host, or would be all hosts of a top-level domain.
    pub fn parse(text: &str) -> Result<Self, HostPatternError> {
        let (is_under, named) = match text.strip_prefix("*.") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        if named.contains(['*', '/', '@', '?', '#', '\\', ' ']) {
            return Err(HostPatternError);
        }
        // Read as addresses are, so that letters and spellings come out the same. A port that is the scheme's own is
        // left out there, so it is read by itself.
        let url = Url::parse(&format!("https://{named}/")).map_err(|_| HostPatternError)?;
        let host = url.host_str().ok_or(HostPatternError)?.to_owned();
        let after = named.rsplit_once(':').map(|(_, port)| port);
        let port = after.filter(|port| !port.contains(']')).map(str::parse);
        let port = port.transpose().map_err(|_| HostPatternError)?;
        let is_name = matches!(url.host(), Some(url::Host::Domain(_)));
        if is_under && !(is_name && host.contains('.')) {
            return Err(HostPatternError);
        }
        Ok(Self {
            host,
            is_under,
            port,
        })
    }

    /// Whether an address is at such a host.
    pub(super) fn is_of(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        let is_port = |port: u16| url.port_or_known_default() == Some(port);
        let is_host = if self.is_under {
            let before = host.strip_suffix(&self.host);
            let before = before.and_then(|before| before.strip_suffix('.'));
            before.is_some_and(|before| !before.is_empty())
        } else {
            host == self.host
        };
        is_host && self.port.is_none_or(is_port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        for (pattern, url, expected) in [
            ("api.example.com", "https://api.example.com/x", true),
            ("API.example.com", "https://api.EXAMPLE.com:8443/", true),
            ("api.example.com", "https://x.api.example.com/", false),
            ("*.example.com", "https://a.example.com/", true),
            ("*.example.com", "https://a.b.example.com/", true),
            ("*.example.com", "https://example.com/", false),
            ("*.example.com", "https://evilexample.com/", false),
            ("*.example.com", "https://example.com.evil.com/", false),
            ("api.example.com:443", "https://api.example.com/", true),
            ("api.example.com:8443", "https://api.example.com/", false),
            ("127.0.0.1:80", "http://127.0.0.1/", true),
            ("127.0.0.1", "http://127.0.0.1:4000/", true),
            ("[::1]:4000", "http://[::1]:4000/", true),
            ("*.bücher.example", "https://a.xn--bcher-kva.example/", true),
        ] {
            let pattern = HostPattern::parse(pattern).unwrap();
            let url = Url::parse(url).unwrap();
            assert_eq!(pattern.is_of(&url), expected, "{pattern:?} {url}");
        }
        for text in [
            "",
            "*",
            "*.com",
            "*.*.example.com",
            "a*.example.com",
            "https://example.com",
            "example.com/x",
            "u@example.com",
            "*.127.0.0.1",
            "example.com:x",
            "a b",
        ] {
            assert_eq!(HostPattern::parse(text), Err(HostPatternError), "{text}");
        }
    }
}
