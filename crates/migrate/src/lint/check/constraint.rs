//! Constraints and keys that are added or validated. Indexes that are no constraint are `index`'s.

use plimsoll_core::db::Engine;

use super::column::is_serial;
use crate::lint::rule::Rule;
use crate::lint::scene::{Hits, Scene};
use crate::operation::{AlterAction, ColumnDef, ConstraintDef, ConstraintKind, Name, Operation, Placed};

pub(super) fn check(scene: &Scene<'_>, placed: &Placed, hits: &mut Hits) {
    let Operation::AlterTable { table, action, .. } = &placed.operation else { return };
    if scene.is_new(table) {
        return;
    }
    match action {
        AlterAction::AddConstraint(add) => added(scene, placed, table, &add.constraint, hits),
        AlterAction::AddColumn { column, .. } => beside_a_column(scene, placed, table, column, hits),
        AlterAction::ValidateConstraint { name } if scene.in_transaction() => {
            let known = scene.table(table).and_then(|table| table.constraint(scene.engine, name));
            let here = known.is_some_and(|constraint| constraint.born == Some(scene.file.index));
            if here || scene.progress.new_constraints.contains(name) {
                let written = scene.text(table.span);
                let message = format!("all of `{written}` is read under the lock that adding `{name}` took");
                let instead =
                    format!("ALTER TABLE {written} VALIDATE CONSTRAINT {} in a later migration", scene.ident(name));
                hits.push(Rule::ValidateInSameTransaction, placed.span, message, Some(instead));
            }
        }
        _ => {}
    }
}

fn added(scene: &Scene<'_>, placed: &Placed, table: &Name, constraint: &ConstraintDef, hits: &mut Hits) {
    let named = |suffix: &str| {
        let name = constraint.name.clone().unwrap_or_else(|| format!("{}_{suffix}", table.name));
        scene.ident(&name)
    };
    match constraint.kind {
        ConstraintKind::PrimaryKey => primary_key(scene, placed, table, constraint, hits),
        ConstraintKind::Unique if constraint.using_index.is_none() => {
            unique(scene, placed, table, &constraint.columns, hits);
            unique_lock(scene, placed, table, &constraint.columns, &named("key"), hits);
        }
        ConstraintKind::Unique => {}
        ConstraintKind::Exclude => {
            let written = scene.text(table.span);
            let message = format!(
                "the index is built while nobody can read or write `{written}`, and it fails on rows that conflict"
            );
            hits.push(Rule::ExclusionConstraint, placed.span, message, None);
        }
        ConstraintKind::ForeignKey => foreign_key(scene, placed, table, constraint, &named("fkey"), hits),
        ConstraintKind::Check => check_constraint(scene, placed, table, constraint, &named("check"), hits),
        ConstraintKind::NotNull if !constraint.not_valid => {
            for column in &constraint.columns {
                let known = scene.table(table).and_then(|table| table.column(scene.engine, column));
                if !known.is_some_and(|column| column.not_null) {
                    let message = format!("it fails if `{column}` has NULLs, and reads the whole table");
                    hits.push(Rule::SetNotNull, placed.span, message, None);
                }
            }
        }
        ConstraintKind::NotNull => {}
    }
}

/// Rows may be alike.
pub(super) fn unique(scene: &Scene<'_>, placed: &Placed, table: &Name, columns: &[String], hits: &mut Hits) {
    let known = scene.table(table);
    let cannot_fail = known.is_some_and(|known| {
        let all_null = columns.iter().any(|name| {
            known.column(scene.engine, name).is_some_and(|column| column.blank && scene.is_fresh(column.born))
        });
        known.is_unique(scene.engine, columns) || all_null
    });
    if cannot_fail {
        return;
    }
    let (written, list) = (scene.text(table.span), columns.join(", "));
    let message = format!("it fails if rows of `{written}` have the same {list}");
    let instead = format!("before: SELECT {list}, count(*) FROM {written} GROUP BY {list} HAVING count(*) > 1");
    hits.push(Rule::UniqueOnExisting, placed.span, message, Some(instead));
}

