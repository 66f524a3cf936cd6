//! Keys of tables: primary, unique and foreign. Columns and their types are read by the file above.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Table;
use crate::db::{Db, DbError, DynRow, Engine, Stmt};

/// A unique constraint or index over plain columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UniqueKey {
    /// The name of the constraint or index.
    pub name: String,
    /// Its columns, in its order.
    pub columns: Vec<String>,
}

/// One foreign key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignKey {
    /// The name of the constraint; on SQLite, which knows none, the number of the key in its table.
    pub name: String,
    /// The columns that refer.
    pub columns: Vec<String>,
    /// The table referred to.
    pub table: String,
    /// The schema of that table, where it is another one than the current.
    #[serde(default)]
    pub schema: Option<String>,
    /// The columns referred to, in the order of `columns`.
    pub references: Vec<String>,
    /// What happens to rows that refer to one that is deleted.
    pub on_delete: OnDelete,
}

/// What the database does to rows that refer to one that is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnDelete {
    /// The deletion is refused (`NO ACTION`, `RESTRICT`).
    Refuse,
    /// They are deleted as well.
    Cascade,
    /// Their columns become NULL.
    SetNull,
    /// Their columns become the default.
    SetDefault,
}

/// Reads all keys of tables that are known already.
pub(super) fn read(db: &mut dyn Db, tables: &mut BTreeMap<String, Table>) -> Result<(), DbError> {
    let queries = queries(db.engine());
    for row in db.rows(&Stmt::new(queries.primary))? {
        if let Some(table) = tables.get_mut(row.text(0)) {
            table.primary_key.push(row.text(1).to_owned());
        }
    }
    for row in db.rows(&Stmt::new(queries.unique))? {
        let Some(table) = tables.get_mut(row.text(0)) else { continue };
        let (name, column) = (row.text(1), row.text(2).to_owned());
        match table.unique_keys.last_mut().filter(|key| key.name == name) {
            Some(key) => key.columns.push(column),
            None => table.unique_keys.push(UniqueKey { name: name.to_owned(), columns: vec![column] }),
        }
    }
    let foreign = db.rows(&Stmt::new(queries.foreign))?;
    for row in &foreign {
        let Some(table) = tables.get_mut(row.text(0)) else { continue };
        let (name, column) = (row.text(1), row.text(2).to_owned());
        match table.foreign_keys.last_mut().filter(|key| key.name == name) {
            Some(key) => {
                key.columns.push(column);
                key.references.extend(referred(row));
            }
            None => table.foreign_keys.push(ForeignKey {
                name: name.to_owned(),
                columns: vec![column],
                table: row.text(3).to_owned(),
                schema: Some(row.text(6).to_owned()).filter(|schema| !schema.is_empty()),
                references: referred(row).into_iter().collect(),
                on_delete: on_delete(row.text(5)),
            }),
        }
    }
    spell_as_declared(tables);
    name_primary_keys(tables);
    Ok(())
}

fn referred(row: &DynRow) -> Option<String> {
    Some(row.text(4).to_owned()).filter(|column| !column.is_empty())
}

/// SQLite gives what a foreign key refers to as it was written there, and takes names that differ in case for the same.
fn spell_as_declared(tables: &mut BTreeMap<String, Table>) {
    let names = |table: &Table| table.columns.iter().map(|column| column.name.clone()).collect();
    let declared: BTreeMap<String, Vec<String>> =
        tables.iter().map(|(name, table)| (name.clone(), names(table))).collect();
    let keys = tables.values_mut().flat_map(|table| &mut table.foreign_keys);
    for key in keys.filter(|key| key.schema.is_none()) {
        let same = || declared.iter().find(|(name, _)| name.eq_ignore_ascii_case(&key.table));
        let Some((table, columns)) = declared.get_key_value(&key.table).or_else(same) else { continue };
        key.table.clone_from(table);
        for column in key.references.iter_mut().filter(|column| !columns.contains(column)) {
            if let Some(same) = columns.iter().find(|same| same.eq_ignore_ascii_case(column)) {
                column.clone_from(same);
            }
        }
    }
}

/// SQLite lets a foreign key leave out the columns when it means the primary key.
fn name_primary_keys(tables: &mut BTreeMap<String, Table>) {
    let primary: BTreeMap<String, Vec<String>> =
        tables.iter().map(|(name, table)| (name.clone(), table.primary_key.clone())).collect();
    let keys = tables.values_mut().flat_map(|table| &mut table.foreign_keys);
    for key in keys.filter(|key| key.references.is_empty()) {
        key.references = primary.get(&key.table).cloned().unwrap_or_default();
    }
}

fn on_delete(text: &str) -> OnDelete {
    match text {
        "CASCADE" | "c" => OnDelete::Cascade,
        "SET NULL" | "n" => OnDelete::SetNull,
        "SET DEFAULT" | "d" => OnDelete::SetDefault,
        _ => OnDelete::Refuse,
    }
}

