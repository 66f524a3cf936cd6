//! Removing what datasets created, children first, and nothing else. What files declare plays no part; seeding again is `apply`'s.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use plimsoll_core::ErrorCode;
use plimsoll_core::db::{Catalog, Db, dialect, session, transaction};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::Blocked;
use crate::apply::{ApplyOptions, apply_and, delete, record};
use crate::error::{Problem, SeedError};
use crate::guard::UserTable;
use crate::guard::closure::{Closure, Order, Target, closure, order};
use crate::guard::fingerprint::{self, Written};
use crate::ledger::{self, Entry};
use crate::lifecycle::audit::{self, Author};
use crate::lifecycle::{Lifecycles, back};
use crate::read::Seeds;
use crate::reconcile::plan::SeedPlan;
use crate::reconcile::prune::consequence;
use crate::report::SeedReport;
use crate::runs::change::{self, Change};
use crate::runs::image::{self, Image};
use crate::runs::locate::{Located, locate};
use crate::runs::{self, RunKind, RunOptions};
use crate::stream::{StreamedRows, streamed};
use crate::value::{canonical_text, fingerprint, hash};

/// What is removed.
#[derive(Debug, Clone, Default)]
pub struct ResetOptions {
    /// Only of these datasets; of all when there are none.
    pub datasets: Vec<String>,
    /// Whether rows that were edited in the database are deleted as well.
    pub discard_edits: bool,
    /// Tables that hold user data, for what is said about them.
    pub user_data: Vec<String>,
    /// The declared life cycles. Without them the audit alone says which rows stay.
    pub lifecycles: Lifecycles,
    /// Tables whose streamed rows are removed before, so that those do not stand in the way. Whether that is so only shows
    /// when they are gone.
    pub emptied: Vec<String>,
}

/// What a reset does, row by row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResetPlan {
    /// Rows that datasets created, in the order in which they are deleted.
    pub delete: Vec<ResetRow>,
    /// Rows that were there before, or are gone already: the ledger forgets them.
    pub release: Vec<ResetRow>,
    /// Rows that are kept because they were edited in the database.
    pub kept: Vec<ResetRow>,
    /// Rows that were streamed, of which nobody keeps one by one which of them are there: they stay.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub streamed: Vec<StreamedRows>,
    /// What stands against it. Nothing is done unless this is empty.
    pub blocked: Vec<Blocked>,
}

/// One row of a reset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResetRow {
    /// The table.
    pub table: String,
    /// The natural key, references by theirs.
    pub key: Json,
    /// The columns that were edited in the database.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edited: Vec<String>,
    /// A fingerprint of the row.
    pub content: String,
}

/// What a reset did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ResetReport {
    /// The number of the run, none when there was nothing to do.
    pub run: Option<i64>,
    /// Rows deleted.
    pub deleted: usize,
    /// Rows let go of.
    pub released: usize,
    /// Rows kept because they were edited.
    pub kept: usize,
    /// The tables of user data before and after.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub user_data: Vec<UserTable>,
}

/// Removes streamed rows, as [`crate::emptied`] has them, unless a reset after it would be refused: a start over is not begun
/// that cannot be ended.
///
/// # Errors
/// Those of [`crate::apply()`] and [`ResetPlan::require_free`]. In every case the database is as it was.
pub fn apply_emptied(
    db: &mut dyn Db,
    seeds: &Seeds,
    plan: &SeedPlan,
    options: &ApplyOptions,
    reset: &ResetOptions,
) -> Result<SeedReport, SeedError> {
    let reset = ResetOptions { emptied: Vec::new(), ..reset.clone() };
    apply_and(db, seeds, plan, options, &mut |_| {}, &mut |db, catalog| plan_reset(db, catalog, &reset)?.require_free())
}

/// Everything about a reset that is not in its plan.
struct Scene {
    located: Vec<(String, Located)>,
    targets: Vec<(usize, Target)>,
    closure: Closure,
    order: Order,
}

/// Looks at what datasets created. Writes nothing.
///
/// # Errors
/// [`SeedError::Database`], and [`SeedError::Problems`] when the ledger is damaged.
pub fn plan_reset(db: &mut dyn Db, catalog: &Catalog, options: &ResetOptions) -> Result<ResetPlan, SeedError> {
    Ok(look(db, catalog, options)?.0)
}

