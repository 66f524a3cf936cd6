//! Statements that change rows: all of them at once, or beside changes of the schema. Files and transactions are `transaction`'s.

use plimsoll_core::db::Engine;

use crate::lint::rule::Rule;
use crate::lint::scene::{Hits, Scene};
use crate::operation::{AlterAction, Name, Operation, Placed};

pub(super) fn check(scene: &Scene<'_>, placed: &Placed, hits: &mut Hits) {
    match &placed.operation {
        Operation::Update { table: Some(table), has_where } if !scene.is_new(table) => {
            if !has_where {
                without_where(scene, placed, table, "changed", hits);
            }
            backfill(scene, placed, table, hits);
        }
        Operation::Delete { table: Some(table), has_where } if !scene.is_new(table) => {
            if !has_where {
                without_where(scene, placed, table, "deleted", hits);
            }
            backfill(scene, placed, table, hits);
        }
        Operation::Merge { table: Some(table) } if !scene.is_new(table) => backfill(scene, placed, table, hits),
        _ => {}
    }
    locked_meanwhile(scene, placed, hits);
}

fn without_where(scene: &Scene<'_>, placed: &Placed, table: &Name, what: &str, hits: &mut Hits) {
    // `USING` and `FROM` pick rows, MySQL's `LIMIT` and joins too.
    let picks = scene.statement().words().iter().any(|word| matches!(word.as_str(), "USING" | "JOIN" | "LIMIT"));
    let written = scene.text(table.span);
    if !picks {
        let message = format!("every row of `{written}` is {what}");
        let statement = scene.text(placed.span).split_whitespace().take(8).collect::<Vec<_>>().join(" ");
        hits.push(Rule::UpdateWithoutWhere, placed.span, message, Some(format!("{statement} .. WHERE .., in batches")));
    }
}

/// Rows changed in the migration that changes the schema.
fn backfill(scene: &Scene<'_>, placed: &Placed, table: &Name, hits: &mut Hits) {
    let mysql = scene.engine == Engine::Mysql;
    if !mysql && !scene.in_transaction() {
        return;
    }
    let later =
        scene.file.operations.iter().skip(scene.at + 1).flatten().any(|later| scene.changes_schema(&later.operation));
    if !scene.progress.changed && !later {
        return;
    }
    let written = scene.text(table.span);
    let message = if mysql {
        format!("if changing the rows of `{written}` fails, the schema is changed already")
    } else {
        format!(
            "the rows of `{written}` change in the transaction that changes the schema: the locks of both are kept to its end"
        )
    };
    hits.push(
        Rule::BackfillInSchemaTransaction,
        placed.span,
        message,
        Some("this statement in a migration of its own".to_owned()),
    );
}

/// Slow work under a lock that an earlier statement took.
fn locked_meanwhile(scene: &Scene<'_>, placed: &Placed, hits: &mut Hits) {
    let Some(locked) = &scene.progress.locked else { return };
    let is_other = |name: &Name| {
        let same = locked.name == name.name
            && (locked.schema == name.schema || locked.schema.is_none() || name.schema.is_none());
        !scene.is_new(name) && !same
    };
    let slow = match &placed.operation {
        Operation::AlterTable { table, action, .. } => match action {
            AlterAction::ValidateConstraint { .. } => !scene.is_new(table) && is_other(table),
            _ => is_other(table),
        },
        Operation::CreateIndex { table, .. } => is_other(table),
        Operation::RefreshMaterializedView { .. } => true,
        Operation::Insert { table: Some(_) } => {
            scene.statement().words().iter().any(|word| word == "SELECT" || word == "TABLE")
        }
        Operation::CreateTable(create) => create.as_select,
        Operation::Select { .. } => scene.statement().words().iter().any(|word| word == "FROM"),
        _ => false,
    };
    let first = scene.operations().first().is_some_and(|first| first.span == placed.span);
    if slow && first {
        let message = format!("`{}` stays locked against readers until this is done too", locked.name);
        hits.push(
            Rule::LockHeldAcrossStatements,
            placed.span,
            message,
            Some("this statement in a migration of its own".to_owned()),
        );
    }
}
