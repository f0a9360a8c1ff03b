//! The program: Backlot with nothing mounted in it.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    backlot::Backlot::builder().main()
}
