//! `cargo xtask codegen`: writes the documents that are made from the program. Which those are, and what is in them, is
//! left to `tests/suite/docs.rs`, whose tests compare them in every other run.

use crate::cargo;
use crate::client_libraries;
use crate::failure::Failure;
use crate::packages;
use crate::workspace;

/// `codegen`: the binaries as `cargo xtask test` builds them, then the tests of the documents, told to write.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    if !arguments.is_empty() {
        return Err(Failure::usage("usage: cargo xtask codegen"));
    }
    packages::ensure(&packages::TO_COMPILE)?;
    // The same packages and features as for the tests, so that nothing is compiled twice.
    let features = client_libraries::features_for_all_engines();
    let mut build = cargo::with_features(cargo::cargo_in_profile("build"), &features);
    build.args(["--quiet", "--workspace", "--bins"]);
    cargo::run(build)?;
    let mut test = cargo::with_features(cargo::cargo_in_profile("test"), &features);
    test.args(["--quiet", "--workspace", "--test", "suite", "--", "docs::"])
        .env("PLIMSOLL_TEST_BIN_DIR", workspace::bin_dir()?)
        .env("PLIMSOLL_UPDATE_DOCS", "1");
    cargo::run(test)?;
    println!("written: docs/errors.md, docs/cli.md, docs/lint.md and the transcripts in README.md");
    Ok(())
}
