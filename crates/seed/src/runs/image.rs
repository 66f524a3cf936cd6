//! Exact images of rows: every value as the engine itself writes it, to be put back byte for byte. Comparing with files is `value`'s.

use std::collections::HashMap;

use plimsoll_core::db::{Column, ColumnKind, Db, DbError, Engine, Stmt, Table, Value, dialect, quoted};
use serde_json::{Map, Value as Json, json};

use crate::value::{canonical_text, live};

/// Values by column, in a form that survives JSON: text and whole numbers as such, floats and bytes marked.
pub(crate) type Image = Map<String, Json>;

/// Rows per query. Keys of several columns are spelled out one by one, so this stays small.
const CHUNK: usize = 200;

/// A row that is there now.
#[derive(Debug, Clone)]
pub(crate) struct Present {
    /// The values that identify it, canonical: the same for every way of reading them.
    pub(crate) identity: String,
    /// All columns that can be written back.
    pub(crate) image: Image,
}

/// The columns of an image: all that can be written, and those that identify the row.
pub(crate) fn columns<'t>(table: &'t Table, identity: &[String]) -> Vec<&'t Column> {
    table.columns.iter().filter(|column| !column.generated || identity.contains(&column.name)).collect()
}

/// What identifies the rows of a table: its primary key, or the natural key where it has none.
pub(crate) fn identity(table: &Table, key: &Json) -> Vec<String> {
    if !table.primary_key.is_empty() {
        return table.primary_key.clone();
    }
    key.as_object().map(|key| key.keys().cloned().collect()).unwrap_or_default()
}

/// The expression that reads a column without losing anything.
pub(crate) fn expression(engine: Engine, column: &Column) -> String {
    let name = quoted(engine, &column.name);
    match engine {
        // As `::text` has it, however a server is told to write bytes.
        Engine::Postgres if column.kind == ColumnKind::Bytes => format!("'\\x' || encode({name}, 'hex')"),
        Engine::Postgres => format!("{name}::text"),
        Engine::Sqlite => name,
        Engine::Mysql if column.declared.starts_with("bit") => format!("CAST({name} AS UNSIGNED)"),
        Engine::Mysql => match column.kind {
            ColumnKind::Int | ColumnKind::Bool | ColumnKind::Float | ColumnKind::Bytes | ColumnKind::Text => name,
            ColumnKind::Decimal | ColumnKind::Json | ColumnKind::Timestamp | ColumnKind::Other => {
                format!("CAST({name} AS CHAR)")
            }
        },
    }
}

/// A value that [`expression`] gave, for JSON.
pub(crate) fn remember(engine: Engine, column: &Column, value: Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(flag) => Json::Bool(flag),
        Value::Int(number) => Json::from(number),
        // Rust writes the shortest text that reads as the same number.
        Value::Float(number) => json!({ "float": number.to_string() }),
        Value::Text(text) if engine == Engine::Mysql && column.kind == ColumnKind::Bytes => bytes(text.as_bytes()),
        Value::Text(text) => Json::String(text),
        Value::Bytes(raw) => bytes(&raw),
    }
}

/// A remembered value as it is bound, and what goes after the bind.
pub(crate) fn bind(engine: Engine, column: &Column, value: &Json) -> (Value, String) {
    let cast = match engine {
        Engine::Postgres => format!("::text::{}", dialect::bound_type(column)),
        Engine::Sqlite | Engine::Mysql => String::new(),
    };
    let value = match value {
        Json::Null | Json::Array(_) => Value::Null,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => number.as_i64().map_or_else(|| Value::Text(number.to_string()), Value::Int),
        Json::String(text) => Value::Text(text.clone()),
        Json::Object(marked) => match (marked.get("float"), marked.get("bytes")) {
            (Some(Json::String(text)), _) => text.parse().map_or(Value::Null, Value::Float),
            (_, Some(Json::String(digits))) => Value::Bytes(from_hex(digits)),
            _ => Value::Null,
        },
    };
    (value, cast)
}