/// Primary: table, column. Unique: table, key, column. Foreign: table, key, column, target, target's column, on delete, target's
/// schema.
struct Queries {
    primary: &'static str,
    unique: &'static str,
    foreign: &'static str,
}

fn queries(engine: Engine) -> Queries {
    match engine {
        Engine::Sqlite => Queries {
            primary: "SELECT m.name, p.name FROM sqlite_schema m JOIN pragma_table_info(m.name) p \
                WHERE m.type = 'table' AND p.pk > 0 ORDER BY m.name, p.pk",
            unique: "SELECT m.name, l.name, i.name FROM sqlite_schema m JOIN pragma_index_list(m.name) l \
                JOIN pragma_index_info(l.name) i WHERE m.type = 'table' AND l.\"unique\" AND l.origin <> 'pk' AND NOT l.partial \
                AND NOT EXISTS (SELECT 1 FROM pragma_index_info(l.name) e WHERE e.name IS NULL) \
                ORDER BY m.name, l.name, i.seqno",
            foreign: "SELECT m.name, CAST(f.id AS TEXT), f.\"from\", f.\"table\", coalesce(f.\"to\", ''), f.on_delete, '' \
                FROM sqlite_schema m JOIN pragma_foreign_key_list(m.name) f \
                WHERE m.type = 'table' ORDER BY m.name, f.id, f.seq",
        },
        // A key that refers to a partitioned table has another one for each of the partitions.
        Engine::Postgres => Queries {
            primary: "SELECT c.relname::text, a.attname::text FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid \
                CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY k(attnum, position) \
                JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum \
                WHERE i.indisprimary AND c.relnamespace = quote_ident(current_schema())::regnamespace ORDER BY c.relname, k.position",
            unique: "SELECT c.relname::text, x.relname::text, a.attname::text FROM pg_index i \
                JOIN pg_class c ON c.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid \
                CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY k(attnum, position) \
                JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum \
                WHERE i.indisunique AND NOT i.indisprimary AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL \
                AND k.position <= i.indnkeyatts AND c.relnamespace = quote_ident(current_schema())::regnamespace \
                ORDER BY c.relname, x.relname, k.position",
            foreign: "SELECT c.relname::text, f.conname::text, a.attname::text, t.relname::text, b.attname::text, f.confdeltype::text, \
                CASE WHEN t.relnamespace = c.relnamespace THEN '' ELSE n.nspname::text END FROM pg_constraint f \
                JOIN pg_class c ON c.oid = f.conrelid JOIN pg_class t ON t.oid = f.confrelid \
                JOIN pg_namespace n ON n.oid = t.relnamespace \
                CROSS JOIN LATERAL unnest(f.conkey, f.confkey) WITH ORDINALITY k(attnum, target, position) \
                JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum \
                JOIN pg_attribute b ON b.attrelid = t.oid AND b.attnum = k.target \
                WHERE f.contype = 'f' AND c.relnamespace = quote_ident(current_schema())::regnamespace \
                AND NOT EXISTS (SELECT 1 FROM pg_constraint o WHERE o.oid = f.conparentid AND o.conrelid = f.conrelid) \
                ORDER BY c.relname, f.conname, k.position",
        },
        Engine::Mysql => Queries {
            primary: "SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.KEY_COLUMN_USAGE \
                WHERE TABLE_SCHEMA = DATABASE() AND CONSTRAINT_NAME = 'PRIMARY' ORDER BY TABLE_NAME, ORDINAL_POSITION",
            unique: "SELECT s.TABLE_NAME, s.INDEX_NAME, s.COLUMN_NAME FROM information_schema.STATISTICS s \
                WHERE s.TABLE_SCHEMA = DATABASE() AND s.NON_UNIQUE = 0 AND s.INDEX_NAME <> 'PRIMARY' \
                AND NOT EXISTS (SELECT 1 FROM information_schema.STATISTICS p WHERE p.TABLE_SCHEMA = s.TABLE_SCHEMA \
                AND p.TABLE_NAME = s.TABLE_NAME AND p.INDEX_NAME = s.INDEX_NAME \
                AND (p.SUB_PART IS NOT NULL OR p.COLUMN_NAME IS NULL)) \
                ORDER BY s.TABLE_NAME, s.INDEX_NAME, s.SEQ_IN_INDEX",
            foreign: "SELECT k.TABLE_NAME, k.CONSTRAINT_NAME, k.COLUMN_NAME, k.REFERENCED_TABLE_NAME, k.REFERENCED_COLUMN_NAME, \
                r.DELETE_RULE, IF(k.REFERENCED_TABLE_SCHEMA = DATABASE(), '', k.REFERENCED_TABLE_SCHEMA) FROM information_schema.KEY_COLUMN_USAGE k \
                JOIN information_schema.REFERENTIAL_CONSTRAINTS r ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA \
                AND r.TABLE_NAME = k.TABLE_NAME AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME \
                WHERE k.TABLE_SCHEMA = DATABASE() AND k.REFERENCED_TABLE_NAME IS NOT NULL \
                ORDER BY k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION",
        },
    }
}
