//! The table of routes: every path of the public and the admin listener, with its policy.
//!
//! - [`RouteSpec`] is a row, [`RoutePolicy`] the part of it that the service applies
//! - [`public`], [`data`], [`connections`], [`links`] and [`admin`] hold the rows; [`all`] lists them
//! - [`openapi`] and [`page`] are documents made from the table
//!
//! A row names the setting that a limit comes from; [`crate::router`] binds it to the configuration in force.

pub(crate) mod admin;
pub(crate) mod connections;
pub(crate) mod data;
pub(crate) mod links;
pub mod openapi;
pub mod page;
mod policy;
pub(crate) mod public;
pub(crate) mod webhook_sources;

pub use policy::{Authentication, BodyLimit, RateRule, RoutePolicy};

/// The paths and prefixes that are Backlot's own; no `[[api]]` entry may take them.
pub const RESERVED: [&str; 11] = [
    "/healthz",
    "/readyz",
    "/.well-known/jwks.json",
    "/whoami",
    "/wix-data",
    "/_api/cloud-data",
    "/wix",
    "/connections",
    "/webhooks",
    "/links",
    "/plugins",
];

/// A listener of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listener {
    /// `server.listen`, for pages and Wix.
    Public,
    /// `server.admin_listen`, for the operator.
    Admin,
}

impl Listener {
    /// The name in `backlot routes`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Admin => "admin",
        }
    }
}

/// A row of the table.
#[derive(Debug)]
pub struct RouteSpec {
    /// The listener that serves it.
    pub listener: Listener,
    /// The path, with parameters in braces.
    pub path: &'static str,
    /// The policy that the service applies before the handler runs.
    pub policy: RoutePolicy,
    /// The name of the operation, unique in the table.
    pub operation: &'static str,
    /// One sentence about it.
    pub summary: &'static str,
    /// The parameters of the query, where there is no body.
    pub query: &'static [QueryParameter],
    /// The schema of the request's body, in `schemas.json`.
    pub request: Option<&'static str>,
    /// The schema of the response's body; `None` if it is not JSON.
    pub response: Option<&'static str>,
}

/// The name of a parameter of the query.
#[derive(Debug, Clone, Copy)]
pub enum QueryParameter {
    /// A request has to have it.
    Required(&'static str),
    /// It may be left out.
    Optional(&'static str),
}

/// A row with the endpoint that it leads to.
#[derive(Debug)]
pub(crate) struct Route<Endpoint: 'static> {
    pub(crate) spec: RouteSpec,
    pub(crate) endpoint: Endpoint,
}

/// Returns every row: those of the public listener, then those of the admin listener.
pub fn all() -> impl Iterator<Item = &'static RouteSpec> {
    fn specs<Endpoint>(
        routes: &'static [Route<Endpoint>],
    ) -> impl Iterator<Item = &'static RouteSpec> {
        routes.iter().map(|route| &route.spec)
    }
    specs(&public::FIXED)
        .chain(specs(data::ROUTES))
        .chain([&public::WIX])
        .chain(specs(&connections::MANAGED))
        .chain([&connections::CALL])
        .chain(specs(&webhook_sources::ROUTES))
        .chain(specs(&links::ROUTES))
        .chain([&public::API])
        .chain(specs(&admin::ROUTES))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn operations_and_paths_are_unique() {
        let mut operations = HashSet::new();
        let mut paths = HashSet::new();
        for route in all() {
            assert!(operations.insert(route.operation), "{}", route.operation);
            for method in route.policy.methods {
                assert!(
                    paths.insert((route.listener.as_str(), *method, route.path)),
                    "{}",
                    route.path
                );
            }
        }
    }

    #[test]
    fn public_paths_are_reserved() {
        for route in all().filter(|route| route.listener == Listener::Public) {
            let is_reserved = RESERVED.iter().any(|prefix| {
                let rest = route.path.strip_prefix(prefix);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            });
            let is_configured = route.policy.authentication == Authentication::Entry;
            assert!(
                is_reserved || is_configured || route.path == "/",
                "{}",
                route.path
            );
        }
    }
}
