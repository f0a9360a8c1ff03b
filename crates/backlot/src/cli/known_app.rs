//! The app that commands without a server speak of: that of the configuration, or the make-believe
//! one that `backlot dev` left in the data folder.

use backlot_simulator::world::{self, Site};

use super::arguments::Place;
use super::{environment, mistake, read_source};
use crate::config::{Fallback, Mode, Resolved, resolve};
use crate::data_folder::DataFolder;

/// The app and the sites that the simulator has for it.
pub(super) struct KnownApp {
    pub(super) resolved: Resolved,
    pub(super) sites: Vec<Site>,
}

/// Finds it, by the same rule as `backlot dev`: the configuration counts, and the data folder fills
/// its gaps.
pub(super) fn known_app(place: &Place) -> anyhow::Result<KnownApp> {
    let source = read_source(place.config.as_deref())?;
    let data = DataFolder::new(place.data.as_deref());
    let world = world::load(&data.world())?;
    if world.is_none() && source.parse()?.app.id.is_none() {
        return Err(mistake(format!(
            "there is no app: no app.id is configured, and {} does not exist\n  hint: run `backlot \
             dev` first, or name its folder with --data or a file with --config",
            data.world().display()
        )));
    }
    let (app, sites) = match world {
        Some(world) => {
            let app = world.app;
            (
                Some((app.id.to_string(), app.secret, app.public_key)),
                world.sites,
            )
        }
        None => (None, Vec::new()),
    };
    let fallback = Fallback { app };
    let resolved = resolve(&source, Mode::Dev, &fallback, data.path(), &environment)?;
    Ok(KnownApp { resolved, sites })
}
