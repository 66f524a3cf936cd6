//! Migrations as they stand in files or are embedded in a binary. What a database already has of them is `history`'s.

mod detect;
mod name;
mod prisma;
mod stock;

use std::path::{Path, PathBuf};

use plimsoll_core::template::sha256_hex;
use serde::{Deserialize, Serialize};

use crate::classify;
use crate::error::{MigrateError, Problem, ProblemKind};

pub(crate) use name::position;
pub use prisma::check_prisma_provider;

/// How a folder keeps its migrations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// `<version>_name/up.sql`, with `down.sql` and `metadata.toml` beside it.
    Diesel,
    /// `<timestamp>_name/migration.sql`, and one `migration_lock.toml`.
    Prisma,
    /// `0001_name.sql`, or `0001_name.up.sql` and `0001_name.down.sql`.
    Flat,
    /// Text inside of the binary.
    Embedded,
}

/// All migrations of one project, in the order in which they are applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationSet {
    /// How they are kept.
    pub layout: Layout,
    /// The folder; empty for embedded ones.
    pub path: PathBuf,
    /// The migrations in their order: folders by version as text, flat files and embedded ones by number. Never empty.
    pub migrations: Vec<Migration>,
    /// Files that are no migrations and are left alone, like a README.
    pub strays: Vec<PathBuf>,
    /// The provider that Prisma's `migration_lock.toml` names.
    pub provider: Option<String>,
}

/// One migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// By diesel's rule: what comes before the first `_`, without dashes.
    pub version: String,
    /// The folder's or file's name, without endings.
    pub name: String,
    /// The file with the SQL.
    pub file: PathBuf,
    /// The SQL, without a byte order mark.
    pub sql: String,
    /// The SHA-256 of the bytes of the file.
    pub checksum: String,
    /// The script that takes it back.
    pub down: Option<Down>,
    /// What its author said about running it in a transaction, in `metadata.toml` or a leading comment.
    pub declared_transaction: Option<bool>,
}

/// The script that takes a migration back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Down {
    /// The file.
    pub file: PathBuf,
    /// The SQL, without a byte order mark.
    pub sql: String,
}

impl MigrationSet {
    /// Reads a folder, whose layout is detected.
    ///
    /// # Errors
    /// [`Problem`]s, all at once: a missing or empty folder, mixed layouts, files that belong to none, versions twice or too
    /// long, empty or unreadable files.
    pub fn load(path: &Path) -> Result<Self, MigrateError> {
        let mut problems = Vec::new();
        let found = detect::read(path, &mut problems);
        let Some(mut set) = found else { return Err(MigrateError::of(problems)) };
        set.check(&mut problems);
        if problems.is_empty() { Ok(set) } else { Err(MigrateError::of(problems)) }
    }

    /// Takes migrations out of the binary: names as folders or files would have them, and `include_str!` texts.
    ///
    /// # Errors
    /// As [`MigrationSet::load`], as far as it applies.
    pub fn from_embedded(migrations: &[(&str, &str)]) -> Result<Self, MigrateError> {
        let mut problems = Vec::new();
        let mut set = Self::new(Layout::Embedded, Path::new(""));
        for (name, sql) in migrations {
            let stem = name.strip_suffix(".sql").unwrap_or(name);
            let stem = stem.strip_suffix(".up").unwrap_or(stem);
            let file = PathBuf::from(if stem == *name { format!("{name}.sql") } else { (*name).to_owned() });
            match name::flat_version(stem).or_else(|| name::version(stem)) {
                Some(version) => set.migrations.push(Migration::new(version, stem, file, sql.as_bytes(), sql)),
                None => problems.push(name::problem(Path::new(name))),
            }
        }
        set.check(&mut problems);
        if problems.is_empty() { Ok(set) } else { Err(MigrateError::of(problems)) }
    }

    /// The migration with a version.
    #[must_use]
    pub fn get(&self, version: &str) -> Option<&Migration> {
        self.migrations.iter().find(|migration| migration.version == version)
    }

    /// The version of the last migration: what a service built with this set needs.
    #[must_use]
    pub fn newest(&self) -> &str {
        self.migrations.last().map_or("", |migration| migration.version.as_str())
    }

    fn new(layout: Layout, path: &Path) -> Self {
        Self { layout, path: path.to_owned(), migrations: Vec::new(), strays: Vec::new(), provider: None }
    }

    /// Orders the migrations and finds what is wrong with them as a set.
    fn check(&mut self, problems: &mut Vec<Problem>) {
        let layout = self.layout;
        self.migrations.sort_by(|a, b| {
            position(layout, &a.version).cmp(&position(layout, &b.version)).then_with(|| a.name.cmp(&b.name))
        });
        self.strays.sort();
        for pair in self.migrations.windows(2) {
            if position(layout, &pair[0].version) == position(layout, &pair[1].version) {
                let (one, two) = (pair[0].file.display(), pair[1].file.display());
                let message = format!("`{one}` and `{two}` have the same version {}", pair[1].version);
                problems.push(Problem::new(ProblemKind::Duplicate, message));
            }
        }
        for migration in &self.migrations {
            let file = migration.file.display();
            if migration.version.chars().count() > name::LONGEST_VERSION {
                let message = format!(
                    "the version of `{file}` is longer than the {} characters of diesel's history table",
                    name::LONGEST_VERSION
                );
                problems.push(Problem::new(ProblemKind::Layout, message));
            }
            if migration.sql.trim().is_empty() {
                problems.push(Problem::new(ProblemKind::Sql, format!("`{file}` is empty")));
            }
        }
        if self.migrations.is_empty() && problems.is_empty() {
            let message = match self.layout {
                Layout::Embedded => "no migrations are embedded".to_owned(),
                _ => format!("the migrations folder `{}` holds no migrations", self.path.display()),
            };
            problems.push(Problem::new(ProblemKind::Empty, message));
        }
    }
}

impl Migration {
    fn new(version: String, name: &str, file: PathBuf, bytes: &[u8], text: &str) -> Self {
        let sql = text.strip_prefix('\u{feff}').unwrap_or(text).to_owned();
        let declared_transaction = classify::asks_for_no_transaction(&sql).then_some(false);
        Self {
            version,
            name: name.to_owned(),
            file,
            checksum: sha256_hex(bytes),
            sql,
            down: None,
            declared_transaction,
        }
    }
}

#[cfg(test)]
mod tests;
