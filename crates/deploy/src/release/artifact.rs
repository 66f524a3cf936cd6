//! Artifacts: their digest, and the copy that makes a revision immutable. Starting them is `process`'s.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use plimsoll_core::template::sha256_hex;

use super::{Release, ReleaseError};

/// How many kept revisions stay beside the serving one.
const KEPT: usize = 3;

/// The SHA-256 of an artifact. Remembered by size and time of change: reading tens of megabytes on every run would be felt.
pub(super) fn digest(path: &Path, state_dir: &Path) -> Result<String, ReleaseError> {
    let failed = |source| ReleaseError::File { path: path.to_owned(), source };
    let meta = fs::metadata(path).map_err(failed)?;
    let modified =
        meta.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).map_or(0, |age| age.as_nanos());
    let stamp = format!("{} {} {modified}", path.display(), meta.len());
    let memory = state_dir.join("artifact-digests").join(&sha256_hex(stamp.as_bytes())[..16]);
    if let Ok(known) = fs::read_to_string(&memory)
        && known.len() == 64
    {
        return Ok(known);
    }
    let digest = sha256_hex(&fs::read(path).map_err(failed)?);
    // Only a memory: without it the next run reads the artifact again.
    if let Some(parent) = memory.parent()
        && fs::create_dir_all(parent).is_ok()
    {
        drop(fs::write(&memory, &digest));
    }
    Ok(digest)
}

/// Where a revision is kept.
pub(super) fn folder(release: &Release, revision: &str) -> PathBuf {
    release.state_dir.join("releases").join(&release.name).join(revision)
}

/// The kept copy of a revision's artifact, made if it is not there yet.
pub(super) fn keep(release: &Release) -> Result<PathBuf, ReleaseError> {
    let folder = folder(release, &release.revision);
    let failed = |source| ReleaseError::File { path: folder.clone(), source };
    fs::create_dir_all(&folder).map_err(failed)?;
    let Some(artifact) = &release.artifact else { return Ok(folder) };
    let kept = folder.join(artifact.file_name().unwrap_or_default());
    if !kept.is_file() {
        // Under another name first: a copy cut short by a kill must not pass for the artifact.
        let partial = folder.join("artifact.partial");
        fs::copy(artifact, &partial).map_err(failed)?;
        fs::rename(&partial, &kept).map_err(failed)?;
    }
    Ok(kept)
}

/// The kept copy of an earlier revision, `None` when it is gone.
pub(super) fn kept(release: &Release, revision: &str) -> Option<PathBuf> {
    let folder = folder(release, revision);
    match &release.artifact {
        Some(artifact) => Some(folder.join(artifact.file_name()?)).filter(|path| path.is_file()),
        None => Some(folder).filter(|path| path.is_dir()),
    }
}

/// Removes the oldest kept revisions. The serving one and the last [`KEPT`] before it stay.
pub(super) fn prune(release: &Release) {
    let folder = release.state_dir.join("releases").join(&release.name);
    let Ok(entries) = fs::read_dir(&folder) else { return };
    let mut revisions: Vec<_> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            Some((entry.metadata().ok()?.modified().ok()?, entry.path()))
        })
        .filter(|(_, path)| !path.ends_with(&release.revision))
        .collect();
    revisions.sort();
    let surplus = revisions.len().saturating_sub(KEPT);
    for (_, path) in revisions.into_iter().take(surplus) {
        // A revision that cannot be removed only takes room.
        drop(fs::remove_dir_all(path));
    }
}
