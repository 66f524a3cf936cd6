//! Rows that a source in mode `sync` has no more: which of them seeding created and may remove. Deleting them is `write`'s.

use std::hash::Hasher;

use plimsoll_core::ErrorCode;
use plimsoll_core::db::{Catalog, Db, DbError, Engine, Stmt, dialect, quoted, scalar, temporary};
use serde_json::{Map, Value as Json};
use siphasher::sip128::{Hasher128, SipHasher13};

use crate::error::{Problem, SeedError};
use crate::guard::closure::Outside;
use crate::guard::graph::{self, Edge};
use crate::read::Seeds;
use crate::read::model::{Mode, OnEdit};
use crate::reconcile::prune::consequence;
use crate::stream::BulkTable;
use crate::stream::page::{self, PAGE};
use crate::stream::sql::{self, ADOPTED, ROW, differs, of};
use crate::stream::state::{BulkState, Comparison};
use crate::value::live;

/// The column that says whether a row was edited since it was applied.
pub(super) const WAS_EDITED: &str = "plimsoll_edited";

/// Keys shown to people.
const SAMPLE: usize = 8;

/// Edits that are told by themselves when they are errors; of more only the number.
const TOLD: usize = 20;

/// Leaves the rows that are in the base and in the table, not in the source, and were created by seeding.
pub(super) fn compare(
    db: &mut dyn Db,
    bulk: &BulkTable,
    index: usize,
    comparison: &mut Comparison,
) -> Result<(), DbError> {
    let Some(base) = comparison.base.table.as_ref().filter(|_| bulk.mode == Mode::Sync) else { return Ok(()) };
    let engine = db.engine();
    let shape = &comparison.shape;
    let edits: Vec<String> = shape
        .compared()
        .filter(|position| comparison.base.columns[*position])
        .map(|position| differs(engine, &shape.columns[position], "b", "t"))
        .collect();
    let edited = if edits.is_empty() { "1 = 0".to_owned() } else { edits.join(" OR ") };
    let query = format!(
        "SELECT b.{ROW} AS {ROW}, CASE WHEN {edited} THEN 1 ELSE 0 END AS {WAS_EDITED}, {} FROM {} b JOIN {} t ON {} \
         LEFT JOIN {} s ON {} WHERE s.{ROW} IS NULL AND b.{ADOPTED} = 0",
        shape.key_list(engine, "t"),
        quoted(engine, base),
        quoted(engine, &shape.table),
        shape.same_key(engine, "t", "b"),
        quoted(engine, &comparison.stage.name),
        // By the table's own collation: a key that is only written differently is not gone.
        shape.same_key(engine, "t", "s"),
    );
    let name = format!("plimsoll_g{index}");
    temporary(db, &[sql::drop_table(engine, &name), sql::create_as(engine, &name, &query)])?;
    comparison.gone = Some(name);
    Ok(())
}

/// The condition on `g` under which a row is removed.
pub(super) fn doomed(on_edit: OnEdit) -> String {
    doomed_in("g", on_edit)
}

fn doomed_in(side: &str, on_edit: OnEdit) -> String {
    match on_edit {
        OnEdit::Keep | OnEdit::Fail => format!("{side}.{WAS_EDITED} = 0"),
        OnEdit::Overwrite => "1 = 1".to_owned(),
    }
}

/// Counts and digests what is removed and what is spared.
pub(super) fn count(
    db: &mut dyn Db,
    (seeds, catalog): (&Seeds, &Catalog),
    bulk: &BulkTable,
    comparison: &Comparison,
    state: &mut BulkState,
) -> Result<(), SeedError> {
    let Some(gone) = &comparison.gone else { return Ok(()) };
    let engine = db.engine();
    let keys: Vec<String> = comparison.shape.key_columns().map(|column| dialect::read_expr(engine, column)).collect();
    let mut hasher = SipHasher13::new();
    hasher.write(state.changes.as_bytes());
    let mut last = -1;
    let mut edits = 0;
    loop {
        let stmt = format!(
            "SELECT {ROW}, {WAS_EDITED}, {} FROM {} WHERE {ROW} > {last} ORDER BY {ROW} LIMIT {PAGE}",
            keys.join(", "),
            quoted(engine, gone)
        );
        let rows = db.rows(&Stmt::new(stmt))?;
        let full = rows.len() == PAGE;
        for row in rows {
            last = row.int(0);
            let edited = row.int(1) == 1;
            let columns = comparison.shape.key_columns();
            let key = columns
                .zip(row.into_values().skip(2))
                .map(|(column, value)| (column.name.clone(), live(column, value)));
            let key = Json::Object(key.collect());
            hasher.write(format!("\n-\t{edited}\t{}", crate::value::canonical_text(&key)).as_bytes());
            match (edited, bulk.on_gone()) {
                (true, OnEdit::Fail) => {
                    edits += 1;
                    if edits > TOLD {
                        continue;
                    }
                    let label = crate::reconcile::show::label(&key);
                    let message =
                        format!("`{}` {label} was edited in the database, and the file has it no more", bulk.name);
                    state.problems.push(Problem::new(ErrorCode::SeedEdited, Some(bulk.at.clone()), message));
                }
                (true, OnEdit::Keep) => state.counts.spared += 1,
                (false, _) | (true, OnEdit::Overwrite) => {
                    state.counts.remove += 1;
                    if state.removed.len() < SAMPLE {
                        state.removed.push(key);
                    }
                }
            }
        }
        if !full {
            break;
        }
    }
    if edits > TOLD {
        let message = format!(
            "{} more rows of `{}` were edited in the database, and the file has them no more",
            edits - TOLD,
            bulk.name
        );
        state.problems.push(Problem::new(ErrorCode::SeedEdited, Some(bulk.at.clone()), message));
    }
    if state.counts.remove + state.counts.spared > 0 {
        state.changes = format!("{:032x}", hasher.finish128().as_u128());
    }
    if state.counts.remove > 0 {
        // Those may lose rows of their own first, which only their turn tells.
        let synced = |table: &str| {
            seeds.bulk.iter().any(|other| other.mode == Mode::Sync && other.name == table)
                || seeds.blocks.iter().any(|block| block.mode == Mode::Sync && block.table == table)
        };
        let problems = referred(db, (seeds, catalog), bulk, comparison, &synced)?;
        state.problems.extend(problems);
    }
    Ok(())
}

