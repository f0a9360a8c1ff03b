//! The public listener, asked over real connections in process: one file for each part of what the
//! outside sees.
#![expect(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test has no outside, says what it expects by failing, and connects as clients do"
)]

#[macro_use]
#[path = "../../../store/tests/items/databases.rs"]
mod databases;

mod access_tokens;
mod account_addresses;
mod account_callbacks;
mod account_tokens;
mod admin;
mod admin_events;
mod bad_input;
mod cached_responses;
mod callers;
mod connection_trial;
mod connections;
mod cors;
mod data;
mod data_collections;
mod data_costs;
mod data_indexes;
mod data_permissions;
mod data_references;
mod data_service;
mod data_shares;
mod deliveries;
mod drain;
mod echoes;
mod event_handlers;
mod grpc;
mod harness;
mod http2_connections;
mod http2_heads;
mod index;
mod installed_sites;
mod links;
mod log;
mod mounted;
mod nats;
#[path = "../../../store/tests/place/mod.rs"]
mod place;
mod routes;
mod signing_keys;
mod sites_in_trouble;
mod slow_clients;
mod third_party_responses;
mod upstream;
mod upstream_faults;
mod vault;
mod webhook_sources;
mod webhooks;
mod websocket;
mod wix_calls;
mod wix_handle;
