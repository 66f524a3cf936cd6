//! One step of one row, asked for by a person: promoting it, or accepting what happened behind the audit's back. Steps that
//! follow from files are `plan`'s.

use std::fmt;

use plimsoll_core::ErrorCode;
use plimsoll_core::db::{Catalog, Column, Db, Engine, Stmt, Table, dialect, quoted, session, transaction};
use plimsoll_core::ledger as core_ledger;
use plimsoll_core::lock::check_fence;
use plimsoll_core::toml_file::nearest;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::error::{Problem, SeedError};
use crate::lifecycle::audit::{self, AuditEntry, Author, NewEntry};
use crate::lifecycle::content::{Image, covered, images};
use crate::lifecycle::plan::FOUND;
use crate::lifecycle::{Lifecycle, Transition, mirror};
use crate::read::Seeds;
use crate::reconcile::observe::observe;
use crate::reconcile::show;
use crate::runs::{self, RunKind, RunOptions};
use crate::value::{canonical_text, hash, to_db};

/// The row and what is wanted of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepRequest {
    /// The table.
    pub table: String,
    /// The row as plans name it: the values of its key, with ` / ` between them.
    pub row: String,
    /// Where to.
    pub to: StepTo,
}

/// Where a step leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepTo {
    /// To this state, by one declared transition.
    State(String),
    /// To what the database holds already: nothing is written but the audit.
    AsFound,
}

/// What the step would do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepPlan {
    /// The table.
    pub table: String,
    /// The natural key.
    pub key: Json,
    /// The primary key.
    pub row: Json,
    /// The entries that are written; none when there is nothing to do.
    pub steps: Vec<Transition>,
    /// The state that is written into the row, if it is.
    pub writes: Option<String>,
    /// The digest of the row as it is, empty when it is gone.
    pub content: String,
}

/// A row that was found, and what is recorded of it.
struct Row<'a> {
    lifecycle: &'a Lifecycle,
    key: Json,
    row_key: String,
    id: Json,
    image: Option<Image>,
    audited: Option<AuditEntry>,
}

/// Looks at the row and says what the step would do. Writes nothing.
///
/// # Errors
/// [`SeedError::Problems`] when there is no such row or transition, and when the row is not as its audit says.
pub fn plan_step(db: &mut dyn Db, seeds: &Seeds, request: &StepRequest) -> Result<StepPlan, SeedError> {
    let catalog = Catalog::read(db)?;
    let (lifecycle, table) = target(seeds, &catalog, &request.table)?;
    let row = find(db, seeds, &catalog, lifecycle, table, &request.row)?;
    let covers = covered(lifecycle, table);
    let content = row.image.as_ref().map(|image| image.digest(&covers)).unwrap_or_default();
    let (steps, writes) = match &request.to {
        StepTo::State(to) => row.promoted(to)?,
        StepTo::AsFound => (row.accepted()?, None),
    };
    Ok(StepPlan { table: request.table.clone(), key: row.key, row: row.id, steps, writes, content })
}

