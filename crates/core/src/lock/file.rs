//! The lock of a SQLite database: a locked file beside it, which the kernel frees with its process. The epoch is in the lease row.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::{Holder, LockError};

/// A locked file.
#[derive(Debug)]
pub(super) struct FileLock(File);

/// Locks the file without waiting, and writes the holder into it.
pub(super) fn try_take(database: &Path, holder: &Holder) -> Result<FileLock, LockError> {
    let path = lock_file(database);
    let failed = |source| LockError::File { path: path.clone(), source };
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(failed)?;
    }
    let mut file = File::options().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(LockError::Held { holder: read_holder(&mut file) }),
        Err(TryLockError::Error(source)) => return Err(failed(source)),
    }
    file.set_len(0).map_err(failed)?;
    file.write_all(serde_json::to_string(holder).unwrap_or_default().as_bytes()).map_err(failed)?;
    Ok(FileLock(file))
}

/// Who has the file locked. A lock file that is not there is locked by nobody.
pub(super) fn holder(database: &Path) -> Result<Option<Holder>, LockError> {
    let path = lock_file(database);
    let Ok(mut file) = File::open(&path) else { return Ok(None) };
    match file.try_lock_shared() {
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => Ok(read_holder(&mut file)),
        Err(TryLockError::Error(source)) => Err(LockError::File { path, source }),
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        // Emptied rather than removed: another process may have it open and would lock a file without a name.
        drop(self.0.set_len(0));
    }
}

fn lock_file(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".plimsoll-lock");
    PathBuf::from(name)
}

fn read_holder(file: &mut File) -> Option<Holder> {
    let mut text = String::new();
    file.seek(SeekFrom::Start(0)).ok()?;
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}
