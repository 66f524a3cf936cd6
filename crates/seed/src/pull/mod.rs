//! `seed pull`: edits made in the database go back into the files, with as few changed bytes as there can be. Deciding what
//! counts as an edit is `reconcile`'s.

mod admit;
mod form;
mod hide;
mod prove;
mod report;
mod respell;
mod streamed;
mod text;
mod token;
mod trace;
mod undeclared;
mod write;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use plimsoll_core::ErrorCode;
use plimsoll_core::db::{Catalog, Db};
use plimsoll_core::toml_file::nearest;
use serde_json::Value as Json;

pub use report::{
    FileChange, FollowedColumn, PullPlan, PullReport, PulledColumn, RefusedColumn, StreamedEdits, Undeclared,
};
pub use text::Splice;
pub use write::pull;

use crate::error::{Problem, SeedError};
use crate::read::{SeedOptions, Seeds, load};
use crate::reconcile::diff::{ColumnDecision, decide};
use crate::reconcile::observe::{Observation, observe_declared};
use crate::reconcile::plan::Outcome;
use crate::reconcile::prune::{Fate, fate};
use crate::reconcile::show;
use crate::runs::locate::Located;
use crate::stream;
use crate::value::secret;
use admit::{Admission, Edit, Known, Reason, groups};
use prove::Proof;
use text::Set;
use trace::{Tracer, Untraceable};

/// What is pulled.
#[derive(Debug, Clone, Default)]
pub struct PullOptions {
    /// Only this table.
    pub table: Option<String>,
    /// Only the row with this key, as plans show it: `tutor`, or `spec-a / 2` for several columns.
    pub row: Option<String>,
    /// Whether other columns may change with an edit because they come from the same place. Those that nobody edited are
    /// then updated by the next seeding; without it, such an edit is not pulled.
    pub follow: bool,
    /// Whether rows that no file declares are told as well.
    pub undeclared: bool,
}

/// Finds out which edits can go into the files, and proves it: the changed files, as they would be, are loaded and planned
/// against the database. A column is pulled when it comes out as the database holds it, and nothing else comes out
/// differently. Reads only.
///
/// # Errors
/// [`SeedError::Problems`] when the files are wrong as they are or `wanted` names nothing, [`SeedError::PlanStale`] when
/// a file changes meanwhile, [`SeedError::Database`].
pub fn plan_pull(db: &mut dyn Db, options: &SeedOptions, wanted: &PullOptions) -> Result<PullPlan, SeedError> {
    let seeds = lenient(load(options)?);
    check_wanted(&seeds, wanted)?;
    let catalog = Catalog::read(db)?;
    let mut observation = observe_declared(db, &seeds, &catalog)?;
    let mut decisions = decide(&seeds, &observation);
    SeedError::unless_empty(std::mem::take(&mut decisions.problems))?;
    if streamed::are_wanted(&seeds, wanted) {
        observation.bulk = stream::observe(db, &seeds, &catalog)?;
    }
    let mut plan = PullPlan { streamed: streamed::edits(&seeds, &observation, wanted)?, ..PullPlan::default() };
    let mut tracer = Tracer { seeds: &seeds, observation: &observation, catalog: &catalog, parsed: HashMap::new() };
    let mut edits = Vec::new();
    for (table, decided) in decisions.tables.iter().enumerate() {
        for decision in decided {
            let (row, of) = (decision.row, &seeds.tables[table]);
            if !is_wanted(wanted, &of.name, || of.rows[row].symbol.name()) {
                continue;
            }
            for column in decision.columns.iter().filter(|column| column.outcome != Outcome::Update) {
                match tracer.trace(db, table, row, &column.name, &column.old) {
                    Ok(target) => edits.push(Edit { table, row, column, target }),
                    Err(Untraceable::Database(error)) => return Err(error.into()),
                    Err(reason) => plan.refused.push(refused(&seeds, table, row, column, (reason.to_string(), false))),
                }
            }
        }
    }
    plan.refused.extend(gone(&seeds, &observation, wanted));
    let known = &decisions.schema_problems;
    let proof = Proof { options, catalog: &catalog, before: &seeds, known, follow: wanted.follow };
    let mut admission = Admission {
        edits: &edits,
        files: texts(&mut tracer, options, &edits)?,
        admitted: Vec::new(),
        followed: Vec::new(),
        refused: Vec::new(),
    };
    admission.admit(db, &proof, groups(&edits))?;
    let mut reasons: HashMap<usize, Reason> = admission.refused.drain(..).collect();
    for (number, edit) in edits.iter().enumerate() {
        match reasons.remove(&number) {
            Some(reason) => plan.refused.push(refused(&seeds, edit.table, edit.row, edit.column, reason)),
            None => plan.columns.push(pulled(&seeds, &observation, edit)),
        }
    }
    plan.followed = std::mem::take(&mut admission.followed);
    plan.files = admission.admitted_changes().map_err(|(_, reason)| internal(reason))?;
    if wanted.undeclared {
        plan.undeclared = undeclared::undeclared(db, &seeds, &observation, wanted.table.as_deref())?;
        plan.undeclared.extend(streamed::undeclared(db, &observation, wanted)?);
    }
    Ok(plan)
}

/// The same seeds, where no edit is an error: those are what is asked for.
fn lenient(mut seeds: Seeds) -> Seeds {
    let policies = seeds.blocks.iter_mut().map(|block| &mut block.on_edit);
    policies.chain(seeds.bulk.iter_mut().map(|table| &mut table.on_edit)).for_each(|policy| *policy = policy.keeping());
    seeds
}

