//! Tables of PostgreSQL, their indexes and their constraints. Columns are `columns`'.

use super::super::{Draft, Phase, of_kind, rows_of, table_of};
use super::{Way, columns, names, objects, sequences};
use crate::schema::{AttributeChange, Change, Difference, Object, ObjectKey, ObjectKind};

/// Kinds that belong to a table and are made with `ALTER TABLE .. ADD CONSTRAINT`.
const CONSTRAINTS: [ObjectKind; 4] =
    [ObjectKind::PrimaryKey, ObjectKind::Unique, ObjectKind::Check, ObjectKind::Exclusion];

pub(super) fn write(way: &Way<'_>, draft: &mut Draft) {
    let mut dropped: Vec<&ObjectKey> = way.tables_with(&Change::Removed);
    // A table takes its partitions along, so these go first.
    dropped.sort_by_key(|key| {
        let has = |name| way.from.objects.get(*key).is_some_and(|table| table.attribute(name).is_some());
        (!has("parents"), has("partitioned by"))
    });
    for key in &dropped {
        drop_table(way, key, &dropped, draft);
    }
    for key in way.tables_with(&Change::Added) {
        if let Some(table) = way.object(key) {
            make(way, table, draft);
        }
    }
    for difference in of_kind(&way.differences, ObjectKind::Table) {
        if let (Change::Changed(changes), Some(table)) = (&difference.change, way.object(&difference.key)) {
            alter(table, changes, draft);
        }
    }
    constraints(way, draft);
    indexes(way, draft);
}

pub(super) fn make_index(index: &Object, phase: Phase, draft: &mut Draft) {
    let name =
        format!("{}.{}", names::name(index.key.schema.as_deref().unwrap_or("public")), names::name(&index.key.name));
    if index.attribute("validity") != Some("valid") {
        draft.cannot(&index.key, "an index that is not valid is of no use: drop it or build it again, do not keep it");
        return;
    }
    // For the partitions as well, which would otherwise have to be attached one by one.
    let definition = index.attribute("definition").unwrap_or_default().replacen(" ON ONLY ", " ON ", 1);
    draft.add(phase, &index.key, definition);
    if let Some(comment) = index.attribute("comment") {
        draft.add(phase, &index.key, format!("COMMENT ON INDEX {name} IS {}", names::literal(Some(comment))));
    }
}

fn drop_table(way: &Way<'_>, key: &ObjectKey, dropped: &[&ObjectKey], draft: &mut Draft) {
    // Keys between tables that are dropped would hold each other.
    for object in
        way.from.of_table(key.schema.as_deref(), &key.name).filter(|each| each.key.kind == ObjectKind::ForeignKey)
    {
        let refers = |other: &&&ObjectKey| {
            let table = names::table(other);
            object.attribute("references").is_some_and(|to| to.starts_with(&format!("{table} ")))
        };
        if dropped.iter().any(|other| refers(&other)) {
            let (table, name) = (names::table(key), names::name(&object.key.name));
            draft.add(Phase::DropForeignKeys, key, format!("ALTER TABLE {table} DROP CONSTRAINT {name}"));
        }
    }
    draft.losing(Phase::DropTables, key, format!("DROP TABLE {}", names::table(key)), rows_of(key));
}

