//! One refusal on its way to a response.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use backlot_wix::data::DataError;
use backlot_wix::error_body::ErrorBody;
use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use http::{HeaderValue, Response};
use serde_json::{Map, Value};

use super::chain::Chain;
use super::{ErrorCode, ErrorKind};

/// The most characters of a name in the log.
const MAX_NAME_CHARS: usize = 100;

/// An error of a request, as the client sees it. The inner error, if there is one, goes to the log only.
#[derive(Debug, Clone)]
pub struct ApiError(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    reason: ErrorKind,
    detail: Option<String>,
    remedy: Option<String>,
    data: Map<String, Value>,
    headers: HeaderMap,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl From<ErrorCode> for ApiError {
    fn from(code: ErrorCode) -> Self {
        Self::new(ErrorKind::Own(code), None, Map::new())
    }
}

impl From<DataError> for ApiError {
    /// A fault of Wix Data's comes in Wix's words alone.
    fn from(fault: DataError) -> Self {
        let detail = Some(fault.description());
        Self::new(ErrorKind::Data(fault.code()), detail, fault.data().clone())
    }
}

impl ApiError {
    fn new(reason: ErrorKind, detail: Option<String>, data: Map<String, Value>) -> Self {
        Self(Box::new(Inner {
            reason,
            detail,
            remedy: None,
            data,
            headers: HeaderMap::new(),
            source: None,
        }))
    }

    /// The stable code.
    pub fn code(&self) -> ErrorKind {
        self.0.reason
    }

    /// What the response says that it is about, for the log: names of fields, a parameter, an index, never a value.
    pub(crate) fn about(&self) -> Option<String> {
        let data = &self.0.data;
        let mut names: Vec<&str> = ["field", "parameter", "indexName", "permission"]
            .iter()
            .filter_map(|name| data.get(*name)?.as_str())
            .collect();
        let violations = data.get("fieldViolations").and_then(Value::as_array);
        let fields = violations.into_iter().flatten();
        names.extend(fields.filter_map(|it| it.get("field")?.as_str()));
        let names: Vec<String> = names
            .iter()
            .map(|it| it.chars().take(MAX_NAME_CHARS).collect())
            .collect();
        (!names.is_empty()).then(|| names.join(", "))
    }

    /// What happened, for people.
    pub fn sentence(&self) -> String {
        let description = self.0.reason.description();
        match (&self.0.detail, self.0.reason) {
            (Some(detail), ErrorKind::Data(_)) => detail.clone(),
            (Some(detail), ErrorKind::Own(_)) => format!("{description} {detail}"),
            (None, _) => description.to_owned(),
        }
    }

    /// Returns the text of the inner error and its sources, for the log.
    pub fn cause(&self) -> Option<String> {
        let source = self.0.source.as_deref()?;
        Some(Chain(source).to_string())
    }

    /// Adds a sentence for the caller.
    #[must_use]
    pub fn with_detail(mut self, sentence: impl Into<String>) -> Self {
        self.0.detail = Some(sentence.into());
        self
    }

    /// The remedy. Empty if there is nothing to add to the message.
    pub fn remedy(&self) -> &str {
        match (&self.0.remedy, self.0.reason) {
            (Some(remedy), _) => remedy,
            (None, ErrorKind::Own(code)) => code.remedy(),
            (None, ErrorKind::Data(_)) => "",
        }
    }

    /// Says what to do here, in place of what the code says.
    #[must_use]
    pub fn with_remedy(mut self, remedy: impl Into<String>) -> Self {
        self.0.remedy = Some(remedy.into());
        self
    }

    /// Adds a fact for programs.
    #[must_use]
    pub fn with_data(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.data.insert(key.to_owned(), value.into());
        self
    }

    /// Adds the inner error, for the log only.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into().into());
        self
    }

    /// Says which methods the path serves.
    #[must_use]
    pub fn allow(mut self, methods: &HeaderValue) -> Self {
        let list: Vec<Value> = methods
            .to_str()
            .unwrap_or_default()
            .split(", ")
            .map(Value::from)
            .collect();
        self.0.headers.insert(ALLOW, methods.clone());
        self.with_data("allowed", list)
    }

    /// Says when to come back.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.0
            .headers
            .insert(RETRY_AFTER, HeaderValue::from(seconds));
        self.with_data("retryAfterSeconds", seconds)
    }

    /// Says when to come back, in whole seconds and at least one.
    #[must_use]
    pub fn retry_after_time(self, time: Duration) -> Self {
        let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
        self.retry_after(seconds.max(1))
    }

    /// The response, in the shape of Wix's own errors.
    pub fn into_response(self) -> Response<Bytes> {
        let sentence = self.sentence();
        let told = format!("{sentence} {}", self.remedy());
        let Inner {
            reason,
            data,
            headers,
            ..
        } = *self.0;
        // Wix Data's own clients show the description, and compare its beginning.
        let (message, description) = match reason {
            ErrorKind::Own(code) => (told, code.description()),
            ErrorKind::Data(_) => (sentence.clone(), &*sentence),
        };
        let body = ErrorBody::new(reason.name(), description, message, data);
        let json = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = Response::new(Bytes::from(json));
        *response.status_mut() = reason.status();
        *response.headers_mut() = headers;
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.sentence())
    }
}

impl Error for ApiError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let source = self.0.source.as_deref()?;
        Some(source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_names_the_fields_that_the_reply_names_and_no_value() {
        let violations = serde_json::json!([
            { "field": "title", "description": "must have a value" },
            { "field": "stars", "description": "must be a number" },
        ]);
        let fault = DataError::invalid("no").with("fieldViolations", violations);
        let about = ApiError::from(fault.with("itemId", "a-secret")).about();
        assert_eq!(about.as_deref(), Some("title, stars"));
        assert_eq!(ApiError::from(ErrorCode::Internal).about(), None);
    }
}
