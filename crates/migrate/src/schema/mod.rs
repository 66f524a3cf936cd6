//! The whole schema of a database as data that can be kept, compared and named by a digest. Which difference is allowed is
//! left to the caller.
//!
//! Not part of a schema: rows, the positions of sequences and counters, statistics, owners and definers, the moments at
//! which events of MySQL run. On PostgreSQL also casts, operators, text search, publications and foreign servers.

mod compare;
mod ddl;
mod read;
mod text;

use std::collections::BTreeMap;
use std::fmt;

use plimsoll_core::db::{Db, DbError, Engine};
use plimsoll_core::template::sha256_hex;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use compare::{AttributeChange, Change, Difference, compare};
pub use ddl::{Cannot, Ddl, DdlStep};
pub(crate) use ddl::{Described, ddl, ddl_around_rows};

/// What kind of object, in the order in which objects can depend on each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectKind {
    /// A schema of PostgreSQL.
    Schema,
    /// An extension of PostgreSQL.
    Extension,
    /// An enumeration of PostgreSQL.
    Enum,
    /// A domain of PostgreSQL.
    Domain,
    /// A composite type of PostgreSQL.
    CompositeType,
    /// A range type of PostgreSQL.
    RangeType,
    /// A sequence that no column owns; those that a column owns are told with the column.
    Sequence,
    /// A table.
    Table,
    /// A column of a table.
    Column,
    /// A primary key.
    PrimaryKey,
    /// A unique constraint, where the engine tells it from a unique index.
    Unique,
    /// A check.
    Check,
    /// An exclusion constraint of PostgreSQL.
    Exclusion,
    /// An index that belongs to no constraint.
    Index,
    /// A foreign key.
    ForeignKey,
    /// A function.
    Function,
    /// A procedure.
    Procedure,
    /// A view.
    View,
    /// A materialized view of PostgreSQL.
    MaterializedView,
    /// A trigger.
    Trigger,
    /// A rule of PostgreSQL.
    Rule,
    /// A row security policy of PostgreSQL.
    Policy,
    /// An event trigger of PostgreSQL.
    EventTrigger,
    /// An event of MySQL.
    Event,
    /// What a role may do with a table.
    Grant,
}

/// What names an object: no two objects of a database share one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ObjectKey {
    /// The kind.
    pub kind: ObjectKind,
    /// The schema, on PostgreSQL.
    pub schema: Option<String>,
    /// The table it belongs to, for what belongs to one.
    pub table: Option<String>,
    /// The name. What the engine named by itself and counts through has its columns or its expression in parentheses instead;
    /// a primary key without a name of its own has none.
    pub name: String,
}

/// One object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// What names it.
    #[serde(flatten)]
    pub key: ObjectKey,
    /// What is known about it, by the attribute's name. What does not apply is absent.
    pub attributes: BTreeMap<String, String>,
}

/// Everything that a database is made of, except for its rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    /// The engine it was read from. Schemas of different engines cannot be compared in a useful way.
    pub engine: Engine,
    /// The objects by what names them; a list where it is serialized.
    #[serde(serialize_with = "as_list", deserialize_with = "from_list")]
    pub objects: BTreeMap<ObjectKey, Object>,
}

/// What is read, where there is a choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadOptions {
    /// Whether the history tables of other migration tools are left out. They are read unless this says so.
    pub without_other_tools: bool,
    /// Whether privileges are read. They are unless this says no.
    pub grants: bool,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self { without_other_tools: false, grants: true }
    }
}

impl Schema {
    /// Reads the schema of a database, without what belongs to Plimsoll, to diesel's history, to the engine and to
    /// extensions: all schemas on PostgreSQL, the current database on MySQL, the file itself on SQLite.
    ///
    /// Several queries, each a moment of its own: what must not move in between has to be locked by the caller.
    ///
    /// # Errors
    /// Whatever the engine refuses.
    pub fn read(db: &mut dyn Db) -> Result<Self, DbError> {
        Self::read_with(db, ReadOptions::default())
    }

    /// As [`Schema::read`], with a choice of what is read.
    ///
    /// # Errors
    /// Whatever the engine refuses.
    pub fn read_with(db: &mut dyn Db, options: ReadOptions) -> Result<Self, DbError> {
        read::read(db, options)
    }

    /// The SHA-256 of the schema in its canonical JSON, as 64 hexadecimal digits: equal for equal schemas only.
    ///
    /// # Panics
    /// Never: the names and texts of a schema are always JSON.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let json = serde_json::to_vec(self).expect("names and texts are JSON");
        sha256_hex(&json)
    }

    /// The objects that belong to a table, in order; the table itself is not among them.
    pub fn of_table<'a>(&'a self, schema: Option<&'a str>, table: &'a str) -> impl Iterator<Item = &'a Object> {
        self.objects
            .values()
            .filter(move |object| object.key.table.as_deref() == Some(table) && object.key.schema.as_deref() == schema)
    }
}

impl Object {
    /// An attribute by name.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }
}

impl ObjectKind {
    /// The kind as people call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Schema => "schema",
            Self::Extension => "extension",
            Self::Enum => "enum",
            Self::Domain => "domain",
            Self::CompositeType => "composite type",
            Self::RangeType => "range type",
            Self::Sequence => "sequence",
            Self::Table => "table",
            Self::Column => "column",
            Self::PrimaryKey => "primary key",
            Self::Unique => "unique constraint",
            Self::Check => "check",
            Self::Exclusion => "exclusion constraint",
            Self::Index => "index",
            Self::ForeignKey => "foreign key",
            Self::Function => "function",
            Self::Procedure => "procedure",
            Self::View => "view",
            Self::MaterializedView => "materialized view",
            Self::Trigger => "trigger",
            Self::Rule => "rule",
            Self::Policy => "policy",
            Self::EventTrigger => "event trigger",
            Self::Event => "event",
            Self::Grant => "grant",
        }
    }
}

impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// ``column `users.email` ``. The schema `public` is not said.
impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `", self.kind)?;
        if let Some(schema) = self.schema.as_deref().filter(|schema| *schema != "public") {
            write!(f, "{schema}.")?;
        }
        match (&self.table, self.name.as_str()) {
            (Some(table), "") => write!(f, "{table}`"),
            (Some(table), name) if name.starts_with('(') => write!(f, "{table} {name}`"),
            (Some(table), name) => write!(f, "{table}.{name}`"),
            (None, name) => write!(f, "{name}`"),
        }
    }
}

fn as_list<S: Serializer>(objects: &BTreeMap<ObjectKey, Object>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(objects.values())
}

fn from_list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<ObjectKey, Object>, D::Error> {
    let objects = Vec::<Object>::deserialize(deserializer)?;
    Ok(objects.into_iter().map(|object| (object.key.clone(), object)).collect())
}