/// Does what the plan says and records it, in one transaction that looks again first, and as a run where it writes the row. The
/// caller holds the deployment lock.
///
/// # Errors
/// [`SeedError::PlanStale`] when the row moved since, and as [`plan_step`].
pub fn apply_step(
    db: &mut dyn Db,
    seeds: &Seeds,
    plan: &StepPlan,
    note: Option<&str>,
    by: &RunOptions,
) -> Result<Vec<AuditEntry>, SeedError> {
    core_ledger::ensure(db)?;
    let catalog = Catalog::read(db)?;
    transaction(db, |db| {
        session::check(db)?;
        let (lifecycle, table) = target(seeds, &catalog, &plan.table)?;
        hold(db, table, plan)?;
        let to = plan.writes.clone().map_or(StepTo::AsFound, StepTo::State);
        let request = StepRequest { table: plan.table.clone(), row: show::name(&plan.key), to };
        if plan_step(db, seeds, &request)? != *plan {
            return Err(SeedError::PlanStale { moved: vec![format!("{} {}", plan.table, show::label(&plan.key))] });
        }
        let digest = hash(&canonical_text(&serde_json::to_value(plan).unwrap_or_default()));
        let run = match &plan.writes {
            Some(to) => {
                let run = runs::start(db, RunKind::Transition, &digest, by)?;
                write(db, lifecycle, table, plan, to)?;
                Some(run)
            }
            None => None,
        };
        let row = find(db, seeds, &catalog, lifecycle, table, &request.row)?;
        let state = row.image.as_ref().and_then(|image| image.state(lifecycle));
        if plan.writes.is_some() && state != plan.writes.as_deref() {
            let message = format!("`{}` {} is not in that state after it was written", plan.table, request.row);
            return Err(problem(ErrorCode::SeedFailed, message));
        }
        let covers = covered(lifecycle, table);
        let content = row.image.as_ref().map(|image| image.digest(&covers)).unwrap_or_default();
        let new = plan.steps.iter().map(|step| NewEntry {
            table: &plan.table,
            row_key: &row.row_key,
            key: &row.key,
            row: &row.id,
            sealed: lifecycle.is_immutable(&step.to),
            covers: &covers,
            content: &content,
            step,
        });
        let new: Vec<NewEntry<'_>> = new.collect();
        let entries = audit::append(db, &new, Author { actor: &by.actor, run, note })?;
        let image = row.image.clone().unwrap_or_else(|| Image::of_id(&row.id));
        let told: Vec<(&AuditEntry, &Image)> = entries.iter().map(|entry| (entry, &image)).collect();
        mirror::write(db, &catalog, seeds.lifecycles(), &told)?;
        match (run, &by.fence) {
            (Some(run), _) => runs::finish(db, run, plan.to_string().trim_end(), by)?,
            (None, Some(fence)) => check_fence(db, fence)?,
            (None, None) => {}
        }
        Ok(entries)
    })
}

/// Nobody else writes the row until it is recorded: what is digested has to be what was looked at. Before the first look, because
/// MySQL shows a transaction what was there when it looked first.
fn hold(db: &mut dyn Db, table: &Table, plan: &StepPlan) -> Result<(), SeedError> {
    let engine = db.engine();
    if engine == Engine::Sqlite || plan.row.as_object().is_none_or(serde_json::Map::is_empty) {
        return Ok(());
    }
    let mut stmt = Stmt::new(format!("SELECT 1 FROM {}", quoted(engine, &plan.table)));
    push_conditions(engine, &mut stmt, table, plan.row.as_object().into_iter().flatten())?;
    db.rows(&stmt.sql(" FOR UPDATE"))?;
    Ok(())
}

