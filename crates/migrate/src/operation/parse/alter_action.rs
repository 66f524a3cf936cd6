//! Reads one action of an `ALTER TABLE`. How the actions are told apart is `alter`'s, what they add is `column`'s and `constraint`'s.

use plimsoll_core::db::Engine;

use super::cursor::Cursor;
use super::{column, constraint};
use crate::lexer::TokenKind;
use crate::operation::{AddConstraint, AlterAction};

/// The next action: one, except where MySQL adds columns in parentheses. None if it is not known.
pub(super) fn actions(cursor: &mut Cursor<'_>) -> Option<Vec<AlterAction>> {
    if cursor.is("ADD") {
        return add(cursor);
    }
    let verb = cursor.keyword();
    let action = match verb.as_str() {
        "DROP" => drop(cursor)?,
        "ALTER" => alter_column(cursor)?,
        "RENAME" => rename(cursor)?,
        "MODIFY" | "CHANGE" if cursor.engine == Engine::Mysql => replace(cursor)?,
        _ => match cursor.engine {
            Engine::Postgres => postgres(cursor)?,
            Engine::Mysql => mysql(cursor)?,
            Engine::Sqlite => return None,
        },
    };
    Some(vec![action])
}

fn add(cursor: &mut Cursor<'_>) -> Option<Vec<AlterAction>> {
    let all = *cursor;
    cursor.eat("ADD");
    let mysql = cursor.engine == Engine::Mysql;
    if mysql
        && (cursor.is("PARTITION") || (cursor.is("SYSTEM") && cursor.is_at(1, "VERSIONING")) || cursor.is("PERIOD"))
    {
        *cursor = all;
        return Some(vec![other(cursor)]);
    }
    if constraint::is_index(cursor) {
        return Some(vec![AlterAction::AddIndex(Box::new(constraint::index(cursor)?))]);
    }
    if constraint::begins(cursor) {
        let mut named = *cursor;
        let if_not_exists = named.eat("CONSTRAINT") && named.if_not_exists();
        let constraint = constraint::definition(cursor)?;
        return Some(vec![AlterAction::AddConstraint(Box::new(AddConstraint { if_not_exists, constraint }))]);
    }
    cursor.eat("COLUMN");
    let if_not_exists = cursor.if_not_exists();
    if mysql && cursor.is_symbol("(") {
        let items = cursor.parens()?.commas();
        return items.into_iter().map(|mut item| parenthesized(&mut item, if_not_exists)).collect();
    }
    let column = Box::new(column::definition(cursor)?);
    let position = column::position(cursor);
    Some(vec![AlterAction::AddColumn { column, if_not_exists, position }])
}

/// What MySQL lets `ADD (..)` list: columns, and indexes and constraints too.
fn parenthesized(item: &mut Cursor<'_>, if_not_exists: bool) -> Option<AlterAction> {
    if constraint::is_index(item) {
        return Some(AlterAction::AddIndex(Box::new(constraint::index(item)?)));
    }
    if constraint::begins(item) {
        let constraint = constraint::definition(item)?;
        return Some(AlterAction::AddConstraint(Box::new(AddConstraint { if_not_exists: false, constraint })));
    }
    let column = Box::new(column::definition(item)?);
    Some(AlterAction::AddColumn { column, if_not_exists, position: None })
}

fn drop(cursor: &mut Cursor<'_>) -> Option<AlterAction> {
    let all = *cursor;
    cursor.eat("DROP");
    if cursor.engine == Engine::Mysql {
        if cursor.eat_all(&["PRIMARY", "KEY"]) {
            return Some(AlterAction::DropPrimaryKey);
        }
        if cursor.eat_all(&["FOREIGN", "KEY"]) {
            let if_exists = cursor.if_exists();
            return Some(AlterAction::DropForeignKey { name: cursor.identifier()?, if_exists });
        }
        if cursor.eat("INDEX") || cursor.eat("KEY") {
            let if_exists = cursor.if_exists();
            return Some(AlterAction::DropIndex { name: cursor.identifier()?, if_exists });
        }
        if cursor.is("PARTITION") || (cursor.is("SYSTEM") && cursor.is_at(1, "VERSIONING")) {
            *cursor = all;
            return Some(other(cursor));
        }
    }
    if cursor.eat("CONSTRAINT") || (cursor.engine == Engine::Mysql && cursor.eat("CHECK")) {
        let if_exists = cursor.if_exists();
        return Some(AlterAction::DropConstraint { name: cursor.identifier()?, if_exists, cascade: cursor.cascade() });
    }
    cursor.eat("COLUMN");
    let if_exists = cursor.if_exists();
    Some(AlterAction::DropColumn { column: cursor.identifier()?, if_exists, cascade: cursor.cascade() })
}

