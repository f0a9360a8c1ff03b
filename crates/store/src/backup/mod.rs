//! Backups as files: what they say of themselves, and proving it.
//!
//! - [`file`](mod@file): how one is written and read: one line, then pieces, then SHA-256 of all of it
//! - [`crate::verify_backup`]: whether a file is a backup, and whole; nothing of a file that is not is ever used
//!
//! A backup of SQLite carries the database's file, one of PostgreSQL what `COPY` says of each table. Either says of
//! which program, version and app it is, and how much each table holds, with a checksum of it.

pub(crate) mod file;

use std::fmt;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::StoreError;
use file::{Piece, Reader};

/// Of which database a backup is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        })
    }
}

/// What a backup says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct About {
    /// The migration that the database was at.
    pub migration: i64,
    /// The version of the program that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// The app that the data is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_at: Option<Timestamp>,
    /// What each table holds, where that is known before: in backups of SQLite.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<TableSum>,
}

/// How much a table holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableSum {
    /// Its name.
    pub name: String,
    /// Its rows.
    pub rows: u64,
    /// A checksum of its content.
    pub checksum: String,
}

/// What a backup is to say of itself.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The version of the program.
    pub program: Option<String>,
    /// The app.
    pub app: Option<String>,
    /// When it is made.
    pub made_at: Option<Timestamp>,
}

impl Origin {
    pub(crate) fn about(&self, migration: i64, tables: Vec<TableSum>) -> About {
        About {
            migration,
            program: self.program.clone(),
            app: self.app.clone(),
            made_at: self.made_at,
            tables,
        }
    }
}

/// A backup that was read from its first byte to its last, and is what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Of which database.
    pub kind: Kind,
    /// The format: 0 is a bare file of SQLite's, which has no checksum, so only its form is proven.
    pub format: u32,
    /// What it says of itself.
    pub about: About,
    /// What each table holds.
    pub tables: Vec<TableSum>,
}

impl Verified {
    /// Whether its content is proven to be what was written.
    pub const fn has_checksum(&self) -> bool {
        self.format > 0
    }
}

/// Reads all of a backup of PostgreSQL, and proves that it is whole and unchanged.
pub(crate) fn verify_postgres(path: &Path, mut reader: Reader) -> Result<Verified, StoreError> {
    let (kind, format) = (reader.kind(), reader.format());
    let about = read_about(&mut reader, path)?;
    let tables = check_tables(&mut reader, path)?;
    Ok(Verified {
        kind,
        format,
        about,
        tables,
    })
}

pub(crate) fn read_about(reader: &mut Reader, path: &Path) -> Result<About, StoreError> {
    match reader.next()? {
        Piece::About(about) => Ok(about),
        _ => Err(file::damaged(path, "it has no header")),
    }
}

/// The rest of a backup of PostgreSQL: tables, each with its content and, since format 2, its sum.
fn check_tables(reader: &mut Reader, path: &Path) -> Result<Vec<TableSum>, StoreError> {
    let mut sums: Vec<TableSum> = Vec::new();
    let mut present: Option<file::Summing> = None;
    loop {
        match reader.next()? {
            Piece::End => {
                sums.extend(present.take().map(file::Summing::finish));
                return Ok(sums);
            }
            Piece::Table(table) => {
                sums.extend(
                    present
                        .replace(file::Summing::new(&table.name))
                        .map(file::Summing::finish),
                );
            }
            Piece::Data(data) if present.is_some() => {
                if let Some(present) = &mut present {
                    present.add(&data);
                }
            }
            Piece::Sum(said) => {
                let held = present.take().map(file::Summing::finish);
                if held.as_ref() != Some(&said) {
                    let cause = format!("the table {} is not what was written", said.name);
                    return Err(file::damaged(path, &cause));
                }
                sums.push(said);
            }
            Piece::Data(_) | Piece::About(_) => {
                let cause = "its parts are in no order that a backup has";
                return Err(file::damaged(path, cause));
            }
        }
    }
}
