//! `[database]`

use std::path::{Path, PathBuf};

use backlot_store::postgres::FEWEST_CONNECTIONS;
use backlot_store::{Address, PostgresUrl, sqlite};

use super::report::Report;
use crate::config::sections::{Database, Durability};

pub(super) fn resolve(
    database: &Database,
    data: &Path,
    report: &mut Report<'_>,
) -> Option<Address> {
    let durability = match database.durability {
        Durability::Full => sqlite::Durability::Full,
        Durability::Relaxed => sqlite::Durability::Relaxed,
    };
    let Some(url) = &database.url else {
        let path = data.join("backlot.db");
        return Some(Address::Sqlite { path, durability });
    };
    match at(url) {
        Ok(Address::Sqlite { path, .. }) => Some(Address::Sqlite {
            path: report.source.folder().join(path),
            durability,
        }),
        Ok(Address::Postgres(url)) => {
            if database.connections < FEWEST_CONNECTIONS {
                report.problem(
                    "database.connections",
                    format!("{} connections are too few", database.connections),
                    "write 4 or more, or remove the line",
                );
                return None;
            }
            Some(Address::Postgres(
                url.with_connections(database.connections),
            ))
        }
        Err(cause) => {
            report.problem(
                "database.url",
                cause,
                "write sqlite:// and the path of a file, such as sqlite://data/backlot.db, or \
                 postgres://user:password@host:5432/name",
            );
            None
        }
    }
}

/// Parses the address of a database.
pub(crate) fn at(url: &str) -> Result<Address, String> {
    if let Some(path) = url.strip_prefix("sqlite://")
        && !path.is_empty()
        && !path.contains('?')
    {
        return Ok(Address::Sqlite {
            path: PathBuf::from(path),
            durability: sqlite::Durability::Full,
        });
    }
    if let Some(url) = PostgresUrl::new(url) {
        return url
            .check()
            .map(|()| Address::Postgres(url))
            .map_err(str::to_owned);
    }
    // The address may hold a password: only its scheme is repeated, if it has one.
    let scheme = url.split_once("://").map(|(scheme, _)| scheme);
    let is_scheme = |text: &&str| {
        text.len() <= 20
            && text
                .bytes()
                .all(|it| it.is_ascii_alphanumeric() || b"+-.:".contains(&it))
    };
    Err(match scheme.filter(is_scheme) {
        Some(scheme) => format!("{scheme:?} is not a supported kind of database"),
        None => "this is not the address of a database".to_owned(),
    })
}
