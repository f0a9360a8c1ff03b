//! Commands about the simulator.

use std::path::{Path, PathBuf};

use backlot_simulator::webhooks::{MAX_REPEAT, MAX_SPEED};
use backlot_wix::{InstanceId, Role};
use clap::{Args, Subcommand, value_parser};

use super::ConfigArgs;
use super::credentials::role;

#[derive(Subcommand)]
pub(in crate::cli) enum Simulator {
    /// Prints an access token, as `httpClient.fetchWithAuth()` sends it. Only the simulator accepts it.
    Token(SimulatorToken),
    /// Sends webhooks as Wix sends them. Exits with 1 unless all of them are answered with 200.
    Send(SimulatorSend),
    /// Lists the event types of which the simulator has samples.
    Events(SimulatorEvents),
    /// Prints a module for `node --import` that redirects a program's calls to Wix to the simulator.
    Preload,
}

#[derive(Args)]
pub(in crate::cli) struct SimulatorToken {
    #[command(flatten)]
    pub(in crate::cli) config: ConfigArgs,
    /// The instance's id: one of the simulator's. On any other, the app counts as not installed.
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) instance: InstanceId,
    /// The role of the caller.
    #[arg(long, value_parser = role(|_| true))]
    pub(in crate::cli) role: Role,
    /// The user id of the caller. Defaults to the site's first user with that role.
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) user: Option<String>,
}

#[derive(Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(in crate::cli) struct SimulatorSend {
    /// The event type, such as `AppInstalled` or `wix.contacts.v4.contact_created`. `backlot simulator events` lists
    /// those with a sample. With JSON from `--data`, any type is possible.
    #[arg(value_name = "TYPE")]
    pub(in crate::cli) event_type: String,
    /// The instance's id: one of the simulator's, or any GUID.
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) instance: InstanceId,
    /// A JSON file with the event's payload or, for an event of an entity, with the entity alone. `-` reads standard input.
    /// Defaults to a sample of the type. A folder is the data folder, as for other commands; give both with two flags.
    #[arg(long, value_name = "FILE")]
    data: Vec<PathBuf>,
    /// The configuration file. Defaults to `backlot.toml` in the current folder, if it exists.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Which sample of the type, if there are several.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(in crate::cli) sample: u32,
    /// The entity's id. Defaults to that of the sample.
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) entity: Option<String>,
    /// The entity's sequence (`entityEventSequence`). With `--count`, that of the first event, and the others count up.
    #[arg(long, value_name = "N")]
    pub(in crate::cli) sequence: Option<u64>,
    /// The event's id. Defaults to a new GUID.
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) event_id: Option<String>,
    /// The number of events, each with its own id.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = value_parser!(u32).range(1..))]
    pub(in crate::cli) count: u32,
    /// Sends each event so many more times, byte for byte the same.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = value_parser!(u32).range(..=i64::from(MAX_REPEAT)))]
    pub(in crate::cli) repeat: u32,
    /// Sends in random order, up to 1,000 webhooks at a time.
    #[arg(long)]
    pub(in crate::cli) shuffle: bool,
    /// Signs with another key, as an attacker would.
    #[arg(long)]
    pub(in crate::cli) wrong_key: bool,
    /// The address to send to. Defaults to `/webhooks` of the running `backlot dev`.
    #[arg(long, value_name = "URL", conflicts_with = "print")]
    pub(in crate::cli) to: Option<String>,
    /// How many times as fast Wix's retry schedule runs: with 3600, an hour takes a second.
    #[arg(
        long, value_name = "FACTOR", default_value_t = 1, conflicts_with = "print",
        value_parser = value_parser!(u32).range(1..=i64::from(MAX_SPEED))
    )]
    pub(in crate::cli) speed: u32,
    /// Prints the signed bodies, one a line, and sends nothing. The simulator need not run.
    #[arg(long)]
    pub(in crate::cli) print: bool,
    /// Prints JSON, one object a line: `type`, `eventId`, `status` (null if there was no response) and `durationMs`.
    #[arg(long, conflicts_with = "print")]
    pub(in crate::cli) json: bool,
}

impl SimulatorSend {
    /// The configuration and the data folder.
    pub(in crate::cli) fn config(&self) -> ConfigArgs {
        ConfigArgs {
            config: self.config.clone(),
            data: self.data.iter().find(|path| path.is_dir()).cloned(),
        }
    }

    /// Whether `--data` names several files or several folders.
    pub(in crate::cli) fn has_too_much_data(&self) -> bool {
        let folders = self.data.iter().filter(|path| path.is_dir()).count();
        folders > 1 || self.data.len() - folders > 1
    }

    /// The file with the event's data.
    pub(in crate::cli) fn data_file(&self) -> Option<&Path> {
        let file = self.data.iter().find(|path| !path.is_dir());
        file.map(PathBuf::as_path)
    }
}

#[derive(Args)]
pub(in crate::cli) struct SimulatorEvents {
    /// Prints JSON, one object a line.
    #[arg(long)]
    pub(in crate::cli) json: bool,
}
