//! What takes things away: databases, tables, columns, rows of whole tables, guarantees. Replacing them is `rename`'s.

use plimsoll_core::db::Engine;

use crate::lint::rule::Rule;
use crate::lint::scene::{Hits, Scene};
use crate::lint::state::{Constraint, same};
use crate::operation::{AlterAction, ColumnDef, ConstraintKind, Name, Object, Operation, Placed};

pub(super) fn check(scene: &Scene<'_>, placed: &Placed, hits: &mut Hits) {
    let span = placed.span;
    match &placed.operation {
        Operation::Drop { object: object @ (Object::Database | Object::Schema), names, .. } => {
            for name in names {
                let written = scene.text(name.span);
                let says_schema =
                    *object == Object::Schema || scene.statement().words().get(1).is_some_and(|word| word == "SCHEMA");
                if scene.state.schemas.iter().any(|(own, born)| *own == name.name && scene.is_fresh(Some(*born))) {
                    continue;
                }
                let rule = if says_schema { Rule::DropSchema } else { Rule::DropDatabase };
                hits.push(rule, span, format!("`{written}` is dropped with everything in it"), None);
            }
        }
        Operation::DropTable { names, temporary: false, .. } => {
            for name in names.iter().filter(|name| !scene.is_new(name)) {
                drop_table(scene, placed, name, hits);
            }
        }
        Operation::CreateTable(create) if create.or_replace && !create.temporary && !scene.is_new(&create.name) => {
            let written = scene.text(create.name.span);
            let message = format!("if `{written}` is there, it is dropped with its rows and made anew");
            hits.push(
                Rule::DropAndCreate,
                create.name.span,
                message,
                Some(format!("CREATE TABLE IF NOT EXISTS {written} ..")),
            );
        }
        Operation::Truncate { tables, cascade } => {
            let used: Vec<&Name> = tables.iter().filter(|name| !scene.is_new(name)).collect();
            if let Some(first) = used.first() {
                let written = scene.text(first.span);
                if *cascade {
                    let message = format!("`{written}` is emptied, and every table that refers to it");
                    hits.push(
                        Rule::TruncateCascade,
                        span,
                        message,
                        Some(format!("TRUNCATE {written}, with the other tables by name")),
                    );
                } else {
                    hits.push(
                        Rule::Truncate,
                        span,
                        format!("every row of `{written}` is gone"),
                        Some(format!("DELETE FROM {written} WHERE .., in batches")),
                    );
                }
            }
        }
        Operation::DropIndex { names, table, concurrently, .. } => {
            drop_index(scene, placed, names, table.as_ref(), *concurrently, hits)
        }
        Operation::AlterTable { table, action, .. } if !scene.is_new(table) => {
            alter(scene, placed, table, action, hits)
        }
        _ => {}
    }
}

fn drop_table(scene: &Scene<'_>, placed: &Placed, name: &Name, hits: &mut Hits) {
    let written = scene.text(name.span);
    if scene.engine == Engine::Sqlite {
        rebuild_cascade(scene, placed, name, hits);
    }
    if scene.is_rebuilt(name) {
        return;
    }
    let made_again = scene.all().any(|(at, operation)| {
        at > scene.at
            && matches!(operation, Operation::CreateTable(table) if same(scene.engine, &table.name.name, &name.name))
    });
    if made_again {
        let message = format!("`{written}` is dropped and made anew: its rows are gone");
        hits.push(
            Rule::DropAndCreate,
            name.span,
            message,
            Some(format!("ALTER TABLE {written} .., or a table of another name and a copy")),
        );
    } else {
        let renamed = scene.ident(&format!("{}_unused", name.name));
        let instead = format!(
            "release code that does not use it; ALTER TABLE {written} RENAME TO {renamed}; drop it when nothing has missed it"
        );
        hits.push(Rule::DropTable, name.span, format!("`{written}` and its rows are gone"), Some(instead));
    }
}

/// With foreign keys on, dropping a table deletes its rows first.
fn rebuild_cascade(scene: &Scene<'_>, placed: &Placed, name: &Name, hits: &mut Hits) {
    // Around a transaction the runner turns them off itself, and checks them before the end.
    if scene.progress.foreign_keys_off || scene.file.transactional {
        return;
    }
    let Operation::DropTable { names, .. } = &placed.operation else { return };
    let references = scene.state.references_to(scene.engine, name);
    let others = references.iter().filter(|(table, _)| !names.iter().any(|name| table.is(scene.engine, name)));
    let others: Vec<_> = others.filter(|(table, _)| !scene.is_fresh(table.born)).collect();
    let Some((table, key)) = others.first() else { return };
    let what = match key.on_delete.as_deref() {
        Some("CASCADE") => format!("the rows of `{}` go with it", table.name),
        Some("SET NULL" | "SET DEFAULT") => format!("the rows of `{}` lose what they refer to", table.name),
        _ => format!("it fails if `{}` has rows that refer to it", table.name),
    };
    let message = format!("foreign keys are on while `{}` is dropped: {what}", scene.text(name.span));
    let instead = "a file that runs in a transaction, around which foreign keys are turned off and checked; or PRAGMA foreign_keys = OFF before, and ON after";
    hits.push(Rule::RebuildCascade, name.span, message, Some(instead.to_owned()));
}

