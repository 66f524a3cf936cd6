//! What a database contains: tables, columns, keys and foreign keys, read from the engine's own catalogue in a few queries.

mod keys;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use keys::{ForeignKey, OnDelete, UniqueKey};

use super::{Db, DbError, DynRow, Engine, Stmt, quoted, scalar};

/// The tables of a database's current schema.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Catalog {
    /// The tables by name.
    pub tables: BTreeMap<String, Table>,
}

/// One table.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// The columns in their order.
    pub columns: Vec<Column>,
    /// The columns of the primary key, in its order.
    pub primary_key: Vec<String>,
    /// What else is unique about its rows: constraints and indexes over plain columns, without a condition.
    #[serde(default)]
    pub unique_keys: Vec<UniqueKey>,
    /// What its rows refer to.
    pub foreign_keys: Vec<ForeignKey>,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// The name.
    pub name: String,
    /// The type as the engine writes it.
    pub declared: String,
    /// The type as far as values are concerned.
    pub kind: ColumnKind,
    /// Whether NULL is allowed.
    pub nullable: bool,
    /// Whether the database computes the value itself, so that it cannot be written.
    pub generated: bool,
}

/// What values a column takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnKind {
    /// True or false.
    Bool,
    /// Whole numbers.
    Int,
    /// Binary floating point.
    Float,
    /// Exact decimals.
    Decimal,
    /// Text.
    Text,
    /// JSON documents.
    Json,
    /// A date and time.
    Timestamp,
    /// Bytes.
    Bytes,
    /// Anything else; compared and written as text.
    Other,
}

impl Table {
    /// A column by name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

impl Catalog {
    /// Reads the catalogue of the current schema, without Plimsoll's and diesel's own tables.
    ///
    /// # Errors
    /// Whatever the engine refuses.
    pub fn read(db: &mut dyn Db) -> Result<Self, DbError> {
        let engine = db.engine();
        let mut catalog = Self::default();
        for row in db.rows(&Stmt::new(columns(engine)))? {
            let name = row.text(0);
            if is_own(name) {
                continue;
            }
            let table = catalog.tables.entry(name.to_owned()).or_default();
            table.columns.push(column(engine, &row));
        }
        keys::read(db, &mut catalog.tables)?;
        if engine == Engine::Mysql {
            catalog.find_json_of_mariadb(db)?;
        }
        Ok(catalog)
    }

    /// MariaDB keeps JSON as text with a check of its own making; MySQL has a type for it, and no such columns here.
    fn find_json_of_mariadb(&mut self, db: &mut dyn Db) -> Result<(), DbError> {
        let version = scalar(db, &Stmt::new("SELECT VERSION()"))?;
        if !version.as_str().is_some_and(|version| version.contains("MariaDB")) {
            return Ok(());
        }
        let checks = "SELECT TABLE_NAME, CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS \
                      WHERE CONSTRAINT_SCHEMA = DATABASE()";
        for row in db.rows(&Stmt::new(checks))? {
            let columns = self.tables.get_mut(row.text(0)).into_iter().flat_map(|table| &mut table.columns);
            let is_json =
                |column: &&mut Column| row.text(1) == format!("json_valid({})", quoted(Engine::Mysql, &column.name));
            for column in columns.filter(is_json) {
                column.kind = ColumnKind::Json;
            }
        }
        Ok(())
    }
}

/// Table, name, type, nullable, generated.
fn columns(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => {
            "SELECT m.name, p.name, p.type, NOT p.\"notnull\" AND p.pk = 0, p.hidden IN (2, 3) \
                FROM sqlite_schema m JOIN pragma_table_xinfo(m.name) p WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
                ORDER BY m.name, p.cid"
        }
        Engine::Postgres => {
            "SELECT c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod)::text, NOT a.attnotnull, \
                a.attgenerated <> '' OR a.attidentity = 'a' FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid \
                WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped \
                ORDER BY c.relname, a.attnum"
        }
        Engine::Mysql => {
            "SELECT c.TABLE_NAME, c.COLUMN_NAME, c.COLUMN_TYPE, c.IS_NULLABLE = 'YES', c.EXTRA LIKE '%GENERATED%' \
                FROM information_schema.COLUMNS c JOIN information_schema.TABLES t \
                ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME AND t.TABLE_TYPE = 'BASE TABLE' \
                WHERE c.TABLE_SCHEMA = DATABASE() ORDER BY c.TABLE_NAME, c.ORDINAL_POSITION"
        }
    }
}

fn is_own(table: &str) -> bool {
    table.starts_with("plimsoll_") || table == "__diesel_schema_migrations"
}

