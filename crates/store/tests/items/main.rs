//! What items, collections and jobs do, asked of every database behind the seam ([`databases`]).
//!
//! What is expected is said by [`oracle`], which shares no meaning with the code under test: it has its
//! own words for filters, order and paths, over plain JSON.
#![expect(clippy::unwrap_used, reason = "a test says what it expects by failing")]

#[macro_use]
mod databases;
#[path = "../place/mod.rs"]
mod place;

mod arbitrary;
mod authors;
mod budgets;
mod collections;
mod cursors;
mod declared;
mod definitions;
mod durability;
mod field_order;
mod filters;
mod index_builds;
mod injection;
mod jobs;
mod keys;
mod leniency;
mod limits;
mod link_filters;
mod links;
mod narrow;
mod oracle;
mod overheard;
mod plans;
mod property;
mod regressions;
mod rooms;
mod table;
mod tenants;
mod together;
mod unique;
mod walks;
mod world;
mod writes;
