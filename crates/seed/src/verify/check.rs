//! One declared expectation as SQL: what it counts, and which rows break it. What follows is the report's.

use std::fmt;

use plimsoll_core::Location;
use plimsoll_core::db::{Catalog, Column, Db, DbError, DbErrorKind, Engine, Stmt, Table, dialect, quoted, scalar};
use serde_json::Value as Json;

use super::{Expectation, Rule, orphans};
use crate::apply::counters;
use crate::reconcile::show;
use crate::value::secret::{self, SecretColumns};
use crate::value::{live, to_db};

/// Rows that are named as examples.
const EXAMPLES: usize = 5;

/// One thing to check.
pub(super) struct Check<'e> {
    expectation: &'e Expectation,
    /// The count, where it is no rule.
    rule: Option<&'e Rule>,
    pub(super) at: Option<Location>,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Counted {
    pub(super) found: u64,
    pub(super) holds: bool,
    /// The first few rows that break a rule.
    pub(super) examples: Vec<String>,
}

impl Counted {
    /// Rows that should not be there.
    pub(super) fn broken_by(found: u64, examples: Vec<String>) -> Self {
        Self { found, holds: found == 0, examples }
    }

    /// The number, with the rows that are named.
    pub(super) fn shown(&self) -> String {
        if self.examples.is_empty() {
            return self.found.to_string();
        }
        let more = if self.found > self.examples.len() as u64 { ", ..." } else { "" };
        format!("{} ({}{more})", self.found, self.examples.join(", "))
    }
}

/// Everything that an expectation says, one by one.
pub(super) fn checks(expectation: &Expectation) -> impl Iterator<Item = Check<'_>> {
    let counts = expectation.at_least.is_some() || expectation.exactly.is_some() || expectation.at_most.is_some();
    let of = |rule| Check { expectation, rule, at: expectation.at.clone() };
    counts.then(|| of(None)).into_iter().chain(expectation.rules.iter().map(move |rule| of(Some(rule))))
}

/// Whether the counter of a column stands past its rows; nothing where the engine sees to it by itself.
pub(super) fn counter(db: &mut dyn Db, table: &str, column: &Column) -> Option<Result<Counted, DbError>> {
    match db.engine() {
        Engine::Sqlite | Engine::Mysql => None,
        Engine::Postgres => {
            Some(counters::behind(db, table, column).map(|behind| Counted::broken_by(u64::from(behind), Vec::new())))
        }
    }
}

/// The number in the first column of the first row.
pub(super) fn number(db: &mut dyn Db, stmt: &Stmt) -> Result<u64, DbError> {
    Ok(u64::try_from(scalar(db, stmt)?.as_int().unwrap_or(0)).unwrap_or(0))
}

/// The first rows of a condition by what identifies them. Rows without any key are not named.
pub(super) fn examples(
    db: &mut dyn Db,
    (name, table): (&str, &Table),
    rest: &Stmt,
    secret: &SecretColumns,
) -> Result<Vec<String>, DbError> {
    let key = if table.primary_key.is_empty() {
        table.unique_keys.first().map(|key| key.columns.as_slice()).unwrap_or_default()
    } else {
        &table.primary_key
    };
    let columns: Vec<&Column> = key.iter().filter_map(|column| table.column(column)).collect();
    if columns.is_empty() {
        return Ok(Vec::new());
    }
    let from = Stmt::new(format!(" FROM {}", quoted(db.engine(), name))).append(rest.clone());
    values(db, name, &columns, from, secret)
}

