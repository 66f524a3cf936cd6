//! What migrations are made of, as data and without a database: sizes, statements, what they touch, and what git knows about
//! their files. Asking git is the caller's.

mod show;
mod standing;
mod touch;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use plimsoll_core::db::Engine;
use serde::{Deserialize, Serialize};

use crate::classify;
use crate::operation::{Operation, operations};
use crate::source::{Layout, Migration, MigrationKind, MigrationSet};
use crate::split::{Statement, split};
use crate::verify::{Declared, declared};

pub use standing::SchemaStatistics;
pub(crate) use touch::touches;
pub use touch::{Touch, TouchAction, TouchKind};

/// What git knows about files, by the paths that the migrations have. What is not in here is unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GitFiles {
    /// The files.
    pub files: BTreeMap<PathBuf, GitFile>,
}

/// What git knows about one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GitFile {
    /// Its state.
    pub state: GitState,
    /// When the first commit that has it was made, in seconds since 1970.
    pub committed_at: Option<i64>,
}

/// The state of a file in git.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GitState {
    /// The last commit has it as it is.
    Committed,
    /// The last commit has it otherwise.
    Modified,
    /// No commit has it.
    Untracked,
    /// No commit has it, and none is meant to.
    Ignored,
    /// There is no git, or it was not asked.
    #[default]
    Unknown,
}

/// All migrations of a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inventory {
    /// The engine whose rules were used to read them.
    pub engine: Engine,
    /// How they are kept.
    pub layout: Layout,
    /// The folder, with forward slashes.
    pub path: String,
    /// The migrations, in the order in which they are applied.
    pub migrations: Vec<Entry>,
    /// All of them together.
    pub totals: Totals,
    /// What is worth knowing and stops nothing.
    pub notes: Vec<InventoryNote>,
}

/// One migration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The version.
    pub version: String,
    /// The name.
    pub name: String,
    /// When it is applied.
    pub kind: MigrationKind,
    /// What its text is like.
    #[serde(flatten)]
    pub script: Script,
    /// Whether it is applied as a whole or not at all.
    pub transactional: bool,
    /// The script that takes it back.
    pub down: Option<Script>,
    /// Why it cannot be taken back or loses something, where its author said so.
    pub declared: Option<Declared>,
    /// The objects that it makes, changes and takes away, in order.
    pub touches: Vec<Touch>,
    /// The statements that write rows.
    pub rows: RowStatements,
    /// Statements of which it is not known what they do.
    pub unread: Vec<Unread>,
    /// Why its text cannot be read at all.
    pub problem: Option<String>,
}

/// A file with SQL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    /// The file, relative to the folder, with forward slashes.
    pub file: String,
    /// The bytes of its SQL.
    pub bytes: usize,
    /// The lines of its SQL.
    pub lines: usize,
    /// The statements.
    pub statements: usize,
    /// Its state in git.
    pub git: GitState,
}

/// How many statements write rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowStatements {
    /// `INSERT`, `REPLACE`, `MERGE` and `COPY`.
    pub insert: usize,
    /// `UPDATE`.
    pub update: usize,
    /// `DELETE` and `TRUNCATE`.
    pub delete: usize,
}

/// A statement of which it is not known what it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    /// The statement, from 1.
    pub statement: usize,
    /// Its line in the file, from 1.
    pub line: usize,
    /// What it begins with.
    pub words: String,
    /// Why it is not known.
    pub why: WhyUnread,
}

/// Why it is not known what a statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyUnread {
    /// It runs code of its own, as `DO` and `CALL` do.
    RunsCode,
    /// It is not recognised.
    Unclassified,
}

/// All migrations together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Migrations.
    pub migrations: usize,
    /// Those with a script that takes them back.
    pub with_down: usize,
    /// Those that are applied as a whole or not at all.
    pub transactional: usize,
    /// Bytes of SQL, ways back left out.
    pub bytes: usize,
    /// Lines of SQL, ways back left out.
    pub lines: usize,
    /// Statements, ways back left out.
    pub statements: usize,
    /// Statements of which it is not known what they do.
    pub unread: usize,
    /// The statements that write rows.
    pub rows: RowStatements,
    /// Migrations whose files git has as they are.
    pub committed: usize,
    /// What stands after all of them, as far as their text tells.
    pub schema: SchemaStatistics,
}

/// Something worth knowing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "note", rename_all = "snake_case")]
pub enum InventoryNote {
    /// It was committed later than one that is applied after it, so that databases may have that one already.
    Late {
        /// The migration.
        name: String,
        /// The one that is applied after it and was there before it.
        before: String,
    },
}

