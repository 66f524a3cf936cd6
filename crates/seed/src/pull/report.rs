//! What a pull would write and what it did, as plain data with a text for people. Finding it out is the folder's.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::text::Splice;
use crate::reconcile::plan::Outcome;
use crate::reconcile::show;

/// What would be written back into the files. The same files and the same database give the same plan.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PullPlan {
    /// The columns whose edits go into files.
    pub columns: Vec<PulledColumn>,
    /// The files and what changes in them.
    pub files: Vec<FileChange>,
    /// The edits that cannot go into files, and why.
    pub refused: Vec<RefusedColumn>,
    /// Edits of very large tables, which cannot go into files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub streamed: Vec<StreamedEdits>,
    /// Other columns that come from the same places and change with them, when that was allowed: the next seeding
    /// updates them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub followed: Vec<FollowedColumn>,
    /// Rows of declared tables that no file declares, when they were asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undeclared: Vec<Undeclared>,
}

/// A column whose value in the database goes into a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PulledColumn {
    /// The table.
    pub table: String,
    /// The row's natural key, references by theirs.
    pub key: Json,
    /// The row in the ledger.
    pub row_key: String,
    /// The column.
    pub column: String,
    /// Whether the file had changed as well.
    pub outcome: Outcome,
    /// What the file says, references by their natural key.
    pub file: Json,
    /// What the database holds.
    pub database: Json,
    /// Where it is written: `file#pointer`.
    pub places: Vec<String>,
}

/// A file and its changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileChange {
    /// The file, relative to the project's root where it is inside of it.
    pub file: PathBuf,
    /// The SHA-256 of the bytes that it has to have before.
    pub before: String,
    /// What is replaced, in bytes of the text without its byte order mark.
    pub splices: Vec<Splice>,
    /// The same for people: a unified difference.
    pub diff: String,
}

/// A column that nobody edited and that the changed files declare differently.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FollowedColumn {
    /// The table.
    pub table: String,
    /// The row's natural key, references by theirs.
    pub key: Json,
    /// The column.
    pub column: String,
    /// What the files say now.
    pub old: Json,
    /// What they will say.
    pub new: Json,
}

/// An edit that stays in the database only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RefusedColumn {
    /// The table.
    pub table: String,
    /// The row's natural key, references by theirs.
    pub key: Json,
    /// The column.
    pub column: String,
    /// What the database holds.
    pub database: Json,
    /// Why, in a phrase.
    pub reason: String,
    /// Where the column is declared: `file:line:column`.
    pub at: String,
    /// Whether it could be pulled if other columns were allowed to change with it.
    pub followable: bool,
}

/// Edited rows of a table with `bulk = true`, which stay in the database only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StreamedEdits {
    /// The table.
    pub table: String,
    /// How many rows were edited.
    pub count: u64,
    /// The keys of the first few.
    pub keys: Vec<Json>,
    /// Why, in a phrase.
    pub reason: String,
    /// Where the table is declared: `file:line:column`.
    pub at: String,
}

/// Rows of a table that no file declares.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Undeclared {
    /// The table.
    pub table: String,
    /// How many rows.
    pub count: usize,
    /// The keys of the first few, as the database holds them; none of very large tables.
    pub keys: Vec<Json>,
}

/// What a pull wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullReport {
    /// How many columns of how many rows are in the files now.
    pub columns: usize,
    /// The rows that they belong to.
    pub rows: usize,
    /// The files that were written.
    pub files: Vec<PathBuf>,
    /// The edited columns that stay in the database only.
    pub refused: usize,
    /// The same in very large tables, by rows.
    #[serde(default)]
    pub streamed: u64,
}

impl PullPlan {
    /// Whether no file would be written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Whether no edit stays in the database only.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.refused.is_empty() && self.streamed.is_empty()
    }

    /// The differences of all files, as `patch` understands them.
    #[must_use]
    pub fn diff(&self) -> String {
        self.files.iter().map(|file| file.diff.as_str()).collect()
    }

    /// The plan without its differences: what is pulled, and what is not.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut out = String::new();
        let count = self.columns.len();
        out.push_str(&match (count, self.files.len()) {
            (0, _) if self.is_complete() => "no row was edited in the database\n".to_owned(),
            (0, _) => "nothing can be written into files\n".to_owned(),
            (_, files) => format!("to pull: {} into {}\n", counted(count, "column"), counted(files, "file")),
        });
        for one in &self.columns {
            let (row, column) = (show::label(&one.key), &one.column);
            let (old, new) = (show::value(&one.file), show::value(&one.database));
            let also = if one.outcome == Outcome::Conflict { " (the file had changed as well)" } else { "" };
            out.push_str(&format!("  {} {row}: {column}: {old} -> {new}{also}\n", one.table));
        }
        if !self.refused.is_empty() {
            out.push_str(&format!("cannot be pulled: {}\n", counted(self.refused.len(), "column")));
        }
        for one in &self.refused {
            let (row, value) = (show::label(&one.key), show::value(&one.database));
            out.push_str(&format!("  {} {row}: `{}` is {value}: {} ({})\n", one.table, one.column, one.reason, one.at));
        }
        for one in &self.streamed {
            let rows = counted(usize::try_from(one.count).unwrap_or(usize::MAX), "row");
            let keys = named(&one.keys, one.count);
            out.push_str(&format!("cannot be pulled: {rows} of {}{keys}: {} ({})\n", one.table, one.reason, one.at));
        }
        if self.refused.iter().any(|one| one.followable) {
            out.push_str("  with --follow, what comes from the same place changes with it at the next `seed apply`\n");
        }
        if self.refused.iter().any(|one| !one.followable) || !self.streamed.is_empty() {
            out.push_str("  change the files by hand, or let them win with on_edit = \"overwrite\"\n");
        }
        if !self.followed.is_empty() {
            let count = counted(self.followed.len(), "column");
            out.push_str(&format!("comes from the same places, for the next `seed apply`: {count}\n"));
        }
        for one in &self.followed {
            let (row, old, new) = (show::label(&one.key), show::value(&one.old), show::value(&one.new));
            out.push_str(&format!("  {} {row}: {}: {old} -> {new}\n", one.table, one.column));
        }
        for one in &self.undeclared {
            let (rows, keys) = (counted(one.count, "row"), named(&one.keys, one.count as u64));
            out.push_str(&format!("in no file: {rows} of {}{keys}\n", one.table));
        }
        out
    }
}

impl fmt::Display for PullPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.diff(), self.summary())
    }
}

impl fmt::Display for PullReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (columns, rows) = (counted(self.columns, "column"), counted(self.rows, "row"));
        write!(f, "pulled {columns} of {rows} into {}", counted(self.files.len(), "file"))?;
        let rows = usize::try_from(self.streamed).unwrap_or(usize::MAX);
        match (self.refused, rows) {
            (0, 0) => Ok(()),
            (refused, 0) => write!(f, "; {refused} cannot be pulled"),
            (0, rows) => write!(f, "; {} cannot be pulled", counted(rows, "row")),
            (refused, rows) => {
                write!(f, "; {} and {} cannot be pulled", counted(refused, "column"), counted(rows, "row"))
            }
        }
    }
}

/// The first keys behind a colon, and how many more there are; nothing when none is known.
fn named(keys: &[Json], count: u64) -> String {
    let more = count.saturating_sub(keys.len() as u64);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let keys: Vec<String> = keys.iter().map(show::label).collect();
    if keys.is_empty() { String::new() } else { format!(": {}{more}", keys.join(", ")) }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
