//! One call in the making.

use backlot_outbound::wix::{CallBody, Priority, Subject, WixClient, WixError, WixRequest};
use bytes::Bytes;
use http::Method;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;

use super::{WixCallError, WixResponse};

/// A call to Wix in the making; [`WixCall::send`] makes it.
#[must_use = "a call is made by `send`"]
pub struct WixCall {
    client: WixClient,
    subject: Subject,
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Bytes,
    priority: Priority,
    fault: Option<WixCallError>,
}

impl WixCall {
    pub(crate) fn new(client: WixClient, subject: Subject, method: Method, path: &str) -> Self {
        let json = HeaderValue::from_static("application/json");
        Self {
            client,
            subject,
            method,
            path: path.to_owned(),
            headers: std::iter::once((ACCEPT, json)).collect(),
            body: Bytes::new(),
            priority: Priority::Interactive,
            fault: None,
        }
    }

    /// A JSON body.
    pub fn json<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
        match serde_json::to_vec(value) {
            Ok(bytes) => {
                let json = HeaderValue::from_static("application/json");
                self.headers.insert(CONTENT_TYPE, json);
                self.body = bytes.into();
            }
            Err(error) => self.fault = Some(WixCallError::NotJson(error.to_string())),
        }
        self
    }

    /// Sets an additional header.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }

    /// Sends the call with low priority: other calls go first.
    pub const fn in_background(mut self) -> Self {
        self.priority = Priority::Background;
        self
    }

    /// Makes the call. What Wix responses is an answer, whatever its status; a fault is a response that
    /// did not come.
    pub async fn send(self) -> Result<WixResponse, WixCallError> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let target = self.path.parse().map_err(|_| WixError::BadPath)?;
        let call = WixRequest {
            subject: self.subject,
            method: self.method,
            target,
            headers: self.headers,
            body: CallBody::Ready(self.body),
            priority: self.priority,
        };
        Ok(WixResponse::new(self.client.send(call).await?))
    }
}
