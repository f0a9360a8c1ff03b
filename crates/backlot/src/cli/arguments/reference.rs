//! `docs/command-line.md`, generated from the commands.

use std::fmt::Write as _;

use clap::CommandFactory as _;

use super::Arguments;

/// `docs/command-line.md`
pub(crate) fn reference() -> String {
    let mut page = "\
# Command line

<!-- Generated from crates/backlot/src/cli/arguments. Do not edit: change the comments there and
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

/// Writes every command below `command`, and the subcommands of those that have any.
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
