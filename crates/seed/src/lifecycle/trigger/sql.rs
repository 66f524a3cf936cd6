//! The text of the triggers, engine by engine. Pure; whether they are there is asked by the file above.

use std::collections::BTreeSet;

use plimsoll_core::db::{ColumnKind, Engine, Table, dialect, quoted};

use crate::lifecycle::Lifecycle;
use crate::value::hash;

/// A statement, and the name of the trigger that it makes, if it makes one.
pub(super) struct Made {
    pub(super) trigger: Option<String>,
    pub(super) sql: String,
}

/// Characters of the digest in names: what a table's triggers say is part of what they are called.
const DIGEST: usize = 12;

/// The statements that make the triggers of a table.
pub(super) fn made(engine: Engine, lifecycle: &Lifecycle, table: &Table, prefix: &str) -> Vec<Made> {
    let statements = |base: &str| match engine {
        Engine::Sqlite => sqlite(lifecycle, table, base),
        Engine::Postgres => postgres(lifecycle, table, base),
        Engine::Mysql => mysql(lifecycle, table, base),
    };
    let text: String = statements("").into_iter().map(|made| made.sql).collect();
    statements(&format!("{prefix}{}", &hash(&text)[..DIGEST]))
}

/// The statements that take triggers away, and the functions that go with them.
pub(super) fn removed(engine: Engine, table: &str, triggers: &[String]) -> Vec<String> {
    let mut statements = Vec::new();
    let mut functions = BTreeSet::new();
    for name in triggers {
        let quoted_name = quoted(engine, name);
        match engine {
            Engine::Sqlite | Engine::Mysql => statements.push(format!("DROP TRIGGER IF EXISTS {quoted_name}")),
            Engine::Postgres => {
                statements.push(format!("DROP TRIGGER IF EXISTS {quoted_name} ON {}", quoted(engine, table)));
                functions.extend(name.rsplit_once('_').map(|(base, _)| base));
            }
        }
    }
    statements.extend(functions.into_iter().map(|name| format!("DROP FUNCTION IF EXISTS {}()", quoted(engine, name))));
    statements
}

/// After the row was written, so that what other triggers do to it counts as well.
fn postgres(lifecycle: &Lifecycle, table: &Table, base: &str) -> Vec<Made> {
    let engine = Engine::Postgres;
    let generated = table.columns.iter().filter(|column| column.generated).map(|column| &column.name);
    let (table, column) = (quoted(engine, &lifecycle.table), quoted(engine, &lifecycle.column));
    let free: Vec<String> = std::iter::once(&lifecycle.column)
        .chain(&lifecycle.except)
        .chain(generated)
        .map(|name| dialect::literal(engine, name))
        .collect();
    let free = format!("ARRAY[{}]::text[]", free.join(", "));
    let immutable = list(engine, lifecycle.immutable.iter().map(String::as_str));
    let ways = ways(lifecycle, &format!("OLD.{column}::text"), &format!("NEW.{column}::text"), &|state| {
        dialect::literal(engine, state)
    });
    let refuse = |text: &str| {
        let message = dialect::literal(engine, text);
        format!("RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', MESSAGE = {message}")
    };
    let (kept, no_way) = (refuse(&kept(lifecycle)), refuse(&no_way(lifecycle)));
    let function = quoted(engine, base);
    let body = format!(
        "CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $plimsoll$\n\
         BEGIN\n\
         \x20 IF TG_OP = 'TRUNCATE' THEN\n\
         \x20   IF EXISTS (SELECT 1 FROM {table} WHERE {column}::text IN ({immutable})) THEN {kept}; END IF;\n\
         \x20 ELSIF TG_OP = 'DELETE' THEN\n\
         \x20   IF OLD.{column}::text IN ({immutable}) THEN {kept}; END IF;\n\
         \x20 ELSE\n\
         \x20   IF OLD.{column}::text IN ({immutable})\n\
         \x20     AND (to_jsonb(NEW) - {free}) IS DISTINCT FROM (to_jsonb(OLD) - {free}) THEN {kept}; END IF;\n\
         \x20   IF NEW.{column} IS DISTINCT FROM OLD.{column} AND ({ways}) IS NOT TRUE THEN {no_way}; END IF;\n\
         \x20 END IF;\n\
         \x20 RETURN NULL;\n\
         END $plimsoll$"
    );
    let trigger = |name: &str, when: &str, each: &str| {
        let name = format!("{base}_{name}");
        let sql = format!(
            "CREATE TRIGGER {} {when} ON {table} FOR EACH {each} EXECUTE FUNCTION {function}()",
            quoted(engine, &name)
        );
        Made { trigger: Some(name), sql }
    };
    vec![
        Made { trigger: None, sql: body },
        trigger("row", "AFTER UPDATE OR DELETE", "ROW"),
        trigger("truncate", "BEFORE TRUNCATE", "STATEMENT"),
    ]
}

