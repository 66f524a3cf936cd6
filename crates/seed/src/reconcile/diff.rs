//! The three-way comparison: what was last applied, what the files say, what the database holds. Pure; asks nothing.

use std::collections::HashSet;
use std::sync::Arc;

use plimsoll_core::db::ColumnKind;
use plimsoll_core::toml_file::nearest;
use plimsoll_core::{ErrorCode, Location};
use serde_json::{Map, Value as Json};

use crate::error::Problem;
use crate::lifecycle::Lifecycle;
use crate::lifecycle::plan::{PlannedSteps, judge};
use crate::parallel::in_chunks;
use crate::read::Seeds;
use crate::read::model::{Mode, OnEdit};
use crate::reconcile::observe::{Audited, LiveRow, Observation, Resolved, TableState, id_for};
use crate::reconcile::plan::{Outcome, Pending, RowAction};
use crate::reconcile::prune::{self, Pruned};
use crate::staged::{Cell, StagedRow};
use crate::value::{canonical, fits, same, secret};

/// References that lead nowhere for which a similar row is looked for, among all that are declared.
const HINTS: usize = 20;

/// How many rows of a table one thread takes.
const TOGETHER: usize = 1024;

/// What is to happen to one staged row that does not simply stay as it is.
#[derive(Debug)]
pub(crate) struct Decision {
    pub(crate) row: usize,
    pub(crate) action: RowAction,
    pub(crate) columns: Vec<ColumnDecision>,
}

/// A column that differs.
#[derive(Debug)]
pub(crate) struct ColumnDecision {
    pub(crate) name: Arc<str>,
    pub(crate) outcome: Outcome,
    /// The words of the dataset that decided, where there was an edit to decide about.
    pub(crate) policy: Option<String>,
    pub(crate) base: Option<Json>,
    pub(crate) old: Json,
    /// References by their natural key: it means the same before and after the row is written.
    pub(crate) new: Json,
}

/// All decisions, by table in the order of the staged tables.
#[derive(Debug, Default)]
pub(crate) struct Decisions {
    pub(crate) tables: Vec<Vec<Decision>>,
    pub(crate) pruned: Pruned,
    /// What the rows with a life cycle step through.
    pub(crate) steps: Vec<PlannedSteps>,
    pub(crate) pending: Vec<Pending>,
    pub(crate) problems: Vec<Problem>,
    /// Problems with the schema as it is now, which migrations may do away with.
    pub(crate) schema_problems: Vec<Problem>,
}

/// Compares every staged row with what was observed.
pub(crate) fn decide(seeds: &Seeds, observation: &Observation) -> Decisions {
    let mut decisions = Decisions::default();
    check_references(seeds, observation, &mut decisions);
    for (index, staged) in seeds.tables.iter().enumerate() {
        let numbered: Vec<(usize, &StagedRow)> = staged.rows.iter().enumerate().collect();
        let parts = in_chunks(&numbered, TOGETHER, |part| decide_rows(seeds, index, part, observation));
        for row in parts.iter().flat_map(|part| &part.others) {
            check_columns(seeds, index, &staged.rows[*row], observation, &mut decisions);
        }
        let mut rows = Vec::with_capacity(parts.iter().map(|part| part.rows.len()).sum());
        for part in parts {
            rows.extend(part.rows);
            decisions.problems.extend(part.problems);
            decisions.schema_problems.extend(part.schema_problems);
        }
        decisions.tables.push(rows);
    }
    decisions.pruned = prune::decide(seeds, observation, &decisions.tables, &mut decisions.problems);
    crate::constraint::check(seeds, observation, &decisions.tables, &mut decisions.schema_problems);
    judge(seeds, observation, &mut decisions);
    decisions.pending.sort_by(|a, b| (&a.table, &a.column).cmp(&(&b.table, &b.column)));
    decisions.pending.dedup_by(|a, b| (&a.table, &a.column) == (&b.table, &b.column));
    decisions
}

/// What is decided about some rows of a table.
#[derive(Default)]
struct Decided {
    rows: Vec<Decision>,
    /// Rows with other columns than the one before.
    others: Vec<usize>,
    problems: Vec<Problem>,
    schema_problems: Vec<Problem>,
}

