//! `cargo xtask test`: everything CI checks, phase after phase, on database servers of its own. What a phase finds is
//! told by the tool that found it.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::cargo;
use crate::client_libraries;
use crate::failure::Failure;
use crate::packages;
use crate::servers::keeper::Keeper;
use crate::tidy;
use crate::workspace;

/// `test [--keep] [--only <phase>] [-- arguments for cargo test]`.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let wanted = Wanted::parse(arguments)?;
    let needs_compiler = wanted.phases.iter().any(|phase| phase.compiles());
    let needs_servers = wanted.phases.contains(&Phase::Tests);
    if needs_compiler {
        packages::ensure(&packages::TO_COMPILE)?;
    }
    // From here to the end of the run: dropping it removes the servers whatever happens.
    let mut keeper = None;
    if needs_servers {
        packages::ensure(&packages::TO_TEST)?;
        keeper = Some(Keeper::spawn(wanted.keep)?);
    }
    let features = client_libraries::features_for_all_engines();
    let begin = Instant::now();
    let mut done = Vec::new();
    let mut outcome = Ok(());
    for phase in &wanted.phases {
        eprintln!("--- {}", phase.name());
        let start = Instant::now();
        outcome = phase.run(&features, keeper.as_mut(), &wanted.test_arguments);
        done.push((*phase, outcome.is_ok(), start.elapsed()));
        if outcome.is_err() {
            break;
        }
    }
    drop(keeper);
    summarize(&done, wanted.phases.len(), begin.elapsed());
    outcome
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Fmt,
    Clippy,
    Tests,
    Doc,
    Tidy,
}

impl Phase {
    const ALL: [Self; 5] = [Self::Fmt, Self::Clippy, Self::Tests, Self::Doc, Self::Tidy];

    fn name(self) -> &'static str {
        match self {
            Self::Fmt => "fmt",
            Self::Clippy => "clippy",
            Self::Tests => "tests",
            Self::Doc => "doc",
            Self::Tidy => "tidy",
        }
    }

    fn compiles(self) -> bool {
        matches!(self, Self::Clippy | Self::Tests | Self::Doc)
    }

    fn run(self, features: &[&str], keeper: Option<&mut Keeper>, test_arguments: &[String]) -> Result<(), Failure> {
        match self {
            Self::Fmt => {
                ensure_component("fmt", "rustfmt")?;
                let mut command = cargo::cargo("fmt");
                command.args(["--all", "--check"]);
                cargo::run(command)
            }
            Self::Clippy => {
                ensure_component("clippy", "clippy")?;
                let mut command = cargo::with_features(cargo::cargo("clippy"), features);
                command.args(["--workspace", "--all-targets", "--", "-D", "warnings"]);
                cargo::run(command)
            }
            Self::Tests => {
                let keeper = keeper.ok_or_else(|| Failure::new("the tests were started without servers"))?;
                run_tests(features, keeper, test_arguments)
            }
            Self::Doc => {
                let mut command = cargo::with_features(cargo::cargo("doc"), features);
                command.args(["--workspace", "--no-deps", "--document-private-items"]);
                command.env("RUSTDOCFLAGS", "-D warnings");
                cargo::run(command)
            }
            Self::Tidy => tidy::run(),
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Wanted {
    keep: bool,
    phases: Vec<Phase>,
    test_arguments: Vec<String>,
}

impl Wanted {
    fn parse(arguments: &[String]) -> Result<Self, Failure> {
        let mut wanted = Self { keep: false, phases: Phase::ALL.to_vec(), test_arguments: Vec::new() };
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            match argument.as_str() {
                "--keep" => wanted.keep = true,
                "--only" => wanted.phases = vec![phase_named(rest.next())?],
                "--" => wanted.test_arguments = rest.by_ref().cloned().collect(),
                other => {
                    return Err(Failure::usage(format!("`{other}` means nothing to `cargo xtask test`")));
                }
            }
        }
        Ok(wanted)
    }
}

fn phase_named(name: Option<&String>) -> Result<Phase, Failure> {
    let found = name.and_then(|name| Phase::ALL.into_iter().find(|phase| phase.name() == name.as_str()));
    found.ok_or_else(|| {
        let names = Phase::ALL.map(Phase::name).join(", ");
        Failure::usage(format!("--only takes one of {names}"))
    })
}

/// All packages together in both commands, so that every dependency is compiled with the same features once.
fn run_tests(features: &[&str], keeper: &mut Keeper, arguments: &[String]) -> Result<(), Failure> {
    let mut build = cargo::with_features(cargo::cargo_in_profile("build"), features);
    build.args(["--workspace", "--bins"]);
    cargo::run(build)?;
    let urls = keeper.urls()?;
    let mut test = cargo::with_features(cargo::cargo_in_profile("test"), features);
    test.arg("--workspace")
        .args(arguments)
        .envs(["PLIMSOLL_TEST_POSTGRES", "PLIMSOLL_TEST_MARIADB", "PLIMSOLL_TEST_VECTOR"].into_iter().zip(urls))
        .env("PLIMSOLL_TEST_BIN_DIR", workspace::bin_dir()?)
        .env("INSTA_UPDATE", "no")
        .env("CI", "true");
    cargo::run(test)
}

/// Toolchains come without these in rustup's minimal profile.
fn ensure_component(subcommand: &str, component: &str) -> Result<(), Failure> {
    let is_there = || {
        let mut command = cargo::cargo(subcommand);
        command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    if is_there() {
        return Ok(());
    }
    if let Some(rustup) = workspace::find_program("rustup") {
        let mut command = Command::new(rustup);
        command.args(["component", "add", component]).current_dir(workspace::root());
        cargo::run(command)?;
    }
    is_there().then_some(()).ok_or_else(|| Failure::new(format!("the toolchain has no {component}: install it")))
}

fn summarize(done: &[(Phase, bool, Duration)], wanted: usize, total: Duration) {
    eprintln!("---");
    for (phase, is_ok, duration) in done {
        let verdict = if *is_ok { "ok" } else { "FAILED" };
        eprintln!("{:7} {verdict:7} {:7.1} s", phase.name(), duration.as_secs_f64());
    }
    let passed = done.iter().filter(|(_, is_ok, _)| *is_ok).count();
    eprintln!("{passed} of {wanted} passed in {:.1} s", total.as_secs_f64());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Wanted, Failure> {
        Wanted::parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn without_arguments_every_phase_runs() {
        let wanted = parse("").expect("no argument is no mistake");
        assert_eq!(wanted.phases, Phase::ALL);
        assert!(!wanted.keep && wanted.test_arguments.is_empty());
    }

    #[test]
    fn what_follows_two_dashes_is_cargos() {
        let wanted = parse("--only tests --keep -- --test suite -- --nocapture").expect("all of it is known");
        assert_eq!(wanted.phases, [Phase::Tests]);
        assert!(wanted.keep);
        assert_eq!(wanted.test_arguments, ["--test", "suite", "--", "--nocapture"]);
    }

    #[test]
    fn an_unknown_phase_is_refused() {
        assert!(parse("--only everything").is_err());
        assert!(parse("--only").is_err());
        assert!(parse("--fast").is_err());
    }
}
