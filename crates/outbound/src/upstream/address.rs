//! Where an upstream is, and how a request's path becomes a path there.

use super::last_reply::LastReply;
use http::HeaderValue;
use http::uri::{Authority, PathAndQuery, Scheme, Uri};

/// An upstream's address: scheme, host, port and the path that all of its paths start with.
#[derive(Debug, Clone)]
pub struct Address {
    scheme: Scheme,
    authority: Authority,
    base_path: String,
    host: HeaderValue,
    http2: bool,
    last_reply: LastReply,
}

/// The text is no address of an upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not `http://…` or `https://…`.
    #[error("not an address of the form http://host:port or https://host")]
    NotHttp,
    /// `user:password@` in it.
    #[error("has a user or password in it; a secret does not belong in an address")]
    HasCredentials,
    /// `?` or `#` in it.
    #[error("has a query or fragment in it; only a path may follow the host")]
    HasQuery,
}

impl Address {
    /// Reads `http://host:port/base`. With `http2`, plain `http` is spoken as HTTP/2 from the first
    /// byte; over TLS the upstream chooses.
    pub fn parse(text: &str, http2: bool) -> Result<Self, AddressError> {
        let url = url::Url::parse(text).map_err(|_| AddressError::NotHttp)?;
        let scheme = match url.scheme() {
            "http" => Scheme::HTTP,
            "https" => Scheme::HTTPS,
            _ => return Err(AddressError::NotHttp),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(AddressError::HasCredentials);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(AddressError::HasQuery);
        }
        let host = url.host_str().ok_or(AddressError::NotHttp)?;
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        Ok(Self {
            scheme,
            host: authority.parse().map_err(|_| AddressError::NotHttp)?,
            authority: authority.parse().map_err(|_| AddressError::NotHttp)?,
            base_path: url.path().trim_end_matches('/').to_owned(),
            http2,
            last_reply: LastReply::default(),
        })
    }

    /// The value of `Host` for this upstream.
    pub const fn host(&self) -> &HeaderValue {
        &self.host
    }

    /// True for `https`.
    pub fn is_tls(&self) -> bool {
        self.scheme == Scheme::HTTPS
    }

    pub(super) const fn last_reply(&self) -> &LastReply {
        &self.last_reply
    }

    pub(super) const fn http2(&self) -> bool {
        self.http2
    }

    /// The full address of `target` there. `None` when the two do not make a valid path.
    pub(super) fn join(&self, target: PathAndQuery) -> Option<Uri> {
        let path_and_query = if self.base_path.is_empty() {
            target
        } else {
            format!("{}{target}", self.base_path).parse().ok()?
        };
        Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone())
            .path_and_query(path_and_query)
            .build()
            .ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let address = Address::parse("http://127.0.0.1:3000/base/", false).unwrap();
        let uri = address.join("/api/x?y=1".parse().unwrap()).unwrap();
        assert_eq!(uri, "http://127.0.0.1:3000/base/api/x?y=1");
        assert_eq!(address.host(), "127.0.0.1:3000");
        assert!(
            Address::parse("https://example.com", false)
                .unwrap()
                .is_tls()
        );
        for (text, error) in [
            ("127.0.0.1:3000", AddressError::NotHttp),
            ("ftp://example.com", AddressError::NotHttp),
            ("", AddressError::NotHttp),
            ("http://u:p@example.com", AddressError::HasCredentials),
            ("http://example.com/?a=b", AddressError::HasQuery),
        ] {
            assert_eq!(Address::parse(text, false).unwrap_err(), error, "{text}");
        }
    }
}