impl Row<'_> {
    fn state(&self) -> Option<&str> {
        self.image.as_ref()?.state(self.lifecycle)
    }

    fn named(&self) -> String {
        format!("`{}` {}", self.lifecycle.table, show::label(&self.key))
    }

    fn recorded(&self) -> Option<&AuditEntry> {
        self.audited.as_ref().filter(|entry| !entry.to.is_empty())
    }

    /// Whether the row is what was recorded when it became immutable.
    fn is_untouched(&self, entry: &AuditEntry) -> bool {
        let image = self.image.as_ref();
        !self.lifecycle.is_immutable(&entry.to)
            || image.is_some_and(|image| image.digest(&entry.covers) == entry.content)
    }

    fn promoted(&self, to: &str) -> Result<(Vec<Transition>, Option<String>), SeedError> {
        let (lifecycle, named) = (self.lifecycle, self.named());
        if !lifecycle.states().contains(&to) {
            let near = nearest(to, lifecycle.states()).map(|near| format!(", did you mean `{near}`?"));
            let message = format!("no transition names the state `{to}`{}", near.unwrap_or_default());
            return Err(problem(ErrorCode::TransitionMissing, message));
        }
        let Some(state) = self.state() else {
            let message = format!("{named} has no state in the database");
            return Err(problem(ErrorCode::AuditDisagrees, message));
        };
        let mut steps = Vec::new();
        match self.recorded() {
            None if lifecycle.audit => {
                steps.push(Transition { from: None, to: state.to_owned(), note: Some(FOUND.to_owned()) });
            }
            Some(entry) if entry.to != state => {
                let message = format!("{named} is {state}, but the last step in its audit led to {}", entry.to);
                return Err(problem(ErrorCode::AuditDisagrees, message));
            }
            Some(entry) if !self.is_untouched(entry) => {
                let message = format!("{named} is not what was recorded when it became {state}");
                return Err(problem(ErrorCode::AuditDisagrees, message));
            }
            _ => {}
        }
        if state == to {
            return Ok((Vec::new(), None));
        }
        let next = lifecycle.next(state);
        if !next.contains(&to) {
            let ways = if next.is_empty() {
                "no step leads on".to_owned()
            } else {
                format!("a step leads to {}", next.join(" or "))
            };
            return Err(problem(ErrorCode::TransitionMissing, format!("{named} is {state}: {ways}, not to {to}")));
        }
        steps.push(Transition { from: Some(state.to_owned()), to: to.to_owned(), note: None });
        Ok((if lifecycle.audit { steps } else { Vec::new() }, Some(to.to_owned())))
    }

    fn accepted(&self) -> Result<Vec<Transition>, SeedError> {
        let Some(entry) = self.recorded() else {
            return match self.state() {
                Some(state) if self.lifecycle.states().contains(&state) => {
                    Ok(vec![Transition { from: None, to: state.to_owned(), note: None }])
                }
                _ => Err(self.stateless()),
            };
        };
        let to = match (&self.image, self.state()) {
            (None, _) => "",
            (Some(_), Some(state)) if self.lifecycle.states().contains(&state) => state,
            _ => return Err(self.stateless()),
        };
        if entry.to == to && self.is_untouched(entry) {
            return Ok(Vec::new());
        }
        Ok(vec![Transition { from: Some(entry.to.clone()), to: to.to_owned(), note: None }])
    }

    fn stateless(&self) -> SeedError {
        problem(ErrorCode::TransitionMissing, format!("{} is in no state that a transition names", self.named()))
    }
}

fn target<'a>(seeds: &'a Seeds, catalog: &'a Catalog, name: &str) -> Result<(&'a Lifecycle, &'a Table), SeedError> {
    let Some(lifecycle) = seeds.lifecycle(name) else {
        let near = nearest(name, seeds.lifecycles.iter().map(|lifecycle| lifecycle.table.as_str()));
        let near = near.map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
        return Err(problem(ErrorCode::InvalidValue, format!("no life cycle is declared for `{name}`{near}")));
    };
    match catalog.tables.get(name) {
        Some(table) if table.column(&lifecycle.column).is_some() => Ok((lifecycle, table)),
        Some(_) => Err(SeedError::Problems {
            problems: vec![Problem::new(
                ErrorCode::SeedTarget,
                Some(lifecycle.at()),
                format!("`{name}` has no column `{}`", lifecycle.column),
            )],
        }),
        None => Err(SeedError::Problems {
            problems: vec![Problem::new(
                ErrorCode::SeedTarget,
                Some(lifecycle.at()),
                format!("there is no table `{name}`"),
            )],
        }),
    }
}

