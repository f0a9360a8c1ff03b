//! What handlers in Rust are given: clients that are bound to one instance, or to one caller.

use std::fmt;
use std::sync::Arc;

use backlot_outbound::wix::WixClient;
use backlot_wix::{AppId, Caller, InstanceId};

use super::connections::Connections;
use super::items::Items;
use super::links::Links;
use super::wix::Wix;
use crate::connections;
use crate::data::{Data, Principal};
use crate::echo_marks::EchoMarks;
use crate::instances::InstanceDirectory;
use crate::links::InstanceLinks;

/// Makes the clients.
pub(crate) struct Clients {
    pub(crate) app_id: AppId,
    pub(crate) wix: WixClient,
    pub(crate) directory: InstanceDirectory,
    pub(crate) connections: Arc<connections::Connections>,
    pub(crate) data: Arc<Data>,
    pub(crate) echo_marks: EchoMarks,
}

impl fmt::Debug for Clients {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Clients")
    }
}

impl Clients {
    /// Calls to Wix as the app, on one instance.
    pub(crate) fn wix(&self, instance_id: InstanceId) -> Wix {
        let (wix, directory) = (self.wix.clone(), self.directory.clone());
        Wix::new(wix, directory, self.echo_marks.clone(), instance_id)
    }

    /// The third parties that a caller may call.
    pub(crate) fn connections(&self, caller: &Arc<Caller>) -> Connections {
        Connections::new(
            Arc::clone(&self.connections),
            self.directory.clone(),
            self.echo_marks.clone(),
            Arc::clone(caller),
        )
    }

    /// The links of a caller's instance.
    pub(crate) fn links(&self, caller: &Caller) -> Links {
        let plan = caller.plan.as_deref().map(Into::into);
        Links::new(InstanceLinks::new(
            Arc::clone(&self.data),
            caller.instance_id,
            plan,
        ))
    }

    /// The items of a caller.
    pub(crate) fn items(&self, caller: &Caller) -> Items {
        let who = Principal::caller(caller, self.app_id);
        Items::new(self.data.session(who))
    }
}
