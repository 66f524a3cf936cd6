//! Whether the binaries are newer than everything they are made of, so that cargo need not be asked: its answer takes a
//! third of a second, more than a deployment in which nothing changed. Building is left to `forward`.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::workspace;

/// What the binaries are made of, from the workspace's root. The toolchain is not in it: a new one rebuilds xtask.
const SOURCES: [&str; 5] = ["Cargo.toml", "Cargo.lock", ".cargo", "crates", "examples/caller-coaching/service"];

/// A build of certain binaries with certain features, remembered by a stamp beside them.
pub(crate) struct Build<'a> {
    stamp: PathBuf,
    key: String,
    binaries: &'a [&'a Path],
    began: SystemTime,
}

impl<'a> Build<'a> {
    /// The build of `binaries` in `folder` that goes by `key`, as of now.
    pub(crate) fn new(folder: &Path, key: String, binaries: &'a [&'a Path]) -> Self {
        Self { stamp: folder.join(".xtask-build"), key, binaries, began: SystemTime::now() }
    }

    /// Whether the last build was this one, its binaries are still in place, and nothing has changed since it began.
    pub(crate) fn is_fresh(&self) -> bool {
        let known = fs::read_to_string(&self.stamp).ok();
        if known.is_none() || known != self.contents() {
            return false;
        }
        let Some(began) = modified(&self.stamp) else { return false };
        let own = std::env::current_exe().ok().and_then(|file| modified(&file));
        own.is_some_and(|time| time < began)
            && SOURCES.iter().all(|source| newest(&workspace::root().join(source)).is_some_and(|time| time < began))
    }

    /// Remembers that the build succeeded. What changed after it began is not in it for certain.
    pub(crate) fn remember(&self) {
        // Only a memory: without it cargo is asked the next time.
        if let Some(contents) = self.contents()
            && fs::write(&self.stamp, contents).is_ok()
            && let Ok(file) = fs::File::options().write(true).open(&self.stamp)
        {
            drop(file.set_modified(self.began));
        }
    }

    /// The key and which files the binaries are. A build with other features puts its own in the same place, by a link
    /// to a file that may be older than ours: only the file's number tells them apart.
    fn contents(&self) -> Option<String> {
        let mut text = self.key.clone();
        for binary in self.binaries {
            let meta = fs::metadata(binary).ok()?;
            let (device, file, size) = (meta.dev(), meta.ino(), meta.len());
            text.push_str(&format!("\n{device} {file} {size} {}.{}", meta.mtime(), meta.mtime_nsec()));
        }
        Some(text)
    }
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
    fn another_binary_in_the_same_place_is_not_fresh_however_old_it_is() {
        let folder = std::env::temp_dir().join(format!("plimsoll-stale-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let (binary, other) = (folder.join("plimsoll"), folder.join("other"));
        fs::write(&other, "x").expect("a file made first");
        fs::write(&binary, "x").expect("the binary");
        let binaries: [&Path; 1] = [&binary];
        let build = Build::new(&folder, "sqlite".to_owned(), &binaries);
        assert!(!build.is_fresh(), "nothing is remembered");
        build.remember();
        let remembered = fs::read_to_string(&build.stamp).ok();
        assert_eq!(remembered, build.contents());
        fs::remove_file(&binary).expect("removed");
        fs::hard_link(&other, &binary).expect("a link, as cargo makes it");
        assert_ne!(remembered, build.contents());
        fs::remove_dir_all(&folder).expect("removed");
    }
}
