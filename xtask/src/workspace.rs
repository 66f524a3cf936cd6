//! Where things are: the workspace root, the binaries of this build, programs on the machine. What is done with them
//! is left to the verbs.

use std::env;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// The folder of the workspace's `Cargo.toml`.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is a folder of the workspace")
}

/// The folder cargo put this executable in, where it puts the other binaries of the same profile too.
pub(crate) fn bin_dir() -> Result<PathBuf, Failure> {
    let own = env::current_exe().map_err(Failure::because("cannot find the folder of xtask itself"))?;
    own.parent().map(Path::to_owned).ok_or_else(|| Failure::new("xtask runs from no folder"))
}

/// The path of `program` as a shell would find it, or in the folders an administrator's PATH adds.
pub(crate) fn find_program(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from))
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}
