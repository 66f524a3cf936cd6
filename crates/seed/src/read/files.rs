//! Finding and reading files: patterns, encodings, and every file once, several at a time. What is in them is `parse`'s.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use plimsoll_core::toml_file::nearest;
use plimsoll_core::{ErrorCode, Location};

use crate::error::Problem;
use crate::parallel::in_parallel;
use crate::read::document::Document;
use crate::read::format::Format;
use crate::read::overlay::Overlay;

/// A file that was read: the document and the records of it that are broken, or why there is none.
pub(crate) type Outcome = Result<(Arc<Document>, Vec<Problem>), Problem>;

/// The files of a project, each read once for each format.
pub(crate) struct Files<'a> {
    root: &'a Path,
    overlay: &'a Overlay,
    known: HashMap<(PathBuf, Option<Format>), Outcome>,
}

impl<'a> Files<'a> {
    pub(crate) fn new(root: &'a Path, overlay: &'a Overlay) -> Self {
        Self { root, overlay, known: HashMap::new() }
    }

    /// The files that a pattern relative to the root means, sorted. The error says why there are none.
    pub(crate) fn matching(&self, pattern: &str) -> Result<Vec<PathBuf>, Problem> {
        let problem = |code, message: String| Problem::new(code, None, message);
        let full = if Path::new(pattern).is_absolute() {
            pattern.to_owned()
        } else {
            format!("{}/{pattern}", glob::Pattern::escape(&self.root.to_string_lossy()))
        };
        let found = glob::glob(&full).map_err(|error| {
            problem(ErrorCode::InvalidValue, format!("`{pattern}` is not a pattern: {}", error.msg))
        })?;
        let mut files = Vec::new();
        for path in found {
            let path = path.map_err(|error| {
                let message = format!("cannot read `{}`: {}", self.shown(error.path()).display(), error.error());
                problem(ErrorCode::FileUnreadable, message)
            })?;
            if path.is_file() {
                files.push(path);
            }
        }
        files.sort();
        if files.is_empty() {
            let hint = self.like(pattern).map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
            return Err(problem(ErrorCode::FileUnreadable, format!("no file matches `{pattern}`{hint}")));
        }
        Ok(files)
    }

    /// Reads files that were not read before, and gives all of them in order.
    pub(crate) fn read(&mut self, paths: &[PathBuf], format: Option<Format>) -> Vec<(PathBuf, Outcome)> {
        let new: Vec<&PathBuf> =
            paths.iter().filter(|path| !self.known.contains_key(&((*path).clone(), format))).collect();
        let read = in_parallel(&new, |path| self.parse(path, format));
        for (path, outcome) in new.into_iter().zip(read) {
            self.known.insert((path.clone(), format), outcome);
        }
        paths
            .iter()
            .filter_map(|path| Some((self.shown(path).to_owned(), self.known.get(&(path.clone(), format))?.clone())))
            .collect()
    }

    /// The text of a file. What it is called in errors is [`Files::shown`]'s.
    pub(crate) fn text(&self, path: &Path) -> Result<String, Problem> {
        self.overlay.read(path, self.shown(path))
    }

    fn parse(&self, path: &Path, format: Option<Format>) -> Outcome {
        let shown = self.shown(path);
        let Some(format) = format.or_else(|| Format::of(path)) else {
            let message = "the extension does not tell what the file holds, write `format = \"json\"` or another";
            return Err(Problem::new(ErrorCode::InvalidValue, Some(Location::start_of(shown)), message));
        };
        let (document, faults) = Document::parse(format, shown, self.text(path)?)?;
        Ok((Arc::new(document), faults))
    }

    /// How many documents were read.
    pub(crate) fn count(&self) -> usize {
        self.known.values().filter(|outcome| outcome.is_ok()).count()
    }

    /// A path as the project's files name it.
    pub(crate) fn shown<'p>(&self, path: &'p Path) -> &'p Path {
        shown(self.root, path)
    }

    /// A file beside the one that was named, with nearly its name.
    fn like(&self, pattern: &str) -> Option<String> {
        let path = Path::new(pattern);
        let name = path.file_name()?.to_str()?;
        if name.contains(['*', '?', '[']) {
            return None;
        }
        let folder = self.root.join(path.parent()?);
        let names: Vec<String> =
            std::fs::read_dir(folder).ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
        let near = nearest(name, names.iter().map(String::as_str))?;
        Some(path.with_file_name(near).display().to_string())
    }
}

/// A path as the project's files name it.
pub(crate) fn shown<'p>(root: &Path, path: &'p Path) -> &'p Path {
    path.strip_prefix(root).unwrap_or(path)
}

/// Reads a text file: UTF-8, with or without a byte order mark.
pub(crate) fn read_text(path: &Path, shown: &Path) -> Result<String, Problem> {
    let bytes = std::fs::read(path).map_err(|error| {
        let message = match error.kind() {
            std::io::ErrorKind::NotFound => format!("there is no file `{}`", shown.display()),
            _ => format!("cannot read `{}`: {error}", shown.display()),
        };
        Problem::new(ErrorCode::FileUnreadable, None, message)
    })?;
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        let message = "the file is UTF-16, save it as UTF-8";
        return Err(Problem::new(ErrorCode::Syntax, Some(Location::start_of(shown)), message));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let before = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]);
        let at = Location::of_offset(shown, &before, before.len());
        Problem::new(ErrorCode::Syntax, Some(at), "the file is not UTF-8 from here on, save it as UTF-8")
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}
