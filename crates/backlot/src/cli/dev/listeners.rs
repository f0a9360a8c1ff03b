//! What listens beside the backend: the simulator, the app's page, the demo upstream.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use backlot_outbound::upstream::Address;
use backlot_server::events::{EventDestination, EventPattern, SubscriptionSettings};
use backlot_server::handlers::proxy::{Destination, EntrySettings, Limits, Prefix};
use backlot_server::handlers::wix::{AllowedCall, OnBehalfOf};
use backlot_server::http::methods::Methods;
use backlot_server::policy::{AccessRule, AuthPolicy, CallPattern, Roles};
use backlot_server::{Server, StartupError};
use backlot_simulator::Addresses;
use backlot_wix::Role;
use http::Method;
use tokio::net::TcpListener;

use crate::cli::arguments::Dev;

const SIMULATOR_PORT: u16 = 8082;
/// The port of the Wix CLI's dev server.
const APP_PAGE_PORT: u16 = 5173;

/// The demo's own server runs in this program, so it is soon back.
const DEMO_BACKOFF: [Duration; 1] = [Duration::from_secs(1)];

pub(super) struct Listeners {
    pub(super) simulator: TcpListener,
    /// `None` where the developer's own page is shown.
    pub(super) app_page: Option<TcpListener>,
    /// `None` where the configuration names an upstream.
    pub(super) demo: Option<TcpListener>,
    own_page: Option<String>,
}

impl Listeners {
    pub(super) async fn bind(
        arguments: &Dev,
        own_page: Option<String>,
        wants_demo: bool,
    ) -> Result<Self, StartupError> {
        let simulator = arguments
            .simulator_listen
            .unwrap_or(loopback(SIMULATOR_PORT));
        let own_page = own_page.filter(|_| arguments.app_listen.is_none());
        Ok(Self {
            simulator: bind(simulator).await?,
            app_page: match &own_page {
                Some(_) => None,
                None => Some(bind_app_page(arguments.app_listen).await?),
            },
            demo: if wants_demo {
                Some(bind(loopback(0)).await?)
            } else {
                None
            },
            own_page,
        })
    }

    /// Where everything is. The app's page goes by the name `localhost`, as the Wix CLI's does, so
    /// that it is another origin than the simulator's.
    pub(super) fn addresses(&self, server: &Server) -> std::io::Result<Addresses> {
        let app_page = match (&self.own_page, &self.app_page) {
            (Some(address), _) => address.clone(),
            (None, Some(listener)) => app_page_address(listener.local_addr()?),
            (None, None) => String::new(),
        };
        Ok(Addresses {
            backend: format!("http://{}", server.public_address()),
            admin: format!("http://{}", server.admin_address()),
            simulator: self.simulator_url()?,
            app_page,
            app_page_is_own: self.own_page.is_some(),
        })
    }

    /// The call to Wix that the demo page makes.
    pub(super) fn demo_call(&self) -> anyhow::Result<Option<AllowedCall>> {
        if self.demo.is_none() {
            return Ok(None);
        }
        Ok(Some(AllowedCall {
            pattern: CallPattern::parse("GET /apps/v1/instance")?,
            rules: AccessRule {
                roles: Roles::new([Role::Owner, Role::App]),
                plans: Vec::new(),
            },
            on_behalf_of: OnBehalfOf::App,
        }))
    }

    /// The simulator's address, for the backend's page at `/`.
    pub(super) fn simulator_url(&self) -> std::io::Result<String> {
        Ok(format!("http://{}", self.simulator.local_addr()?))
    }

    /// Where Wix is for the backend, if nothing else is configured.
    pub(super) fn simulated_wix(&self) -> anyhow::Result<Address> {
        Ok(Address::parse(&self.simulator_url()?, false)?)
    }

    /// The subscription that delivers every event to the demo upstream.
    pub(super) fn demo_subscription(&self) -> anyhow::Result<Option<SubscriptionSettings>> {
        let Some(listener) = &self.demo else {
            return Ok(None);
        };
        let url = format!("http://{}/events", listener.local_addr()?);
        let destination = EventDestination::parse(&url)?;
        let every = vec![EventPattern::parse("*")?];
        let mut subscription = SubscriptionSettings::new("demo".to_owned(), every, destination);
        subscription.backoff = DEMO_BACKOFF.to_vec();
        Ok(Some(subscription))
    }

    /// The entry that puts the demo upstream behind `/api`.
    pub(super) fn demo_entry(&self) -> anyhow::Result<Option<EntrySettings>> {
        let Some(listener) = &self.demo else {
            return Ok(None);
        };
        let address = format!("http://{}", listener.local_addr()?);
        Ok(Some(EntrySettings {
            path: Prefix::parse("/api")?,
            destination: Destination::Upstream(Address::parse(&address, false)?),
            strip_prefix: false,
            methods: Methods::new([Method::GET, Method::POST]),
            access: AuthPolicy::Verified(AccessRule {
                roles: Roles::new([Role::Owner, Role::Member, Role::Visitor]),
                plans: Vec::new(),
            }),
            limits: Limits::default(),
            rate_limit: None,
            pass_authorization: false,
            pass_headers: Vec::new(),
            rewrite_redirects: true,
        }))
    }
}

fn app_page_address(address: SocketAddr) -> String {
    if address.ip().is_loopback() {
        format!("http://localhost:{}/", address.port())
    } else {
        format!("http://{address}/")
    }
}

const fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

async fn bind(address: SocketAddr) -> Result<TcpListener, StartupError> {
    TcpListener::bind(address)
        .await
        .map_err(|cause| StartupError::Listen { address, cause })
}

/// The chosen address, or the Wix CLI's port, or, as that CLI does, the next free one after it.
async fn bind_app_page(chosen: Option<SocketAddr>) -> Result<TcpListener, StartupError> {
    if let Some(address) = chosen {
        return bind(address).await;
    }
    for port in APP_PAGE_PORT..APP_PAGE_PORT + 20 {
        if let Ok(listener) = bind(loopback(port)).await {
            return Ok(listener);
        }
    }
    bind(loopback(0)).await
}
