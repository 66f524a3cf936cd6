//! The service of the caller-coaching example: configuration, start-up check, port, exit. What it answers is in `routes`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program says where it listens and why it does not")]

mod admin;
mod answer;
mod config;
mod routes;
mod serve;
mod state;

use std::ffi::OsString;
use std::process::ExitCode;

use crate::config::{Config, Fault};
use crate::serve::StartError;

/// The newest migration that the queries of this service rely on.
pub(crate) const REQUIRED_VERSION: &str = "20260211093000";

const HELP: &str = include_str!("../HELP.txt");

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        None => run(),
        Some("-h" | "--help") => {
            print!("{HELP}");
            ExitCode::SUCCESS
        }
        Some(other) => {
            eprintln!("caller-coaching: `{other}` is not understood, everything is set in the environment: see --help");
            ExitCode::from(2)
        }
    }
}

fn run() -> ExitCode {
    let pair = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
    match Config::read(&std::env::vars_os().filter_map(pair).collect()) {
        Ok(config) if config.fault == Some(Fault::DieAtStart) => die(&config),
        Ok(config) => start(config),
        Err(error) => {
            eprintln!("caller-coaching: {error}");
            ExitCode::from(2)
        }
    }
}

fn start(config: Config) -> ExitCode {
    let revision = config.revision.clone();
    let ended = serve::run(config, |address| {
        println!("caller-coaching: revision {revision} listens on http://{address}");
    });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("caller-coaching: {}", in_one_line(&error));
            ExitCode::FAILURE
        }
    }
}

/// The error with its causes, so that the last line of a log says everything.
fn in_one_line(error: &StartError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text.replace('\n', " ")
}

/// A start that fails the way real ones do: some lines of log, then nothing.
fn die(config: &Config) -> ExitCode {
    eprintln!("caller-coaching: revision {} starts", config.revision);
    eprintln!("caller-coaching: loading the voice model");
    eprintln!("caller-coaching: the voice model is corrupt (a rehearsed fault)");
    ExitCode::from(3)
}
