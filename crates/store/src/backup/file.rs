//! A backup as a file: one line that says what it is, and then pieces, each with a letter, the length of its
//! content (4 bytes, the highest first) and its content.
//!
//! `H` says what it is a backup of, `T` begins a table, `D` is content, `S` ends a table with its sum, and `E` ends the
//! file: SHA-256 of all that comes before. A file without an end was cut off; nothing of it is used.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::Receiver;

use super::{About, Kind, TableSum};
use crate::StoreError;

/// How backups begin: the line, what they are of, and the format.
const FIRST_LINES: [(&[u8], Kind, u32); 3] = [
    (
        b"Backlot backup of PostgreSQL, format 1\n",
        Kind::Postgres,
        1,
    ),
    (
        b"Backlot backup of PostgreSQL, format 2\n",
        Kind::Postgres,
        2,
    ),
    (b"Backlot backup of SQLite, format 2\n", Kind::Sqlite, 2),
];
/// The format that is written.
pub(crate) const FORMAT: u32 = 2;
/// The most content of a piece, in bytes.
pub(crate) const LARGEST: usize = 64 * 1024;
/// The most of a piece that says something, in bytes.
const LARGEST_WORDS: usize = 1 << 20;

/// A piece of a backup.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    About(About),
    Table(Table),
    Data(Vec<u8>),
    Sum(TableSum),
    End,
}

/// What follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) columns: Vec<String>,
}

/// Adds up the content of a table, as `COPY` has it: a line a row.
pub(crate) struct Summing {
    name: String,
    rows: u64,
    hash: Context,
}

impl Summing {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            rows: 0,
            hash: Context::new(&SHA256),
        }
    }

    pub(crate) fn add(&mut self, data: &[u8]) {
        let lines = data.split(|byte| *byte == b'\n').count();
        self.rows += lines.saturating_sub(1) as u64;
        self.hash.update(data);
    }

    pub(crate) fn finish(self) -> TableSum {
        TableSum {
            name: self.name,
            rows: self.rows,
            checksum: const_hex::encode(self.hash.finish()),
        }
    }
}

/// Whether a file is one of SQLite's, and no backup with a checksum.
pub(crate) fn is_bare_sqlite(path: &Path) -> bool {
    // A pipe or a device may never end.
    if !std::fs::metadata(path).is_ok_and(|known| known.is_file()) {
        return false;
    }
    let mut found = [0; 16];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut found));
    read.is_ok() && found == *b"SQLite format 3\0"
}

/// Of which database a file is a backup, by its first line.
pub(crate) fn kind_of(path: &Path) -> Option<Kind> {
    if is_bare_sqlite(path) {
        return Some(Kind::Sqlite);
    }
    Reader::open(path).ok().map(|reader| reader.kind())
}

/// Writes what comes until the end of it. If none comes, the file is not whole.
pub(crate) fn write(
    path: &Path,
    kind: Kind,
    pieces: &mut Receiver<Piece>,
) -> Result<(), StoreError> {
    let cannot = |error: io::Error| match error.kind() {
        io::ErrorKind::StorageFull => StoreError::Full,
        _ => StoreError::CannotWrite {
            path: path.to_owned(),
            cause: error.to_string(),
        },
    };
    let file = std::fs::OpenOptions::new().append(true).open(path);
    let mut out = Writer::begin(file.map_err(cannot)?, kind).map_err(cannot)?;
    while let Some(piece) = pieces.blocking_recv() {
        if matches!(piece, Piece::End) {
            return out.end().map_err(cannot);
        }
        out.put(&piece).map_err(cannot)?;
    }
    Err(StoreError::Unavailable(
        "the backup was broken off".to_owned(),
    ))
}

/// Writes pieces, and in the end the hash of all of them.
pub(crate) struct Writer {
    out: BufWriter<File>,
    hash: Context,
}

