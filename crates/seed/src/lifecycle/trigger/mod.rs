//! Triggers that let the database itself keep immutable rows as they are. Which statements make them is `sql`'s; planning never
//! relies on them.

mod sql;

use std::fmt;

use plimsoll_core::ErrorCode;
use plimsoll_core::db::{Catalog, Db, DbError, Engine, Stmt, dialect, transaction};
use plimsoll_core::lock::{Fence, check_fence};
use serde::{Deserialize, Serialize};

use crate::error::{Problem, SeedError};
use crate::lifecycle::Lifecycle;
use crate::read::Seeds;

/// The triggers of one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableTriggers {
    /// The table.
    pub table: String,
    /// How they stand.
    pub state: TriggerState,
    /// The statements that make them; what is there of them already goes first.
    pub install: Vec<String>,
    /// The statements that take away what is there.
    pub remove: Vec<String>,
    /// What they cannot keep from happening on this engine.
    pub gaps: Vec<String>,
}

/// How the triggers of a table stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TriggerState {
    /// All are there and say what the life cycle says.
    Installed,
    /// None is there.
    Missing,
    /// Some are missing, switched off, or of another version of the life cycle or the table.
    Outdated,
}

/// The beginning of the names of all triggers and functions.
const PREFIX: &str = "plimsoll_lifecycle_";

/// Works out the triggers of every table with a life cycle and immutable states, and how they stand. Writes nothing.
///
/// # Errors
/// [`SeedError::Problems`] for a table or column that is not there, [`SeedError::Database`].
pub fn plan_triggers(db: &mut dyn Db, seeds: &Seeds) -> Result<Vec<TableTriggers>, SeedError> {
    let engine = db.engine();
    let catalog = Catalog::read(db)?;
    let mut problems = Vec::new();
    let mut all = Vec::new();
    for lifecycle in seeds.lifecycles.iter().filter(|lifecycle| !lifecycle.immutable.is_empty()) {
        let table = catalog.tables.get(&lifecycle.table);
        let Some(table) = table.filter(|table| table.column(&lifecycle.column).is_some()) else {
            let message = format!("there is no `{}` with a column `{}`", lifecycle.table, lifecycle.column);
            problems.push(Problem::new(ErrorCode::SeedTarget, Some(lifecycle.at()), message));
            continue;
        };
        let wanted = sql::made(engine, lifecycle, table, PREFIX);
        let there = existing(db, lifecycle)?;
        let names: Vec<&str> = wanted.iter().filter_map(|made| made.trigger.as_deref()).collect();
        let on = there.iter().filter(|(name, enabled)| *enabled && names.contains(&name.as_str())).count();
        let state = match (on, there.len()) {
            (_, 0) => TriggerState::Missing,
            (on, all) if on == names.len() && all == on => TriggerState::Installed,
            _ => TriggerState::Outdated,
        };
        let names: Vec<String> = there.into_iter().map(|(name, _)| name).collect();
        let remove = sql::removed(engine, &lifecycle.table, &names);
        let install = remove.iter().cloned().chain(wanted.into_iter().map(|made| made.sql)).collect();
        let gaps = gaps(engine);
        all.push(TableTriggers { table: lifecycle.table.clone(), state, install, remove, gaps });
    }
    SeedError::unless_empty(problems)?;
    Ok(all)
}

/// Makes the triggers, in place of what is there of them. The caller holds the deployment lock.
///
/// # Errors
/// [`SeedError::Write`] with the table, and a lock that is not held any more. MySQL commits each statement by itself: a second try finishes what one left.
pub fn install_triggers(db: &mut dyn Db, tables: &[TableTriggers], fence: Option<&Fence>) -> Result<(), SeedError> {
    run(db, tables, fence, |table| if table.state == TriggerState::Installed { &[] } else { &table.install })
}

/// Takes the triggers away. The caller holds the deployment lock.
///
/// # Errors
/// As [`install_triggers`].
pub fn remove_triggers(db: &mut dyn Db, tables: &[TableTriggers], fence: Option<&Fence>) -> Result<(), SeedError> {
    run(db, tables, fence, |table| &table.remove)
}

fn run(
    db: &mut dyn Db,
    tables: &[TableTriggers],
    fence: Option<&Fence>,
    statements: impl Fn(&TableTriggers) -> &[String],
) -> Result<(), SeedError> {
    transaction(db, |db| {
        for table in tables {
            for statement in statements(table) {
                // Where each statement commits by itself there is no later moment to ask.
                if let Some(fence) = fence.filter(|_| !dialect::transactional_ddl(db.engine())) {
                    check_fence(db, fence)?;
                }
                db.batch(statement).map_err(|source| SeedError::Write {
                    what: format!("triggers of `{}`", table.table),
                    at: None,
                    source: Box::new(source),
                })?;
            }
        }
        fence.map_or(Ok(()), |fence| Ok(check_fence(db, fence)?))
    })
}

/// Whether any trigger of ours is on: what the life cycle does not let a row do, nobody can do to it.
pub(crate) fn is_guarded(db: &mut dyn Db, lifecycle: &Lifecycle) -> Result<bool, DbError> {
    Ok(existing(db, lifecycle)?.iter().any(|(_, enabled)| *enabled))
}

/// The triggers of a table that are ours, and whether they are on.
fn existing(db: &mut dyn Db, lifecycle: &Lifecycle) -> Result<Vec<(String, bool)>, DbError> {
    let stmt = match db.engine() {
        Engine::Sqlite => Stmt::new("SELECT name, 1 FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ")
            .bind(lifecycle.table.as_str()),
        Engine::Postgres => Stmt::new(
            "SELECT t.tgname::text, (t.tgenabled IN ('O', 'A'))::int FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid \
             WHERE NOT t.tgisinternal AND c.relnamespace = quote_ident(current_schema())::regnamespace AND c.relname = ",
        )
        .bind(lifecycle.table.as_str()),
        Engine::Mysql => Stmt::new(
            "SELECT TRIGGER_NAME, 1 FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() \
             AND EVENT_OBJECT_TABLE = ",
        )
        .bind(lifecycle.table.as_str()),
    };
    let rows = db.rows(&stmt.sql(" ORDER BY 1"))?;
    let ours = rows.iter().filter(|row| row.text(0).starts_with(PREFIX));
    Ok(ours.map(|row| (row.text(0).to_owned(), row.int(1) != 0)).collect())
}

fn gaps(engine: Engine) -> Vec<String> {
    let gaps: &[&str] = match engine {
        Engine::Sqlite => &["`INSERT OR IGNORE` with the key of an immutable row is refused as well"],
        Engine::Postgres => &["whoever owns the table can switch triggers off; `audit verify` finds what came of it"],
        Engine::Mysql => {
            &["TRUNCATE and deletions that cascade from other tables run no triggers; `audit verify` finds them"]
        }
    };
    gaps.iter().map(|gap| (*gap).to_owned()).collect()
}

impl fmt::Display for TriggerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Installed => "installed",
            Self::Missing => "missing",
            Self::Outdated => "outdated",
        })
    }
}

impl fmt::Display for TableTriggers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "triggers of {}: {}", self.table, self.state)?;
        self.gaps.iter().try_for_each(|gap| writeln!(f, "  note: {gap}"))
    }
}
