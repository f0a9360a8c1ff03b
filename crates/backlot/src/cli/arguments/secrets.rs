//! Commands about secrets.

use backlot_wix::InstanceId;
use clap::{Args, Subcommand};

use super::ConfigArgs;

#[derive(Subcommand)]
pub(in crate::cli) enum Secret {
    /// Stores a secret, read from standard input or typed in. Replaces a secret with the same name.
    Set(SecretPut),
    /// Lists the names of secrets, never their values.
    List(SecretList),
    /// Replaces an existing secret. Running servers use the new value within a second.
    Rotate(SecretPut),
    /// Removes a secret.
    Remove(SecretRemove),
    /// Changes the master key while servers run. The new key is read from standard input, or generated if standard input is empty.
    /// It replaces the file that holds the old key, or is printed if the old key is not in a file. Secrets in the format of
    /// an earlier version are encrypted again in the current one, so that older copies of their rows no longer decrypt;
    /// stop servers of earlier versions first.
    Rekey(SecretRekey),
}

#[derive(Args)]
pub(in crate::cli) struct SecretPut {
    /// The secret's name.
    #[arg(value_name = "NAME")]
    pub(in crate::cli) name: String,
    /// The instance that the secret is for. Defaults to all instances.
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) instance: Option<InstanceId>,
    #[command(flatten)]
    pub(in crate::cli) config: ConfigArgs,
}

#[derive(Args)]
pub(in crate::cli) struct SecretRemove {
    #[command(flatten)]
    pub(in crate::cli) secret: SecretPut,
    /// Skips the confirmation. Required if there is no terminal.
    #[arg(long)]
    pub(in crate::cli) yes: bool,
}

#[derive(Args)]
pub(in crate::cli) struct SecretList {
    /// Lists the secrets of this instance. Defaults to those for all instances.
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) instance: Option<InstanceId>,
    /// Prints JSON.
    #[arg(long)]
    pub(in crate::cli) json: bool,
    #[command(flatten)]
    pub(in crate::cli) config: ConfigArgs,
}

#[derive(Args)]
pub(in crate::cli) struct SecretRekey {
    #[command(flatten)]
    pub(in crate::cli) config: ConfigArgs,
}
