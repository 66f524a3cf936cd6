//! Whether the binaries are newer than everything they are made of, so that cargo need not be asked: its answer takes a
//! third of a second, more than a deployment in which nothing changed. Building is left to `forward`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::workspace;

/// What the binaries are made of, from the workspace's root. The toolchain is not in it: a new one rebuilds xtask.
const SOURCES: [&str; 5] = ["Cargo.toml", "Cargo.lock", ".cargo", "crates", "examples/caller-coaching/service"];

/// A build of certain binaries with certain features, remembered by a stamp beside them.
pub(crate) struct Build<'a> {
    folder: &'a Path,
    key: String,
    began: SystemTime,
}

impl<'a> Build<'a> {
    /// The build of everything in `folder` that goes by `key`, as of now.
    pub(crate) fn new(folder: &'a Path, key: String) -> Self {
        Self { folder, key, began: SystemTime::now() }
    }

    /// Whether the last build was this one, and nothing has changed since it began.
    pub(crate) fn is_fresh(&self, binaries: &[&Path]) -> bool {
        let stamp = self.stamp();
        let Ok(known) = fs::read_to_string(&stamp) else { return false };
        let Some(began) = modified(&stamp).filter(|_| known == self.key) else { return false };
        // Another build, of the tests for one, puts its own binaries in the same place.
        let ours = |binary: &&Path| modified(binary).is_some_and(|time| known_by(&stamp, time));
        let own = std::env::current_exe().ok().and_then(|file| modified(&file));
        binaries.iter().all(ours)
            && own.is_some_and(|time| time < began)
            && SOURCES.iter().all(|source| newest(&workspace::root().join(source)).is_some_and(|time| time < began))
    }

    /// Remembers that the build succeeded. What changed after it began is not in it for certain.
    pub(crate) fn remember(&self) {
        let stamp = self.stamp();
        // Only a memory: without it cargo is asked the next time.
        if fs::write(&stamp, &self.key).is_ok()
            && let Ok(file) = fs::File::options().write(true).open(&stamp)
        {
            drop(file.set_modified(self.began));
        }
        drop(fs::write(self.end(), ""));
    }

    fn stamp(&self) -> PathBuf {
        self.folder.join(".xtask-build")
    }

    fn end(&self) -> PathBuf {
        self.folder.join(".xtask-built")
    }
}

/// Whether a binary was there when the build ended.
fn known_by(stamp: &Path, time: SystemTime) -> bool {
    modified(&stamp.with_file_name(".xtask-built")).is_some_and(|end| time <= end)
}

fn modified(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).and_then(|meta| meta.modified()).ok()
}

/// The latest change in a file or folder; folders count too, because a removed file changes only them.
fn newest(path: &Path) -> Option<SystemTime> {
    let own = modified(path)?;
    if !path.is_dir() {
        return Some(own);
    }
    let entries = fs::read_dir(path).ok()?;
    entries.flatten().map(|entry| newest(&entry.path())).try_fold(own, |latest, time| Some(latest.max(time?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_deep_in_a_folder_is_the_newest() {
        let folder = std::env::temp_dir().join(format!("plimsoll-fresh-{}", std::process::id()));
        fs::create_dir_all(folder.join("a/b")).expect("a folder");
        fs::write(folder.join("a/b/c"), "").expect("a file");
        let later = SystemTime::now() + std::time::Duration::from_secs(60);
        let file = fs::File::options().write(true).open(folder.join("a/b/c")).expect("the file");
        file.set_modified(later).expect("its time");
        assert_eq!(newest(&folder), modified(&folder.join("a/b/c")));
        fs::remove_dir_all(&folder).expect("removed");
    }

    #[test]
    fn nothing_remembered_is_never_fresh() {
        let folder = std::env::temp_dir().join(format!("plimsoll-stale-{}", std::process::id()));
        assert!(!Build::new(&folder, "sqlite".to_owned()).is_fresh(&[]));
    }
}
