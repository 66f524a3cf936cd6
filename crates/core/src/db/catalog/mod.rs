//! What a database contains: tables and columns, read from the engine's own catalogue in a few queries. Their keys and what
//! else is said about them are read by the files beside this one.

mod facts;
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
    /// Whether triggers see a row before it is inserted, so that they may fill in what it lacks.
    #[serde(default)]
    pub fills_rows: bool,
    /// Whether row-level security may keep rows from this session's user.
    #[serde(default)]
    pub hides_rows: bool,
}

/// One column.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// The name.
    pub name: String,
    /// The type as the engine writes it.
    pub declared: String,
    /// The type that a domain is made of (PostgreSQL).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// The type as far as values are concerned.
    pub kind: ColumnKind,
    /// Whether NULL is allowed.
    pub nullable: bool,
    /// Whether the database computes the value itself, so that it cannot be written.
    pub generated: bool,
    /// Whether the database fills the column in when a row is created without it.
    #[serde(default)]
    pub has_default: bool,
    /// How the database counts the column up, where it does.
    #[serde(default)]
    pub counter: Option<Counter>,
    /// The only texts that an enumeration or a set takes, in their order.
    #[serde(default)]
    pub choices: Vec<String>,
    /// The collation that texts are compared by, where equal texts may be written differently.
    #[serde(default)]
    pub collation: Option<String>,
    /// Which whole numbers the column holds.
    #[serde(default)]
    pub whole: Option<Whole>,
    /// How many digits of a second a time keeps, where the engine rounds to them.
    #[serde(default)]
    pub digits: Option<u8>,
    /// How many bytes shorter ones are filled up to with zeros, where the engine does that.
    #[serde(default)]
    pub pads: Option<usize>,
    /// Whether a float keeps four bytes only.
    #[serde(default)]
    pub narrow: bool,
}

/// How a database counts a column up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counter {
    /// The sequence behind it as SQL names it (PostgreSQL).
    pub sequence: Option<String>,
    /// Whether the database takes no other value unless it is overridden (`GENERATED ALWAYS AS IDENTITY`).
    pub always: bool,
}

/// The size of a whole number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Whole {
    /// How many bits it has.
    pub bits: u8,
    /// Whether it is never negative.
    pub unsigned: bool,
}

/// What values a column takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    #[default]
    Other,
}

