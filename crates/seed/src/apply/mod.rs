//! Applying a plan in one transaction that proves itself before it commits. Single statements are `write`'s.

pub(crate) mod counters;
mod deferred;
pub(crate) mod delete;
pub(crate) mod progress;
pub(crate) mod record;
pub(crate) mod refused;
pub(crate) mod swap;
pub(crate) mod write;

use std::collections::HashMap;

use plimsoll_core::ErrorCode;
use plimsoll_core::db::{Catalog, Db, dialect, session, transaction};
use plimsoll_core::ledger as core_ledger;
use plimsoll_core::lock::Fence;

use crate::apply::progress::Progress;
use crate::apply::record::Before;
use crate::apply::write::{Writer, invisible};
use crate::error::{Problem, SeedError};
use crate::event::SeedEvent;
use crate::guard::closure::Target;
use crate::guard::fingerprint::{self, Written};
use crate::ledger::{self, Entry, Origin};
use crate::lifecycle::audit::Author;
use crate::lifecycle::{back, record as steps};
use crate::read::Seeds;
use crate::reconcile::diff::{Decision, Decisions, applied, decide};
use crate::reconcile::observe::{Observation, observe, observe_declared};
use crate::reconcile::orphan;
use crate::reconcile::plan::{Outcome, RowAction, SeedPlan, from_decisions};
use crate::reconcile::prune::{Fate, key_label};
use crate::report::SeedReport;
use crate::runs::change::{self, Change};
use crate::runs::image::Image;
use crate::runs::{self, RunKind, RunOptions};
use crate::stream::{self, Recorded, Step};
use crate::value::secret;
use crate::verify::{Expectation, Verified, verify};

/// How a plan is applied.
#[derive(Debug, Clone, Default)]
pub struct ApplyOptions {
    /// The deployment's number, kept with every row in the ledger.
    pub deployment: Option<i64>,
    /// What must be true before the transaction commits.
    pub expectations: Vec<Expectation>,
    /// Who applies it: `user@host`.
    pub actor: String,
    /// The tool and its version.
    pub tool: String,
    /// The lock that has to be held still when the transaction commits.
    pub fence: Option<Fence>,
    /// Whether the plan has to be the same in everything, values that it overwrites included: for plans that were saved.
    pub exact: bool,
}

impl ApplyOptions {
    fn run(&self) -> RunOptions {
        RunOptions {
            actor: self.actor.clone(),
            tool: self.tool.clone(),
            deployment: self.deployment,
            fence: self.fence.clone(),
        }
    }
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
    apply_and(db, seeds, plan, options, on_event, &mut |_, _| Ok(()))
}

/// What has the last word before a commit.
pub(crate) type LastWord<'w> = dyn FnMut(&mut dyn Db, &Catalog) -> Result<(), SeedError> + 'w;

/// As [`apply`], with somebody who may take everything back at the end.
pub(crate) fn apply_and(
    db: &mut dyn Db,
    seeds: &Seeds,
    plan: &SeedPlan,
    options: &ApplyOptions,
    on_event: &mut dyn FnMut(&SeedEvent),
    last_word: &mut LastWord<'_>,
) -> Result<SeedReport, SeedError> {
    if plan.is_empty() && plan.pending.is_empty() {
        on_event(&SeedEvent::NothingToDo);
        let verified = verified(db, seeds, options, on_event)?;
        return Ok(SeedReport::new(plan, false, verified));
    }
    // DDL ends a transaction on some engines, so the ledger is there before it begins.
    core_ledger::ensure(db)?;
    let report = transaction(db, |db| {
        session::check(db)?;
        hold_updated_tables(db, plan)?;
        stream::hold(db, plan)?;
        let catalog = Catalog::read(db)?;
        let watch = fingerprint::watch(db, &catalog, &seeds.user_data)?;
        let observation = observe(db, seeds, &catalog)?;
        let (fresh, decisions) = from_decisions(seeds, &observation, decide(seeds, &observation))?;
        fresh.require_schema()?;
        if plan.digest() != fresh.digest_without(&plan.pending) {
            return Err(SeedError::PlanStale { moved: moved(plan, &fresh) });
        }
        if options.exact && *plan != fresh {
            return Err(SeedError::PlanStale { moved: plan.differences(&fresh) });
        }
        let counts = fresh.counts();
        on_event(&SeedEvent::Started { create: counts.create, update: counts.update });
        let run_options = options.run();
        let run = runs::start(db, RunKind::Apply, &plan.digest(), &run_options)?;
        let work = Work { seeds, catalog: &catalog, observation: &observation, decisions: &decisions };
        let author = Author { actor: &options.actor, run: Some(run), note: None };
        let before = steps::before(db, seeds, &catalog, &observation, &decisions.steps)?;
        let leaving = back::leaving(db, &catalog, &seeds.lifecycles, &work.pruned())?;
        work.write(db, run, options, on_event)?;
        leaving.record(db, &catalog, &seeds.lifecycles, author)?;
        let mut written = observe_declared(db, seeds, &catalog)?;
        work.carry_audits(&mut written);
        deferred::settle(db, (seeds, &catalog), (&written, &observation), &decisions)?;
        read_back(db, seeds, (&written, &observation), &decisions, on_event)?;
        steps::record(db, seeds, &catalog, (&before, &written), &decisions.steps, author)?;
        let verified = verified(db, seeds, options, on_event)?;
        let user_data = fingerprint::check(db, &catalog, &watch, &|name| meant(&fresh, name))?;
        last_word(db, &catalog)?;
        let report = SeedReport { run: Some(run), user_data, ..SeedReport::new(&fresh, true, verified) };
        runs::finish(db, run, &report.to_string(), &run_options)?;
        // Last, because a counter stays where it is when the transaction is taken back.
        counters::advance(db, seeds, &observation, &decisions)?;
        Ok(report)
    })?;
    on_event(&SeedEvent::Committed);
    Ok(report)
}