/// Rows that refer to what would be removed, from whatever schema: they are neither left without their row nor removed with it.
/// Rows of the table itself that are removed as well are no such rows.
pub(super) fn referred(
    db: &mut dyn Db,
    (seeds, catalog): (&Seeds, &Catalog),
    bulk: &BulkTable,
    comparison: &Comparison,
    leave_out: &dyn Fn(&str) -> bool,
) -> Result<Vec<Problem>, DbError> {
    let Some(gone) = &comparison.gone else { return Ok(Vec::new()) };
    let engine = db.engine();
    let mut problems = Vec::new();
    let edges = graph::read(db, catalog)?;
    let left_out = |edge: &Edge| edge.schema.is_none() && leave_out(&edge.table) && edge.table != bulk.name;
    for edge in edges.iter().filter(|edge| edge.parent == bulk.name && !left_out(edge)) {
        let mut rows = None;
        if !edge.hidden {
            let own = edge.schema.is_none() && edge.table == bulk.name;
            let second = if own { second(db, gone, comparison)? } else { String::new() };
            let stays = if own {
                format!(
                    " AND NOT EXISTS (SELECT 1 FROM {} h WHERE {} AND {})",
                    quoted(engine, &second),
                    comparison.shape.same_key(engine, "r", "h"),
                    doomed_in("h", bulk.on_gone())
                )
            } else {
                String::new()
            };
            let stmt = format!(
                "SELECT count(*) FROM {} g JOIN {} t ON {} JOIN {} r ON {} WHERE {}{stays}",
                quoted(engine, gone),
                quoted(engine, &bulk.name),
                comparison.shape.same_key(engine, "t", "g"),
                edge.quoted(engine),
                refers(engine, &edge.columns, &edge.references, "r", "t"),
                doomed(bulk.on_gone())
            );
            let count = scalar(db, &Stmt::new(stmt))?.as_int().unwrap_or(0).unsigned_abs();
            if count == 0 {
                continue;
            }
            rows = Some(count);
        }
        let outside = Outside {
            table: edge.shown(),
            columns: edge.columns.clone(),
            effect: edge.on_delete,
            rows,
            parent: edge.parent.clone(),
            known: None,
            deeper: Vec::new(),
        };
        let message = format!(
            "rows of `{}` that the file has no more cannot be removed: {}",
            bulk.name,
            consequence(&outside, rows, &seeds.user_data)
        );
        problems.push(Problem::new(ErrorCode::SeedPruneBlocked, Some(bulk.at.clone()), message));
    }
    Ok(problems)
}

/// What can be asked beside the table of rows that are gone: itself, but for MySQL.
fn second(db: &mut dyn Db, gone: &str, comparison: &Comparison) -> Result<String, DbError> {
    match db.engine() {
        Engine::Sqlite | Engine::Postgres => Ok(gone.to_owned()),
        Engine::Mysql => {
            let name = format!("{gone}_2");
            temporary(db, &[sql::drop_table(Engine::Mysql, &name), sql::copy(&name, gone, &comparison.shape)])?;
            Ok(name)
        }
    }
}

/// `r.column = p.column AND ..` of a foreign key.
pub(super) fn refers(engine: Engine, columns: &[String], references: &[String], from: &str, to: &str) -> String {
    let pairs = columns.iter().zip(references);
    let parts: Vec<String> =
        pairs.map(|(column, target)| format!("{} = {}", of(engine, from, column), of(engine, to, target))).collect();
    parts.join(" AND ")
}

/// The base of the next rows that are spared: they stay known, and are looked at again. Nothing when there are no more.
pub(super) fn spared(
    db: &mut dyn Db,
    bulk: &BulkTable,
    comparison: &Comparison,
    last: &mut i64,
) -> Result<Option<Vec<Map<String, Json>>>, DbError> {
    let (Some(gone), Some(base), OnEdit::Keep) = (&comparison.gone, &comparison.base.table, bulk.on_gone()) else {
        return Ok(None);
    };
    let stmt = format!(
        "SELECT {ROW} FROM {} WHERE {ROW} > {last} AND {WAS_EDITED} = 1 ORDER BY {ROW} LIMIT {PAGE}",
        quoted(db.engine(), gone)
    );
    let rows: Vec<u64> = db.rows(&Stmt::new(stmt))?.iter().map(|row| row.int(0).unsigned_abs()).collect();
    let Some(highest) = rows.last() else { return Ok(None) };
    *last = i64::try_from(*highest).unwrap_or(i64::MAX);
    Ok(Some(page::staged(db, comparison, base, &rows)?.into_values().collect()))
}
