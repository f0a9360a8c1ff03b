//! The app that commands without a server speak of: that of the configuration, or the make-believe
//! one that `backlot dev` left in the data folder.

use backlot_server::cors::Policy;
use backlot_simulator::access_token::AccessTokens;
use backlot_simulator::webhooks::EventSigner;
use backlot_simulator::world::{self, Site};

use super::arguments::ConfigArgs;
use super::configured::tell_which;
use super::{environment, read_source, runtime};
use crate::config::{Fallback, Mode, Resolved, origins_of, resolve};
use crate::data_folder::DataFolder;
use crate::secrets::give_secrets;
use crate::user_error::user_error;

/// The app and the sites that the simulator has for it.
pub(super) struct KnownApp {
    pub(super) resolved: Resolved,
    pub(super) sites: Vec<Site>,
    /// What tells the simulator's own access tokens from Wix's.
    pub(super) simulated_tokens: Option<AccessTokens>,
    /// Signs the simulator's webhooks.
    pub(super) event_signer: Option<EventSigner>,
    /// The origins that `backlot serve` allows; [`Self::resolved`] is for `backlot dev`.
    pub(super) origins_of_production: Policy,
    /// True where the app is the simulator's, which Wix itself has never heard of.
    pub(super) is_make_believe: bool,
}

/// Finds it, by the same rule as `backlot dev`: the configuration counts, and the data folder fills
/// its gaps.
pub(super) fn known_app(config: &ConfigArgs) -> anyhow::Result<KnownApp> {
    let mut source = read_source(config.config.as_deref())?;
    let is_make_believe = source.parse()?.app.id.is_none();
    let data = if is_make_believe {
        DataFolder::with_world(config.data.as_deref())
    } else {
        DataFolder::present(config.data.as_deref())
    };
    source.set_data_folder(&data);
    if config.data.is_none() && !is_make_believe {
        tell_which(&data);
    }
    runtime()?.block_on(give_secrets(&mut source, data.path(), &environment))?;
    let world = world::load(&data.world())?;
    if world.is_none() && is_make_believe {
        return Err(user_error(format!(
            "there is no app: no app.id is configured, and {} does not exist\n  hint: run `backlot \
             dev` first, or name its folder with --data or a file with --config",
            data.world().display()
        )));
    }
    let mut fallback = Fallback::default();
    let (mut sites, mut simulated_tokens, mut event_signer) = (Vec::new(), None, None);
    if let Some(world) = world {
        let app = world.app;
        simulated_tokens = Some(AccessTokens::new(&app.private_key));
        event_signer = EventSigner::new(&app.private_key);
        fallback.public_key = Some(app.public_key);
        fallback.app = Some((app.id.to_string(), app.secret));
        sites = world.sites;
    }
    let resolved = resolve(&source, Mode::Dev, &fallback, data.path(), &environment)?;
    Ok(KnownApp {
        origins_of_production: origins_of(&source, resolved.settings.policy.app_id)?,
        resolved,
        sites,
        simulated_tokens,
        event_signer,
        is_make_believe,
    })
}