fn make(way: &Way<'_>, table: &Object, draft: &mut Draft) {
    let (key, name) = (&table.key, names::table(&table.key));
    if table.attribute("foreign server").is_some() {
        draft.cannot(key, "a foreign table has to be made by hand, with the options of its server");
        return;
    }
    let parts: Vec<&Object> = way.to.of_table(key.schema.as_deref(), &key.name).collect();
    let mut columns: Vec<&Object> = parts.iter().copied().filter(|part| part.key.kind == ObjectKind::Column).collect();
    columns.sort_by_key(|column| column.attribute("position").and_then(|text| text.parse::<u32>().ok()));
    let mut lines: Vec<String> = columns.iter().map(|column| columns::clause(column)).collect();
    let is_inline = |part: &&&Object| CONSTRAINTS.contains(&part.key.kind) && !is_pending(part);
    lines.extend(parts.iter().filter(is_inline).map(|part| format!("CONSTRAINT {}", constraint(part))));
    let mut sql = format!(
        "CREATE {}TABLE {name} (\n    {}\n)",
        if table.attribute("persistence").is_some() { "UNLOGGED " } else { "" },
        lines.join(",\n    ")
    );
    if let Some(partitioned) = table.attribute("partitioned by") {
        sql.push_str(&format!(" PARTITION BY {partitioned}"));
    }
    if let Some(method) = table.attribute("access method") {
        sql.push_str(&format!(" USING {}", names::name(method)));
    }
    if let Some(options) = table.attribute("options") {
        sql.push_str(&format!(" WITH ({options})"));
    }
    for column in &columns {
        sequences::make_owned(column, Phase::Types, Phase::Keys, draft);
    }
    draft.add(Phase::Tables, key, sql);
    if let Some(comment) = table.attribute("comment") {
        draft.add(Phase::Tables, key, format!("COMMENT ON TABLE {name} IS {}", names::literal(Some(comment))));
    }
    for column in &columns {
        columns::extras(column, Phase::Tables, draft);
    }
    if let Some(parents) = table.attribute("parents") {
        attach(key, parents, table.attribute("partition"), draft);
    }
    for (attribute, phase) in [("row security", Phase::States), ("replica identity", Phase::States)] {
        if let Some(value) = table.attribute(attribute) {
            alter_attribute(table, attribute, None, Some(value), phase, draft);
        }
    }
    for part in parts {
        match part.key.kind {
            ObjectKind::Column => {}
            ObjectKind::ForeignKey => make_constraint(part, Phase::ForeignKeys, draft),
            ObjectKind::Index => make_index(part, Phase::Indexes, draft),
            kind if CONSTRAINTS.contains(&kind) => {
                if is_pending(part) {
                    make_constraint(part, Phase::Keys, draft);
                } else {
                    comment_constraint(part, draft);
                }
            }
            _ => objects::make_part(part, way.to, draft),
        }
    }
}

fn attach(key: &ObjectKey, parents: &str, partition: Option<&str>, draft: &mut Draft) {
    let name = names::table(key);
    match partition {
        Some(bounds) => {
            draft.add(Phase::Partitions, key, format!("ALTER TABLE {parents} ATTACH PARTITION {name} {bounds}"));
        }
        None => {
            for parent in parents.split(", ") {
                draft.add(Phase::Partitions, key, format!("ALTER TABLE {name} INHERIT {parent}"));
            }
        }
    }
}

fn alter(table: &Object, changes: &[AttributeChange], draft: &mut Draft) {
    let (key, name) = (&table.key, names::table(&table.key));
    let change = |wanted: &str| changes.iter().find(|change| change.name == wanted);
    if let Some(before) = change("parents").or_else(|| change("partition")) {
        let parents = change("parents").and_then(|change| change.from.as_deref());
        let parents = if before.name == "parents" { parents } else { table.attribute("parents") };
        let was_partition = change("partition").is_some_and(|change| change.from.is_some());
        for parent in parents.unwrap_or_default().split(", ").filter(|parent| !parent.is_empty()) {
            let sql = match was_partition {
                true => format!("ALTER TABLE {parent} DETACH PARTITION {name}"),
                false => format!("ALTER TABLE {name} NO INHERIT {parent}"),
            };
            draft.add(Phase::DropForeignKeys, key, sql);
        }
        if let Some(parents) = table.attribute("parents") {
            attach(key, parents, table.attribute("partition"), draft);
        }
    }
    for change in changes {
        if !["parents", "partition"].contains(&change.name.as_str()) {
            let (from, to) = (change.from.as_deref(), change.to.as_deref());
            alter_attribute(table, &change.name, from, to, Phase::States, draft);
        }
    }
}

fn alter_attribute(
    table: &Object,
    attribute: &str,
    from: Option<&str>,
    to: Option<&str>,
    phase: Phase,
    draft: &mut Draft,
) {
    let (key, name) = (&table.key, names::table(&table.key));
    let actions: Vec<String> = match attribute {
        "options" => {
            let names_of = |text: Option<&str>| -> Vec<String> {
                let items = text.unwrap_or_default().split(", ").filter(|item| !item.is_empty());
                items.map(|item| item.split('=').next().unwrap_or_default().to_owned()).collect()
            };
            let (before, after) = (names_of(from), names_of(to));
            let gone: Vec<&str> = before.iter().filter(|item| !after.contains(item)).map(String::as_str).collect();
            let reset = (!gone.is_empty()).then(|| format!("RESET ({})", gone.join(", ")));
            reset.into_iter().chain(to.map(|to| format!("SET ({to})"))).collect()
        }
        "persistence" => vec![if to.is_some() { "SET UNLOGGED" } else { "SET LOGGED" }.to_owned()],
        "row security" => {
            let enabled = |state: Option<&str>| matches!(state, Some("enabled" | "forced"));
            let forced = |state: Option<&str>| matches!(state, Some("forced" | "forced once enabled"));
            let mut actions = Vec::new();
            if enabled(from) != enabled(to) {
                actions.push(format!("{} ROW LEVEL SECURITY", if enabled(to) { "ENABLE" } else { "DISABLE" }));
            }
            if forced(from) != forced(to) {
                actions.push(format!("{} ROW LEVEL SECURITY", if forced(to) { "FORCE" } else { "NO FORCE" }));
            }
            actions
        }
        "replica identity" => {
            let identity = match to {
                None => "DEFAULT".to_owned(),
                Some("nothing") => "NOTHING".to_owned(),
                Some("full") => "FULL".to_owned(),
                Some(index) => format!("USING INDEX {}", index.rsplit(['.', ' ']).next().unwrap_or_default()),
            };
            vec![format!("REPLICA IDENTITY {identity}")]
        }
        "access method" => vec![format!("SET ACCESS METHOD {}", names::name(to.unwrap_or("heap")))],
        "comment" => {
            draft.add(phase, key, format!("COMMENT ON TABLE {name} IS {}", names::literal(to)));
            return;
        }
        "column order" => {
            draft.cannot(
                key,
                "PostgreSQL cannot move a column; only `SELECT *` and `INSERT` without column names see the order",
            );
            return;
        }
        other => {
            draft.cannot(key, format!("its {other} cannot be altered: make a new table, copy the rows, and rename it"));
            return;
        }
    };
    for action in actions {
        draft.add(phase, key, format!("ALTER TABLE {name} {action}"));
    }
}

