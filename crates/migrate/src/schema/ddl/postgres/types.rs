//! Schemas, extensions and types of PostgreSQL. Sequences are `sequences`'.

use super::super::order::mentions;
use super::super::{Draft, Phase, table_of};
use super::{Way, names};
use crate::schema::{AttributeChange, Change, Difference, Object, ObjectKey, ObjectKind};

/// What an enumeration or a composite type is called while its successor is made.
const OLD: &str = "plimsoll_old_";

pub(super) fn write(way: &Way<'_>, draft: &mut Draft) {
    for difference in &way.differences {
        let (key, name) = (&difference.key, names::table(&difference.key));
        let (word, phase) = match key.kind {
            ObjectKind::Schema => ("SCHEMA", Phase::Schemas),
            ObjectKind::Extension => ("EXTENSION", Phase::Schemas),
            ObjectKind::Enum | ObjectKind::CompositeType | ObjectKind::RangeType => ("TYPE", Phase::Types),
            ObjectKind::Domain => ("DOMAIN", Phase::Types),
            _ => continue,
        };
        match (&difference.change, way.object(key)) {
            (Change::Removed, _) => {
                let phase = if phase == Phase::Schemas { Phase::DropSchemas } else { Phase::DropOthers };
                draft.add(phase, key, format!("DROP {word} {name}"));
            }
            (Change::Added, Some(object)) => {
                make(object, &name, phase, draft);
                if let Some(text) = object.attribute("comment") {
                    draft.add(phase, key, format!("COMMENT ON {word} {name} IS {}", names::literal(Some(text))));
                }
                super::objects::grant_made(object, draft);
            }
            (Change::Changed(changes), Some(object)) => {
                alter(way, difference, changes, &name, draft);
                if changes.iter().any(|change| change.name == "comment") {
                    let text = names::literal(object.attribute("comment"));
                    draft.add(phase, key, format!("COMMENT ON {word} {name} IS {text}"));
                }
                super::objects::grant_changed(key, changes, draft);
            }
            (_, None) => {}
        }
    }
}

/// Whether an enumeration has to be made anew: values cannot be dropped or moved.
pub(super) fn is_remade(difference: &Difference) -> bool {
    let Change::Changed(changes) = &difference.change else { return false };
    let values = changes.iter().find(|change| change.name == "values");
    values.is_some_and(|change| {
        let (from, to) = (listed(change.from.as_deref()), listed(change.to.as_deref()));
        renamed(&from, &to).is_none() && added(&from, &to).is_none()
    })
}

/// Whether a column is of a type, or an array of it.
pub(super) fn is_of(column: &Object, key: &ObjectKey) -> bool {
    let name = names::table(key);
    column.attribute("type").is_some_and(|text| text == name || text.strip_suffix("[]") == Some(name.as_str()))
}

fn make(object: &Object, name: &str, phase: Phase, draft: &mut Draft) {
    let of = |attribute: &str| object.attribute(attribute).unwrap_or_default();
    let sql = match object.key.kind {
        ObjectKind::Schema => format!("CREATE SCHEMA {name}"),
        ObjectKind::Extension => format!("CREATE EXTENSION {name} WITH SCHEMA {}", names::name(of("schema"))),
        ObjectKind::Enum => format!("CREATE TYPE {name} AS ENUM ({})", of("values")),
        ObjectKind::CompositeType => format!("CREATE TYPE {name} AS ({})", of("fields")),
        ObjectKind::RangeType => {
            let mut text = format!("CREATE TYPE {name} AS RANGE (subtype = {}", of("subtype"));
            if let Some(function) = object.attribute("difference") {
                text.push_str(&format!(", subtype_diff = {function}"));
            }
            if object.attribute("canonical").is_some() {
                draft.cannot(&object.key, "a range type with a canonical function has to be made by hand");
                return;
            }
            text + ")"
        }
        _ => {
            let mut text = format!("CREATE DOMAIN {name} AS {}", of("type"));
            if let Some(collation) = object.attribute("collation") {
                text.push_str(&format!(" COLLATE {collation}"));
            }
            if let Some(default) = object.attribute("default") {
                text.push_str(&format!(" DEFAULT {default}"));
            }
            if object.attribute("nullability") == Some("not null") {
                text.push_str(" NOT NULL");
            }
            for check in checks(object.attribute("checks")) {
                text.push_str(&format!(" CONSTRAINT {check}"));
            }
            text
        }
    };
    draft.add(phase, &object.key, sql);
}

