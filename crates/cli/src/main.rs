//! The binary: hands the process's arguments, environment and streams to the library, and exits with what it says.

use std::process::ExitCode;

fn main() -> ExitCode {
    plimsoll_cli::run_process()
}
