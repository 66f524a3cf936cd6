//! The rows of a scratch database: read, compared, and generated where there are none. What differences mean is `prove`'s.

mod fill;
mod shape;
mod value;

use std::collections::BTreeMap;
use std::fmt;

use plimsoll_core::db::{Db, DbError, Engine, Stmt, quoted};

use crate::revert::Loss;
use crate::schema::{ObjectKind, Schema};

pub(super) use fill::{Filled, Goal, fill};

/// What names a table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TableName {
    pub(super) schema: Option<String>,
    pub(super) name: String,
}

/// The rows of all tables.
#[derive(Debug, Clone, Default)]
pub(super) struct Contents {
    tables: BTreeMap<TableName, Table>,
}

/// The rows of a table in no order, each value in a text that only equal values have.
#[derive(Debug, Clone, Default)]
struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<Option<String>>>,
}

/// How rows differ from what they were.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    /// What is not there any more, or is something else.
    pub(super) lost: Vec<Loss>,
    /// Rows that were not there.
    pub(super) too_many: Vec<(TableName, usize)>,
}

impl TableName {
    /// The name in SQL.
    fn sql(&self, engine: Engine) -> String {
        match &self.schema {
            Some(schema) => format!("{}.{}", quoted(engine, schema), quoted(engine, &self.name)),
            None => quoted(engine, &self.name),
        }
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.schema.as_deref().filter(|schema| *schema != "public") {
            Some(schema) => write!(f, "{schema}.{}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

impl Contents {
    /// Reads the rows of all tables that a schema has.
    pub(super) fn read(db: &mut dyn Db, schema: &Schema) -> Result<Self, DbError> {
        let engine = db.engine();
        let mut tables = BTreeMap::new();
        for shape in shape::shapes(schema) {
            let columns: Vec<String> = shape.columns.iter().map(|column| column.name.clone()).collect();
            let read: Vec<String> = shape.columns.iter().map(|column| comparable(engine, column)).collect();
            if read.is_empty() {
                continue;
            }
            let sql = format!("SELECT {} FROM {}", read.join(", "), shape.table.sql(engine));
            let row = |row: plimsoll_core::db::DynRow| row.into_values().map(|value| value.as_str().map(str::to_owned));
            let rows = db.rows(&Stmt::new(sql))?.into_iter().map(|each| row(each).collect()).collect();
            tables.insert(shape.table, Table { columns, rows });
        }
        Ok(Self { tables })
    }

    /// Whether a schema has a table.
    pub(super) fn knows(schema: &Schema, table: &TableName) -> bool {
        schema
            .objects
            .keys()
            .any(|key| key.kind == ObjectKind::Table && key.name == table.name && key.schema == table.schema)
    }

    pub(super) fn count(&self, table: &TableName) -> usize {
        self.tables.get(table).map_or(0, |table| table.rows.len())
    }

    /// The tables that have other rows now, as far as both have the columns.
    pub(super) fn differing(&self, now: &Self) -> Vec<TableName> {
        let both = self.tables.iter().filter_map(|(name, was)| Some((name, was, now.tables.get(name)?)));
        both.filter(|(_, was, is)| {
            let columns = common(was, is);
            sorted(was, &columns) != sorted(is, &columns)
        })
        .map(|(name, ..)| name.clone())
        .collect()
    }

    /// The tables with another number of rows now: the table, how many it had, how many it has.
    pub(super) fn other_counts(&self, now: &Self) -> Vec<(TableName, usize, usize)> {
        let counts = self.tables.iter().map(|(name, was)| (name.clone(), was.rows.len(), now.count(name)));
        counts.filter(|(_, was, is)| was != is).collect()
    }
}

/// Compares rows with what they were. A table that is empty now and that did not exist is lost as a whole.
pub(super) fn lost(had: &Contents, has: &Contents, existed: impl Fn(&TableName) -> bool) -> Comparison {
    let mut comparison = Comparison::default();
    let nothing = Table::default();
    for (name, was) in &had.tables {
        let is = has.tables.get(name).unwrap_or(&nothing);
        let columns: Vec<&String> = was.columns.iter().collect();
        let (mut gone, mut new) = (sorted(was, &columns), sorted(is, &columns));
        take_common(&mut gone, &mut new);
        let table = name.to_string();
        if gone.is_empty() {
            if !new.is_empty() {
                comparison.too_many.push((name.clone(), new.len()));
            }
        } else if is.rows.is_empty() && !existed(name) {
            comparison.lost.push(Loss::Table { table });
        } else if was.rows.len() == is.rows.len() {
            comparison.lost.extend(columns_lost(&table, was, is));
        } else {
            comparison.lost.push(Loss::Rows { table });
        }
    }
    comparison
}

/// The columns whose values are others. Values that only changed places cannot be told by column.
fn columns_lost(table: &str, was: &Table, is: &Table) -> Vec<Loss> {
    let differs = |column: &&String| sorted(was, &[*column]) != sorted(is, &[*column]);
    let columns: Vec<Loss> = was
        .columns
        .iter()
        .filter(differs)
        .map(|column| Loss::Column { table: table.to_owned(), column: column.clone() })
        .collect();
    if columns.is_empty() { vec![Loss::Values { table: table.to_owned() }] } else { columns }
}

fn common<'t>(one: &'t Table, other: &Table) -> Vec<&'t String> {
    one.columns.iter().filter(|column| other.columns.contains(column)).collect()
}

/// The rows in their order, with these columns only.
fn sorted<'t>(table: &'t Table, columns: &[&String]) -> Vec<Vec<Option<&'t str>>> {
    let at: Vec<Option<usize>> =
        columns.iter().map(|column| table.columns.iter().position(|each| each == *column)).collect();
    let value = |row: &'t Vec<Option<String>>, at: Option<usize>| row.get(at?).and_then(Option::as_deref);
    let mut rows: Vec<Vec<Option<&str>>> =
        table.rows.iter().map(|row| at.iter().map(|at| value(row, *at)).collect()).collect();
    rows.sort();
    rows
}

