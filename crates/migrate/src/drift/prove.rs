//! Runs the SQL of both directions in a scratch database and looks at what comes of it. Writing that SQL is `schema`'s.

use plimsoll_core::db::{Db, DbError, Engine, Stmt};

use super::{Proof, Remedy};
use crate::replay;
use crate::schema::{Cannot, Change, Ddl, Described, Difference, Schema, compare, ddl};

/// The remedies between what is expected, which the scratch database has, and what was found.
pub(super) fn remedies(db: &mut dyn Db, expected: &Described, found: &Described) -> Result<(Remedy, Remedy), DbError> {
    let mut adopt = proven(db, ddl(expected, found), &found.schema)?;
    let mut revert = Remedy::of(ddl(found, expected), Proof::Untried);
    // The way back begins with what was found, so the way there has to have led to it.
    if adopt.is_proven() {
        if let Some(refused) = references_refused(db) {
            adopt.proof = refused;
        }
        revert = proven(db, Ddl { steps: revert.steps, cannot: revert.cannot }, &expected.schema)?;
    }
    // What could not be made there is not there to be taken back, so that it looks as if it were.
    for (remedy, from, to) in [(&mut adopt, expected, found), (&mut revert, found, expected)] {
        if remedy.proof == Proof::Proven {
            let left = compare(&from.schema, &to.schema);
            let left = left.iter().filter(|each| remedy.cannot.iter().any(|cannot| cannot.key == each.key));
            let differences: Vec<String> = left.map(ToString::to_string).collect();
            if !differences.is_empty() {
                remedy.proof = Proof::Except { differences };
            }
        }
    }
    Ok((adopt, revert))
}

/// Runs statements and compares what comes of them with what should.
fn proven(db: &mut dyn Db, ddl: Ddl, should_be: &Schema) -> Result<Remedy, DbError> {
    let is_sqlite = db.engine() == Engine::Sqlite;
    if is_sqlite {
        db.batch("PRAGMA foreign_keys = OFF")?;
    }
    let refused = ddl.steps.iter().find_map(|step| {
        let message = db.batch(&step.sql).err()?.message;
        Some(Proof::Refused { sql: step.sql.clone(), message })
    });
    if is_sqlite {
        db.batch("PRAGMA foreign_keys = ON")?;
    }
    if let Some(refused) = refused {
        return Ok(Remedy::of(ddl, refused));
    }
    let left = compare(&replay::read(db)?, should_be);
    let differences: Vec<String> = left.iter().map(ToString::to_string).collect();
    let proof = match left.is_empty() {
        true => Proof::Proven,
        false if left.iter().all(|each| is_told(each, &ddl.cannot)) => Proof::Except { differences },
        false => Proof::Wrong { differences },
    };
    Ok(Remedy::of(ddl, proof))
}

/// SQLite takes references to what cannot be referred to, and refuses to check them: no migration could end with that.
fn references_refused(db: &mut dyn Db) -> Option<Proof> {
    if db.engine() != Engine::Sqlite {
        return None;
    }
    let sql = "SELECT count(*) FROM pragma_foreign_key_check";
    let message = db.rows(&Stmt::new(sql)).err()?.message;
    Some(Proof::Refused { sql: sql.to_owned(), message })
}

impl Remedy {
    fn of(ddl: Ddl, proof: Proof) -> Self {
        Self { steps: ddl.steps, cannot: ddl.cannot, proof }
    }
}

/// Whether a difference that is left is one that was said to be left. The order of columns follows from adding them.
fn is_told(left: &Difference, cannot: &[Cannot]) -> bool {
    let is_order =
        matches!(&left.change, Change::Changed(changes) if changes.iter().all(|change| change.name == "column order"));
    is_order || cannot.iter().any(|cannot| cannot.key == left.key)
}
