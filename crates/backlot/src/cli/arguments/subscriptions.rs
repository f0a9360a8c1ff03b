//! Commands about subscriptions.

use clap::{Args, Subcommand};

use super::ConfigArgs;

#[derive(Subcommand)]
pub(in crate::cli) enum Subscription {
    /// Prints the secret that deliveries of a subscription are signed with, for your own server. It is generated on first
    /// use. A subscription with `secret` in the configuration has none.
    Secret(SubscriptionSecret),
}

#[derive(Args)]
pub(in crate::cli) struct SubscriptionSecret {
    /// The name of the `[[subscription]]`.
    pub(in crate::cli) name: String,
    #[command(flatten)]
    pub(in crate::cli) config: ConfigArgs,
}