impl Check<'_> {
    /// Whether the types of columns have to be known.
    pub(super) fn needs_columns(&self) -> bool {
        self.rule.is_some()
    }

    /// Asks the database.
    pub(super) fn run(&self, db: &mut dyn Db, catalog: &Catalog, secret: &SecretColumns) -> Result<Counted, DbError> {
        let engine = db.engine();
        let name = &self.expectation.table;
        // No other name for the table: a `where` may need its own one, in a subquery.
        let own = quoted(engine, name);
        let from = format!(" FROM {own}");
        let Some(rule) = self.rule else { return self.count(db, &from) };
        if let Rule::Sql(sql) = rule {
            let sql = sql.trim().trim_end_matches(';');
            // Text may end in a comment, which would take what comes after it in the same line.
            let found = number(db, &Stmt::new(format!("SELECT count(*) FROM ({sql}\n) AS plimsoll_check")))?;
            return Ok(Counted::broken_by(found, Vec::new()));
        }
        let refuse = |message: String| DbError::new(engine, DbErrorKind::Refused, message);
        let table = catalog.tables.get(name).ok_or_else(|| refuse(format!("there is no table `{name}`")))?;
        let column =
            |column: &String| table.column(column).ok_or_else(|| refuse(format!("`{name}` has no column `{column}`")));
        let condition = match rule {
            Rule::NotNull(columns) => {
                let columns = columns.iter().map(column).collect::<Result<Vec<_>, _>>()?;
                let nulls: Vec<String> =
                    columns.iter().map(|column| format!("{own}.{} IS NULL", quoted(engine, &column.name))).collect();
                Stmt::new(format!("({})", nulls.join(" OR ")))
            }
            Rule::Unique(columns) => {
                let columns = columns.iter().map(column).collect::<Result<Vec<_>, _>>()?;
                return self.repeated(db, &columns, &from, secret);
            }
            Rule::Accepted { column: name, values } => {
                let column = column(name)?;
                let mut stmt = Stmt::new(format!("{own}.{} NOT IN (", quoted(engine, name)));
                for (position, value) in values.iter().enumerate() {
                    let value = to_db(column, value).map_err(|misfit| refuse(misfit.to_string()))?;
                    stmt = stmt.sql(if position > 0 { ", " } else { "" }).bind(value);
                    stmt.push(dialect::write_cast(engine, column));
                }
                stmt.sql(")")
            }
            Rule::Relationship { columns, table: target, references } => {
                columns.iter().map(column).collect::<Result<Vec<_>, _>>()?;
                Stmt::new(orphans::condition(engine, &own, columns, &quoted(engine, target), references))
            }
            Rule::Sql(_) => Stmt::default(),
        };
        let rest = Stmt::new(" WHERE ").append(condition).sql(self.filter(" AND "));
        let found = number(db, &Stmt::new(format!("SELECT count(*){from}")).append(rest.clone()))?;
        let examples = if found == 0 { Vec::new() } else { examples(db, (name, table), &rest, secret)? };
        Ok(Counted::broken_by(found, examples))
    }

    fn count(&self, db: &mut dyn Db, from: &str) -> Result<Counted, DbError> {
        let found = number(db, &Stmt::new(format!("SELECT count(*){from}{}", self.filter(" WHERE "))))?;
        let Expectation { at_least, exactly, at_most, .. } = self.expectation;
        let holds = at_least.is_none_or(|least| found >= least)
            && exactly.is_none_or(|exactly| found == exactly)
            && at_most.is_none_or(|most| found <= most);
        Ok(Counted { found, holds, examples: Vec::new() })
    }

    /// Values that several rows have.
    fn repeated(
        &self,
        db: &mut dyn Db,
        columns: &[&Column],
        from: &str,
        secret: &SecretColumns,
    ) -> Result<Counted, DbError> {
        let engine = db.engine();
        let name = &self.expectation.table;
        let own = quoted(engine, name);
        let names: Vec<String> =
            columns.iter().map(|column| format!("{own}.{}", quoted(engine, &column.name))).collect();
        let present: Vec<String> = names.iter().map(|name| format!("{name} IS NOT NULL")).collect();
        let rest = format!(
            "{from} WHERE {}{} GROUP BY {} HAVING count(*) > 1",
            present.join(" AND "),
            self.filter(" AND "),
            names.join(", ")
        );
        let found = number(db, &Stmt::new(format!("SELECT count(*) FROM (SELECT 1 AS one{rest}) AS plimsoll_check")))?;
        let examples = if found == 0 { Vec::new() } else { values(db, name, columns, Stmt::new(rest), secret)? };
        Ok(Counted::broken_by(found, examples))
    }

    fn filter(&self, word: &str) -> String {
        self.expectation.filter.as_ref().map(|filter| format!("{word}({filter}\n)")).unwrap_or_default()
    }
}

/// What is expected, in words.
impl fmt::Display for Check<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Expectation { table, at_least, exactly, at_most, .. } = self.expectation;
        let list =
            |columns: &[String]| columns.iter().map(|column| format!("`{column}`")).collect::<Vec<_>>().join(", ");
        match self.rule {
            None => {
                let bounds = [("at least", at_least), ("exactly", exactly), ("at most", at_most)];
                let bounds: Vec<String> =
                    bounds.iter().filter_map(|(word, bound)| bound.map(|bound| format!("{word} {bound}"))).collect();
                write!(f, "{} rows in `{table}`", bounds.join(" and "))?;
            }
            Some(Rule::NotNull(columns)) => write!(f, "no row of `{table}` without {}", list(columns))?,
            Some(Rule::Unique(columns)) => write!(f, "no two rows of `{table}` with the same {}", list(columns))?,
            Some(Rule::Accepted { column, values }) => {
                let values: Vec<String> = values.iter().map(show::value).collect();
                write!(f, "no row of `{table}` whose `{column}` is none of {}", values.join(", "))?;
            }
            Some(Rule::Relationship { columns, table: target, references }) => {
                let (columns, references) = (list(columns), list(references));
                write!(f, "no row of `{table}` whose {columns} is no {references} of `{target}`")?;
            }
            Some(Rule::Sql(sql)) => {
                return write!(f, "no row of {}", show::shorten(sql.trim().trim_end_matches(';'), 80));
            }
        }
        self.expectation.filter.as_ref().map_or(Ok(()), |filter| write!(f, " where {filter}"))
    }
}

/// The first values of columns, as text, but for those that are nobody's to read.
fn values(
    db: &mut dyn Db,
    table: &str,
    columns: &[&Column],
    rest: Stmt,
    secret: &SecretColumns,
) -> Result<Vec<String>, DbError> {
    let engine = db.engine();
    let names: Vec<String> = columns.iter().map(|column| dialect::read_expr(engine, column)).collect();
    let order: Vec<String> = columns.iter().map(|column| quoted(engine, &column.name)).collect();
    let stmt = Stmt::new(format!("SELECT {}", names.join(", ")))
        .append(rest)
        .sql(format!(" ORDER BY {} LIMIT {EXAMPLES}", order.join(", ")));
    let rows = db.rows(&stmt)?;
    let row = |row: plimsoll_core::db::DynRow| {
        let shown = |(column, value): (&&Column, _)| {
            if secret.has(table, &column.name) { secret::shown() } else { live(column, value) }
        };
        let values: Vec<Json> = columns.iter().zip(row.into_values()).map(shown).collect();
        show::label(&Json::Array(values))
    };
    Ok(rows.into_iter().map(row).collect())
}
