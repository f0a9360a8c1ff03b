//! The state that all handlers share.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use backlot_outbound::body::PaceLimits;
use backlot_outbound::upstream::Client;
use backlot_outbound::wix::WixClient;
use backlot_store::Store;
use backlot_wix::AppId;
use http::HeaderName;

use crate::auth::elevated_token::ElevatedTokens;
use crate::buffers::BufferBudget;
use crate::connections::Connections;
use crate::context::SharedContext;
use crate::cors;
use crate::data::Data;
use crate::echo_marks::EchoMarks;
use crate::events::{DeliveryMeans, EventLimits};
use crate::extract::clients::Clients;
use crate::instances::{InstanceDirectory, RefreshScheduler};
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
    /// What handlers in Rust are given.
    pub(crate) clients: Arc<Clients>,
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
