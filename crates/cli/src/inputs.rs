//! What the outside knows and the libraries must be told: environment, current folder, git, user and host.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use plimsoll_core::project::{self, Inputs, Project, ProjectError};

use crate::args::{Environment, Global};

/// Where and how the command runs.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// The process environment.
    pub environment: BTreeMap<String, String>,
    /// The current folder.
    pub current_dir: PathBuf,
    /// Whether progress may be drawn on stderr.
    pub progress: bool,
    /// Whether stdout is a terminal.
    pub colour_out: bool,
    /// Whether stderr is a terminal.
    pub colour_err: bool,
    /// Whether a question can be asked.
    pub interactive: bool,
}

/// Loads the project for a command.
pub(crate) fn load_project(
    global: &Global,
    environment: &Environment,
    surroundings: &Surroundings,
) -> Result<Project, ProjectError> {
    let root = surroundings.current_dir.join(&global.project);
    project::load(&Inputs {
        root: std::fs::canonicalize(&root).unwrap_or(root),
        current_dir: surroundings.current_dir.clone(),
        environment: environment.environment.clone(),
        process: surroundings.environment.clone(),
        set: global.set.clone(),
        with: environment.with.clone(),
    })
}

/// The state of the sources: the commit with `-dirty` when files differ from it, `local` where there is no git.
pub(crate) fn commit(given: Option<&str>, root: &Path) -> String {
    if let Some(commit) = given {
        return commit.to_owned();
    }
    let Some(commit) = git(root, &["rev-parse", "--short=12", "HEAD"]).filter(|text| !text.is_empty()) else {
        return "local".to_owned();
    };
    // Only the project's own folder: a change elsewhere in the repository is not a change of this system.
    match git(root, &["status", "--porcelain", "--", "."]) {
        Some(changes) if changes.is_empty() => commit,
        _ => format!("{commit}-dirty"),
    }
}

/// `user@host`, as far as the surroundings know.
pub(crate) fn actor(surroundings: &Surroundings) -> String {
    let get = |names: &[&str]| names.iter().find_map(|name| surroundings.environment.get(*name).cloned());
    let user = get(&["USER", "LOGNAME", "USERNAME"]).unwrap_or_else(|| "unknown".to_owned());
    let host = get(&["HOSTNAME"])
        .or_else(|| std::fs::read_to_string("/proc/sys/kernel/hostname").ok())
        .or_else(|| std::fs::read_to_string("/etc/hostname").ok())
        .map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty());
    format!("{user}@{}", host.unwrap_or_else(|| "localhost".to_owned()))
}

fn git(root: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").arg("-C").arg(root).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
