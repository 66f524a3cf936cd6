//! Releases: what turns a revision into the one that serves. When to start, switch and undo is the pipeline's.

mod artifact;
mod port;
mod process;
mod record;
mod resolve;

use std::path::PathBuf;
use std::time::Duration;

use plimsoll_core::{Coded, ErrorCode};

pub(crate) use process::{Candidate, Promoted, Restored, demote, promote, start_candidate};
use record::{Record, Role};
pub(crate) use resolve::{declared, resolve};

pub use resolve::Release;

/// What is observed of a release before anything is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Observed {
    /// The revision that the local record says is serving, when its process is alive.
    pub(crate) alive: Option<String>,
    /// Whether something else holds the stable port.
    pub(crate) port_taken: bool,
}

/// A release that could not be resolved, started or switched.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// A template of the release does not render, or gives a value of the wrong kind.
    #[error("release `{release}`: `{key}` {message}")]
    Invalid {
        /// The release.
        release: String,
        /// The key.
        key: &'static str,
        /// What is wrong.
        message: String,
    },
    /// The artifact is not there.
    #[error("release `{release}`: no artifact at `{}`", path.display())]
    ArtifactMissing {
        /// The release.
        release: String,
        /// Where it should be.
        path: PathBuf,
    },
    /// A file could not be read or written.
    #[error("cannot use `{}`", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Something else listens on the stable port.
    #[error("release `{release}`: port {port} is taken by another process")]
    PortInUse {
        /// The release.
        release: String,
        /// The port.
        port: u16,
    },
    /// The process could not be started at all.
    #[error("release `{release}`: cannot start `{program}`")]
    Spawn {
        /// The release.
        release: String,
        /// The program.
        program: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The process ended before it answered.
    #[error("release `{release}`: the process ended with {status} before it answered")]
    Died {
        /// The release.
        release: String,
        /// How it ended.
        status: String,
        /// Its last log lines.
        log: Vec<String>,
        /// The whole log.
        log_file: PathBuf,
    },
    /// The process runs but did not answer as the expected revision.
    #[error("release `{release}`: revision `{revision}` did not answer at {address} within {waited:?}: {instead}")]
    Silent {
        /// The release.
        release: String,
        /// The revision that was expected.
        revision: String,
        /// Where.
        address: String,
        /// How long was waited.
        waited: Duration,
        /// What came instead.
        instead: String,
        /// Its last log lines.
        log: Vec<String>,
        /// The whole log.
        log_file: PathBuf,
    },
}

impl ReleaseError {
    /// The last log lines of the process, where there was one.
    #[must_use]
    pub fn log(&self) -> Option<(&[String], &PathBuf)> {
        match self {
            Self::Died { log, log_file, .. } | Self::Silent { log, log_file, .. } => Some((log, log_file)),
            Self::Invalid { .. }
            | Self::ArtifactMissing { .. }
            | Self::File { .. }
            | Self::PortInUse { .. }
            | Self::Spawn { .. } => None,
        }
    }
}

impl Coded for ReleaseError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Invalid { .. } => ErrorCode::InvalidValue,
            Self::ArtifactMissing { .. } => ErrorCode::ArtifactMissing,
            Self::File { .. } => ErrorCode::FileUnwritable,
            Self::PortInUse { .. } => ErrorCode::PortInUse,
            Self::Spawn { .. } => ErrorCode::ReleaseSpawn,
            Self::Died { .. } => ErrorCode::ReleaseDied,
            Self::Silent { .. } => ErrorCode::ReleaseSilent,
        }
    }
}

/// Looks at a release without touching it.
///
/// # Errors
/// [`ReleaseError::File`] when its record cannot be read.
pub(crate) fn observe(release: &Release) -> Result<Observed, ReleaseError> {
    let alive = record::read(release, Role::Serving)?.filter(Record::is_alive);
    // What a killed deployment left on the port without a record is ours; the next one ends it.
    let port_taken = alive.as_ref().is_none_or(|record| record.port != release.port)
        && !port::is_free(release.port)
        && !process::has_strays(release, alive.as_ref().map(|record| record.pid));
    Ok(Observed { alive: alive.map(|record| record.revision), port_taken })
}

/// The revision whose process serves here, when it is alive.
pub(crate) fn serving(release: &Release) -> Option<String> {
    record::read(release, Role::Serving).ok()?.filter(Record::is_alive).map(|record| record.revision)
}

/// Whether a candidate was left behind.
pub(crate) fn has_candidate(release: &Release) -> Result<bool, ReleaseError> {
    Ok(record::read(release, Role::Candidate)?.is_some())
}

/// Stops everything that belongs to a release; gives the revisions that were stopped.
///
/// # Errors
/// [`ReleaseError::File`] when a record cannot be read or removed.
pub(crate) fn stop(release: &Release) -> Result<Vec<String>, ReleaseError> {
    let mut stopped = Vec::new();
    for role in [Role::Candidate, Role::Serving] {
        if let Some(record) = record::read(release, role)? {
            if record.is_alive() {
                process::terminate(&record);
                stopped.push(record.revision.clone());
            }
            record::remove(release, role)?;
        }
    }
    stopped.extend(process::stop_strays(release, None));
    Ok(stopped)
}

/// Stops what an interrupted deployment left behind: candidates, and processes that no record knows.
///
/// # Errors
/// [`ReleaseError::File`] when a record cannot be read or removed.
pub(crate) fn recover(release: &Release) -> Result<Vec<String>, ReleaseError> {
    let mut stopped = Vec::new();
    if let Some(candidate) = record::read(release, Role::Candidate)? {
        if candidate.is_alive() {
            process::terminate(&candidate);
            stopped.push(candidate.revision.clone());
        }
        record::remove(release, Role::Candidate)?;
    }
    let serving = record::read(release, Role::Serving)?.filter(Record::is_alive);
    stopped.extend(process::stop_strays(release, serving.map(|record| record.pid)));
    Ok(stopped)
}
