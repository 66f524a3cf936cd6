//! Texts that stand in place of files, so that a change can be tried before it is written. Writing files is not done here.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::error::Problem;
use crate::read::files;

/// By the path that errors show: what a file is taken to hold. Empty, every file holds what it holds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Overlay(HashMap<PathBuf, String>);

impl Overlay {
    /// From now on a file holds this text.
    pub(crate) fn set(&mut self, shown: PathBuf, text: String) {
        self.0.insert(shown, text);
    }

    /// Whether a file does not hold what it holds.
    pub(crate) fn has(&self, shown: &Path) -> bool {
        self.0.contains_key(shown)
    }

    /// The text of a file, without a byte order mark.
    pub(crate) fn read(&self, file: &Path, shown: &Path) -> Result<String, Problem> {
        match self.0.get(shown) {
            Some(text) => Ok(text.clone()),
            None => files::read_text(file, shown),
        }
    }
}
