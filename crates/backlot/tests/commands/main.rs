//! The commands, as a person runs them: the program itself, in a folder of its own.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says what it expects by failing"
)]

mod backups;
mod checks;
mod consent;
mod data_folders;
mod demo;
mod events;
mod explained;
mod exports;
mod harness;
mod instances;
mod migrations;
mod output_files;