fn column(engine: Engine, row: &DynRow) -> Column {
    let declared = row.text(2).to_owned();
    Column {
        name: row.text(1).to_owned(),
        kind: kind(engine, &declared),
        nullable: row.int(3) != 0,
        generated: row.int(4) != 0,
        declared,
    }
}

fn kind(engine: Engine, declared: &str) -> ColumnKind {
    let lower = declared.to_lowercase();
    let base = lower.split(['(', ' ']).next().unwrap_or_default();
    if engine == Engine::Mysql && lower.starts_with("tinyint(1)") {
        return ColumnKind::Bool;
    }
    match base {
        "bool" | "boolean" => ColumnKind::Bool,
        "int" | "integer" | "bigint" | "smallint" | "tinyint" | "mediumint" | "int2" | "int4" | "int8" => {
            ColumnKind::Int
        }
        "real" | "double" | "float" | "float4" | "float8" => ColumnKind::Float,
        "numeric" | "decimal" => ColumnKind::Decimal,
        "json" | "jsonb" => ColumnKind::Json,
        "datetime" => ColumnKind::Timestamp,
        "bytea" | "blob" | "longblob" | "mediumblob" | "tinyblob" | "binary" | "varbinary" => ColumnKind::Bytes,
        _ if base.starts_with("timestamp") => ColumnKind::Timestamp,
        "" => ColumnKind::Other,
        _ if base.contains("char") || base.ends_with("text") || base == "clob" => ColumnKind::Text,
        _ => ColumnKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declared_types_are_understood_as_each_engine_writes_them() {
        let cases = [
            (Engine::Postgres, "timestamp(3) without time zone", ColumnKind::Timestamp),
            (Engine::Postgres, "double precision", ColumnKind::Float),
            (Engine::Postgres, "character varying(20)", ColumnKind::Text),
            (Engine::Postgres, "text[]", ColumnKind::Other),
            (Engine::Sqlite, "JSONB", ColumnKind::Json),
            (Engine::Sqlite, "DATETIME", ColumnKind::Timestamp),
            (Engine::Mysql, "tinyint(1)", ColumnKind::Bool),
            (Engine::Mysql, "int(11) unsigned", ColumnKind::Int),
            (Engine::Mysql, "longtext", ColumnKind::Text),
        ];
        for (engine, declared, expected) in cases {
            assert_eq!(kind(engine, declared), expected, "{declared}");
        }
    }

    #[cfg(feature = "sqlite")]
    #[test]
    fn a_table_with_every_kind_of_column_is_read_from_a_live_database() {
        use crate::db::{Access, DatabaseUrl, connect};

        let dir = tempfile::tempdir().expect("a folder");
        let url = DatabaseUrl::parse("sqlite:a.db", dir.path()).expect("a good URL");
        let mut db = connect(&url, Access::Write).expect("opens");
        db.batch(
            "CREATE TABLE owner (id INTEGER PRIMARY KEY);
             CREATE TABLE every_kind (
                 flag BOOLEAN NOT NULL, whole BIGINT, fraction DOUBLE PRECISION, price NUMERIC(10, 2),
                 name VARCHAR(20) NOT NULL DEFAULT 'x', data JSON, made_at DATETIME, picture BLOB, shape GEOMETRY, bare,
                 \"odd \"\"name\" TEXT, owner_id INTEGER REFERENCES owner(id) ON DELETE CASCADE,
                 twice BIGINT GENERATED ALWAYS AS (whole * 2) STORED,
                 PRIMARY KEY (name, flag)
             );
             CREATE TABLE plimsoll_meta (name TEXT); CREATE VIEW seen AS SELECT * FROM owner;",
        )
        .expect("runs");
        db.ensure_diesel_history().expect("made");
        let catalog = Catalog::read(db.as_mut()).expect("reads");
        assert_eq!(catalog.tables.keys().collect::<Vec<_>>(), ["every_kind", "owner"]);
        let table = &catalog.tables["every_kind"];
        let columns: Vec<String> = table
            .columns
            .iter()
            .map(|column| {
                let null = if column.nullable { "null" } else { "not null" };
                let generated = if column.generated { ", generated" } else { "" };
                format!("{}: {:?} ({}), {null}{generated}", column.name, column.kind, column.declared)
            })
            .collect();
        insta::assert_snapshot!(columns.join("\n"));
        assert_eq!(table.primary_key, ["name", "flag"]);
        assert_eq!(
            table.foreign_keys,
            [ForeignKey {
                name: "0".to_owned(),
                columns: vec!["owner_id".to_owned()],
                table: "owner".to_owned(),
                references: vec!["id".to_owned()],
                on_delete: OnDelete::Cascade,
            }]
        );
        assert_eq!(table.column("absent"), None);
        assert!(!catalog.tables["owner"].column("id").expect("it has one").nullable);
    }
}
