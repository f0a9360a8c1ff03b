//! Commands about the data of instances.

use std::path::PathBuf;

use backlot_wix::InstanceId;
use clap::{Args, Subcommand};

use super::ConfigArgs;

#[derive(Subcommand)]
pub(in crate::cli) enum Instance {
    /// Lists instances with their site, plan, and the time of their last request.
    List(InstanceList),
    /// Exports an instance, one JSON record a line.
    Export(InstanceExport),
    /// Imports an export into an instance that has no data.
    Import(InstanceImport),
    /// Deletes all data of an instance.
    Delete(InstanceDelete),
}

#[derive(Args)]
pub(in crate::cli) struct InstanceList {
    #[command(flatten)]
    pub(in crate::cli) config: ConfigArgs,
    /// Prints JSON.
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

#[derive(Args)]
pub(in crate::cli) struct InstanceExport {
    /// The instance's id.
    #[arg(value_name = "ID")]
    pub(in crate::cli) instance: InstanceId,
    #[command(flatten)]
    pub(in crate::cli) config: ConfigArgs,
    /// The file to write, readable by its owner only. Defaults to standard output.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) output: Option<PathBuf>,
    /// Replaces an existing file, once the new one is complete. Never replaces a database, a configuration, a key, or a
    /// file that another program has open.
    #[arg(long, requires = "output")]
    pub(in crate::cli) force: bool,
}

#[derive(Args)]
pub(in crate::cli) struct InstanceImport {
    /// The instance's id. Defaults to the instance that was exported.
    #[arg(value_name = "ID")]
    pub(in crate::cli) instance: Option<InstanceId>,
    #[command(flatten)]
    pub(in crate::cli) config: ConfigArgs,
    /// The file to read. Defaults to standard input.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) input: Option<PathBuf>,
    /// Replaces the instance's data, in one transaction.
    #[arg(long)]
    pub(in crate::cli) replace: bool,
    /// Widens permissions and replaces data without confirmation. Required for either if there is no terminal.
    #[arg(long)]
    pub(in crate::cli) yes: bool,
}

#[derive(Args)]
pub(in crate::cli) struct InstanceDelete {
    /// The instance's id.
    #[arg(value_name = "ID")]
    pub(in crate::cli) instance: InstanceId,
    #[command(flatten)]
    pub(in crate::cli) config: ConfigArgs,
    /// Skips the confirmation. Required if there is no terminal.
    #[arg(long)]
    pub(in crate::cli) yes: bool,
}

#[derive(Subcommand)]
pub(in crate::cli) enum Items {
    /// Removes every item of a collection, even of one that is no longer declared.
    Clear(ItemsClear),
}

#[derive(Args)]
pub(in crate::cli) struct ItemsClear {
    /// The collection's id.
    #[arg(value_name = "COLLECTION")]
    pub(in crate::cli) collection: String,
    /// Removes the items of this instance only. Defaults to all instances.
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) instance: Option<InstanceId>,
    #[command(flatten)]
    pub(in crate::cli) config: ConfigArgs,
    /// Skips the confirmation. Required if there is no terminal.
    #[arg(long)]
    pub(in crate::cli) yes: bool,
}
