//! Queries and counts.

use aws_lc_rs::digest;
use backlot_store::items::Item;
use backlot_wix::data::page::whole;
use backlot_wix::data::{DataError, FieldPath, Filter, Object, Value};
use serde::Deserialize;

use super::projection::{project, read_fields};
use super::request::Input;
use super::response::{Cursors, DataResponse, PagingMetadata, json};
use crate::data::{
    DataSession, Include, Inclusions, OpenCollection, OperationError, Page, Paging, Query,
};

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Request {
    data_collection_id: String,
    query: Option<QueryWords>,
    filter: Option<Value>,
    include_references: Option<Vec<Include>>,
    return_total_count: Option<bool>,
    sort_mode: Option<String>,
    random_options: Option<RandomOptions>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct QueryWords {
    fields: Option<Vec<String>>,
    filter: Option<Value>,
    sort: Option<Value>,
    paging: Option<OffsetPaging>,
    cursor_paging: Option<CursorPaging>,
}

/// `{"limit":10,"offset":5}`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct OffsetPaging {
    limit: Option<f64>,
    offset: Option<f64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct CursorPaging {
    limit: Option<f64>,
    cursor: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RandomOptions {
    seed: Option<Value>,
}

impl OffsetPaging {
    /// The limit, if one is named, and the offset.
    fn checked(&self) -> Result<(Option<u32>, u64), DataError> {
        let limit = self
            .limit
            .map(|limit| checked("limit", limit))
            .transpose()?;
        let offset = self
            .offset
            .map(|offset| checked("offset", offset))
            .transpose()?;
        // A limit that is beyond all counting is refused further on, as any that is too large.
        let limit = limit.map(|limit| u32::try_from(limit).unwrap_or(u32::MAX));
        Ok((limit, offset.unwrap_or_default()))
    }
}

/// A whole number from 0 on.
fn checked(name: &str, number: f64) -> Result<u64, DataError> {
    let text = || format!("paging.{name} is no whole number from 0 on.");
    whole(&Value::Number(number)).ok_or_else(|| DataError::invalid(text()))
}

impl QueryWords {
    fn paging(&self) -> Result<Paging, DataError> {
        let Some(CursorPaging { limit, cursor }) = &self.cursor_paging else {
            let (limit, offset) = self.paging.clone().unwrap_or_default().checked()?;
            return Ok(Paging::Offset { limit, offset });
        };
        let words = OffsetPaging {
            limit: *limit,
            offset: None,
        };
        let (limit, offset) = words.checked()?;
        Ok(match cursor {
            Some(cursor) => Paging::Cursor {
                limit,
                cursor: cursor.clone(),
            },
            None => Paging::Offset { limit, offset },
        })
    }
}

/// `GET items/query?.r=`, `POST items/query`
pub(crate) async fn query(
    data: &DataSession,
    input: &Input,
) -> Result<DataResponse, OperationError> {
    let request: Request = input.json(data)?;
    let words = request.query.unwrap_or_default();
    let random =
        (request.sort_mode.as_deref() == Some("RANDOM")).then(|| seed(request.random_options));
    let query = Query {
        paging: words.paging()?,
        collection: request.data_collection_id,
        filter: words.filter,
        sort: words.sort,
        random,
        with_total: request.return_total_count.unwrap_or_default(),
    };
    let mut page = data.query(query).await?;
    let fields = words.fields.unwrap_or_default();
    let includes = request.include_references.unwrap_or_default();
    let items = std::mem::take(&mut page.items);
    let count = items.len();
    let mut answer = items_answer(data, &page.opened, items, &fields, &includes).await?;
    answer.push(",\"pagingMetadata\":");
    answer.push(&json(&metadata(page, count)));
    answer.push("}");
    Ok(answer)
}

/// Returns the seed of the order. Equal seeds make equal orders, on every node and in every version: SHA-256 of the
/// client's seed. Without one, each call has another order.
fn seed(options: Option<RandomOptions>) -> u64 {
    match options.and_then(|options| options.seed) {
        None | Some(Value::Null) => fastrand::u64(..),
        Some(seed) => {
            let key = backlot_wix::data::order::equality_key(&seed);
            let hash = digest::digest(&digest::SHA256, &key);
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&hash.as_ref()[..8]);
            u64::from_be_bytes(bytes)
        }
    }
}

/// `{"dataItems":[…]`: the items of a page, as they are kept, unless something is to be put in or left out.
async fn items_answer(
    data: &DataSession,
    opened: &OpenCollection,
    items: Vec<Item>,
    fields: &[String],
    includes: &[Include],
) -> Result<DataResponse, OperationError> {
    if !(fields.is_empty() && includes.is_empty()) {
        let budget = &opened.of.budget;
        let mut objects = Vec::with_capacity(items.len());
        for item in items {
            budget.keep(item.json.len())?;
            budget.work(4 * item.json.len() as u64)?;
            objects.push(item.object()?);
        }
        return objects_answer(data, opened, objects, &read_fields(fields)?, includes).await;
    }
    let size = items
        .iter()
        .map(|item| item.json.len().min(4096) + 128)
        .sum();
    let mut answer = DataResponse::with_capacity(size);
    answer.push("{\"dataItems\":[");
    for (place, item) in items.into_iter().enumerate() {
        if place > 0 {
            answer.push(",");
        }
        answer.push_kept_item(&item.id, opened.id(), item.json.into());
    }
    answer.push("]");
    Ok(answer)
}

/// `{"dataItems":[…]`: items with others put in, or with only some of their fields.
pub(crate) async fn objects_answer(
    data: &DataSession,
    opened: &OpenCollection,
    objects: Vec<Object>,
    fields: &[FieldPath],
    includes: &[Include],
) -> Result<DataResponse, OperationError> {
    let inclusions = data.include(opened, &objects, includes).await?;
    let mut answer = DataResponse::default();
    answer.push("{\"dataItems\":[");
    for (place, object) in objects.into_iter().enumerate() {
        if place > 0 {
            answer.push(",");
        }
        push_object(&mut answer, opened, object, fields, &inclusions)?;
    }
    answer.push("]");
    Ok(answer)
}

/// One item with others put in, or with only some of its fields.
pub(crate) fn push_object(
    answer: &mut DataResponse,
    opened: &OpenCollection,
    mut object: Object,
    fields: &[FieldPath],
    inclusions: &Inclusions,
) -> Result<(), OperationError> {
    if fields.is_empty() {
        answer.push_object(opened.id(), &object, inclusions);
    } else {
        inclusions.put_into(&mut object, &opened.of.budget)?;
        let object = project(&object, fields, &opened.of.budget)?;
        answer.push_object(opened.id(), &object, &Inclusions::default());
    }
    Ok(())
}

fn metadata(page: Page, count: usize) -> PagingMetadata {
    let cursors = Cursors::new(page.next, page.previous);
    PagingMetadata {
        count,
        offset: page.offset,
        total: page.total,
        too_many_to_count: false,
        has_next: page.has_next,
        cursors,
    }
}

/// `POST items/count`
pub(crate) async fn count(data: &DataSession, input: &Input) -> Result<String, OperationError> {
    let request: Request = input.json(data)?;
    let filter = Filter::parse_optional(request.filter.as_ref())?;
    let count = data.count(&request.data_collection_id, filter).await?;
    Ok(format!("{{\"totalCount\":{count}}}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_makes_the_same_order_in_every_version() {
        let of = |value| seed(Some(RandomOptions { seed: Some(value) }));
        assert_eq!(of(Value::Number(5.0)), 14_977_987_072_887_856_427);
        assert_ne!(of(Value::Number(6.0)), of(Value::Number(5.0)));
    }
}
