//! Writing pulled values: the files, all or none, and then the ledger. What is written is planned.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use plimsoll_core::db::{Db, session, transaction};
use plimsoll_core::ledger as core_ledger;
use plimsoll_core::lock::check_fence;
use serde_json::{Map, Value as Json};

use super::report::{FileChange, PullPlan, PullReport};
use super::text::spliced;
use crate::error::SeedError;
use crate::ledger;
use crate::runs::{self, RunKind, RunOptions};
use crate::value::{canonical_text, hash};

const MARK: &[u8] = b"\xef\xbb\xbf";

/// A file that is written, not yet in its place.
struct Prepared {
    shown: PathBuf,
    /// The file itself, behind links.
    file: PathBuf,
    temporary: PathBuf,
    before: Vec<u8>,
}

/// Writes what a plan says into the files, and then tells the ledger that this is what was applied, as a run.
///
/// The files are replaced one by one, each in one step; when one cannot be, those before it get their content back. A
/// run that is killed between files and ledger leaves rows that the next seeding adopts, because file and database agree.
///
/// # Errors
/// [`SeedError::PlanStale`] when a file is not what it was, [`SeedError::File`], [`SeedError::Database`].
pub fn pull(db: &mut dyn Db, root: &Path, plan: &PullPlan, by: &RunOptions) -> Result<PullReport, SeedError> {
    let mut rows: BTreeMap<(&str, &str), Map<String, Json>> = BTreeMap::new();
    for one in &plan.columns {
        rows.entry((&one.table, &one.row_key)).or_default().insert(one.column.clone(), one.database.clone());
    }
    let report = PullReport {
        columns: plan.columns.len(),
        rows: rows.len(),
        files: plan.files.iter().map(|file| file.file.clone()).collect(),
        refused: plan.refused.len(),
        streamed: plan.streamed.iter().map(|one| one.count).sum(),
    };
    if !plan.columns.is_empty() {
        // Before the files: whether the ledger can be written at all is found out now.
        core_ledger::ensure(db)?;
        if let Some(fence) = &by.fence {
            check_fence(db, fence)?;
        }
        replace(root, &plan.files)?;
        transaction(db, |db| -> Result<(), SeedError> {
            session::check(db)?;
            let digest = hash(&canonical_text(&serde_json::to_value(plan).unwrap_or_default()));
            let run = runs::start(db, RunKind::Pull, &digest, by)?;
            for ((table, row_key), values) in &rows {
                ledger::amend(db, table, row_key, values)?;
            }
            Ok(runs::finish(db, run, &report.to_string(), by)?)
        })?;
    }
    Ok(report)
}

/// The bytes of a file, without its byte order mark as text, and their digest.
pub(super) fn read(root: &Path, shown: &Path) -> Result<(String, String), SeedError> {
    let bytes = fs::read(root.join(shown)).map_err(|source| SeedError::File { file: shown.to_owned(), source })?;
    let digest = plimsoll_core::template::sha256_hex(&bytes);
    let text = bytes.strip_prefix(MARK).unwrap_or(&bytes).to_vec();
    let text = String::from_utf8(text).map_err(|_| moved(shown))?;
    Ok((text, digest))
}

/// A file that is not what was planned for.
pub(super) fn moved(shown: &Path) -> SeedError {
    SeedError::PlanStale { moved: vec![format!("the file {}", shown.display())] }
}

fn replace(root: &Path, changes: &[FileChange]) -> Result<(), SeedError> {
    let mut prepared = Vec::with_capacity(changes.len());
    for change in changes {
        match prepare(root, change) {
            Ok(one) => prepared.push(one),
            Err(error) => {
                prepared.iter().for_each(discard);
                return Err(error);
            }
        }
    }
    for (at, one) in prepared.iter().enumerate() {
        let current = fs::read(&one.file);
        let done = match current {
            Ok(current) if current != one.before => Err(moved(&one.shown)),
            Ok(_) => fs::rename(&one.temporary, &one.file).map_err(|source| failed(one, source)),
            Err(source) => Err(failed(one, source)),
        };
        if let Err(error) = done {
            prepared[at..].iter().for_each(discard);
            for earlier in &prepared[..at] {
                put_back(earlier).map_err(|source| failed(earlier, source))?;
            }
            return Err(error);
        }
    }
    Ok(())
}

fn prepare(root: &Path, change: &FileChange) -> Result<Prepared, SeedError> {
    let wrong = |source: io::Error| SeedError::File { file: change.file.clone(), source };
    let file = fs::canonicalize(root.join(&change.file)).map_err(wrong)?;
    let before = fs::read(&file).map_err(wrong)?;
    if plimsoll_core::template::sha256_hex(&before) != change.before {
        return Err(moved(&change.file));
    }
    let (mark, text) = match before.strip_prefix(MARK) {
        Some(rest) => (MARK, rest),
        None => (&[][..], before.as_slice()),
    };
    let after = std::str::from_utf8(text).ok().and_then(|text| spliced(text, &change.splices));
    let after = after.ok_or_else(|| moved(&change.file))?;
    let temporary = beside(&file);
    let bytes = [mark, after.as_bytes()].concat();
    write(&file, &temporary, &bytes).map_err(|source| {
        drop(fs::remove_file(&temporary));
        wrong(source)
    })?;
    Ok(Prepared { shown: change.file.clone(), file, temporary, before })
}

/// A new file with the permissions of the old one, on disk before it takes its place.
fn write(file: &Path, temporary: &Path, bytes: &[u8]) -> io::Result<()> {
    let permissions = fs::metadata(file)?.permissions();
    // Renaming would replace a file that may not be written.
    fs::OpenOptions::new().write(true).open(file)?;
    let mut new = fs::OpenOptions::new().write(true).create_new(true).open(temporary)?;
    new.write_all(bytes)?;
    new.set_permissions(permissions)?;
    new.sync_all()
}

fn put_back(one: &Prepared) -> io::Result<()> {
    write(&one.file, &one.temporary, &one.before)?;
    fs::rename(&one.temporary, &one.file)
}

fn discard(one: &Prepared) {
    // It may have taken its place already.
    drop(fs::remove_file(&one.temporary));
}

fn beside(file: &Path) -> PathBuf {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    file.with_file_name(format!(".{name}.{}.pull", std::process::id()))
}

fn failed(one: &Prepared, source: io::Error) -> SeedError {
    SeedError::File { file: one.shown.clone(), source }
}
