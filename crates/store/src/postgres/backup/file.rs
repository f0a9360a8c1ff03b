//! A backup as a file: one line that says what it is, and then pieces, each with a letter, the length of its
//! content (4 bytes, the highest first) and its content.
//!
//! `H` is a header, `T` begins a table, `D` is some of its content as `COPY` has it, and `E` ends the file: SHA-256 of
//! all that comes before. A file without an end was cut off; nothing of it is used.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::Receiver;

use crate::StoreError;

/// How a backup begins.
pub(crate) const FIRST_LINE: &[u8] = b"Backlot backup of PostgreSQL, format 1\n";
/// The most content of a piece, in bytes.
pub(super) const LARGEST: usize = 64 * 1024;

/// A piece of a backup.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Header(Header),
    Table(Table),
    Data(Vec<u8>),
    End,
}

/// What a backup is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    /// The migration that the database was at.
    pub(super) migration: i64,
}

/// What follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<String>,
}

/// Writes what comes until the end of it. If none comes, the file is not whole.
pub(super) fn write(path: &Path, pieces: &mut Receiver<Piece>) -> Result<(), StoreError> {
    let cannot = |error: io::Error| match error.kind() {
        io::ErrorKind::StorageFull => StoreError::Full,
        _ => StoreError::Open {
            path: path.to_owned(),
            cause: error.to_string(),
        },
    };
    let file = std::fs::OpenOptions::new().append(true).open(path);
    let mut out = BufWriter::new(file.map_err(cannot)?);
    let mut hash = Context::new(&SHA256);
    let mut put = |bytes: &[u8]| {
        hash.update(bytes);
        out.write_all(bytes)
    };
    put(FIRST_LINE).map_err(cannot)?;
    while let Some(piece) = pieces.blocking_recv() {
        let (letter, content) = match piece {
            Piece::Header(header) => (b'H', json(&header)?),
            Piece::Table(table) => (b'T', json(&table)?),
            Piece::Data(data) => (b'D', data),
            Piece::End => {
                let hash = hash.finish();
                out.write_all(&head(b'E', hash.as_ref())).map_err(cannot)?;
                out.write_all(hash.as_ref()).map_err(cannot)?;
                return out.flush().map_err(cannot);
            }
        };
        put(&head(letter, &content)).map_err(cannot)?;
        put(&content).map_err(cannot)?;
    }
    Err(StoreError::Unavailable(
        "the backup was broken off".to_owned(),
    ))
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value).map_err(|error| StoreError::Refused(error.to_string()))
}

fn head(letter: u8, content: &[u8]) -> [u8; 5] {
    let length = u32::try_from(content.len()).unwrap_or(u32::MAX);
    let [a, b, c, d] = length.to_be_bytes();
    [letter, a, b, c, d]
}

/// Reads a backup, piece by piece.
pub(super) struct Reader {
    path: PathBuf,
    file: BufReader<File>,
    hash: Context,
}

impl Reader {
    /// Opens a file, which must begin as a backup does.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let file = File::open(path).map_err(|error| damaged(path, &error.to_string()))?;
        let mut reader = Self {
            path: path.to_owned(),
            file: BufReader::new(file),
            hash: Context::new(&SHA256),
        };
        let mut line = [0; FIRST_LINE.len()];
        let begun = reader.file.read_exact(&mut line);
        if begun.is_err() || line != FIRST_LINE {
            return Err(damaged(path, "it is no backup of Backlot's"));
        }
        reader.hash.update(&line);
        Ok(reader)
    }

    /// The next piece. The end is only told when everything before it is as it was written.
    pub(super) fn next(&mut self) -> Result<Piece, StoreError> {
        let mut head = [0; 5];
        self.fill(&mut head)?;
        let [letter, a, b, c, d] = head;
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        if length > LARGEST {
            return Err(self.damaged("a part of it is longer than any can be"));
        }
        let mut content = vec![0; length];
        self.fill(&mut content)?;
        if letter == b'E' {
            return self.end(&content);
        }
        self.hash.update(&head);
        self.hash.update(&content);
        let unreadable = |_| self.damaged("a part of it cannot be read");
        Ok(match letter {
            b'H' => Piece::Header(serde_json::from_slice(&content).map_err(unreadable)?),
            b'T' => Piece::Table(serde_json::from_slice(&content).map_err(unreadable)?),
            b'D' => Piece::Data(content),
            _ => return Err(self.damaged("a part of it is of no known kind")),
        })
    }

    fn end(&mut self, said: &[u8]) -> Result<Piece, StoreError> {
        if self.hash.clone().finish().as_ref() != said {
            return Err(self.damaged("its content is not what was written"));
        }
        match self.file.read(&mut [0]) {
            Ok(0) => Ok(Piece::End),
            _ => Err(self.damaged("something follows its end")),
        }
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), StoreError> {
        self.file.read_exact(bytes).map_err(|error| {
            let cut_off = "it has no end, so it was cut off";
            match error.kind() {
                io::ErrorKind::UnexpectedEof => self.damaged(cut_off),
                _ => self.damaged(&error.to_string()),
            }
        })
    }

    fn damaged(&self, cause: &str) -> StoreError {
        damaged(&self.path, cause)
    }
}

fn damaged(path: &Path, cause: &str) -> StoreError {
    StoreError::NoBackup {
        path: path.to_owned(),
        cause: cause.to_owned(),
    }
}

/// Reads all of a file, and says what it is a backup of.
pub(super) fn check(path: &Path) -> Result<Header, StoreError> {
    let mut reader = Reader::open(path)?;
    let Piece::Header(header) = reader.next()? else {
        return Err(damaged(path, "it has no header"));
    };
    let mut in_a_table = false;
    loop {
        match reader.next()? {
            Piece::End => return Ok(header),
            Piece::Table(_) => in_a_table = true,
            Piece::Data(_) if in_a_table => {}
            Piece::Data(_) | Piece::Header(_) => {
                return Err(damaged(path, "its parts are in no order that a backup has"));
            }
        }
    }
}
