//! Files of Backlot's, whichever configuration they belong to, recognized by name and content.
//!
//! No backup and no export looks like one of them, so a command that replaces a file never means one.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use backlot_server::secrets::MasterKey;
use backlot_simulator::world::World;

use crate::config::is_configuration;
use crate::data_folder::{DataFolder, with_end};
use crate::lock_holder::Holder;

/// The most that is read of a file: keys, locks and configurations are smaller.
const MAX_READ_BYTES: u64 = 1 << 20;
/// How SQLite's files begin, in bytes.
const MAGIC_BYTES: usize = 16;
/// The version of the index of SQLite's log, in either order of bytes.
const INDEX_VERSION: u32 = 3_007_000;

/// The file by its name, which it need not have yet: one of a data folder's, or one that SQLite keeps beside a database.
pub(super) fn by_name(path: &Path) -> Option<&'static str> {
    let (folder, name) = (path.parent()?, path.file_name()?.to_str()?);
    if let Some(what) = DataFolder::file_of_any(folder, name) {
        return Some(what);
    }
    let is_beside_a_database = ["-wal", "-shm", "-journal", ".lock"].iter().any(|end| {
        let database = name.strip_suffix(end).filter(|it| !it.is_empty());
        database.is_some_and(|database| is_sqlite(&folder.join(database)))
    });
    is_beside_a_database.then_some("a file that belongs to a database beside it")
}

/// The file by its content, if it is there.
pub(super) fn by_content(path: &Path, replaces_configuration: bool) -> Option<&'static str> {
    // Anything but a file is refused elsewhere, and a pipe may never end.
    if !std::fs::metadata(path).is_ok_and(|known| known.is_file()) {
        return None;
    }
    if is_sqlite(path) || with_end(path, "-wal").exists() || with_end(path, "-shm").exists() {
        return Some("a database");
    }
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_READ_BYTES).read_to_end(&mut bytes));
    if read.is_err() {
        return Some("a file that cannot be read, so it may be anything");
    }
    if is_log(&bytes) {
        return Some("a file that belongs to a database");
    }
    let text = std::str::from_utf8(&bytes).ok()?;
    if MasterKey::parse(text).is_ok() {
        return Some("a master key");
    }
    if text.trim_start().starts_with("-----BEGIN ") {
        return Some("a key or a certificate");
    }
    if serde_json::from_str::<World>(text).is_ok() {
        return Some("a file of the simulator");
    }
    if serde_json::from_str::<Holder>(text).is_ok() {
        return Some("the lock of a server");
    }
    let is_toml = path.extension().is_some_and(|it| it == "toml");
    let is_settings =
        is_configuration(text) || (is_toml && toml::from_str::<toml::Table>(text).is_ok());
    (is_settings && !replaces_configuration).then_some("a configuration")
}

fn is_sqlite(path: &Path) -> bool {
    let mut magic = [0; MAGIC_BYTES];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut magic));
    read.is_ok() && magic == *b"SQLite format 3\0"
}

/// SQLite's write-ahead log, the index of it, or its rollback journal.
fn is_log(bytes: &[u8]) -> bool {
    const JOURNAL: [u8; 8] = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
    let Some(first) = bytes.first_chunk::<4>() else {
        return false;
    };
    let is_index =
        u32::from_le_bytes(*first) == INDEX_VERSION || u32::from_be_bytes(*first) == INDEX_VERSION;
    is_index
        || (0x377f_0682..=0x377f_0683).contains(&u32::from_be_bytes(*first))
        || bytes.starts_with(&JOURNAL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_any_data_folder_are_recognized() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let key = MasterKey::generate().unwrap().reveal();
        for (name, text, what) in [
            ("a", &**key, Some("a master key")),
            ("b", "SQLite format 3\0 and more", Some("a database")),
            (
                "c",
                "-----BEGIN PRIVATE KEY-----\n",
                Some("a key or a certificate"),
            ),
            ("d", "[app]\nid = \"x\"\n", Some("a configuration")),
            ("e.toml", "[permissions]\n", Some("a configuration")),
            (
                "f",
                r#"{"processId":1,"startedAt":"2026-01-01T00:00:00Z","command":"backlot serve"}"#,
                Some("the lock of a server"),
            ),
            ("g", "an old backup", None),
            ("h", "", None),
            ("i", "{\"kind\":\"header\"}\n", None),
            ("j", "Backlot backup of SQLite, format 2\n", None),
            ("k", "a = 1\n", None),
        ] {
            std::fs::write(at(name), text).unwrap();
            assert_eq!(by_content(&at(name), false), what, "{name}");
        }
        assert_eq!(by_content(&at("d"), true), None);
        for end in ["-wal", "-shm", "-journal"] {
            assert!(by_name(&at(&format!("b{end}"))).is_some(), "{end}");
            assert!(by_name(&at(&format!("g{end}"))).is_none(), "{end}");
        }
        assert_eq!(by_name(&at("master.key")), None);
        std::fs::write(at("backlot.lock"), "").unwrap();
        for name in [
            "master.key",
            "master.key.until-2026",
            "backlot.db",
            "backlot.db-wal",
            "backlot.lock",
            "simulator.json",
            "simulator-data.db-shm",
        ] {
            assert!(by_name(&at(name)).is_some(), "{name}");
        }
        for name in ["backlot.db.bak", "kept", "demo-client.js"] {
            assert_eq!(by_name(&at(name)), None, "{name}");
        }
    }
}
