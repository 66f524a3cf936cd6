//! The statements for SQLite, which alters little: most changes of a table make a new one and copy the rows, in the order that
//! SQLite's documentation gives. Foreign keys have to be off meanwhile; that is left to whoever runs it.

use std::collections::BTreeSet;

use plimsoll_core::db::{Engine, quoted};

use super::order::{mentions, sorted};
use super::{Described, Draft, Phase, rows_of, table_of, values_of};
use crate::lexer::{Lexer, TokenKind};
use crate::schema::text::normalized;
use crate::schema::{Change, Difference, Object, ObjectKey, ObjectKind, compare};

/// What a table is called while its rows are copied.
const NEW: &str = "plimsoll_new_";

/// The kinds that are part of a table's own text.
const SHAPE: [ObjectKind; 6] = [
    ObjectKind::Table,
    ObjectKind::Column,
    ObjectKind::PrimaryKey,
    ObjectKind::Unique,
    ObjectKind::Check,
    ObjectKind::ForeignKey,
];

pub(super) fn write(from: &Described, to: &Described, draft: &mut Draft) {
    let differences = compare(&from.schema, &to.schema);
    let mut rebuilt = BTreeSet::new();
    for key in from.schema.objects.keys().filter(|key| key.kind == ObjectKind::Table) {
        let shape: Vec<&Difference> = differences
            .iter()
            .filter(|each| SHAPE.contains(&each.key.kind) && same_table(&table_of(&each.key), key))
            .collect();
        if shape.iter().any(|each| each.key == *key && each.change == Change::Removed) {
            draft.losing(Phase::DropTables, key, format!("DROP TABLE {}", quote(&key.name)), rows_of(key));
        } else if !shape.is_empty() && to.schema.objects.contains_key(key) && !add_columns(to, key, &shape, draft) {
            if is_virtual(&from.schema.objects[key]) {
                draft.cannot(key, "a virtual table cannot be altered: drop it, make it again and fill it again");
            } else {
                rebuild(from, to, key, &shape, draft);
                rebuilt.insert(key.clone());
            }
        }
    }
    for difference in
        differences.iter().filter(|each| each.key.kind == ObjectKind::Table && each.change == Change::Added)
    {
        create(to, &difference.key, draft);
    }
    indexes(to, &differences, &rebuilt, draft);
    programs(from, to, &differences, &rebuilt, draft);
}

fn create(to: &Described, key: &ObjectKey, draft: &mut Draft) {
    if let Some(text) = to.texts.get(key) {
        draft.add(Phase::Tables, key, text.as_str());
    }
    for part in to.texts.keys().filter(|part| part.kind == ObjectKind::Index && same_table(&table_of(part), key)) {
        draft.add(Phase::Indexes, part, to.texts[part].as_str());
    }
}

/// Adds columns in their place where that is all, and where SQLite takes them.
fn add_columns(to: &Described, key: &ObjectKey, shape: &[&Difference], draft: &mut Draft) -> bool {
    let all_added = shape.iter().all(|each| each.key.kind == ObjectKind::Column && each.change == Change::Added);
    let Some(text) = to.texts.get(key).filter(|_| all_added) else { return false };
    let items = items(text);
    let mut clauses = Vec::new();
    let mut columns: Vec<&Object> = shape.iter().filter_map(|each| to.schema.objects.get(&each.key)).collect();
    let position = |column: &Object| column.attribute("position").and_then(|text| text.parse::<usize>().ok());
    columns.sort_by_key(|column| position(column));
    let count = to.schema.of_table(None, &key.name).filter(|each| each.key.kind == ObjectKind::Column).count();
    for (at, column) in columns.iter().enumerate() {
        let default = column.attribute("default");
        let is_constant = default.is_none_or(|text| {
            let text = text.to_lowercase();
            !text.starts_with('(') && !text.starts_with("current_") && !text.contains('(')
        });
        let may_be_null =
            column.attribute("nullability") == Some("nullable") || default.is_some_and(|text| text != "null");
        let is_last = position(column) == Some(count + 1 - (columns.len() - at));
        let Some((_, clause)) = items.iter().find(|(name, _)| *name == normalized_name(&column.key.name)) else {
            return false;
        };
        if !(is_constant && may_be_null && is_last && column.attribute("generated").is_none()) {
            return false;
        }
        clauses.push((column.key.clone(), *clause));
    }
    for (column, clause) in clauses {
        draft.add(Phase::Columns, &column, format!("ALTER TABLE {} ADD COLUMN {clause}", quote(&key.name)));
    }
    true
}

