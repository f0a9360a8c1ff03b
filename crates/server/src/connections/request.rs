//! What of a request goes along to a third party: a list of headers, for any other could say who the caller is,
//! or prove it; and what the configuration puts on and takes away. `Range` is not among them: in pieces, a
//! credential that is sent back would not be known.

use backlot_outbound::third_party::{self, percent_encode};
use backlot_wix::InstanceId;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH,
    CONTENT_TYPE, HeaderName, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE,
    PRAGMA, USER_AGENT,
};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue};
use percent_encoding::percent_decode_str;

use super::idempotency::key_of_instance;
use super::{Connection, Connections};
use crate::error::{ApiError, ErrorCode};
use crate::policy::forged;

const GOES_ALONG: [HeaderName; 11] = [
    ACCEPT,
    ACCEPT_LANGUAGE,
    CACHE_CONTROL,
    CONTENT_ENCODING,
    CONTENT_LENGTH,
    CONTENT_TYPE,
    IF_MATCH,
    IF_MODIFIED_SINCE,
    IF_NONE_MATCH,
    IF_UNMODIFIED_SINCE,
    PRAGMA,
];
/// What a client names its writes by, in the spellings that are known.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Beginnings of headers that make another call of one, beside those that are known by their whole names.
const OF_ANOTHER_CALL: [&str; 5] = [
    "x-http-method",
    "x-method-override",
    "x-original-",
    "x-rewrite-",
    "x-override-",
];

/// Whether a header goes along only if the configuration writes its whole name.
fn needs_its_name(name: &HeaderName) -> bool {
    let mut beginnings = OF_ANOTHER_CALL.iter();
    forged::needs_its_name(name) || beginnings.any(|start| name.as_str().starts_with(start))
}

impl Connections {
    /// The headers of a call, without the credential.
    pub(super) async fn headers(
        &self,
        connection: &Connection,
        instance_id: InstanceId,
        from_client: &HeaderMap,
    ) -> Result<HeaderMap, ApiError> {
        let settings = &connection.settings;
        let mut headers = HeaderMap::with_capacity(from_client.len() + settings.headers.len() + 4);
        for (name, value) in from_client {
            let goes = GOES_ALONG.contains(name)
                || *name == IDEMPOTENCY_KEY
                || settings.pass_headers.names(name)
                || (settings.pass_headers.contains(name) && !needs_its_name(name));
            if !goes || settings.remove_headers.contains(name) {
                continue;
            }
            if !settings.names_writes(name) || settings.auth.is_per_instance() {
                headers.append(name.clone(), value.clone());
            } else if let Some(key) = key_of_instance(instance_id, value) {
                headers.append(name.clone(), key);
            }
        }
        for (name, source) in &settings.headers {
            let text = self.read(source, instance_id).await?;
            let value = HeaderValue::from_str(text.reveal());
            let value = value.map_err(|_| {
                let cause = format!("{name}: a header cannot hold this");
                ApiError::from(ErrorCode::SecretUnreadable).with_source(cause)
            })?;
            headers.insert(name.clone(), value);
        }
        if !headers.contains_key(USER_AGENT) && !settings.remove_headers.contains(&USER_AGENT) {
            let name = HeaderValue::from_static(third_party::USER_AGENT);
            headers.insert(USER_AGENT, name);
        }
        // What comes back is looked through for the credential, so it should come plain.
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        Ok(headers)
    }

    /// The path and query of a call, without the credential.
    pub(super) async fn target(
        &self,
        connection: &Connection,
        instance_id: InstanceId,
        path: &str,
        query: &str,
    ) -> Result<PathAndQuery, ApiError> {
        let settings = &connection.settings;
        if query.is_empty() && settings.query.is_empty() {
            return path.parse().map_err(|_| ErrorCode::PathNotAllowed.into());
        }
        let kept = connection.without_ours(query);
        let mut parts: Vec<String> = Vec::new();
        parts.extend(Some(kept).filter(|kept| !kept.is_empty()));
        for (name, source) in &settings.query {
            let text = self.read(source, instance_id).await?;
            let (name, text) = (percent_encode(name), percent_encode(text.reveal()));
            parts.push(format!("{name}={text}"));
        }
        let target = if parts.is_empty() {
            path.parse()
        } else {
            format!("{path}?{}", parts.join("&")).parse()
        };
        target.map_err(|_| ErrorCode::PathNotAllowed.into())
    }
}

impl Connection {
    /// A query without the parameters that are put on or taken away here.
    pub(super) fn without_ours(&self, query: &str) -> String {
        let settings = &self.settings;
        let is_ours = |part: &str| {
            let name = part.split_once('=').map_or(part, |(name, _)| name);
            let name = name.replace('+', " ");
            let name = percent_decode_str(&name).decode_utf8_lossy();
            let is_it = |own: &str| name.eq_ignore_ascii_case(own);
            settings.remove_query.iter().any(|own| is_it(own))
                || settings.query.iter().any(|(own, _)| is_it(own))
                || settings.auth.query_parameter().is_some_and(is_it)
        };
        // Some servers take `;` for `&`; what stays, stays as it is.
        let without_ours = |part: &str| {
            let pieces: Vec<&str> = part.split(';').filter(|piece| !is_ours(piece)).collect();
            pieces.join(";")
        };
        let parts = query.split('&').map(without_ours);
        let parts: Vec<String> = parts.filter(|part| !part.is_empty()).collect();
        parts.join("&")
    }
}
