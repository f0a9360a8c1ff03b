//! Calls about what multi-reference fields hold.

use std::collections::HashSet;

use backlot_store::items::link::Link;
use backlot_wix::data::page::{Paging, WireCursorPaging, WirePaging};
use backlot_wix::data::{DataError, Direction, Value, limits};
use serde::Deserialize;
use serde_json::json;

use super::projection::{project, read_fields};
use super::request::{Input, of_cursor};
use super::response::{
    BulkMetadata, Cursors, DataResponse, ElementError, PagingMetadata, json as text, list,
};
use crate::data::{
    Beside, DataSession, LinkCursor, LinkKind, LinkPlace, OperationError, Referenced, read_kept,
    wanted,
};

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
    cursor_paging: Option<WireCursorPaging>,
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
pub(crate) async fn insert(data: &DataSession, input: &Input) -> Result<String, OperationError> {
    change(data, input, true).await
}

/// `POST bulk/items/remove-references`, `POST items/remove-reference`
pub(crate) async fn remove(data: &DataSession, input: &Input) -> Result<String, OperationError> {
    change(data, input, false).await
}

async fn change(data: &DataSession, input: &Input, add: bool) -> Result<String, OperationError> {
    let request: Request = input.json(data)?;
    let single = request.data_item_reference.is_some();
    let references = match request.data_item_reference {
        Some(one) => vec![one],
        None => request.data_item_references,
    };
    if references.is_empty() {
        return Err(DataError::invalid("dataItemReferences must not be empty.").into());
    }
    if references.len() > limits::BULK_ITEMS {
        let most = limits::BULK_ITEMS;
        return Err(DataError::invalid(format!(
            "dataItemReferences has more than {most} elements."
        ))
        .into());
    }
    let links: Vec<Link> = references.into_iter().map(Link::from).collect();
    let outcomes = data
        .change_links(&request.data_collection_id, links, add)
        .await?;
    if single && let Some(Err(fault)) = outcomes.first() {
        return Err(fault.clone().into());
    }
    let action = if add { "INSERT" } else { "DELETE" };
    let metadata = BulkMetadata::from_outcomes(&outcomes);
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

/// `POST items/replace-references`
pub(crate) async fn replace(data: &DataSession, input: &Input) -> Result<String, OperationError> {
    let request: Request = input.json(data)?;
    let id = request.referring_item_id.unwrap_or_default();
    let referenced = request.new_referenced_item_ids;
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
pub(crate) async fn is_referenced(
    data: &DataSession,
    input: &Input,
) -> Result<String, OperationError> {
    let request: Request = input.json(data)?;
    let link = Link {
        field: request.referring_item_field_name,
        item_id: request.referring_item_id.unwrap_or_default(),
        referenced_id: request.referenced_item_id.unwrap_or_default(),
    };
    let linked = data.is_linked(&request.data_collection_id, &link).await?;
    Ok(json!({ "isReferenced": linked }).to_string())
}

/// A page of what items are linked to: which links, from where on.
struct Wished {
    request: Request,
    /// What the cursor of the next page carries.
    words: String,
    /// Where the page begins, by the cursor.
    after: Option<LinkCursor>,
    paging: Paging,
}

impl Wished {
    /// The client sends a cursor without the words of the request.
    fn read(data: &DataSession, input: &Input) -> Result<Self, OperationError> {
        let request: Request = input.json(data)?;
        let sent = request.cursor_paging.as_ref();
        let Some(text) = sent.and_then(WireCursorPaging::cursor) else {
            return Ok(Self {
                paging: Paging::read(request.paging.as_ref(), sent)?,
                words: input.text(data)?,
                after: None,
                request,
            });
        };
        let cursor = data.open_link_cursor(&request.data_collection_id, text)?;
        let limit = match sent {
            Some(sent) if sent.has_limit() => Paging::read(None, Some(sent))?.limit,
            _ => cursor.limit,
        };
        let first: Request = of_cursor(data, &cursor.words)?;
        Ok(Self {
            request: Request {
                fields: request.fields.or(first.fields),
                return_total_count: request.return_total_count.or(first.return_total_count),
                ..first
            },
            words: cursor.words.clone(),
            after: Some(cursor),
            paging: Paging { limit, offset: 0 },
        })
    }
}

/// `POST items/query-referenced`
pub(crate) async fn query(
    data: &DataSession,
    input: &Input,
) -> Result<DataResponse, OperationError> {
    let Wished {
        request,
        words,
        after,
        paging,
    } = Wished::read(data, input)?;
    let ids = request.referring_item_ids.unwrap_or_default();
    let ids = ids.into_iter().chain(request.referring_item_id);
    // One that is named twice has its links once.
    let mut named = HashSet::new();
    let ids: Vec<String> = ids.filter(|id| named.insert(id.clone())).collect();
    if ids.is_empty() || ids.len() > limits::BULK_ITEMS {
        return Err(DataError::invalid("referringItemId must not be empty.").into());
    }
    let direction = Direction::parse(request.order.as_ref())?;
    let page = (paging.limit, paging.offset);
    let wanted = wanted(request.referring_item_field_name, ids, direction, page);
    let with_total = request.return_total_count.unwrap_or_default();
    let collection = &request.data_collection_id;
    let beside = after.map(|cursor| {
        let place = LinkPlace {
            item: cursor.item,
            sequence: cursor.sequence,
        };
        if cursor.backwards {
            Beside::Before(place)
        } else {
            Beside::Behind(place)
        }
    });
    let page = data.linked(collection, wanted, beside, with_total).await?;
    let fields = read_fields(&request.fields.unwrap_or_default())?;
    let seal = |place: Option<LinkPlace>, backwards: bool| {
        let LinkPlace { item, sequence } = place?;
        data.seal_link_cursor(&LinkCursor {
            kind: LinkKind::Links,
            collection: collection.clone(),
            words: words.clone(),
            item,
            sequence,
            backwards,
            limit: paging.limit,
        })
    };
    let metadata = PagingMetadata {
        count: page.referenced.len(),
        offset: paging.offset,
        total: page.total,
        has_next: page.has_next,
        cursors: Cursors::new(seal(page.next, false), seal(page.previous, true)),
        ..PagingMetadata::default()
    };
    let mut answer = DataResponse::default();
    answer.push("{\"results\":[");
    for (place, referenced) in page.referenced.into_iter().enumerate() {
        if place > 0 {
            answer.push(",");
        }
        let Referenced { link, item, .. } = referenced;
        let Some(item) = item else {
            answer.push(&unresolved(&link, referenced.is_unauthorized));
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

/// Like Wix, distinguishes an item that the caller may not read from one that does not exist.
fn unresolved(link: &Link, is_unauthorized: bool) -> String {
    let reference = json!({
        "referringItemId": link.item_id,
        "referringItemFieldName": link.field,
        "referencedItemId": link.referenced_id,
        "unauthorized": is_unauthorized,
    });
    json!({ "unresolvedReference": reference }).to_string()
}
