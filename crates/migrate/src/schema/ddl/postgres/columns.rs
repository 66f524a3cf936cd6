//! Columns of PostgreSQL: their clause in a table, and each attribute that can be altered. Their sequences are `sequences`'.

use super::super::{Draft, Phase, table_of, values_of};
use super::{Way, names, sequences};
use crate::schema::{AttributeChange, Change, Difference, Object, ObjectKey};

/// The column as `CREATE TABLE` and `ADD COLUMN` have it.
pub(super) fn clause(column: &Object) -> String {
    let mut text = format!("{} {}", names::name(&column.key.name), column.attribute("type").unwrap_or_default());
    if let Some(collation) = column.attribute("collation") {
        text.push_str(&format!(" COLLATE {collation}"));
    }
    if let Some((expression, kind)) = column.attribute("generated").and_then(|text| text.rsplit_once(' ')) {
        text.push_str(&format!(" GENERATED ALWAYS AS ({expression}) {}", kind.to_uppercase()));
    }
    if let Some(default) = column.attribute("default") {
        text.push_str(&format!(" DEFAULT {default}"));
    }
    if column.attribute("nullability") != Some("nullable") {
        text.push_str(" NOT NULL");
    }
    if let Some(identity) = column.attribute("identity") {
        text.push_str(&format!(" GENERATED {} AS IDENTITY", identity.to_uppercase()));
        text.push_str(&sequences::identity_options(column));
    }
    text
}

/// What a column has besides its clause.
pub(super) fn extras(column: &Object, phase: Phase, draft: &mut Draft) {
    let (key, table, name) = parts(&column.key);
    if let Some(storage) = column.attribute("storage") {
        draft.add(phase, key, format!("ALTER TABLE {table} ALTER COLUMN {name} SET STORAGE {}", storage_name(storage)));
    }
    if let Some(comment) = column.attribute("comment") {
        draft.add(phase, key, format!("COMMENT ON COLUMN {table}.{name} IS {}", names::literal(Some(comment))));
    }
}

/// Whether views, triggers, rules and policies on the column stand in the way.
pub(super) fn touches_dependents(changes: &[AttributeChange]) -> bool {
    changes.iter().any(|change| ["type", "collation"].contains(&change.name.as_str())) || is_remade(changes)
}

/// Whether the column is dropped and made again.
pub(super) fn is_remade(changes: &[AttributeChange]) -> bool {
    changes.iter().any(|change| change.name == "generated" && change.to.is_some())
}

pub(super) fn write(way: &Way<'_>, difference: &Difference, draft: &mut Draft) {
    let (key, table, name) = parts(&difference.key);
    match &difference.change {
        Change::Added => {
            let Some(column) = way.object(key) else { return };
            sequences::make_owned(column, Phase::Types, Phase::Keys, draft);
            draft.add(Phase::Columns, key, format!("ALTER TABLE {table} ADD COLUMN {}", clause(column)));
            extras(column, Phase::Columns, draft);
        }
        Change::Removed => {
            draft.losing(Phase::Columns, key, format!("ALTER TABLE {table} DROP COLUMN {name}"), values_of(key));
        }
        Change::Changed(changes) if is_remade(changes) => {
            let Some(column) = way.object(key) else { return };
            let drop = format!("ALTER TABLE {table} DROP COLUMN {name}");
            match changes.iter().any(|change| change.name == "generated" && change.from.is_none()) {
                true => draft.losing(Phase::Columns, key, drop, values_of(key)),
                false => draft.add(Phase::Columns, key, drop),
            }
            draft.add(Phase::Columns, key, format!("ALTER TABLE {table} ADD COLUMN {}", clause(column)));
            extras(column, Phase::Columns, draft);
        }
        Change::Changed(changes) => {
            if let Some(column) = way.object(key) {
                alter(way, column, changes, draft);
            }
        }
    }
}

fn alter(way: &Way<'_>, column: &Object, changes: &[AttributeChange], draft: &mut Draft) {
    let (key, table, name) = parts(&column.key);
    let change = |wanted: &str| changes.iter().find(|change| change.name == wanted);
    let alter = |draft: &mut Draft, what: String| {
        draft.add(Phase::Columns, key, format!("ALTER TABLE {table} ALTER COLUMN {name} {what}"));
    };
    let before = way.from.objects.get(key);
    let old_default = before.and_then(|column| column.attribute("default"));
    let typed = change("type").or_else(|| change("collation")).is_some();
    let default = change("default").is_some();
    if change("generated").is_some_and(|change| change.to.is_none()) {
        alter(draft, "DROP EXPRESSION".to_owned());
    }
    if change("identity").is_some_and(|change| change.to.is_none()) {
        alter(draft, "DROP IDENTITY".to_owned());
    }
    if old_default.is_some() && (typed || default) {
        alter(draft, "DROP DEFAULT".to_owned());
    }
    if typed {
        let to = column.attribute("type").unwrap_or_default();
        let collation = column.attribute("collation").map(|name| format!(" COLLATE {name}")).unwrap_or_default();
        let using =
            if column.attribute("generated").is_some() { String::new() } else { format!(" USING {name}::{to}") };
        alter(draft, format!("TYPE {to}{collation}{using}"));
    }
    if let Some(change) = change("nullability") {
        match change.to.as_deref() {
            Some("not null") => alter(draft, "SET NOT NULL".to_owned()),
            Some("nullable") => alter(draft, "DROP NOT NULL".to_owned()),
            _ => draft.cannot(key, "an unvalidated NOT NULL is a constraint to add by hand, with `NOT VALID`"),
        }
    }
    sequences::alter_owned(way, column, change("sequence"), change("identity"), draft);
    if let Some(to) = column.attribute("default").filter(|_| typed || default) {
        alter(draft, format!("SET DEFAULT {to}"));
    }
    if let Some(change) = change("storage") {
        let usual = if column.attribute("type").is_some_and(|name| name.starts_with("numeric")) { "m" } else { "x" };
        alter(draft, format!("SET STORAGE {}", storage_name(change.to.as_deref().unwrap_or(usual))));
    }
    if let Some(change) = change("comment") {
        let text = names::literal(change.to.as_deref());
        draft.add(Phase::Columns, key, format!("COMMENT ON COLUMN {table}.{name} IS {text}"));
    }
}

fn parts(key: &ObjectKey) -> (&ObjectKey, String, String) {
    (key, names::table(&table_of(key)), names::name(&key.name))
}

fn storage_name(letter: &str) -> &'static str {
    match letter {
        "p" => "PLAIN",
        "e" => "EXTERNAL",
        "m" => "MAIN",
        _ => "EXTENDED",
    }
}