/// Looks at all migrations.
#[must_use]
pub fn inventory(set: &MigrationSet, engine: Engine, git: &GitFiles) -> Inventory {
    let mut standing = standing::Standing::new(engine);
    let mut totals = Totals::default();
    let mut migrations = Vec::new();
    for migration in &set.migrations {
        let entry = entry(set, engine, git, migration);
        entry.touches.iter().for_each(|touch| standing.apply(touch));
        totals.add(&entry);
        migrations.push(entry);
    }
    totals.schema = standing.counted();
    let notes = late(set, git);
    Inventory { engine, layout: set.layout, path: slashed(&set.path), migrations, totals, notes }
}

fn entry(set: &MigrationSet, engine: Engine, git: &GitFiles, migration: &Migration) -> Entry {
    let (statements, problem) = match split(engine, &migration.file, &migration.sql) {
        Ok(statements) => (statements, None),
        Err(problem) => (Vec::new(), Some(problem.to_string())),
    };
    let script = |file: &Path, sql: &str, statements: usize| Script {
        file: slashed(file.strip_prefix(&set.path).unwrap_or(file)),
        bytes: sql.len(),
        lines: sql.lines().count(),
        statements,
        git: git.files.get(file).map(|file| file.state).unwrap_or_default(),
    };
    let down = migration.down.as_ref().map(|down| {
        let statements = split(engine, &down.file, &down.sql).map_or(0, |statements| statements.len());
        script(&down.file, &down.sql, statements)
    });
    let mut entry = Entry {
        version: migration.version.clone(),
        name: migration.name.clone(),
        kind: migration.kind,
        script: script(&migration.file, &migration.sql, statements.len()),
        transactional: problem.is_none() && classify::transactional(engine, migration, &statements),
        down,
        declared: migration.down.as_ref().and_then(|down| declared(&down.sql)),
        touches: Vec::new(),
        rows: RowStatements::default(),
        unread: Vec::new(),
        problem,
    };
    for (index, statement) in statements.iter().enumerate() {
        read(engine, &migration.sql, index, statement, &mut entry);
    }
    entry
}

fn read(engine: Engine, sql: &str, index: usize, statement: &Statement, entry: &mut Entry) {
    let line = sql[..statement.offset].matches('\n').count() + 1;
    let unread = |why, words: &str| Unread { statement: index + 1, line, words: words.to_owned(), why };
    for placed in operations(engine, statement) {
        entry.touches.extend(touch::touches(&placed.operation));
        match &placed.operation {
            Operation::Insert { .. } | Operation::Merge { .. } | Operation::Copy => entry.rows.insert += 1,
            Operation::Update { .. } => entry.rows.update += 1,
            Operation::Delete { .. } | Operation::Truncate { .. } => entry.rows.delete += 1,
            Operation::Do => entry.unread.push(unread(WhyUnread::RunsCode, "DO")),
            Operation::Call => entry.unread.push(unread(WhyUnread::RunsCode, "CALL")),
            Operation::Unclassified { words } => entry.unread.push(unread(WhyUnread::Unclassified, words)),
            _ => {}
        }
    }
}

/// Those that came into git after one that follows them.
fn late(set: &MigrationSet, git: &GitFiles) -> Vec<InventoryNote> {
    let since = |migration: &Migration| git.files.get(&migration.file).and_then(|file| file.committed_at);
    let versioned: Vec<_> = set.migrations.iter().filter(|each| each.kind == MigrationKind::Versioned).collect();
    let mut notes = Vec::new();
    for (index, migration) in versioned.iter().enumerate() {
        let Some(at) = since(migration) else { continue };
        let earlier = versioned[index + 1..].iter().find(|later| since(later).is_some_and(|other| other < at));
        notes.extend(
            earlier.map(|earlier| InventoryNote::Late { name: migration.name.clone(), before: earlier.name.clone() }),
        );
    }
    notes
}

fn slashed(path: &Path) -> String {
    path.display().to_string().replace('\\', "/")
}

impl Entry {
    /// Whether there is a script that takes it back: one that only says why there is none does not count.
    #[must_use]
    pub fn has_way_back(&self) -> bool {
        let written = self.down.as_ref().is_some_and(|down| down.statements > 0);
        written && !matches!(self.declared, Some(Declared::Irreversible { .. }))
    }
}

impl Totals {
    fn add(&mut self, entry: &Entry) {
        self.migrations += 1;
        self.with_down += usize::from(entry.has_way_back());
        self.transactional += usize::from(entry.transactional);
        self.bytes += entry.script.bytes;
        self.lines += entry.script.lines;
        self.statements += entry.script.statements;
        self.unread += entry.unread.len();
        self.rows.insert += entry.rows.insert;
        self.rows.update += entry.rows.update;
        self.rows.delete += entry.rows.delete;
        let down = entry.down.as_ref().is_none_or(|down| down.git == GitState::Committed);
        self.committed += usize::from(entry.script.git == GitState::Committed && down);
    }
}

#[cfg(test)]
mod tests;