fn constraints(way: &Way<'_>, draft: &mut Draft) {
    let replaced = |difference: &Difference| {
        let Change::Changed(changes) = &difference.change else { return false };
        changes.iter().any(|change| !is_altered(change))
    };
    for kind in CONSTRAINTS.into_iter().chain([ObjectKind::ForeignKey]) {
        let (drop, make) = match kind {
            ObjectKind::ForeignKey => (Phase::DropForeignKeys, Phase::ForeignKeys),
            _ => (Phase::DropKeys, Phase::Keys),
        };
        for key in way.dropped(kind, replaced) {
            let (table, name) = (names::table(&table_of(&key)), names::name(&key.name));
            draft.add(drop, &key, format!("ALTER TABLE {table} DROP CONSTRAINT {name}"));
        }
        for constraint in way.made(kind, replaced) {
            make_constraint(constraint, make, draft);
            if constraint.attribute("state") == Some("disabled") {
                disable(way, constraint, draft);
            }
        }
        for difference in of_kind(&way.differences, kind).filter(|difference| !replaced(difference)) {
            let (Change::Changed(changes), Some(constraint)) = (&difference.change, way.object(&difference.key)) else {
                continue;
            };
            for change in changes {
                alter_constraint(way, constraint, &change.name, draft);
            }
        }
    }
}

/// Whether a change of a constraint can be made in its place.
fn is_altered(change: &AttributeChange) -> bool {
    match change.name.as_str() {
        "comment" | "deferrable" => true,
        "validity" => change.to.as_deref() == Some("validated"),
        "state" => change.to.as_deref() == Some("disabled"),
        _ => false,
    }
}

fn alter_constraint(way: &Way<'_>, constraint: &Object, attribute: &str, draft: &mut Draft) {
    let key = &constraint.key;
    let (table, name) = (names::table(&table_of(key)), names::name(&key.name));
    match attribute {
        "validity" => draft.add(Phase::States, key, format!("ALTER TABLE {table} VALIDATE CONSTRAINT {name}")),
        "deferrable" => {
            let words = match constraint.attribute("deferrable") {
                Some(when) => format!("DEFERRABLE {}", when.to_uppercase()),
                None => "NOT DEFERRABLE".to_owned(),
            };
            draft.add(Phase::States, key, format!("ALTER TABLE {table} ALTER CONSTRAINT {name} {words}"));
        }
        "state" => disable(way, constraint, draft),
        _ => {
            let text = names::literal(constraint.attribute("comment"));
            draft.add(Phase::States, key, format!("COMMENT ON CONSTRAINT {name} ON {table} IS {text}"));
        }
    }
}

/// The triggers of one foreign key have no names that could be written down: all of the table are disabled, and those that
/// should not be are enabled again.
fn disable(way: &Way<'_>, constraint: &Object, draft: &mut Draft) {
    let (key, table) = (&constraint.key, table_of(&constraint.key));
    let parts: Vec<&Object> = way.to.of_table(table.schema.as_deref(), &table.name).collect();
    let enabled =
        |kind| parts.iter().filter(move |part| part.key.kind == kind && part.attribute("state") == Some("enabled"));
    if enabled(ObjectKind::ForeignKey).next().is_some() {
        draft.cannot(
            key,
            "the checks of one foreign key alone cannot be disabled; drop the constraint if that is meant",
        );
        return;
    }
    let name = names::table(&table);
    draft.add(Phase::States, key, format!("ALTER TABLE {name} DISABLE TRIGGER ALL"));
    for trigger in enabled(ObjectKind::Trigger) {
        let trigger = names::name(&trigger.key.name);
        draft.add(Phase::States, key, format!("ALTER TABLE {name} ENABLE TRIGGER {trigger}"));
    }
}

