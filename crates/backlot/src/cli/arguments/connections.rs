//! Commands about third-party APIs.

use backlot_wix::InstanceId;
use clap::{Args, Subcommand};

use super::ConfigArgs;

#[derive(Subcommand)]
pub(in crate::cli) enum Connection {
    /// Diagnoses a connection: its address, certificate and credential.
    Test(ConnectionTest),
}

#[derive(Args)]
pub(in crate::cli) struct ConnectionTest {
    /// The connection's name.
    #[arg(value_name = "NAME")]
    pub(in crate::cli) name: String,
    /// Uses the account or key of this instance.
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) instance: Option<InstanceId>,
    /// The path to request with the credential. It must be on the connection's list of calls. Defaults to the first `GET`
    /// on the list that has no parameters in its path.
    #[arg(long, value_name = "PATH")]
    pub(in crate::cli) path: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) config: ConfigArgs,
}