/// A row by the name that plans give it: among the declared ones, then among those in the audit, then by the values of its key.
fn find<'a>(
    db: &mut dyn Db,
    seeds: &'a Seeds,
    catalog: &Catalog,
    lifecycle: &'a Lifecycle,
    table: &Table,
    wanted: &str,
) -> Result<Row<'a>, SeedError> {
    let name = &lifecycle.table;
    let mut last = if audit::exists(db)? { audit::last(db, name)? } else { Default::default() };
    let index = seeds.tables.iter().position(|staged| staged.name == *name);
    let key_columns = index.map_or(&table.primary_key, |index| &seeds.tables[index].key);
    let declared = index.and_then(|index| seeds.tables[index].rows.iter().find(|row| row.symbol.name() == wanted));
    let known = last.values().find(|entry| show::name(&entry.key) == wanted).map(|entry| entry.row_key.clone());
    let (key, row_key, columns, values) = if let Some(row) = declared {
        let observation = observe(db, seeds, catalog)?;
        let values: Option<Vec<Json>> = row.key().map(|cell| observation.known(seeds, cell)).collect();
        (Some(row.symbol.json()), Some(row.row_key.clone()), key_columns.clone(), values.unwrap_or_default())
    } else if let Some(entry) = known.as_ref().and_then(|key| last.get(key)) {
        let id = entry.row.as_object().cloned().unwrap_or_default();
        let (columns, values) = id.into_iter().unzip();
        (Some(entry.key.clone()), Some(entry.row_key.clone()), columns, values)
    } else {
        let values: Vec<Json> = wanted.split(" / ").map(Json::from).collect();
        (None, None, key_columns.clone(), values)
    };
    let found = if columns.len() == values.len() && !columns.is_empty() {
        images(db, name, table, &columns, &[values])?.pop().flatten()
    } else {
        None
    };
    let audited = row_key.as_ref().and_then(|key| last.remove(key));
    let Some(image) = found else {
        return match (key, row_key, audited) {
            (Some(key), Some(row_key), Some(audited)) if !audited.to.is_empty() => {
                Ok(Row { lifecycle, key, row_key, id: audited.row.clone(), image: None, audited: Some(audited) })
            }
            _ => {
                let message = format!("there is no `{name}` {wanted}; rows are named as plans name them");
                Err(problem(ErrorCode::ReferenceMissing, message))
            }
        };
    };
    let key = key.unwrap_or_else(|| {
        Json::Object(key_columns.iter().map(|name| (name.clone(), image.values[name].clone())).collect())
    });
    let row_key = row_key.unwrap_or_else(|| hash(&canonical_text(&key)));
    let id = image.id(table, key_columns);
    Ok(Row { lifecycle, key, row_key, id, image: Some(image), audited })
}

fn write(db: &mut dyn Db, lifecycle: &Lifecycle, table: &Table, plan: &StepPlan, to: &str) -> Result<(), SeedError> {
    let engine = db.engine();
    let Some(state) = table.column(&lifecycle.column) else { return Ok(()) };
    let mut stmt = Stmt::new(format!("UPDATE {} SET ", quoted(engine, &lifecycle.table)));
    push_equals(engine, &mut stmt, state, &Json::from(to))?;
    let before = plan.steps.last().and_then(|step| step.from.clone());
    let before = before.map(|before| (lifecycle.column.clone(), Json::from(before)));
    let id = plan.row.as_object().into_iter().flatten();
    push_conditions(engine, &mut stmt, table, id.chain(before.as_ref().map(|(name, value)| (name, value))))?;
    db.execute(&stmt).map(drop).map_err(|source| SeedError::Write {
        what: format!("`{}` {}", plan.table, show::label(&plan.key)),
        at: None,
        source: Box::new(source),
    })
}

/// ` WHERE a = ? AND b = ?`
fn push_conditions<'v>(
    engine: Engine,
    stmt: &mut Stmt,
    table: &Table,
    values: impl Iterator<Item = (&'v String, &'v Json)>,
) -> Result<(), SeedError> {
    let known = values.filter_map(|(name, value)| Some((table.column(name)?, value)));
    for (position, (column, value)) in known.enumerate() {
        stmt.push(if position == 0 { " WHERE " } else { " AND " });
        push_equals(engine, stmt, column, value)?;
    }
    Ok(())
}

fn push_equals(engine: Engine, stmt: &mut Stmt, column: &Column, value: &Json) -> Result<(), SeedError> {
    stmt.push(format!("{} = ", quoted(engine, &column.name)));
    let bound = to_db(column, value).map_err(|misfit| problem(ErrorCode::SeedValue, misfit.to_string()))?;
    stmt.push_bind(bound);
    stmt.push(dialect::write_cast(engine, column));
    Ok(())
}

fn problem(code: ErrorCode, message: String) -> SeedError {
    SeedError::Problems { problems: vec![Problem::new(code, None, message)] }
}

impl fmt::Display for StepPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = format!("{} {}", self.table, show::label(&self.key));
        match (&self.writes, self.steps.is_empty()) {
            (None, true) => writeln!(f, "{named} is there already: nothing to do"),
            (Some(to), true) => writeln!(f, "{named}: -> {to}"),
            (Some(_), false) => writeln!(f, "{named}: {}", crate::lifecycle::shown(&self.steps)),
            (None, false) => {
                writeln!(f, "{named}: {}", crate::lifecycle::shown(&self.steps))?;
                writeln!(f, "  is recorded as it is; the row is not written")
            }
        }
    }
}
