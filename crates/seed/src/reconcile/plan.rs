//! The seed plan as plain data: which rows are created, updated or kept. How two values compare is `diff`'s.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_core::{ErrorCode, Location};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::error::{Problem, SeedError};
use crate::lifecycle::plan::{FOUND, RowSteps};
use crate::parallel::in_parallel;
use crate::read::{Seeds, Skipped};
use crate::reconcile::diff::{Decision, Decisions, decide};
use crate::reconcile::observe::Observation;
use crate::reconcile::orphan::Orphan;
use crate::reconcile::prune::Fate;
use crate::runs::locate::Located;
use crate::staged::order;
use crate::stream::{self, BulkPlan, Step};
use crate::value::{RowKey, canonical_text, fingerprint, hash, secret};

/// What seeding would do. The same files and the same database give the same plan, byte for byte.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SeedPlan {
    /// The tables in the order in which they are written.
    pub tables: Vec<TablePlan>,
    /// The tables with `bulk = true`, in the order in which they are written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bulk: Vec<BulkPlan>,
    /// The steps that rows with a life cycle take, all of which are recorded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<RowSteps>,
    /// Tables and columns that the schema does not have; migrations have to bring them before the plan can be applied.
    pub pending: Vec<Pending>,
    /// Documents and records that were left out because they do not fit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<Skipped>,
    /// What is worth knowing about the files and the tables, in sentences, and stands against nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// One table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TablePlan {
    /// The name.
    pub table: String,
    /// How many rows the files declare.
    pub declared: usize,
    /// The rows that do not simply stay as they are, in the order of the files.
    pub rows: Vec<RowPlan>,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RowPlan {
    /// The natural key, references by theirs.
    pub key: RowKey,
    /// What happens to it.
    pub action: RowAction,
    /// The columns that differ, for rows that exist.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<ColumnChange>,
    /// A fingerprint of everything the files say about the row.
    pub content: String,
    /// Where it is declared.
    pub source: String,
}

/// What happens to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RowAction {
    /// It is not there and is created.
    Create,
    /// Some of its columns are written.
    Update,
    /// It was edited in the database while the files stayed the same: kept.
    Edited,
    /// It was changed both in the files and in the database: kept.
    Conflict,
    /// It is as the files say, but the ledger does not know it so: only the ledger is written.
    Adopt,
    /// It is gone from the files of a dataset that is kept in sync, which had created it: deleted.
    Prune,
    /// It is gone from the files, and was there before the dataset, or is not there any more: only the ledger forgets it.
    Release,
    /// It is gone from the files and was edited in the database: kept.
    Orphaned,
}

/// A column that differs from the files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnChange {
    /// The column.
    pub column: String,
    /// What happens to it.
    pub outcome: Outcome,
    /// What the dataset says about edits in this column, such as `on_edit.price = overwrite`, where there was an edit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// What the database holds.
    pub old: Json,
    /// What the files say, references by their natural key. Of rows that are gone from the files: what they said last.
    pub new: Json,
}

/// What happens to a column that differs from the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The files win.
    Update,
    /// Edited in the database, kept.
    Edited,
    /// Changed on both sides, kept.
    Conflict,
}

/// A table or column that a dataset names and the schema does not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// The table.
    pub table: String,
    /// The column, or nothing when the table itself is missing.
    pub column: Option<String>,
    /// A name that exists and is much like it.
    pub nearest: Option<String>,
    /// Where the dataset names it.
    pub at: Location,
}

/// Rows by what happens to them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Created.
    pub create: usize,
    /// Updated in some columns.
    pub update: usize,
    /// Left as they are because they are as the files say, or are only ever inserted.
    pub unchanged: usize,
    /// With columns that were edited in the database and are kept, conflicts included.
    pub edited: usize,
    /// Deleted, because they are gone from the files.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub prune: usize,
    /// Gone from the files and left alone, but not known to the ledger any more.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub release: usize,
}

