//! The command line: arguments → settings → command. Standard output is data, standard error is
//! talk. Exit codes: 0 done, 1 the person's mistake, 2 ours.

mod arguments;
mod backup;
mod check;
mod configured;
pub(crate) mod confirm;
mod connection;
mod database;
mod deliveries;
mod dev;
mod events;
mod explain;
mod http_client;
mod init;
mod instance;
mod instant;
mod items;
mod known_app;
mod migrate;
mod pages;
mod printable;
mod progress;
mod ready_file;
mod restore;
mod routes;
mod secret;
pub(crate) mod serve;
mod sign;
mod signals;
mod signing_key;
mod simulator;
mod subscription;
mod token;
mod wix_cli;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use crate::config::{ConfigError, Source};
use crate::data_folder::CONFIGURATION;
use crate::library::Builder;
use crate::user_error::UserError;
use arguments::{Arguments, Command};

pub(crate) use arguments::reference;

impl Builder {
    /// Runs the program by its command line: `dev`, `serve` and all the others.
    pub fn main(self) -> ExitCode {
        run(self)
    }
}

/// Runs the command that the arguments name.
fn run(program: Builder) -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::from(error.use_stderr()));
        }
    };
    let outcome = match arguments.command {
        Some(Command::Dev(arguments)) => dev::run(program, &arguments),
        Some(Command::Serve(arguments)) => serve::run(program, &arguments),
        Some(Command::Sign(arguments)) => sign::run(&arguments),
        Some(Command::Token(arguments)) => token::run(&arguments),
        Some(Command::Simulator(command)) => simulator::run(&command),
        Some(Command::Explain(arguments)) => explain::run(&arguments),
        Some(Command::Check(arguments)) => check::run(&arguments),
        Some(Command::Routes(arguments)) => routes::run(&arguments),
        Some(Command::Migrate(arguments)) => migrate::run(&arguments),
        Some(Command::Instance(command)) => instance::run(&command),
        Some(Command::Events(command)) => events::run(&command),
        Some(Command::Deliveries(command)) => deliveries::run(&command),
        Some(Command::Secret(command)) => secret::run(&command),
        Some(Command::SigningKey(command)) => signing_key::run(&command),
        Some(Command::Connection(command)) => connection::run(&command),
        Some(Command::Subscription(command)) => subscription::run(&command),
        Some(Command::Backup(arguments)) => backup::run(&arguments),
        Some(Command::Restore(arguments)) => restore::run(&arguments),
        Some(Command::Items(command)) => items::run(&command),
        Some(Command::Database(command)) => database::run(&command),
        Some(Command::Init(arguments)) => init::run(&arguments),
        None => {
            let _ = Arguments::command().print_help();
            return ExitCode::from(1);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report(&error),
    }
}

fn report(error: &anyhow::Error) -> ExitCode {
    // `backlot events list | head`: the reader has what it wants.
    let is_closed = |cause: &std::io::Error| cause.kind() == std::io::ErrorKind::BrokenPipe;
    if error.downcast_ref().is_some_and(is_closed) {
        return ExitCode::SUCCESS;
    }
    let mut stderr = std::io::stderr().lock();
    if let Some(ConfigError(problems)) = error.downcast_ref() {
        for problem in problems {
            let _ = writeln!(stderr, "error: {problem}");
        }
        return ExitCode::from(1);
    }
    let _ = writeln!(stderr, "error: {error:#}");
    ExitCode::from(if error.is::<UserError>() { 1 } else { 2 })
}

/// The program's environment.
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Finds environment variables that look like misspelled ones of ours.
fn misspelt_variables() -> Vec<crate::config::ConfigProblem> {
    let set = std::env::vars_os().filter(|(_, value)| !value.is_empty());
    crate::config::misspelt(set.filter_map(|(name, _)| name.into_string().ok()))
}

/// Reads the file that `--config` names, or `backlot.toml` where there is one.
fn read_source(chosen: Option<&std::path::Path>) -> anyhow::Result<Source> {
    let default = std::path::Path::new(CONFIGURATION);
    let file = chosen.or_else(|| default.exists().then_some(default));
    Ok(Source::read(file, &environment)?)
}

/// One worker for each core that this program may use; on a single core, none to steal from.
fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut builder = if cores == 1 {
        tokio::runtime::Builder::new_current_thread()
    } else {
        tokio::runtime::Builder::new_multi_thread()
    };
    Ok(builder.enable_all().build()?)
}
