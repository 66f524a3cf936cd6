//! Checks out of what other tools run: Hurl files and curl lines, as text in the project's format. Reading that is `load`'s.

mod address;
mod curl;
mod draft;
mod hurl;
mod matchers;
mod secret;
#[cfg(test)]
mod tests;
mod text;
mod write;

use std::fmt;

use serde::Serialize;

pub use curl::curl;
pub use hurl::hurl;

/// What an import came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// The checks as a file of the project. It loads, whatever was left out.
    pub toml: String,
    /// How many checks are in it.
    pub checks: usize,
    /// What could not be converted, in the order of the lines.
    pub left_out: Vec<Remark>,
    /// What was converted and is to be known or decided.
    pub notes: Vec<Remark>,
}

/// Something to say about a line of the source. Values of the source are not repeated where they may be secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Remark {
    /// The line, from 1.
    pub line: usize,
    /// What is to say.
    pub text: String,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.line, self.text)
    }
}

/// Collects what is to be said while something is read.
#[derive(Default)]
struct Remarks {
    left_out: Vec<Remark>,
    notes: Vec<Remark>,
}

impl Remarks {
    fn left_out(&mut self, line: usize, text: impl Into<String>) {
        self.left_out.push(Remark { line, text: text.into() });
    }

    fn note(&mut self, line: usize, text: impl Into<String>) {
        let remark = Remark { line, text: text.into() };
        if !self.notes.iter().any(|known| known.text == remark.text) {
            self.notes.push(remark);
        }
    }
}
