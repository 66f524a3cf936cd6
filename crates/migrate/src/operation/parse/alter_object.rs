//! Reads `ALTER` of everything but tables: types, domains, indexes and the rest. Tables are `alter_action`'s.

use super::cursor::Cursor;
use super::object;
use crate::operation::{Name, Neighbour, Object, Operation};

/// An `ALTER` from the word after it on.
pub(super) fn alter(cursor: &mut Cursor<'_>) -> Option<Operation> {
    if cursor.eat("SYSTEM") {
        return Some(Operation::AlterSystem);
    }
    if cursor.eat_all(&["DEFAULT", "PRIVILEGES"]) {
        return Some(if cursor.has(&["REVOKE"]) { Operation::Revoke } else { Operation::Grant });
    }
    definer(cursor)?;
    let object = object::kind(cursor)?;
    cursor.if_exists();
    let name = cursor.name()?;
    if matches!(object, Object::Function | Object::Procedure | Object::Aggregate) {
        cursor.parens();
    }
    let start = *cursor;
    let special = match object {
        Object::Type => enum_value(cursor, &name),
        Object::Domain => domain(cursor, &name),
        _ => None,
    };
    if special.is_some() {
        return special;
    }
    *cursor = start;
    if cursor.eat_all(&["RENAME", "TO"]) {
        return Some(Operation::Rename { object, from: name, to: cursor.identifier()? });
    }
    *cursor = start;
    // A statement without a change is none.
    Some(Operation::Alter { object, name, change: cursor.collapsed_if_any()? })
}

/// What MySQL writes before views, events and functions, as `CREATE` does.
fn definer(cursor: &mut Cursor<'_>) -> Option<()> {
    let kinds = ["VIEW", "EVENT", "FUNCTION", "PROCEDURE"];
    if cursor.is_any(&["ALGORITHM", "DEFINER", "SQL"]) {
        cursor.take_until(&kinds);
    }
    (!cursor.is_empty()).then_some(())
}

fn enum_value(cursor: &mut Cursor<'_>, name: &Name) -> Option<Operation> {
    if cursor.eat_all(&["ADD", "VALUE"]) {
        let if_not_exists = cursor.if_not_exists();
        let value = cursor.literal()?;
        let neighbour = if cursor.eat("BEFORE") {
            Some(Neighbour::Before(cursor.literal()?))
        } else if cursor.eat("AFTER") {
            Some(Neighbour::After(cursor.literal()?))
        } else {
            None
        };
        return Some(Operation::AddEnumValue { name: name.clone(), value, if_not_exists, neighbour });
    }
    if !cursor.eat_all(&["RENAME", "VALUE"]) {
        return None;
    }
    let from = cursor.literal()?;
    let to = cursor.eat("TO").then(|| cursor.literal())??;
    Some(Operation::RenameEnumValue { name: name.clone(), from, to })
}

fn domain(cursor: &mut Cursor<'_>, name: &Name) -> Option<Operation> {
    if cursor.is("RENAME") && cursor.is_at(1, "TO") {
        return None;
    }
    let add_constraint = cursor.is("ADD") || cursor.eat_all(&["SET", "NOT", "NULL"]);
    let mut rest = *cursor;
    rest.take_until(&["NOT"]);
    let not_valid = add_constraint && rest.eat_all(&["NOT", "VALID"]);
    Some(Operation::AlterDomain { name: name.clone(), add_constraint, not_valid })
}
