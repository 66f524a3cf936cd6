//! SQLite's way to change tables: a new one takes the place of the old one, while references are not enforced and checked
//! afterwards. Other engines pass through here untouched.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_core::db::{Db, DbError, DbErrorKind, Engine, Stmt, quoted, scalar};

use super::observe;
use crate::split::Statement;

/// What was wrong before a migration and is not its fault.
#[derive(Debug, Default)]
pub(super) struct Before {
    /// Rows that refer to nothing, counted by table and the table referred to.
    orphans: BTreeMap<(String, String), usize>,
    /// Views that cannot be read.
    broken: BTreeSet<String>,
    /// Nothing in the migration can make either.
    unneeded: bool,
}

/// The tables that a migration has dropped so far.
#[derive(Debug, Default)]
pub(super) struct Rebuilt {
    dropped: BTreeSet<String>,
}

impl Rebuilt {
    /// Runs a statement. A table that takes the name of one dropped before is renamed without touching the views and triggers
    /// that mean that name: they would be refused, or follow the old table.
    pub(super) fn run(&mut self, db: &mut dyn Db, statement: &Statement) -> Result<(), DbError> {
        if db.engine() != Engine::Sqlite {
            return db.batch(&statement.text);
        }
        let takes_over = new_name(statement).is_some_and(|name| self.dropped.contains(&name));
        if !takes_over {
            self.dropped.extend(dropped(statement));
            return db.batch(&statement.text);
        }
        let before = scalar(db, &Stmt::new("PRAGMA legacy_alter_table"))?.as_int().unwrap_or(0);
        db.batch("PRAGMA legacy_alter_table = ON")?;
        let outcome = db.batch(&statement.text);
        db.batch(&format!("PRAGMA legacy_alter_table = {before}"))?;
        outcome
    }
}

/// SQLite obeys this pragma outside of transactions only, and would empty child tables when a rebuilt table is dropped.
pub(super) fn prepare(db: &mut dyn Db, statements: &[Statement]) -> Result<Before, DbError> {
    if !is_prepared(db.engine(), statements) {
        return Ok(Before { unneeded: true, ..Before::default() });
    }
    db.batch("PRAGMA foreign_keys = OFF")?;
    Ok(Before { orphans: orphans(db)?, broken: broken_views(db)?, unneeded: false })
}

/// With the references unchecked during the migration, they are checked after it; only what is new is its fault.
pub(super) fn check(db: &mut dyn Db, before: &Before) -> Result<(), DbError> {
    if before.unneeded {
        return Ok(());
    }
    let after = orphans(db)?;
    let worse = after.iter().find(|(tables, count)| before.orphans.get(*tables).is_none_or(|before| before < *count));
    if let Some(((table, parent), count)) = worse {
        let message = format!("rows of `{table}` refer to rows missing from `{parent}`: {count} after the migration");
        return Err(DbError::new(Engine::Sqlite, DbErrorKind::ForeignKey, message));
    }
    if let Some(view) = broken_views(db)?.difference(&before.broken).next() {
        let message = format!("the view `{view}` cannot be read any more: drop it before and create it again after");
        return Err(DbError::new(Engine::Sqlite, DbErrorKind::Refused, message));
    }
    Ok(())
}

/// Whether preparing for a migration changes the session.
pub(super) fn is_prepared(engine: Engine, statements: &[Statement]) -> bool {
    engine == Engine::Sqlite && !only_adds(statements)
}

/// Whether all a migration does is to create tables without rows, indexes, views and triggers.
fn only_adds(statements: &[Statement]) -> bool {
    statements.iter().all(|statement| {
        let words = statement.words();
        let first = words.first().map_or("", String::as_str);
        let kind = words.iter().skip(1).find(|word| !matches!(word.as_str(), "UNIQUE" | "TEMP" | "TEMPORARY"));
        first == "CREATE"
            && match kind.map(String::as_str) {
                Some("INDEX" | "VIEW" | "TRIGGER") => true,
                Some("TABLE") => !words.iter().any(|word| word == "SELECT"),
                _ => false,
            }
    })
}

/// The table that a `DROP TABLE` drops, in lower case as SQLite compares.
fn dropped(statement: &Statement) -> Option<String> {
    let words = statement.words();
    let drops = words.first().is_some_and(|word| word == "DROP") && words.get(1).is_some_and(|word| word == "TABLE");
    drops.then(|| last_name(statement))?
}

/// The name that an `ALTER TABLE .. RENAME TO` gives.
fn new_name(statement: &Statement) -> Option<String> {
    let words = statement.words();
    let renames =
        words.first().is_some_and(|word| word == "ALTER") && words.windows(2).any(|pair| pair == ["RENAME", "TO"]);
    renames.then(|| last_name(statement))?
}

fn last_name(statement: &Statement) -> Option<String> {
    let last = *statement.tokens.last()?;
    let only = Statement { text: statement.text.clone(), offset: 0, tokens: vec![last] };
    observe::names(&only).pop_first().map(|name| name.to_lowercase())
}

fn orphans(db: &mut dyn Db) -> Result<BTreeMap<(String, String), usize>, DbError> {
    let stmt = Stmt::new("SELECT \"table\", \"parent\", count(*) FROM pragma_foreign_key_check GROUP BY 1, 2");
    let rows = db.rows(&stmt)?;
    Ok(rows
        .iter()
        .map(|row| ((row.text(0).to_owned(), row.text(1).to_owned()), usize::try_from(row.int(2)).unwrap_or(0)))
        .collect())
}

fn broken_views(db: &mut dyn Db) -> Result<BTreeSet<String>, DbError> {
    let rows = db.rows(&Stmt::new("SELECT name FROM sqlite_schema WHERE type = 'view'"))?;
    let names = rows.iter().map(|row| row.text(0).to_owned());
    let read = |name: &String| db.batch(&format!("SELECT 1 FROM {} LIMIT 0", quoted(Engine::Sqlite, name))).is_err();
    Ok(names.filter(read).collect())
}