/// The texts of all files that may be changed. They have to be what was loaded.
fn texts(
    tracer: &mut Tracer<'_>,
    options: &SeedOptions,
    edits: &[Edit<'_>],
) -> Result<BTreeMap<PathBuf, Known>, SeedError> {
    let mut files = BTreeMap::new();
    for edit in edits {
        let file = &edit.target.file;
        if files.contains_key(file) {
            continue;
        }
        let (text, digest) = write::read(&options.root, file)?;
        let staged = &tracer.seeds.tables[edit.table].rows[edit.row];
        let loaded = match &staged.source.document {
            Some((document, _)) if document.file.path == *file => &document.file.text,
            _ => &staged.source.file.text,
        };
        if *loaded != text {
            return Err(write::moved(file));
        }
        let format = edit.target.format;
        let (root, _) = text::parse(format, &text).ok_or_else(|| write::moved(file))?;
        let secrets = hide::secrets(tracer, file, &root);
        files.insert(file.clone(), Known { text, digest, format, secrets });
    }
    Ok(files)
}

fn pulled(seeds: &Seeds, observation: &Observation, edit: &Edit<'_>) -> PulledColumn {
    let table = &seeds.tables[edit.table];
    let row = &table.rows[edit.row];
    // A row that has another key now is in the ledger under the one that it had.
    let base = observation.tables[edit.table].base(edit.row, row);
    let place = |set: &Set| format!("{}#{}", edit.target.file.display(), text::pointer(&set.path));
    PulledColumn {
        table: table.name.clone(),
        key: row.symbol.json(),
        row_key: base.map_or_else(|| row.row_key.clone(), |entry| entry.row_key.clone()),
        column: edit.column.name.to_string(),
        outcome: edit.column.outcome,
        file: edit.column.new.clone(),
        database: edit.column.old.clone(),
        places: edit.target.sets.iter().map(place).collect(),
    }
}

fn refused(seeds: &Seeds, table: usize, row: usize, column: &ColumnDecision, reason: Reason) -> RefusedColumn {
    let of = &seeds.tables[table];
    let row = &of.rows[row];
    let block = &seeds.blocks[row.block];
    let at = block.columns.get(&*column.name).map_or_else(|| row.source.location(), |at| block.file.location(*at));
    RefusedColumn {
        table: of.name.clone(),
        key: row.symbol.json(),
        column: column.name.to_string(),
        database: if block.secret.contains(&*column.name) { secret::shown() } else { column.old.clone() },
        reason: reason.0,
        followable: reason.1,
        at: at.to_string(),
    }
}

/// Edits of rows that are kept although no file has them any more.
fn gone(seeds: &Seeds, observation: &Observation, wanted: &PullOptions) -> Vec<RefusedColumn> {
    let mut found = Vec::new();
    for (table, orphans) in seeds.tables.iter().zip(&observation.orphans.tables) {
        for orphan in orphans.iter().filter(|orphan| matches!(fate(seeds, orphan), Fate::Keep | Fate::Fail)) {
            let Located { entry, edited, .. } = &orphan.located;
            let key: Json = serde_json::from_str(&entry.key).unwrap_or_default();
            if !is_wanted(wanted, &table.name, || show::name(&key)) {
                continue;
            }
            found.extend(edited.iter().map(|edit| RefusedColumn {
                table: table.name.clone(),
                key: key.clone(),
                column: edit.column.clone(),
                database: edit.now.clone(),
                reason: "no file has the row any more".to_owned(),
                followable: false,
                at: entry.source.clone(),
            }));
        }
    }
    found
}

fn is_wanted(wanted: &PullOptions, table: &str, name: impl FnOnce() -> String) -> bool {
    wanted.table.as_deref().is_none_or(|wanted| wanted == table)
        && wanted.row.as_deref().is_none_or(|wanted| wanted == name())
}

/// A table or a row that nobody declares is a mistake, and not "nothing to pull".
fn check_wanted(seeds: &Seeds, wanted: &PullOptions) -> Result<(), SeedError> {
    let tables: Vec<_> =
        seeds.tables.iter().filter(|table| wanted.table.as_deref().is_none_or(|name| name == table.name)).collect();
    let message = match (&wanted.table, &wanted.row) {
        (Some(name), None) if seeds.bulk_tables().any(|table| table == name) => return Ok(()),
        (Some(name), Some(_)) if seeds.bulk_tables().any(|table| table == name) => {
            format!("`{name}` has `bulk = true`, and its rows are not pulled one by one")
        }
        (Some(name), _) if tables.is_empty() => {
            let names = seeds.tables.iter().map(|table| table.name.as_str());
            let near = nearest(name, names.chain(seeds.bulk_tables()));
            let hint = near.map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
            format!("no dataset declares a table `{name}`{hint}")
        }
        (_, Some(row)) => {
            let labels: Vec<String> =
                tables.iter().flat_map(|table| &table.rows).map(|row| row.symbol.name()).collect();
            if labels.contains(row) {
                return Ok(());
            }
            let near = nearest(row, labels.iter().map(String::as_str));
            let hint = near.map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
            format!("no dataset declares a row `{row}`{hint}")
        }
        _ => return Ok(()),
    };
    Err(SeedError::Problems { problems: vec![Problem::new(ErrorCode::InvalidValue, None, message)] })
}

fn internal(reason: String) -> SeedError {
    SeedError::Problems { problems: vec![Problem::new(ErrorCode::SeedFailed, None, reason)] }
}
