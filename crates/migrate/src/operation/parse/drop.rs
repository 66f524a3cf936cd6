//! Reads `DROP`, the action of `ALTER TABLE` aside, which is `alter_action`'s.

use plimsoll_core::db::Engine;

use super::cursor::Cursor;
use super::object;
use crate::operation::{Name, Object, Operation};

/// A `DROP` statement, up to its end: with anything more it is not known.
pub(super) fn drop(mut cursor: Cursor<'_>) -> Option<Operation> {
    cursor.eat("DROP");
    let found = statement(&mut cursor)?;
    cursor.is_empty().then_some(found)
}

fn statement(cursor: &mut Cursor<'_>) -> Option<Operation> {
    let temporary = cursor.engine == Engine::Mysql && cursor.eat("TEMPORARY");
    if cursor.eat("TABLE") || (cursor.engine == Engine::Mysql && cursor.eat("TABLES")) {
        let if_exists = cursor.if_exists();
        let names = cursor.names()?;
        if cursor.engine == Engine::Mysql {
            wait(cursor);
        }
        return Some(Operation::DropTable { names, temporary, if_exists, cascade: cursor.cascade() });
    }
    if cursor.eat("INDEX") {
        return index(cursor);
    }
    let object = object::kind(cursor)?;
    let if_exists = cursor.if_exists();
    let names = names(cursor, object)?;
    let on = match object {
        Object::Trigger | Object::Policy | Object::Rule if cursor.eat("ON") => Some(cursor.name()?),
        _ => None,
    };
    // `WITH (FORCE)` ends the sessions of a database.
    if object == Object::Database && cursor.eat("WITH") {
        cursor.parens()?;
    } else if object == Object::Database {
        cursor.parens();
    }
    Some(Operation::Drop { object, names, if_exists, cascade: cursor.cascade(), on })
}

fn index(cursor: &mut Cursor<'_>) -> Option<Operation> {
    let concurrently = cursor.engine == Engine::Postgres && cursor.eat("CONCURRENTLY");
    let if_exists = cursor.if_exists();
    let names = cursor.names()?;
    let mut table = None;
    if cursor.engine == Engine::Mysql && cursor.eat("ON") {
        table = Some(cursor.name()?);
        wait(cursor);
        while cursor.eat("ALGORITHM") || cursor.eat("LOCK") {
            cursor.eat_symbol("=");
            cursor.skip();
        }
    }
    Some(Operation::DropIndex { names, table, concurrently, if_exists, cascade: cursor.cascade() })
}

/// Names, for functions with the types of their arguments, which are left out.
fn names(cursor: &mut Cursor<'_>, object: Object) -> Option<Vec<Name>> {
    let mut names = Vec::new();
    loop {
        names.push(cursor.name()?);
        if matches!(object, Object::Function | Object::Procedure | Object::Aggregate) {
            cursor.parens();
        }
        if !cursor.eat_symbol(",") {
            return Some(names);
        }
    }
}

/// MariaDB's limit for waiting.
fn wait(cursor: &mut Cursor<'_>) {
    if cursor.eat("WAIT") {
        cursor.skip();
    }
    cursor.eat("NOWAIT");
}