/// An edit committed between looking and writing would be overwritten unseen, and a reference made meanwhile would be followed
/// by a cascade. Before the first look, because MySQL shows a transaction what was there when it looked first.
fn hold_updated_tables(db: &mut dyn Db, plan: &SeedPlan) -> Result<(), SeedError> {
    // What is recorded of a row has to be what the commit finds.
    let recorded = |table: &str| plan.steps.iter().any(|row| row.table == table);
    for table in &plan.tables {
        let has = |action| table.rows.iter().any(|row| row.action == action);
        let lock = if has(RowAction::Prune) {
            dialect::lock_against_references(db.engine(), &table.table)
        } else if has(RowAction::Update) || recorded(&table.table) {
            dialect::lock_against_writers(db.engine(), &table.table)
        } else {
            None
        };
        if let Some(lock) = lock {
            db.batch(&lock)?;
        }
    }
    Ok(())
}

/// What may be written into a table of user data: new rows, where a dataset says so.
fn meant(plan: &SeedPlan, name: &str) -> Written {
    let created =
        plan.tables.iter().filter(|table| table.table == name).map(|table| table.counts().create).sum::<usize>();
    let created = created
        + plan.bulk.iter().filter(|table| table.table == name).map(|table| table.counts.common().create).sum::<usize>();
    Written { inserted: i64::try_from(created).unwrap_or(i64::MAX), ..Written::default() }
}

/// A table that was written, with what was there before.
enum WrittenTable {
    Declared(usize, Before),
    Streamed(usize, Recorded),
}

/// What is written, all decided.
struct Work<'w> {
    seeds: &'w Seeds,
    catalog: &'w Catalog,
    observation: &'w Observation,
    decisions: &'w Decisions,
}