/// Compares what the files declare with what was observed. Pure: the same input gives the same plan.
///
/// # Errors
/// [`SeedError::Problems`] with every value that does not fit, every reference that leads nowhere and every edit that a
/// dataset calls an error.
pub fn plan(seeds: &Seeds, observation: &Observation) -> Result<SeedPlan, SeedError> {
    let decisions = decide(seeds, observation);
    from_decisions(seeds, observation, decisions).map(|(plan, _)| plan)
}

/// As [`plan()`], while migrations wait to be applied: what stands against the rows in the schema of today may be gone by then,
/// so it is left to be found when the rows are written.
///
/// # Errors
/// As [`plan()`], without values that do not fit and constraints that would be violated.
pub fn plan_before_migrations(seeds: &Seeds, observation: &Observation) -> Result<SeedPlan, SeedError> {
    let mut decisions = decide(seeds, observation);
    decisions.schema_problems.clear();
    from_decisions(seeds, observation, decisions).map(|(plan, _)| plan)
}

/// The plan with the decisions it was made from.
pub(crate) fn from_decisions(
    seeds: &Seeds,
    observation: &Observation,
    mut decisions: Decisions,
) -> Result<(SeedPlan, Decisions), SeedError> {
    let bulk = || observation.bulk.iter();
    let mut problems = std::mem::take(&mut decisions.problems);
    problems.append(&mut decisions.schema_problems);
    problems.extend(bulk().flat_map(|state| state.problems.clone()));
    SeedError::unless_empty(problems)?;
    decisions.pending.extend(bulk().flat_map(|state| state.pending.clone()));
    let tables = write_order(seeds, observation)
        .into_iter()
        .map(|index| TablePlan {
            table: seeds.tables[index].name.clone(),
            declared: seeds.tables[index].rows.len(),
            rows: in_parallel(&decisions.tables[index], |decision| row(seeds, index, decision))
                .into_iter()
                .chain(observation.orphans.tables[index].iter().zip(&decisions.pruned.fates[index]).map(gone))
                .collect(),
        })
        .collect();
    let bulk = stream::steps(seeds, observation).into_iter().filter_map(|step| match step {
        Step::Bulk(index) => Some(BulkPlan::of(&observation.bulk[index])),
        Step::Declared(_) => None,
    });
    let (bulk, steps) = (
        bulk.collect(),
        decisions.steps.iter().map(|planned| RowSteps {
            table: seeds.tables[planned.table].name.clone(),
            key: seeds.tables[planned.table].rows[planned.row].symbol.clone(),
            steps: planned.steps.clone(),
        }),
    );
    let steps = steps.collect();
    let (pending, skipped) = (decisions.pending.clone(), seeds.skipped.clone());
    let notes = seeds.notes.iter().cloned().chain(crate::constraint::notes(seeds, observation)).collect();
    Ok((SeedPlan { tables, bulk, steps, pending, skipped, notes }, decisions))
}

/// The order in which tables are written: after what they refer to, in files and in the schema.
pub(crate) fn write_order(seeds: &Seeds, observation: &Observation) -> Vec<usize> {
    let foreign: Vec<Vec<String>> = observation
        .tables
        .iter()
        .map(|state| state.table.iter().flat_map(|table| &table.foreign_keys).map(|key| key.table.clone()).collect())
        .collect();
    order::for_writing(&seeds.tables, &foreign)
}

