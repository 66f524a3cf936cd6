#![doc = include_str!("../README.md")]
//! Responsible for arguments, surroundings and streams; what is printed where is left to `terminal` and the reporters.

mod args;
mod catalogue;
mod command;
mod crash;
mod error;
mod inputs;
mod reporter;
mod terminal;

use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use plimsoll_core::Exit;

pub use catalogue::{Advice, advice};
pub use inputs::Surroundings;

use terminal::Terminal;

/// Runs with the arguments, environment and streams of this process.
#[must_use]
pub fn run_process() -> ExitCode {
    crash::tell_only_the_place();
    let surroundings = Surroundings {
        environment: std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect(),
        current_dir: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
        progress: std::io::stderr().is_terminal(),
        colour_out: std::io::stdout().is_terminal(),
        colour_err: std::io::stderr().is_terminal(),
        interactive: std::io::stdin().is_terminal() && std::io::stderr().is_terminal(),
    };
    let exit = run(std::env::args_os(), &surroundings, &mut std::io::stdout(), &mut std::io::stderr());
    ExitCode::from(exit.code())
}

/// Runs with these arguments, the program's name first, in these surroundings.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    surroundings: &Surroundings,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Exit {
    let args = match args::Args::try_parse_from(args::gathered(arguments)) {
        Ok(args) => args,
        Err(error) => return parse_failed(&error, out, err),
    };
    let mut terminal = Terminal::new(&args.global, surroundings, out, err);
    match command::run(&args, surroundings, &mut terminal) {
        Ok(exit) => exit,
        Err(error) => {
            terminal.error(&error, &args.global.program);
            error.exit()
        }
    }
}

/// clap's own answers: help and version on stdout with 0, mistakes on stderr with 2.
fn parse_failed(error: &clap::Error, out: &mut dyn Write, err: &mut dyn Write) -> Exit {
    let text = error.render();
    // Nobody is left to tell when the stream is closed.
    if error.use_stderr() {
        drop(write!(err, "{text}"));
        Exit::Usage
    } else {
        drop(write!(out, "{text}"));
        Exit::Ok
    }
}
