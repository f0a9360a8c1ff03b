//! One call in the making.

use std::sync::Arc;
use std::time::Instant;

use backlot_outbound::body::CallBody;
use bytes::Bytes;
use http::Method;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;

use super::{ConnectionCallError, ConnectionResponse, Connections};
use crate::connections::{IncomingCall, ThirdPartyCall};
use crate::echo_marks::{EchoEntity, WriteOutcome, settle};
use crate::error::{ApiError, ErrorCode};

/// A call to a third party in the making; [`ConnectionCall::send`] makes it.
#[must_use = "a call is made by `send`"]
pub struct ConnectionCall {
    handle: Connections,
    connection: String,
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Bytes,
    echo: Option<EchoEntity>,
    fault: Option<ConnectionCallError>,
}

impl ConnectionCall {
    pub(crate) fn new(handle: Connections, connection: &str, method: Method, path: &str) -> Self {
        let json = HeaderValue::from_static("application/json");
        Self {
            handle,
            connection: connection.to_owned(),
            method,
            path: path.to_owned(),
            headers: std::iter::once((ACCEPT, json)).collect(),
            body: Bytes::new(),
            echo: None,
            fault: None,
        }
    }

    /// A JSON body.
    pub fn json<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
        match serde_json::to_vec(value) {
            Ok(bytes) => self.bytes("application/json", bytes),
            Err(error) => {
                self.fault = Some(ConnectionCallError::NotJson(error.to_string()));
                self
            }
        }
    }

    /// Names and values as a form.
    pub fn form<'text>(self, pairs: impl IntoIterator<Item = (&'text str, &'text str)>) -> Self {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(pairs);
        self.bytes("application/x-www-form-urlencoded", form.finish())
    }

    /// A body of this type.
    pub fn bytes(mut self, content_type: &'static str, bytes: impl Into<Bytes>) -> Self {
        let content_type = HeaderValue::from_static(content_type);
        self.headers.insert(CONTENT_TYPE, content_type);
        self.body = bytes.into();
        self
    }

    /// Sets an additional header. It is forwarded if a page's would be.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Names the entity that the call writes, such as `contact/123`. The event that the call causes within a minute is
    /// marked as an echo. A call that creates the entity says where its response has the id, by a JSON pointer in braces:
    /// `contact/{/contact/id}`.
    pub fn echo(mut self, entity: &str) -> Self {
        match EchoEntity::parse(entity) {
            Ok(entity) => self.echo = Some(entity),
            Err(error) => self.fault = Some(error.into()),
        }
        self
    }

    /// Makes the call. What the third party responses is an answer, whatever its status; a fault is a response that did
    /// not come, or a call that is not allowed.
    pub async fn send(self) -> Result<ConnectionResponse, ConnectionCallError> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let handle = &self.handle;
        let connection = handle.all.get(&self.connection);
        let connection = connection.ok_or_else(|| ApiError::from(ErrorCode::ConnectionNotFound))?;
        if self.body.len() as u64 > connection.settings.body_bytes {
            let limit = connection.settings.body_bytes;
            return Err(ApiError::from(ErrorCode::BodyTooLarge)
                .with_data("limitBytes", limit)
                .into());
        }
        let (path, query) = self.path.split_once('?').unwrap_or((&self.path, ""));
        let call = ThirdPartyCall {
            method: &self.method,
            path,
            query,
        };
        let directory = &handle.directory;
        let caller = Arc::clone(&handle.caller);
        let made = async {
            let deciders = connection.deciders(&call)?;
            let plan_use = connection.plan_use();
            let caller = directory.authorize(&deciders, plan_use, caller).await?;
            let mut incoming = IncomingCall {
                started: Instant::now(),
                call,
                headers: &self.headers,
                body: CallBody::Ready(self.body),
            };
            let mark = handle
                .echo_marks
                .insert(caller.instance_id, self.echo, &self.method)
                .await?;
            let sent = handle
                .all
                .send(connection, directory, &caller, &mut incoming);
            settle(mark, sent.await, WriteOutcome::of_connection).await
        };
        let response = made.await.map_err(|refusal| connection.explain(refusal))?;
        Ok(ConnectionResponse::new(response))
    }
}
