//! What is said about tables: columns, constraints, indexes and the actions of `ALTER TABLE`. Reading it is `parse`'s.

use serde::Serialize;

use super::{Name, Span};

/// `CREATE TABLE`. Made from a query or like another table, it has columns that the statement does not name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct CreateTable {
    pub(crate) name: Name,
    pub(crate) if_not_exists: bool,
    pub(crate) or_replace: bool,
    pub(crate) temporary: bool,
    pub(crate) columns: Vec<ColumnDef>,
    pub(crate) constraints: Vec<ConstraintDef>,
    /// MySQL's `KEY` and its kin.
    pub(crate) indexes: Vec<IndexDef>,
    pub(crate) like: Vec<Name>,
    pub(crate) partition_of: Option<Name>,
    pub(crate) as_select: bool,
    /// What follows the columns, white space collapsed: storage, partitioning, `STRICT`.
    pub(crate) options: String,
}

/// A column as a statement declares it. What later statements or the engine add is not here: a primary key is `not_null` only
/// if the text says so.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub(crate) struct ColumnDef {
    pub(crate) name: String,
    #[serde(skip)]
    pub(crate) span: Span,
    /// In lower case except for quoted parts, with single spaces between words only; empty where SQLite has none.
    pub(crate) type_text: String,
    pub(crate) not_null: bool,
    /// Whether `NULL` is said, which differs from silence for MySQL's timestamps.
    pub(crate) null: bool,
    pub(crate) default: Option<DefaultExpr>,
    pub(crate) primary_key: bool,
    pub(crate) unique: bool,
    pub(crate) references: Option<References>,
    /// The condition, without its parentheses.
    pub(crate) check: Option<String>,
    pub(crate) generated: Option<Generated>,
    pub(crate) identity: bool,
    pub(crate) auto_increment: bool,
    pub(crate) collate: Option<String>,
    /// What else is said, for example a comment or a storage.
    pub(crate) other: Option<String>,
}

/// A default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct DefaultExpr {
    pub(crate) text: String,
    /// Whether rows that one statement fills can differ.
    pub(crate) volatile: Volatile,
}

/// Whether an expression gives each row a value of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Volatile {
    Yes,
    No,
    /// It calls a function that is not known here.
    Unknown,
}

/// How a generated column gets its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Generated {
    Stored,
    Virtual,
}

/// The other end of a foreign key. Without columns it is the primary key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct References {
    pub(crate) table: Name,
    pub(crate) columns: Vec<String>,
    /// In upper case.
    pub(crate) on_delete: Option<String>,
    pub(crate) on_update: Option<String>,
}

/// A constraint of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct ConstraintDef {
    pub(crate) name: Option<String>,
    #[serde(skip)]
    pub(crate) span: Span,
    pub(crate) kind: ConstraintKind,
    /// Expressions as text.
    pub(crate) columns: Vec<String>,
    pub(crate) references: Option<References>,
    /// The condition of a check, without its parentheses.
    pub(crate) check: Option<String>,
    pub(crate) not_valid: bool,
    /// The index that becomes the constraint.
    pub(crate) using_index: Option<String>,
    pub(crate) deferrable: bool,
    pub(crate) not_enforced: bool,
}

/// The kind of a constraint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ConstraintKind {
    PrimaryKey,
    Unique,
    ForeignKey,
    Check,
    Exclude,
    /// PostgreSQL's, since 18.
    NotNull,
}

/// An index, from its own statement or from a table's.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub(crate) struct IndexDef {
    /// None when the engine is left to choose.
    pub(crate) name: Option<Name>,
    pub(crate) unique: bool,
    pub(crate) concurrently: bool,
    pub(crate) if_not_exists: bool,
    pub(crate) only: bool,
    /// In lower case, `fulltext` and its kin among them.
    pub(crate) method: Option<String>,
    pub(crate) columns: Vec<KeyPart>,
    /// The condition of a partial index.
    #[serde(rename = "where")]
    pub(crate) where_: Option<String>,
    /// MySQL's, in upper case.
    pub(crate) algorithm: Option<String>,
    /// MySQL's, in upper case.
    pub(crate) lock: Option<String>,
}

/// A part of an index's key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct KeyPart {
    /// None for an expression.
    pub(crate) column: Option<String>,
    /// All of it, with order and operator class.
    pub(crate) text: String,
}

/// A constraint that is added to a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct AddConstraint {
    /// MariaDB's.
    pub(crate) if_not_exists: bool,
    pub(crate) constraint: ConstraintDef,
}

/// Where MySQL puts a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Position {
    First,
    After(String),
}

/// One action of an `ALTER TABLE`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AlterAction {
    AddColumn {
        column: Box<ColumnDef>,
        if_not_exists: bool,
        position: Option<Position>,
    },
    DropColumn {
        column: String,
        if_exists: bool,
        cascade: bool,
    },
    RenameColumn {
        from: String,
        to: String,
    },
    RenameTable {
        to: Name,
    },
    SetSchema {
        schema: String,
    },
    AlterColumnType {
        column: String,
        type_text: String,
        collate: Option<String>,
        using: Option<String>,
    },
    SetNotNull {
        column: String,
    },
    DropNotNull {
        column: String,
    },
    SetDefault {
        column: String,
        default: DefaultExpr,
    },
    DropDefault {
        column: String,
    },
    /// MySQL's: the whole definition is replaced.
    ModifyColumn {
        column: Box<ColumnDef>,
        position: Option<Position>,
    },
    /// MySQL's: a new definition, and a new name if `from` differs from the column's.
    ChangeColumn {
        from: String,
        column: Box<ColumnDef>,
        position: Option<Position>,
    },
    AddConstraint(Box<AddConstraint>),
    ValidateConstraint {
        name: String,
    },
    /// MySQL's `DROP CHECK` too.
    DropConstraint {
        name: String,
        if_exists: bool,
        cascade: bool,
    },
    RenameConstraint {
        from: String,
        to: String,
    },
    DropPrimaryKey,
    DropForeignKey {
        name: String,
        if_exists: bool,
    },
    AddIndex(Box<IndexDef>),
    DropIndex {
        name: String,
        if_exists: bool,
    },
    RenameIndex {
        from: String,
        to: String,
    },
    AttachPartition {
        partition: Name,
    },
    DetachPartition {
        partition: Name,
        concurrently: bool,
    },
    /// `name` is `ALL` or `USER` in upper case when it is that keyword.
    Trigger {
        name: String,
        enable: bool,
    },
    RowLevelSecurity {
        enable: bool,
    },
    /// In upper case.
    Algorithm {
        value: String,
    },
    /// In upper case.
    Lock {
        value: String,
    },
    Engine {
        name: String,
    },
    /// Every text column is rewritten, unlike a table's default.
    ConvertCharset {
        charset: String,
        collate: Option<String>,
    },
    /// Known to belong to `ALTER TABLE` and nothing more.
    Other {
        text: String,
    },
}