/// Does what the plan says, all of it or nothing, as a run that can be taken back.
///
/// # Errors
/// [`SeedError::Problems`] with everything that stands against it, [`SeedError::PlanStale`], [`SeedError::Write`].
pub fn apply_reset(
    db: &mut dyn Db,
    plan: &ResetPlan,
    options: &ResetOptions,
    by: &RunOptions,
) -> Result<ResetReport, SeedError> {
    plan.require_free()?;
    if plan.is_empty() {
        return Ok(ResetReport { run: None, deleted: 0, released: 0, kept: plan.kept.len(), user_data: Vec::new() });
    }
    plimsoll_core::ledger::ensure(db)?;
    transaction(db, |db| {
        session::check(db)?;
        let tables: BTreeSet<&str> = plan.delete.iter().map(|row| row.table.as_str()).collect();
        for table in tables {
            if let Some(lock) = dialect::lock_against_references(db.engine(), table) {
                db.batch(&lock)?;
            }
        }
        let catalog = Catalog::read(db)?;
        let watch = fingerprint::watch(db, &catalog, &options.user_data)?;
        let (fresh, scene) = look(db, &catalog, options)?;
        fresh.require_free()?;
        if fresh != *plan {
            return Err(SeedError::PlanStale { moved: vec!["rows that datasets created".to_owned()] });
        }
        let digest = hash(&canonical_text(&serde_json::to_value(plan).unwrap_or_default()));
        let run = runs::start(db, RunKind::Reset, &digest, by)?;
        let leaving = back::leaving(db, &catalog, &options.lifecycles, &scene.deleted())?;
        let changes = scene.write(db, &catalog)?;
        change::write(db, run, &changes)?;
        let author = Author { actor: &by.actor, run: Some(run), note: None };
        leaving.record(db, &catalog, &options.lifecycles, author)?;
        let report = ResetReport {
            run: Some(run),
            deleted: plan.delete.len(),
            released: plan.release.len(),
            kept: plan.kept.len(),
            user_data: fingerprint::check(db, &catalog, &watch, &|name| meant(plan, name))?,
        };
        runs::finish(db, run, &report.to_string(), by)?;
        Ok(report)
    })
}

impl Scene {
    /// The rows that are deleted: their tables and row keys.
    fn deleted(&self) -> Vec<(&str, &str)> {
        let row = |target: &usize| {
            let (table, located) = &self.located[self.targets[*target].0];
            (table.as_str(), located.entry.row_key.as_str())
        };
        self.order.rows.iter().map(row).collect()
    }

    fn write(&self, db: &mut dyn Db, catalog: &Catalog) -> Result<Vec<Change>, SeedError> {
        let targets: Vec<Target> = self.targets.iter().map(|(_, target)| target.clone()).collect();
        let entry = |target: usize| &self.located[self.targets[target].0].1.entry;
        let nulled = delete::null(db, catalog, &targets, &self.order)?;
        let mut changes: Vec<Change> =
            nulled.iter().map(|(index, values)| record::nulled(&targets[*index], entry(*index), values)).collect();
        delete::rows(db, catalog, &targets, &self.order.rows, &self.closure)?;
        let nulled: HashMap<usize, &Image> = nulled.iter().map(|(index, values)| (*index, values)).collect();
        let mut forgotten = Vec::with_capacity(self.order.rows.len());
        for index in &self.order.rows {
            forgotten.push((targets[*index].table.as_str(), entry(*index).row_key.as_str()));
            changes.push(record::deleted(&targets[*index], entry(*index), nulled.get(index).copied()));
        }
        for (table, located) in self.located.iter().filter(|(_, located)| released(located)) {
            forgotten.push((table.as_str(), located.entry.row_key.as_str()));
            changes.push(record::released(table, &located.entry));
        }
        ledger::remove_all(db, forgotten.into_iter())?;
        Ok(changes)
    }
}

/// What may be deleted from a table of user data: rows that a dataset had been allowed to add.
fn meant(plan: &ResetPlan, name: &str) -> Written {
    let deleted = plan.delete.iter().filter(|row| row.table == name).count();
    Written { deleted: i64::try_from(deleted).unwrap_or(i64::MAX), ..Written::default() }
}