impl SeedPlan {
    /// Whether applying would write nothing at all, not even to the ledger.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
            && self.tables.iter().flat_map(|table| &table.rows).all(|row| !row.action.writes())
            && self.bulk.iter().all(|table| !table.writes())
    }

    /// The rows of all tables together.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let bulk = self.bulk.iter().map(|table| table.counts.common());
        self.tables.iter().map(TablePlan::counts).chain(bulk).fold(Counts::default(), |sum, one| Counts {
            create: sum.create + one.create,
            update: sum.update + one.update,
            unchanged: sum.unchanged + one.unchanged,
            edited: sum.edited + one.edited,
            prune: sum.prune + one.prune,
            release: sum.release + one.release,
        })
    }

    /// A digest of what is done to which rows. It stays the same when migrations only bring what is [`Self::pending`],
    /// and for a first deployment, whose rows are all new, before and after the tables exist.
    #[must_use]
    pub fn digest(&self) -> String {
        self.digest_without(&self.pending)
    }

    /// An error that names every table and column the schema lacks; for when no migration is going to bring them.
    ///
    /// # Errors
    /// [`SeedError::Problems`] with one problem for each.
    pub fn require_schema(&self) -> Result<(), SeedError> {
        SeedError::unless_empty(require_schema(&self.pending).collect())
    }

    /// The rows that are not the same in both plans, the first few.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<String> {
        const NAMED: usize = 5;
        let rows = |plan: &Self| -> BTreeMap<String, RowPlan> {
            let rows = plan.tables.iter().flat_map(|table| {
                let name = |row: &RowPlan| format!("{} {}", table.table, row.key.label());
                table.rows.iter().map(move |row| (name(row), row.clone())).collect::<Vec<_>>()
            });
            rows.collect()
        };
        let (ours, theirs) = (rows(self), rows(other));
        let mut moved: Vec<String> =
            ours.iter().filter(|(name, row)| theirs.get(*name) != Some(row)).map(|(name, _)| name.clone()).collect();
        moved.extend(theirs.keys().filter(|name| !ours.contains_key(*name)).cloned());
        let same = |table: &BulkPlan, plan: &Self| plan.bulk.contains(table);
        let streamed = self.bulk.iter().filter(|table| !same(table, other));
        let streamed = streamed.chain(other.bulk.iter().filter(|table| !same(table, self)));
        let streamed: BTreeSet<String> = streamed.map(|table| format!("rows of {}", table.table)).collect();
        moved.extend(streamed);
        if moved.is_empty() && self != other {
            moved.push("what the files declare".to_owned());
        }
        let more = moved.len().saturating_sub(NAMED);
        moved.truncate(NAMED);
        if more > 0 {
            moved.push(format!("and {more} more"));
        }
        moved
    }

    /// The digest of what does not depend on these tables and columns.
    pub(crate) fn digest_without(&self, pending: &[Pending]) -> String {
        let lines: BTreeSet<String> = self.lines(pending).map(|(line, _)| line).collect();
        hash(&lines.into_iter().collect::<Vec<_>>().join("\n"))
    }

    /// One line per row that does not stay as it is, with a short name for people.
    pub(crate) fn lines<'a>(&'a self, pending: &'a [Pending]) -> impl Iterator<Item = (String, String)> + 'a {
        let bulk = self.bulk.iter().map(|table| table.line(pending));
        let rows = self.tables.iter().flat_map(move |table| {
            let new: Vec<&str> = pending
                .iter()
                .filter(|pending| pending.table == table.table)
                .filter_map(|pending| pending.column.as_deref())
                .collect();
            table.rows.iter().filter_map(move |row| {
                let mut columns: Vec<&str> = row
                    .columns
                    .iter()
                    .map(|column| column.column.as_str())
                    .filter(|name| !new.contains(name))
                    .collect();
                columns.sort_unstable();
                // With a column that is yet to come, rows may look changed before and be equal after.
                let whole = matches!(row.action, RowAction::Create | RowAction::Prune | RowAction::Release);
                if !new.is_empty() && columns.is_empty() && !whole {
                    return None;
                }
                let key = row.key.json();
                let action = if new.is_empty() { row.action.sign() } else { "" };
                let (text, columns) = (canonical_text(&key), columns.join(","));
                let line = format!("{}\t{text}\t{action}\t{columns}\t{}", table.table, row.content);
                Some((line, format!("{} {}", table.table, crate::reconcile::show::label(&key))))
            })
        });
        let steps = self.steps.iter().filter_map(move |row| {
            // Nobody can say yet in which state rows are found whose state is yet to come.
            if row.steps.first()?.note.as_deref() == Some(FOUND)
                && pending.iter().any(|pending| pending.table == row.table)
            {
                return None;
            }
            let key = row.key.canonical();
            let line = format!("{}\t{key}\tsteps\t{}", row.table, crate::lifecycle::shown(&row.steps));
            Some((line, format!("{} {}", row.table, row.key.label())))
        });
        rows.chain(bulk).chain(steps)
    }
}

