//! The program: Backlot with nothing mounted in it.

use std::process::ExitCode;

fn main() -> ExitCode {
    backlot::Backlot::builder().main()
}
