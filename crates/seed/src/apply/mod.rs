//! Applying a plan in one transaction that proves itself before it commits. Single statements are `write`'s.

pub(crate) mod progress;
pub(crate) mod write;

use plimsoll_core::ErrorCode;
use plimsoll_core::db::{Catalog, Db, dialect, transaction};
use plimsoll_core::ledger as core_ledger;

use crate::apply::progress::Progress;
use crate::apply::write::{Writer, invisible};
use crate::error::{Problem, SeedError};
use crate::event::SeedEvent;
use crate::ledger::{self, Entry};
use crate::read::Seeds;
use crate::reconcile::diff::{Decision, Decisions, applied, decide};
use crate::reconcile::observe::{Observation, observe};
use crate::reconcile::plan::{Outcome, RowAction, SeedPlan, from_decisions, write_order};
use crate::report::SeedReport;
use crate::value::canonical_text;
use crate::verify::{Expectation, Verified, verify};

/// How a plan is applied.
#[derive(Debug, Clone, Default)]
pub struct ApplyOptions {
    /// The deployment's number, kept with every row in the ledger.
    pub deployment: Option<i64>,
    /// What must be true before the transaction commits.
    pub expectations: Vec<Expectation>,
}

/// Does what the plan says, all of it or nothing.
///
/// Inside the transaction the database is observed again: when the result is not the plan's any more, nothing is
/// written. After writing, all rows are read back, and expectations are checked, before the commit. An empty plan opens
/// no transaction; its expectations are checked all the same.
///
/// # Errors
/// [`SeedError::PlanStale`], [`SeedError::Write`] with the row to blame, [`SeedError::Problems`] for rows that do not
/// read back and expectations that do not hold. In every case the database is as it was.
pub fn apply(
    db: &mut dyn Db,
    seeds: &Seeds,
    plan: &SeedPlan,
    options: &ApplyOptions,
    on_event: &mut dyn FnMut(&SeedEvent),
) -> Result<SeedReport, SeedError> {
    if plan.is_empty() && plan.pending.is_empty() {
        on_event(&SeedEvent::NothingToDo);
        let verified = verified(db, options, on_event)?;
        return Ok(SeedReport::new(plan, false, verified));
    }
    // DDL ends a transaction on some engines, so the ledger is there before it begins.
    core_ledger::ensure(db)?;
    let report = transaction(db, |db| {
        hold_updated_tables(db, plan)?;
        let catalog = Catalog::read(db)?;
        let observation = observe(db, seeds, &catalog)?;
        let (fresh, decisions) = from_decisions(seeds, &observation, decide(seeds, &observation))?;
        fresh.require_schema()?;
        if plan.digest() != fresh.digest_without(&plan.pending) {
            return Err(SeedError::PlanStale { moved: moved(plan, &fresh) });
        }
        let counts = fresh.counts();
        on_event(&SeedEvent::Started { create: counts.create, update: counts.update });
        write(db, seeds, &observation, &decisions, options, on_event)?;
        read_back(db, seeds, &catalog, &decisions, on_event)?;
        let verified = verified(db, options, on_event)?;
        Ok(SeedReport::new(&fresh, true, verified))
    })?;
    on_event(&SeedEvent::Committed);
    Ok(report)
}

/// An edit committed between looking and writing would be overwritten unseen. Before the first look, because MySQL shows a
/// transaction what was there when it looked first.
fn hold_updated_tables(db: &mut dyn Db, plan: &SeedPlan) -> Result<(), SeedError> {
    let updated = plan.tables.iter().filter(|table| table.rows.iter().any(|row| row.action == RowAction::Update));
    for table in updated {
        if let Some(lock) = dialect::lock_against_writers(db.engine(), &table.table) {
            db.batch(&lock)?;
        }
    }
    Ok(())
}

