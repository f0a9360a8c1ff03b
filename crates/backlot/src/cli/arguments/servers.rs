//! Commands that run a server, or prepare one.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::ConfigArgs;
use crate::config::values::listen_address as address;

#[derive(Args)]
pub(in crate::cli) struct Dev {
    #[command(flatten)]
    pub(in crate::cli) config: ConfigArgs,
    #[command(flatten)]
    pub(in crate::cli) listen: Listen,
    /// The address of the simulator. Defaults to `127.0.0.1:8082`.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub(in crate::cli) simulator_listen: Option<SocketAddr>,
    /// The address of the demo app's page. Defaults to `127.0.0.1:5173`, or the next free port.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub(in crate::cli) app_listen: Option<SocketAddr>,
}

#[derive(Args)]
pub(in crate::cli) struct Serve {
    #[command(flatten)]
    pub(in crate::cli) config: ConfigArgs,
    #[command(flatten)]
    pub(in crate::cli) listen: Listen,
}

/// Where the backend listens.
#[derive(Args)]
#[expect(clippy::struct_field_names, reason = "they are the names of the flags")]
pub(in crate::cli) struct Listen {
    /// The address of the public listener, or a port alone. Port 0 takes a free one. Defaults to `server.listen` of the
    /// configuration.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub(in crate::cli) listen: Option<SocketAddr>,
    /// The address of the admin listener, or a port alone. Defaults to `admin.listen` of the configuration.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub(in crate::cli) admin_listen: Option<SocketAddr>,
    /// A file to write once every listener is ready: JSON with the addresses, for scripts.
    #[arg(long, value_name = "PATH")]
    pub(in crate::cli) ready_file: Option<PathBuf>,
}

#[derive(Args)]
pub(in crate::cli) struct Check {
    #[command(flatten)]
    pub(in crate::cli) config: ConfigArgs,
    /// Checks as `backlot serve` does, including the app's own values.
    #[arg(long)]
    pub(in crate::cli) production: bool,
}

#[derive(Args)]
pub(in crate::cli) struct Routes {
    #[command(flatten)]
    pub(in crate::cli) config: ConfigArgs,
    /// Prints JSON.
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

#[derive(Args)]
pub(in crate::cli) struct Migrate {
    #[command(flatten)]
    pub(in crate::cli) config: ConfigArgs,
    /// Deletes data without confirmation where the collection files call for it. Required if there is no terminal.
    #[arg(long)]
    pub(in crate::cli) yes: bool,
}

#[derive(Args)]
pub(in crate::cli) struct Init {
    /// The file to write.
    #[arg(long, value_name = "FILE", default_value = "backlot.toml")]
    pub(in crate::cli) output: PathBuf,
    /// Replaces an existing file.
    #[arg(long)]
    pub(in crate::cli) force: bool,
}
