//! What a request says: in its body, in `.r` (base64url of JSON), or in plain parameters.

use backlot_outbound::body::{BodyError, BodyLimits, RequestBody};
use backlot_wix::InstanceId;
use backlot_wix::data::reading::{ReadError, read_within};
use backlot_wix::data::{Budget, DataCode, DataError, limits};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{Method, Request, Uri};
use memchr::{memchr, memchr2};
use percent_encoding::percent_decode_str;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer};

use super::path;
use crate::buffers::{BufferBudget, CollectError};
use crate::data::{DataSession, WireItem};
use crate::error::ApiError;

/// What a request says.
pub(crate) struct Input {
    method: Method,
    uri: Uri,
    body: Bytes,
}

impl Input {
    /// Takes what it says out of a request.
    pub(crate) async fn read(
        request: &mut Request<RequestBody>,
        limits: BodyLimits,
        buffers: &BufferBudget,
        instance_id: InstanceId,
    ) -> Result<Self, ApiError> {
        request.body_mut().limit(limits);
        let body = buffers.collect(instance_id, request.body_mut()).await;
        let body = body.map_err(|error| match error {
            CollectError::Body(BodyError::TooLarge(limit)) => too_large(limit),
            other => other.into(),
        })?;
        Ok(Self {
            method: request.method().clone(),
            uri: std::mem::take(request.uri_mut()),
            body,
        })
    }

    pub(crate) fn new(request: Request<Bytes>) -> Self {
        let (parts, body) = request.into_parts();
        Self {
            method: parts.method,
            uri: parts.uri,
            body,
        }
    }

    /// The bytes that are read to know what it says.
    pub(crate) fn size(&self) -> usize {
        self.body.len() + self.query().len()
    }

    fn query(&self) -> &str {
        self.uri.query().unwrap_or_default()
    }

    /// The words of a call, from the body, or where there is none from `.r`. What is made of them counts against the
    /// request's budget while it is made.
    pub(crate) fn json<T: DeserializeOwned>(&self, data: &DataSession) -> Result<T, DataError> {
        let budget = data.budget();
        if !self.body.is_empty() {
            return read(&self.body, &budget);
        }
        match encoded_bytes(self.query()) {
            Some(bytes) => read(&bytes, &budget),
            None => Err(DataError::invalid("The request has no body.")),
        }
    }

    /// `WDE0009` for an item that is too large. Only a large request can hold one.
    pub(crate) fn check_item(&self, item: &WireItem) -> Result<(), DataError> {
        if self.size() <= limits::ITEM_BYTES {
            return Ok(());
        }
        item.check_size()
    }

    /// The words of a call as text.
    pub(crate) fn text(&self, data: &DataSession) -> Result<String, DataError> {
        data.budget().keep(self.size())?;
        let bytes = if self.body.is_empty() {
            encoded_bytes(self.query())
        } else {
            Some(self.body.to_vec())
        };
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        text.ok_or_else(|| DataError::invalid("The request is no text."))
    }

    /// True when the words are in plain parameters.
    pub(crate) fn is_plain(&self) -> bool {
        self.body.is_empty() && encoded_bytes(self.query()).is_none()
    }

