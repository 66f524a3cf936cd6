//! What SQLite's pragmas say, for all tables at once. What only the text of a statement says is found by `sqlite_text`.

use std::collections::BTreeMap;

use plimsoll_core::db::{Db, DbError, DynRow, Engine, Stmt};

use super::sqlite_text::{self, TableText};
use super::{Object, ObjectKey, ObjectKind, object_of, set, text};
use crate::schema::text::normalized;

/// The tables that are the project's, as `t`: no shadow tables of virtual ones, which come with these.
const TABLES: &str = "(SELECT l.name, l.type, l.wr, l.strict, m.sql FROM pragma_table_list l JOIN sqlite_schema m \
     ON m.type = 'table' AND m.name = l.name WHERE l.schema = 'main' AND l.type IN ('table', 'virtual') \
     AND l.name NOT LIKE 'sqlite\\_%' ESCAPE '\\') t";

/// What the texts of tables say, by the table's name.
type Texts = BTreeMap<String, TableText>;

pub(super) fn read(db: &mut dyn Db) -> Result<Vec<Object>, DbError> {
    let mut texts = Texts::new();
    let mut found = tables(db, &mut texts)?;
    let columns = columns(db, &texts)?;
    let keys = primary_keys(db, &texts)?;
    found.extend(foreign_keys(db, &texts, &keys)?);
    found.extend(indexes(db)?);
    for (table, text) in &texts {
        for (name, expression) in &text.checks {
            let name = name.clone().unwrap_or_else(|| format!("({expression})"));
            let mut check = object_of(ObjectKind::Check, table, name);
            set(&mut check, "expression", Some(expression.as_str()));
            found.push(check);
        }
    }
    found.extend(columns);
    found.extend(keys);
    found.extend(programs(db)?);
    Ok(found)
}

fn tables(db: &mut dyn Db, texts: &mut Texts) -> Result<Vec<Object>, DbError> {
    let mut found = Vec::new();
    for row in db.rows(&Stmt::new(format!("SELECT t.name, t.type, t.wr, t.strict, t.sql FROM {TABLES}")))? {
        let mut table = standing(ObjectKind::Table, row.text(0));
        if row.text(1) == "virtual" {
            set(&mut table, "definition", Some(normalized(Engine::Sqlite, row.text(4))));
        } else {
            let text = sqlite_text::table(row.text(4));
            set(&mut table, "strict", (row.int(3) != 0).then_some("yes"));
            set(&mut table, "without rowid", (row.int(2) != 0).then_some("yes"));
            set(&mut table, "on conflict", (!text.conflicts.is_empty()).then(|| text.conflicts.join(", ")));
            texts.insert(row.text(0).to_owned(), text);
        }
        found.push(table);
    }
    Ok(found)
}

fn columns(db: &mut dyn Db, texts: &Texts) -> Result<Vec<Object>, DbError> {
    let sql = format!(
        "SELECT t.name, p.name, upper(p.type), p.\"notnull\", p.dflt_value, p.hidden, p.cid \
         FROM {TABLES} JOIN pragma_table_xinfo(t.name) p WHERE t.type = 'table'"
    );
    let column = |row: &DynRow| {
        let mut column = object_of(ObjectKind::Column, row.text(0), row.text(1));
        let said = texts.get(row.text(0)).and_then(|table| table.columns.get(&key(row.text(1))));
        set(&mut column, "type", Some(row.text(2).split_whitespace().collect::<Vec<_>>().join(" ")));
        set(&mut column, "nullability", Some(if row.int(3) == 0 { "nullable" } else { "not null" }));
        set(&mut column, "default", text(row.at(4)).map(|text| normalized(Engine::Sqlite, &text)));
        let stored = if row.int(5) == 3 { "stored" } else { "virtual" };
        let generated = said.and_then(|said| said.generated.as_ref());
        set(&mut column, "generated", generated.map(|expression| format!("{expression} {stored}")));
        set(&mut column, "collation", said.and_then(|said| said.collation.as_deref()).filter(|name| *name != "binary"));
        set(&mut column, "position", Some((row.int(6) + 1).to_string()));
        column
    };
    Ok(db.rows(&Stmt::new(sql))?.iter().map(column).collect())
}

fn primary_keys(db: &mut dyn Db, texts: &Texts) -> Result<Vec<Object>, DbError> {
    let sql = format!(
        "SELECT t.name, p.name FROM {TABLES} JOIN pragma_table_info(t.name) p WHERE t.type = 'table' AND p.pk > 0 \
         ORDER BY t.name, p.pk"
    );
    let key = |rows: &[DynRow]| {
        let row = &rows[0];
        let mut key = object_of(ObjectKind::PrimaryKey, row.text(0), "");
        set(&mut key, "columns", Some(listed(rows, 1)));
        let autoincrement = texts.get(row.text(0)).is_some_and(|table| table.autoincrement);
        set(&mut key, "autoincrement", autoincrement.then_some("yes"));
        key
    };
    Ok(db.rows(&Stmt::new(sql))?.chunk_by(|one, other| one.text(0) == other.text(0)).map(key).collect())
}