impl Work<'_> {
    fn write(
        &self,
        db: &mut dyn Db,
        run: i64,
        options: &ApplyOptions,
        on_event: &mut dyn FnMut(&SeedEvent),
    ) -> Result<(), SeedError> {
        let Self { seeds, observation, decisions, .. } = self;
        let targets = self.targets();
        let (late, early): (Vec<usize>, Vec<usize>) =
            decisions.pruned.order.rows.iter().partition(|row| decisions.pruned.late.contains(row));
        let nulled = delete::null(db, self.catalog, &targets, &decisions.pruned.order)?;
        let mut changes = Vec::new();
        for (index, values) in &nulled {
            changes.push(record::nulled(&targets[*index], self.entry_of(*index), values));
        }
        self.delete(db, &targets, &early, &nulled, &mut changes)?;
        let progress = Progress::new(on_event);
        let told = |rows| progress.add(rows);
        let mut writer = Writer { seeds, observation, created: HashMap::new(), progress: &told };
        let mut written = Vec::new();
        let steps = stream::steps(seeds, observation);
        for step in &steps {
            let table = match *step {
                Step::Declared(table) => table,
                Step::Bulk(index) => {
                    let state = &observation.bulk[index];
                    let counts = state.counts.common();
                    progress.begin(&state.table, counts.create + counts.update);
                    let recorded = stream::before(db, seeds, index, state, self.catalog)?;
                    stream::write(
                        db,
                        seeds,
                        index,
                        state,
                        &stream::Work { catalog: self.catalog, deployment: options.deployment, run },
                    )?;
                    written.push(WrittenTable::Streamed(index, recorded));
                    progress.end(counts.create, counts.update);
                    continue;
                }
            };
            let decided = &decisions.tables[table];
            let writes = |decision: &&Decision| matches!(decision.action, RowAction::Create | RowAction::Update);
            progress.begin(&seeds.tables[table].name, decided.iter().filter(writes).count());
            let before = record::before(db, &writer, table, decided)?;
            before.make_room(db, &writer, decided)?;
            let created = writer.create(db, table, decided)?;
            let updated = writer.update(db, table, decided)?;
            writer.learn_renamed(table, decided);
            let entries: Vec<Entry> = decided
                .iter()
                .filter(|decision| decision.action.writes())
                .map(|decision| entry(&writer, table, decision, run, options))
                .collect();
            ledger::write(db, &seeds.tables[table].name, &entries)?;
            let renamed = self.renamed(table);
            ledger::remove(db, &seeds.tables[table].name, renamed.iter().map(|entry| entry.row_key.as_str()))?;
            written.push(WrittenTable::Declared(table, before));
            progress.end(created, updated);
        }
        for one in written {
            let (table, before) = match one {
                WrittenTable::Declared(table, before) => (table, before),
                WrittenTable::Streamed(index, recorded) => {
                    let (bulk, state) = (&seeds.bulk[index], &observation.bulk[index]);
                    changes.extend(recorded.changes(db, seeds, bulk, state, self.catalog)?);
                    continue;
                }
            };
            changes.extend(record::changes(db, &writer, &before, &decisions.tables[table])?);
            let name = &seeds.tables[table].name;
            changes.extend(self.renamed(table).into_iter().map(|entry| record::released(name, entry)));
        }
        self.delete(db, &targets, &late, &nulled, &mut changes)?;
        // Children first.
        for step in steps.iter().rev() {
            if let Step::Bulk(index) = *step {
                let (bulk, state) = (&seeds.bulk[index], &observation.bulk[index]);
                changes.extend(stream::removed(db, seeds, bulk, state, self.catalog)?);
                stream::prune(db, seeds, bulk, state, self.catalog)?;
                changes.extend(stream::change(state));
            }
        }
        self.release(db, &mut changes)?;
        Ok(change::write(db, run, &changes)?)
    }

    /// Entries under keys that rows had before.
    fn renamed(&self, table: usize) -> Vec<&Entry> {
        let state = &self.observation.tables[table];
        let written = self.decisions.tables[table].iter().filter(|decision| decision.action == RowAction::Update);
        let rows = &self.seeds.tables[table].rows;
        written.filter_map(|decision| state.renamed(decision.row, &rows[decision.row])).collect()
    }

    /// What is recorded of rows under the keys that they had before is still to come under their new ones.
    fn carry_audits(&self, written: &mut Observation) {
        for (index, decided) in self.decisions.tables.iter().enumerate() {
            let (state, rows) = (&self.observation.tables[index], &self.seeds.tables[index].rows);
            for row in decided.iter().map(|decision| decision.row) {
                if let Some(audited) = state.audited_before(row, &rows[row]) {
                    written.tables[index].audited.insert(rows[row].row_key.clone(), audited.clone());
                }
            }
        }
    }

    /// The rows that are deleted: their tables and row keys.
    fn pruned(&self) -> Vec<(&str, &str)> {
        let row = |target: &usize| {
            let (table, _) = self.observation.orphans.targets[*target];
            (self.seeds.tables[table].name.as_str(), self.entry_of(*target).row_key.as_str())
        };
        self.decisions.pruned.order.rows.iter().map(row).collect()
    }

    fn targets(&self) -> Vec<Target> {
        let orphans = &self.observation.orphans;
        let targets = orphans.targets.iter().filter_map(|(table, row)| {
            orphan::target(self.seeds, *table, &self.observation.tables[*table], &orphans.tables[*table][*row])
        });
        targets.collect()
    }

    fn entry_of(&self, target: usize) -> &Entry {
        let orphans = &self.observation.orphans;
        let (table, row) = orphans.targets[target];
        &orphans.tables[table][row].located.entry
    }

    fn delete(
        &self,
        db: &mut dyn Db,
        targets: &[Target],
        rows: &[usize],
        nulled: &[(usize, Image)],
        changes: &mut Vec<Change>,
    ) -> Result<(), SeedError> {
        delete::rows(db, self.catalog, targets, rows, &self.observation.orphans.closure)?;
        let nulled: HashMap<usize, &Image> = nulled.iter().map(|(index, values)| (*index, values)).collect();
        changes.extend(
            rows.iter()
                .map(|index| record::deleted(&targets[*index], self.entry_of(*index), nulled.get(index).copied())),
        );
        let gone = rows.iter().map(|index| (targets[*index].table.as_str(), self.entry_of(*index).row_key.as_str()));
        Ok(ledger::remove_all(db, gone)?)
    }

    /// Forgets the rows that are gone from the files and stay in the database.
    fn release(&self, db: &mut dyn Db, changes: &mut Vec<Change>) -> Result<(), SeedError> {
        for (index, fates) in self.decisions.pruned.fates.iter().enumerate() {
            let table = &self.seeds.tables[index].name;
            let orphans = self.observation.orphans.tables[index].iter().zip(fates);
            for (orphan, _) in orphans.filter(|(_, fate)| **fate == Fate::Release) {
                let entry = &orphan.located.entry;
                ledger::remove(db, table, std::iter::once(entry.row_key.as_str()))?;
                changes.push(record::released(table, entry));
            }
        }
        Ok(())
    }
}

