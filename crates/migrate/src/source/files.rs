//! Reads files and folders as texts and lists, with problems that name them. What they mean is `detect`'s.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Problem, ProblemKind};

/// What a folder holds, sorted by name.
pub(super) struct Listing {
    pub(super) folders: Vec<PathBuf>,
    pub(super) files: Vec<PathBuf>,
}

/// A file's bytes and its text.
pub(super) fn read_text(file: &Path, problems: &mut Vec<Problem>) -> Option<(Vec<u8>, String)> {
    let bytes = match fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) => {
            problems.push(Problem::unreadable(file, error));
            return None;
        }
    };
    match std::str::from_utf8(&bytes) {
        Ok(text) => {
            let text = text.to_owned();
            Some((bytes, text))
        }
        Err(error) => {
            let message = format!("`{}` is not UTF-8 text, from byte {} on", file.display(), error.valid_up_to() + 1);
            problems.push(Problem::new(ProblemKind::Unreadable, message));
            None
        }
    }
}

pub(super) fn list(path: &Path, problems: &mut Vec<Problem>) -> Option<Listing> {
    let entries = fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match entries {
        Ok(entries) => {
            let mut found: Vec<_> = entries.iter().map(|entry| (entry.file_name(), is_folder(entry))).collect();
            found.sort();
            let mut listing = Listing { folders: Vec::new(), files: Vec::new() };
            for (name, is_folder) in found {
                let list = if is_folder { &mut listing.folders } else { &mut listing.files };
                list.push(path.join(name));
            }
            Some(listing)
        }
        Err(error) => {
            problems.push(Problem::unreadable(path, error));
            None
        }
    }
}

/// Links count as what they point to. What the listing says already is not asked again: folders may hold thousands.
fn is_folder(entry: &fs::DirEntry) -> bool {
    match entry.file_type() {
        Ok(kind) if !kind.is_symlink() => kind.is_dir(),
        _ => entry.path().is_dir(),
    }
}

pub(super) fn text_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Files people and systems leave in any folder.
pub(super) fn is_ignored(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.starts_with('.') || lower.ends_with(".md") || lower == "thumbs.db"
}

pub(super) fn stray(path: &Path) -> Problem {
    let message = format!("`{}` is not part of any migration: move it out of the folder", path.display());
    Problem::new(ProblemKind::Layout, message)
}
