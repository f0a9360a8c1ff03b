//! `nats://host:4222/subject`, or with TLS `tls://host:4222/subject`

use url::Url;

const DEFAULT_PORT: u16 = 4222;
/// The scheme without TLS. A server that requires TLS gets it.
const PLAIN: &str = "nats";
/// The scheme with TLS.
const TLS: &str = "tls";
/// Stands for the type of an event.
const TYPE: &str = "{type}";

/// A server, and a subject on it, which may contain `{type}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NatsTarget {
    server: String,
    is_tls: bool,
    subject: String,
}

/// The text is not the URL of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NatsTargetError {
    /// Not `nats://` or `tls://`, and a host.
    #[error("is not of the form nats://host:4222/subject or tls://host:4222/subject")]
    NotNats,
    /// A password would be in the configuration, and in messages about it.
    #[error(
        "contains a user, password or token, which belong into `nats = {{ user = \"…\", password = {{ env = \"NAME\" }} }}`"
    )]
    HasCredentials,
    /// The path is no subject that can be published to.
    #[error(
        "names no subject: write words with dots between them, such as nats://host:4222/events.{{type}}"
    )]
    NoSubject,
}

impl NatsTarget {
    /// Parses a URL.
    ///
    /// # Errors
    ///
    /// Fails if it names no server or no subject, or contains credentials.
    pub fn parse(text: &str) -> Result<Self, NatsTargetError> {
        let (scheme, rest) = text.split_once("://").ok_or(NatsTargetError::NotNats)?;
        let is_tls = scheme == TLS;
        if !is_tls && scheme != PLAIN {
            return Err(NatsTargetError::NotNats);
        }
        let (authority, subject) = rest.split_once('/').unwrap_or((rest, ""));
        if authority.contains('@') {
            return Err(NatsTargetError::HasCredentials);
        }
        let url = Url::parse(&format!("nats://{authority}"));
        let url = url.map_err(|_| NatsTargetError::NotNats)?;
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or(NatsTargetError::NotNats)?;
        if !is_subject(&subject.replace(TYPE, "type")) {
            return Err(NatsTargetError::NoSubject);
        }
        let port = url.port().unwrap_or(DEFAULT_PORT);
        Ok(Self {
            server: format!("{scheme}://{host}:{port}"),
            is_tls,
            subject: subject.to_owned(),
        })
    }

    /// Returns whether a text has the scheme of such a URL.
    pub fn has_scheme(text: &str) -> bool {
        let scheme = text.split_once(':').map(|(scheme, _)| scheme);
        scheme.is_some_and(|scheme| scheme == PLAIN || scheme == TLS)
    }

    pub(super) const fn is_tls(&self) -> bool {
        self.is_tls
    }

    pub(super) fn server(&self) -> &str {
        &self.server
    }

    /// Returns the subject of an event's message. Characters that a subject cannot have become `_`.
    pub(super) fn subject(&self, event_type: &str) -> String {
        let is_reserved = |it: char| it.is_whitespace() || it.is_control() || "*>".contains(it);
        let plain = event_type.replace(is_reserved, "_");
        let words = plain
            .split('.')
            .map(|it| if it.is_empty() { "_" } else { it });
        self.subject
            .replace(TYPE, &words.collect::<Vec<_>>().join("."))
    }
}

/// Words without wildcards, with dots between them.
fn is_subject(text: &str) -> bool {
    let is_plain = |it: char| it.is_ascii_graphic() && !"*>{}?#".contains(it);
    text.split('.')
        .all(|word| !word.is_empty() && word.chars().all(is_plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        for (text, server, subject) in [
            ("nats://127.0.0.1/events", "nats://127.0.0.1:4222", "events"),
            ("tls://n:5000/events", "tls://n:5000", "events"),
            ("nats://[::1]:5000/a.b", "nats://[::1]:5000", "a.b"),
            (
                "nats://nats/e.{type}",
                "nats://nats:4222",
                "e.stripe/invoice.paid",
            ),
        ] {
            let target = NatsTarget::parse(text).unwrap();
            assert_eq!(target.server(), server);
            assert_eq!(target.subject("stripe/invoice.paid"), subject);
        }
        assert!(NatsTarget::has_scheme("tls://n") && NatsTarget::has_scheme("nats:n"));
        assert!(!NatsTarget::has_scheme("http://nats") && !NatsTarget::has_scheme("nats"));
        let target = NatsTarget::parse("nats://n/e.{type}").unwrap();
        assert_eq!(target.subject("a.*. >b..c"), "e.a._.__b._.c");
        for (text, error) in [
            ("http://n/e", NatsTargetError::NotNats),
            ("nats:///e", NatsTargetError::NotNats),
            ("nats:n/e", NatsTargetError::NotNats),
            ("TLS://n/e", NatsTargetError::NotNats),
            ("tls://token@n/e", NatsTargetError::HasCredentials),
            ("nats://u:p@n/e", NatsTargetError::HasCredentials),
            ("nats://n", NatsTargetError::NoSubject),
            ("nats://n/", NatsTargetError::NoSubject),
            ("nats://n/a..b", NatsTargetError::NoSubject),
            ("nats://n/a.*", NatsTargetError::NoSubject),
            ("nats://n/a.{kind}", NatsTargetError::NoSubject),
            ("nats://n/a?b", NatsTargetError::NoSubject),
        ] {
            assert_eq!(NatsTarget::parse(text), Err(error), "{text}");
        }
    }
}
