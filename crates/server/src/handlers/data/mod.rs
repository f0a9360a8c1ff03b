//! The data API: Wix Data v2, as the npm client `@wix/data` speaks it, on the caller's instance.
//!
//! - [`crate::routes::data`]: which of Wix's calls a request is
//! - [`request`]: what it says, in a body, in `.r` or in the query
//! - [`response`]: the response
//! - one file for each family of calls: [`items`], [`bulk`], [`query`], [`search`], [`aggregate`], [`references`], [`jobs`],
//!   [`collections`], [`fields`], [`indexes`]
//!
//! What the calls mean is in [`crate::data`].

mod aggregate;
mod bulk;
mod collections;
mod fields;
mod indexes;
mod items;
mod jobs;
mod paged;
mod path;
mod projection;
mod query;
mod references;
mod request;
mod response;
mod search;

use std::time::Duration;

use backlot_outbound::body::{BodyLimits, RequestBody};
use backlot_wix::data::{DataCode, DataError};
use bytes::Bytes;
use http::{Method, Request, Response, Uri};

pub use crate::policy::DataRates;

pub use crate::data::StorageQuotas;
pub use crate::work::RequestLimits;

use crate::auth::{Authenticated, BodyRequirement};
use crate::data::{DataSession, OperationError, Principal};
use crate::error::{ApiError, ErrorCode};
use crate::instances::PlanUse;
use crate::policy::DataLimiters;
use crate::response::ResponseBody;
use crate::routes::data::DataOperation;
use crate::routes::links::LinksEndpoint;
use crate::state::AppState;
use request::Input;
use response::DataResponse;

/// The settings of these handlers.
#[derive(Debug, Clone)]
pub struct DataApiSettings {
    /// The most bytes of a request's body.
    pub body_bytes: u64,
    /// How long a client may be silent in the middle of a body.
    pub idle_timeout: Duration,
    /// How much each instance may keep.
    pub storage: StorageQuotas,
    /// How often calls may be made.
    pub rates: DataRates,
    /// What one request may cost.
    pub limits: RequestLimits,
}

impl DataApiSettings {
    pub(crate) const fn body(&self) -> BodyLimits {
        BodyLimits {
            bytes: self.body_bytes,
            idle_timeout: self.idle_timeout,
        }
    }
}

/// The handlers of this API, with their limits.
pub(crate) struct DataHandlers {
    settings: DataApiSettings,
    limiters: DataLimiters,
}

impl DataHandlers {
    pub(crate) fn new(settings: DataApiSettings) -> Self {
        Self {
            limiters: DataLimiters::new(settings.rates),
            settings,
        }
    }

    /// Returns what requests must satisfy before they come here.
    pub(crate) fn body(&self) -> BodyRequirement {
        BodyRequirement {
            max_bytes: self.settings.body_bytes,
            error: request::too_large,
        }
    }

    /// Returns what depends on the plan of the caller's instance.
    pub(crate) fn plan_use(&self, operation: DataOperation) -> PlanUse {
        if operation.may_store() && self.settings.storage.are_by_plan() {
            PlanUse::StorageQuota
        } else {
            PlanUse::Nothing
        }
    }

    /// Returns what depends on the plan of the instance whose links are called. Its own server is the app, and the links are
    /// the instance's.
    pub(crate) fn links_plan_use(&self, endpoint: LinksEndpoint) -> PlanUse {
        if endpoint == LinksEndpoint::Upsert && self.settings.storage.are_by_plan() {
            PlanUse::CallQuota
        } else {
            PlanUse::Nothing
        }
    }

    /// Returns the limits of a request's body.
    pub(crate) const fn body_limits(&self) -> BodyLimits {
        self.settings.body()
    }

    pub(crate) const fn limiters(&self) -> &DataLimiters {
        &self.limiters
    }
}

/// Returns the call that a request is.
pub(crate) fn operation(method: &Method, uri: &Uri) -> Result<DataOperation, ErrorCode> {
    let names_an_item = || request::names_an_item(uri.query().unwrap_or_default());
    DataOperation::find(method, uri.path(), names_an_item).ok_or(ErrorCode::RouteNotFound)
}

/// Handles one call. Every success is 200 with JSON; the client knows no other.
pub(crate) async fn handle(
    state: &AppState,
    handlers: &DataHandlers,
    operation: DataOperation,
    caller: Authenticated,
    request: &mut Request<RequestBody>,
) -> Result<Response<ResponseBody>, ApiError> {
    let limits = handlers.settings.body();
    let input = Input::read(request, limits, &state.buffers, caller.instance_id).await?;
    let data = state.data.session(Principal::caller(&caller, state.app_id));
    let answer = do_call(data, operation, input).await?;
    let bytes = answer.kept_bytes();
    if bytes <= UNCOUNTED_RESPONSE {
        return Ok(response::response(answer));
    }
    let mut reservation = state.buffers.reserve(caller.instance_id);
    match reservation.grow(bytes) {
        Ok(()) => Ok(response::response(answer.held(reservation))),
        // What was changed cannot be refused any more; it is no larger than its request.
        Err(_) if operation.may_store() => Ok(response::response(answer)),
        Err(error) => Err(error.into()),
    }
}

/// Responses up to this size are not counted: a client reads them in one go.
const UNCOUNTED_RESPONSE: usize = 64 * 1024;