fn alter_column(cursor: &mut Cursor<'_>) -> Option<AlterAction> {
    let all = *cursor;
    cursor.eat("ALTER");
    let index_or_constraint = match cursor.engine {
        Engine::Mysql => cursor.is_any(&["INDEX", "KEY", "CHECK", "CONSTRAINT"]),
        Engine::Postgres | Engine::Sqlite => cursor.is("CONSTRAINT"),
    };
    if index_or_constraint {
        *cursor = all;
        return Some(other(cursor));
    }
    cursor.eat("COLUMN");
    cursor.if_exists();
    let column = cursor.identifier()?;
    if cursor.eat_all(&["SET", "NOT", "NULL"]) {
        return Some(AlterAction::SetNotNull { column });
    }
    if cursor.eat_all(&["DROP", "NOT", "NULL"]) {
        return Some(AlterAction::DropNotNull { column });
    }
    if cursor.eat_all(&["DROP", "DEFAULT"]) {
        return Some(AlterAction::DropDefault { column });
    }
    if cursor.eat_all(&["SET", "DEFAULT"]) {
        let expression = cursor.take_until(&[]);
        return Some(AlterAction::SetDefault { column, default: column::whole_default(&expression)? });
    }
    if cursor.eat_all(&["SET", "DATA", "TYPE"]) || cursor.eat("TYPE") {
        let type_text = cursor.take_until(&["COLLATE", "USING"]).type_text();
        let collate = if cursor.eat("COLLATE") { Some(cursor.name()?.name) } else { None };
        let using = if cursor.eat("USING") { Some(cursor.take_until(&[]).collapsed_if_any()?) } else { None };
        return Some(AlterAction::AlterColumnType { column, type_text, collate, using });
    }
    // Statistics, storage, identity, expressions and MySQL's visibility.
    let known = cursor.is_any(&["SET", "RESET", "ADD", "DROP", "RESTART"]);
    *cursor = all;
    known.then(|| other(cursor))
}

fn rename(cursor: &mut Cursor<'_>) -> Option<AlterAction> {
    cursor.eat("RENAME");
    if cursor.eat("CONSTRAINT") {
        let (from, to) = pair(cursor)?;
        return Some(AlterAction::RenameConstraint { from, to });
    }
    if cursor.engine == Engine::Mysql {
        if cursor.eat("INDEX") || cursor.eat("KEY") {
            let (from, to) = pair(cursor)?;
            return Some(AlterAction::RenameIndex { from, to });
        }
        if !cursor.is("COLUMN") {
            cursor.eat_many(&["TO", "AS"]);
            cursor.eat_symbol("=");
            return Some(AlterAction::RenameTable { to: cursor.name()? });
        }
    }
    if cursor.eat("TO") {
        return Some(AlterAction::RenameTable { to: cursor.name()? });
    }
    cursor.eat("COLUMN");
    cursor.if_exists();
    let (from, to) = pair(cursor)?;
    Some(AlterAction::RenameColumn { from, to })
}

/// MySQL's `MODIFY` and `CHANGE`.
fn replace(cursor: &mut Cursor<'_>) -> Option<AlterAction> {
    let change = cursor.is("CHANGE");
    cursor.skip();
    cursor.eat("COLUMN");
    cursor.if_exists();
    let from = if change { Some(cursor.identifier()?) } else { None };
    let column = Box::new(column::definition(cursor)?);
    let position = column::position(cursor);
    Some(match from {
        Some(from) => AlterAction::ChangeColumn { from, column, position },
        None => AlterAction::ModifyColumn { column, position },
    })
}

