//! The state of a running simulator. All of it is bounded, and lost with the process.

mod calls;
mod limits;
mod revocations;
mod scripts;
mod sites;

use parking_lot::Mutex;

pub(crate) use calls::{Arrived, Calls, Seen};
pub(crate) use limits::Limits;
pub(crate) use revocations::Revocations;
pub(crate) use scripts::Scripts;
pub(crate) use sites::SiteChange;
pub use sites::{SiteNow, Sites};

use crate::faults::Faults;
use crate::webhooks::Outbox;
use crate::world::World;

/// Each part has a separate lock, which is never held across an await.
pub(crate) struct Memory {
    pub(crate) sites: Sites,
    pub(crate) faults: Mutex<Faults>,
    pub(crate) revocations: Mutex<Revocations>,
    pub(crate) calls: Mutex<Calls>,
    pub(crate) limits: Mutex<Limits>,
    pub(crate) scripts: Mutex<Scripts>,
    pub(crate) outbox: Mutex<Outbox>,
}

impl Memory {
    pub(crate) fn new(world: &World) -> Self {
        Self {
            sites: Sites::new(&world.sites),
            faults: Mutex::default(),
            revocations: Mutex::default(),
            calls: Mutex::default(),
            limits: Mutex::default(),
            scripts: Mutex::default(),
            outbox: Mutex::default(),
        }
    }
}
