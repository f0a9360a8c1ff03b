//! Wix Data for a program that serves it elsewhere than on the public listener, on a database of its
//! own: what the simulator's Wix is made with.
//!
//! It is the data API without a listener: callers must have been verified before, and whatever
//! stands before it (limits, CORS, a log) is the program's.

use std::sync::Arc;

use backlot_store::Store;
use backlot_wix::{AppId, InstanceId, Role};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use tokio::sync::{Notify, watch};

use crate::clock::Clock;
use crate::data::{CursorKey, Data, JobRunner, Principal, Storage, StorageQuotas};
use crate::error::ApiError;
use crate::handlers::data;
use crate::response::ResponseBody;
use crate::work::{RequestLimits, WorkPool};

/// The responses of the data API, without a listener. Cloning shares it.
#[derive(Clone)]
pub struct DataService {
    data: Arc<Data>,
    app_id: AppId,
}

/// An authenticated caller.
#[derive(Debug, Clone)]
pub struct DataCaller {
    /// The tenant.
    pub instance_id: InstanceId,
    /// What they are to the site.
    pub role: Role,
    /// Who it is, where that is known.
    pub user_id: Option<String>,
}

impl DataService {
    /// Serves this database. Cursors of pages are signed with a key made of `secret`.
    pub fn new(store: Store, clock: Clock, app_id: AppId, secret: &[u8]) -> Self {
        let data = Data {
            work: WorkPool::new(RequestLimits::default(), store.connections()),
            store,
            clock,
            cursors: CursorKey::derived_from(secret),
            new_job: Notify::new(),
            storage: Storage::new(StorageQuotas::default()),
        };
        Self {
            data: Arc::new(data),
            app_id,
        }
    }

    /// Answers a request whose path is one of Wix Data's, refusals included. In a box, so that it is compiled in this
    /// crate (see `server`).
    #[inline(never)]
    pub fn answer(
        &self,
        caller: DataCaller,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Response<ResponseBody>> {
        Box::pin(async move {
            let answer = self.enter(caller, request).await;
            answer.unwrap_or_else(|refusal| {
                if let Some(cause) = refusal.cause() {
                    tracing::warn!(code = refusal.code().name(), cause, "data request failed");
                }
                refusal.into_response().map(ResponseBody::full)
            })
        })
    }

    /// Takes the steps of asynchronous jobs until `stopped` says true. In a box, too.
    #[inline(never)]
    pub fn run_jobs(&self, stopped: watch::Receiver<bool>) -> BoxFuture<'static, ()> {
        Box::pin(JobRunner::new(Arc::clone(&self.data)).run(stopped))
    }

    async fn enter(
        &self,
        caller: DataCaller,
        request: Request<Bytes>,
    ) -> Result<Response<ResponseBody>, ApiError> {
        let operation = data::operation(request.method(), request.uri())?;
        let who = Principal::new(caller.instance_id, caller.role, caller.user_id, self.app_id);
        data::handle_whole(&self.data.session(who), operation, request).await
    }
}