fn mysql(lifecycle: &Lifecycle, table: &Table, base: &str) -> Vec<Made> {
    let engine = Engine::Mysql;
    let (name, column) = (quoted(engine, &lifecycle.table), quoted(engine, &lifecycle.column));
    let immutable = list(engine, lifecycle.immutable.iter().map(String::as_str));
    // Collations may take different texts for the same.
    let bytes = |expression: &str| format!("CAST({expression} AS BINARY)");
    let differs: Vec<String> = kept_columns(lifecycle, table)
        .map(|column| {
            let (new, old) = (quoted(engine, &column.name), quoted(engine, &column.name));
            let (new, old) = (format!("NEW.{new}"), format!("OLD.{old}"));
            match column.kind {
                ColumnKind::Text | ColumnKind::Other => format!("NOT ({} <=> {})", bytes(&new), bytes(&old)),
                ColumnKind::Bool
                | ColumnKind::Int
                | ColumnKind::Float
                | ColumnKind::Decimal
                | ColumnKind::Json
                | ColumnKind::Timestamp
                | ColumnKind::Bytes => format!("NOT ({new} <=> {old})"),
            }
        })
        .collect();
    let (old, new) = (bytes(&format!("OLD.{column}")), bytes(&format!("NEW.{column}")));
    let ways = ways(lifecycle, &old, &new, &|state| bytes(&dialect::literal(engine, state)));
    let refuse = |text: &str| format!("SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = {}", dialect::literal(engine, text));
    let (kept, no_way) = (refuse(&kept(lifecycle)), refuse(&no_way(lifecycle)));
    let trigger = |event: &str, body: String| {
        let trigger = format!("{base}_{}", event.to_lowercase());
        let sql = format!(
            "CREATE TRIGGER {} AFTER {event} ON {name} FOR EACH ROW BEGIN\n{body}\nEND",
            quoted(engine, &trigger)
        );
        Made { trigger: Some(trigger), sql }
    };
    let any = if differs.is_empty() { "FALSE".to_owned() } else { differs.join(" OR ") };
    vec![
        trigger(
            "UPDATE",
            format!(
                "  IF OLD.{column} IN ({immutable}) AND ({any}) THEN {kept}; END IF;\n\
                 \x20 IF NOT ({new} <=> {old}) AND ({ways}) IS NOT TRUE THEN {no_way}; END IF;"
            ),
        ),
        trigger("DELETE", format!("  IF OLD.{column} IN ({immutable}) THEN {kept}; END IF;")),
    ]
}

