//! Why a run could not even start, or did not pass. What single checks found is in the report.

use std::path::PathBuf;

use plimsoll_core::{Coded, ErrorCode};

use crate::report::SmokeReport;

/// A run that could not start.
#[derive(Debug, thiserror::Error)]
pub enum SmokeError {
    /// The base URL of the target cannot be used. It may hold a password and is not repeated.
    #[error("the base URL {problem}")]
    BaseUrl {
        /// What is wrong with it.
        problem: BaseUrlProblem,
    },
    /// Nothing can be sent, usually because the machine has no more file descriptors.
    #[error("requests cannot be sent from here")]
    Runtime {
        /// What the operating system says.
        #[source]
        source: std::io::Error,
    },
    /// What has to be taken back cannot be written down, so nothing is sent.
    #[error("the journal `{}` of what smoke checks have to take back cannot be used", path.display())]
    Journal {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        problem: JournalProblem,
    },
}

/// What is wrong with a journal.
#[derive(Debug, thiserror::Error)]
pub enum JournalProblem {
    /// Another run has it.
    #[error("another run of smoke checks is using it, run this one when it has ended")]
    Busy,
    /// The operating system does not allow it.
    #[error("it cannot be read or written")]
    Io(#[from] std::io::Error),
    /// It holds something else.
    #[error("line {number} cannot be understood, clean up by hand what it names and remove it")]
    Line {
        /// The line, from 1.
        number: usize,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
}

impl Coded for SmokeError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::BaseUrl { .. } => ErrorCode::InvalidValue,
            Self::Runtime { .. } => ErrorCode::SmokeUnmeasured,
            Self::Journal { problem: JournalProblem::Busy, .. } => ErrorCode::SmokeJournalBusy,
            Self::Journal { problem: JournalProblem::Io(_), .. } => ErrorCode::FileUnwritable,
            Self::Journal { problem: JournalProblem::Line { .. }, .. } => ErrorCode::SmokeJournalBroken,
        }
    }
}

/// What is wrong with a base URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlProblem {
    /// It does not parse.
    #[error("is not a URL")]
    NotAUrl,
    /// It has another scheme, or no host.
    #[error("is not http or https")]
    NotHttp,
    /// It is https, and this build has no TLS.
    #[error("is https, and this program was built without the feature `tls`")]
    NoTls,
    /// Paths cannot be added after a query.
    #[error("has a query or a fragment")]
    Query,
}

/// A run that did not pass, with everything it found.
#[derive(Debug, thiserror::Error)]
#[error("{}", report.headline())]
pub struct SmokeFailed {
    /// The report.
    pub report: Box<SmokeReport>,
    /// What the first failure means.
    pub code: ErrorCode,
}

impl Coded for SmokeFailed {
    fn code(&self) -> ErrorCode {
        self.code
    }

    fn location(&self) -> Option<&plimsoll_core::Location> {
        self.report.first_failure().map(|check| &check.location)
    }
}
