//! What the outside knows and the libraries must be told: environment, current folder, git, user and host.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use plimsoll_core::project::{self, Inputs, Project, ProjectError};
use plimsoll_migrate::inventory::{GitFile, GitFiles, GitState};

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
    top_up: bool,
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
        profile: environment.profile.clone(),
        top_up,
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

/// What git knows about the files of a folder; nothing where there is no git.
pub(crate) fn git_files(folder: &Path) -> GitFiles {
    let listed = |arguments: &[&str]| -> Option<BTreeSet<PathBuf>> {
        let text = git(folder, &[&["-c", "core.quotePath=false"], arguments].concat())?;
        Some(text.split('\0').filter(|name| !name.is_empty()).map(|name| folder.join(name)).collect())
    };
    let Some(known) = listed(&["ls-files", "-z"]) else { return GitFiles::default() };
    let of = |arguments: &[&str]| listed(arguments).unwrap_or_default();
    // Before the first commit there is nothing to compare with.
    let committed = listed(&["ls-tree", "-r", "-z", "--name-only", "HEAD"]).unwrap_or_default();
    let modified = of(&["diff", "--name-only", "--relative", "-z", "HEAD"]);
    let others = of(&["ls-files", "-z", "--others", "--exclude-standard"]);
    let ignored = of(&["ls-files", "-z", "--others", "--ignored", "--exclude-standard"]);
    let since = first_commits(folder);
    let state = |file: &PathBuf| match () {
        () if ignored.contains(file) => GitState::Ignored,
        () if !committed.contains(file) => GitState::Untracked,
        () if modified.contains(file) => GitState::Modified,
        () => GitState::Committed,
    };
    let all = [&known, &others, &ignored].into_iter().flatten();
    let file = |path: &PathBuf| GitFile { state: state(path), committed_at: since.get(path).copied() };
    GitFiles { files: all.map(|path| (path.clone(), file(path))).collect() }
}

/// When each file of a folder came into git, in seconds since 1970.
fn first_commits(folder: &Path) -> BTreeMap<PathBuf, i64> {
    let log = ["log", "--diff-filter=A", "--no-renames", "--relative", "--name-only", "--format=%x01%ct", "--", "."];
    let text = git(folder, &[&["-c", "core.quotePath=false"], &log[..]].concat()).unwrap_or_default();
    let mut since = BTreeMap::new();
    let mut at = 0;
    // The latest commit comes first, and a file may have come, gone and come again: the first time counts.
    for line in text.lines().filter(|line| !line.is_empty()) {
        match line.strip_prefix('\u{1}') {
            Some(seconds) => at = seconds.parse().unwrap_or(at),
            None => {
                since.insert(folder.join(line), at);
            }
        }
    }
    since
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