fn entry(writer: &Writer<'_>, table: usize, decision: &Decision, run: i64, options: &ApplyOptions) -> Entry {
    let seeds = writer.seeds;
    let row = &seeds.tables[table].rows[decision.row];
    let state = &writer.observation.tables[table];
    let before = state.base(decision.row, row);
    Entry {
        row_key: row.row_key.clone(),
        key: row.symbol.canonical(),
        applied: applied(row, state, decision, &seeds.blocks[row.block].secret, &|reference| writer.resolve(reference)),
        dataset: seeds.datasets[seeds.blocks[row.block].dataset].clone(),
        source: row.source.text(),
        deployment: options.deployment,
        origin: match (decision.action, before) {
            (RowAction::Create, _) => Some(Origin::Created),
            (_, Some(before)) => before.origin,
            (_, None) => Some(Origin::Adopted),
        },
        run: Some(run),
    }
}

/// A second look, before the commit: nothing may be left to do, and nothing written may read differently.
fn read_back(
    db: &mut dyn Db,
    seeds: &Seeds,
    (observation, observed): (&Observation, &Observation),
    before: &Decisions,
    on_event: &mut dyn FnMut(&SeedEvent),
) -> Result<(), SeedError> {
    let after = decide(seeds, observation);
    let mut problems = after.problems;
    problems.extend(after.schema_problems);
    for (index, staged) in seeds.tables.iter().enumerate() {
        let decided: HashMap<usize, &Decision> =
            before.tables[index].iter().map(|decision| (decision.row, decision)).collect();
        let kept = |row: usize, name: &str| {
            decided.get(&row).is_some_and(|decision| {
                decision.columns.iter().any(|column| *column.name == *name && column.outcome != Outcome::Update)
            })
        };
        for decision in &after.tables[index] {
            let row = &staged.rows[decision.row];
            if decision.action == RowAction::Create {
                problems.push(invisible(&staged.name, row));
            }
            for column in decision.columns.iter().filter(|column| !kept(decision.row, &column.name)) {
                let hidden = seeds.blocks[row.block].secret.contains(&*column.name).then(secret::shown);
                let message = format!(
                    "`{}` {}: `{}` reads back as {} instead of {}, a trigger or the column's type changes it",
                    staged.name,
                    row.symbol.label(),
                    column.name,
                    crate::reconcile::show::value(hidden.as_ref().unwrap_or(&column.old)),
                    crate::reconcile::show::value(hidden.as_ref().unwrap_or(&column.new))
                );
                problems.push(Problem::new(ErrorCode::SeedFailed, Some(row.source.location()), message));
            }
        }
    }
    for (index, fates) in after.pruned.fates.iter().enumerate() {
        let orphans = observation.orphans.tables[index].iter().zip(fates);
        for (orphan, _) in orphans.filter(|(_, fate)| matches!(fate, Fate::Prune | Fate::Release)) {
            let message = format!("`{}` {} is there after it was pruned", seeds.tables[index].name, key_label(orphan));
            problems.push(Problem::new(ErrorCode::SeedFailed, None, message));
        }
    }
    for (table, state) in seeds.bulk.iter().zip(&observed.bulk) {
        problems.extend(stream::read_back(db, table, state)?);
    }
    SeedError::unless_empty(problems)?;
    let bulk: usize = observed.bulk.iter().map(|state| usize::try_from(state.rows).unwrap_or(usize::MAX)).sum();
    on_event(&SeedEvent::ReadBack { rows: bulk + seeds.tables.iter().map(|table| table.rows.len()).sum::<usize>() });
    Ok(())
}

fn verified(
    db: &mut dyn Db,
    seeds: &Seeds,
    options: &ApplyOptions,
    on_event: &mut dyn FnMut(&SeedEvent),
) -> Result<Vec<Verified>, SeedError> {
    let verified = verify(db, Some(seeds), &options.expectations)?;
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
