//! Commands about the keys of elevated tokens.

use clap::{Args, Subcommand};

use super::ConfigArgs;

#[derive(Subcommand)]
pub(in crate::cli) enum SigningKey {
    /// Lists the keys and their states. A `next` key is published and will sign soon, the `signing` key signs, and a
    /// `verifying` key only verifies until the last token that it signed has expired.
    List(SigningKeyList),
    /// Makes a new key while servers run. It is published at once and signs two minutes later. The previous key verifies
    /// until its tokens have expired, and is then deleted.
    Rotate(SigningKeyRotate),
}

#[derive(Args)]
pub(in crate::cli) struct SigningKeyList {
    /// Prints JSON.
    #[arg(long)]
    pub(in crate::cli) json: bool,
    #[command(flatten)]
    pub(in crate::cli) config: ConfigArgs,
}

#[derive(Args)]
pub(in crate::cli) struct SigningKeyRotate {
    #[command(flatten)]
    pub(in crate::cli) config: ConfigArgs,
}