fn decide_rows(seeds: &Seeds, table: usize, rows: &[(usize, &StagedRow)], observation: &Observation) -> Decided {
    let state = &observation.tables[table];
    let mut decided = Decided::default();
    for (row_index, row) in rows {
        // Neighbours nearly always come from the same block and have the same columns. Literal rows have places of their own.
        let before = row_index.checked_sub(1).map(|before| &seeds.tables[table].rows[before]);
        if !before.is_some_and(|last| same_columns(last, row) && last.source.offset == row.source.offset) {
            decided.others.push(*row_index);
        }
        check_values(seeds, state, row, observation, &mut decided.schema_problems);
        match state.live.get(*row_index).and_then(Option::as_ref) {
            None => {
                check_deferred(seeds, table, row, state, &mut decided.problems);
                decided.rows.push(Decision { row: *row_index, action: RowAction::Create, columns: Vec::new() });
            }
            Some(_) if seeds.blocks[row.block].mode == Mode::Insert => {}
            Some(live) => {
                let row = compare(seeds, table, *row_index, live, observation, &mut decided.problems);
                decided.rows.extend(row);
            }
        }
    }
    decided
}

/// The values to remember as applied, once the row is as decided: kept columns remember what they did before, and secret ones
/// a digest.
pub(crate) fn applied(
    row: &StagedRow,
    state: &TableState,
    decision: &Decision,
    secrets: &HashSet<String>,
    resolve: &dyn Fn(usize) -> Option<Json>,
) -> Map<String, Json> {
    let mut applied = Map::new();
    for (name, cell) in &row.columns {
        let kept = decision.columns.iter().find(|column| column.name == *name && column.outcome != Outcome::Update);
        if let Some(kept) = kept {
            applied.extend(kept.base.clone().map(|base| (name.to_string(), base)));
            continue;
        }
        let value = match cell {
            Cell::Value(_) | Cell::Part(_) => cell.value().cloned(),
            Cell::Ref(reference) => resolve(*reference),
        };
        if let (Some(column), Some(value)) = (state.column(name), value)
            && let Ok(value) = canonical(column, &value)
        {
            let value = state.spelled(name, value);
            let value = if secrets.contains(&**name) { secret::sealed(&value) } else { value };
            applied.insert(name.to_string(), value);
        }
    }
    applied
}

fn compare(
    seeds: &Seeds,
    table: usize,
    row_index: usize,
    live: &LiveRow,
    observation: &Observation,
    problems: &mut Vec<Problem>,
) -> Option<Decision> {
    let state = &observation.tables[table];
    let row = &seeds.tables[table].rows[row_index];
    let policy = &seeds.blocks[row.block].on_edit;
    let base = state.base(row_index, row);
    let lifecycle = seeds.lifecycle(&seeds.tables[table].name).filter(|lifecycle| lifecycle.audit);
    let stepped = state.audited(row_index, row).zip(lifecycle);
    let mut columns = Vec::new();
    let mut adopt = base.is_none();
    for (name, cell) in &row.columns {
        if !live.renamed && seeds.tables[table].key.iter().any(|key| **key == **name) {
            // The row was found by it: whatever the spelling, the database says that it is this key.
            continue;
        }
        let wanted = wanted(seeds, state, name, cell, observation);
        let base = base.and_then(|base| base.applied.get(&**name));
        let old = live.values.get(name);
        let equals =
            |value: Option<&Json>| matches!((&wanted, value), (Some(wanted), Some(value)) if secret::is(value, wanted));
        if old.is_some_and(|old| wanted.as_ref().is_some_and(|wanted| same(wanted, old))) {
            adopt |= !equals(base);
            continue;
        }
        let old = old.cloned().unwrap_or(Json::Null);
        let edited = base.is_some_and(|base| !secret::is(base, &old));
        let is_recorded = |(audited, lifecycle): (&Audited, &Lifecycle)| {
            *lifecycle.column == **name && old.as_str() == Some(audited.state.as_str())
        };
        // Whatever is said about edits, a recorded step is none: the file goes on saying how the row began.
        if edited && equals(base) && stepped.is_some_and(is_recorded) {
            continue;
        }
        let outcome = match (edited, equals(base), policy.of(name)) {
            (true, true, OnEdit::Keep) => Outcome::Edited,
            (true, false, OnEdit::Keep) => Outcome::Conflict,
            (false, ..) | (true, _, OnEdit::Overwrite) => Outcome::Update,
            (true, _, OnEdit::Fail) => {
                let hidden = seeds.blocks[row.block].secret.contains(&**name).then(secret::shown);
                let (old, new) =
                    (hidden.clone().unwrap_or(old), hidden.unwrap_or_else(|| seeds.references.symbol(cell)));
                let message = format!(
                    "`{}` {} was edited in the database: `{name}` is {}, the file has {}",
                    seeds.tables[table].name,
                    row.symbol.label(),
                    crate::reconcile::show::value(&old),
                    crate::reconcile::show::value(&new)
                );
                let offset = seeds.blocks[row.block].columns.get(&**name).copied();
                problems.push(row.source.problem_in(ErrorCode::SeedEdited, offset, name, message));
                continue;
            }
        };
        let new = seeds.references.symbol(cell);
        let policy = policy.stated(name).filter(|_| edited);
        columns.push(ColumnDecision { name: Arc::clone(name), outcome, policy, base: base.cloned(), old, new });
    }
    let has = |outcome| columns.iter().any(|column: &ColumnDecision| column.outcome == outcome);
    let action = if has(Outcome::Update) {
        RowAction::Update
    } else if has(Outcome::Conflict) {
        RowAction::Conflict
    } else if has(Outcome::Edited) {
        RowAction::Edited
    } else if adopt {
        RowAction::Adopt
    } else {
        return None;
    };
    Some(Decision { row: row_index, action, columns })
}

