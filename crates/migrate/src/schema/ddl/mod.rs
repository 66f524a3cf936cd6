//! Writes the statements that make one schema of another. Whether they really do is proven by whoever runs them.

mod mysql;
mod mysql_text;
mod order;
mod postgres;
mod rename;
mod sqlite;
mod texts;

use plimsoll_core::db::{Db, DbError, Engine};
use serde::{Deserialize, Serialize};

use super::{Difference, ObjectKey, ObjectKind, Schema};

pub(crate) use texts::Texts;

/// A schema with the texts that the engine itself makes of its objects, where it does.
#[derive(Debug, Clone)]
pub(crate) struct Described {
    pub(crate) schema: Schema,
    pub(crate) texts: Texts,
}

/// The way from one schema to another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ddl {
    /// The statements, in an order in which they can be run.
    pub steps: Vec<DdlStep>,
    /// What no statement can do, or none that is safe.
    pub cannot: Vec<Cannot>,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DdlStep {
    /// The object that it is for.
    pub key: ObjectKey,
    /// The statement, without a semicolon at its end.
    pub sql: String,
    /// What is gone afterwards, in words.
    pub loses: Option<String>,
}

/// Something that is left to a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cannot {
    /// The object.
    pub key: ObjectKey,
    /// Why, and what to do instead.
    pub why: String,
}

impl Described {
    /// Adds the texts of the database that a schema was read from.
    pub(crate) fn read(db: &mut dyn Db, schema: Schema) -> Result<Self, DbError> {
        let texts = texts::read(db, &schema)?;
        Ok(Self { schema, texts })
    }
}

/// The statements that make `to` of `from`.
pub(crate) fn ddl(from: &Described, to: &Described) -> Ddl {
    let (mut first, then) = ddl_around_rows(from, to);
    first.steps.extend(then.steps);
    first
}

/// The same in two parts, between which rows can be put in: the tables are there, and what looks at rows is not yet.
pub(crate) fn ddl_around_rows(from: &Described, to: &Described) -> (Ddl, Ddl) {
    let mut draft = Draft::default();
    let from = rename::renamed(from, to, &mut draft);
    match to.schema.engine {
        Engine::Postgres => postgres::write(&from.schema, &to.schema, &mut draft),
        Engine::Mysql => mysql::write(&from, to, &mut draft),
        Engine::Sqlite => sqlite::write(&from, to, &mut draft),
    }
    // Stable: within a phase the order in which they were written stays.
    draft.steps.sort_by_key(|(phase, _)| *phase);
    let (first, then): (Vec<_>, Vec<_>) = draft.steps.into_iter().partition(|(phase, _)| *phase < Phase::Indexes);
    let steps = |steps: Vec<(Phase, DdlStep)>| steps.into_iter().map(|(_, step)| step).collect();
    (Ddl { steps: steps(first), cannot: draft.cannot }, Ddl { steps: steps(then), cannot: Vec::new() })
}

/// When a statement runs, relative to the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Rename,
    DropPrograms,
    DropViews,
    DropForeignKeys,
    DropKeys,
    DropReplaced,
    Schemas,
    Types,
    Functions,
    Tables,
    Columns,
    Keys,
    Indexes,
    Partitions,
    ForeignKeys,
    LateFunctions,
    Views,
    ViewParts,
    Programs,
    States,
    Grants,
    DropTables,
    DropFunctions,
    DropOthers,
    DropSchemas,
}

/// Statements while they are being collected.
#[derive(Debug, Default)]
struct Draft {
    steps: Vec<(Phase, DdlStep)>,
    cannot: Vec<Cannot>,
}

impl Draft {
    fn add(&mut self, phase: Phase, key: &ObjectKey, sql: impl Into<String>) {
        self.steps.push((phase, DdlStep { key: key.clone(), sql: sql.into(), loses: None }));
    }

    fn losing(&mut self, phase: Phase, key: &ObjectKey, sql: impl Into<String>, loses: impl Into<String>) {
        self.steps.push((phase, DdlStep { key: key.clone(), sql: sql.into(), loses: Some(loses.into()) }));
    }

    fn cannot(&mut self, key: &ObjectKey, why: impl Into<String>) {
        self.cannot.push(Cannot { key: key.clone(), why: why.into() });
    }
}

/// The table that an object belongs to, as the key of that table.
fn table_of(key: &ObjectKey) -> ObjectKey {
    let name = key.table.clone().unwrap_or_else(|| key.name.clone());
    ObjectKey { kind: ObjectKind::Table, schema: key.schema.clone(), table: None, name }
}

/// What a table or a view that is dropped takes with it.
fn rows_of(key: &ObjectKey) -> String {
    format!("the rows of {key}")
}

/// What a column that is dropped takes with it.
fn values_of(key: &ObjectKey) -> String {
    format!("the values of {key}")
}

/// The differences of one kind.
fn of_kind(differences: &[Difference], kind: ObjectKind) -> impl Iterator<Item = &Difference> {
    differences.iter().filter(move |difference| difference.key.kind == kind)
}
