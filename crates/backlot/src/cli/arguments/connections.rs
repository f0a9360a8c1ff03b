//! Commands about secrets and third-party APIs.

use backlot_wix::InstanceId;
use clap::{Args, Subcommand};

use super::Place;

#[derive(Subcommand)]
pub(in crate::cli) enum Secret {
    /// Stores a secret, read from standard input or typed in. Replaces one of the same name.
    Set(SecretPut),
    /// Lists secrets, never their values.
    List(SecretList),
    /// Replaces an existing secret. Running servers use the new value within a second.
    Rotate(SecretPut),
    /// Removes a secret.
    Remove(SecretRemove),
    /// Changes the master key, while servers run. The new one is read from standard input, or made: it
    /// replaces the file that the old one is in, or is printed where that is in no file. What an earlier version sealed
    /// is sealed anew, so that no older copy of a row opens; none may run any more.
    Rekey(SecretRekey),
}

#[derive(Args)]
pub(in crate::cli) struct SecretPut {
    /// The secret.
    #[arg(value_name = "NAME")]
    pub(in crate::cli) name: String,
    /// Limits it to this instance. Defaults to all instances.
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) instance: Option<InstanceId>,
    #[command(flatten)]
    pub(in crate::cli) place: Place,
}

#[derive(Args)]
pub(in crate::cli) struct SecretRemove {
    #[command(flatten)]
    pub(in crate::cli) secret: SecretPut,
    /// Does not ask for confirmation. Required where there is no terminal to ask in.
    #[arg(long)]
    pub(in crate::cli) yes: bool,
}

#[derive(Args)]
pub(in crate::cli) struct SecretList {
    /// Limits it to this instance. Defaults to all instances.
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) instance: Option<InstanceId>,
    /// Prints JSON.
    #[arg(long)]
    pub(in crate::cli) json: bool,
    #[command(flatten)]
    pub(in crate::cli) place: Place,
}

#[derive(Args)]
pub(in crate::cli) struct SecretRekey {
    #[command(flatten)]
    pub(in crate::cli) place: Place,
}

#[derive(Subcommand)]
pub(in crate::cli) enum Connection {
    /// Diagnoses a connection: address, certificate, credential.
    Test(ConnectionTest),
}

#[derive(Args)]
pub(in crate::cli) struct ConnectionTest {
    /// The connection.
    #[arg(value_name = "NAME")]
    pub(in crate::cli) name: String,
    /// Uses this instance's own account or key.
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) instance: Option<InstanceId>,
    /// A path to request with the credential, which must be on the connection's list. Defaults to the first that reads
    /// and has no parameters.
    #[arg(long, value_name = "PATH")]
    pub(in crate::cli) path: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) place: Place,
}
