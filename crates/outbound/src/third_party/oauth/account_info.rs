//! What a provider says of the account that an access token is for.

use http::header::{self, ACCEPT, AUTHORIZATION};
use http::uri::PathAndQuery;
use http::{HeaderValue, Request};
use serde_json::Value;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::{TOKEN_TIMEOUT, TokenRequestError, read, unusable};
use crate::body::RequestBody;
use crate::upstream::{Address, Client, UpstreamTimeouts};

/// An answer about an account.
pub struct AccountInfo(Value);

impl AccountInfo {
    /// Requests it with an access token.
    ///
    /// # Errors
    /// If the provider refuses, does not answer, or its answer is not JSON.
    pub async fn request(
        http: &Client,
        (address, target): &(Address, PathAndQuery),
        access_token: &str,
    ) -> Result<Self, TokenRequestError> {
        let mut request = Request::new(RequestBody::empty());
        let bearer = Zeroizing::new(format!("Bearer {access_token}"));
        let mut bearer = HeaderValue::from_str(&bearer).map_err(|error| unusable(&error))?;
        bearer.set_sensitive(true);
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, bearer);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let agent = HeaderValue::from_static(crate::third_party::USER_AGENT);
        headers.insert(header::USER_AGENT, agent);
        let timeouts = UpstreamTimeouts {
            head: TOKEN_TIMEOUT,
            idle: TOKEN_TIMEOUT,
        };
        let work = async {
            let sent = http.send(address, timeouts, target.clone(), request);
            let response = sent.await.map_err(|error| unusable(&error))?.response;
            let status = response.status();
            if !status.is_success() {
                return Err(unusable(&format!("the answer has the status {status}")));
            }
            let body = read(response).await?;
            let value = serde_json::from_slice(&body);
            value
                .map(Self)
                .map_err(|_| unusable("the answer is not JSON"))
        };
        let late = || Err(unusable("it took too long"));
        timeout(TOKEN_TIMEOUT, work)
            .await
            .unwrap_or_else(|_| late())
    }

    /// Returns the text or number at a JSON pointer.
    pub fn at_pointer(&self, pointer: &str) -> Option<String> {
        match self.0.pointer(pointer)? {
            Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
            Value::Number(number) => Some(number.to_string()),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }
}
