//! The parameters of a database's address, `?name=value&…`.
//!
//! Hosting companies and frameworks hand out addresses with parameters for other tools. Those that mean nothing
//! here are passed over; those that ask for something that is not done here are refused by their name, and so is any
//! that is not known. A value is never repeated.

use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use tokio_postgres::Config;

use super::tls::{Security, is_here};
use crate::StoreError;

/// What `tokio-postgres` reads itself.
const OWN: [&str; 17] = [
    "user",
    "password",
    "dbname",
    "options",
    "application_name",
    "sslnegotiation",
    "host",
    "hostaddr",
    "port",
    "connect_timeout",
    "tcp_user_timeout",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "target_session_attrs",
    "channel_binding",
];

/// What other tools read, and what means nothing here: of pools, caches, schemas, encodings and times that are Backlot's
/// own affair, and of those who want to be told who calls.
const PASSED_OVER: [&str; 53] = [
    // Prisma, and the poolers of Supabase and Vercel
    "schema",
    "pgbouncer",
    "connection_limit",
    "pool_timeout",
    "socket_timeout",
    "statement_cache_size",
    "single_use_connections",
    "max_connection_lifetime",
    "max_idle_connection_lifetime",
    "supa",
    "workaround",
    // libpq
    "fallback_application_name",
    "client_encoding",
    "load_balance_hosts",
    "sslcompression",
    "sslsni",
    // node-postgres
    "uselibpqcompat",
    "statement_timeout",
    "query_timeout",
    "lock_timeout",
    "idle_in_transaction_session_timeout",
    "idleTimeoutMillis",
    "connectionTimeoutMillis",
    "max",
    // Rails, Django
    "pool",
    "timeout",
    "encoding",
    "prepared_statements",
    "statement_limit",
    "checkout_timeout",
    "reaping_frequency",
    "idle_timeout",
    "conn_max_age",
    "conn_health_checks",
    // Doctrine, Go, SQLAlchemy
    "serverVersion",
    "charset",
    "binary_parameters",
    "pool_max_conns",
    "pool_min_conns",
    "pool_max_conn_lifetime",
    "pool_max_conn_idle_time",
    "default_query_exec_mode",
    "statement_cache_capacity",
    "statement-cache-capacity",
    "search_path",
    "TimeZone",
    "timezone",
    "prepared_statement_cache_size",
    // JDBC
    "currentSchema",
    "prepareThreshold",
    "preparedStatementCacheQueries",
    "reWriteBatchedInserts",
    "ApplicationName",
];

/// What asks for something that is not done here.
const NOT_DONE: [(&str, &str); 8] = [
    (
        "sslcert",
        "certificates of clients are not used; for the authority of the server's use sslrootcert",
    ),
    ("sslkey", "certificates of clients are not used"),
    ("sslpassword", "certificates of clients are not used"),
    ("sslidentity", "certificates of clients are not used"),
    ("sslcrl", "lists of revoked certificates are not read"),
    (
        "passfile",
        "write the password into the address, and give the address as BACKLOT_DATABASE_URL",
    ),
    ("service", "name host and database in the address"),
    (
        "require_auth",
        "the server says how it wants to be convinced",
    ),
];

/// What the parameters of an address say that `tokio-postgres` does not read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Parameters {
    mode: Option<String>,
    roots: Option<String>,
    /// The names of those that it does read.
    own: Vec<String>,
}

