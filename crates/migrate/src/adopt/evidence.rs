//! The bytes that checksums are proven against. What is computed of them is each tool's file's.

use std::collections::BTreeMap;

use plimsoll_core::template::sha256_hex;

use super::sqitch_plan;
use crate::error::{MigrateError, Problem, ProblemKind};
use crate::source::{Migration, MigrationSet};

/// The files of a set, byte by byte: a set itself keeps text that is ready to be run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Evidence {
    files: BTreeMap<String, Vec<u8>>,
    changes: Vec<sqitch_plan::Change>,
}

impl Evidence {
    /// Reads the files of a set again; nothing is read for migrations inside of a binary.
    ///
    /// # Errors
    /// [`Problem`]s, all at once: files that cannot be read, or that changed since the set was loaded.
    pub fn read(set: &MigrationSet) -> Result<Self, MigrateError> {
        let mut evidence = Self::default();
        let mut problems = Vec::new();
        for migration in &set.migrations {
            let bytes = match set.path.as_os_str().is_empty() {
                true => migration.sql.clone().into_bytes(),
                false => match std::fs::read(&migration.file) {
                    Ok(bytes) => bytes,
                    Err(source) => {
                        problems.push(Problem::unreadable(&migration.file, source));
                        continue;
                    }
                },
            };
            if !set.path.as_os_str().is_empty() && sha256_hex(&bytes) != migration.checksum {
                let message = format!("`{}` is being changed: try again", migration.file.display());
                problems.push(Problem::new(ProblemKind::Stale, message));
            }
            evidence.files.insert(migration.version.clone(), bytes);
        }
        let plan = set.path.join("sqitch.plan");
        if !set.path.as_os_str().is_empty() && plan.is_file() {
            match std::fs::read_to_string(&plan) {
                Ok(text) => evidence.changes = sqitch_plan::changes(&text),
                Err(source) => problems.push(Problem::unreadable(&plan, source)),
            }
        }
        if problems.is_empty() { Ok(evidence) } else { Err(MigrateError::of(problems)) }
    }

    /// The bytes of a migration.
    pub(super) fn bytes<'a>(&'a self, migration: &'a Migration) -> &'a [u8] {
        self.files.get(&migration.version).map_or(migration.sql.as_bytes(), Vec::as_slice)
    }

    /// The change of a Sqitch plan that a migration is.
    pub(super) fn change(&self, migration: &Migration) -> Option<&sqitch_plan::Change> {
        self.changes.iter().find(|change| change.version == migration.version)
    }

    /// The project of a Sqitch plan.
    pub(super) fn project(&self) -> Option<&str> {
        self.changes.first().map(|change| change.project.as_str())
    }

    /// Whether a Sqitch plan has a change of this identity.
    pub(super) fn knows_change(&self, id: &str) -> bool {
        self.changes.iter().any(|change| change.id == id)
    }
}