fn rebuild(from: &Described, to: &Described, key: &ObjectKey, shape: &[&Difference], draft: &mut Draft) {
    let Some((text, name_end)) = to.texts.get(key).and_then(|text| Some((text, after_name(text)?))) else {
        draft.cannot(key, "its text is not known");
        return;
    };
    let new = quote(&format!("{NEW}{}", key.name));
    let (old, temporary) = (quote(&key.name), format!("CREATE TABLE {new}{}", &text[name_end..]));
    draft.add(Phase::Columns, key, temporary);
    let column = |described: &Described, name: &str| {
        let key =
            ObjectKey { kind: ObjectKind::Column, schema: None, table: Some(key.name.clone()), name: name.to_owned() };
        described.schema.objects.get(&key).cloned()
    };
    let kept: Vec<String> = to
        .schema
        .of_table(None, &key.name)
        .filter(|each| each.key.kind == ObjectKind::Column && each.attribute("generated").is_none())
        .filter(|each| column(from, &each.key.name).is_some())
        .map(|each| quote(&each.key.name))
        .collect();
    if !kept.is_empty() {
        let kept = kept.join(", ");
        draft.add(Phase::Columns, key, format!("INSERT INTO {new} ({kept}) SELECT {kept} FROM {old}"));
    }
    if counts(from, key) && counts(to, key) {
        let (name, temporary) = (literal(&key.name), literal(&format!("{NEW}{}", key.name)));
        draft.add(Phase::Columns, key, format!("DELETE FROM sqlite_sequence WHERE name = {temporary}"));
        draft.add(
            Phase::Columns,
            key,
            format!("INSERT INTO sqlite_sequence (name, seq) SELECT {temporary}, seq FROM sqlite_sequence WHERE name = {name}"),
        );
    }
    let gone: Vec<String> = shape
        .iter()
        .filter(|each| each.key.kind == ObjectKind::Column && each.change == Change::Removed)
        .map(|each| values_of(&each.key))
        .collect();
    let drop = format!("DROP TABLE {old}");
    if gone.is_empty() {
        draft.add(Phase::Columns, key, drop);
    } else {
        draft.losing(Phase::Columns, key, drop, gone.join(", "));
    }
    draft.add(Phase::Columns, key, format!("ALTER TABLE {new} RENAME TO {old}"));
}

/// Whether numbers of deleted rows are never used again, for which SQLite keeps a row.
fn counts(described: &Described, table: &ObjectKey) -> bool {
    let key =
        |object: &&Object| object.key.kind == ObjectKind::PrimaryKey && object.attribute("autoincrement").is_some();
    described.schema.of_table(None, &table.name).any(|object| key(&object))
}

fn indexes(to: &Described, differences: &[Difference], rebuilt: &BTreeSet<ObjectKey>, draft: &mut Draft) {
    let is_rebuilt = |key: &ObjectKey| rebuilt.iter().any(|table| same_table(&table_of(key), table));
    for difference in differences.iter().filter(|each| each.key.kind == ObjectKind::Index) {
        let key = &difference.key;
        // A table that is dropped takes its indexes along.
        if difference.change != Change::Added && !is_rebuilt(key) {
            draft.add(Phase::DropKeys, key, format!("DROP INDEX {}", quote(&key.name)));
        }
        if let Some(text) = to.texts.get(key).filter(|_| difference.change != Change::Removed && !is_rebuilt(key)) {
            draft.add(Phase::Indexes, key, text.as_str());
        }
    }
    for (key, text) in to.texts.iter().filter(|(key, _)| key.kind == ObjectKind::Index && is_rebuilt(key)) {
        draft.add(Phase::Indexes, key, text.as_str());
    }
}

