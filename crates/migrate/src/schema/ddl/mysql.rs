//! The statements for MySQL and MariaDB: one `ALTER TABLE` a table where that is possible, from the clauses that the server
//! itself shows. Taking those apart is `mysql_text`'s.

mod tables;

use plimsoll_core::db::{Engine, quoted};

use super::order::{mentions, sorted};
use super::{Described, Draft, Phase, of_kind};
use crate::schema::{Change, Difference, Object, ObjectKey, ObjectKind, compare};

pub(super) fn write(from: &Described, to: &Described, draft: &mut Draft) {
    let differences = compare(&from.schema, &to.schema);
    tables::write(from, to, &differences, draft);
    sequences(to, &differences, draft);
    views(to, &differences, draft);
    programs(to, &differences, draft);
}

fn sequences(to: &Described, differences: &[Difference], draft: &mut Draft) {
    for difference in of_kind(differences, ObjectKind::Sequence) {
        let (key, name) = (&difference.key, quote(&difference.key.name));
        let Some(sequence) = to.schema.objects.get(key) else {
            draft.losing(Phase::DropOthers, key, format!("DROP SEQUENCE {name}"), format!("how far {key} had counted"));
            continue;
        };
        let of = |attribute: &str| sequence.attribute(attribute).unwrap_or_default();
        let verb = if difference.change == Change::Added { "CREATE" } else { "ALTER" };
        let cycle = if sequence.attribute("cycling").is_some() { "CYCLE" } else { "NOCYCLE" };
        draft.add(
            Phase::Types,
            key,
            format!(
                "{verb} SEQUENCE {name} START WITH {} INCREMENT BY {} MINVALUE {} MAXVALUE {} CACHE {} {cycle}",
                of("start"),
                of("increment"),
                of("minimum"),
                of("maximum"),
                of("cache")
            ),
        );
    }
}

fn views(to: &Described, differences: &[Difference], draft: &mut Draft) {
    for difference in of_kind(differences, ObjectKind::View).filter(|each| each.change == Change::Removed) {
        let key = &difference.key;
        draft.add(Phase::DropViews, key, format!("DROP VIEW {}", quote(&key.name)));
    }
    let made = of_kind(differences, ObjectKind::View).filter_map(|each| to.schema.objects.get(&each.key));
    let depends = |one: &&Object, other: &&Object| {
        one.attribute("definition").is_some_and(|text| mentions(text, &other.key.name))
    };
    for view in sorted(made.collect(), depends) {
        let of = |attribute: &str| view.attribute(attribute).unwrap_or_default();
        let algorithm = view.attribute("algorithm").map(|name| format!("ALGORITHM = {name} ")).unwrap_or_default();
        let check = view.attribute("check option").map(|kind| format!(" WITH {kind} CHECK OPTION")).unwrap_or_default();
        let sql = format!(
            "CREATE OR REPLACE {algorithm}SQL SECURITY {} VIEW {} AS {}{check}",
            of("security"),
            quote(&view.key.name),
            of("definition")
        );
        draft.add(Phase::Views, &view.key, sql);
    }
}

/// Functions, procedures, triggers and events, which hold nothing and are made anew.
fn programs(to: &Described, differences: &[Difference], draft: &mut Draft) {
    let kinds = [
        (ObjectKind::Function, "FUNCTION", Phase::LateFunctions),
        (ObjectKind::Procedure, "PROCEDURE", Phase::LateFunctions),
        (ObjectKind::Trigger, "TRIGGER", Phase::Programs),
        (ObjectKind::Event, "EVENT", Phase::Programs),
    ];
    for (kind, word, phase) in kinds {
        let mut made: Vec<&ObjectKey> = Vec::new();
        for difference in of_kind(differences, kind) {
            let key = &difference.key;
            if difference.change != Change::Added {
                draft.add(Phase::DropPrograms, key, format!("DROP {word} {}", quote(&key.name)));
            }
            if difference.change != Change::Removed {
                made.push(key);
            }
        }
        // Those of tables that are made are no differences of their own.
        let of_new = |key: &&ObjectKey| {
            let table = super::table_of(key);
            key.kind == ObjectKind::Trigger
                && of_kind(differences, ObjectKind::Table).any(|each| each.key == table && each.change == Change::Added)
        };
        made.extend(to.schema.objects.keys().filter(of_new).filter(|_| kind == ObjectKind::Trigger));
        // Triggers of the same moment run in the order in which they were made.
        let order = |key: &ObjectKey| {
            to.schema.objects.get(key).and_then(|object| object.attribute("order")?.parse::<u32>().ok())
        };
        made.sort_by_key(|key| order(key));
        for key in made {
            match to.texts.get(key).filter(|text| !text.is_empty()) {
                Some(text) => draft.add(phase, key, text.as_str()),
                None => draft.cannot(key, "this account may not see how it was made; make it by hand"),
            }
        }
    }
}

fn quote(name: &str) -> String {
    quoted(Engine::Mysql, name)
}
