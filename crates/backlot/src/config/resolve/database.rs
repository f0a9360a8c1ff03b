//! `[database]`

use std::path::{Path, PathBuf};

use backlot_store::{Address, sqlite};

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
    let file = |path: PathBuf| Some(Address::Sqlite { path, durability });
    let Some(url) = &database.url else {
        return file(data.join("backlot.db"));
    };
    match url.strip_prefix("sqlite://") {
        Some(path) if !path.is_empty() && !path.contains('?') => {
            file(report.source.folder().join(path))
        }
        _ => {
            let cause = if url.starts_with("postgres") {
                "PostgreSQL is not supported yet".to_owned()
            } else {
                // The address may hold a password: only its scheme is repeated.
                let scheme = url.split(':').next().unwrap_or_default();
                format!("an address that starts with {scheme:?} is none of a database")
            };
            report.problem(
                "database.url",
                cause,
                "write sqlite:// and the path of a file, such as sqlite://data/backlot.db",
            );
            None
        }
    }
}
