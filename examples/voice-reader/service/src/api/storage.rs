//! The storage: a folder for each bucket, in it one for each household. Which files belong there is `upload`'s.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A bucket of the storage.
#[derive(Debug, Clone)]
pub(super) struct Storage {
    root: PathBuf,
    bucket: String,
}

impl Storage {
    pub(super) fn new(root: &Path, bucket: &str) -> Self {
        Self { root: root.to_owned(), bucket: bucket.to_owned() }
    }

    /// Where a book of a household goes. Both are UUIDs.
    pub(super) fn path(&self, household: &str, book: &str) -> String {
        format!("{}/{household}/{book}.pdf", self.bucket)
    }

    /// Writes a whole file, or nothing that could be taken for one.
    pub(super) fn write(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let file = self.root.join(path);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        let part = file.with_extension("part");
        fs::write(&part, bytes).and_then(|()| fs::rename(&part, &file)).inspect_err(|_| {
            fs::remove_file(&part).ok();
        })
    }

    /// Removes a file, and its household's folder with the last one. What is gone already is as good.
    pub(super) fn remove(&self, path: &str) -> io::Result<()> {
        let file = self.root.join(path);
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        if let Some(folder) = file.parent() {
            // Refused as long as other books are in it.
            fs::remove_dir(folder).ok();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_whole_or_not_there_and_leaves_no_folder() {
        let root = std::env::temp_dir().join(format!("voice-reader-storage-{}", std::process::id()));
        let storage = Storage::new(&root, "readme_dev");
        let path = storage.path("household", "book");
        storage.write(&path, b"%PDF-").expect("a writable folder");
        assert_eq!(fs::read(root.join(&path)).expect("it is there"), b"%PDF-");
        storage.remove(&path).expect("it is removed");
        storage.remove(&path).expect("gone is gone");
        assert_eq!(fs::read_dir(root.join("readme_dev")).expect("the bucket stays").count(), 0);
        fs::remove_dir_all(&root).expect("it is ours");
    }
}
