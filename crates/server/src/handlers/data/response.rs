//! What is said in return. Items are sent as they are stored: as copied JSON.

use std::collections::HashSet;

use backlot_wix::data::page::Page;
use backlot_wix::data::{DataError, Object};
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response};
use serde::Serialize;

use crate::buffers::BufferReservation;
use crate::data::{Included, Inclusions};
use crate::http::plain_text::is_plain;
use crate::response::ResponseBody;

/// A text from this size on is handed over as it is, and not copied.
const SHARED_BYTES: usize = 4096;

/// JSON in the making. Large pieces are shared with whatever else holds them.
#[derive(Debug, Default)]
pub(crate) struct DataResponse {
    parts: Vec<Bytes>,
    text: String,
}

impl From<String> for DataResponse {
    fn from(text: String) -> Self {
        let parts = Vec::new();
        Self { parts, text }
    }
}

impl DataResponse {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        String::with_capacity(bytes).into()
    }

    /// With room for one item as it is kept.
    pub(crate) fn of_item(json: &str) -> Self {
        Self::with_capacity(json.len().min(SHARED_BYTES) + 128)
    }

    pub(crate) fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// JSON as it is kept.
    pub(crate) fn push_kept(&mut self, json: Bytes) {
        if json.len() < SHARED_BYTES
            && let Ok(text) = std::str::from_utf8(&json)
        {
            return self.text.push_str(text);
        }
        let text = std::mem::take(&mut self.text);
        self.parts.push(text.into());
        self.parts.push(json);
    }

    /// `{"id":…,"dataCollectionId":…,"data":…}`, of an item as it is kept.
    pub(crate) fn push_kept_item(&mut self, id: &str, collection: &str, json: Bytes) {
        self.begin_item(id, collection);
        self.push_kept(json);
        self.text.push('}');
    }

    /// The same, of an item into which others are put.
    pub(crate) fn push_object(
        &mut self,
        collection: &str,
        object: &Object,
        inclusions: &Inclusions,
    ) {
        let id = object.get("_id").and_then(backlot_wix::data::Value::as_str);
        self.begin_item(id.unwrap_or_default(), collection);
        if inclusions.is_empty() {
            self.text.push_str(&json(object));
        } else {
            self.push_fields(object, inclusions);
        }
        self.text.push('}');
    }

    fn push_fields(&mut self, object: &Object, inclusions: &Inclusions) {
        let included = inclusions.for_item(object);
        let mut between = '{';
        for (name, value) in object {
            if included.iter().all(|(field, _)| field != name) {
                self.text.push(between);
                push_text(&mut self.text, name);
                self.text.push(':');
                self.text.push_str(&json(value));
                between = ',';
            }
        }
        for (name, included) in included {
            self.text.push(between);
            push_text(&mut self.text, name);
            self.text.push(':');
            match included {
                Included::One(item) => self.push_kept(item.clone()),
                Included::Many(items) => {
                    self.text.push('[');
                    for (place, item) in items.iter().enumerate() {
                        if place > 0 {
                            self.text.push(',');
                        }
                        self.push_kept(item.clone());
                    }
                    self.text.push(']');
                }
            }
            between = ',';
        }
        self.text.push_str(if between == '{' { "{}" } else { "}" });
    }

    fn begin_item(&mut self, id: &str, collection: &str) {
        let text = &mut self.text;
        text.push_str("{\"id\":");
        push_text(text, id);
        text.push_str(",\"dataCollectionId\":");
        push_text(text, collection);
        text.push_str(",\"data\":");
    }

    /// The bytes that it keeps in memory; what is shared counts once.
    pub(crate) fn kept_bytes(&self) -> usize {
        let mut seen = HashSet::new();
        let own = |part: &&Bytes| seen.insert(part.as_ptr());
        let parts: usize = self.parts.iter().filter(own).map(Bytes::len).sum();
        parts + self.text.len()
    }

    /// Counts what it keeps against a reservation until it is sent.
    pub(crate) fn held(mut self, reservation: BufferReservation) -> Self {
        let text = std::mem::take(&mut self.text);
        self.parts.push(text.into());
        self.parts = reservation.hold(self.parts);
        self
    }

    fn into_body(self) -> ResponseBody {
        let (mut parts, last) = (self.parts, Bytes::from(self.text));
        if parts.is_empty() {
            return ResponseBody::full(last);
        }
        parts.push(last);
        parts.retain(|part| !part.is_empty());
        ResponseBody::parts(parts)
    }
}

