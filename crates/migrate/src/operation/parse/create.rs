//! Reads `CREATE`: finds out which object is made. Tables and their parts are left to `table`, the rest to `object`.

use super::cursor::Cursor;
use super::{constraint, object, table};
use crate::operation::{IndexDef, Name, Object, Operation, Placed, Span};

/// What can stand between `CREATE` and the object.
#[derive(Default)]
pub(super) struct Prefix {
    pub(super) or_replace: bool,
    pub(super) temporary: bool,
}

/// A `CREATE` statement.
pub(super) fn create(mut cursor: Cursor<'_>) -> Option<Vec<Placed>> {
    let span = cursor.span();
    let one = |operation: Operation| Some(vec![Placed { span, operation }]);
    cursor.eat("CREATE");
    let prefix = prefix(&mut cursor)?;
    if cursor.eat("TABLE") {
        return one(table::create(&mut cursor, &prefix)?);
    }
    let mut index = cursor;
    if let Some(found) = create_index(&mut index) {
        return one(found);
    }
    let object = object::kind(&mut cursor)?;
    let if_not_exists = cursor.if_not_exists();
    let simple = |name: Name, if_not_exists: bool, on: Option<Name>| Operation::Create {
        object,
        name,
        or_replace: prefix.or_replace,
        if_not_exists,
        on,
    };
    match object {
        // It has a form of its own, which this is not.
        Object::Index => None,
        Object::Extension => one(extension(&mut cursor, if_not_exists)?),
        Object::Type => one(enum_or_type(&mut cursor, simple)?),
        Object::Domain => {
            let name = cursor.name()?;
            cursor.eat("AS");
            let type_text = super::column::type_text(&mut cursor);
            one(Operation::CreateDomain { name, type_text, constrained: cursor.has(&["CHECK", "NOT"]) })
        }
        Object::Schema => schema(&mut cursor, simple, if_not_exists, span),
        Object::Trigger | Object::EventTrigger | Object::Rule | Object::Policy => {
            let name = cursor.name()?;
            let on = owner(&mut cursor, object);
            one(simple(name, if_not_exists, on))
        }
        _ => {
            let name = cursor.name()?;
            one(simple(name, if_not_exists, None))
        }
    }
}

/// Everything up to the object's kind: replacement, persistence, MySQL's definer and algorithm.
fn prefix(cursor: &mut Cursor<'_>) -> Option<Prefix> {
    let mut prefix = Prefix::default();
    loop {
        if cursor.eat_all(&["OR", "REPLACE"]) {
            prefix.or_replace = true;
        } else if cursor.is_any(&["TEMP", "TEMPORARY"]) {
            cursor.eat_many(&["TEMP", "TEMPORARY"]);
            prefix.temporary = true;
        } else if cursor.is("DEFINER") || cursor.is("ALGORITHM") {
            cursor.skip();
            if !cursor.eat_symbol("=") {
                return None;
            }
            cursor.identifier().or_else(|| cursor.literal())?;
            if cursor.eat_symbol("@") {
                cursor.identifier().or_else(|| cursor.literal())?;
            }
            cursor.parens();
        } else if cursor.eat_all(&["SQL", "SECURITY"]) {
            cursor.skip();
        } else {
            let more = ["UNLOGGED", "GLOBAL", "LOCAL", "RECURSIVE", "CONSTRAINT"];
            if !cursor.is_any(&more) {
                return Some(prefix);
            }
            cursor.eat_many(&more);
        }
    }
}

fn create_index(cursor: &mut Cursor<'_>) -> Option<Operation> {
    let mut index = IndexDef::default();
    cursor.eat_many(&["ONLINE", "OFFLINE"]);
    index.unique = cursor.eat("UNIQUE");
    if cursor.is_any(&["FULLTEXT", "SPATIAL", "VECTOR"]) {
        index.method = cursor.any().map(str::to_ascii_lowercase);
    }
    if !cursor.eat("INDEX") {
        return None;
    }
    index.concurrently = cursor.eat("CONCURRENTLY");
    index.if_not_exists = cursor.if_not_exists();
    if !cursor.is("ON") {
        index.name = Some(cursor.name()?);
    }
    constraint::method(cursor, &mut index);
    if !cursor.eat("ON") {
        return None;
    }
    index.only = cursor.eat("ONLY");
    let table = cursor.name()?;
    constraint::method(cursor, &mut index);
    index.columns = constraint::key(cursor)?;
    while !cursor.is_empty() {
        if cursor.eat("WHERE") {
            index.where_ = cursor.take_until(&[]).collapsed_if_any();
        } else if cursor.eat("ALGORITHM") {
            cursor.eat_symbol("=");
            index.algorithm = cursor.any().map(str::to_ascii_uppercase);
        } else if cursor.eat("LOCK") {
            cursor.eat_symbol("=");
            index.lock = cursor.any().map(str::to_ascii_uppercase);
        } else {
            constraint::method(cursor, &mut index);
            cursor.skip();
        }
    }
    Some(Operation::CreateIndex { table, index: Box::new(index) })
}

fn extension(cursor: &mut Cursor<'_>, if_not_exists: bool) -> Option<Operation> {
    let name = cursor.identifier()?;
    cursor.take_until(&["SCHEMA"]);
    let schema = if cursor.eat("SCHEMA") { Some(cursor.identifier()?) } else { None };
    Some(Operation::CreateExtension { name, schema, if_not_exists })
}

fn enum_or_type(cursor: &mut Cursor<'_>, simple: impl Fn(Name, bool, Option<Name>) -> Operation) -> Option<Operation> {
    let name = cursor.name()?;
    if !cursor.eat_all(&["AS", "ENUM"]) {
        return Some(simple(name, false, None));
    }
    let values = cursor.parens()?.commas().into_iter().map(|mut value| value.literal()).collect::<Option<_>>()?;
    Some(Operation::CreateEnum { name, values })
}

/// A schema, and what PostgreSQL lets be created in it by the same statement.
fn schema(
    cursor: &mut Cursor<'_>,
    simple: impl Fn(Name, bool, Option<Name>) -> Operation,
    if_not_exists: bool,
    span: Span,
) -> Option<Vec<Placed>> {
    // Without a name it has the owner's.
    cursor.eat("AUTHORIZATION");
    let name = cursor.name()?;
    let mut found = vec![Placed { span, operation: simple(name, if_not_exists, None) }];
    cursor.take_until(&["CREATE", "GRANT"]);
    if !cursor.is_empty() {
        found.push(super::unclassified(*cursor));
    }
    Some(found)
}

/// The table that a trigger, rule or policy belongs to.
fn owner(cursor: &mut Cursor<'_>, object: Object) -> Option<Name> {
    let word = match object {
        Object::EventTrigger => return None,
        Object::Rule => "TO",
        _ => "ON",
    };
    cursor.take_until(&[word]);
    cursor.eat(word);
    cursor.name()
}
