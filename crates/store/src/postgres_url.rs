//! The address of a PostgreSQL database, whose password cannot be printed.

use std::fmt;

/// Connections of one node, unless the configuration says otherwise.
pub const DEFAULT_CONNECTIONS: u32 = 20;

/// What is said of an address of PostgreSQL's that cannot be read. Nothing of it is repeated: any part may be a
/// password's.
pub(crate) const UNREADABLE: &str = "the URL of the database cannot be read; it is \
     postgres://user:password@host:5432/database, and within user and password `@` is written %40, `:` %3A, `/` %2F, \
     `?` %3F, `#` %23 and `%` %25";

/// `postgres://user:password@host:port/name`, and how many connections a node may have. The password cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl {
    pub(crate) url: String,
    pub(crate) connections: u32,
}

impl PostgresUrl {
    /// Takes an address; `None` for an address of another database.
    pub fn new(url: &str) -> Option<Self> {
        let scheme = url
            .strip_prefix("jdbc:")
            .unwrap_or(url)
            .split("://")
            .next()?;
        // Some tools name a driver, too: postgresql+psycopg2://
        let database = scheme.split('+').next()?;
        let is_one = url.contains("://") && ["postgres", "postgresql"].contains(&database);
        is_one.then(|| Self {
            url: url.to_owned(),
            connections: DEFAULT_CONNECTIONS,
        })
    }

    /// Refuses an address of which a part could be taken for another: a password, say, for the name of a host.
    pub fn check(&self) -> Result<(), &'static str> {
        place_of(&self.url).map(drop).ok_or(UNREADABLE)
    }

    /// The same, with so many connections at most.
    #[must_use]
    pub const fn with_connections(mut self, connections: u32) -> Self {
        self.connections = connections;
        self
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PostgresUrl({self})")
    }
}

/// Without user, password and parameters; where it is not certain what is what, without anything but its scheme.
impl fmt::Display for PostgresUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.url.split("://").next().unwrap_or_default();
        write!(
            formatter,
            "{scheme}://{}",
            place_of(&self.url).unwrap_or("…")
        )
    }
}

/// Hosts, ports and name of a database: what is behind user and password, and before the parameters. `None` where
/// it cannot be told from them.
pub(crate) fn place_of(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    // A password may hold a question mark.
    let (user, after) = rest.rsplit_once('@').unwrap_or(("", rest));
    let is_parameter = |part: &str| {
        let name = part.split_once('=').map(|(name, _)| name);
        name.is_some_and(|name| ["user", "password", "dbname", "host"].contains(&name))
    };
    if user.contains('@') || user.split(['?', '&']).skip(1).any(is_parameter) {
        return None;
    }
    let place = after.split('?').next()?;
    let hosts = place.split('/').next()?;
    let is_plain = !place.contains(['&', '=', '#', ';', '\\', ' ']);
    (is_plain && hosts.split(',').all(has_port_or_none)).then_some(place)
}

/// Whether what is behind the name of a host is nothing, or a port.
fn has_port_or_none(host: &str) -> bool {
    let name_end = match host.strip_prefix('[') {
        Some(address) => address.find(']').map(|end| end + 2),
        None => Some(host.find(':').unwrap_or(host.len())),
    };
    let Some(behind) = name_end.and_then(|end| host.get(end..)) else {
        return false;
    };
    let port = behind.strip_prefix(':');
    let is_port = |port: &str| port.len() <= 5 && port.bytes().all(|it| it.is_ascii_digit());
    behind.is_empty() || port.is_some_and(is_port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        for (url, shown) in [
            (
                "postgres://app:s3cret@db.example:5433/backlot?sslmode=require",
                "postgres://db.example:5433/backlot",
            ),
            ("postgresql://127.0.0.1/test", "postgresql://127.0.0.1/test"),
            ("postgres://app:p%40ssw@host/x", "postgres://host/x"),
            ("postgres://app:pa?ss=w@host/x?a=b", "postgres://host/x"),
            (
                "postgresql+psycopg2://app:w@host/x",
                "postgresql+psycopg2://host/x",
            ),
        ] {
            let url = PostgresUrl::new(url).unwrap();
            assert_eq!(url.to_string(), shown);
            assert_eq!(format!("{url:?}"), format!("PostgresUrl({shown})"));
        }
        // What could be a part of a password is not shown.
        for url in [
            "postgres://postgres:s3cr@tpw@127.0.0.1:5432/h2",
            "postgres://me:s3cr@tpw@host",
            "postgres://me:p%40ss@w@host/x",
            "postgres://me:s3c/r@tpw@host/x",
            "postgres://host/x?user=me&password=s3cr@tpw",
            "postgres://host/x?user=me@realm&password=s3cr",
            "postgres://me:s3cr",
            "postgres://me:s3cr/x",
            "postgres://me@host:s3cr/x",
            "postgres://host:5432/x&password=s3cr",
            "postgres://me:x@y#s3cr",
            "jdbc:postgresql://host;password=s3cr",
            "postgres://[::1]s3cr/x",
        ] {
            let url = PostgresUrl::new(url).unwrap();
            let shown = url.to_string();
            assert!(shown.ends_with("://…"), "{shown}");
            assert!(url.check().unwrap_err().contains("`@` is written %40"));
        }
        for url in [
            "postgres://me:s3cr%40tpw@127.0.0.1:5432/h2",
            "postgres://me@[::1]:5432,b.example/x?a=b",
            "postgres://me@%2Frun%2Fpostgresql/x",
            "postgres:///x",
            "jdbc:postgresql://host/x?user=me&password=s3cr",
        ] {
            let url = PostgresUrl::new(url).unwrap();
            assert_eq!(url.check(), Ok(()), "{url}");
            assert!(!url.to_string().contains("s3cr"), "{url}");
        }
        for other in ["mysql://x", "postgres", "postgres:x", "postgresqlx://h/x"] {
            assert!(PostgresUrl::new(other).is_none(), "{other}");
        }
    }
}
