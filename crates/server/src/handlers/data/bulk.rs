//! Calls about many items. Each element has its own fate; the answer is 200 whatever becomes of them.

use backlot_store::items::MutationResult;
use backlot_wix::data::{DataError, Value, limits};
use serde::{Deserialize, Serialize};

use super::items::{PatchRequest, condition, without_condition};
use super::request::Input;
use super::response::{BulkMetadata, ElementError, id_only, json, list, push_item};
use crate::data::{
    DataSession, MutationOutcomes, MutationRequest, MutationRequests, OpenCollection,
    OperationError, WireItem,
};

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Request {
    data_collection_id: String,
    data_items: Vec<WireItem>,
    data_item_ids: Vec<String>,
    patches: Vec<PatchRequest>,
    condition: Option<Value>,
    save_references: Option<bool>,
    return_entity: Option<bool>,
}

/// `POST bulk/items/insert`
pub(crate) async fn insert(data: &DataSession, input: &Input) -> Result<String, OperationError> {
    let mut request: Request = input.json(data)?;
    without_condition(request.condition.as_ref())?;
    let items = std::mem::take(&mut request.data_items);
    let changes = items.into_iter().map(|item| {
        input
            .check_item(&item)
            .map(|()| MutationRequest::Insert(item))
    });
    run(data, &request, "dataItems", changes.collect()).await
}

/// `POST bulk/items/update`
pub(crate) async fn update(data: &DataSession, input: &Input) -> Result<String, OperationError> {
    let mut request: Request = input.json(data)?;
    let items = std::mem::take(&mut request.data_items);
    let changes = items.into_iter().map(|item| {
        input
            .check_item(&item)
            .map(|()| MutationRequest::Update(item))
    });
    run(data, &request, "dataItems", changes.collect()).await
}

/// `POST bulk/items/save`
pub(crate) async fn save(data: &DataSession, input: &Input) -> Result<String, OperationError> {
    let mut request: Request = input.json(data)?;
    without_condition(request.condition.as_ref())?;
    let items = std::mem::take(&mut request.data_items);
    let changes = items.into_iter().map(|item| {
        input
            .check_item(&item)
            .map(|()| MutationRequest::Save(item))
    });
    run(data, &request, "dataItems", changes.collect()).await
}

/// `POST bulk/items/patch`
pub(crate) async fn patch(data: &DataSession, input: &Input) -> Result<String, OperationError> {
    let mut request: Request = input.json(data)?;
    let patches = std::mem::take(&mut request.patches);
    let changes = patches.into_iter().map(|patch| patch.change(None));
    run(data, &request, "patches", changes.collect()).await
}

/// `POST bulk/items/remove`
pub(crate) async fn remove(data: &DataSession, input: &Input) -> Result<String, OperationError> {
    let mut request: Request = input.json(data)?;
    let ids = std::mem::take(&mut request.data_item_ids);
    let changes = ids.into_iter().map(|id| Ok(MutationRequest::Remove(id)));
    run(data, &request, "dataItemIds", changes.collect()).await
}

async fn run(
    data: &DataSession,
    request: &Request,
    name: &str,
    changes: Vec<Result<MutationRequest, DataError>>,
) -> Result<String, OperationError> {
    if changes.is_empty() {
        return Err(DataError::invalid(format!("{name} must not be empty.")).into());
    }
    if changes.len() > limits::BULK_ITEMS {
        let (size, most) = (changes.len(), limits::BULK_ITEMS);
        return Err(DataError::invalid(format!(
            "{name} has size {size}, expected {most} or less."
        ))
        .into());
    }
    let with_item = request.return_entity.unwrap_or_default();
    let kinds: Vec<(&str, Option<String>)> = changes.iter().map(kind).collect();
    let changes = MutationRequests {
        collection: &request.data_collection_id,
        each: changes,
        condition: condition(request.condition.as_ref())?,
        save_references: request.save_references.unwrap_or_default(),
        tells_items: with_item,
    };
    let MutationOutcomes { opened, outcomes } = data.change(&changes).await?;
    let metadata = BulkMetadata::from_outcomes(&outcomes);
    let results = outcomes.iter().zip(kinds).enumerate();
    let results = results.map(|(place, (outcome, (action, id)))| match outcome {
        Ok(written) => success(place, action, written, with_item.then_some(&opened)),
        Err(fault) => failure(place, action, id.as_deref(), fault),
    });
    Ok(format!(
        "{{\"results\":{},\"bulkActionMetadata\":{}}}",
        list(results),
        json(&metadata)
    ))
}

/// What is asked for, in the answer's words, and for which item.
fn kind(change: &Result<MutationRequest, DataError>) -> (&'static str, Option<String>) {
    match change {
        Ok(MutationRequest::Insert(item) | MutationRequest::Save(item)) => {
            ("INSERT", item.item_id().ok().flatten())
        }
        Ok(MutationRequest::Update(item)) => ("UPDATE", item.item_id().ok().flatten()),
        Ok(MutationRequest::Patch(id, _)) => ("PATCH", Some(id.clone())),
        Ok(MutationRequest::Remove(id)) => ("DELETE", Some(id.clone())),
        Err(_) => ("PATCH", None),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata<'result> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'result str>,
    original_index: usize,
    success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ElementError<'result>>,
}

fn success(
    place: usize,
    action: &str,
    written: &MutationResult,
    shown: Option<&OpenCollection>,
) -> String {
    let item = written.item();
    let action = match written {
        MutationResult::Updated(_) if action == "INSERT" => "UPDATE",
        _ => action,
    };
    let metadata = json(&Metadata {
        id: Some(&item.id),
        original_index: place,
        success: true,
        error: None,
    });
    let mut text = format!("{{\"action\":\"{action}\",\"itemMetadata\":{metadata}");
    if let Some(opened) = shown {
        text.push_str(",\"dataItem\":");
        if opened.may_see(item) {
            push_item(&mut text, &item.id, opened.id(), &item.json);
        } else {
            push_item(&mut text, &item.id, opened.id(), &id_only(&item.id));
        }
    }
    text.push('}');
    text
}

fn failure(place: usize, action: &str, id: Option<&str>, fault: &DataError) -> String {
    let metadata = json(&Metadata {
        id,
        original_index: place,
        success: false,
        error: Some(fault.into()),
    });
    format!("{{\"action\":\"{action}\",\"itemMetadata\":{metadata}}}")
}
