//! `[database]`

use std::path::{Path, PathBuf};

use super::report::Report;
use crate::config::sections::Database;

pub(super) fn resolve(
    database: &Database,
    data: &Path,
    report: &mut Report<'_>,
) -> Option<PathBuf> {
    let Some(url) = &database.url else {
        return Some(data.join("backlot.db"));
    };
    match url.strip_prefix("sqlite://") {
        Some(path) if !path.is_empty() && !path.contains('?') => {
            Some(report.source.folder().join(path))
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