/// Rows that refer to each other in a circle can only be made when one of them may do without at first.
fn check_deferred(seeds: &Seeds, table: usize, row: &StagedRow, state: &TableState, problems: &mut Vec<Problem>) {
    let name = &seeds.tables[table].name;
    let fixed = |column: &&Arc<str>| state.column(column).is_some_and(|column| !column.nullable);
    for column in row.deferred.iter().filter(fixed) {
        let message = format!(
            "rows of `{name}` refer to each other in a circle through {}, and `{column}` may not be NULL",
            row.symbol.label()
        );
        problems.push(Problem::new(ErrorCode::SeedCycle, Some(row.source.location()), message));
    }
}

/// The declared value as this database would hold it; nothing while the row referred to, or the column, is not there.
fn wanted(seeds: &Seeds, state: &TableState, name: &str, cell: &Cell, observation: &Observation) -> Option<Json> {
    let column = state.column(name)?;
    match cell {
        Cell::Value(_) | Cell::Part(_) => canonical(column, cell.value()?).ok().map(|value| state.spelled(name, value)),
        Cell::Ref(reference) => match observation.resolve(seeds, *reference) {
            Resolved::Id(id) => id_for(column, &id),
            _ => None,
        },
    }
}

/// Values that do not fit their columns.
fn check_values(
    seeds: &Seeds,
    state: &TableState,
    row: &StagedRow,
    observation: &Observation,
    problems: &mut Vec<Problem>,
) {
    let block = &seeds.blocks[row.block];
    for (name, cell) in row.cells() {
        let Some(column) = state.column(name) else { continue };
        let offset = block.columns.get(&**name).copied();
        let is_secret = block.secret.contains(&**name);
        let message = match (cell, cell.value()) {
            (Cell::Value(Json::String(_)), _)
                if column.kind == ColumnKind::Json && offset.is_none() && row.source.is_text_only() =>
            {
                format!(
                    "`{name}` is a JSON column and this format has texts only, write `columns` with `row.{name} | fromjson`"
                )
            }
            (_, Some(value)) => match fits(column, value) {
                Err(_) if is_secret => {
                    format!("the secret value does not fit `{name}` of type {}", column.declared.to_lowercase())
                }
                Err(misfit) => misfit.to_string(),
                Ok(value) => match state.refusal(name, &value) {
                    Some(_) if is_secret => format!("the secret value does not fit `{name}`"),
                    Some(refusal) => {
                        format!("{} does not fit `{name}`: {refusal}", crate::reconcile::show::value(&value))
                    }
                    None => continue,
                },
            },
            // Only what `ref_or_null` and `missing='keep'` give in place of a row can be wrong in itself.
            (Cell::Ref(reference), _) => match observation.resolve(seeds, *reference) {
                Resolved::Id(id) => match canonical(column, &id) {
                    Err(misfit) => misfit.to_string(),
                    Ok(_) => continue,
                },
                _ => continue,
            },
            (_, None) => continue,
        };
        problems.push(row.source.problem_in(ErrorCode::SeedValue, offset, name, message));
    }
}

/// Whether two rows of a table come from the same block and have the same columns.
pub(crate) fn same_columns(one: &StagedRow, other: &StagedRow) -> bool {
    one.block == other.block
        && one.columns.len() == other.columns.len()
        && one.cells().zip(other.cells()).all(|(one, other)| one.0 == other.0)
}

