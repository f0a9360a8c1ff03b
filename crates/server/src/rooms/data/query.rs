//! Queries and counts.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use backlot_wix::data::page::whole;
use backlot_wix::data::{Fault, Filter, Value};
use serde::Deserialize;

use super::answer::{Cursors, PagingMetadata, item_of, json, list, push_item};
use super::input::Input;
use super::items::read_fields;
use super::projection::project;
use crate::data::{DataFault, DataOf, Include, Page, Paging, Query};

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
    fn checked(&self) -> Result<(Option<u32>, u64), Fault> {
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
fn checked(name: &str, number: f64) -> Result<u64, Fault> {
    let text = || format!("paging.{name} is no whole number from 0 on.");
    whole(&Value::Number(number)).ok_or_else(|| Fault::invalid(text()))
}

impl QueryWords {
    fn paging(&self) -> Result<Paging, Fault> {
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
pub(super) async fn query(data: &DataOf, input: &Input) -> Result<String, DataFault> {
    let request: Request = input.json()?;
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
    let page = data.query(query).await?;
    let fields = words.fields.unwrap_or_default();
    let includes = request.include_references.unwrap_or_default();
    let items = items(data, &page, fields, &includes).await?;
    let metadata = metadata(page);
    Ok(format!(
        "{{\"dataItems\":{items},\"pagingMetadata\":{}}}",
        json(&metadata)
    ))
}

/// The same seed makes the same order; without one, every call makes its own.
fn seed(options: Option<RandomOptions>) -> u64 {
    match options.and_then(|options| options.seed) {
        None | Some(Value::Null) => fastrand::u64(..),
        Some(seed) => {
            let mut hasher = DefaultHasher::new();
            backlot_wix::data::order::equality_key(&seed).hash(&mut hasher);
            hasher.finish()
        }
    }
}

/// The items of a page as a list: as they are kept, unless something is to be put in or left out.
async fn items(
    data: &DataOf,
    page: &Page,
    fields: Vec<String>,
    includes: &[Include],
) -> Result<String, DataFault> {
    let collection = page.opened.id();
    if fields.is_empty() && includes.is_empty() {
        let size = page.items.iter().map(|item| item.json.len() + 128).sum();
        let mut text = String::with_capacity(size);
        text.push('[');
        for (place, item) in page.items.iter().enumerate() {
            if place > 0 {
                text.push(',');
            }
            push_item(&mut text, &item.id, collection, &item.json);
        }
        text.push(']');
        return Ok(text);
    }
    let mut objects = Vec::with_capacity(page.items.len());
    for item in &page.items {
        objects.push(item.object()?);
    }
    data.include(&page.opened, &mut objects, includes).await?;
    let fields = read_fields(&fields)?;
    if !fields.is_empty() {
        for object in &mut objects {
            *object = project(object, &fields);
        }
    }
    Ok(list(
        objects.iter().map(|object| item_of(collection, object)),
    ))
}

fn metadata(page: Page) -> PagingMetadata {
    let cursors = (page.next.is_some() || page.previous.is_some()).then_some(Cursors {
        next: page.next,
        prev: page.previous,
    });
    PagingMetadata {
        count: page.items.len(),
        offset: page.offset,
        total: page.total,
        too_many_to_count: false,
        has_next: page.has_next,
        cursors,
    }
}

/// `POST items/count`
pub(super) async fn count(data: &DataOf, input: &Input) -> Result<String, DataFault> {
    let request: Request = input.json()?;
    let filter = Filter::parse_optional(request.filter.as_ref())?;
    let count = data.count(&request.data_collection_id, filter).await?;
    Ok(format!("{{\"totalCount\":{count}}}"))
}
