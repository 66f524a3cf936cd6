//! Tells what a statement does, as plain data and in the catalogue's spelling. Whether that is safe is left to the rules.

mod parse;
mod table;

use serde::Serialize;

use plimsoll_core::db::Engine;

use crate::split::Statement;
pub(crate) use table::{
    AddConstraint, AlterAction, ColumnDef, ConstraintDef, ConstraintKind, CreateTable, DefaultExpr, Generated,
    IndexDef, KeyPart, Position, References, Volatile,
};

/// A piece of a statement, in bytes of its text. Adding the statement's offset makes it bytes of the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// A name as the catalogue has it: without quotes, folded and cut to length where the engine does that.
///
/// Names are equal when they say the same, wherever they stand. SQLite and, by its settings, MySQL compare names without
/// regard to case; that is left to whoever compares.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Name {
    /// The schema, or the database on MySQL, if the statement names it.
    pub(crate) schema: Option<String>,
    /// The name itself.
    pub(crate) name: String,
    /// Where it stands, schema and quotes included.
    #[serde(skip)]
    pub(crate) span: Span,
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        (&self.schema, &self.name) == (&other.schema, &other.name)
    }
}

impl Eq for Name {}

/// An operation and the piece of the statement that asks for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Placed {
    #[serde(skip)]
    pub(crate) span: Span,
    #[serde(flatten)]
    pub(crate) operation: Operation,
}

/// What a statement, or one of the actions it lists, does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Operation {
    CreateTable(Box<CreateTable>),
    CreateIndex {
        table: Name,
        #[serde(flatten)]
        index: Box<IndexDef>,
    },
    /// `table` is MySQL's `ON`.
    DropIndex {
        names: Vec<Name>,
        table: Option<Name>,
        concurrently: bool,
        if_exists: bool,
        cascade: bool,
    },
    DropTable {
        names: Vec<Name>,
        temporary: bool,
        if_exists: bool,
        cascade: bool,
    },
    /// One for each action that the statement lists. `ONLY` leaves out partitions and inheriting tables.
    AlterTable {
        table: Name,
        if_exists: bool,
        only: bool,
        action: AlterAction,
    },
    /// MySQL's `RENAME TABLE`, one for each pair.
    RenameTable {
        from: Name,
        to: Name,
    },
    /// Any object that has no variant of its own. `on` is the table of a trigger, rule or policy.
    Create {
        object: Object,
        name: Name,
        or_replace: bool,
        if_not_exists: bool,
        on: Option<Name>,
    },
    /// Any object that has no variant of its own.
    Drop {
        object: Object,
        names: Vec<Name>,
        if_exists: bool,
        cascade: bool,
        on: Option<Name>,
    },
    /// Any object that has no variant of its own; `change` is the rest of the statement.
    Alter {
        object: Object,
        name: Name,
        change: String,
    },
    /// A new name for an object other than a table.
    Rename {
        object: Object,
        from: Name,
        to: String,
    },
    CreateEnum {
        name: Name,
        values: Vec<String>,
    },
    AddEnumValue {
        name: Name,
        value: String,
        if_not_exists: bool,
        neighbour: Option<Neighbour>,
    },
    RenameEnumValue {
        name: Name,
        from: String,
        to: String,
    },
    CreateDomain {
        name: Name,
        type_text: String,
        constrained: bool,
    },
    /// `add_constraint` also for `SET NOT NULL`, which checks every column of the domain just the same.
    AlterDomain {
        name: Name,
        add_constraint: bool,
        not_valid: bool,
    },
    CreateExtension {
        name: String,
        schema: Option<String>,
        if_not_exists: bool,
    },
    RefreshMaterializedView {
        name: Name,
        concurrently: bool,
    },
    /// `target` is `INDEX`, `TABLE`, `SCHEMA`, `DATABASE` or `SYSTEM`; none on SQLite.
    Reindex {
        target: Option<String>,
        name: Option<Name>,
        concurrently: bool,
    },
    Vacuum {
        full: bool,
    },
    Analyze,
    Cluster {
        table: Option<Name>,
    },
    Truncate {
        tables: Vec<Name>,
        cascade: bool,
    },
    AlterSystem,
    Comment,
    Grant,
    Revoke,
    /// One for each assignment. Names in lower case, user variables with their `@`; `RESET` has no value.
    Set {
        name: String,
        value: Option<String>,
        scope: Scope,
    },
    Pragma {
        name: String,
        value: Option<String>,
    },
    Transaction(Transaction),
    LockTables {
        tables: Vec<Name>,
    },
    UnlockTables,
    Insert {
        table: Option<Name>,
    },
    Update {
        table: Option<Name>,
        has_where: bool,
    },
    Delete {
        table: Option<Name>,
        has_where: bool,
    },
    Merge {
        table: Option<Name>,
    },
    /// `into` is a table that the query makes; `sets_session` is a call of `set_config`.
    Select {
        into: Option<Name>,
        sets_session: bool,
    },
    Copy,
    Do,
    Call,
    Use {
        database: String,
    },
    Attach,
    Detach,
    /// Not recognised: nothing is known about it. The leading words are as they are written.
    Unclassified {
        words: String,
    },
}

/// The objects of [`Operation::Create`] and its like. MySQL's schemas are databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Object {
    Aggregate,
    Collation,
    Database,
    Domain,
    Event,
    EventTrigger,
    Extension,
    ForeignTable,
    Function,
    Index,
    MaterializedView,
    Policy,
    Procedure,
    Publication,
    Role,
    Rule,
    Schema,
    Sequence,
    Server,
    Statistics,
    Subscription,
    Tablespace,
    Trigger,
    Type,
    View,
    /// SQLite's, made by a module.
    VirtualTable,
}

/// The value that a new value of an enum is put beside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Neighbour {
    Before(String),
    After(String),
}

/// How long and for whom a setting holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Scope {
    Session,
    /// For the transaction.
    Local,
    /// For the server: MySQL's `GLOBAL` and `PERSIST`.
    Global,
}

/// Statements about transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Transaction {
    Begin,
    Commit,
    Rollback,
    /// The first half of a commit in two phases.
    Prepare,
    Savepoint,
    ReleaseSavepoint,
    RollbackToSavepoint,
}

/// What a statement does: at least one operation, several for lists of actions and for queries that write.
pub(crate) fn operations(engine: Engine, statement: &Statement) -> Vec<Placed> {
    parse::operations(engine, &statement.text, &statement.tokens)
}

#[cfg(test)]
mod tests;
