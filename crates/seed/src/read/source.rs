//! Texts of dataset files and documents, and places in them, computed only when somebody asks. Parsing is elsewhere.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use plimsoll_core::{ErrorCode, Location};

use crate::error::{DocumentPlace, Problem};
use crate::read::document::{Document, escaped};

/// A text file with an index of its lines.
#[derive(Debug)]
pub(crate) struct SourceFile {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    lines: OnceLock<Vec<usize>>,
}

/// Where a staged row comes from: the block of a dataset and, for documents and records, the place in their file.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) file: Arc<SourceFile>,
    pub(crate) offset: usize,
    pub(crate) document: Option<(Arc<Document>, String)>,
}

impl SourceFile {
    pub(crate) fn new(path: &Path, text: String) -> Self {
        Self { path: path.to_owned(), text, lines: OnceLock::new() }
    }

    pub(crate) fn location(&self, offset: usize) -> Location {
        let starts = self
            .lines
            .get_or_init(|| std::iter::once(0).chain(self.text.match_indices('\n').map(|(at, _)| at + 1)).collect());
        let line = starts.partition_point(|start| *start <= offset).saturating_sub(1);
        let in_line = Location::of_offset(&self.path, &self.text[starts[line]..], offset - starts[line]);
        Location { line: u32::try_from(line + 1).unwrap_or(u32::MAX), ..in_line }
    }
}

impl Source {
    /// The form kept in the ledger and in plans: `file:line:column`, or the document with its JSON pointer.
    pub(crate) fn text(&self) -> String {
        match &self.document {
            Some((document, pointer)) => document.source_text(pointer),
            None => self.file.location(self.offset).to_string(),
        }
    }

    /// The place a person should look at first: the document if there is one.
    pub(crate) fn location(&self) -> Location {
        match &self.document {
            Some((document, pointer)) => document.location(pointer),
            None => self.file.location(self.offset),
        }
    }

    /// Whether the values of a record are texts whatever they mean.
    pub(crate) fn is_text_only(&self) -> bool {
        self.document.as_ref().is_some_and(|(document, _)| document.is_text_only())
    }

    /// A problem with a column: at its expression, or in the record whose field it is.
    pub(crate) fn problem_in(
        &self,
        code: ErrorCode,
        offset: Option<usize>,
        column: &str,
        message: impl Into<String>,
    ) -> Problem {
        match (offset, &self.document) {
            (Some(offset), _) => self.problem(code, offset, message),
            (None, Some(_)) => Problem::new(code, Some(self.location_in(None, column)), message),
            (None, None) => self.problem(code, self.offset, message),
        }
    }

    /// The place of a column: its expression, or the field of the record.
    pub(crate) fn location_in(&self, offset: Option<usize>, column: &str) -> Location {
        match (offset, &self.document) {
            (None, Some((document, pointer))) => document.location(&format!("{pointer}/{}", escaped(column))),
            (offset, _) => self.file.location(offset.unwrap_or(self.offset)),
        }
    }

    /// A problem at an offset of the dataset file, naming the document as well.
    pub(crate) fn problem(&self, code: ErrorCode, offset: usize, message: impl Into<String>) -> Problem {
        Problem {
            document: self
                .document
                .as_ref()
                .map(|(document, pointer)| DocumentPlace { at: document.location(pointer), pointer: pointer.clone() }),
            ..Problem::new(code, Some(self.file.location(offset)), message)
        }
    }
}
