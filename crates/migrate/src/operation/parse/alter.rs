//! Reads `ALTER` and MySQL's `RENAME TABLE`, down to the list of a table's actions. Each action is `alter_action`'s.

use plimsoll_core::db::Engine;

use super::cursor::Cursor;
use super::{alter_action, alter_object};
use crate::operation::{AlterAction, Operation, Placed, Span};

/// An `ALTER` statement, one operation for each action.
pub(super) fn alter(mut cursor: Cursor<'_>) -> Option<Vec<Placed>> {
    let span = cursor.span();
    cursor.eat("ALTER");
    if cursor.engine == Engine::Mysql {
        cursor.eat_many(&["ONLINE", "IGNORE"]);
    }
    if cursor.eat("TABLE") {
        return table(cursor);
    }
    let operation = alter_object::alter(&mut cursor)?;
    Some(vec![Placed { span, operation }])
}

/// `RENAME TABLE a TO b, c TO d`.
pub(super) fn rename_tables(mut cursor: Cursor<'_>) -> Option<Vec<Placed>> {
    cursor.eat("RENAME");
    if cursor.engine != Engine::Mysql || !(cursor.eat("TABLE") || cursor.eat("TABLES")) {
        return None;
    }
    cursor.if_exists();
    let pair = |mut cursor: Cursor<'_>| {
        let span = cursor.span();
        let from = cursor.name()?;
        // MariaDB's limit for waiting.
        if cursor.eat("WAIT") {
            cursor.skip();
        }
        cursor.eat("NOWAIT");
        let to = cursor.eat("TO").then(|| cursor.name())??;
        cursor.is_empty().then_some(Placed { span, operation: Operation::RenameTable { from, to } })
    };
    cursor.commas().into_iter().map(pair).collect()
}

fn table(mut cursor: Cursor<'_>) -> Option<Vec<Placed>> {
    if cursor.is("ALL") && cursor.is_at(1, "IN") {
        return None;
    }
    let if_exists = cursor.if_exists();
    let only = cursor.engine == Engine::Postgres && cursor.eat("ONLY");
    let table = cursor.name()?;
    cursor.eat_symbol("*");
    if cursor.engine == Engine::Mysql {
        if cursor.eat("WAIT") {
            cursor.skip();
        }
        cursor.eat("NOWAIT");
    }
    let mut found = Vec::<Placed>::new();
    for mut item in cursor.commas() {
        let whole = item;
        let actions = actions(&mut item);
        if actions.is_none()
            && let Some(Placed { span, operation: Operation::AlterTable { action: AlterAction::Other { text }, .. } }) =
                found.last_mut()
            && has_commas(whole.engine, text)
        {
            *text = format!("{text}, {}", whole.collapsed());
            span.end = whole.span().end;
            continue;
        }
        let place = |(span, action)| Placed {
            span,
            operation: Operation::AlterTable { table: table.clone(), if_exists, only, action },
        };
        match actions {
            Some(actions) => found.extend(actions.into_iter().map(place)),
            // The statement's other actions are still what they are.
            None => found.push(super::unclassified(whole)),
        }
    }
    Some(found)
}

/// Whether an action has commas of its own: MySQL's `ORDER BY a, b`, `DROP PARTITION p, q`.
fn has_commas(engine: Engine, action: &str) -> bool {
    let word = |word: &str| action.split_whitespace().take(2).any(|found| found.eq_ignore_ascii_case(word));
    engine == Engine::Mysql && (word("ORDER") || word("PARTITION"))
}

/// The actions of one item. MySQL lets options follow each other without commas, and adds several columns in parentheses.
fn actions(item: &mut Cursor<'_>) -> Option<Vec<(Span, AlterAction)>> {
    let mut found = Vec::new();
    while !item.is_empty() {
        let start = *item;
        let actions = alter_action::actions(item)?;
        // Something follows that belongs to no action: nothing is known for sure.
        if item.tokens.len() == start.tokens.len() {
            return None;
        }
        match <[_; 1]>::try_from(actions) {
            Ok([action]) => found.push((item.span_since(&start), action)),
            Err(several) => found.extend(several.into_iter().map(|action| match &action {
                AlterAction::AddColumn { column, .. } => (column.span, action),
                _ => (item.span_since(&start), action),
            })),
        }
    }
    (!found.is_empty()).then_some(found)
}