    /// A plain parameter.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        self.parameters(name).next()
    }

    /// A plain parameter that is there more than once.
    pub(crate) fn parameters<'input>(
        &'input self,
        name: &'input str,
    ) -> impl Iterator<Item = String> + 'input {
        pairs(self.query()).filter_map(move |pair| {
            let end = memchr(b'=', pair.as_bytes())?;
            let (key, value) = (&pair[..end], &pair[end + 1..]);
            let is_it = key == name || (is_encoded(key) && decoded(key)? == name);
            is_it.then(|| decoded(value)).flatten()
        })
    }

    /// Whether a plain parameter has this name, or stands inside of it: `condition.filter`.
    pub(crate) fn has_parameter_in(&self, name: &str) -> bool {
        pairs(self.query()).any(|pair| {
            let key = pair.split_once('=').map_or(pair, |(key, _)| key);
            let key = decoded(key).unwrap_or_default();
            let rest = key.strip_prefix(name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }

    /// A number among the plain parameters.
    pub(crate) fn number(&self, name: &str) -> Result<Option<u32>, DataError> {
        let Some(text) = self.parameter(name).filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        let number = text
            .parse()
            .map_err(|_| DataError::invalid(format!("{name} is no number from 0 on.")))?;
        Ok(Some(number))
    }

    /// The item's id in the path. `POST` has the name of the call there.
    pub(crate) fn item_in_path(&self) -> Option<String> {
        (self.method != Method::POST)
            .then(|| self.after("/items/"))
            .flatten()
    }

    /// What stands in the path after `before`, decoded.
    pub(crate) fn after(&self, before: &str) -> Option<String> {
        let (_, rest) = self.uri.path().split_once(before)?;
        decoded(rest).filter(|rest| !rest.is_empty())
    }
}

/// `WDE0109`, as the client has it for a 413.
pub(crate) fn too_large(limit: u64) -> ApiError {
    let text = format!("Payload is too large: at most {limit} bytes are taken.");
    DataError::new(DataCode::TooLarge, text)
        .with("limitBytes", limit)
        .into()
}

/// The words of an earlier request, which a cursor carries.
pub(crate) fn of_cursor<T: DeserializeOwned>(
    data: &DataSession,
    words: &str,
) -> Result<T, DataError> {
    read_within(words.as_bytes(), &data.budget()).map_err(|error| match error {
        ReadError::DataError(fault) => fault,
        ReadError::Json(_) => DataError::invalid("The cursor is none that this query gave out."),
    })
}

fn read<T: DeserializeOwned>(bytes: &[u8], budget: &Budget) -> Result<T, DataError> {
    read_within(bytes, budget).map_err(|error| match error {
        ReadError::DataError(fault) => fault,
        ReadError::Json(error) => unreadable(bytes, &error),
    })
}

/// Says what is wrong, and where.
fn unreadable(bytes: &[u8], error: &serde_json::Error) -> DataError {
    let place = path::from_position(bytes, error.line(), error.column());
    // serde_json's own words, which repeat nothing of what was sent but a name or a number.
    let words: String = error.to_string().chars().take(200).collect();
    let text = match &place {
        Some(place) if words.contains("surrogate") || words.contains("end of hex escape") => {
            format!(
                "A text at {place} holds one half of a surrogate pair without the other, which is no character."
            )
        }
        Some(place) => format!("The request cannot be read at {place}: {words}."),
        None => format!("The request cannot be read: {words}."),
    };
    let fault = DataError::invalid(text);
    match place {
        Some(place) => fault.with("field", place),
        None => fault,
    }
}

/// The pairs of a query. The client puts ids into paths as they are, so one with a `?` in it brings the
/// query forward, and the client's own `?` stands where a separator should.
fn pairs(query: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(query);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(end) = memchr2(b'&', b'?', text.as_bytes()) else {
            return rest.take();
        };
        rest = Some(&text[end + 1..]);
        Some(&text[..end])
    })
}

/// Returns whether the query names an item, in a plain parameter or in `.r`.
pub(crate) fn names_an_item(query: &str) -> bool {
    pairs(query).any(|pair| pair.starts_with("dataItemId=") || pair == "dataItemId")
        || encoded_names_an_item(query)
}

/// Returns whether the JSON in `.r` names an item. The rest of it is not read.
fn encoded_names_an_item(query: &str) -> bool {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Words {
        #[serde(deserialize_with = "is_there")]
        data_item_id: bool,
    }
    fn is_there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| true)
    }
    let words = encoded_bytes(query).and_then(|json| serde_json::from_slice::<Words>(&json).ok());
    words.is_some_and(|words| words.data_item_id)
}

fn encoded_bytes(query: &str) -> Option<Vec<u8>> {
    let text = pairs(query).find_map(|pair| pair.strip_prefix(".r="))?;
    let text = decoded(text)?;
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()
}

fn is_encoded(text: &str) -> bool {
    memchr2(b'%', b'+', text.as_bytes()).is_some()
}

/// `+` is a space, as forms have it.
fn decoded(text: &str) -> Option<String> {
    if !is_encoded(text) {
        return Some(text.to_owned());
    }
    let text = text.replace('+', " ");
    Some(percent_decode_str(&text).decode_utf8().ok()?.into_owned())
}