fn alter(way: &Way<'_>, difference: &Difference, changes: &[AttributeChange], name: &str, draft: &mut Draft) {
    let key = &difference.key;
    for change in changes {
        let (from, to) = (change.from.as_deref(), change.to.as_deref());
        match (key.kind, change.name.as_str()) {
            (_, "comment" | "granted") => {}
            (ObjectKind::Extension, "version") => {
                let to = names::literal(to);
                draft.add(Phase::Schemas, key, format!("ALTER EXTENSION {name} UPDATE TO {to}"));
            }
            (ObjectKind::Extension, "schema") => {
                let to = names::name(to.unwrap_or_default());
                draft.add(Phase::Schemas, key, format!("ALTER EXTENSION {name} SET SCHEMA {to}"));
            }
            (ObjectKind::Enum, "values") => enumeration(way, key, &listed(from), &listed(to), draft),
            (ObjectKind::CompositeType, "fields") => {
                let (from, to) = (fields(from), fields(to));
                for (field, _) in from.iter().filter(|(field, _)| !to.iter().any(|(other, _)| other == field)) {
                    draft.add(Phase::Types, key, format!("ALTER TYPE {name} DROP ATTRIBUTE {field}"));
                }
                for (field, type_name) in &to {
                    let action = match from.iter().find(|(other, _)| other == field) {
                        None => format!("ADD ATTRIBUTE {field} {type_name}"),
                        Some((_, other)) if other != type_name => format!("ALTER ATTRIBUTE {field} TYPE {type_name}"),
                        Some(_) => continue,
                    };
                    draft.add(Phase::Types, key, format!("ALTER TYPE {name} {action}"));
                }
            }
            (ObjectKind::Domain, "default") => {
                let action = to.map_or_else(|| "DROP DEFAULT".to_owned(), |to| format!("SET DEFAULT {to}"));
                draft.add(Phase::Types, key, format!("ALTER DOMAIN {name} {action}"));
            }
            (ObjectKind::Domain, "nullability") => {
                let action = if to == Some("not null") { "SET" } else { "DROP" };
                draft.add(Phase::Types, key, format!("ALTER DOMAIN {name} {action} NOT NULL"));
            }
            (ObjectKind::Domain, "checks") => {
                let (from, to) = (checks(from), checks(to));
                for check in from.iter().filter(|check| !to.contains(check)) {
                    let constraint = check.split(" CHECK ").next().unwrap_or_default();
                    draft.add(Phase::Types, key, format!("ALTER DOMAIN {name} DROP CONSTRAINT {constraint}"));
                }
                for check in to.iter().filter(|check| !from.contains(check)) {
                    draft.add(Phase::Types, key, format!("ALTER DOMAIN {name} ADD CONSTRAINT {check}"));
                }
            }
            (_, attribute) => draft.cannot(
                key,
                format!(
                    "its {attribute} cannot be altered: make a new type, let the columns have that, and drop this one"
                ),
            ),
        }
    }
}

fn enumeration(way: &Way<'_>, key: &ObjectKey, from: &[String], to: &[String], draft: &mut Draft) {
    let name = names::table(key);
    if let Some((old, new)) = renamed(from, to) {
        draft.add(Phase::Types, key, format!("ALTER TYPE {name} RENAME VALUE {old} TO {new}"));
        return;
    }
    if let Some(added) = added(from, to) {
        for (value, place) in added {
            draft.add(Phase::Types, key, format!("ALTER TYPE {name} ADD VALUE {value}{place}"));
        }
        return;
    }
    // Rows that hold a value that goes are an error, and nothing happens.
    let old = format!("{OLD}{}", key.name);
    draft.add(Phase::Types, key, format!("ALTER TYPE {name} RENAME TO {}", names::name(&old)));
    draft.add(Phase::Types, key, format!("CREATE TYPE {name} AS ENUM ({})", to.join(", ")));
    for column in way.to.objects.values().filter(|column| column.key.kind == ObjectKind::Column && is_of(column, key)) {
        let Some(before) = way.from.objects.get(&column.key).filter(|before| is_of(before, key)) else { continue };
        let (table, column_name) = (names::table(&table_of(&column.key)), names::name(&column.key.name));
        let type_name = column.attribute("type").unwrap_or_default();
        let text = if type_name.ends_with("[]") { "text[]" } else { "text" };
        let alter = |draft: &mut Draft, action: String| {
            draft.add(Phase::Types, key, format!("ALTER TABLE {table} ALTER COLUMN {column_name} {action}"));
        };
        if before.attribute("default").is_some() {
            alter(draft, "DROP DEFAULT".to_owned());
        }
        alter(draft, format!("TYPE {type_name} USING {column_name}::{text}::{type_name}"));
        if let Some(default) = column.attribute("default") {
            alter(draft, format!("SET DEFAULT {default}"));
        }
    }
    let schema = key.schema.as_deref().map(|schema| format!("{}.", names::name(schema))).unwrap_or_default();
    draft.add(Phase::Types, key, format!("DROP TYPE {schema}{}", names::name(&old)));
}

