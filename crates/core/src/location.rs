//! Places in the user's files: file, line and column. Showing the source line is the command line's.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// A place in a text file. Lines and columns count from 1; columns count characters, as editors do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Location {
    /// The file, as the user would type it.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

impl Location {
    /// Finds the place of a byte offset in the text of a file.
    #[must_use]
    pub fn of_offset(file: &Path, text: &str, offset: usize) -> Self {
        let (line, column) = line_and_column(text, offset);
        Self { file: file.to_owned(), line, column }
    }

    /// The first character of a file.
    #[must_use]
    pub fn start_of(file: &Path) -> Self {
        Self { file: file.to_owned(), line: 1, column: 1 }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file.display(), self.line, self.column)
    }
}

/// Turns a byte offset into a line and a column, both from 1. An offset past the end means the end.
#[must_use]
pub fn line_and_column(text: &str, offset: usize) -> (u32, u32) {
    let mut end = offset.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let before = &text[..end];
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    (saturate(line), saturate(column))
}

fn saturate(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_count_from_one() {
        assert_eq!(line_and_column("ä = 1\nöb = 2", 0), (1, 1));
        assert_eq!(line_and_column("ä = 1\nöb = 2", "ä = 1\nö".len()), (2, 2));
        assert_eq!(line_and_column("x", 99), (1, 2));
    }
}