fn unique_lock(scene: &Scene<'_>, placed: &Placed, table: &Name, columns: &[String], name: &str, hits: &mut Hits) {
    if scene.engine != Engine::Postgres {
        return;
    }
    let written = scene.text(table.span);
    let message = format!("the index is built while nobody can read or write `{written}`");
    let list: Vec<_> = columns.iter().map(|column| scene.ident(column)).collect();
    let instead = format!(
        "CREATE UNIQUE INDEX CONCURRENTLY {name} ON {written} ({}), then ALTER TABLE {written} ADD CONSTRAINT {name} UNIQUE USING INDEX {name}",
        list.join(", ")
    );
    hits.push(Rule::AddUniqueConstraint, placed.span, message, Some(instead));
}

fn primary_key(scene: &Scene<'_>, placed: &Placed, table: &Name, constraint: &ConstraintDef, hits: &mut Hits) {
    let written = scene.text(table.span);
    let known = scene.table(table);
    let columns = match &constraint.using_index {
        Some(index) => {
            let found = known.and_then(|table| table.index(scene.engine, index));
            found.map(|index| index.columns.iter().flatten().cloned().collect()).unwrap_or_default()
        }
        None => constraint.columns.clone(),
    };
    if scene.engine == Engine::Postgres {
        let nullable = columns.iter().find(|name| {
            known.is_some_and(|table| {
                table.column(scene.engine, name).is_some_and(|column| !column.not_null)
                    && !table.is_checked_not_null(scene.engine, name)
            })
        });
        if let Some(column) = nullable {
            let message =
                format!("`{column}` becomes NOT NULL: it fails if there are NULLs, and reads all of `{written}`");
            let instead = format!(
                "CHECK ({} IS NOT NULL) NOT VALID, validate it, SET NOT NULL, then the key",
                scene.ident(column)
            );
            hits.push(Rule::SetNotNull, placed.span, message, Some(instead));
        }
    }
    if constraint.using_index.is_some() {
        return;
    }
    unique(scene, placed, table, &columns, hits);
    match scene.engine {
        Engine::Postgres => {
            let name = constraint.name.clone().unwrap_or_else(|| format!("{}_pkey", table.name));
            let (name, list) =
                (scene.ident(&name), columns.iter().map(|column| scene.ident(column)).collect::<Vec<_>>().join(", "));
            let message = format!("the index is built while nobody can read or write `{written}`");
            let instead = format!(
                "CREATE UNIQUE INDEX CONCURRENTLY {name} ON {written} ({list}), then ALTER TABLE {written} ADD CONSTRAINT {name} PRIMARY KEY USING INDEX {name}"
            );
            hits.push(Rule::AddPrimaryKey, placed.span, message, Some(instead));
        }
        Engine::Mysql => {
            let message = format!("`{written}` is built anew in the order of the new key");
            hits.push(Rule::PrimaryKeyChange, placed.span, message, None);
        }
        Engine::Sqlite => {}
    }
}

fn foreign_key(
    scene: &Scene<'_>,
    placed: &Placed,
    table: &Name,
    constraint: &ConstraintDef,
    name: &str,
    hits: &mut Hits,
) {
    if constraint.not_valid || constraint.not_enforced || scene.engine == Engine::Sqlite {
        return;
    }
    let blank = |column: &String| {
        let known = scene.table(table).and_then(|table| table.column(scene.engine, column));
        known.is_some_and(|column| column.blank && scene.is_fresh(column.born))
    };
    let written = scene.text(table.span);
    let other = constraint.references.as_ref().map_or("", |references| scene.text(references.table.span));
    match scene.engine {
        Engine::Postgres => {
            let message = format!(
                "it fails if rows of `{written}` refer to nothing, and checks them all while nobody can write to it or to `{other}`"
            );
            let instead = format!(
                "ALTER TABLE {written} ADD CONSTRAINT {name} FOREIGN KEY .. NOT VALID; in a later migration ALTER TABLE {written} VALIDATE CONSTRAINT {name}"
            );
            hits.push(Rule::ForeignKeyNotValid, placed.span, message, Some(instead));
        }
        Engine::Mysql if !scene.progress.foreign_keys_off => {
            if !constraint.columns.iter().any(blank) {
                let message = format!("it fails if rows of `{written}` refer to nothing");
                let column = constraint.columns.first().map_or("..", String::as_str);
                let instead = format!(
                    "before: SELECT count(*) FROM {written} LEFT JOIN {other} ON .. WHERE {} IS NOT NULL AND {other}... IS NULL",
                    scene.ident(column)
                );
                hits.push(Rule::ForeignKeyNotValid, placed.span, message, Some(instead.replace("... IS", ".id IS")));
            }
            let message = format!("nobody can write to `{written}` and `{other}` while the rows are checked");
            hits.push(Rule::AddForeignKeyBlocks, placed.span, message, None);
        }
        Engine::Mysql | Engine::Sqlite => {}
    }
}

