//! Records of started processes, so that a later run knows them again. A pid alone would not do: pids are used again.

use std::fs;
use std::path::PathBuf;

use rustix::process::Pid;
use serde::{Deserialize, Serialize};

use super::{Release, ReleaseError};

/// What a recorded process is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// It serves on the stable port.
    Serving,
    /// It is being tried on a port of its own.
    Candidate,
}

/// A started process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) pid: i32,
    /// When the process began, as the kernel counts it: tells a process from a later one of the same pid.
    pub(crate) began: Option<String>,
    pub(crate) revision: String,
    pub(crate) port: u16,
    /// What it was started with, empty when that holds a secret.
    #[serde(default)]
    pub(crate) argv: Vec<String>,
}

impl Record {
    pub(super) fn new(pid: u32, revision: &str, port: u16) -> Self {
        let pid = i32::try_from(pid).unwrap_or(i32::MAX);
        Self { pid, began: began(pid), revision: revision.to_owned(), port, argv: Vec::new() }
    }

    /// Whether this very process still runs.
    pub(crate) fn is_alive(&self) -> bool {
        is_running(self.pid) && began(self.pid) == self.began
    }

    pub(super) fn pid(&self) -> Option<Pid> {
        Pid::from_raw(self.pid)
    }
}

pub(crate) fn read(release: &Release, role: Role) -> Result<Option<Record>, ReleaseError> {
    let path = file(release, role);
    match fs::read_to_string(&path) {
        // A record cut short by a kill is none; the process it was for is found as a stray.
        Ok(text) => Ok(serde_json::from_str(&text).ok()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ReleaseError::File { path, source }),
    }
}

pub(crate) fn write(release: &Release, role: Role, record: &Record) -> Result<(), ReleaseError> {
    let path = file(release, role);
    let failed = |source| ReleaseError::File { path: path.clone(), source };
    let text = serde_json::to_string(record).unwrap_or_default();
    let partial = path.with_extension("partial");
    fs::create_dir_all(&release.state_dir).map_err(failed)?;
    fs::write(&partial, text).map_err(failed)?;
    fs::rename(&partial, &path).map_err(failed)
}

pub(crate) fn remove(release: &Release, role: Role) -> Result<(), ReleaseError> {
    let path = file(release, role);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(ReleaseError::File { path, source: error }),
        _ => Ok(()),
    }
}

fn file(release: &Release, role: Role) -> PathBuf {
    let role = match role {
        Role::Serving => "serving",
        Role::Candidate => "candidate",
    };
    release.state_dir.join(format!("{}.{role}.json", release.name))
}

fn is_running(pid: i32) -> bool {
    Pid::from_raw(pid).is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok()) && !is_zombie(pid)
}

/// A process that ended but was not waited for yet is no longer running.
fn is_zombie(pid: i32) -> bool {
    stat_fields(pid).is_some_and(|fields| fields.first().is_some_and(|state| state == "Z"))
}

fn began(pid: i32) -> Option<String> {
    stat_fields(pid)?.into_iter().nth(19)
}

/// The fields of `/proc/<pid>/stat` after the command's name, which may itself hold spaces and brackets.
fn stat_fields(pid: i32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(text.rsplit_once(')')?.1.split_whitespace().map(str::to_owned).collect())
}
