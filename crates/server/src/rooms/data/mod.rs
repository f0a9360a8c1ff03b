//! The data room: Wix Data v2, as the npm client `@wix/data` speaks it, on the caller's instance.
//!
//! - [`call`]: which of Wix's calls a request is
//! - [`input`]: what it says, in a body, in `.r` or in the query
//! - [`answer`]: what is said in return
//! - one file for each family of calls: [`items`], [`bulk`], [`query`], [`search`], [`summaries`], [`references`], [`jobs`],
//!   [`collections`], [`fields`], [`indexes`]
//!
//! What the calls mean is none of this room's business: [`crate::data`] does it.

mod answer;
mod bulk;
mod call;
mod collections;
mod fields;
mod indexes;
mod input;
mod items;
mod jobs;
mod projection;
mod query;
mod references;
mod search;
mod summaries;

use std::sync::Arc;
use std::time::Duration;

use backlot_outbound::body::{BodyLimits, RequestBody, announced_bytes};
use backlot_wix::Caller;
use backlot_wix::data::{DataCode, Fault};
use bytes::Bytes;
use http::{Request, Response};

pub(crate) use call::{Call, methods};

use crate::body::ReplyBody;
use crate::data::{DataOf, Who};
use crate::error::Refusal;
use crate::house::House;
use input::Input;

/// What the room is made with.
#[derive(Debug, Clone)]
pub struct DataRoomSettings {
    /// The most bytes of a request's body.
    pub body_bytes: u64,
    /// How long a client may be silent in the middle of a body.
    pub silence: Duration,
}

impl DataRoomSettings {
    pub(crate) const fn body(&self) -> BodyLimits {
        BodyLimits {
            bytes: self.body_bytes,
            silence: self.silence,
        }
    }
}

/// Answers one call. Every answer is 200 with JSON; the client knows no other success.
pub(crate) async fn enter(
    house: &House,
    call: Call,
    caller: Arc<Caller>,
    request: Request<RequestBody>,
) -> Result<Response<ReplyBody>, Refusal> {
    let limits = house.routes.data.body();
    if announced_bytes(request.headers()).is_some_and(|bytes| bytes > limits.bytes) {
        return Err(input::too_large(limits.bytes));
    }
    let input = Input::read(request, limits).await?;
    let data = house.data.of(Who::caller(&caller, house.checker.app_id()));
    let json = respond(&data, call, &input).await?;
    Ok(answer::reply(json))
}

/// The same for a request whose body is there already.
pub(crate) async fn answer_whole(
    data: &DataOf,
    call: Call,
    request: Request<Bytes>,
) -> Result<Response<ReplyBody>, Refusal> {
    let json = respond(data, call, &Input::of(request)).await?;
    Ok(answer::reply(json))
}

async fn respond(data: &DataOf, call: Call, input: &Input) -> Result<String, Refusal> {
    Ok(match call {
        Call::Get => items::get(data, input).await?,
        Call::Insert => items::insert(data, input).await?,
        Call::Update => items::update(data, input).await?,
        Call::Save => items::save(data, input).await?,
        Call::Patch => items::patch(data, input).await?,
        Call::Remove => items::remove(data, input).await?,
        Call::Truncate => items::truncate(data, input).await?,
        Call::BulkInsert => bulk::insert(data, input).await?,
        Call::BulkUpdate => bulk::update(data, input).await?,
        Call::BulkSave => bulk::save(data, input).await?,
        Call::BulkPatch => bulk::patch(data, input).await?,
        Call::BulkRemove => bulk::remove(data, input).await?,
        Call::AsyncPatch => jobs::patch(data, input).await?,
        Call::AsyncRemove => jobs::remove(data, input).await?,
        Call::JobStatus => jobs::status(data, input).await?,
        Call::Query => query::query(data, input).await?,
        Call::Count => query::count(data, input).await?,
        Call::Distinct => summaries::distinct(data, input).await?,
        Call::Aggregate => summaries::aggregate(data, input).await?,
        Call::Pipeline => summaries::pipeline(data, input).await?,
        Call::Search => search::search(data, input).await?,
        Call::InsertReferences => references::insert(data, input).await?,
        Call::RemoveReferences => references::remove(data, input).await?,
        Call::ReplaceReferences => references::replace(data, input).await?,
        Call::IsReferenced => references::is_referenced(data, input).await?,
        Call::QueryReferenced => references::query(data, input).await?,
        Call::CreateCollection => collections::create(data, input).await?,
        Call::GetCollection => collections::get(data, input).await?,
        Call::ListCollections => collections::list(data, input).await?,
        Call::UpdateCollection => collections::update(data, input).await?,
        Call::PatchCollection => collections::patch(data, input).await?,
        Call::DeleteCollection => collections::delete(data, input).await?,
        Call::CreateField => fields::create(data, input).await?,
        Call::UpdateField => fields::update(data, input).await?,
        Call::PatchField => fields::patch(data, input).await?,
        Call::DeleteField => fields::delete(data, input).await?,
        Call::AddPlugin(kind) => fields::add_plugin(data, input, kind).await?,
        Call::DeletePlugin(kind) => fields::delete_plugin(data, input, kind).await?,
        Call::CreateIndex => indexes::create(data, input).await?,
        Call::ListIndexes => indexes::list(data, input).await?,
        Call::AvailableIndexes => indexes::available(data, input).await?,
        Call::DropIndex => indexes::remove(data, input).await?,
        Call::NotServed(what) => {
            let text = format!("{what} are not supported here.");
            return Err(Fault::new(DataCode::NotSupported, text).into());
        }
    })
}
