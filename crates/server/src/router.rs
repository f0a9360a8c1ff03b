//! Every route of the public listener, on one screen. (Those of the admin listener: `admin`.)
//!
//! | path | group | authentication |
//! | --- | --- | --- |
//! | `/`, where no entry of `[[api]]` has it | index | none |
//! | `/healthz`, `/readyz` | health | none |
//! | `/.well-known/jwks.json` | keys | none |
//! | `/whoami` | whoami | any verified caller |
//! | `/wix-data/v2/…`, `/_api/cloud-data/v2/…` | data | by the collection's permissions |
//! | `/wix/…` | wix | as the call's line in `[wix]` says |
//! | `/connections/{name}/…` | connections | as the call's line in `[[connection]]` says |
//! | the prefixes of `[[api]]` | api | as the entry says |

use std::borrow::Cow;
use std::sync::Arc;

use crate::connections::Connections;
use crate::error::{ApiError, ErrorCode};
use crate::handlers::data;
use crate::handlers::data::DataHandlers;
use crate::handlers::proxy::{Entries, Entry};
use crate::handlers::{connections, wix};
use crate::http::methods::Methods;
use crate::policy::AuthPolicy;
use crate::telemetry::route_group::RouteGroup;

/// The paths and prefixes that are Backlot's own; no `[[api]]` entry may take them.
pub const RESERVED: [&str; 10] = [
    "/healthz",
    "/readyz",
    "/.well-known/jwks.json",
    "/whoami",
    "/wix-data",
    "/_api/cloud-data",
    "/wix",
    "/connections",
    "/webhooks",
    "/plugins",
];

/// What a path leads to.
#[derive(Clone, Copy)]
pub(crate) enum Route<'routes> {
    Index,
    Healthz,
    Readyz,
    Jwks,
    Whoami,
    Api(&'routes Entry),
    Wix(&'routes wix::Calls),
    Data(&'routes DataHandlers),
    Connections,
}

pub(crate) struct Routes {
    read_only: Methods,
    pub(crate) api: Entries,
    wix: wix::Calls,
    pub(crate) data: DataHandlers,
    data_methods: Methods,
    connections: Arc<Connections>,
}

impl Routes {
    pub(crate) fn new(
        api: Entries,
        wix: wix::Calls,
        data: DataHandlers,
        connections: Arc<Connections>,
    ) -> Self {
        Self {
            read_only: Methods::get(),
            api,
            wix,
            data,
            data_methods: data::methods(),
            connections,
        }
    }

    /// Finds the route of a path, or refuses with the reason.
    pub(crate) fn find(&self, path: &str) -> Result<Route<'_>, ApiError> {
        Ok(match path {
            "/healthz" => Route::Healthz,
            "/readyz" => Route::Readyz,
            "/.well-known/jwks.json" => Route::Jwks,
            "/whoami" => Route::Whoami,
            _ if path.starts_with("/wix-data/") || path.starts_with("/_api/cloud-data/") => {
                Route::Data(&self.data)
            }
            _ if path.starts_with("/wix/") => Route::Wix(&self.wix),
            _ if path.starts_with("/connections/") => Route::Connections,
            _ => match self.api.find(path) {
                Err(ErrorCode::RouteNotFound) if path == "/" => Route::Index,
                found => Route::Api(found?),
            },
        })
    }

    /// The methods that a route serves.
    pub(crate) fn methods<'routes>(
        &'routes self,
        route: &Route<'routes>,
        path: &str,
    ) -> Cow<'routes, Methods> {
        match route {
            Route::Index | Route::Healthz | Route::Readyz | Route::Jwks | Route::Whoami => {
                Cow::Borrowed(&self.read_only)
            }
            Route::Api(entry) => Cow::Borrowed(&entry.methods),
            Route::Wix(calls) => Cow::Owned(calls.methods(path)),
            Route::Data(_) => Cow::Borrowed(&self.data_methods),
            Route::Connections => Cow::Owned(connections::methods(&self.connections, path)),
        }
    }
}

impl Route<'_> {
    /// Whether any path here has its caller verified.
    pub(crate) const fn asks_who_calls(&self) -> bool {
        match self {
            Self::Index | Self::Healthz | Self::Readyz | Self::Jwks => false,
            Self::Whoami | Self::Wix(_) | Self::Data(_) | Self::Connections => true,
            Self::Api(entry) => matches!(entry.access(), AuthPolicy::Verified(_)),
        }
    }

    pub(crate) const fn group(&self) -> RouteGroup {
        match self {
            Self::Index => RouteGroup::Index,
            Self::Healthz | Self::Readyz => RouteGroup::Health,
            Self::Jwks => RouteGroup::Keys,
            Self::Whoami => RouteGroup::Whoami,
            Self::Api(_) => RouteGroup::Api,
            Self::Wix(_) => RouteGroup::Wix,
            Self::Data(_) => RouteGroup::Data,
            Self::Connections => RouteGroup::Connections,
        }
    }
}
