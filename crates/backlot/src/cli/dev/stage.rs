//! What the simulator plays with.

use std::io::Write as _;

use anyhow::Context as _;
use backlot_server::Clock;
use backlot_simulator::Stage;
use backlot_simulator::world::World;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::config::Resolved;
use crate::data_folder::DataFolder;
use crate::output_file::OutputFile;

pub(super) fn now() -> Timestamp {
    Clock::System.now()
}

/// A random GUID for something of the make-believe world.
pub(in crate::cli) fn guid() -> Uuid {
    let mut bytes = [0; 16];
    fastrand::fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

/// The app that the configuration names takes the place of the make-believe one.
pub(super) fn with_configured_app(world: World, resolved: &Resolved) -> World {
    let settings = &resolved.settings;
    let secret = settings.secrets.newest().reveal().to_owned();
    world.with_app(settings.policy.app_id, &secret)
}

/// Leaves the simulator's address in the data folder, for commands that use its API.
pub(super) fn note_simulator(data: &DataFolder, stage: &Stage) -> anyhow::Result<()> {
    let path = data.simulator_url();
    let written = OutputFile::create(&path).and_then(|mut file| {
        writeln!(file, "{}", stage.addresses.simulator)?;
        file.replace()
    });
    written.with_context(|| format!("cannot write {}", path.display()))
}

/// The content of the ready file. Scripts depend on its keys.
pub(super) fn ready(stage: &Stage) -> Value {
    let (world, addresses) = (&stage.world, &stage.addresses);
    let instances: Vec<Value> = world
        .sites
        .iter()
        .map(|site| {
            json!({
                "instanceId": site.instance_id,
                "siteId": site.site_id,
                "siteUrl": site.site_url,
                "siteName": site.site_name,
                "ownerId": site.owner_id,
                "memberIds": site.member_ids,
            })
        })
        .collect();
    json!({
        "backend": addresses.backend,
        "admin": addresses.admin,
        "simulator": addresses.simulator,
        "app": {
            "id": world.app.id,
            "secret": world.app.secret,
            "publicKey": world.app.public_key,
        },
        "instances": instances,
    })
}