fn write(
    db: &mut dyn Db,
    seeds: &Seeds,
    observation: &Observation,
    decisions: &Decisions,
    options: &ApplyOptions,
    on_event: &mut dyn FnMut(&SeedEvent),
) -> Result<(), SeedError> {
    let progress = Progress::new(on_event);
    let mut writer = Writer { seeds, observation, created: std::collections::HashMap::new(), progress: &progress };
    for table in write_order(seeds, observation) {
        let decided = &decisions.tables[table];
        let written = |decision: &&Decision| matches!(decision.action, RowAction::Create | RowAction::Update);
        progress.begin(&seeds.tables[table].name, decided.iter().filter(written).count());
        let created = writer.create(db, table, decided)?;
        let updated = writer.update(db, table, decided)?;
        let entries: Vec<Entry> = decided
            .iter()
            .filter(|decision| decision.action.writes())
            .map(|decision| entry(&writer, table, decision))
            .collect();
        ledger::write(db, &seeds.tables[table].name, &entries, options.deployment)?;
        progress.end(created, updated);
    }
    Ok(())
}

fn entry(writer: &Writer<'_>, table: usize, decision: &Decision) -> Entry {
    let seeds = writer.seeds;
    let row = &seeds.tables[table].rows[decision.row];
    let state = &writer.observation.tables[table];
    Entry {
        row_key: row.row_key.clone(),
        key: canonical_text(&row.symbol),
        applied: applied(row, state, decision, &|reference| writer.resolve(reference)),
        dataset: seeds.datasets[seeds.blocks[row.block].dataset].clone(),
        source: row.source.text(),
    }
}

/// A second look, before the commit: nothing may be left to do, and nothing written may read differently.
fn read_back(
    db: &mut dyn Db,
    seeds: &Seeds,
    catalog: &Catalog,
    before: &Decisions,
    on_event: &mut dyn FnMut(&SeedEvent),
) -> Result<(), SeedError> {
    let observation = observe(db, seeds, catalog)?;
    let after = decide(seeds, &observation);
    let mut problems = after.problems;
    for (index, staged) in seeds.tables.iter().enumerate() {
        let kept = |row: usize, name: &str| {
            let decision = before.tables[index].iter().find(|decision| decision.row == row);
            decision.is_some_and(|decision| {
                decision.columns.iter().any(|column| *column.name == *name && column.outcome != Outcome::Update)
            })
        };
        for decision in &after.tables[index] {
            let row = &staged.rows[decision.row];
            if decision.action == RowAction::Create {
                problems.push(invisible(&staged.name, row));
            }
            for column in decision.columns.iter().filter(|column| !kept(decision.row, &column.name)) {
                let message = format!(
                    "`{}` {}: `{}` reads back as {} instead of {}, a trigger or the column's type changes it",
                    staged.name,
                    crate::reconcile::show::label(&row.symbol),
                    column.name,
                    crate::reconcile::show::value(&column.old),
                    crate::reconcile::show::value(&column.new)
                );
                problems.push(Problem::new(ErrorCode::SeedFailed, Some(row.source.location()), message));
            }
        }
    }
    SeedError::unless_empty(problems)?;
    on_event(&SeedEvent::ReadBack { rows: seeds.tables.iter().map(|table| table.rows.len()).sum() });
    Ok(())
}

fn verified(
    db: &mut dyn Db,
    options: &ApplyOptions,
    on_event: &mut dyn FnMut(&SeedEvent),
) -> Result<Vec<Verified>, SeedError> {
    let verified = verify(db, &options.expectations)?;
    verified.iter().for_each(|one| on_event(&SeedEvent::Expected(one.clone())));
    Ok(verified)
}

/// The first few rows that are in one plan and not, or not in the same way, in the other.
fn moved(plan: &SeedPlan, fresh: &SeedPlan) -> Vec<String> {
    const NAMED: usize = 3;
    let old: std::collections::BTreeMap<_, _> = plan.lines(&plan.pending).collect();
    let new: std::collections::BTreeMap<_, _> = fresh.lines(&plan.pending).collect();
    let gone = old.iter().filter(|(line, _)| !new.contains_key(*line));
    let come = new.iter().filter(|(line, _)| !old.contains_key(*line));
    let mut labels: Vec<String> = gone.chain(come).map(|(_, label)| label.clone()).collect();
    labels.sort();
    labels.dedup();
    if labels.len() > NAMED {
        let more = labels.len() - NAMED;
        labels.truncate(NAMED);
        labels.push(format!("and {more} more"));
    }
    labels
}
