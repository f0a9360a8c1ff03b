//! The data API: Wix Data v2, as the npm client `@wix/data` speaks it, on the caller's instance.
//!
//! - [`operation`]: which of Wix's calls a request is
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
mod operation;
mod paged;
mod path;
mod projection;
mod query;
mod rate_limits;
mod references;
mod request;
mod response;
mod search;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use backlot_outbound::body::{BodyLimits, RequestBody, announced_bytes};
use backlot_wix::Caller;
use backlot_wix::data::{DataCode, DataError};
use bytes::Bytes;
use http::{Request, Response};

pub(crate) use operation::{Call, methods};
pub use rate_limits::DataRates;

pub use crate::data::StorageQuotas;
pub use crate::work::RequestLimits;

use crate::data::{DataSession, OperationError, Principal};
use crate::error::ApiError;
use crate::response::ResponseBody;
use crate::state::AppState;
use rate_limits::DataLimiters;
use request::Input;
use response::DataResponse;

/// The settings of these handlers.
#[derive(Debug, Clone)]
pub struct DataApiSettings {
    /// The most bytes of a request's body.
    pub body_bytes: u64,
    /// How long a client may be silent in the middle of a body.
    pub silence: Duration,
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
            silence: self.silence,
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

    pub(crate) fn forget_idle(&self) {
        self.limiters.forget_idle();
    }
}

/// Answers one call. Every answer is 200 with JSON; the client knows no other success.
pub(crate) async fn handle(
    state: &AppState,
    handlers: &DataHandlers,
    call: Call,
    caller: Arc<Caller>,
    client: IpAddr,
    request: &mut Request<RequestBody>,
) -> Result<Response<ResponseBody>, ApiError> {
    handlers.limiters.check(&caller, client)?;
    let limits = handlers.settings.body();
    if announced_bytes(request.headers()).is_some_and(|bytes| bytes > limits.bytes) {
        return Err(request::too_large(limits.bytes));
    }
    let input = Input::read(request, limits, &state.buffers, caller.instance_id).await?;
    let caller = if call.may_store() && state.data.storage.quotas().are_by_plan() {
        Box::pin(state.directory.with_plan(caller, |_| true)).await?
    } else {
        caller
    };
    let data = state
        .data
        .of(Principal::caller(&caller, state.auth.checker.app_id()));
    let answer = do_call(data, call, input).await?;
    let bytes = answer.kept_bytes();
    if bytes <= UNCOUNTED_REPLY {
        return Ok(response::reply(answer));
    }
    let mut reservation = state.buffers.reserve(caller.instance_id);
    match reservation.grow(bytes) {
        Ok(()) => Ok(response::reply(answer.held(reservation))),
        // What was changed cannot be refused any more; it is no larger than its request.
        Err(_) if call.may_store() => Ok(response::reply(answer)),
        Err(error) => Err(error.into()),
    }
}

/// Replies up to this size are not counted: a client reads them in one go.
const UNCOUNTED_REPLY: usize = 64 * 1024;

/// The same for a request whose body is there already.
pub(crate) async fn answer_whole(
    data: &DataSession,
    call: Call,
    request: Request<Bytes>,
) -> Result<Response<ResponseBody>, ApiError> {
    let answer = do_call(data.clone(), call, Input::of(request)).await?;
    Ok(response::reply(answer))
}

/// The largest request that is read on a thread that serves connections.
const MAX_INLINE_BYTES: usize = 8 * 1024;

