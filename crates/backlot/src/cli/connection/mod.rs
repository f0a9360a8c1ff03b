//! `backlot connection`: third-party APIs.

mod test;

use super::arguments::Connection;

pub(super) fn run(command: &Connection) -> anyhow::Result<()> {
    match command {
        Connection::Test(arguments) => test::run(arguments),
    }
}
