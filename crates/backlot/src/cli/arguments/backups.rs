//! Commands about the whole database.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::ConfigArgs;

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(in crate::cli) struct Backup {
    #[command(subcommand)]
    pub(in crate::cli) verb: Option<BackupVerb>,
    /// The file to write, readable by its owner only. It must not exist yet.
    #[arg(value_name = "FILE")]
    pub(in crate::cli) file: Option<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) config: ConfigArgs,
    /// Replaces an existing file, once the new one is complete. Never replaces a database, a configuration, a key, or a
    /// file that another program has open.
    #[arg(long)]
    pub(in crate::cli) force: bool,
}

#[derive(Subcommand)]
pub(in crate::cli) enum BackupVerb {
    /// Verifies that a backup is complete and unchanged, and shows its contents.
    Verify(BackupVerify),
}

#[derive(Args)]
pub(in crate::cli) struct BackupVerify {
    /// The backup file.
    #[arg(value_name = "FILE")]
    pub(in crate::cli) file: PathBuf,
}

#[derive(Args)]
pub(in crate::cli) struct Restore {
    /// The backup file.
    #[arg(value_name = "FILE")]
    pub(in crate::cli) file: PathBuf,
    #[command(flatten)]
    pub(in crate::cli) config: ConfigArgs,
    /// Skips the confirmation. Required if there is no terminal.
    #[arg(long)]
    pub(in crate::cli) yes: bool,
    /// Accepts a backup of another app.
    #[arg(long)]
    pub(in crate::cli) other_app: bool,
    /// Accepts a SQLite file without a checksum, as earlier versions wrote their backups.
    #[arg(long)]
    pub(in crate::cli) without_checksum: bool,
}

#[derive(Subcommand)]
pub(in crate::cli) enum Database {
    /// Copies everything into another, empty database, and compares the two.
    Copy(DatabaseCopy),
}

#[derive(Args)]
pub(in crate::cli) struct DatabaseCopy {
    #[command(flatten)]
    pub(in crate::cli) config: ConfigArgs,
    /// The address of the other database: `postgres://…`, or `sqlite://` and a path.
    #[arg(long, value_name = "URL")]
    pub(in crate::cli) to: String,
}
