//! The file of the world, which is created once and then used by every start with the same data folder.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::{App, Site, World};

/// The error for a world that cannot be created or read.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// No key could be made.
    #[error("cannot make an RSA key")]
    NoKey,
    #[error("cannot read or write {path}: {cause}", path = path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// Its content.
    #[error(
        "{path} is damaged ({cause}); remove it and a new app with new sites is made",
        path = path.display()
    )]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        cause: serde_json::Error,
    },
}

/// Reads the world. Returns `None` if the file does not exist.
pub fn load(path: &Path) -> Result<Option<World>, WorldError> {
    match std::fs::read(path) {
        Ok(json) => serde_json::from_slice(&json)
            .map(Some)
            .map_err(|cause| WorldError::Damaged {
                path: path.to_owned(),
                cause,
            }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(WorldError::File {
            path: path.to_owned(),
            cause,
        }),
    }
}

/// Reads the world, or creates one with ids from `guid` in a file that is readable by its owner only.
pub fn load_or_make(path: &Path, guid: &mut dyn FnMut() -> Uuid) -> Result<World, WorldError> {
    if let Some(world) = load(path)? {
        return Ok(world);
    }
    let world = World {
        app: App::make(guid)?,
        sites: vec![
            Site::make(
                "Corner Bakery",
                "https://corner-bakery.example",
                Some("pro"),
                guid,
            ),
            Site::make("Yoga Studio", "https://yoga-studio.example", None, guid),
        ],
    };
    save(path, &world).map_err(|cause| WorldError::File {
        path: path.to_owned(),
        cause,
    })?;
    Ok(world)
}

fn save(path: &Path, world: &World) -> std::io::Result<()> {
    let unfinished = path.with_extension("unfinished");
    match std::fs::remove_file(&unfinished) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = std::fs::OpenOptions::new();
    // A new file: existing links are not followed.
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&unfinished)?;
    file.write_all(&serde_json::to_vec_pretty(world)?)?;
    file.sync_all()?;
    std::fs::rename(unfinished, path)
}