/// Views and triggers: those that change, and all that mention a table that is made anew, because SQLite looks at each when a
/// table is renamed.
fn programs(
    from: &Described,
    to: &Described,
    differences: &[Difference],
    rebuilt: &BTreeSet<ObjectKey>,
    draft: &mut Draft,
) {
    let change = |key: &ObjectKey| differences.iter().find(|each| each.key == *key).map(|each| &each.change);
    let is_program = |key: &&ObjectKey| matches!(key.kind, ObjectKind::View | ObjectKind::Trigger);
    let definition = |described: &Described, key: &ObjectKey| {
        described
            .schema
            .objects
            .get(key)
            .and_then(|object| object.attribute("definition"))
            .unwrap_or_default()
            .to_owned()
    };
    let mut dropped: Vec<ObjectKey> = Vec::new();
    loop {
        let more: Vec<ObjectKey> = from
            .schema
            .objects
            .keys()
            .filter(is_program)
            .filter(|key| !dropped.contains(key))
            .filter(|key| {
                let text = definition(from, key);
                change(key).is_some()
                    || rebuilt.iter().any(|table| mentions(&text, &table.name.to_lowercase()))
                    || dropped
                        .iter()
                        .any(|view| view.kind == ObjectKind::View && mentions(&text, &view.name.to_lowercase()))
            })
            .cloned()
            .collect();
        if more.is_empty() {
            break;
        }
        dropped.extend(more);
    }
    let gone =
        |key: &ObjectKey| differences.iter().any(|each| each.key == table_of(key) && each.change == Change::Removed);
    for key in &dropped {
        match key.kind {
            ObjectKind::View => draft.add(Phase::DropViews, key, format!("DROP VIEW {}", quote(&key.name))),
            _ if gone(key) => {}
            _ => draft.add(Phase::DropPrograms, key, format!("DROP TRIGGER {}", quote(&key.name))),
        }
    }
    let made = to.schema.objects.keys().filter(is_program).filter(|key| {
        let is_new = matches!(change(key), Some(Change::Added | Change::Changed(_)));
        let of_new = !from.schema.objects.contains_key(*key);
        is_new || of_new || dropped.contains(key)
    });
    let made: Vec<(ObjectKey, String)> = made.map(|key| (key.clone(), definition(to, key))).collect();
    let views = made.iter().filter(|(key, _)| key.kind == ObjectKind::View).cloned().collect();
    let triggers = made.iter().filter(|(key, _)| key.kind == ObjectKind::Trigger);
    for (key, _) in sorted(views, |one, other| mentions(&one.1, &other.0.name.to_lowercase())).iter().chain(triggers) {
        if let Some(text) = to.texts.get(key) {
            let phase = if key.kind == ObjectKind::View { Phase::Views } else { Phase::Programs };
            draft.add(phase, key, text.as_str());
        }
    }
}

fn is_virtual(table: &Object) -> bool {
    table.attribute("definition").is_some()
}

fn same_table(one: &ObjectKey, other: &ObjectKey) -> bool {
    one.name.eq_ignore_ascii_case(&other.name)
}

/// Where the name of the table ends in the text that makes it.
fn after_name(text: &str) -> Option<usize> {
    let mut lexer = Lexer::new(Engine::Sqlite, text);
    let mut words = 0;
    while let Ok(Some(token)) = lexer.next() {
        if token.kind != TokenKind::Blank {
            words += 1;
            if words == 3 {
                return Some(token.end);
            }
        }
    }
    None
}

/// The items between the outer parentheses of a table's text, by their first name.
fn items(text: &str) -> Vec<(String, &str)> {
    let mut lexer = Lexer::new(Engine::Sqlite, text);
    let mut items = Vec::new();
    let (mut depth, mut current): (i32, Option<(String, usize, usize)>) = (0, None);
    while let Ok(Some(token)) = lexer.next() {
        let piece = &text[token.start..token.end];
        match (token.kind, piece) {
            (TokenKind::Blank, _) => continue,
            (_, "(") => depth += 1,
            (_, ")") => depth -= 1,
            _ => {}
        }
        let ends = depth == 0 || (depth == 1 && piece == ",");
        if ends {
            if let Some((name, start, end)) = current.take() {
                items.push((name, &text[start..end]));
            }
        } else if depth > 1 || piece != "(" {
            let (_, _, end) =
                current.get_or_insert_with(|| (normalized(Engine::Sqlite, piece), token.start, token.end));
            *end = token.end;
        }
    }
    items
}

fn normalized_name(name: &str) -> String {
    normalized(Engine::Sqlite, &quote(name))
}

fn quote(name: &str) -> String {
    quoted(Engine::Sqlite, name)
}

fn literal(text: &str) -> String {
    plimsoll_core::db::dialect::literal(Engine::Sqlite, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_items_of_a_table_are_found_in_its_text() {
        let text = "CREATE TABLE \"a b\" (id INTEGER PRIMARY KEY, -- the key\n \"n, m\" NUMERIC(8, 2) DEFAULT (1), CHECK (id > 0)) STRICT";
        let found = items(text);
        let expected = [
            ("id", "id INTEGER PRIMARY KEY"),
            ("\"n, m\"", "\"n, m\" NUMERIC(8, 2) DEFAULT (1)"),
            ("check", "CHECK (id > 0)"),
        ];
        assert_eq!(found.iter().map(|(name, text)| (name.as_str(), *text)).collect::<Vec<_>>(), expected);
        assert_eq!(after_name(text).map(|at| &text[..at]), Some("CREATE TABLE \"a b\""));
    }
}
