//! A master key in a file.

use std::io::Write as _;
use std::path::Path;

use backlot_server::secrets::MasterKey;
use zeroize::Zeroizing;

use crate::data_folder::make_private;
use crate::output_file::OutputFile;
use crate::user_error::user_error;

/// Reads a key.
pub(super) fn read(file: &Path) -> anyhow::Result<MasterKey> {
    let name = file.display();
    #[cfg(unix)]
    if let Ok(known) = std::fs::metadata(file)
        && std::os::unix::fs::PermissionsExt::mode(&known.permissions()) & 0o077 != 0
    {
        let _ = writeln!(
            std::io::stderr(),
            "warning: {name}: others may read the master key\n  hint: chmod 600 {name}"
        );
    }
    let text = std::fs::read_to_string(file).map(Zeroizing::new);
    let text = text.map_err(|error| user_error(format!("cannot read {name}: {error}")))?;
    MasterKey::parse(&text).map_err(|error| user_error(format!("{name}: {error}")))
}

/// Writes a key file that is readable by its owner only. Does not replace an existing one.
pub(crate) fn write(file: &Path, key: &MasterKey) -> anyhow::Result<()> {
    create(file, key).map_err(|error| cannot_write(file, &error))
}

/// The file is renamed when the key is complete and on disk, because it may be read at any moment.
pub(super) fn create(file: &Path, key: &MasterKey) -> std::io::Result<()> {
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder {
        make_private(folder)?;
    }
    let mut out = OutputFile::create(file)?;
    out.write_all(key.reveal().as_bytes())?;
    out.write_all(b"\n")?;
    out.keep_new()
}

pub(super) fn cannot_write(file: &Path, error: &std::io::Error) -> anyhow::Error {
    user_error(format!("cannot write {}: {error}", file.display()))
}
