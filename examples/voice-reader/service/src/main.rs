//! The services of the voice-reader example, one role a process: arguments, exit codes. What a role does is in its module.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program says where it listens and why it does not")]

mod answer;
mod api;
mod bot;
mod calls;
mod client;
mod config;
mod id;
mod queue;
mod serve;
mod stack;
mod store;
mod worker;

use std::process::ExitCode;

use crate::config::{ConfigError, Variables};
use crate::serve::StartError;

const HELP: &str = include_str!("../HELP.txt");

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let variables = Variables::new(std::env::vars_os());
    let ended = match words[..] {
        ["-h" | "--help"] => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        ["api"] => run("api", || api::run(&config::api(&variables)?, &|line| println!("{line}"))),
        ["worker"] => run("worker", || worker::run(&config::worker(&variables)?, &|line| println!("{line}"))),
        ["bot"] => run("bot", || bot::run(config::bot(&variables)?, &|line| println!("{line}"))),
        ["client"] => run("client", || client::run(config::client(&variables)?, &|line| println!("{line}"))),
        ["stack"] => run("stack", || stack::run(config::stack(&variables)?, &|line| println!("{line}"))),
        [] => Err("say which role: api, worker, bot, client or stack".to_owned()),
        _ => Err(format!("`{}` is no role: api, worker, bot, client or stack", words.join(" "))),
    };
    match ended {
        Ok(code) => code,
        Err(usage) => {
            eprintln!("voice-reader: {usage}; see --help");
            ExitCode::from(2)
        }
    }
}

/// A role to its end. The error is about what it was given.
fn run(role: &str, run: impl FnOnce() -> Result<(), RoleError>) -> Result<ExitCode, String> {
    match run() {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(RoleError::Config(error)) => Err(error.to_string()),
        Err(RoleError::Start(error)) => {
            eprintln!("voice-reader {role}: {}", in_one_line(&error));
            Ok(ExitCode::FAILURE)
        }
    }
}

/// Why a role ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RoleError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Start(#[from] StartError),
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