fn make_constraint(object: &Object, phase: Phase, draft: &mut Draft) {
    let table = names::table(&table_of(&object.key));
    draft.add(phase, &object.key, format!("ALTER TABLE {table} ADD CONSTRAINT {}", constraint(object)));
    comment_constraint(object, draft);
}

fn comment_constraint(object: &Object, draft: &mut Draft) {
    if let Some(comment) = object.attribute("comment") {
        let (table, name) = (names::table(&table_of(&object.key)), names::name(&object.key.name));
        let text = names::literal(Some(comment));
        draft.add(Phase::States, &object.key, format!("COMMENT ON CONSTRAINT {name} ON {table} IS {text}"));
    }
}

/// Name and definition of a constraint.
fn constraint(object: &Object) -> String {
    let name = names::name(&object.key.name);
    let of = |attribute: &str| object.attribute(attribute).unwrap_or_default();
    let mut text = match object.key.kind {
        ObjectKind::Check => {
            let inherited = if object.attribute("inherited").is_some() { " NO INHERIT" } else { "" };
            format!("{name} CHECK {}{inherited}", in_parentheses(of("expression")))
        }
        ObjectKind::ForeignKey => {
            let mut text = format!("{name} FOREIGN KEY ({}) REFERENCES {}", of("columns"), of("references"));
            if object.attribute("match").is_some() {
                text.push_str(" MATCH FULL");
            }
            for (attribute, word) in [("on delete", "ON DELETE"), ("on update", "ON UPDATE")] {
                if of(attribute) != "no action" {
                    text.push_str(&format!(" {word} {}", of(attribute).to_uppercase()));
                }
                if let Some(columns) = object.attribute("set columns").filter(|_| attribute == "on delete") {
                    text.push_str(&format!(" ({columns})"));
                }
            }
            if let Some(when) = object.attribute("deferrable") {
                text.push_str(&format!(" DEFERRABLE {}", when.to_uppercase()));
            }
            text
        }
        _ => format!("{name} {}", of("definition")),
    };
    if object.attribute("enforcement").is_some() {
        text.push_str(" NOT ENFORCED");
    } else if is_pending(object) {
        text.push_str(" NOT VALID");
    }
    text
}

fn is_pending(object: &Object) -> bool {
    object.attribute("validity") == Some("not validated")
}

fn in_parentheses(expression: &str) -> String {
    let mut depth = 0_usize;
    let closes_at_end = expression.starts_with('(')
        && expression.char_indices().all(|(at, c)| {
            match c {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth > 0 || at + 1 == expression.len()
        });
    if closes_at_end { expression.to_owned() } else { format!("({expression})") }
}

fn indexes(way: &Way<'_>, draft: &mut Draft) {
    let replaced = |difference: &Difference| {
        let Change::Changed(changes) = &difference.change else { return false };
        changes.iter().any(|change| change.name != "comment")
    };
    // An index that cannot be made as it should be stays as it is.
    let is_possible =
        |key: &ObjectKey| way.object(key).is_none_or(|index| index.attribute("validity") == Some("valid"));
    for key in
        way.dropped(ObjectKind::Index, replaced).iter().filter(|key| is_possible(key) && !way.goes_with_view(key))
    {
        let schema = names::name(key.schema.as_deref().unwrap_or("public"));
        draft.add(Phase::DropKeys, key, format!("DROP INDEX {schema}.{}", names::name(&key.name)));
    }
    for index in way.made(ObjectKind::Index, replaced) {
        let of_view =
            way.to.objects.contains_key(&ObjectKey { kind: ObjectKind::MaterializedView, ..table_of(&index.key) });
        make_index(index, if of_view { Phase::ViewParts } else { Phase::Indexes }, draft);
    }
    for difference in of_kind(&way.differences, ObjectKind::Index).filter(|difference| !replaced(difference)) {
        if let (Change::Changed(_), Some(index)) = (&difference.change, way.object(&difference.key)) {
            let schema = names::name(index.key.schema.as_deref().unwrap_or("public"));
            let text = names::literal(index.attribute("comment"));
            let name = names::name(&index.key.name);
            draft.add(Phase::Indexes, &index.key, format!("COMMENT ON INDEX {schema}.{name} IS {text}"));
        }
    }
}
