//! `nats://host:4222/subject`

use url::Url;

const DEFAULT_PORT: u16 = 4222;
/// Stands for the type of an event.
const TYPE: &str = "{type}";

/// A server, and a subject on it, which may contain `{type}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NatsTarget {
    server: String,
    subject: String,
}

/// The text is not the URL of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NatsTargetError {
    /// Not `nats://` and a host.
    #[error("is not of the form nats://host:4222/subject")]
    NotNats,
    /// A password would be in the configuration, and in messages about it.
    #[error("contains a user or password, which cannot be given here")]
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
        let rest = text
            .strip_prefix("nats://")
            .ok_or(NatsTargetError::NotNats)?;
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
            server: format!("nats://{host}:{port}"),
            subject: subject.to_owned(),
        })
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
        let target = NatsTarget::parse("nats://n/e.{type}").unwrap();
        assert_eq!(target.subject("a.*. >b..c"), "e.a._.__b._.c");
        for (text, error) in [
            ("http://n/e", NatsTargetError::NotNats),
            ("nats:///e", NatsTargetError::NotNats),
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