/// The one value that has another name, at the same place.
fn renamed<'a>(from: &'a [String], to: &'a [String]) -> Option<(&'a String, &'a String)> {
    let mut pairs = from.iter().zip(to).filter(|(from, to)| from != to);
    let (old, new) = pairs.next()?;
    (from.len() == to.len() && pairs.next().is_none() && !to.contains(old) && !from.contains(new)).then_some((old, new))
}

/// The values that come in addition, with their places; none when others go or move.
fn added(from: &[String], to: &[String]) -> Option<Vec<(String, String)>> {
    let kept: Vec<&String> = to.iter().filter(|value| from.contains(value)).collect();
    if kept.len() != from.len() || kept.iter().zip(from).any(|(one, other)| *one != other) {
        return None;
    }
    let place = |at: usize| match (at.checked_sub(1), to.get(at + 1)) {
        (Some(before), _) => format!(" AFTER {}", to[before]),
        (None, Some(after)) => format!(" BEFORE {after}"),
        (None, None) => String::new(),
    };
    let new = to.iter().enumerate().filter(|(_, value)| !from.contains(value));
    let mut added: Vec<(String, String)> = new.map(|(at, value)| (value.clone(), place(at))).collect();
    // New values at the very beginning stand before an old one only if they are added from behind.
    let leading = to.iter().take_while(|value| !from.contains(value)).count();
    if leading > 1 {
        for (at, (_, place)) in added.iter_mut().enumerate().take(leading).skip(1) {
            *place = format!(" AFTER {}", to[at - 1]);
        }
    }
    if leading > 0 && !from.is_empty() {
        added[0].1 = format!(" BEFORE {}", from[0]);
    }
    Some(added)
}

/// The literals of a list.
fn listed(text: Option<&str>) -> Vec<String> {
    split(text.unwrap_or_default(), |text, at| text[..at].matches('\'').count() % 2 == 0)
}

/// Names and types of the fields of a composite type.
fn fields(text: Option<&str>) -> Vec<(String, String)> {
    let outside = |text: &str, at: usize| text[..at].matches('(').count() == text[..at].matches(')').count();
    let pair = |field: String| {
        let end = match field.strip_prefix('"') {
            Some(rest) => rest.find('"').map(|at| at + 2),
            None => field.find(' '),
        };
        let (name, rest) = field.split_at(end.unwrap_or(field.len()));
        (name.to_owned(), rest.trim().to_owned())
    };
    split(text.unwrap_or_default(), outside).into_iter().map(pair).collect()
}

/// `name CHECK (..)`, one by one.
fn checks(text: Option<&str>) -> Vec<String> {
    let outside = |text: &str, at: usize| {
        text[..at].matches('(').count() == text[..at].matches(')').count() && mentions(&text[at..], "CHECK")
    };
    split(text.unwrap_or_default(), outside)
}

fn split(text: &str, is_end: impl Fn(&str, usize) -> bool) -> Vec<String> {
    let mut items = Vec::new();
    let mut from = 0;
    for (at, comma) in text.match_indices(", ") {
        if at >= from && is_end(&text[from..], at - from) {
            items.push(text[from..at].to_owned());
            from = at + comma.len();
        }
    }
    if from < text.len() {
        items.push(text[from..].to_owned());
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<String> {
        text.split(' ').map(|value| format!("'{value}'")).collect()
    }

    #[test]
    fn values_are_added_beside_those_that_are_there() {
        let places = |from: &str, to: &str| {
            let added = added(&values(from), &values(to))?;
            Some(added.into_iter().map(|(value, place)| format!("{value}{place}")).collect::<Vec<_>>().join("; "))
        };
        assert_eq!(places("a b", "a x b").as_deref(), Some("'x' AFTER 'a'"));
        assert_eq!(places("a b", "x y a b z").as_deref(), Some("'x' BEFORE 'a'; 'y' AFTER 'x'; 'z' AFTER 'b'"));
        assert_eq!(places("a b", "b a"), None);
        assert_eq!(places("a b", "a"), None);
    }

    #[test]
    fn lists_are_taken_apart_where_they_end() {
        assert_eq!(listed(Some("'a', 'b, c', 'd''e'")), ["'a'", "'b, c'", "'d''e'"]);
        let found = fields(Some("a numeric(8,2), \"b c\" text"));
        assert_eq!(found, [("a".to_owned(), "numeric(8,2)".to_owned()), ("\"b c\"".to_owned(), "text".to_owned())]);
        assert_eq!(checks(Some("a CHECK ((VALUE > 0)), b CHECK ((VALUE < 5))")).len(), 2);
    }
}