fn postgres(cursor: &mut Cursor<'_>) -> Option<AlterAction> {
    let all = *cursor;
    if cursor.eat_all(&["VALIDATE", "CONSTRAINT"]) {
        return Some(AlterAction::ValidateConstraint { name: cursor.identifier()? });
    }
    if cursor.eat_all(&["SET", "SCHEMA"]) {
        return Some(AlterAction::SetSchema { schema: cursor.identifier()? });
    }
    if cursor.eat_all(&["ATTACH", "PARTITION"]) {
        let partition = cursor.name()?;
        cursor.take_until(&[]);
        return Some(AlterAction::AttachPartition { partition });
    }
    if cursor.eat_all(&["DETACH", "PARTITION"]) {
        let partition = cursor.name()?;
        let concurrently = cursor.eat("CONCURRENTLY");
        cursor.eat("FINALIZE");
        return Some(AlterAction::DetachPartition { partition, concurrently });
    }
    if cursor.is_any(&["ENABLE", "DISABLE"]) {
        let enable = cursor.is("ENABLE");
        cursor.skip();
        if cursor.eat_all(&["ROW", "LEVEL", "SECURITY"]) {
            return Some(AlterAction::RowLevelSecurity { enable });
        }
        cursor.eat_many(&["ALWAYS", "REPLICA"]);
        if cursor.eat("TRIGGER") {
            let keyword = Some(cursor.keyword()).filter(|word| matches!(word.as_str(), "ALL" | "USER"));
            let name = cursor.identifier()?;
            return Some(AlterAction::Trigger { name: keyword.unwrap_or(name), enable });
        }
        *cursor = all;
        return Some(other(cursor));
    }
    let known = ["SET", "RESET", "CLUSTER", "INHERIT", "NO", "OF", "NOT", "OWNER", "REPLICA", "FORCE", "OPTIONS"];
    cursor.is_any(&known).then(|| other(cursor))
}

fn mysql(cursor: &mut Cursor<'_>) -> Option<AlterAction> {
    let value = |cursor: &mut Cursor<'_>| {
        cursor.skip();
        cursor.eat_symbol("=");
        cursor.any().map(str::to_ascii_uppercase)
    };
    if cursor.is("ALGORITHM") {
        return Some(AlterAction::Algorithm { value: value(cursor)? });
    }
    if cursor.is("LOCK") {
        return Some(AlterAction::Lock { value: value(cursor)? });
    }
    if cursor.eat("ENGINE") {
        cursor.eat_symbol("=");
        return Some(AlterAction::Engine { name: cursor.identifier()? });
    }
    if cursor.eat_all(&["CONVERT", "TO"]) {
        if !cursor.eat_all(&["CHARACTER", "SET"]) && !cursor.eat("CHARSET") {
            return None;
        }
        let charset = cursor.identifier().or_else(|| cursor.literal())?;
        let collate = if cursor.eat("COLLATE") {
            cursor.eat_symbol("=");
            Some(cursor.identifier().or_else(|| cursor.literal())?)
        } else {
            None
        };
        return Some(AlterAction::ConvertCharset { charset, collate });
    }
    let option = cursor.kind(0) == Some(TokenKind::Word) && cursor.piece(1).starts_with('=');
    let known = "DEFAULT CHARACTER CHARSET COLLATE COMMENT AUTO_INCREMENT ROW_FORMAT FORCE ORDER DISABLE ENABLE DISCARD \
                 IMPORT PARTITION REMOVE COALESCE TRUNCATE REORGANIZE EXCHANGE ANALYZE CHECK OPTIMIZE REBUILD REPAIR \
                 WITH WITHOUT TABLESPACE CONVERT UNION";
    (option || known.split_ascii_whitespace().any(|word| cursor.is(word))).then(|| other_option(cursor))
}

/// One option; the next begins with a word before `=`, or with one that has an action of its own.
fn other_option(cursor: &mut Cursor<'_>) -> AlterAction {
    let start = *cursor;
    cursor.skip();
    while !cursor.is_empty() {
        let own = cursor.is_any(&["ENGINE", "ALGORITHM", "LOCK"]) && !start.is("PARTITION");
        if own {
            break;
        }
        cursor.skip();
    }
    let taken = Cursor { tokens: &start.tokens[..start.tokens.len() - cursor.tokens.len()], ..start };
    AlterAction::Other { text: taken.collapsed() }
}

fn other(cursor: &mut Cursor<'_>) -> AlterAction {
    AlterAction::Other { text: cursor.take_until(&[]).collapsed() }
}

fn pair(cursor: &mut Cursor<'_>) -> Option<(String, String)> {
    let from = cursor.identifier()?;
    if !cursor.eat("TO") {
        return None;
    }
    Some((from, cursor.identifier()?))
}
