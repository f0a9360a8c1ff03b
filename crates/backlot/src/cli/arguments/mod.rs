//! Every command and flag. `docs/command-line.md` is generated from here.

mod backups;
mod connections;
mod credentials;
mod events;
mod instances;
mod reference;
mod secrets;
mod servers;
mod signing_keys;
mod simulator;
mod subscriptions;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub(super) use backups::{Backup, BackupVerb, BackupVerify, Database, DatabaseCopy, Restore};
pub(super) use connections::{Connection, ConnectionTest};
pub(super) use credentials::{Explain, Instant, Sign, Token};
pub(super) use events::{
    Deliveries, DeliveryChange, DeliveryList, DeliverySelection, DeliveryShow, EventList,
    EventReplay, EventSelection, EventShow, EventTail, Events,
};
pub(super) use instances::{
    Instance, InstanceDelete, InstanceExport, InstanceImport, InstanceList, Items, ItemsClear,
};
pub(crate) use reference::reference;
pub(super) use secrets::{Secret, SecretList, SecretPut, SecretRekey, SecretRemove};
pub(super) use servers::{Check, Dev, Init, Listen, Migrate, Routes, Serve};
pub(super) use signing_keys::{SigningKey, SigningKeyList, SigningKeyRotate};
pub(super) use simulator::{Simulator, SimulatorEvents, SimulatorSend, SimulatorToken};
pub(super) use subscriptions::{Subscription, SubscriptionSecret};

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
    /// Runs the backend in production.
    Serve(Serve),
    /// Prints a signed instance, as Wix puts it into a page's `?instance=`.
    Sign(Sign),
    /// Prints an elevated token, as your own server receives it with each request.
    Token(Token),
    /// Prints credentials for the simulator, and sends its webhooks.
    #[command(subcommand)]
    Simulator(Simulator),
    /// Explains a credential: what it is, which checks it fails, and why.
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
    /// Shows events that were received.
    #[command(subcommand)]
    Events(Events),
    /// Manages deliveries of events to subscriptions.
    #[command(subcommand)]
    Deliveries(Deliveries),
    /// Manages secrets for connections and the configuration, encrypted in the database.
    #[command(subcommand)]
    Secret(Secret),
    /// Manages the keys that sign elevated tokens.
    #[command(subcommand)]
    SigningKey(SigningKey),
    /// Manages connections to third-party APIs.
    #[command(subcommand)]
    Connection(Connection),
    /// Manages subscriptions to events.
    #[command(subcommand)]
    Subscription(Subscription),
    /// Backs up the whole database. The server may keep running.
    Backup(Backup),
    /// Restores the database from a backup. The server may keep running.
    Restore(Restore),
    /// Manages the database.
    #[command(subcommand)]
    Database(Database),
    /// Writes a commented configuration, and a `.gitignore` for the data folder in the current folder.
    Init(Init),
}

/// Where the configuration and the data are.
#[derive(Args)]
pub(super) struct ConfigArgs {
    /// The configuration file. Defaults to `backlot.toml` in the current folder, if it exists.
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// The data folder, created if it is missing. Defaults to `data/dev` in the current folder for `backlot dev`, and to
    /// `data` for `backlot serve`. Other commands default to the folder of the running server, or to the one that exists.
    #[arg(long, value_name = "DIR")]
    pub(super) data: Option<PathBuf>,
}
