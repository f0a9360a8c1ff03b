//! Commands about the keys of elevated tokens.

use clap::{Args, Subcommand};

use super::Place;

#[derive(Subcommand)]
pub(in crate::cli) enum SigningKey {
    /// Lists the keys and their states: `next` is published and signs soon, `signing` signs, `verifying` verifies until
    /// the last token that it signed has expired.
    List(SigningKeyList),
    /// Makes a new key, while servers run. It is published at once and signs two minutes later; the one before it
    /// verifies until its tokens have ended, and is deleted then.
    Rotate(SigningKeyRotate),
}

#[derive(Args)]
pub(in crate::cli) struct SigningKeyList {
    /// Prints JSON.
    #[arg(long)]
    pub(in crate::cli) json: bool,
    #[command(flatten)]
    pub(in crate::cli) place: Place,
}

#[derive(Args)]
pub(in crate::cli) struct SigningKeyRotate {
    #[command(flatten)]
    pub(in crate::cli) place: Place,
}