impl TablePlan {
    /// The rows by what happens to them.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let of = |action| self.rows.iter().filter(|row| row.action == action).count();
        let (create, update) = (of(RowAction::Create), of(RowAction::Update));
        let kept = |row: &&RowPlan| row.columns.iter().any(|column| column.outcome != Outcome::Update);
        let only_kept = of(RowAction::Edited) + of(RowAction::Conflict);
        Counts {
            create,
            update,
            unchanged: self.declared - create - update - only_kept,
            edited: self.rows.iter().filter(kept).count(),
            prune: of(RowAction::Prune),
            release: of(RowAction::Release),
        }
    }
}

impl RowAction {
    /// Whether anything is written for the row.
    #[must_use]
    pub fn writes(self) -> bool {
        matches!(self, Self::Create | Self::Update | Self::Adopt | Self::Prune | Self::Release)
    }

    /// The sign in front of the row: `+ ~ - ! =`.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Self::Create => "+",
            Self::Update => "~",
            Self::Prune => "-",
            Self::Edited | Self::Conflict | Self::Orphaned => "!",
            Self::Adopt | Self::Release => "=",
        }
    }
}

/// What is missing in the schema as problems, for when no migration is going to bring it.
pub(crate) fn require_schema(pending: &[Pending]) -> impl Iterator<Item = Problem> {
    pending.iter().map(|pending| {
        let hint = pending.nearest.as_ref().map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
        let message = match &pending.column {
            Some(column) => format!("`{}` has no column `{column}`{hint}", pending.table),
            None => format!("there is no table `{}`{hint}", pending.table),
        };
        Problem::new(ErrorCode::SeedTarget, Some(pending.at.clone()), message)
    })
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

fn gone((orphan, fate): (&Orphan, &Fate)) -> RowPlan {
    let Located { entry, row, edited } = &orphan.located;
    let (action, outcome) = match fate {
        Fate::Prune => (RowAction::Prune, Outcome::Update),
        Fate::Release => (RowAction::Release, Outcome::Update),
        Fate::Keep | Fate::Fail => (RowAction::Orphaned, Outcome::Edited),
    };
    let edited = edited.iter().filter(|_| *fate != Fate::Release).map(|edit| ColumnChange {
        column: edit.column.clone(),
        outcome,
        policy: None,
        old: edit.now.clone(),
        new: edit.then.clone(),
    });
    // Of a row that is deleted everything counts: it may not have changed since the plan was made.
    let content = row
        .as_ref()
        .filter(|_| *fate == Fate::Prune)
        .map_or_else(String::new, |row| fingerprint(&canonical_text(&Json::Object(row.image.clone()))));
    RowPlan {
        key: RowKey::from(&serde_json::from_str(&entry.key).unwrap_or_default()),
        action,
        columns: edited.collect(),
        content,
        source: entry.source.clone(),
    }
}

fn row(seeds: &Seeds, table: usize, decision: &Decision) -> RowPlan {
    let staged = &seeds.tables[table].rows[decision.row];
    let secret = &seeds.blocks[staged.block].secret;
    let columns = decision.columns.iter().map(|column| {
        let shown = |value: &Json| if secret.contains(&*column.name) { secret::shown() } else { value.clone() };
        ColumnChange {
            column: column.name.to_string(),
            outcome: column.outcome,
            policy: column.policy.clone(),
            old: shown(&column.old),
            new: shown(&column.new),
        }
    });
    RowPlan {
        key: staged.symbol.clone(),
        action: decision.action,
        columns: columns.collect(),
        content: staged.content(&seeds.references, secret),
        source: staged.source.text(),
    }
}