impl ResetPlan {
    /// Whether nothing would be written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.delete.is_empty() && self.release.is_empty()
    }

    /// An error with everything that stands against it.
    ///
    /// # Errors
    /// [`SeedError::Problems`] with one problem for each.
    pub fn require_free(&self) -> Result<(), SeedError> {
        let problems = self.blocked.iter().map(|blocked| {
            let message = format!("rows of `{}` cannot be removed: {}", blocked.table, blocked.reason);
            Problem::new(ErrorCode::SeedPruneBlocked, None, message)
        });
        SeedError::unless_empty(problems.collect())
    }
}

fn look(db: &mut dyn Db, catalog: &Catalog, options: &ResetOptions) -> Result<(ResetPlan, Scene), SeedError> {
    let entries = ledger::of_tables(db, None)?;
    let mut located: Vec<(String, Located)> = Vec::new();
    for (table, entries) in &entries {
        let chosen = |entry: &&Entry| options.datasets.is_empty() || options.datasets.contains(&entry.dataset);
        let mut chosen: Vec<&Entry> = entries.values().filter(chosen).collect();
        chosen.sort_by(|a, b| a.key.cmp(&b.key));
        located.extend(
            locate(db, catalog, &options.lifecycles, table, &chosen)?.into_iter().map(|one| (table.clone(), one)),
        );
    }
    let targets: Vec<(usize, Target)> = located
        .iter()
        .enumerate()
        .filter(|(_, (_, located))| !released(located) && !kept(located, options))
        .filter_map(|(index, (table, located))| {
            let key: Json = serde_json::from_str(&located.entry.key).ok()?;
            let identity = image::identity(catalog.tables.get(table)?, &key);
            Some((index, Target { table: table.clone(), identity, row: located.row.clone()? }))
        })
        .collect();
    let rows: Vec<Target> = targets.iter().map(|(_, target)| target.clone()).collect();
    let closure = closure(db, catalog, &rows, &BTreeSet::new())?;
    let mut blocked: Vec<Blocked> = closure
        .outside
        .iter()
        .filter(|outside| !options.emptied.contains(&outside.table))
        .map(|outside| Blocked {
            table: outside.parent.clone(),
            key: None,
            reason: consequence(outside, outside.rows, &options.user_data),
        })
        .collect();
    let mut sealed: BTreeMap<(&str, String), usize> = BTreeMap::new();
    let states = audit::sealed(db, rows.iter().map(|row| row.table.as_str()))?;
    for (index, target) in &targets {
        let row_key = &located[*index].1.entry.row_key;
        let recorded = || states.get(&(target.table.clone(), row_key.clone())).cloned();
        if let Some(state) = options.lifecycles.stays(&target.table, &target.row.image).or_else(recorded) {
            *sealed.entry((&target.table, state)).or_default() += 1;
        }
    }
    blocked.extend(sealed.iter().map(|((table, state), count)| Blocked {
        table: (*table).to_owned(),
        key: None,
        reason: format!(
            "{count} of them {} {state}, a state in which they stay",
            if *count == 1 { "is" } else { "are" }
        ),
    }));
    let order = order(&closure, rows.len()).unwrap_or_else(|circle| {
        let reason = "they refer to each other in a circle, by columns that may not be NULL".to_owned();
        blocked.push(Blocked { table: rows[circle[0]].table.clone(), key: None, reason });
        Order::default()
    });
    let row = |(table, located): &(String, Located)| ResetRow {
        table: table.clone(),
        key: serde_json::from_str(&located.entry.key).unwrap_or_default(),
        edited: located.edited.iter().map(|edit| edit.column.clone()).collect(),
        content: located
            .row
            .as_ref()
            .map_or_else(String::new, |row| fingerprint(&canonical_text(&Json::Object(row.image.clone())))),
    };
    let plan = ResetPlan {
        delete: order.rows.iter().map(|index| row(&located[targets[*index].0])).collect(),
        release: located.iter().filter(|(_, one)| released(one)).map(row).collect(),
        kept: located.iter().filter(|(_, one)| kept(one, options)).map(row).collect(),
        streamed: streamed(db, &options.datasets)?
            .into_iter()
            .filter(|rows| !options.emptied.contains(&rows.table))
            .collect(),
        blocked,
    };
    Ok((plan, Scene { located, targets, closure, order }))
}

fn released(located: &Located) -> bool {
    located.row.is_none() || !located.entry.created()
}

fn kept(located: &Located, options: &ResetOptions) -> bool {
    !released(located) && !located.edited.is_empty() && !options.discard_edits
}
