//! Reads or creates the master key.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use backlot_server::secrets::{MasterKey, VaultError};
use jiff::Timestamp;

use super::key_file::{cannot_write, create, read};
use crate::config::MasterKeyPlace;
use crate::output_file;
use crate::user_error::user_error;

impl MasterKeyPlace {
    /// Checks the key if it is configured or exists. Creates nothing.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        if self.is_present() {
            self.read(true).map(drop)
        } else {
            Ok(())
        }
    }

    fn name(&self) -> String {
        match (&self.configured, &self.file) {
            (Some(configured), _) => configured.name.clone(),
            (None, Some(file)) => file.display().to_string(),
            (None, None) => "the master key".to_owned(),
        }
    }

    /// Reads the key. Creates the file in the data folder if it is missing, unless the database is already encrypted
    /// (`must_exist`).
    pub(crate) fn read(&self, must_exist: bool) -> anyhow::Result<MasterKey> {
        if let Some(configured) = &self.configured {
            let name = &configured.name;
            let text = configured.text.as_ref();
            let text = text.map_err(|cause| user_error(format!("{name}: {cause}")))?;
            return MasterKey::parse(text).map_err(|error| user_error(format!("{name}: {error}")));
        }
        let file = self.file.as_deref().unwrap_or(Path::new("master.key"));
        if file.exists() {
            return read(file);
        }
        if must_exist {
            return Err(user_error(format!(
                "MASTER_KEY_MISSING: {}: the database's secrets and signing key are sealed with a master key, and \
                 it is not here\n  hint: put the file back, or say in [secrets] where the key is; nodes that share \
                 a database need the same one",
                file.display()
            )));
        }
        let key = MasterKey::generate();
        let key =
            key.ok_or_else(|| anyhow::anyhow!("the operating system gives no random bytes"))?;
        match create(file, &key) {
            // Another program was a moment faster.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => read(file),
            created => created
                .map(|()| key)
                .map_err(|error| cannot_write(file, &error)),
        }
    }

    /// The error for a key that does not match.
    pub(crate) fn wrong(&self, fault: &VaultError) -> anyhow::Error {
        user_error(format!(
            "MASTER_KEY_WRONG: {}: {fault}\n  hint: give the key that they were sealed with, which all nodes that \
             share the database need; after `backlot secret rekey` that is \
             the new one, and for a backup of the time before the old one{}",
            self.name(),
            match &self.file {
                Some(file) => format!(" ({}.until-…)", file.display()),
                None => String::new(),
            }
        ))
    }

    /// Reads a new key whose file was not renamed yet.
    pub(super) fn newer(&self) -> anyhow::Result<Option<MasterKey>> {
        match self.newer_file() {
            Some(file) if file.exists() => read(&file).map(Some),
            _ => Ok(None),
        }
    }

    /// The file of a new key before the database uses it.
    pub(crate) fn newer_file(&self) -> Option<PathBuf> {
        let mut name = self.file.as_ref()?.as_os_str().to_owned();
        name.push(".new");
        Some(name.into())
    }

    /// Locks the key file against concurrent changes.
    pub(crate) fn lock(&self) -> anyhow::Result<Option<std::fs::File>> {
        let Some(file) = &self.file else {
            return Ok(None);
        };
        let mut name = file.as_os_str().to_owned();
        name.push(".lock");
        let path = PathBuf::from(name);
        let lock = lock_file(&path).map_err(|error| cannot_write(&path, &error))?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(lock)),
            Err(_) => Err(user_error(
                "another program is changing the master key at this moment",
            )),
        }
    }

    /// Renames the new key. The previous one is kept beside it for older backups; returns its name.
    pub(crate) fn take_over_newer(&self, now: Timestamp) -> anyhow::Result<Option<PathBuf>> {
        let (Some(newer), Some(file)) = (self.newer_file(), &self.file) else {
            return Ok(None);
        };
        let mut number = 1;
        let before = loop {
            let mut before = file.as_os_str().to_owned();
            before.push(now.strftime(".until-%Y%m%dT%H%M%SZ").to_string());
            // Of several in one second.
            if number > 1 {
                before.push(format!("-{number}"));
            }
            let before = PathBuf::from(before);
            match std::fs::hard_link(file, &before) {
                Ok(()) => break before,
                Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
                Err(error) => return Err(cannot_write(&before, &error)),
            }
        };
        std::fs::rename(&newer, file).map_err(|error| cannot_write(file, &error))?;
        Ok(Some(before))
    }
}

/// Made where it is missing, and never emptied: nothing of what it may lead to is lost.
fn lock_file(path: &Path) -> std::io::Result<std::fs::File> {
    output_file::check(path)?;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
