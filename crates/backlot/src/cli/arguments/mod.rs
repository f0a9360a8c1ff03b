//! Every command and flag. `docs/command-line.md` is generated from here.

mod connections;
mod signing_keys;

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use backlot_wix::{InstanceId, Role};
use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;

use crate::config::values::listen_address as address;
pub(super) use connections::{
    Connection, ConnectionTest, Secret, SecretList, SecretPut, SecretRekey, SecretRemove,
};
pub(super) use signing_keys::{SigningKey, SigningKeyList, SigningKeyRotate};

/// The backend behind a Wix app.
#[derive(Parser)]
#[command(name = "backlot", version, max_term_width = 100)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

#[derive(Subcommand)]
pub(super) enum Command {
    /// Runs everything on this machine: the backend, a local stand-in for Wix, and a demo.
    Dev(Dev),
    /// Runs the backend in production: no simulator, no localhost, nothing missing.
    Serve(Serve),
    /// Prints a signed instance, as Wix puts it into a page's `?instance=`.
    Sign(Sign),
    /// Prints an elevated token, as your own server gets it with each request.
    Token(Token),
    /// Prints what the simulator hands out.
    #[command(subcommand)]
    Simulator(Simulator),
    /// Explains a credential: what it is, which check fails and why.
    Explain(Explain),
    /// Checks the configuration, and shows what the collection files would change.
    Check(Check),
    /// Prints every route with the policy in force.
    Routes(Routes),
    /// Migrates the database, and applies the collection files.
    Migrate(Migrate),
    /// Manages the data of one instance.
    #[command(subcommand)]
    Instance(Instance),
    /// Manages items of collections.
    #[command(subcommand)]
    Items(Items),
    /// Manages secrets for connections and the configuration, sealed in the database.
    #[command(subcommand)]
    Secret(Secret),
    /// Manages the keys that sign elevated tokens.
    #[command(subcommand)]
    SigningKey(SigningKey),
    /// Manages connections to third-party APIs.
    #[command(subcommand)]
    Connection(Connection),
    /// Backs up the whole database, also while the server runs.
    Backup(Backup),
    /// Restores the database from a backup, also while the server runs.
    Restore(Restore),
    /// Manages the database.
    #[command(subcommand)]
    Database(Database),
    /// Writes a configuration with comments; in the current folder also a `.gitignore` for the data folder.
    Init(Init),
}

#[derive(Args)]
pub(super) struct Check {
    #[command(flatten)]
    pub(super) place: Place,
    /// Checks as `backlot serve` does, including the app's own values.
    #[arg(long)]
    pub(super) production: bool,
}