fn drop_index(
    scene: &Scene<'_>,
    placed: &Placed,
    names: &[Name],
    table: Option<&Name>,
    concurrently: bool,
    hits: &mut Hits,
) {
    if scene.engine == Engine::Sqlite || table.is_some_and(|table| scene.is_new(table)) {
        return;
    }
    for name in names {
        let owner = scene.state.owner(scene.engine, &name.name);
        if owner.is_some_and(|table| table.temporary || scene.is_fresh(table.born)) {
            continue;
        }
        let written = scene.text(name.span);
        hidden_first(scene, placed, written, table.map(|table| scene.text(table.span)), hits);
        if scene.engine == Engine::Postgres && !concurrently {
            let message = format!("`{written}` waits for everybody who uses its table, and everybody waits for it");
            let instead = format!("DROP INDEX CONCURRENTLY {written}, in a file of its own");
            hits.push(Rule::DropIndexNotConcurrent, placed.span, message, Some(instead));
        }
    }
}

/// An index that queries may need.
fn hidden_first(scene: &Scene<'_>, placed: &Placed, index: &str, table: Option<&str>, hits: &mut Hits) {
    let instead = match (scene.engine, table) {
        (Engine::Mysql, Some(table)) if scene.server.mariadb => {
            Some(format!("ALTER TABLE {table} ALTER INDEX {index} IGNORED, and drop it when nothing got slower"))
        }
        (Engine::Mysql, Some(table)) => {
            Some(format!("ALTER TABLE {table} ALTER INDEX {index} INVISIBLE, and drop it when nothing got slower"))
        }
        _ => None,
    };
    hits.push(Rule::DropIndex, placed.span, format!("queries that use `{index}` become scans"), instead);
}

fn alter(scene: &Scene<'_>, placed: &Placed, table: &Name, action: &AlterAction, hits: &mut Hits) {
    let span = placed.span;
    let written = scene.text(table.span);
    let known = scene.table(table);
    let loses_not_null = |from: &str, now: &ColumnDef| {
        let before = known.and_then(|table| table.column(scene.engine, from));
        !now.not_null && !now.primary_key && before.is_some_and(|column| column.not_null)
    };
    match action {
        AlterAction::DropColumn { column, .. } if !scene.is_new_column(table, column) => {
            if known.and_then(|table| table.column(scene.engine, column)).is_some_and(|column| column.virtual_) {
                return;
            }
            let instead = format!(
                "release code that does not name `{column}`, then drop it with `-- plimsoll:allow drop-column ..`"
            );
            hits.push(Rule::DropColumn, span, format!("the values of `{written}`.`{column}` are gone"), Some(instead));
        }
        AlterAction::DropForeignKey { name, .. } if !is_new_constraint(scene, table, name) => {
            drop_foreign_key(scene, placed, written, name, hits);
        }
        AlterAction::DropConstraint { name, .. } => {
            let found = known.and_then(|table| table.constraint(scene.engine, name));
            let is_key = match found {
                Some(constraint) => constraint.kind == ConstraintKind::ForeignKey,
                // The names of constraints beside columns are not kept.
                None => {
                    looks_like_foreign_key(name) || known.is_some_and(|table| only_foreign_keys(&table.constraints))
                }
            };
            if is_key && !is_new_constraint(scene, table, name) {
                drop_foreign_key(scene, placed, written, name, hits);
            }
        }
        AlterAction::DropNotNull { column } => drop_not_null(scene, placed, table, column, hits),
        AlterAction::ModifyColumn { column, .. } if loses_not_null(&column.name, column) => {
            drop_not_null(scene, placed, table, &column.name, hits);
        }
        AlterAction::ChangeColumn { from, column, .. } if loses_not_null(from, column) => {
            drop_not_null(scene, placed, table, from, hits);
        }
        AlterAction::DropIndex { name, .. } => {
            let index = scene.ident(name);
            hidden_first(scene, placed, &index, Some(written), hits);
        }
        _ => {}
    }
}

fn drop_foreign_key(scene: &Scene<'_>, placed: &Placed, table: &str, name: &str, hits: &mut Hits) {
    if scene.engine == Engine::Sqlite {
        return;
    }
    let message = format!("rows of `{table}` may refer to nothing from then on: `{name}` is gone");
    hits.push(Rule::DropForeignKey, placed.span, message, None);
}

fn drop_not_null(scene: &Scene<'_>, placed: &Placed, table: &Name, column: &str, hits: &mut Hits) {
    let known = scene.table(table).filter(|table| table.complete).and_then(|table| table.column(scene.engine, column));
    if known.is_some_and(|column| !column.not_null) || scene.is_new_column(table, column) {
        return;
    }
    let message = format!("`{column}` may be NULL from then on, which code that runs now never met");
    hits.push(Rule::DropNotNull, placed.span, message, None);
}

fn is_new_constraint(scene: &Scene<'_>, table: &Name, name: &str) -> bool {
    let found = scene.table(table).and_then(|table| table.constraint(scene.engine, name));
    found.is_some_and(|constraint| scene.is_fresh(constraint.born))
}

/// By the names that engines and people give.
fn looks_like_foreign_key(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with("_fkey")
        || name.ends_with("_fk")
        || name.starts_with("fk_")
        || name.contains("_ibfk_")
        || name.contains("_fk_")
}

/// Whether a constraint whose name is not known can hardly be anything else.
fn only_foreign_keys(constraints: &[Constraint]) -> bool {
    let is = |kind: ConstraintKind| constraints.iter().any(|constraint| constraint.kind == kind);
    is(ConstraintKind::ForeignKey) && !is(ConstraintKind::Check) && !is(ConstraintKind::Unique)
}
