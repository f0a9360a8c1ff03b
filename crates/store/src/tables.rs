//! The tables whose rows belong to an instance.
//!
//! A table with a column `instance_id` is in [`CONTENT`] or in [`BESIDE_CONTENT`]; tests compare both with the schemas.

/// The tables that an import replaces, in the order in which writers lock them.
pub(crate) const CONTENT: [&str; 8] = [
    "collections",
    "index_builds",
    "items",
    "item_keys",
    "item_unique_keys",
    "inexact_indexes",
    "item_links",
    ENTITY_LINKS,
];

/// The table of links between entities of two systems.
pub(crate) const ENTITY_LINKS: &str = "entity_links";

/// The other tables, which an import leaves as they are, but for jobs.
pub(crate) const BESIDE_CONTENT: [&str; 15] = [
    "jobs",
    "echo_marks",
    "delivery_turns",
    "delivery_lanes",
    "delivery_attempts",
    "deliveries",
    "events",
    "instance_secrets",
    "accounts",
    "pending_authorizations",
    "webhook_addresses",
    "connection_usage",
    "instance_details",
    "instance_refusals",
    "instances",
];

/// Those of an import's tables in which an instance without items may still have rows.
pub(crate) const LEFT_BEHIND: [&str; 4] = [
    "index_builds",
    "item_keys",
    "item_unique_keys",
    "inexact_indexes",
];

/// The tables that work of an instance writes, under the role of tenants.
pub(crate) fn written_by_tenants() -> Vec<&'static str> {
    let beside = [
        "jobs",
        "instance_secrets",
        "accounts",
        "pending_authorizations",
        "webhook_addresses",
        "echo_marks",
    ];
    CONTENT.into_iter().chain(beside).collect()
}

/// Returns the condition of an instance's rows in a table; the instance is the first parameter. An index by instance would
/// be one more to write with each attempt, lane and turn: attempts are found by their deliveries, and there are no more
/// lanes and turns than wait.
pub(crate) fn rows_of_instance(table: &str) -> &'static str {
    if table == "delivery_attempts" {
        "delivery_id IN (SELECT delivery_id FROM deliveries WHERE instance_id = $1)"
    } else {
        "instance_id = $1"
    }
}

/// All tables with rows of an instance, in the order in which they are deleted from.
pub(crate) fn of_instance() -> impl Iterator<Item = &'static str> {
    CONTENT.into_iter().chain(BESIDE_CONTENT)
}