#[derive(Args)]
pub(super) struct Routes {
    #[command(flatten)]
    pub(super) place: Place,
    /// Prints JSON.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Args)]
pub(super) struct Migrate {
    #[command(flatten)]
    pub(super) place: Place,
    /// Loses data without asking. Required where there is no terminal to ask in.
    #[arg(long)]
    pub(super) yes: bool,
}

#[derive(Subcommand)]
pub(super) enum Items {
    /// Removes every item of a collection, even of one that is no longer declared.
    Clear(ItemsClear),
}

#[derive(Args)]
pub(super) struct ItemsClear {
    /// The collection.
    #[arg(value_name = "COLLECTION")]
    pub(super) collection: String,
    /// Limits it to this instance. Defaults to all instances.
    #[arg(long, value_name = "ID")]
    pub(super) instance: Option<InstanceId>,
    #[command(flatten)]
    pub(super) place: Place,
    /// Does not ask for confirmation. Required where there is no terminal to ask in.
    #[arg(long)]
    pub(super) yes: bool,
}

#[derive(Args)]
pub(super) struct InstanceList {
    #[command(flatten)]
    pub(super) place: Place,
    /// Prints JSON.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Subcommand)]
pub(super) enum Instance {
    /// Lists instances: site, plan, and when each was last seen.
    List(InstanceList),
    /// Exports an instance, one JSON record a line.
    Export(InstanceExport),
    /// Imports an export into an instance that has no data.
    Import(InstanceImport),
    /// Deletes all data of an instance.
    Delete(InstanceDelete),
}

#[derive(Args)]
pub(super) struct InstanceExport {
    /// The instance.
    #[arg(value_name = "ID")]
    pub(super) instance: InstanceId,
    #[command(flatten)]
    pub(super) place: Place,
    /// The file to write, readable by its owner only. Defaults to standard output.
    #[arg(long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Replaces an existing file, once the new one is complete. Never replaces a database, a configuration, a key, or a
    /// file that another program has open.
    #[arg(long, requires = "output")]
    pub(super) force: bool,
}

#[derive(Args)]
pub(super) struct InstanceImport {
    /// The instance. Defaults to the one that was exported.
    #[arg(value_name = "ID")]
    pub(super) instance: Option<InstanceId>,
    #[command(flatten)]
    pub(super) place: Place,
    /// The file to read. Defaults to standard input.
    #[arg(long, value_name = "FILE")]
    pub(super) input: Option<PathBuf>,
    /// Replaces the instance's data, in one change.
    #[arg(long)]
    pub(super) replace: bool,
    /// Does not ask before it opens permissions or replaces data. Required for either where there is no terminal to ask
    /// in.
    #[arg(long)]
    pub(super) yes: bool,
}

#[derive(Args)]
pub(super) struct InstanceDelete {
    /// The instance.
    #[arg(value_name = "ID")]
    pub(super) instance: InstanceId,
    #[command(flatten)]
    pub(super) place: Place,
    /// Does not ask for confirmation. Required where there is no terminal to ask in.
    #[arg(long)]
    pub(super) yes: bool,
}

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Backup {
    #[command(subcommand)]
    pub(super) verb: Option<BackupVerb>,
    /// The file to write, readable by its owner only. It must not exist yet.
    #[arg(value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
    #[command(flatten)]
    pub(super) place: Place,
    /// Replaces an existing file, once the new one is complete. Never replaces a database, a configuration, a key, or a
    /// file that another program has open.
    #[arg(long)]
    pub(super) force: bool,
}

#[derive(Subcommand)]
pub(super) enum BackupVerb {
    /// Verifies that a backup is complete and unchanged, and shows what it holds.
    Verify(BackupVerify),
}

#[derive(Args)]
pub(super) struct BackupVerify {
    /// The backup.
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
}

#[derive(Args)]
pub(super) struct Restore {
    /// The backup.
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    #[command(flatten)]
    pub(super) place: Place,
    /// Does not ask for confirmation. Required where there is no terminal to ask in.
    #[arg(long)]
    pub(super) yes: bool,
    /// Accepts a backup of another app.
    #[arg(long)]
    pub(super) other_app: bool,
    /// Accepts a SQLite file without a checksum, as earlier versions wrote their backups.
    #[arg(long)]
    pub(super) without_checksum: bool,
}

#[derive(Subcommand)]
pub(super) enum Database {
    /// Copies everything into another, empty database, and compares the two.
    Copy(DatabaseCopy),
}

#[derive(Args)]
pub(super) struct DatabaseCopy {
    #[command(flatten)]
    pub(super) place: Place,
    /// The other database: `postgres://…`, or `sqlite://` and a path.
    #[arg(long, value_name = "URL")]
    pub(super) to: String,
}

/// Where the configuration and the data are.
#[derive(Args)]
pub(super) struct Place {
    /// The configuration. Defaults to `backlot.toml` in the current folder, if it exists.
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// The data folder, created if it is missing. Defaults to `data/dev` in the current folder for `backlot dev`, and to
    /// `data` for `backlot serve`; other commands take that of the server that runs, or the one that exists.
    #[arg(long, value_name = "DIR")]
    pub(super) data: Option<PathBuf>,
}

/// Where the backend listens, and who is told.
#[derive(Args)]
#[expect(clippy::struct_field_names, reason = "they are the names of the flags")]
pub(super) struct Listen {
    /// The public listener: `127.0.0.1:8080`, or a port alone. Port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub(super) listen: Option<SocketAddr>,
    /// The admin listener: an address, or a port alone.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub(super) admin_listen: Option<SocketAddr>,
    /// A file to write once everything listens: JSON with the addresses, for scripts.
    #[arg(long, value_name = "PATH")]
    pub(super) ready_file: Option<PathBuf>,
}

#[derive(Args)]
pub(super) struct Dev {
    #[command(flatten)]
    pub(super) place: Place,
    #[command(flatten)]
    pub(super) listen: Listen,
    /// The simulator's listener. Defaults to `127.0.0.1:8082`.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub(super) simulator_listen: Option<SocketAddr>,
    /// The demo app's page. Defaults to `127.0.0.1:5173`, or the next free port.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub(super) app_listen: Option<SocketAddr>,
}

#[derive(Args)]
pub(super) struct Serve {
    #[command(flatten)]
    pub(super) place: Place,
    #[command(flatten)]
    pub(super) listen: Listen,
}

#[derive(Args)]
pub(super) struct Sign {
    #[command(flatten)]
    pub(super) place: Place,
    /// The instance: one of the simulator's, or any GUID.
    #[arg(long, value_name = "ID")]
    pub(super) instance: InstanceId,
    /// The caller's role.
    #[arg(long, value_enum, default_value_t = SignRole::Owner)]
    pub(super) role: SignRole,
    /// The caller's user id. Defaults to the site's first user with that role.
    #[arg(long, value_name = "ID")]
    pub(super) user: Option<String>,
    /// The plan (`vendorProductId`). Defaults to the site's own.
    #[arg(long, value_name = "PLAN")]
    pub(super) plan: Option<String>,
    /// When it was signed: an ISO 8601 instant, Unix seconds, or relative to now (`-2h`). Unless `--expires-at` is given,
    /// it then carries no expiry.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = super::instant::parse)]
    pub(super) signed_at: Option<Instant>,
    /// When it expires. Defaults to four hours from now, unless `--signed-at` is given.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = super::instant::parse)]
    pub(super) expires_at: Option<Instant>,
}

/// A point in time, fixed or relative to now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Instant {
    At(Timestamp),
    FromNow(jiff::SignedDuration),
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum SignRole {
    Owner,
    Member,
    Visitor,
}

#[derive(Args)]
pub(super) struct Token {
    #[command(flatten)]
    pub(super) place: Place,
    /// The instance on which the token acts as the app.
    #[arg(long, value_name = "ID")]
    pub(super) instance: InstanceId,
}

#[derive(Subcommand)]
pub(super) enum Simulator {
    /// Prints an access token, as `httpClient.fetchWithAuth()` sends it. Only the simulator accepts it.
    Token(SimulatorToken),
    /// Prints a module for `node --import`: with it, a program's calls to Wix go to the simulator.
    Preload,
}

#[derive(Args)]
pub(super) struct SimulatorToken {
    #[command(flatten)]
    pub(super) place: Place,
    /// The instance: one of the simulator's. On any other the app counts as not installed.
    #[arg(long, value_name = "ID")]
    pub(super) instance: InstanceId,
    /// The caller's role.
    #[arg(long, value_enum)]
    pub(super) role: TokenRole,
    /// The caller's user id. Defaults to the site's first user with that role.
    #[arg(long, value_name = "ID")]
    pub(super) user: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum TokenRole {
    Visitor,
    Member,
    Owner,
    App,
}

impl TokenRole {
    pub(super) const fn role(self) -> Role {
        match self {
            Self::Visitor => Role::Visitor,
            Self::Member => Role::Member,
            Self::Owner => Role::Owner,
            Self::App => Role::App,
        }
    }
}

#[derive(Args)]
pub(super) struct Explain {
    /// The credential, as it is, in quotes, as a line such as `Authorization: …`, or in an address; or the address or origin
    /// of a page; `-` reads it from standard input. What is refused ends the command with 1: a credential, or an origin alone
    /// that `backlot serve` refuses, whatever `backlot dev` does.
    #[arg(value_name = "VALUE", allow_hyphen_values = true)]
    pub(super) value: String,
    #[command(flatten)]
    pub(super) place: Place,
    /// Prints JSON.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Args)]
pub(super) struct Init {
    /// The file to write.
    #[arg(long, value_name = "FILE", default_value = "backlot.toml")]
    pub(super) output: PathBuf,
    /// Replaces an existing file.
    #[arg(long)]
    pub(super) force: bool,
}

/// `docs/command-line.md`
pub(crate) fn reference() -> String {
    let mut page = "\
# Command line

<!-- Generated from crates/backlot/src/cli/arguments.rs. Do not edit: change the comments there and
run `BACKLOT_BLESS=1 cargo test -p backlot references`. -->

Exit codes: 0 done, 1 a mistake in the arguments or the configuration, 2 a fault of the machine or
of Backlot. Standard output is data, standard error is talk.
"
    .to_owned();
    let mut command = Arguments::command().term_width(98);
    command.build();
    write_commands(&mut page, "backlot", &mut command);
    page
}

/// Every command below `command`, those with commands of their own taken apart.
fn write_commands(page: &mut String, name: &str, command: &mut clap::Command) {
    for sub in command.get_subcommands_mut() {
        let name = format!("{name} {}", sub.get_name());
        if sub.get_name() == "help" {
            continue;
        }
        let is_a_command = sub.get_positionals().next().is_some() || !sub.has_subcommands();
        if !is_a_command {
            write_commands(page, &name, sub);
            continue;
        }
        let help = sub.render_long_help();
        let _ = write!(
            page,
            "\n## `{name}`\n\n```text\n{}\n```\n",
            help.to_string().trim_end()
        );
        write_commands(page, &name, sub);
    }
}
