//! `cargo xtask jsonpath`: shows how many of the public cases of RFC 9535 pass, and which do not. The cases and how they are
//! asked are in `crates/smoke/tests`.

use crate::cargo;
use crate::failure::Failure;

/// `jsonpath`: the test that every other run makes too, with its figures.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    if !arguments.is_empty() {
        return Err(Failure::usage("usage: cargo xtask jsonpath"));
    }
    let mut command = cargo::cargo_in_profile("test");
    command.args(["--quiet", "-p", "plimsoll-smoke", "--test", "loopback", "--", "--nocapture", "jsonpath"]);
    cargo::run(command)
}
