//! Knows the kinds of objects, and reads the statements that maintain rather than define. Definitions are `create`'s.

use plimsoll_core::db::Engine;

use super::cursor::Cursor;
use crate::operation::{Object, Operation};

/// The kind of an object, by one or more keywords.
pub(super) fn kind(cursor: &mut Cursor<'_>) -> Option<Object> {
    let kinds: [(&[&str], Object); 29] = [
        (&["MATERIALIZED", "VIEW"], Object::MaterializedView),
        (&["VIEW"], Object::View),
        (&["VIRTUAL", "TABLE"], Object::VirtualTable),
        (&["FOREIGN", "TABLE"], Object::ForeignTable),
        (&["EVENT", "TRIGGER"], Object::EventTrigger),
        (&["EVENT"], Object::Event),
        (&["TRIGGER"], Object::Trigger),
        (&["TYPE"], Object::Type),
        (&["DOMAIN"], Object::Domain),
        (&["EXTENSION"], Object::Extension),
        (&["SCHEMA"], Object::Schema),
        (&["DATABASE"], Object::Database),
        (&["AGGREGATE", "FUNCTION"], Object::Function),
        (&["AGGREGATE"], Object::Aggregate),
        (&["FUNCTION"], Object::Function),
        (&["PROCEDURE"], Object::Procedure),
        (&["SEQUENCE"], Object::Sequence),
        (&["POLICY"], Object::Policy),
        (&["RULE"], Object::Rule),
        (&["ROLE"], Object::Role),
        (&["USER"], Object::Role),
        (&["GROUP"], Object::Role),
        (&["TABLESPACE"], Object::Tablespace),
        (&["PUBLICATION"], Object::Publication),
        (&["SUBSCRIPTION"], Object::Subscription),
        (&["COLLATION"], Object::Collation),
        (&["SERVER"], Object::Server),
        (&["STATISTICS"], Object::Statistics),
        (&["INDEX"], Object::Index),
    ];
    // It has no name of its own.
    if cursor.is("USER") && cursor.is_at(1, "MAPPING") {
        return None;
    }
    let (_, found) = kinds.into_iter().find(|(words, _)| cursor.eat_all(words))?;
    match (cursor.engine, found) {
        (Engine::Mysql, Object::Schema) => Some(Object::Database),
        _ => Some(found),
    }
}

/// Statements that keep a database in shape, say who may do what, or run something.
pub(super) fn maintenance(mut cursor: Cursor<'_>) -> Option<Operation> {
    let verb = cursor.keyword();
    cursor.skip();
    match verb.as_str() {
        "REINDEX" => reindex(&mut cursor),
        "REFRESH" => {
            if !cursor.eat_all(&["MATERIALIZED", "VIEW"]) {
                return None;
            }
            let concurrently = cursor.eat("CONCURRENTLY");
            Some(Operation::RefreshMaterializedView { name: cursor.name()?, concurrently })
        }
        "VACUUM" => {
            let full = option(&mut cursor, "FULL");
            Some(Operation::Vacuum { full: full || cursor.eat("FULL") })
        }
        "ANALYZE" | "ANALYSE" => {
            // MariaDB's `ANALYZE SELECT` and its like run the statement.
            let runs = cursor.is_any(&["SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE", "WITH", "FORMAT"]);
            if runs { None } else { Some(Operation::Analyze) }
        }
        "CLUSTER" => {
            cursor.parens();
            cursor.eat("VERBOSE");
            Some(Operation::Cluster { table: cursor.name() })
        }
        "TRUNCATE" => truncate(&mut cursor),
        "COMMENT" => cursor.is("ON").then_some(Operation::Comment),
        "GRANT" => Some(Operation::Grant),
        "REVOKE" => Some(Operation::Revoke),
        "COPY" => Some(Operation::Copy),
        "DO" => Some(Operation::Do),
        "CALL" => Some(Operation::Call),
        "USE" if cursor.engine == Engine::Mysql => Some(Operation::Use { database: cursor.identifier()? }),
        "ATTACH" if cursor.engine == Engine::Sqlite => Some(Operation::Attach),
        "DETACH" if cursor.engine == Engine::Sqlite => Some(Operation::Detach),
        "LOCK" => lock_tables(&mut cursor),
        "UNLOCK" => cursor.is_any(&["TABLES", "TABLE"]).then_some(Operation::UnlockTables),
        // MariaDB's compound statement outside of a routine.
        "BEGIN" if cursor.engine == Engine::Mysql && cursor.is("NOT") => Some(Operation::Do),
        _ => None,
    }
}

fn reindex(cursor: &mut Cursor<'_>) -> Option<Operation> {
    if cursor.engine == Engine::Sqlite {
        return Some(Operation::Reindex { target: None, name: cursor.name(), concurrently: false });
    }
    let concurrently = option(cursor, "CONCURRENTLY");
    if !cursor.is_any(&["INDEX", "TABLE", "SCHEMA", "DATABASE", "SYSTEM"]) {
        return None;
    }
    let target = cursor.any().map(str::to_ascii_uppercase);
    let concurrently = cursor.eat("CONCURRENTLY") || concurrently;
    Some(Operation::Reindex { target, name: cursor.name(), concurrently })
}

/// Whether a list of options in parentheses, if there is one, turns this on.
fn option(cursor: &mut Cursor<'_>, word: &str) -> bool {
    let off = |option: &Cursor<'_>| option.is_at(1, "FALSE") || option.is_at(1, "OFF") || option.piece(1) == "0";
    let options = cursor.parens().map_or(Vec::new(), Cursor::commas);
    options.iter().any(|option| option.is(word) && !off(option))
}

fn truncate(cursor: &mut Cursor<'_>) -> Option<Operation> {
    cursor.eat("TABLE");
    let mut tables = Vec::new();
    loop {
        cursor.eat("ONLY");
        tables.push(cursor.name()?);
        cursor.eat_symbol("*");
        if !cursor.eat_symbol(",") {
            break;
        }
    }
    Some(Operation::Truncate { tables, cascade: cursor.has(&["CASCADE"]) })
}

fn lock_tables(cursor: &mut Cursor<'_>) -> Option<Operation> {
    let tables = cursor.eat("TABLE") || cursor.eat("TABLES");
    if !tables && cursor.engine != Engine::Postgres {
        return None;
    }
    let items = cursor.take_until(&["IN", "NOWAIT"]).commas();
    let name = |mut item: Cursor<'_>| {
        item.eat("ONLY");
        item.name()
    };
    let tables = items.into_iter().map(name).collect::<Option<Vec<_>>>()?;
    (!tables.is_empty()).then_some(Operation::LockTables { tables })
}
