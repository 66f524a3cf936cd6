//! `cargo xtask corpus`: judges the labelled migrations and shows how often the linter is right. The cases, the labels and the
//! arithmetic are in `crates/migrate/tests/corpus`.

use crate::cargo;
use crate::failure::Failure;

/// `corpus`: the test that every other run makes too, with its figures.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    if !arguments.is_empty() {
        return Err(Failure::usage("usage: cargo xtask corpus"));
    }
    let mut command = cargo::cargo_in_profile("test");
    command.args([
        "--quiet",
        "-p",
        "plimsoll-migrate",
        "--features",
        "squawk",
        "--test",
        "corpus",
        "--",
        "--nocapture",
    ]);
    cargo::run(command)
}
