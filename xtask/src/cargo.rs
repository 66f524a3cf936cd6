//! Cargo as a child process, in the workspace root and in the profile xtask itself was built with. Which features a
//! build gets is left to `client_libraries`.

use std::env;
use std::process::{Command, Stdio};

use crate::failure::Failure;
use crate::workspace;

/// A cargo command on the workspace.
pub(crate) fn cargo(subcommand: &str) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.arg(subcommand).current_dir(workspace::root());
    command
}

/// The same for a command that makes binaries, which have to land beside this executable.
pub(crate) fn cargo_in_profile(subcommand: &str) -> Command {
    let mut command = cargo(subcommand);
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    command
}

/// Adds `--features` unless there are none.
pub(crate) fn with_features(mut command: Command, features: &[&str]) -> Command {
    if !features.is_empty() {
        command.arg("--features").arg(features.join(","));
    }
    command
}

/// Runs to the end and gives what it printed.
pub(crate) fn output(mut command: Command) -> Result<String, Failure> {
    let program = command.get_program().to_string_lossy().into_owned();
    let ended =
        command.stderr(Stdio::inherit()).output().map_err(Failure::because(format!("cannot start {program}")))?;
    if ended.status.success() {
        Ok(String::from_utf8_lossy(&ended.stdout).into_owned())
    } else {
        Err(Failure::of_child(ended.status))
    }
}

/// Runs to the end with inherited output; anything but success is the child's own exit code.
pub(crate) fn run(mut command: Command) -> Result<(), Failure> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command.status().map_err(Failure::because(format!("cannot start {program}")))?;
    if status.success() { Ok(()) } else { Err(Failure::of_child(status)) }
}
