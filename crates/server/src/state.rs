//! The state that all handlers share.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use backlot_outbound::body::PaceLimits;
use backlot_outbound::upstream::Client;
use backlot_outbound::wix::WixClient;
use backlot_store::Store;
use backlot_wix::{AppId, Caller, InstanceId};
use http::HeaderName;

use crate::auth::elevated_token::ElevatedTokens;
use crate::buffers::BufferBudget;
use crate::connections::Connections;
use crate::context::SharedContext;
use crate::cors;
use crate::data::{Data, Principal};
use crate::echo_marks::EchoMarks;
use crate::events::{DeliveryMeans, EventLimits};
use crate::extract::connections;
use crate::extract::items::Items;
use crate::extract::links::Links;
use crate::extract::wix::Wix;
use crate::instances::{InstanceDirectory, RefreshScheduler};
use crate::links::InstanceLinks;
use crate::transport::upgrade::UpgradedConnections;
use crate::webhook_sources::WebhookSources;
use crate::webhooks::Intake;

pub(crate) struct AppState {
    pub(crate) shared: Arc<SharedContext>,
    pub(crate) app_id: AppId,
    /// Headers that the credential may come in besides `Authorization`.
    pub(crate) instance_headers: Vec<HeaderName>,
    /// What signs the tokens that upstreams are given.
    pub(crate) elevated: Arc<ElevatedTokens>,
    pub(crate) cors: Arc<cors::Policy>,
    pub(crate) cors_answer: cors::CorsHeaders,
    pub(crate) refused_preflights: cors::RefusedPreflights,
    /// Where the world reaches this server, if the configuration says so.
    pub(crate) public_url: Option<String>,
    pub(crate) wix: WixClient,
    pub(crate) directory: InstanceDirectory,
    pub(crate) schedule: Arc<RefreshScheduler>,
    pub(crate) store: Store,
    pub(crate) data: Arc<Data>,
    pub(crate) connections: Arc<Connections>,
    pub(crate) webhook_sources: Arc<WebhookSources>,
    pub(crate) upstreams: Client,
    pub(crate) intake: Arc<Intake>,
    pub(crate) echo_marks: EchoMarks,
    /// What deliveries are made with.
    pub(crate) deliveries: Arc<DeliveryMeans>,
    pub(crate) events: EventLimits,
    pub(crate) upgraded: UpgradedConnections,
    pub(crate) head_limit_bytes: usize,
    /// How slowly a request's body may come.
    pub(crate) body_pace: PaceLimits,
    /// The memory for bodies that are read whole.
    pub(crate) buffers: BufferBudget,
    /// True from the signal to stop on: responses close their connection.
    pub(crate) draining: AtomicBool,
    /// Whether the database answered when it was last looked at, which is once a second.
    pub(crate) database_answers: AtomicBool,
}

impl AppState {
    /// The means to call Wix on one instance, for a handler in Rust.
    pub(crate) fn wix_handle(&self, instance_id: InstanceId) -> Wix {
        let (wix, directory) = (self.wix.clone(), self.directory.clone());
        Wix::new(wix, directory, self.echo_marks.clone(), instance_id)
    }

    /// The third parties that a caller may call, for a handler in Rust.
    pub(crate) fn connections_handle(&self, caller: &Arc<Caller>) -> connections::Connections {
        connections::Connections::new(
            Arc::clone(&self.connections),
            self.directory.clone(),
            self.echo_marks.clone(),
            Arc::clone(caller),
        )
    }

    /// The links of a caller's instance, for a handler in Rust.
    pub(crate) fn links_handle(&self, caller: &Caller) -> Links {
        let plan = caller.plan.as_deref().map(Into::into);
        Links::new(InstanceLinks::new(
            Arc::clone(&self.data),
            caller.instance_id,
            plan,
        ))
    }

    /// The items of a caller, for a handler in Rust.
    pub(crate) fn items_handle(&self, caller: &Caller) -> Items {
        let who = Principal::caller(caller, self.app_id);
        Items::new(self.data.session(who))
    }
}
