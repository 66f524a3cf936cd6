//! One thing wrong in the user's files, with its place. Collecting them is each loader's, showing them the command line's.

use std::fmt;

use crate::{Coded, ErrorCode, Location};

/// One thing that is wrong: a stable code, a phrase and, where there is one, a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The stable code.
    pub code: ErrorCode,
    /// What is wrong, in a phrase.
    pub message: String,
    /// Where.
    pub at: Option<Location>,
}

impl Problem {
    /// A problem without a place.
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), at: None }
    }

    /// The same problem at a place.
    #[must_use]
    pub fn at(mut self, at: Location) -> Self {
        self.at = Some(at);
        self
    }

    /// Any coded error as a problem. Its causes become part of the phrase, because a problem has none of its own.
    #[must_use]
    pub fn of(error: &dyn Coded) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            message.push_str(&format!(": {error}"));
            cause = error.source();
        }
        Self { code: error.code(), message, at: error.location().cloned() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.at {
            Some(at) => write!(f, "{at}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for Problem {}

impl Coded for Problem {
    fn code(&self) -> ErrorCode {
        self.code
    }

    fn location(&self) -> Option<&Location> {
        self.at.as_ref()
    }
}