impl Whole {
    /// The least and the greatest number.
    #[must_use]
    pub fn range(self) -> (i128, i128) {
        if self.unsigned {
            (0, (1_i128 << self.bits) - 1)
        } else {
            (-(1_i128 << (self.bits - 1)), (1_i128 << (self.bits - 1)) - 1)
        }
    }
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
        facts::read(db, &mut catalog.tables)?;
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

/// Table, name, type, nullable, generated, has a default, counted (1: unless given, 2: always), sequence, collation,
/// type under a domain.
fn columns(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => {
            "SELECT m.name, p.name, p.type, NOT p.\"notnull\" AND p.pk = 0, p.hidden IN (2, 3), p.dflt_value IS NOT NULL, \
                p.pk = 1 AND upper(p.type) = 'INTEGER' AND m.sql NOT LIKE '%WITHOUT ROWID%' \
                AND (SELECT count(*) FROM pragma_table_info(m.name) k WHERE k.pk > 0) = 1, '', '', '' \
                FROM sqlite_schema m JOIN pragma_table_xinfo(m.name) p WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
                ORDER BY m.name, p.cid"
        }
        Engine::Postgres => {
            "SELECT c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod)::text, \
                NOT a.attnotnull AND NOT t.typnotnull, a.attgenerated <> '', \
                a.atthasdef OR a.attidentity <> '' OR t.typdefault IS NOT NULL, \
                CASE a.attidentity WHEN 'a' THEN 2 WHEN 'd' THEN 1 ELSE 0 END, \
                CASE WHEN a.attidentity <> '' THEN (SELECT s.oid::regclass::text FROM pg_depend d \
                JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S' WHERE d.classid = 'pg_class'::regclass \
                AND d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid AND d.refobjsubid = a.attnum \
                AND d.deptype = 'i' LIMIT 1) \
                WHEN a.atthasdef THEN (SELECT s.oid::regclass::text FROM pg_attrdef f \
                JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_class'::regclass \
                JOIN pg_class s ON s.oid = d.refobjid AND s.relkind = 'S' \
                WHERE f.adrelid = c.oid AND f.adnum = a.attnum LIMIT 1) END, \
                CASE WHEN l.collisdeterministic THEN '' ELSE l.oid::regcollation::text END, \
                CASE WHEN t.typtype = 'd' THEN (WITH RECURSIVE under AS (SELECT t.typbasetype AS base, t.typtypmod AS size, 1 AS depth \
                UNION ALL SELECT d.typbasetype, d.typtypmod, u.depth + 1 FROM under u JOIN pg_type d ON d.oid = u.base AND d.typtype = 'd') \
                SELECT format_type(base, size)::text FROM under ORDER BY depth DESC LIMIT 1) ELSE '' END \
                FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid \
                LEFT JOIN pg_collation l ON l.oid = a.attcollation \
                WHERE c.relnamespace = quote_ident(current_schema())::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped \
                ORDER BY c.relname, a.attnum"
        }
        // `DEFAULT_GENERATED` is what MySQL says of a default that is an expression.
        Engine::Mysql => {
            "SELECT c.TABLE_NAME, c.COLUMN_NAME, c.COLUMN_TYPE, c.IS_NULLABLE = 'YES', c.EXTRA LIKE '% GENERATED%', \
                c.COLUMN_DEFAULT IS NOT NULL OR c.EXTRA LIKE '%auto_increment%' OR c.DATA_TYPE = 'enum', \
                c.EXTRA LIKE '%auto_increment%', '', COALESCE(c.COLLATION_NAME, ''), '' \
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
    let kind = kind(engine, &declared);
    let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let sequence = given(row.text(7)).filter(|_| kind == ColumnKind::Int);
    Column {
        name: row.text(1).to_owned(),
        kind,
        nullable: row.int(3) != 0,
        generated: row.int(4) != 0,
        has_default: row.int(5) != 0 || row.int(6) != 0,
        counter: (row.int(6) != 0 || sequence.is_some()).then(|| Counter { sequence, always: row.int(6) == 2 }),
        choices: if engine == Engine::Mysql { facts::choices(&declared) } else { Vec::new() },
        collation: given(row.text(8)),
        whole: if kind == ColumnKind::Int { facts::whole(engine, &declared) } else { None },
        digits: facts::digits(engine, &declared),
        pads: facts::pads(engine, &declared),
        narrow: facts::is_narrow(engine, &declared),
        base: given(row.text(9)),
        declared,
    }
}

fn kind(engine: Engine, declared: &str) -> ColumnKind {
    let lower = declared.to_lowercase();
    let base = lower.split(['(', ' ']).next().unwrap_or_default();
    if engine == Engine::Mysql && lower.starts_with("tinyint(1)") {
        return ColumnKind::Bool;
    }
    if engine == Engine::Postgres && lower.ends_with("[]") {
        return ColumnKind::Other;
    }
    match base {
        "bool" | "boolean" => ColumnKind::Bool,
        "int" | "integer" | "bigint" | "smallint" | "tinyint" | "mediumint" | "int2" | "int4" | "int8" => {
            ColumnKind::Int
        }
        "bit" | "year" if engine == Engine::Mysql => ColumnKind::Int,
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
            (Engine::Postgres, "timestamp with time zone[]", ColumnKind::Other),
            (Engine::Postgres, "bit(8)", ColumnKind::Other),
            (Engine::Mysql, "bit(8)", ColumnKind::Int),
            (Engine::Mysql, "enum('a','b')", ColumnKind::Other),
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
                schema: None,
                references: vec!["id".to_owned()],
                on_delete: OnDelete::Cascade,
            }]
        );
        assert_eq!(table.column("absent"), None);
        assert!(!catalog.tables["owner"].column("id").expect("it has one").nullable);
    }
}