fn check_constraint(
    scene: &Scene<'_>,
    placed: &Placed,
    table: &Name,
    constraint: &ConstraintDef,
    name: &str,
    hits: &mut Hits,
) {
    if constraint.not_valid || constraint.not_enforced || scene.engine == Engine::Sqlite {
        return;
    }
    let written = scene.text(table.span);
    let condition = constraint.check.as_deref().unwrap_or("..");
    match scene.engine {
        Engine::Postgres => {
            let message = format!(
                "it fails if a row of `{written}` breaks it, and reads them all while nobody can read or write"
            );
            let instead = format!(
                "ALTER TABLE {written} ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID; in a later migration ALTER TABLE {written} VALIDATE CONSTRAINT {name}"
            );
            hits.push(Rule::CheckNotValid, placed.span, message, Some(instead));
        }
        Engine::Mysql => {
            let message = format!("it fails if a row of `{written}` breaks it");
            let instead = format!("before: SELECT count(*) FROM {written} WHERE NOT ({condition})");
            hits.push(Rule::CheckNotValid, placed.span, message, Some(instead));
            let message = format!("`{written}` is copied while the rows are checked, and nobody can write");
            hits.push(Rule::AddCheckBlocks, placed.span, message, None);
        }
        Engine::Sqlite => {}
    }
}

/// What stands beside a column that is added.
fn beside_a_column(scene: &Scene<'_>, placed: &Placed, table: &Name, column: &ColumnDef, hits: &mut Hits) {
    let has_value = column.default.as_ref().is_some_and(|default| !default.text.eq_ignore_ascii_case("null"))
        || column.generated.is_some()
        || is_serial(scene.engine, &column.type_text)
        || column.identity;
    let one = [column.name.clone()];
    let written = scene.text(table.span);
    let constant = column.default.is_some() && column.generated.is_none();
    if scene.engine == Engine::Postgres {
        let name = |suffix: &str| scene.ident(&format!("{}_{}{suffix}", table.name, column.name));
        if column.primary_key {
            let message = format!("the index is built while nobody can read or write `{written}`");
            hits.push(Rule::AddPrimaryKey, placed.span, message, None);
        }
        if column.unique {
            if constant {
                unique(scene, placed, table, &one, hits);
            }
            unique_lock(scene, placed, table, &one, &name("_key"), hits);
        }
        if let Some(check) = &column.check {
            let message = format!(
                "all of `{written}` is read while nobody can read or write, to check the new `{}`",
                column.name
            );
            let instead = format!(
                "ALTER TABLE {written} ADD COLUMN {} {}; ALTER TABLE {written} ADD CONSTRAINT {} CHECK ({check}) NOT VALID; validate it in a later migration",
                scene.ident(&column.name),
                column.type_text,
                name("_check")
            );
            hits.push(Rule::CheckNotValid, placed.span, message, Some(instead));
        }
        if let Some(references) = column.references.as_ref().filter(|_| has_value) {
            let other = scene.text(references.table.span);
            let message =
                format!("it fails if `{other}` lacks the default, and checks every row while nobody can write");
            hits.push(Rule::ForeignKeyNotValid, placed.span, message, None);
        }
    } else if column.unique && constant {
        unique(scene, placed, table, &one, hits);
    }
}
