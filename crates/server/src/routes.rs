//! Every route of the public listener, on one screen. (Those of the admin listener: `admin`.)
//!
//! | path | room | proof asked for |
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

use crate::admission::Access;
use crate::connections::Connections;
use crate::error::{Code, Refusal};
use crate::methods::Methods;
use crate::rooms::api::{Entries, Entry};
use crate::rooms::data::{self, DataLimiters, DataRoomSettings};
use crate::rooms::{connections, wix};

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

/// A room, as logs and metrics name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// No room: refused before one was found.
    Door,
    /// `/`: what this is.
    Index,
    /// `/healthz` and `/readyz`.
    Health,
    /// The public keys of elevated tokens.
    Keys,
    /// `/whoami`
    Whoami,
    /// Your own server.
    Api,
    /// Calls to Wix.
    Wix,
    /// Items and collections.
    Data,
    /// Third-party APIs.
    Connections,
}

impl Room {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Door,
        Self::Index,
        Self::Health,
        Self::Keys,
        Self::Whoami,
        Self::Api,
        Self::Wix,
        Self::Data,
        Self::Connections,
    ];

    /// The name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Door => "door",
            Self::Index => "index",
            Self::Health => "health",
            Self::Keys => "keys",
            Self::Whoami => "whoami",
            Self::Api => "api",
            Self::Wix => "wix",
            Self::Data => "data",
            Self::Connections => "connections",
        }
    }
}

/// What a path leads to.
#[derive(Clone, Copy)]
pub(crate) enum Route<'house> {
    Index,
    Healthz,
    Readyz,
    Jwks,
    Whoami,
    Api(&'house Entry),
    Wix(&'house wix::Calls),
    Data,
    Connections,
}

pub(crate) struct Routes {
    read_only: Methods,
    pub(crate) api: Entries,
    wix: wix::Calls,
    pub(crate) data: DataRoomSettings,
    pub(crate) data_limiters: DataLimiters,
    data_methods: Methods,
    connections: Arc<Connections>,
}

impl Routes {
    pub(crate) fn new(
        api: Entries,
        wix: wix::Calls,
        data: DataRoomSettings,
        connections: Arc<Connections>,
    ) -> Self {
        Self {
            read_only: Methods::get(),
            api,
            wix,
            data_limiters: DataLimiters::new(data.rates),
            data,
            data_methods: data::methods(),
            connections,
        }
    }

    /// Finds the route of a path, or refuses with the reason.
    pub(crate) fn find(&self, path: &str) -> Result<Route<'_>, Refusal> {
        Ok(match path {
            "/healthz" => Route::Healthz,
            "/readyz" => Route::Readyz,
            "/.well-known/jwks.json" => Route::Jwks,
            "/whoami" => Route::Whoami,
            _ if path.starts_with("/wix-data/") || path.starts_with("/_api/cloud-data/") => {
                Route::Data
            }
            _ if path.starts_with("/wix/") => Route::Wix(&self.wix),
            _ if path.starts_with("/connections/") => Route::Connections,
            _ => match self.api.find(path) {
                Err(Code::RouteNotFound) if path == "/" => Route::Index,
                found => Route::Api(found?),
            },
        })
    }

    /// The methods that a route serves.
    pub(crate) fn methods<'house>(
        &'house self,
        route: &Route<'house>,
        path: &str,
    ) -> Cow<'house, Methods> {
        match route {
            Route::Index | Route::Healthz | Route::Readyz | Route::Jwks | Route::Whoami => {
                Cow::Borrowed(&self.read_only)
            }
            Route::Api(entry) => Cow::Borrowed(&entry.methods),
            Route::Wix(calls) => Cow::Owned(calls.methods(path)),
            Route::Data => Cow::Borrowed(&self.data_methods),
            Route::Connections => Cow::Owned(connections::methods(&self.connections, path)),
        }
    }
}

impl Route<'_> {
    /// Whether any path here has its caller verified.
    pub(crate) const fn asks_who_calls(&self) -> bool {
        match self {
            Self::Index | Self::Healthz | Self::Readyz | Self::Jwks => false,
            Self::Whoami | Self::Wix(_) | Self::Data | Self::Connections => true,
            Self::Api(entry) => matches!(entry.access(), Access::Verified(_)),
        }
    }

    pub(crate) const fn room(&self) -> Room {
        match self {
            Self::Index => Room::Index,
            Self::Healthz | Self::Readyz => Room::Health,
            Self::Jwks => Room::Keys,
            Self::Whoami => Room::Whoami,
            Self::Api(_) => Room::Api,
            Self::Wix(_) => Room::Wix,
            Self::Data => Room::Data,
            Self::Connections => Room::Connections,
        }
    }
}
