//! Calls about what multi-reference fields hold.

use backlot_store::items::link::Link;
use backlot_wix::data::page::{Paging, WirePaging};
use backlot_wix::data::{Direction, Fault, Value, item_id, limits};
use serde::Deserialize;
use serde_json::json;

use super::answer::{Answer, BulkMetadata, ElementError, PagingMetadata, json as text, list};
use super::input::Input;
use super::projection::{project, read_fields};
use crate::data::{DataFault, DataOf, Referenced, read_kept, wanted};

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Request {
    data_collection_id: String,
    data_item_references: Vec<Reference>,
    data_item_reference: Option<Reference>,
    referring_item_field_name: String,
    referring_item_id: Option<String>,
    referring_item_ids: Option<Vec<String>>,
    referenced_item_id: Option<String>,
    new_referenced_item_ids: Vec<String>,
    order: Option<Value>,
    paging: Option<WirePaging>,
    fields: Option<Vec<String>>,
    return_total_count: Option<bool>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Reference {
    referring_item_field_name: String,
    referring_item_id: String,
    referenced_item_id: String,
}

impl From<Reference> for Link {
    fn from(reference: Reference) -> Self {
        Self {
            field: reference.referring_item_field_name,
            item_id: reference.referring_item_id,
            referenced_id: reference.referenced_item_id,
        }
    }
}

/// `POST bulk/items/insert-references`, `POST items/insert-reference`
pub(super) async fn insert(data: &DataOf, input: &Input) -> Result<String, DataFault> {
    change(data, input, true).await
}

/// `POST bulk/items/remove-references`, `POST items/remove-reference`
pub(super) async fn remove(data: &DataOf, input: &Input) -> Result<String, DataFault> {
    change(data, input, false).await
}

async fn change(data: &DataOf, input: &Input, add: bool) -> Result<String, DataFault> {
    let request: Request = input.json(data)?;
    let single = request.data_item_reference.is_some();
    let references = match request.data_item_reference {
        Some(one) => vec![one],
        None => request.data_item_references,
    };
    if references.is_empty() {
        return Err(Fault::invalid("dataItemReferences must not be empty.").into());
    }
    if references.len() > limits::BULK_ITEMS {
        let most = limits::BULK_ITEMS;
        return Err(
            Fault::invalid(format!("dataItemReferences has more than {most} elements.")).into(),
        );
    }
    let links: Vec<Link> = references.into_iter().map(Link::from).collect();
    for link in &links {
        check_ids([&link.item_id, &link.referenced_id])?;
    }
    let outcomes = data
        .change_links(&request.data_collection_id, links, add)
        .await?;
    if single && let Some(Err(fault)) = outcomes.first() {
        return Err(fault.clone().into());
    }
    let action = if add { "INSERT" } else { "DELETE" };
    let metadata = BulkMetadata::of(&outcomes);
    let results = outcomes.iter().enumerate().map(|(place, outcome)| {
        let mut metadata = json!({ "originalIndex": place, "success": outcome.is_ok() });
        if let Err(fault) = outcome {
            metadata["error"] = serde_json::to_value(ElementError::from(fault)).unwrap_or_default();
        }
        json!({ "action": action, "referenceMetadata": metadata }).to_string()
    });
    Ok(format!(
        "{{\"results\":{},\"bulkActionMetadata\":{}}}",
        list(results),
        text(&metadata)
    ))
}

fn check_ids(ids: [&str; 2]) -> Result<(), Fault> {
    ids.into_iter().try_for_each(item_id::check)
}

/// `POST items/replace-references`
pub(super) async fn replace(data: &DataOf, input: &Input) -> Result<String, DataFault> {
    let request: Request = input.json(data)?;
    let id = request.referring_item_id.unwrap_or_default();
    let referenced = request.new_referenced_item_ids;
    referenced
        .iter()
        .chain([&id])
        .try_for_each(|id| item_id::check(id))?;
    let field = &request.referring_item_field_name;
    data.replace_links(&request.data_collection_id, field, &id, &referenced)
        .await?;
    let written: Vec<_> = referenced
        .iter()
        .map(|referenced| json!({ "referringItemFieldName": field, "referringItemId": id, "referencedItemId": referenced }))
        .collect();
    Ok(json!({ "dataItemReferences": written }).to_string())
}

/// `POST items/is-referenced`
pub(super) async fn is_referenced(data: &DataOf, input: &Input) -> Result<String, DataFault> {
    let request: Request = input.json(data)?;
    let link = Link {
        field: request.referring_item_field_name,
        item_id: request.referring_item_id.unwrap_or_default(),
        referenced_id: request.referenced_item_id.unwrap_or_default(),
    };
    let linked = data.is_linked(&request.data_collection_id, &link).await?;
    Ok(json!({ "isReferenced": linked }).to_string())
}

/// `POST items/query-referenced`
pub(super) async fn query(data: &DataOf, input: &Input) -> Result<Answer, DataFault> {
    let request: Request = input.json(data)?;
    let ids = request.referring_item_ids.unwrap_or_default();
    let ids: Vec<String> = ids.into_iter().chain(request.referring_item_id).collect();
    if ids.is_empty() || ids.len() > limits::BULK_ITEMS {
        return Err(Fault::invalid("referringItemId must not be empty.").into());
    }
    let direction = Direction::parse(request.order.as_ref())?;
    let paging = Paging::read(request.paging.as_ref(), None)?;
    let page = (paging.limit, paging.offset);
    let wanted = wanted(request.referring_item_field_name, ids, direction, page);
    let with_total = request.return_total_count.unwrap_or_default();
    let page = data
        .linked(&request.data_collection_id, wanted, with_total)
        .await?;
    let fields = read_fields(&request.fields.unwrap_or_default())?;
    let metadata = PagingMetadata {
        count: page.referenced.len(),
        offset: paging.offset,
        total: page.total,
        has_next: page.has_next,
        ..PagingMetadata::default()
    };
    let mut answer = Answer::default();
    answer.push("{\"results\":[");
    for (place, Referenced { link, item }) in page.referenced.into_iter().enumerate() {
        if place > 0 {
            answer.push(",");
        }
        let Some(item) = item else {
            answer.push(&unresolved(&link));
            continue;
        };
        answer.push("{\"dataItem\":");
        let item = if fields.is_empty() {
            item
        } else {
            page.budget.work(4 * item.len() as u64)?;
            let object = read_kept(&item)?;
            text(&project(&object, &fields, &page.budget)?).into()
        };
        answer.push_kept_item(&link.referenced_id, &page.collection, item);
        answer.push(",\"referringItemId\":");
        answer.push(&text(&link.item_id));
        answer.push("}");
    }
    answer.push("],\"pagingMetadata\":");
    answer.push(&text(&metadata));
    answer.push("}");
    Ok(answer)
}

fn unresolved(link: &Link) -> String {
    let reference = json!({
        "referringItemId": link.item_id,
        "referringItemFieldName": link.field,
        "referencedItemId": link.referenced_id,
        "unauthorized": false,
    });
    json!({ "unresolvedReference": reference }).to_string()
}