fn foreign_keys(db: &mut dyn Db, texts: &Texts, keys: &[Object]) -> Result<Vec<Object>, DbError> {
    let sql = format!(
        "SELECT t.name, f.id, f.\"table\", f.\"from\", f.\"to\", f.on_delete, f.on_update \
         FROM {TABLES} JOIN pragma_foreign_key_list(t.name) f WHERE t.type = 'table' ORDER BY t.name, f.id, f.seq"
    );
    let rows = db.rows(&Stmt::new(sql))?;
    let mut found = Vec::new();
    for rows in rows.chunk_by(|one, other| one.text(0) == other.text(0) && one.int(1) == other.int(1)) {
        let row = &rows[0];
        let columns = listed(rows, 3);
        let mut object = object_of(ObjectKind::ForeignKey, row.text(0), format!("({columns})"));
        // Without columns a reference means the primary key.
        let target = match row.at(4).as_str() {
            Some(_) => listed(rows, 4),
            None => primary_key_of(keys, row.text(2)),
        };
        set(&mut object, "references", Some(format!("{} ({target})", row.text(2))));
        set(&mut object, "on delete", Some(row.text(5).to_lowercase()));
        set(&mut object, "on update", Some(row.text(6).to_lowercase()));
        let deferred = |table: &TableText| table.deferred.iter().any(|keys| unquoted(keys) == unquoted(&columns));
        set(
            &mut object,
            "deferrable",
            texts.get(row.text(0)).filter(|table| deferred(table)).map(|_| "initially deferred"),
        );
        found.push(object);
    }
    Ok(found)
}

fn indexes(db: &mut dyn Db) -> Result<Vec<Object>, DbError> {
    let sql = format!(
        "SELECT t.name, i.name, i.\"unique\", i.origin, m.sql, p.name, p.\"desc\", p.coll \
         FROM {TABLES} JOIN pragma_index_list(t.name) i JOIN pragma_index_xinfo(i.name) p \
         LEFT JOIN sqlite_schema m ON m.type = 'index' AND m.name = i.name \
         WHERE t.type = 'table' AND i.origin <> 'pk' AND p.key = 1 ORDER BY t.name, i.name, p.seqno"
    );
    let rows = db.rows(&Stmt::new(sql))?;
    let mut found = Vec::new();
    for rows in rows.chunk_by(|one, other| one.text(0) == other.text(0) && one.text(1) == other.text(1)) {
        let row = &rows[0];
        let said = sqlite_text::index(row.text(4));
        let parts: Vec<String> = rows.iter().enumerate().map(|(at, row)| part(row, said.parts.get(at))).collect();
        let columns = parts.join(", ");
        if row.text(3) == "u" {
            found.push(object_of(ObjectKind::Unique, row.text(0), format!("({columns})")));
            continue;
        }
        let mut index = object_of(ObjectKind::Index, row.text(0), row.text(1));
        set(&mut index, "columns", Some(columns));
        set(&mut index, "uniqueness", Some(if row.int(2) == 0 { "not unique" } else { "unique" }));
        set(&mut index, "where", said.predicate);
        found.push(index);
    }
    Ok(found)
}

/// A column of an index, or an expression as its text says it.
fn part(row: &DynRow, said: Option<&String>) -> String {
    let mut part = match row.at(5).as_str() {
        Some(name) => name.to_owned(),
        None => said.cloned().unwrap_or_default(),
    };
    let collation = row.text(7).to_uppercase();
    if collation != "BINARY" {
        part.push_str(&format!(" COLLATE {collation}"));
    }
    if row.int(6) != 0 {
        part.push_str(" DESC");
    }
    part
}

/// Views and triggers, which are their text.
fn programs(db: &mut dyn Db) -> Result<Vec<Object>, DbError> {
    let sql = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE type IN ('view', 'trigger')";
    let program = |row: &DynRow| {
        let mut object = match row.text(0) {
            "view" => standing(ObjectKind::View, row.text(1)),
            _ => object_of(ObjectKind::Trigger, row.text(2), row.text(1)),
        };
        set(&mut object, "definition", Some(normalized(Engine::Sqlite, row.text(3))));
        object
    };
    Ok(db.rows(&Stmt::new(sql))?.iter().map(program).collect())
}

fn standing(kind: ObjectKind, name: &str) -> Object {
    let key = ObjectKey { kind, schema: None, table: None, name: name.to_owned() };
    Object { key, attributes: BTreeMap::new() }
}

fn primary_key_of(keys: &[Object], table: &str) -> String {
    let is_of = |key: &&Object| key.key.table.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(table));
    keys.iter().find(is_of).and_then(|key| key.attribute("columns")).unwrap_or_default().to_owned()
}

fn listed(rows: &[DynRow], at: usize) -> String {
    rows.iter().map(|row| row.text(at)).collect::<Vec<_>>().join(", ")
}

/// A name as the texts have it: in the form of `text`.
fn key(name: &str) -> String {
    normalized(Engine::Sqlite, &plimsoll_core::db::quoted(Engine::Sqlite, name))
}

fn unquoted(names: &str) -> String {
    names.replace('"', "").to_lowercase()
}
