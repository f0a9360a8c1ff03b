//! What is said in return. Items go out as they are kept: JSON that is copied, not made anew.

use backlot_wix::data::page::Page;
use backlot_wix::data::{Fault, Object};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response};
use serde::Serialize;

use crate::body::ReplyBody;

/// 200, and the JSON.
pub(super) fn reply(json: String) -> Response<ReplyBody> {
    let mut response = Response::new(ReplyBody::full(json));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Anything as JSON.
pub(super) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// `{"id":…,"dataCollectionId":…,"data":…}`
pub(super) fn push_item(text: &mut String, id: &str, collection: &str, data: &str) {
    text.push_str("{\"id\":");
    push_text(text, id);
    text.push_str(",\"dataCollectionId\":");
    push_text(text, collection);
    text.push_str(",\"data\":");
    text.push_str(data);
    text.push('}');
}

/// `{"_id":"…"}`: what is said of an item that was written and may not be read.
pub(super) fn id_only(id: &str) -> String {
    let mut text = "{\"_id\":".to_owned();
    push_text(&mut text, id);
    text.push('}');
    text
}

/// A text as JSON; one that needs no escapes is copied.
fn push_text(text: &mut String, value: &str) {
    if value
        .bytes()
        .any(|byte| byte < b' ' || matches!(byte, b'"' | b'\\'))
    {
        text.push_str(&json(&value));
    } else {
        text.push('"');
        text.push_str(value);
        text.push('"');
    }
}

/// An item that was changed on its way out.
pub(super) fn item_of(collection: &str, object: &Object) -> String {
    let id = object.get("_id").and_then(backlot_wix::data::Value::as_str);
    let mut text = String::new();
    push_item(&mut text, id.unwrap_or_default(), collection, &json(object));
    text
}

/// `{"dataItem":…}`
pub(super) fn data_item(id: &str, collection: &str, data: &str) -> String {
    let mut text = String::with_capacity(data.len() + 128);
    text.push_str("{\"dataItem\":");
    push_item(&mut text, id, collection, data);
    text.push('}');
    text
}

/// Pieces of JSON as a list.
pub(super) fn list(pieces: impl IntoIterator<Item = String>) -> String {
    let mut text = "[".to_owned();
    for (place, piece) in pieces.into_iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        text.push_str(&piece);
    }
    text.push(']');
    text
}

/// `pagingMetadata`
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PagingMetadata {
    pub(super) count: usize,
    pub(super) offset: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) total: Option<u64>,
    pub(super) too_many_to_count: bool,
    pub(super) has_next: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cursors: Option<Cursors>,
}

impl PagingMetadata {
    pub(super) fn of<T>(page: &Page<T>) -> Self {
        Self {
            count: page.results.len(),
            offset: page.offset,
            total: page.total,
            has_next: page.has_next,
            ..Self::default()
        }
    }

    /// A part of a list that is known whole.
    pub(super) fn of_part(count: usize, offset: u32, total: usize) -> Self {
        Self {
            count,
            offset: u64::from(offset),
            total: Some(total as u64),
            has_next: offset as usize + count < total,
            ..Self::default()
        }
    }
}

/// The ways on.
#[derive(Debug, Serialize)]
pub(super) struct Cursors {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) prev: Option<String>,
}

/// What became of the elements of a bulk call.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BulkMetadata {
    pub(super) total_successes: usize,
    pub(super) total_failures: usize,
    pub(super) undetailed_failures: usize,
}

impl BulkMetadata {
    pub(super) fn of<T>(outcomes: &[Result<T, Fault>]) -> Self {
        let failures = outcomes.iter().filter(|outcome| outcome.is_err()).count();
        Self {
            total_successes: outcomes.len() - failures,
            total_failures: failures,
            undetailed_failures: 0,
        }
    }
}

/// Why one element failed.
#[derive(Debug, Serialize)]
pub(super) struct ElementError<'fault> {
    code: &'static str,
    description: String,
    data: &'fault serde_json::Map<String, serde_json::Value>,
}

impl<'fault> From<&'fault Fault> for ElementError<'fault> {
    fn from(fault: &'fault Fault) -> Self {
        Self {
            code: fault.code().name(),
            description: fault.description(),
            data: fault.data(),
        }
    }
}