/// Tables and columns that the schema does not have are pending; columns that cannot be written are problems.
fn check_columns(seeds: &Seeds, index: usize, row: &StagedRow, observation: &Observation, decisions: &mut Decisions) {
    let staged = &seeds.tables[index];
    let block = &seeds.blocks[row.block];
    let Some(table) = &observation.tables[index].table else {
        let at = block.file.location(block.offset);
        decisions.pending.push(pending_table(&staged.name, at, observation));
        return;
    };
    for (name, _) in row.cells() {
        let at = || row.source.location_in(block.columns.get(&**name).copied(), name);
        match table.column(name) {
            Some(column) if column.generated => {
                let message =
                    format!("`{name}` of `{}` is computed by the database and cannot be written", staged.name);
                decisions.schema_problems.push(Problem::new(ErrorCode::SeedTarget, Some(at()), message));
            }
            Some(_) => {}
            None => decisions.pending.push(Pending {
                table: staged.name.clone(),
                column: Some(name.to_string()),
                nearest: nearest(name, table.columns.iter().map(|column| column.name.as_str())).map(str::to_owned),
                at: at(),
            }),
        }
    }
}

fn check_references(seeds: &Seeds, observation: &Observation, decisions: &mut Decisions) {
    let mut hints = 0;
    for index in seeds.references.used(&seeds.tables) {
        let reference = &seeds.references.all[index];
        let problem = |code, message: String| reference.source.problem(code, reference.offset, message);
        let label = crate::reconcile::show::label(&reference.symbol);
        match observation.resolve(seeds, index) {
            Resolved::Id(_) | Resolved::New => {}
            Resolved::Missing if inner_missing(seeds, observation, index) => {}
            Resolved::Missing => {
                let mut message = format!("neither the files nor the database have `{}` {label}", reference.table);
                // Whoever reads the first few needs no hint for all the others.
                hints += 1;
                if let Some(near) = (hints <= HINTS).then(|| similar(seeds, index)).flatten() {
                    message.push_str(&format!(", did you mean {near}?"));
                }
                decisions.problems.push(problem(ErrorCode::ReferenceMissing, message));
            }
            Resolved::Ambiguous { count, declared } => {
                let of = if declared { "declared rows" } else { "rows of the database" };
                let message = format!(
                    "ref() means {count} {of} as `{}` {label}; refer by columns that only one of them has",
                    reference.table
                );
                decisions.problems.push(problem(ErrorCode::SeedKey, message));
            }
            Resolved::NoKey => {
                let message =
                    format!("`{}` has no primary key of one column, so ref() has nothing to give", reference.table);
                decisions.problems.push(problem(ErrorCode::SeedTarget, message));
            }
            Resolved::NoColumn { column, nearest } => {
                let hint = nearest.map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
                let message = format!("`{}` has no column `{column}` to refer by{hint}", reference.table);
                decisions.problems.push(problem(ErrorCode::SeedTarget, message));
            }
            Resolved::Unknown => {
                let at = reference.source.file.location(reference.offset);
                decisions.pending.push(pending_table(&reference.table, at, observation));
            }
        }
    }
}

fn pending_table(name: &str, at: Location, observation: &Observation) -> Pending {
    Pending {
        table: name.to_owned(),
        column: None,
        nearest: nearest(name, observation.known_tables.iter().map(String::as_str)).map(str::to_owned),
        at,
    }
}

fn inner_missing(seeds: &Seeds, observation: &Observation, index: usize) -> bool {
    seeds.references.all[index].key.iter().any(|(_, cell)| match cell {
        Cell::Ref(inner) => observation.resolve(seeds, *inner) == Resolved::Missing,
        Cell::Value(_) | Cell::Part(_) => false,
    })
}

/// The declared row whose key is nearest to a reference by one text column.
fn similar(seeds: &Seeds, index: usize) -> Option<String> {
    let reference = &seeds.references.all[index];
    let [(column, Cell::Value(Json::String(wanted)))] = reference.key.as_slice() else { return None };
    let table = seeds.tables.iter().find(|table| table.name == reference.table)?;
    let values = table.rows.iter().flat_map(StagedRow::cells).filter_map(|(name, cell)| match cell {
        Cell::Value(Json::String(text)) if **name == **column => Some(text.as_str()),
        _ => None,
    });
    nearest(wanted, values).map(str::to_owned)
}