fn sqlite(lifecycle: &Lifecycle, table: &Table, base: &str) -> Vec<Made> {
    let engine = Engine::Sqlite;
    let (name, column) = (quoted(engine, &lifecycle.table), quoted(engine, &lifecycle.column));
    let immutable = list(engine, lifecycle.immutable.iter().map(String::as_str));
    let differs = |column: &str| {
        let column = quoted(engine, column);
        format!("NEW.{column} COLLATE BINARY IS NOT OLD.{column} COLLATE BINARY")
    };
    let any: Vec<String> = kept_columns(lifecycle, table).map(|column| differs(&column.name)).collect();
    let any = if any.is_empty() { "0".to_owned() } else { any.join(" OR ") };
    let ways =
        ways(lifecycle, &format!("OLD.{column}"), &format!("NEW.{column}"), &|state| dialect::literal(engine, state));
    let raise = |text: &str| format!("RAISE(ABORT, {})", dialect::literal(engine, text));
    let (kept, no_way) = (raise(&kept(lifecycle)), raise(&no_way(lifecycle)));
    let trigger = |name_end: &str, event: &str, when: &str, body: &str| {
        let trigger = format!("{base}_{name_end}");
        let sql = format!(
            "CREATE TRIGGER {} {event} ON {name} FOR EACH ROW WHEN {when}\nBEGIN\n  SELECT {body};\nEND",
            quoted(engine, &trigger)
        );
        Made { trigger: Some(trigger), sql }
    };
    let is_kept = format!("OLD.{column} IN ({immutable}) AND ({any})");
    let is_no_way = format!("{} AND ({ways}) IS NOT 1", differs(&lifecycle.column));
    let mut made = vec![
        trigger(
            "update",
            "AFTER UPDATE",
            &format!("({is_kept}) OR ({is_no_way})"),
            &format!("CASE WHEN {is_kept} THEN {kept} ELSE {no_way} END"),
        ),
        trigger("delete", "AFTER DELETE", &format!("OLD.{column} IN ({immutable})"), &kept),
    ];
    // OR REPLACE deletes what is in its way without running the triggers of deletions.
    let keys = std::iter::once(&table.primary_key).chain(table.unique_keys.iter().map(|key| &key.columns));
    let same = |key: &Vec<String>, with: &str| {
        let pairs: Vec<String> =
            key.iter().map(|name| format!("other.{0} = {with}.{0}", quoted(engine, name))).collect();
        format!("({})", pairs.join(" AND "))
    };
    let in_the_way: Vec<String> = keys.filter(|key| !key.is_empty()).map(|key| same(key, "NEW")).collect();
    if !in_the_way.is_empty() {
        let exists = |and: &str| {
            format!(
                "EXISTS (SELECT 1 FROM {name} AS other WHERE other.{column} IN ({immutable}) AND ({}){and})",
                in_the_way.join(" OR ")
            )
        };
        made.push(trigger("insert", "BEFORE INSERT", &exists(""), &kept));
        if !table.primary_key.is_empty() {
            let itself = format!(" AND NOT {}", same(&table.primary_key, "OLD"));
            made.push(trigger("replace", "BEFORE UPDATE", &exists(&itself), &kept));
        }
    }
    made
}

/// The columns that stay as they are in an immutable row. What the database computes from them stays by itself.
fn kept_columns<'a>(lifecycle: &'a Lifecycle, table: &'a Table) -> impl Iterator<Item = &'a plimsoll_core::db::Column> {
    let free = |name: &String| *name == lifecycle.column || lifecycle.except.contains(name);
    table.columns.iter().filter(move |column| !column.generated && !free(&column.name))
}

/// A condition that holds for every change of the state that transitions lead through: seeding writes several at once.
fn ways(lifecycle: &Lifecycle, old: &str, new: &str, literal: &dyn Fn(&str) -> String) -> String {
    let states = lifecycle.states();
    let way = |from: &&str| {
        let to: Vec<String> = states
            .iter()
            .filter(|to| **to != *from && lifecycle.path(Some(from), to).is_some())
            .map(|to| literal(to))
            .collect();
        (!to.is_empty()).then(|| format!("({old} = {} AND {new} IN ({}))", literal(from), to.join(", ")))
    };
    states.iter().filter_map(way).collect::<Vec<_>>().join(" OR ")
}

fn list<'a>(engine: Engine, states: impl Iterator<Item = &'a str>) -> String {
    states.map(|state| dialect::literal(engine, state)).collect::<Vec<_>>().join(", ")
}

/// Short enough for MySQL, whose messages have at most 128 characters.
fn kept(lifecycle: &Lifecycle) -> String {
    let table: String = lifecycle.table.chars().take(60).collect();
    format!("a row of {table} in this state does not change (its life cycle)")
}

fn no_way(lifecycle: &Lifecycle) -> String {
    let table: String = lifecycle.table.chars().take(60).collect();
    format!("no transition of {table} leads to this state (its life cycle)")
}