impl Parameters {
    /// Takes out of an address what `tokio-postgres` does not know.
    pub(super) fn take_out_of(url: &str) -> Result<(String, Self), StoreError> {
        let mut all = Self::default();
        let url = with_usual_scheme(url);
        // A password may hold a question mark.
        let after_password = url.rfind('@').unwrap_or_default();
        let Some(mark) = url[after_password..].find('?') else {
            return Ok((url, all));
        };
        let (address, parameters) = url.split_at(after_password + mark);
        let mut own = Vec::new();
        for parameter in parameters[1..].split('&').filter(|it| !it.is_empty()) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let decoded = percent_decode_str(value).decode_utf8_lossy().into_owned();
            if OWN.contains(&name) {
                check_value(name, parameter)?;
                all.own.push(name.to_owned());
                own.push(parameter);
            } else if !all.take(name, decoded)? && !PASSED_OVER.contains(&name) {
                // It may be a part of a password that has a `&`.
                let is_certain = !all.names("password");
                return Err(refused(if is_certain { name } else { "?" }));
            }
        }
        let mark = if own.is_empty() { "" } else { "?" };
        Ok((format!("{address}{mark}{}", own.join("&")), all))
    }

    /// Whether the address says this.
    pub(super) fn names(&self, name: &str) -> bool {
        self.own.iter().any(|it| it == name)
    }

    /// What is about TLS. False for anything else.
    fn take(&mut self, name: &str, value: String) -> Result<bool, StoreError> {
        match name {
            "sslmode" | "ssl_mode" => self.mode = Some(value),
            "sslrootcert" => self.roots = Some(value),
            // Words of node-postgres, JDBC, Django and Prisma.
            "ssl" | "ssl_require" | "requiressl" => {
                let mode = match value.to_ascii_lowercase().as_str() {
                    "true" | "1" | "on" | "yes" | "" => "require",
                    "false" | "0" | "off" | "no" => "disable",
                    "no-verify" => "no-verify",
                    _ => return Err(unreadable(name)),
                };
                self.mode.get_or_insert_with(|| mode.to_owned());
            }
            "sslaccept" => match value.as_str() {
                "strict" => self.mode = Some("require".to_owned()),
                "accept_invalid_certs" => self.mode = Some("no-verify".to_owned()),
                _ => return Err(unreadable(name)),
            },
            // What is older than TLS 1.2 is never spoken.
            "ssl_min_protocol_version" => {
                if !["TLSv1", "TLSv1.1", "TLSv1.2"].contains(&value.as_str()) {
                    return Err(unreadable(name));
                }
            }
            "gssencmode" => {
                if value == "require" {
                    return Err(unreadable(name));
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The TLS mode for these hosts. Connections to this machine are not exposed, so they use no TLS
    /// unless the address says so.
    pub(super) fn security(self, config: &Config) -> Result<Security, StoreError> {
        let refused = |text: &str| Err(StoreError::Unusable(text.to_owned()));
        let roots = self.roots.filter(|path| path != "system");
        match (self.mode.as_deref(), roots) {
            (Some("require" | "verify-ca" | "verify-full"), roots) => {
                Ok(Security::Require(roots.map(PathBuf::from)))
            }
            (None, Some(roots)) => Ok(Security::Require(Some(roots.into()))),
            (Some("disable" | "prefer" | "no-verify"), Some(_)) => refused(
                "the address of the database names an sslrootcert, which is looked at with \
                 sslmode=require only",
            ),
            (Some("disable"), None) => Ok(Security::None),
            (Some("no-verify"), None) => Ok(Security::Unchecked),
            (None, None) if config.get_hosts().iter().all(is_here) => Ok(Security::None),
            (Some("prefer") | None, None) => Ok(Security::Prefer),
            (Some(_), _) => refused(
                "the sslmode in the address of the database is none of disable, prefer, no-verify (which \
                 encrypts and checks nothing), require (which checks the certificate), verify-ca and verify-full",
            ),
        }
    }
}

/// `postgresql+psycopg2://`, `jdbc:postgresql://` and the like mean the same server.
fn with_usual_scheme(url: &str) -> String {
    let url = url.strip_prefix("jdbc:").unwrap_or(url);
    match url.split_once("://") {
        Some((scheme, rest)) if scheme.contains('+') => format!("postgres://{rest}"),
        _ => url.to_owned(),
    }
}

fn check_value(name: &str, parameter: &str) -> Result<(), StoreError> {
    let alone = format!("postgres://host/?{parameter}").parse::<Config>();
    alone.map(drop).map_err(|_| unreadable(name))
}

fn unreadable(name: &str) -> StoreError {
    let text = format!(
        "the parameter {name} in the address of the database has a value that is not known"
    );
    StoreError::Unusable(text)
}

fn refused(name: &str) -> StoreError {
    // What looks like no name may be a part of a password.
    let is_name = name.len() <= 40
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
    let name = if is_name {
        name
    } else {
        "after the question mark"
    };
    let why = NOT_DONE.iter().find(|(other, _)| *other == name);
    let why = why.map_or("take it out", |(_, why)| why);
    StoreError::Unusable(format!(
        "the parameter {name} in the address of the database is none that is known here; {why}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn security(url: &str) -> Result<Security, StoreError> {
        let (url, parameters) = Parameters::take_out_of(url)?;
        parameters.security(&url.parse().unwrap())
    }

    #[test]
    fn addresses_of_hosting_companies_are_taken() {
        for (address, expected) in [
            (
                "postgresql://u:p@db.example:6543/postgres?pgbouncer=true",
                Security::Prefer,
            ),
            (
                "postgres://u:p@db.example/db?schema=public&connection_limit=1",
                Security::Prefer,
            ),
            (
                "postgresql://u:p@ep-x.eu.neon.tech/db?sslmode=require&channel_binding=require",
                Security::Require(None),
            ),
            (
                "postgres://u:p@db.example/db?sslmode=require&supa=base-pooler.x&pgbouncer=true",
                Security::Require(None),
            ),
            (
                "postgres://u:p@db.example/db?options=endpoint%3Dep-x&sslmode=verify-full&sslrootcert=system",
                Security::Require(None),
            ),
            (
                "postgres://u:p@db.example/db?ssl=true",
                Security::Require(None),
            ),
            ("postgres://u:p@db.example/db?ssl=false", Security::None),
            (
                "postgres://u:p@db.example/db?sslmode=no-verify",
                Security::Unchecked,
            ),
            (
                "postgres://u:p@db.example/db?uselibpqcompat=true&sslmode=require",
                Security::Require(None),
            ),
            (
                "postgresql+asyncpg://u:p@db.example/db?serverVersion=16&charset=utf8",
                Security::Prefer,
            ),
            (
                "jdbc:postgresql://db.example/db?user=u&password=p&currentSchema=x",
                Security::Prefer,
            ),
            ("postgres://u:p@db.example/db?", Security::Prefer),
            (
                "postgres://u:p@db.example/db?pool=5&timeout=5000&encoding=unicode",
                Security::Prefer,
            ),
        ] {
            assert_eq!(security(address).unwrap(), expected, "{address}");
        }
    }

    #[test]
    fn what_is_not_known_is_named_and_its_value_is_not() {
        for (parameters, named) in [
            ("unheard_of=hidden", "unheard_of"),
            ("sslmode=require&sslcert=/hidden.pem", "sslcert"),
            ("pgbouncer=true&connect_timeout=hidden", "connect_timeout"),
            ("ssl=hidden", "ssl"),
            ("sslmode=hidden", "sslmode"),
            ("hid%64en=hidden", "after the question mark"),
        ] {
            let address = format!("postgres://me:hidden@db.example/shop?{parameters}");
            let error = security(&address).unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
            assert!(!error.contains("hidden"), "{error}");
        }
    }

    #[test]
    fn what_an_address_asks_for() {
        let with_root = Security::Require(Some("/a b.pem".into()));
        for (parameters, expected) in [
            ("", Security::Prefer),
            ("?connect_timeout=3", Security::Prefer),
            ("?sslmode=disable", Security::None),
            ("?sslmode=prefer", Security::Prefer),
            (
                "?connect_timeout=3&sslmode=require",
                Security::Require(None),
            ),
            (
                "?sslmode=verify-ca&connect_timeout=3",
                Security::Require(None),
            ),
            ("?sslmode=verify-full", Security::Require(None)),
            (
                "?sslmode=verify-full&sslrootcert=system",
                Security::Require(None),
            ),
            ("?sslmode=require&sslrootcert=/a%20b.pem", with_root.clone()),
            ("?sslrootcert=/a%20b.pem", with_root),
        ] {
            let found = security(&format!("postgres://me:p?w@db.example/shop{parameters}"));
            assert_eq!(found.unwrap(), expected, "{parameters}");
        }
    }

    #[test]
    fn this_machine_needs_no_tls_unless_it_is_asked_for() {
        for host in ["localhost", "127.0.0.1", "127.8.0.1", "[::1]", "%2Frun"] {
            let url = format!("postgres://me@{host}/shop");
            assert_eq!(security(&url).unwrap(), Security::None, "{host}");
            let url = format!("{url}?sslmode=require");
            assert_eq!(security(&url).unwrap(), Security::Require(None), "{host}");
        }
        let one_is_elsewhere = security("postgres://me@localhost,db.example/shop");
        assert_eq!(one_is_elsewhere.unwrap(), Security::Prefer);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for parameters in [
            "sslmode=allow",
            "sslmode",
            "sslmode=prefer&sslrootcert=/x",
            "sslmode=disable&sslrootcert=/x",
        ] {
            let refused = security(&format!("postgres://me@host/shop?{parameters}"));
            assert!(
                matches!(refused, Err(StoreError::Unusable(_))),
                "{parameters}"
            );
        }
    }
}
