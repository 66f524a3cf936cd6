//! The binary: hands the process's arguments, environment and streams to the library, and exits with what it says.

use std::process::ExitCode;

/// Planning makes and drops millions of small values.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    plimsoll_cli::run_process()
}
