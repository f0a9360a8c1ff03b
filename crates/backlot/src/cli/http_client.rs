//! Requests of commands and of the simulator, with the client of upstreams.

use std::sync::Mutex;
use std::time::Duration;

use axum::body::Bytes;
use backlot_outbound::body::RequestBody;
use backlot_outbound::upstream::{
    Address, Client, ClientSettings, HopByHop, ResponseStream, UpstreamTimeouts, forward,
};
use http::{Request, Response};
use url::Url;

/// A client that keeps its connections to the server that it called last.
pub(super) struct HttpClient {
    client: Client,
    last: Mutex<Option<Address>>,
}

impl HttpClient {
    pub(super) fn new() -> std::io::Result<Self> {
        let client = Client::new(ClientSettings {
            connect_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_secs(4),
            most_idle: 4,
            tls: false,
            http2_over_tls: false,
            guard: None,
            extra_roots: Vec::new(),
        })?;
        Ok(Self {
            client,
            last: Mutex::default(),
        })
    }

    /// Sends a request to a URL, which may have a query. The error is the reason in words.
    pub(super) async fn send(
        &self,
        url: &str,
        request: Request<Bytes>,
        timeouts: UpstreamTimeouts,
    ) -> Result<Response<ResponseStream>, String> {
        let url = Url::parse(url).map_err(|error| format!("{url} is not a URL: {error}"))?;
        let query = url.query().map(|it| format!("?{it}")).unwrap_or_default();
        let target = format!("{}{query}", url.path());
        let target = target
            .parse()
            .map_err(|_| format!("{url} has no path that can be sent"))?;
        let address = self.address(&url)?;
        let request = request.map(RequestBody::ready);
        let hop = HopByHop::default();
        let sent = forward(&self.client, &address, timeouts, target, hop, request).await;
        sent.map(|it| it.response)
            .map_err(|error| error.to_string())
    }

    /// The address of the URL's server, with the connections to it if it was called last.
    fn address(&self, url: &Url) -> Result<Address, String> {
        let origin = url.origin().ascii_serialization();
        let mut last = self
            .last
            .lock()
            .map_err(|_| "the client has failed before")?;
        if let Some(address) = last.as_ref().filter(|it| it.to_string() == origin) {
            return Ok(address.clone());
        }
        let address = Address::parse(&origin, false).map_err(|error| format!("{url} {error}"))?;
        *last = Some(address.clone());
        Ok(address)
    }
}
