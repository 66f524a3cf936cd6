//! Indexes that are built. Those that a constraint builds are `constraint`'s, those that go `remove`'s.

use plimsoll_core::db::Engine;

use super::constraint::unique;
use crate::lint::rule::Rule;
use crate::lint::scene::{Hits, Scene};
use crate::operation::{AlterAction, IndexDef, Name, Operation, Placed};

pub(super) fn check(scene: &Scene<'_>, placed: &Placed, hits: &mut Hits) {
    match &placed.operation {
        Operation::CreateIndex { table, index } => {
            if !scene.is_new(table) {
                built(scene, placed, table, index, hits);
            }
            asked_to_copy(scene, placed, table, index.algorithm.as_deref(), index.lock.as_deref(), hits);
        }
        Operation::AlterTable { table, action: AlterAction::AddIndex(index), .. } if !scene.is_new(table) => {
            built(scene, placed, table, index, hits)
        }
        _ => {}
    }
}

fn built(scene: &Scene<'_>, placed: &Placed, table: &Name, index: &IndexDef, hits: &mut Hits) {
    if index.unique {
        let columns: Vec<String> =
            index.columns.iter().map(|part| part.column.clone().unwrap_or_else(|| part.text.clone())).collect();
        unique(scene, placed, table, &columns, hits);
    }
    // On a partitioned table alone nothing is built.
    let partitioned =
        scene.table(table).is_none_or(|table| table.options.to_ascii_uppercase().contains("PARTITION BY"));
    if scene.engine == Engine::Postgres && !index.concurrently && !(index.only && partitioned) {
        let written = scene.text(table.span);
        let message = format!("nobody can write to `{written}` until the index is built");
        let head = if index.unique { "CREATE UNIQUE INDEX" } else { "CREATE INDEX" };
        let name = index.name.as_ref().map_or(String::new(), |name| format!("{} ", scene.text(name.span)));
        let columns: Vec<_> = index.columns.iter().map(|part| part.text.as_str()).collect();
        let instead = if partitioned && scene.table(table).is_some() {
            format!(
                "{head} {name}ON ONLY {written} ({0}), then {head} CONCURRENTLY on each partition, and ALTER INDEX .. ATTACH PARTITION",
                columns.join(", ")
            )
        } else {
            let rest = index.where_.as_ref().map_or(String::new(), |condition| format!(" WHERE {condition}"));
            let method = index.method.as_ref().map_or(String::new(), |method| format!(" USING {method}"));
            format!(
                "{head} CONCURRENTLY {name}ON {written}{method} ({}){rest}, in a file of its own",
                columns.join(", ")
            )
        };
        hits.push(Rule::IndexNotConcurrent, placed.span, message, Some(instead));
    }
}

/// MySQL's `ALGORITHM` and `LOCK`.
pub(super) fn asked_to_copy(
    scene: &Scene<'_>,
    placed: &Placed,
    table: &Name,
    algorithm: Option<&str>,
    lock: Option<&str>,
    hits: &mut Hits,
) {
    if scene.engine != Engine::Mysql || scene.is_new(table) {
        return;
    }
    let written = scene.text(table.span);
    if algorithm.is_some_and(|algorithm| algorithm == "COPY") {
        let message = format!("`{written}` is copied, as asked for, and nobody can write to it");
        hits.push(Rule::AlgorithmCopy, placed.span, message, Some("ALGORITHM=INPLACE, LOCK=NONE".to_owned()));
    } else if let Some(lock) = lock.filter(|lock| matches!(*lock, "SHARED" | "EXCLUSIVE")) {
        let what = if lock == "SHARED" { "write to" } else { "read or write" };
        let message = format!("nobody can {what} `{written}`, as asked for");
        hits.push(Rule::AlgorithmCopy, placed.span, message, Some("LOCK=NONE".to_owned()));
    }
}