/// Does what is short at once, and everything else in the work pool.
///
/// Reading one item is what is asked most, and then inserting one. A future has room for all that lies on any of its
/// ways, so what the other ways need lies on the heap: it would be copied with every request.
async fn do_call(
    mut data: DataSession,
    call: Call,
    input: Input,
) -> Result<DataResponse, ApiError> {
    if call.may_be_short() && input.size() <= MAX_INLINE_BYTES {
        data = data.inline();
        let outcome = match call {
            Call::Get => items::get(&data, &input).await,
            Call::Insert => Box::pin(items::insert(&data, &input)).await,
            _ => Box::pin(respond(&data, call, &input)).await,
        };
        match outcome {
            // It is longer than it looked, and has changed nothing.
            Err(OperationError::DataError(fault)) if fault.code() == DataCode::TooCostly => {}
            outcome => return Ok(outcome?),
        }
    }
    Box::pin(do_in_pool(data, call, input)).await
}

async fn do_in_pool(data: DataSession, call: Call, input: Input) -> Result<DataResponse, ApiError> {
    let work = move |data: DataSession| async move { respond(&data, call, &input).await };
    Ok(data.run_in_pool(work).await??)
}

async fn respond(
    data: &DataSession,
    call: Call,
    input: &Input,
) -> Result<DataResponse, OperationError> {
    Ok(match call {
        Call::Get => items::get(data, input).await?,
        Call::Insert => items::insert(data, input).await?,
        Call::Update => items::update(data, input).await?,
        Call::Save => items::save(data, input).await?,
        Call::Patch => items::patch(data, input).await?,
        Call::Remove => items::remove(data, input).await?,
        Call::Truncate => items::truncate(data, input).await?.into(),
        Call::BulkInsert => bulk::insert(data, input).await?.into(),
        Call::BulkUpdate => bulk::update(data, input).await?.into(),
        Call::BulkSave => bulk::save(data, input).await?.into(),
        Call::BulkPatch => bulk::patch(data, input).await?.into(),
        Call::BulkRemove => bulk::remove(data, input).await?.into(),
        Call::AsyncPatch => jobs::patch(data, input).await?.into(),
        Call::AsyncRemove => jobs::remove(data, input).await?.into(),
        Call::JobStatus => jobs::status(data, input).await?.into(),
        Call::Query => query::query(data, input).await?,
        Call::Count => query::count(data, input).await?.into(),
        Call::Distinct => aggregate::distinct(data, input).await?.into(),
        Call::Aggregate => aggregate::aggregate(data, input).await?.into(),
        Call::Pipeline => aggregate::pipeline(data, input).await?.into(),
        Call::Search => search::search(data, input).await?,
        Call::InsertReferences => references::insert(data, input).await?.into(),
        Call::RemoveReferences => references::remove(data, input).await?.into(),
        Call::ReplaceReferences => references::replace(data, input).await?.into(),
        Call::IsReferenced => references::is_referenced(data, input).await?.into(),
        Call::QueryReferenced => references::query(data, input).await?,
        Call::CreateCollection => collections::create(data, input).await?.into(),
        Call::GetCollection => collections::get(data, input).await?.into(),
        Call::ListCollections => collections::list(data, input).await?.into(),
        Call::UpdateCollection => collections::update(data, input).await?.into(),
        Call::PatchCollection => collections::patch(data, input).await?.into(),
        Call::DeleteCollection => collections::delete(data, input).await?.into(),
        Call::CreateField => fields::create(data, input).await?.into(),
        Call::UpdateField => fields::update(data, input).await?.into(),
        Call::PatchField => fields::patch(data, input).await?.into(),
        Call::DeleteField => fields::delete(data, input).await?.into(),
        Call::AddPlugin(kind) => fields::add_plugin(data, input, kind).await?.into(),
        Call::DeletePlugin(kind) => fields::delete_plugin(data, input, kind).await?.into(),
        Call::CreateIndex => indexes::create(data, input).await?.into(),
        Call::ListIndexes => indexes::list(data, input).await?.into(),
        Call::AvailableIndexes => indexes::available(data, input).await?.into(),
        Call::DropIndex => indexes::remove(data, input).await?.into(),
        Call::NotServed(what) => {
            let text = format!("{what} are not supported here.");
            return Err(DataError::new(DataCode::NotSupported, text).into());
        }
    })
}
