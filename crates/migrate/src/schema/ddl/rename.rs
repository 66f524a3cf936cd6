//! Tells renamed tables and columns from ones that were dropped and made: a rename loses nothing. All else is the engines'.

use std::collections::BTreeMap;

use plimsoll_core::db::{Engine, quoted};

use super::order::with_word;
use super::{Described, Draft, Phase, table_of};
use crate::schema::{Change, Object, ObjectKey, ObjectKind, Schema, compare};

/// The first database after its tables and columns were renamed as in the second, and the statements for that.
///
/// A column counts as renamed when another one with equal attributes stands in its place. If it was dropped and made anew,
/// renaming it is still what keeps its values.
pub(super) fn renamed(from: &Described, to: &Described, draft: &mut Draft) -> Described {
    let mut now = from.clone();
    for (old, new) in renamed_tables(&now.schema, &to.schema) {
        let engine = to.schema.engine;
        let target = match engine {
            Engine::Postgres => quoted(engine, &new.name),
            Engine::Mysql | Engine::Sqlite => qualified(engine, &new),
        };
        draft.add(Phase::Rename, &new, format!("ALTER TABLE {} RENAME TO {target}", qualified(engine, &old)));
        now = with_table(&now, &old, &new);
    }
    for (old, new) in renamed_columns(&now.schema, &to.schema) {
        let engine = to.schema.engine;
        let (table, from_name, to_name) =
            (qualified(engine, &table_of(&new)), quoted(engine, &old.name), quoted(engine, &new.name));
        draft.add(Phase::Rename, &new, format!("ALTER TABLE {table} RENAME COLUMN {from_name} TO {to_name}"));
        now = with_column(&now, &old, &new.name);
    }
    now
}

fn qualified(engine: Engine, key: &ObjectKey) -> String {
    let name = quoted(engine, &key.name);
    key.schema.as_ref().map_or_else(|| name.clone(), |schema| format!("{}.{name}", quoted(engine, schema)))
}

fn renamed_tables(from: &Schema, to: &Schema) -> Vec<(ObjectKey, ObjectKey)> {
    let differences = compare(from, to);
    let of = |change: &Change| {
        let tables = differences.iter().filter(|each| each.key.kind == ObjectKind::Table && each.change == *change);
        tables.map(|each| each.key.clone()).collect::<Vec<_>>()
    };
    let mut added = of(&Change::Added);
    let mut pairs = Vec::new();
    for old in of(&Change::Removed) {
        let is_same = |new: &&ObjectKey| {
            let renamed = objects_with_table(from, &old, new);
            let now: Vec<&Object> = renamed.values().filter(|object| belongs(object, new)).collect();
            let then: Vec<&Object> = to.objects.values().filter(|object| belongs(object, new)).collect();
            old.schema == new.schema && now == then
        };
        let found = added.iter().position(|new| is_same(&new));
        if let Some(at) = found {
            pairs.push((old, added.remove(at)));
        }
    }
    pairs
}

fn belongs(object: &Object, table: &ObjectKey) -> bool {
    object.key == *table || (object.key.schema == table.schema && object.key.table.as_ref() == Some(&table.name))
}

fn with_table(described: &Described, old: &ObjectKey, new: &ObjectKey) -> Described {
    let mut now = described.clone();
    now.schema.objects = objects_with_table(&described.schema, old, new);
    let texts = described.texts.iter().map(|(key, text)| {
        let mut key = key.clone();
        rename_key(&mut key, old, new);
        (key, with_word(text, &old.name, &new.name))
    });
    now.texts = texts.collect();
    now
}

fn objects_with_table(schema: &Schema, old: &ObjectKey, new: &ObjectKey) -> BTreeMap<ObjectKey, Object> {
    let follows = |object: &Object| match schema.engine {
        // Views and bodies of MySQL keep the old name, and no longer work.
        Engine::Mysql => belongs(object, old) || object.key.kind == ObjectKind::ForeignKey,
        Engine::Postgres => !matches!(object.key.kind, ObjectKind::Function | ObjectKind::Procedure),
        Engine::Sqlite => true,
    };
    let rename = |object: &Object| {
        let mut object = object.clone();
        if follows(&object) {
            for (name, value) in &mut object.attributes {
                if name != "comment" && name != "default" {
                    *value = with_word(value, &old.name, &new.name);
                }
            }
        }
        rename_key(&mut object.key, old, new);
        (object.key.clone(), object)
    };
    schema.objects.values().map(rename).collect()
}

fn rename_key(key: &mut ObjectKey, old: &ObjectKey, new: &ObjectKey) {
    if key == old {
        key.name.clone_from(&new.name);
    } else if key.schema == old.schema && key.table.as_ref() == Some(&old.name) {
        key.table = Some(new.name.clone());
    }
}

fn renamed_columns(from: &Schema, to: &Schema) -> Vec<(ObjectKey, ObjectKey)> {
    let differences = compare(from, to);
    let of = |change: &Change| {
        let columns = differences.iter().filter(|each| each.key.kind == ObjectKind::Column && each.change == *change);
        columns.map(|each| each.key.clone()).collect::<Vec<_>>()
    };
    let mut added = of(&Change::Added);
    let mut pairs = Vec::new();
    for old in of(&Change::Removed) {
        let is_same = |new: &ObjectKey| {
            new.table == old.table
                && new.schema == old.schema
                && from.objects[&old].attributes == to.objects[new].attributes
        };
        if let Some(at) = added.iter().position(is_same) {
            pairs.push((old, added.remove(at)));
        }
    }
    pairs
}

fn with_column(described: &Described, old: &ObjectKey, new: &str) -> Described {
    let mut now = described.clone();
    let is_of = |key: &ObjectKey| key.schema == old.schema && key.table == old.table;
    let rename = |object: &Object| {
        let mut object = object.clone();
        if is_of(&object.key) && object.key.kind != ObjectKind::Trigger {
            let is_content = object.key.name.contains('(') || object.key.kind == ObjectKind::Column;
            if is_content {
                object.key.name = with_word(&object.key.name, &old.name, new);
            }
            for (name, value) in &mut object.attributes {
                if name != "comment" && name != "default" && name != "type" {
                    *value = with_word(value, &old.name, new);
                }
            }
        }
        (object.key.clone(), object)
    };
    now.schema.objects = described.schema.objects.values().map(rename).collect();
    let table = table_of(old);
    if let Some(text) = now.texts.get_mut(&table) {
        *text = with_word(text, &old.name, new);
    }
    now
}