impl Writer {
    pub(crate) fn begin(file: File, kind: Kind) -> io::Result<Self> {
        let mut writer = Self {
            out: BufWriter::new(file),
            hash: Context::new(&SHA256),
        };
        let line = FIRST_LINES.iter().find(|it| (it.1, it.2) == (kind, FORMAT));
        writer.write(line.map_or(&[][..], |it| it.0))?;
        Ok(writer)
    }

    pub(crate) fn put(&mut self, piece: &Piece) -> io::Result<()> {
        let words;
        let (letter, content) = match piece {
            Piece::About(about) => {
                words = serde_json::to_vec(about)?;
                (b'H', &words)
            }
            Piece::Table(table) => {
                words = serde_json::to_vec(table)?;
                (b'T', &words)
            }
            Piece::Sum(sum) => {
                words = serde_json::to_vec(sum)?;
                (b'S', &words)
            }
            Piece::Data(data) => (b'D', data),
            Piece::End => return Ok(()),
        };
        self.write(&head(letter, content))?;
        self.write(content)
    }

    pub(crate) fn end(mut self) -> io::Result<()> {
        let hash = self.hash.clone().finish();
        self.out.write_all(&head(b'E', hash.as_ref()))?;
        self.out.write_all(hash.as_ref())?;
        self.out.flush()
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.out.write_all(bytes)
    }
}

fn head(letter: u8, content: &[u8]) -> [u8; 5] {
    let length = u32::try_from(content.len()).unwrap_or(u32::MAX);
    let [a, b, c, d] = length.to_be_bytes();
    [letter, a, b, c, d]
}

/// Reads a backup, piece by piece.
pub(crate) struct Reader {
    path: PathBuf,
    file: BufReader<File>,
    hash: Context,
    kind: Kind,
    format: u32,
}

impl Reader {
    /// Opens a file, which must begin as a backup does.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let none = || damaged(path, "it is no backup of Backlot's");
        let known = std::fs::metadata(path).map_err(|error| damaged(path, &error.to_string()))?;
        // A pipe or a device may never end.
        if !known.is_file() {
            return Err(damaged(path, "it is no regular file"));
        }
        let file = File::open(path).map_err(|error| damaged(path, &error.to_string()))?;
        let mut file = BufReader::new(file);
        let mut line = Vec::new();
        let longest = FIRST_LINES.iter().map(|it| it.0.len()).max().unwrap_or(0);
        while line.last() != Some(&b'\n') {
            let mut byte = [0];
            if line.len() == longest || file.read_exact(&mut byte).is_err() {
                return Err(none());
            }
            line.push(byte[0]);
        }
        let known = FIRST_LINES.iter().find(|it| it.0 == line);
        let (_, kind, format) = *known.ok_or_else(none)?;
        let mut hash = Context::new(&SHA256);
        hash.update(&line);
        Ok(Self {
            path: path.to_owned(),
            file,
            hash,
            kind,
            format,
        })
    }

    pub(crate) const fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) const fn format(&self) -> u32 {
        self.format
    }

    /// The next piece. The end is only told when everything before it is as it was written.
    pub(crate) fn next(&mut self) -> Result<Piece, StoreError> {
        let mut head = [0; 5];
        self.fill(&mut head)?;
        let [letter, a, b, c, d] = head;
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        let largest = if letter == b'D' {
            LARGEST
        } else {
            LARGEST_WORDS
        };
        if length > largest {
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
            b'H' => Piece::About(serde_json::from_slice(&content).map_err(unreadable)?),
            b'T' => Piece::Table(serde_json::from_slice(&content).map_err(unreadable)?),
            b'S' => Piece::Sum(serde_json::from_slice(&content).map_err(unreadable)?),
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

/// A file that is not used.
pub(crate) fn damaged(path: &Path, cause: &str) -> StoreError {
    StoreError::NoBackup {
        path: path.to_owned(),
        cause: cause.to_owned(),
    }
}