/// Appends `a = ? AND b = ?`, or `a IN (..)`, for rows by their identity.
pub(crate) fn push_condition(engine: Engine, stmt: &mut Stmt, identity: &[&Column], rows: &[&Image]) {
    let value = |stmt: &mut Stmt, column: &Column, row: &Image| {
        let (value, cast) = bind(engine, column, row.get(&column.name).unwrap_or(&Json::Null));
        stmt.push_bind(value);
        stmt.push(cast);
    };
    if let [only] = identity {
        stmt.push(format!("{} IN (", quoted(engine, &only.name)));
        for (index, row) in rows.iter().enumerate() {
            stmt.push(if index > 0 { ", " } else { "" });
            value(stmt, only, row);
        }
        stmt.push(")");
        return;
    }
    stmt.push("(");
    for (index, row) in rows.iter().enumerate() {
        stmt.push(if index > 0 { " OR (" } else { "(" });
        for (position, column) in identity.iter().enumerate() {
            let and = if position > 0 { " AND " } else { "" };
            stmt.push(format!("{and}{} = ", quoted(engine, &column.name)));
            value(stmt, column, row);
        }
        stmt.push(")");
    }
    stmt.push(")");
}

/// Reads rows by their identity, by [`Present::identity`]. `rows` need to hold those columns only.
pub(crate) fn read(
    db: &mut dyn Db,
    name: &str,
    table: &Table,
    identity: &[String],
    rows: &[&Image],
) -> Result<HashMap<String, Present>, DbError> {
    let engine = db.engine();
    let all = columns(table, identity);
    let keys: Vec<&Column> = identity.iter().filter_map(|name| table.column(name)).collect();
    let mut found = HashMap::new();
    if keys.is_empty() || keys.len() != identity.len() {
        return Ok(found);
    }
    let list: Vec<String> = all
        .iter()
        .map(|column| expression(engine, column))
        .chain(keys.iter().map(|column| dialect::read_expr(engine, column)))
        .collect();
    for chunk in rows.chunks(CHUNK) {
        let mut stmt = Stmt::new(format!("SELECT {} FROM {} WHERE ", list.join(", "), quoted(engine, name)));
        push_condition(engine, &mut stmt, &keys, chunk);
        for row in db.rows(&stmt)? {
            let mut values = row.into_values();
            let image: Image = all
                .iter()
                .zip(values.by_ref())
                .map(|(column, value)| (column.name.clone(), remember(engine, column, value)))
                .collect();
            let identity = keys.iter().zip(values).map(|(column, value)| live(column, value)).collect();
            let identity = canonical_text(&Json::Array(identity));
            found.insert(identity.clone(), Present { identity, image });
        }
    }
    Ok(found)
}

/// The identity of a remembered row, as [`read`] gives it for a row that is there.
pub(crate) fn identify(engine: Engine, table: &Table, identity: &[String], row: &Image) -> Option<String> {
    let parts = identity.iter().map(|name| {
        let column = table.column(name)?;
        let value = match bind(engine, column, row.get(name)?).0 {
            // As text, where the row has the bytes themselves.
            Value::Text(text) if engine == Engine::Postgres && column.kind == ColumnKind::Bytes => {
                Value::Bytes(from_hex(text.strip_prefix("\\x")?))
            }
            value => value,
        };
        Some(live(column, value))
    });
    Some(canonical_text(&Json::Array(parts.collect::<Option<_>>()?)))
}

/// The columns in which two images differ, of those that both have.
pub(crate) fn differing<'i>(then: &'i Image, now: &'i Image) -> impl Iterator<Item = (&'i str, &'i Json, &'i Json)> {
    then.iter().filter_map(|(name, old)| {
        let new = now.get(name)?;
        (old != new).then_some((name.as_str(), old, new))
    })
}

/// A remembered value for people.
pub(crate) fn shown(value: &Json) -> Json {
    match value {
        Json::Object(marked) => {
            marked.get("float").or_else(|| marked.get("bytes")).cloned().unwrap_or_else(|| value.clone())
        }
        other => other.clone(),
    }
}

fn bytes(raw: &[u8]) -> Json {
    json!({ "bytes": raw.iter().map(|byte| format!("{byte:02x}")).collect::<String>() })
}

fn from_hex(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap_or_default());
    pairs.filter_map(|pair| u8::from_str_radix(pair, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn column() -> Column {
        Column { name: "c".to_owned(), nullable: true, ..Column::default() }
    }

    proptest! {
        #[test]
        fn a_remembered_value_is_bound_as_it_was(float in proptest::num::f64::NORMAL, raw in proptest::collection::vec(any::<u8>(), 0..20), text in ".*") {
            let values = [Value::Null, Value::Int(i64::MAX), Value::Float(float), Value::Bytes(raw), Value::Text(text), Value::Bool(true)];
            for value in values {
                let json = remember(Engine::Sqlite, &column(), value.clone());
                let text = serde_json::to_string(&json).expect("is JSON");
                let back: Json = serde_json::from_str(&text).expect("is JSON");
                prop_assert_eq!(bind(Engine::Sqlite, &column(), &back).0, value);
            }
        }
    }
}
