//! A second look at a very large table before the commit: the same join must find nothing left to do. What was to be done is
//! `diff`'s.

use plimsoll_core::ErrorCode;
use plimsoll_core::db::{Db, Stmt, quoted};

use crate::error::{Problem, SeedError};
use crate::read::model::Mode;
use crate::stream::diff::{ACTION, code};
use crate::stream::room::with_room;
use crate::stream::sql::{ROW, differs};
use crate::stream::state::BulkState;
use crate::stream::{BulkTable, write};

/// Rows that are told by themselves.
const TOLD: usize = 5;

/// Looks at all rows of a table that was written to: what is wrong with them.
pub(crate) fn read_back(db: &mut dyn Db, bulk: &BulkTable, state: &BulkState) -> Result<Vec<Problem>, SeedError> {
    let Some(comparison) = &state.staged else { return Ok(Vec::new()) };
    let mut problems = Vec::new();
    if state.counts.remove > 0 {
        let left = write::still_there(db, bulk, comparison)?;
        if left > 0 {
            let message = format!("{left} rows of `{}` are still there after they were removed", bulk.name);
            problems.push(Problem::new(ErrorCode::SeedFailed, Some(bulk.at.clone()), message));
        }
    }
    if state.counts.create + state.counts.update + state.counts.remove == 0 {
        return Ok(problems);
    }
    let engine = db.engine();
    let shape = &comparison.shape;
    let missing = format!("{} IS NULL", shape.found(engine, "t"));
    let join = match &comparison.diff {
        Some(diff) => format!(" LEFT JOIN {} d ON d.{ROW} = s.{ROW}", quoted(engine, diff)),
        None => String::new(),
    };
    let wrong: String = shape
        .compared()
        .map(|position| {
            let differs = differs(engine, &shape.columns[position], "s", "t");
            let mine = match (&comparison.diff, bulk.mode) {
                (None, _) => String::new(),
                // Rows that were there before are not compared.
                (Some(_), Mode::Insert) => format!(" AND d.{ACTION} = {}", code::CREATE),
                (Some(_), Mode::Upsert | Mode::Sync) => {
                    format!(" AND coalesce(d.o{position}, 0) NOT IN ({}, {})", code::EDITED, code::CONFLICT)
                }
            };
            format!(" OR ({differs}{mine})")
        })
        .collect();
    let stmt = format!(
        "SELECT s.{ROW}, CASE WHEN {missing} THEN 1 ELSE 0 END FROM {} s LEFT JOIN {} t ON {}{join} WHERE {missing}{wrong} \
         ORDER BY s.{ROW} LIMIT {TOLD}",
        quoted(engine, &comparison.stage.name),
        quoted(engine, &bulk.name),
        shape.same_key(engine, "t", "s"),
    );
    for row in with_room(db, |db| Ok(db.rows(&Stmt::new(stmt))?))? {
        let said = if row.int(1) == 1 {
            "was written but cannot be read back; a row-level policy or a trigger keeps it away"
        } else {
            "reads back differently; a trigger or a column's type changes it"
        };
        let at = bulk.source.place(row.int(0).unsigned_abs());
        problems.push(Problem::new(ErrorCode::SeedFailed, Some(at), format!("a row of `{}` {said}", bulk.name)));
    }
    Ok(problems)
}