/// Handles a call whose body has been read. (The simulator's Wix is served so.)
pub(crate) async fn handle_whole(
    data: &DataSession,
    operation: DataOperation,
    request: Request<Bytes>,
) -> Result<Response<ResponseBody>, ApiError> {
    let answer = do_call(data.clone(), operation, Input::new(request)).await?;
    Ok(response::response(answer))
}

/// The largest request that is read on a thread that serves connections.
const MAX_INLINE_BYTES: usize = 8 * 1024;

/// Does what is short at once, and everything else in the work pool.
///
/// Reading one item is what is asked most, and then inserting one. A future has room for all that lies on any of its
/// ways, so what the other ways need lies on the heap: it would be copied with every request.
async fn do_call(
    mut data: DataSession,
    operation: DataOperation,
    input: Input,
) -> Result<DataResponse, ApiError> {
    if operation.may_be_short() && input.size() <= MAX_INLINE_BYTES {
        data = data.inline();
        let outcome = match operation {
            DataOperation::Get => items::get(&data, &input).await,
            DataOperation::Insert => Box::pin(items::insert(&data, &input)).await,
            _ => Box::pin(respond(&data, operation, &input)).await,
        };
        match outcome {
            // It is longer than it looked, and has changed nothing.
            Err(OperationError::DataError(fault)) if fault.code() == DataCode::TooCostly => {}
            outcome => return Ok(outcome?),
        }
    }
    Box::pin(do_in_pool(data, operation, input)).await
}

async fn do_in_pool(
    data: DataSession,
    operation: DataOperation,
    input: Input,
) -> Result<DataResponse, ApiError> {
    let work = move |data: DataSession| async move { respond(&data, operation, &input).await };
    Ok(data.run_in_pool(work).await??)
}

async fn respond(
    data: &DataSession,
    operation: DataOperation,
    input: &Input,
) -> Result<DataResponse, OperationError> {
    Ok(match operation {
        DataOperation::Get => items::get(data, input).await?,
        DataOperation::Insert => items::insert(data, input).await?,
        DataOperation::Update => items::update(data, input).await?,
        DataOperation::Save => items::save(data, input).await?,
        DataOperation::Patch => items::patch(data, input).await?,
        DataOperation::Remove => items::remove(data, input).await?,
        DataOperation::Truncate => items::truncate(data, input).await?.into(),
        DataOperation::BulkInsert => bulk::insert(data, input).await?.into(),
        DataOperation::BulkUpdate => bulk::update(data, input).await?.into(),
        DataOperation::BulkSave => bulk::save(data, input).await?.into(),
        DataOperation::BulkPatch => bulk::patch(data, input).await?.into(),
        DataOperation::BulkRemove => bulk::remove(data, input).await?.into(),
        DataOperation::AsyncPatch => jobs::patch(data, input).await?.into(),
        DataOperation::AsyncRemove => jobs::remove(data, input).await?.into(),
        DataOperation::JobStatus => jobs::status(data, input).await?.into(),
        DataOperation::Query => query::query(data, input).await?,
        DataOperation::Count => query::count(data, input).await?.into(),
        DataOperation::Distinct => aggregate::distinct(data, input).await?.into(),
        DataOperation::Aggregate => aggregate::aggregate(data, input).await?.into(),
        DataOperation::Pipeline => aggregate::pipeline(data, input).await?.into(),
        DataOperation::Search => search::search(data, input).await?,
        DataOperation::InsertReferences => references::insert(data, input).await?.into(),
        DataOperation::RemoveReferences => references::remove(data, input).await?.into(),
        DataOperation::ReplaceReferences => references::replace(data, input).await?.into(),
        DataOperation::IsReferenced => references::is_referenced(data, input).await?.into(),
        DataOperation::QueryReferenced => references::query(data, input).await?,
        DataOperation::CreateCollection => collections::create(data, input).await?.into(),
        DataOperation::GetCollection => collections::get(data, input).await?.into(),
        DataOperation::ListCollections => collections::list(data, input).await?.into(),
        DataOperation::UpdateCollection => collections::update(data, input).await?.into(),
        DataOperation::PatchCollection => collections::patch(data, input).await?.into(),
        DataOperation::DeleteCollection => collections::delete(data, input).await?.into(),
        DataOperation::CreateField => fields::create(data, input).await?.into(),
        DataOperation::UpdateField => fields::update(data, input).await?.into(),
        DataOperation::PatchField => fields::patch(data, input).await?.into(),
        DataOperation::DeleteField => fields::delete(data, input).await?.into(),
        DataOperation::AddPlugin(kind) => fields::add_plugin(data, input, kind).await?.into(),
        DataOperation::DeletePlugin(kind) => fields::delete_plugin(data, input, kind).await?.into(),
        DataOperation::CreateIndex => indexes::create(data, input).await?.into(),
        DataOperation::ListIndexes => indexes::list(data, input).await?.into(),
        DataOperation::AvailableIndexes => indexes::available(data, input).await?.into(),
        DataOperation::DropIndex => indexes::remove(data, input).await?.into(),
        DataOperation::NotServed(what) => {
            let text = format!("{what} are not supported here.");
            return Err(DataError::new(DataCode::NotSupported, text).into());
        }
    })
}
