//! `cargo xtask jsonpath`: shows how many of the public cases of RFC 9535 pass, and which do not. The cases and how they are
//! asked are in `crates/smoke/tests`.

use std::process::Command;

use crate::cargo;
use crate::failure::Failure;

/// The test as the harness calls it.
const TEST: &str = "jsonpath::every_public_case_of_rfc_9535_passes_but_the_known_ones";

/// `jsonpath`: the test that every other run makes too, with its figures.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    if !arguments.is_empty() {
        return Err(Failure::usage("usage: cargo xtask jsonpath"));
    }
    // A test that is called otherwise by now would be none, and none of none fails.
    let listed = cargo::output(the_test(&["--list"]))?;
    if !is_one(&listed) {
        return Err(Failure::new(format!(
            "there is no test `{TEST}` any more: correct its name in xtask/src/jsonpath.rs"
        )));
    }
    cargo::run(the_test(&["--nocapture"]))
}

fn the_test(arguments: &[&str]) -> Command {
    let mut command = cargo::cargo_in_profile("test");
    command.args(["--quiet", "-p", "plimsoll-smoke", "--test", "loopback", "--", "--exact", TEST]).args(arguments);
    command
}

/// Whether a list of tests has this one alone.
fn is_one(listed: &str) -> bool {
    listed.lines().filter_map(|line| line.strip_suffix(": test")).eq([TEST])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_test_is_not_one() {
        assert!(is_one(&format!("{TEST}: test\n\n1 test, 0 benchmarks\n")));
        assert!(!is_one("0 tests, 0 benchmarks\n"));
        assert!(!is_one(&format!("another: test\n{TEST}: test\n")));
    }
}
