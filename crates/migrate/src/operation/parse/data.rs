//! Reads statements about rows: which table they change and whether for all of it. Conditions are left unread.

use plimsoll_core::db::Engine;

use super::cursor::Cursor;
use super::statement;
use crate::operation::{Operation, Placed};

/// `INSERT`, `UPDATE`, `DELETE`, `MERGE` and queries.
pub(super) fn data(mut cursor: Cursor<'_>) -> Option<Operation> {
    let verb = cursor.keyword();
    let all = cursor;
    cursor.skip();
    match verb.as_str() {
        "INSERT" | "REPLACE" => {
            conflict(&mut cursor);
            cursor.eat("INTO");
            Some(Operation::Insert { table: Some(cursor.name()?) })
        }
        // MySQL's, from a file.
        "LOAD" if cursor.is_any(&["DATA", "XML"]) => {
            cursor.take_until(&["TABLE"]);
            cursor.eat("TABLE");
            Some(Operation::Insert { table: Some(cursor.name()?) })
        }
        "UPDATE" => {
            conflict(&mut cursor);
            cursor.eat("ONLY");
            let table = cursor.name()?;
            Some(Operation::Update { table: Some(table), has_where: cursor.has(&["WHERE"]) })
        }
        "DELETE" => {
            conflict(&mut cursor);
            // MySQL's forms for several tables begin with those that lose rows.
            cursor.eat("FROM");
            cursor.eat("ONLY");
            let table = cursor.name()?;
            Some(Operation::Delete { table: Some(table), has_where: cursor.has(&["WHERE"]) })
        }
        "MERGE" => {
            cursor.eat("INTO");
            cursor.eat("ONLY");
            Some(Operation::Merge { table: Some(cursor.name()?) })
        }
        "SELECT" | "VALUES" | "TABLE" => select(all),
        _ => None,
    }
}

/// A query, also in parentheses.
pub(super) fn select(cursor: Cursor<'_>) -> Option<Operation> {
    let mut first = cursor;
    while first.is_symbol("(") {
        first = first.parens()?;
    }
    if !first.is_any(&["SELECT", "VALUES", "TABLE", "WITH"]) {
        return None;
    }
    let calls = |at: usize| cursor.is_at(at, "set_config") && cursor.piece(at + 1) == "(";
    let sets_session = cursor.engine == Engine::Postgres && (0..cursor.tokens.len()).any(calls);
    let mut into = cursor;
    into.take_until(&["INTO"]);
    into.eat("INTO");
    into.eat_many(&["TEMP", "TEMPORARY", "UNLOGGED", "TABLE"]);
    // Elsewhere it is a variable or a file.
    let into = if cursor.engine == Engine::Postgres { into.name() } else { None };
    Some(Operation::Select { into, sets_session })
}

/// A query or change with queries before it, which may change rows themselves: first they, then the statement.
pub(super) fn with(mut cursor: Cursor<'_>) -> Option<Vec<Placed>> {
    let mut found = Vec::new();
    cursor.eat("WITH");
    cursor.eat("RECURSIVE");
    loop {
        cursor.identifier()?;
        cursor.parens();
        if !cursor.eat("AS") {
            return None;
        }
        cursor.eat_many(&["NOT", "MATERIALIZED"]);
        let inner = statement(cursor.parens()?);
        // What only reads is part of the statement that uses it.
        found.extend(
            inner
                .into_iter()
                .filter(|placed| !matches!(placed.operation, Operation::Select { into: None, sets_session: false })),
        );
        if cursor.is_any(&["SEARCH", "CYCLE"]) {
            skip_to_main(&mut cursor);
        }
        if !cursor.eat_symbol(",") {
            break;
        }
    }
    let main = statement(cursor);
    found.extend(main);
    Some(found)
}

/// Steps over what PostgreSQL lets follow a recursive query.
fn skip_to_main(cursor: &mut Cursor<'_>) {
    while !cursor.is_empty() && !cursor.is_any(&["SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "VALUES", "TABLE"]) {
        // A further query: a name, perhaps columns, `AS`.
        if cursor.is_symbol(",") && (cursor.is_at(2, "AS") || cursor.piece(2) == "(") {
            return;
        }
        cursor.skip();
    }
}

/// What may stand between the verb and the table: SQLite's `OR ..`, MySQL's priorities.
fn conflict(cursor: &mut Cursor<'_>) {
    match cursor.engine {
        Engine::Sqlite => {
            if cursor.eat("OR") {
                cursor.skip();
            }
        }
        Engine::Mysql => cursor.eat_many(&["LOW_PRIORITY", "HIGH_PRIORITY", "DELAYED", "QUICK", "IGNORE"]),
        Engine::Postgres => {}
    }
}
