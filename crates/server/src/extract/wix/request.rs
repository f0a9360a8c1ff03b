//! One call in the making.

use backlot_outbound::wix::{CallBody, Priority, Subject, WixClient, WixError, WixRequest};
use backlot_wix::InstanceId;
use bytes::Bytes;
use http::Method;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;

use super::{WixCallError, WixResponse};
use crate::echo_marks::{EchoEntity, EchoMarks, WriteOutcome, settle};

/// A call to Wix in the making; [`WixCall::send`] makes it.
#[must_use = "a call is made by `send`"]
pub struct WixCall {
    client: WixClient,
    echo_marks: EchoMarks,
    instance_id: InstanceId,
    echo: Option<EchoEntity>,
    subject: Subject,
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Bytes,
    priority: Priority,
    fault: Option<WixCallError>,
}

impl WixCall {
    pub(crate) fn new(
        client: WixClient,
        (echo_marks, instance_id): (EchoMarks, InstanceId),
        subject: Subject,
        method: Method,
        path: &str,
    ) -> Self {
        let json = HeaderValue::from_static("application/json");
        Self {
            client,
            echo_marks,
            instance_id,
            echo: None,
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

    /// Names the entity that the call writes, such as `contact/123`. The event that the call causes within a minute is
    /// marked as an echo. A call that creates the entity says where its response has the id, by a JSON pointer in braces:
    /// `contact/{/contact/id}`.
    pub fn echo(mut self, entity: &str) -> Self {
        match EchoEntity::parse(entity) {
            Ok(entity) => self.echo = Some(entity),
            Err(error) => self.fault = Some(WixCallError::NotMarked(error)),
        }
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
        let (marks, instance_id) = (&self.echo_marks, self.instance_id);
        let mark = marks.insert(instance_id, self.echo, &self.method).await;
        let mark = mark.map_err(WixCallError::NotMarked)?;
        let call = WixRequest {
            subject: self.subject,
            method: self.method,
            target,
            headers: self.headers,
            body: CallBody::Ready(self.body),
            priority: self.priority,
        };
        let outcome = self.client.send(call).await;
        let outcome = settle(mark, outcome, WriteOutcome::of_wix).await;
        Ok(WixResponse::new(outcome?))
    }
}