/// Takes out of both what both have, each as often as both have it.
fn take_common<T: Ord>(one: &mut Vec<T>, other: &mut Vec<T>) {
    one.retain(|row| match other.binary_search(row) {
        Ok(at) => {
            other.remove(at);
            false
        }
        Err(_) => true,
    });
}

/// The expression that reads a column as a text that only equal values have.
fn comparable(engine: Engine, column: &shape::Column) -> String {
    let name = quoted(engine, &column.name);
    match engine {
        Engine::Postgres => format!("{name}::text"),
        Engine::Sqlite => format!("quote({name})"),
        Engine::Mysql if column.is_number() => format!("CAST({name} AS CHAR)"),
        Engine::Mysql => format!("HEX({name})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(columns: &[&str], rows: &[&[&str]]) -> Contents {
        let name = TableName { schema: None, name: "t".to_owned() };
        let row = |row: &&[&str]| row.iter().map(|text| (!text.is_empty()).then(|| (*text).to_owned())).collect();
        let columns = columns.iter().map(|column| (*column).to_owned()).collect();
        Contents { tables: BTreeMap::from([(name, Table { columns, rows: rows.iter().map(row).collect() })]) }
    }

    fn told(had: &Contents, has: &Contents, existed: bool) -> (Vec<String>, usize) {
        let comparison = lost(had, has, |_| existed);
        let lost = comparison.lost.iter().map(ToString::to_string).collect();
        (lost, comparison.too_many.iter().map(|(_, count)| count).sum())
    }

    #[test]
    fn lost_values_are_told_by_column_and_lost_rows_by_table() {
        let had = contents(&["a", "b"], &[&["1", "x"], &["2", "y"]]);
        let same = contents(&["a", "b"], &[&["2", "y"], &["1", "x"]]);
        assert_eq!(told(&had, &same, true), (vec![], 0));
        let forgotten = contents(&["a", "b"], &[&["1", ""], &["2", ""]]);
        assert_eq!(told(&had, &forgotten, true), (vec!["column `t.b`".to_owned()], 0));
        let mixed = contents(&["a", "b"], &[&["1", "y"], &["2", "x"]]);
        assert_eq!(told(&had, &mixed, true), (vec!["overwritten values of `t`".to_owned()], 0));
        let fewer = contents(&["a", "b"], &[&["1", "x"]]);
        assert_eq!(told(&had, &fewer, true), (vec!["rows of `t`".to_owned()], 0));
        let none = contents(&["a", "b"], &[]);
        assert_eq!(told(&had, &none, false), (vec!["table `t`".to_owned()], 0));
    }

    #[test]
    fn rows_that_were_not_there_are_counted_as_often_as_they_are_there() {
        let had = contents(&["a"], &[&["1"]]);
        let has = contents(&["a"], &[&["1"], &["1"], &["2"]]);
        assert_eq!(told(&had, &has, true), (vec![], 2));
        assert_eq!(had.differing(&has).len(), 1);
        assert!(had.differing(&contents(&["b"], &[&["9"]])).is_empty(), "they have no column in common");
    }
}
