//! Rows that a source in mode `sync` has no more: which of them seeding created and may remove. Deleting them is `write`'s.

use std::hash::Hasher;

use plimsoll_core::ErrorCode;
use plimsoll_core::db::{Catalog, Db, DbError, ForeignKey, Stmt, dialect, quoted, scalar, temporary};
use siphasher::sip128::{Hasher128, SipHasher13};

use crate::error::{Problem, SeedError};
use crate::read::Seeds;
use crate::read::model::{Mode, OnEdit};
use crate::stream::BulkTable;
use crate::stream::page::{self, PAGE};
use crate::stream::sql::{self, ADOPTED, ROW, differs, of};
use crate::stream::state::{BulkState, Comparison};
use crate::value::live;

/// The column that says whether a row was edited since it was applied.
pub(super) const WAS_EDITED: &str = "plimsoll_edited";

/// Keys shown to people.
const SAMPLE: usize = 8;

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
        shape.same_key(engine, "s", "b"),
    );
    let name = format!("plimsoll_g{index}");
    temporary(db, &[sql::drop_table(engine, &name), sql::create_as(engine, &name, &query)])?;
    comparison.gone = Some(name);
    Ok(())
}

/// The condition on `g` under which a row is removed.
pub(super) fn doomed(on_edit: OnEdit) -> String {
    match on_edit {
        OnEdit::Keep | OnEdit::Fail => format!("g.{WAS_EDITED} = 0"),
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
            let key = serde_json::Value::Object(key.collect());
            hasher.write(format!("\n-\t{edited}\t{}", crate::value::canonical_text(&key)).as_bytes());
            match (edited, bulk.on_gone()) {
                (true, OnEdit::Fail) => {
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
    if state.counts.remove + state.counts.spared > 0 {
        state.changes = format!("{:032x}", hasher.finish128().as_u128());
    }
    if state.counts.remove > 0 {
        // Those may lose rows of their own first, which only their turn tells.
        let synced = |table: &str| seeds.bulk.iter().any(|other| other.mode == Mode::Sync && other.name == table);
        let problems = referred(db, catalog, bulk, comparison, &synced)?;
        state.problems.extend(problems);
    }
    Ok(())
}

/// Rows that refer to what would be removed: they are neither left without their row nor removed with it.
pub(super) fn referred(
    db: &mut dyn Db,
    catalog: &Catalog,
    bulk: &BulkTable,
    comparison: &Comparison,
    leave_out: &dyn Fn(&str) -> bool,
) -> Result<Vec<Problem>, DbError> {
    let Some(gone) = &comparison.gone else { return Ok(Vec::new()) };
    let engine = db.engine();
    let mut problems = Vec::new();
    let all = catalog.tables.iter().flat_map(|(name, table)| table.foreign_keys.iter().map(move |key| (name, key)));
    for (name, key) in all.filter(|(name, key)| key.table == bulk.name && !leave_out(name)) {
        let stmt = format!(
            "SELECT count(*) FROM {} g JOIN {} t ON {} JOIN {} r ON {} WHERE {}",
            quoted(engine, gone),
            quoted(engine, &bulk.name),
            comparison.shape.same_key(engine, "t", "g"),
            quoted(engine, name),
            refers(engine, key, "r", "t"),
            doomed(bulk.on_gone())
        );
        let count = scalar(db, &Stmt::new(stmt))?.as_int().unwrap_or(0);
        if count > 0 {
            let message = format!(
                "{count} rows of `{name}` refer to rows of `{}` that the file has no more: change or remove those first",
                bulk.name
            );
            problems.push(Problem::new(ErrorCode::SeedPruneBlocked, Some(bulk.at.clone()), message));
        }
    }
    Ok(problems)
}

/// `r.column = p.column AND ..` of a foreign key.
pub(super) fn refers(engine: plimsoll_core::db::Engine, key: &ForeignKey, from: &str, to: &str) -> String {
    let pairs = key.columns.iter().zip(&key.references);
    let parts: Vec<String> =
        pairs.map(|(column, target)| format!("{} = {}", of(engine, from, column), of(engine, to, target))).collect();
    parts.join(" AND ")
}

/// The base of rows that are spared: they stay known, and are looked at again.
pub(super) fn spared(
    db: &mut dyn Db,
    bulk: &BulkTable,
    comparison: &Comparison,
    visit: &mut dyn FnMut(serde_json::Map<String, serde_json::Value>),
) -> Result<(), DbError> {
    let (Some(gone), Some(base), OnEdit::Keep) = (&comparison.gone, &comparison.base.table, bulk.on_gone()) else {
        return Ok(());
    };
    let mut last = -1;
    loop {
        let stmt = format!(
            "SELECT {ROW} FROM {} WHERE {ROW} > {last} AND {WAS_EDITED} = 1 ORDER BY {ROW} LIMIT {PAGE}",
            quoted(db.engine(), gone)
        );
        let rows: Vec<u64> = db.rows(&Stmt::new(stmt))?.iter().map(|row| row.int(0).unsigned_abs()).collect();
        let Some(highest) = rows.last() else { return Ok(()) };
        last = i64::try_from(*highest).unwrap_or(i64::MAX);
        page::staged(db, comparison, base, &rows)?.into_values().for_each(&mut *visit);
    }
}
