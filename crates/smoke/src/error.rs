//! Why a run could not even start, or did not pass. What single checks found is in the report.

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
}

impl Coded for SmokeError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::BaseUrl { .. } => ErrorCode::InvalidValue,
            Self::Runtime { .. } => ErrorCode::SmokeUnmeasured,
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
