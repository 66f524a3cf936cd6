//! Reads settings, pragmas and the statements that control transactions. What a setting means is left to the rules.

use plimsoll_core::db::Engine;

use super::cursor::Cursor;
use super::statement;
use crate::operation::{Operation, Placed, Scope, Transaction};

/// `SET` and `RESET`, one operation for each assignment.
pub(super) fn set(mut cursor: Cursor<'_>) -> Option<Vec<Placed>> {
    let span = cursor.span();
    let one = |name: &str, value: Option<String>, scope: Scope| {
        Some(vec![Placed { span, operation: Operation::Set { name: name.to_owned(), value, scope } }])
    };
    if cursor.eat("RESET") {
        return one(&cursor.collapsed_if_any()?.to_ascii_lowercase(), None, Scope::Session);
    }
    cursor.eat("SET");
    if cursor.engine == Engine::Mysql && cursor.eat("STATEMENT") {
        // MariaDB runs a statement with these settings.
        cursor.take_until(&["FOR"]);
        return cursor.eat("FOR").then(|| statement(cursor));
    }
    let scope = scope(&mut cursor);
    // Forms without a sign between name and value.
    let forms: [(&[&str], &str); 9] = [
        (&["TIME", "ZONE"], "timezone"),
        (&["NAMES"], "names"),
        (&["CHARACTER", "SET"], "character set"),
        (&["CHARSET"], "character set"),
        (&["CONSTRAINTS"], "constraints"),
        (&["CHARACTERISTICS"], "transaction"),
        (&["TRANSACTION"], "transaction"),
        (&["AUTHORIZATION"], "session_authorization"),
        (&["PASSWORD"], "password"),
    ];
    if let Some((_, name)) = forms.into_iter().find(|(words, _)| cursor.eat_all(words)) {
        cursor.eat_symbol("=");
        return one(name, cursor.collapsed_if_any(), scope);
    }
    if cursor.is_any(&["ROLE", "DEFAULT", "SCHEMA"])
        && !cursor.piece(1).starts_with(['=', ':'])
        && !cursor.is_at(1, "TO")
    {
        let name = cursor.any().unwrap_or_default().to_ascii_lowercase();
        return one(&name, cursor.collapsed_if_any(), scope);
    }
    let found = match cursor.engine {
        // Commas are between values there.
        Engine::Postgres | Engine::Sqlite => assignment(cursor, scope).map(|placed| vec![placed]),
        Engine::Mysql => cursor.commas().into_iter().map(|piece| assignment(piece, scope)).collect(),
    };
    // A form that is not known still changes a setting, and nothing else.
    found.or_else(|| one(&cursor.any()?.to_ascii_lowercase(), cursor.collapsed_if_any(), scope))
}

/// `PRAGMA name`, `PRAGMA name = value` or `PRAGMA name(value)`.
pub(super) fn pragma(mut cursor: Cursor<'_>) -> Option<Operation> {
    cursor.eat("PRAGMA");
    let name = cursor.name()?.name.to_ascii_lowercase();
    let value = if cursor.is_empty() {
        None
    } else if cursor.is_symbol("(") {
        Some(cursor.parens().unwrap_or(cursor).collapsed())
    } else {
        cursor.assigned()
    };
    Some(Operation::Pragma { name, value })
}

/// What begins or ends transactions and savepoints.
pub(super) fn transaction(mut cursor: Cursor<'_>) -> Option<Operation> {
    let mysql = cursor.engine == Engine::Mysql;
    let verb = cursor.keyword();
    cursor.skip();
    let found = match verb.as_str() {
        "BEGIN" if mysql && cursor.is("NOT") => return None,
        "BEGIN" => Transaction::Begin,
        "START" if cursor.is("TRANSACTION") => Transaction::Begin,
        "COMMIT" => Transaction::Commit,
        "END" if !mysql => Transaction::Commit,
        "ABORT" if !mysql => Transaction::Rollback,
        "PREPARE" if cursor.is("TRANSACTION") => Transaction::Prepare,
        "ROLLBACK" => {
            cursor.eat_many(&["WORK", "TRANSACTION"]);
            if cursor.is("TO") { Transaction::RollbackToSavepoint } else { Transaction::Rollback }
        }
        "SAVEPOINT" => Transaction::Savepoint,
        "RELEASE" => Transaction::ReleaseSavepoint,
        _ => return None,
    };
    Some(Operation::Transaction(found))
}

fn scope(cursor: &mut Cursor<'_>) -> Scope {
    if cursor.eat("LOCAL") {
        return if cursor.engine == Engine::Mysql { Scope::Session } else { Scope::Local };
    }
    if cursor.eat("GLOBAL") || cursor.eat("PERSIST") || cursor.eat("PERSIST_ONLY") {
        return Scope::Global;
    }
    // `SET SESSION CHARACTERISTICS`, `SET SESSION AUTHORIZATION`.
    if !cursor.is_at(1, "=") && cursor.is("SESSION") {
        cursor.eat("SESSION");
        cursor.eat_all(&["CHARACTERISTICS", "AS"]);
    }
    Scope::Session
}

/// `name = value` in all its forms.
fn assignment(mut cursor: Cursor<'_>, outer: Scope) -> Option<Placed> {
    let span = cursor.span();
    let mut scope = outer;
    let mut name = String::new();
    if cursor.is_any(&["GLOBAL", "SESSION", "LOCAL", "PERSIST"]) {
        scope = self::scope(&mut cursor);
    }
    if cursor.eat_symbol("@") {
        name.push('@');
    } else if cursor.eat_symbol("@@") {
        let scoped = cursor.piece(1) == ".";
        if scoped {
            scope = self::scope(&mut cursor);
            cursor.eat_symbol(".");
        }
    }
    // PostgreSQL's settings of extensions and MySQL's of components have a dot in their name.
    let found = cursor.name()?;
    if let Some(schema) = found.schema {
        name.push_str(&schema);
        name.push('.');
    }
    name.push_str(&found.name);
    let value = if cursor.eat("TO") { cursor.collapsed_if_any()? } else { cursor.assigned()? };
    let operation = Operation::Set { name: name.to_ascii_lowercase(), value: Some(value), scope };
    Some(Placed { span, operation })
}