/// Ours, and those that every response gets on its way out: so that space for them is reserved from the start.
const RESPONSE_HEADERS: usize = 7;

/// 200, and the JSON.
pub(crate) fn response(answer: DataResponse) -> Response<ResponseBody> {
    let mut response = Response::new(answer.into_body());
    let headers = response.headers_mut();
    headers.reserve(RESPONSE_HEADERS);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Anything as JSON.
pub(crate) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// `{"id":…,"dataCollectionId":…,"data":…}`
pub(crate) fn push_item(text: &mut String, id: &str, collection: &str, data: &str) {
    text.push_str("{\"id\":");
    push_text(text, id);
    text.push_str(",\"dataCollectionId\":");
    push_text(text, collection);
    text.push_str(",\"data\":");
    text.push_str(data);
    text.push('}');
}

/// `{"_id":"…"}`: what is said of an item that was written and may not be read.
pub(crate) fn id_only(id: &str) -> String {
    let mut text = "{\"_id\":".to_owned();
    push_text(&mut text, id);
    text.push('}');
    text
}

/// A text as JSON; one that needs no escapes is copied.
fn push_text(text: &mut String, value: &str) {
    if is_plain(value) {
        text.push('"');
        text.push_str(value);
        text.push('"');
    } else {
        text.push_str(&json(&value));
    }
}

/// `{"dataItem":…}`
pub(crate) fn data_item(id: &str, collection: &str, data: &str) -> String {
    let mut text = String::with_capacity(data.len() + 128);
    text.push_str("{\"dataItem\":");
    push_item(&mut text, id, collection, data);
    text.push('}');
    text
}

/// Pieces of JSON as a list.
pub(crate) fn list(pieces: impl IntoIterator<Item = String>) -> String {
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
pub(crate) struct PagingMetadata {
    pub(crate) count: usize,
    pub(crate) offset: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) total: Option<u64>,
    pub(crate) too_many_to_count: bool,
    pub(crate) has_next: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cursors: Option<Cursors>,
}

impl PagingMetadata {
    /// Of a page, with the cursors beside it.
    pub(crate) fn from_page<T>(page: &Page<T>, cursors: Option<Cursors>) -> Self {
        Self {
            count: page.results.len(),
            offset: page.offset,
            total: page.total,
            has_next: page.has_next,
            cursors,
            ..Self::default()
        }
    }

    /// A part of a list that is known whole.
    pub(crate) fn of_part(count: usize, offset: u32, total: usize) -> Self {
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
pub(crate) struct Cursors {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) prev: Option<String>,
}

impl Cursors {
    /// `None` where there is no way on.
    pub(crate) fn new(next: Option<String>, prev: Option<String>) -> Option<Self> {
        (next.is_some() || prev.is_some()).then_some(Self { next, prev })
    }
}

/// What became of the elements of a bulk call.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BulkMetadata {
    pub(crate) total_successes: usize,
    pub(crate) total_failures: usize,
    pub(crate) undetailed_failures: usize,
}

impl BulkMetadata {
    pub(crate) fn from_outcomes<T>(outcomes: &[Result<T, DataError>]) -> Self {
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
pub(crate) struct ElementError<'fault> {
    code: &'static str,
    description: String,
    data: &'fault serde_json::Map<String, serde_json::Value>,
}

impl<'fault> From<&'fault DataError> for ElementError<'fault> {
    fn from(fault: &'fault DataError) -> Self {
        Self {
            code: fault.code().name(),
            description: fault.description(),
            data: fault.data(),
        }
    }
}
