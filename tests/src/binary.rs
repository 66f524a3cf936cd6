//! The programs under test, as people get them. What they are run on is `deployment`'s.

use std::path::PathBuf;

/// The binary `plimsoll`.
#[must_use]
pub fn plimsoll() -> PathBuf {
    binary("plimsoll")
}

/// The binary of the example's service.
#[must_use]
pub fn service() -> PathBuf {
    binary("caller-coaching")
}

/// The binary of the voice reader's services.
#[must_use]
pub fn voice_reader() -> PathBuf {
    binary("voice-reader")
}

fn binary(name: &str) -> PathBuf {
    let folder = std::env::var_os("PLIMSOLL_TEST_BIN_DIR");
    let path = PathBuf::from(folder.expect("PLIMSOLL_TEST_BIN_DIR is not set: run the tests with `cargo xtask test`"));
    let path = path.join(name);
    assert!(path.is_file(), "there is no `{}`: run the tests with `cargo xtask test`", path.display());
    path
}
