//! Proves in a scratch database that migrations can be taken back: up, down, compared with before, up again, compared with
//! after, with generated rows. Taking them back in a real database is `revert`'s.

mod bench;
mod declared;
mod prove;
mod report;
mod rows;

use plimsoll_core::db::{DatabaseUrl, Engine};

use crate::error::{MigrateError, Problem, ProblemKind};
use crate::replay::{ScratchPlace, reaches};
use crate::source::{Migration, MigrationKind, MigrationSet};
use crate::split::split;

use bench::{Bench, Workshop};

pub use declared::Declared;
pub(crate) use declared::declared;
pub use report::{Mark, Proof, VerifyOutcome, VerifyReport};

/// What to prove.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VerifyOptions {
    /// The first migration to prove, by its version or name; those before it are applied and nothing more.
    pub from: Option<String>,
}

/// Proves the ways back of migrations, one after the other, in a scratch database beside the real one or on another server.
/// The real database is only connected to for making the scratch database.
///
/// # Errors
/// [`ProblemKind::NotApplied`] when there is no migration to begin with, [`MigrateError::Replay`] when there is no scratch
/// database. What is wrong with migrations is in the report.
pub fn verify(
    set: &MigrationSet,
    real: &DatabaseUrl,
    place: &ScratchPlace,
    options: &VerifyOptions,
) -> Result<VerifyReport, MigrateError> {
    let engine = real.engine();
    let mut versioned = set.clone();
    versioned.migrations.retain(|migration| migration.kind == MigrationKind::Versioned);
    let workshop = Workshop { set: &versioned, real, place };
    let first = first(&versioned, options)?;
    let databases = workshop.databases()?;
    let mut report = VerifyReport { engine, migrations: Vec::new() };
    let mut bench: Option<Bench<'_>> = None;
    let mut blocked: Option<String> = None;
    for (index, migration) in versioned.migrations.iter().enumerate() {
        if blocked.is_none() {
            blocked = outside(engine, migration, &databases);
        }
        if blocked.is_none() && index >= first {
            let way_back = way_back(engine, migration, &databases);
            let (proof, next) = prove::prove(workshop, bench.take(), index, way_back)?;
            bench = next;
            if bench.is_none() {
                blocked = Some(format!("`{}` before it cannot be applied", migration.name));
            }
            report.migrations.push(proof);
        } else if index >= first {
            let mut proof = unproven(migration);
            proof.unmeasured.extend(blocked.clone());
            report.migrations.push(proof.judged());
        }
    }
    Ok(report)
}

/// How a migration says that it is taken back.
enum WayBack {
    /// By its script.
    Script,
    /// Not at all, and why.
    None(String),
    /// By a script that cannot be tried, and why.
    Untried(String),
}

fn way_back(engine: Engine, migration: &Migration, databases: &[String]) -> WayBack {
    let Some(down) = &migration.down else { return WayBack::None("it has no down script".to_owned()) };
    if let Some(Declared::Irreversible { .. }) = declared(&down.sql) {
        return WayBack::None("its author says so".to_owned());
    }
    match split(engine, &down.file, &down.sql) {
        Ok(statements) if statements.is_empty() => WayBack::None("its down script has no statement".to_owned()),
        Ok(_) => {
            let script = Migration { file: down.file.clone(), sql: down.sql.clone(), ..migration.clone() };
            outside(engine, &script, databases).map_or(WayBack::Script, WayBack::Untried)
        }
        Err(problem) => WayBack::Untried(problem.to_string()),
    }
}

fn outside(engine: Engine, migration: &Migration, databases: &[String]) -> Option<String> {
    let problems = reaches(engine, migration, databases);
    (!problems.is_empty()).then(|| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
}

fn first(set: &MigrationSet, options: &VerifyOptions) -> Result<usize, MigrateError> {
    let Some(from) = &options.from else { return Ok(0) };
    let version = from.replace('-', "");
    let is_meant = |each: &Migration| each.version == *from || each.name == *from || each.version == version;
    set.migrations.iter().position(is_meant).ok_or_else(|| {
        let message = format!("there is no migration `{from}` to begin with");
        MigrateError::Problem(Problem::new(ProblemKind::NotApplied, message))
    })
}

/// A proof in which nothing was found yet.
fn unproven(migration: &Migration) -> Proof {
    Proof {
        version: migration.version.clone(),
        name: migration.name.clone(),
        mark: Mark::Unmeasured,
        declared: migration.down.as_ref().and_then(|down| declared(&down.sql)),
        wrong: Vec::new(),
        lost: Vec::new(),
        only_between: Vec::new(),
        unmeasured: Vec::new(),
        notes: Vec::new(),
    }
}
