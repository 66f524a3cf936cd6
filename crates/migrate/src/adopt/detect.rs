//! Finds the tables in which tools keep their history, by name and columns. What is in them is read by `observe`.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_core::db::{Db, DbError, Engine, Stmt, quoted, scalar};

use super::{Found, Tool};
use crate::error::{MigrateError, Problem, ProblemKind};
use crate::history::History;

/// The tables of all tools that left one. Nothing is written. On PostgreSQL all schemas are looked at, and of a tool's tables
/// one in the current schema wins; on MySQL the current database, and `sqitch`, where Sqitch keeps its registry.
///
/// # Errors
/// [`MigrateError::History`] when the database refuses.
pub fn detect(db: &mut dyn Db) -> Result<Vec<Found>, MigrateError> {
    let engine = db.engine();
    let tables = tables(db).map_err(MigrateError::History)?;
    let current = current_schema(db).map_err(MigrateError::History)?;
    let mut found = Vec::new();
    for tool in Tool::ALL {
        let rules = tool.rules();
        let fits = |table: &str, columns: &BTreeSet<String>| {
            rules.table.is_none_or(|name| name == table)
                && rules.columns.iter().all(|column| columns.contains(*column))
                && (!rules.no_other_columns || columns.len() == rules.columns.len())
        };
        let mut of_tool: Vec<Found> = Vec::new();
        for ((schema, table), _) in tables.iter().filter(|((_, table), columns)| fits(table, columns)) {
            // The database that Sqitch calls its own on MySQL is nobody else's.
            if engine == Engine::Mysql && tool != Tool::Sqitch && *schema != current {
                continue;
            }
            let mut each = Found {
                tool,
                schema: Some(schema.clone()).filter(|it| !it.is_empty()),
                table: table.clone(),
                rows: 0,
                unknown: 0,
            };
            let count = Stmt::new(format!("SELECT count(*) FROM {}", each.quoted(engine)));
            let rows = scalar(db, &count).map_err(MigrateError::History)?;
            each.rows = rows.as_int().and_then(|rows| u64::try_from(rows).ok()).unwrap_or(0);
            each.unknown = each.rows;
            of_tool.push(each);
        }
        if of_tool.iter().any(|each| each.schema.as_ref() == Some(&current)) {
            of_tool.retain(|each| each.schema.as_ref() == Some(&current));
        }
        if tool == Tool::Diesel && !of_tool.is_empty() {
            let history = History::read(db)?;
            let unknown = history.applied.iter().filter(|version| history.record(version).is_none()).count();
            of_tool.iter_mut().for_each(|each| each.unknown = unknown as u64);
        }
        found.extend(of_tool);
    }
    Ok(found)
}

/// The one table to adopt from: that of the tool named, or the only one that has anything.
///
/// # Errors
/// A [`Problem`] when there is none, or when there are several, which it names.
pub fn choose(found: &[Found], from: Option<Tool>) -> Result<&Found, MigrateError> {
    let problem = |kind, message: String| MigrateError::Problem(Problem::new(kind, message));
    let of_tool: Vec<&Found> = found.iter().filter(|each| from.is_none_or(|tool| tool == each.tool)).collect();
    let mut left: Vec<&Found> = of_tool.iter().copied().filter(|each| each.rows > 0).collect();
    if left.len() > 1 && from.is_none() {
        // Once it has adopted something, Plimsoll keeps diesel's table too, and then it is nobody else's history.
        left.retain(|each| each.unknown > 0);
    }
    match (&left[..], from) {
        ([only], _) => Ok(only),
        ([], Some(tool)) if of_tool.is_empty() => {
            Err(problem(ProblemKind::ForeignNone, format!("the database has no history of {tool}{}", instead(found))))
        }
        ([], _) if of_tool.is_empty() => Err(problem(
            ProblemKind::ForeignNone,
            format!("the database has no history of a tool that Plimsoll knows: {}", names(Tool::ALL.iter())),
        )),
        ([], _) => Err(problem(
            ProblemKind::ForeignNone,
            format!("there is nothing to adopt in {}", names(of_tool.iter().map(|each| each.named()))),
        )),
        (several, Some(_)) => Err(problem(
            ProblemKind::ForeignSeveral,
            format!(
                "the history is there {} times, in {}: name the schema in the database URL",
                several.len(),
                names(several.iter().map(|each| each.named()))
            ),
        )),
        (several, None) => Err(problem(
            ProblemKind::ForeignSeveral,
            format!("several tools left a history: {}", names(several.iter().map(|each| each.named()))),
        )),
    }
}

impl Found {
    /// The name with its schema, as people write it.
    #[must_use]
    pub fn shown(&self) -> String {
        self.schema.as_ref().map_or_else(|| self.table.clone(), |schema| format!("{schema}.{}", self.table))
    }

