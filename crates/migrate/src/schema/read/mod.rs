//! Reads a schema in few queries, each over all tables at once. What each engine is asked is in its own file.

mod mysql;
mod mysql_lists;
mod postgres;
mod postgres_tables;
mod postgres_types;
mod sqlite;
mod sqlite_text;

use std::collections::BTreeMap;

use plimsoll_core::db::{Db, DbError, DynRow, Engine, Stmt, Value};

use super::{Object, ObjectKey, ObjectKind, ReadOptions, Schema};

/// A query that answers with the schema, the table and the name of objects, then their attributes in this order. What is NULL
/// does not apply to the object.
struct Query {
    kind: ObjectKind,
    attributes: &'static [&'static str],
    sql: String,
}

/// The history tables of other tools, and those tools' schemas.
const OTHER_TABLES: [&str; 8] = [
    "flyway_schema_history",
    "_prisma_migrations",
    "_sqlx_migrations",
    "schema_migrations",
    "goose_db_version",
    "refinery_schema_history",
    "atlas_schema_revisions",
    "DATABASECHANGELOG",
];
const OTHER_SCHEMAS: [&str; 2] = ["sqitch", "atlas_schema_revisions"];

const DIESEL: &str = "__diesel_schema_migrations";

pub(super) fn read(db: &mut dyn Db, options: ReadOptions) -> Result<Schema, DbError> {
    let engine = db.engine();
    let mut objects = match engine {
        Engine::Sqlite => sqlite::read(db)?,
        Engine::Postgres => postgres::read(db)?,
        Engine::Mysql => mysql::read(db)?,
    };
    if !options.grants {
        objects.retain(|object| object.key.kind != ObjectKind::Grant);
        for object in &mut objects {
            object.attributes.remove(GRANTED);
        }
    }
    objects.retain(|object| is_read(engine, &object.key, options));
    Ok(Schema { engine, objects: keyed(objects) })
}

/// What others may do with an object that is no table.
const GRANTED: &str = "granted";

fn is_read(engine: Engine, key: &ObjectKey, options: ReadOptions) -> bool {
    let table = match key.kind {
        ObjectKind::Table => Some(&key.name),
        _ => key.table.as_ref(),
    };
    let is_own = |name: &String| name == DIESEL || (engine != Engine::Postgres && name.starts_with("plimsoll_"));
    // What keeps the rows of a life cycle as they are is put there and taken away by a command, not by migrations.
    if table.is_some_and(is_own) || key.name.starts_with("plimsoll_lifecycle_") {
        return false;
    }
    let schema = if key.kind == ObjectKind::Schema { Some(&key.name) } else { key.schema.as_ref() };
    let others = table.is_some_and(|name| OTHER_TABLES.contains(&name.as_str()))
        || schema.is_some_and(|name| OTHER_SCHEMAS.contains(&name.as_str()));
    !(options.without_other_tools && others)
}

/// Objects by what names them. Those that are named by their content may be there twice, and are counted.
fn keyed(found: Vec<Object>) -> BTreeMap<ObjectKey, Object> {
    let mut objects: BTreeMap<ObjectKey, Object> = BTreeMap::new();
    for mut object in found {
        let name = object.key.name.clone();
        let mut times = 1;
        while objects.contains_key(&object.key) {
            times += 1;
            object.key.name = format!("{name} {times}");
        }
        objects.insert(object.key.clone(), object);
    }
    objects
}

/// The objects of a query.
fn objects(db: &mut dyn Db, query: Query) -> Result<Vec<Object>, DbError> {
    let rows = db.rows(&Stmt::new(query.sql))?;
    let object = |row: &DynRow| Object {
        key: ObjectKey {
            kind: query.kind,
            schema: text(row.at(0)),
            table: text(row.at(1)),
            name: text(row.at(2)).unwrap_or_default(),
        },
        attributes: (3..)
            .zip(query.attributes)
            .filter_map(|(at, name)| Some(((*name).to_owned(), text(row.at(at))?)))
            .collect(),
    };
    Ok(rows.iter().map(object).collect())
}

/// An object with a table and without a schema.
fn object_of(kind: ObjectKind, table: &str, name: impl Into<String>) -> Object {
    let key = ObjectKey { kind, schema: None, table: Some(table.to_owned()), name: name.into() };
    Object { key, attributes: BTreeMap::new() }
}

/// Sets an attribute, if there is a value.
fn set(object: &mut Object, name: &str, value: Option<impl Into<String>>) {
    if let Some(value) = value {
        object.attributes.insert(name.to_owned(), value.into());
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Int(number) => Some(number.to_string()),
        Value::Float(number) => Some(number.to_string()),
        Value::Text(text) => Some(text.clone()),
        Value::Bytes(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
    }
}