    /// The name with its schema, as the engine reads it.
    pub(super) fn quoted(&self, engine: Engine) -> String {
        let table = quoted(engine, &self.table);
        self.schema.as_ref().map_or_else(|| table.clone(), |schema| format!("{}.{table}", quoted(engine, schema)))
    }

    fn named(&self) -> String {
        format!("{} in `{}`", self.tool, self.shown())
    }
}

fn instead(found: &[Found]) -> String {
    match found {
        [] => String::new(),
        _ => format!(", but it has one of {}", names(found.iter().map(Found::named))),
    }
}

fn names(names: impl Iterator<Item = impl ToString>) -> String {
    names.map(|name| name.to_string()).collect::<Vec<_>>().join(", ")
}

/// Columns by schema and table; the schema is empty where there is none.
fn tables(db: &mut dyn Db) -> Result<BTreeMap<(String, String), BTreeSet<String>>, DbError> {
    let sql = match db.engine() {
        Engine::Sqlite => {
            "SELECT '', m.name, p.name FROM sqlite_schema m JOIN pragma_table_info(m.name) p WHERE m.type = 'table'"
        }
        Engine::Postgres => {
            "SELECT n.nspname::text, c.relname::text, a.attname::text FROM pg_class c \
             JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid \
             WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND n.nspname !~ '^pg_' \
             AND n.nspname NOT IN ('information_schema', 'plimsoll') AND has_schema_privilege(n.oid, 'USAGE') \
             AND has_table_privilege(c.oid, 'SELECT')"
        }
        Engine::Mysql => {
            "SELECT CONVERT(c.TABLE_SCHEMA USING utf8mb4), CONVERT(c.TABLE_NAME USING utf8mb4), CONVERT(c.COLUMN_NAME USING utf8mb4) \
             FROM information_schema.COLUMNS c JOIN information_schema.TABLES t ON t.TABLE_SCHEMA = c.TABLE_SCHEMA \
             AND t.TABLE_NAME = c.TABLE_NAME AND t.TABLE_TYPE = 'BASE TABLE' WHERE c.TABLE_SCHEMA IN (DATABASE(), 'sqitch')"
        }
    };
    let mut tables: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    for row in db.rows(&Stmt::new(sql))? {
        let table = (row.text(0).to_owned(), row.text(1).to_owned());
        tables.entry(table).or_default().insert(row.text(2).to_lowercase());
    }
    Ok(tables)
}

fn current_schema(db: &mut dyn Db) -> Result<String, DbError> {
    let sql = match db.engine() {
        Engine::Sqlite => return Ok(String::new()),
        Engine::Postgres => "SELECT current_schema()::text",
        Engine::Mysql => "SELECT DATABASE()",
    };
    Ok(scalar(db, &Stmt::new(sql))?.as_str().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(tool: Tool, rows: u64, unknown: u64) -> Found {
        Found { tool, schema: None, table: tool.as_str().to_owned(), rows, unknown }
    }

    fn refused(found: &[Found], from: Option<Tool>) -> String {
        choose(found, from).expect_err("is refused").to_string()
    }

    #[test]
    fn the_only_history_is_chosen_and_several_are_named() {
        let (flyway, goose) = (found(Tool::Flyway, 3, 3), found(Tool::Goose, 2, 2));
        assert_eq!(choose(std::slice::from_ref(&flyway), None).expect("one").tool, Tool::Flyway);
        let both = [flyway, goose];
        assert_eq!(refused(&both, None), "several tools left a history: flyway in `flyway`, goose in `goose`");
        assert_eq!(choose(&both, Some(Tool::Goose)).expect("is named").tool, Tool::Goose);
        assert_eq!(
            refused(&both, Some(Tool::Sqlx)),
            "the database has no history of sqlx, but it has one of flyway in `flyway`, goose in `goose`"
        );
    }

    #[test]
    fn a_table_that_plimsoll_filled_itself_is_no_second_tool() {
        let both = [found(Tool::Flyway, 3, 3), found(Tool::Diesel, 3, 0)];
        assert_eq!(choose(&both, None).expect("diesel's rows are known").tool, Tool::Flyway);
        assert_eq!(choose(&[found(Tool::Diesel, 3, 0)], None).expect("the only one").tool, Tool::Diesel);
        assert!(refused(&[found(Tool::Flyway, 3, 3), found(Tool::Diesel, 4, 1)], None).starts_with("several tools"));
    }

    #[test]
    fn nothing_and_an_empty_table_are_told_apart() {
        assert!(refused(&[], None).starts_with("the database has no history of a tool"));
        assert_eq!(refused(&[found(Tool::Dbmate, 0, 0)], None), "there is nothing to adopt in dbmate in `dbmate`");
    }
}
