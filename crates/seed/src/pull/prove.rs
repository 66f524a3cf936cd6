//! The proof that changed files say what was wanted and nothing else. What is tried is `mod`'s.

use std::collections::{HashMap, HashSet};
use std::fmt;

use plimsoll_core::db::{Catalog, Db};
use serde_json::Value as Json;

use super::report::FollowedColumn;
use crate::error::{Problem, SeedError};
use crate::read::overlay::Overlay;
use crate::read::{SeedOptions, Seeds, load_over};
use crate::reconcile::diff::decide;
use crate::reconcile::observe::observe_declared;
use crate::reconcile::plan::Outcome;
use crate::reconcile::show;
use crate::staged::{Cell, StagedRow};
use crate::value::same;

/// A column that should come out as the database holds it: table, row, column.
pub(super) type Expected<'a> = (&'a str, &'a str, &'a str);

/// What the proof works with.
pub(super) struct Proof<'a> {
    pub(super) options: &'a SeedOptions,
    pub(super) catalog: &'a Catalog,
    /// The seeds as the files are now.
    pub(super) before: &'a Seeds,
    /// What is said against the schema as it is, whatever is pulled.
    pub(super) known: &'a [Problem],
    /// Whether other columns may change with the pulled ones.
    pub(super) follow: bool,
}

/// What became of a try.
pub(super) enum Verdict {
    /// All is as expected; these columns change with it.
    Holds(Vec<FollowedColumn>),
    /// The first reason why not, and whether it would hold if other columns were allowed to change.
    Fails { reason: String, followable: bool },
}

/// Another column that the changed files declare differently.
struct Effect<'a> {
    table: &'a str,
    row: &'a StagedRow,
    column: String,
    old: Json,
    new: Json,
    /// Written on creation only, so that nothing follows for a row that exists.
    on_creation: bool,
}

impl Proof<'_> {
    /// Loads the files with changed texts and compares. `constants` are columns of blocks that stand in a dataset.
    pub(super) fn verdict(
        &self,
        db: &mut dyn Db,
        overlay: &Overlay,
        expected: &HashSet<Expected<'_>>,
        constants: &HashSet<(usize, &str)>,
    ) -> Result<Verdict, SeedError> {
        let fails = |reason: String| Ok(Verdict::Fails { reason, followable: false });
        let after = match load_over(self.options, overlay) {
            Ok(after) => super::lenient(after),
            Err(error) => return fails(refused(&error)),
        };
        // Nobody looks at each of their rows here, so nobody could say that they are the same.
        if let Some(table) = after.bulk.iter().find(|table| overlay.has(&table.source.header().file)) {
            return fails(format!("the rows of `{}`, which has `bulk = true`, come from the same file", table.name));
        }
        let effects = match self.effects(&after, expected) {
            Ok(effects) => effects,
            Err(reason) => return fails(reason),
        };
        // A value for one row is no reason to change it for the others of its block.
        let of_constant = |effect: &Effect<'_>| constants.contains(&(effect.row.block, &*effect.column));
        let told = |effect: &Effect<'_>| format!("{effect} would change with it: {}", effect.change());
        if let Some(first) = effects.iter().find(|effect| of_constant(effect)) {
            return fails(told(first));
        }
        let secret = |effect: &&Effect<'_>| self.before.blocks[effect.row.block].secret.contains(&effect.column);
        if let Some(secret) = effects.iter().find(secret) {
            return fails(format!("{secret} is secret, and comes from the same place"));
        }
        if let Some(first) = effects.first().filter(|_| !self.follow) {
            return Ok(Verdict::Fails { reason: told(first), followable: true });
        }
        // Very large tables are read from other files than those that change.
        let observation = observe_declared(db, &after, self.catalog)?;
        let decisions = decide(&after, &observation);
        let new = |problem: &&Problem| !self.known.iter().any(|known| known.message == problem.message);
        if let Some(problem) = decisions.problems.iter().chain(decisions.schema_problems.iter().filter(new)).next() {
            return fails(format!("the changed file would not be accepted: {problem}"));
        }
        for (index, decided) in decisions.tables.iter().enumerate() {
            let table = &after.tables[index];
            for decision in decided {
                let row = &table.rows[decision.row];
                for column in &decision.columns {
                    let (new, old) = (show::value(&column.new), show::value(&column.old));
                    if expected.contains(&(&*table.name, &*row.row_key, &*column.name)) {
                        return fails(format!("the changed file would give {new} instead of {old}"));
                    }
                    let is_effect = |effect: &&Effect<'_>| {
                        effect.table == table.name
                            && effect.row.row_key == row.row_key
                            && *effect.column == *column.name
                    };
                    if column.outcome != Outcome::Update
                        && let Some(effect) = effects.iter().find(is_effect)
                    {
                        return fails(format!("{effect} would change with it to {new}, and is {old} in the database"));
                    }
                }
            }
        }
        let followed = effects.into_iter().filter(|effect| !effect.on_creation).map(|effect| FollowedColumn {
            table: effect.table.to_owned(),
            key: effect.row.symbol.json(),
            column: effect.column,
            old: effect.old,
            new: effect.new,
        });
        Ok(Verdict::Holds(followed.collect()))
    }

    /// What the changed files declare differently beyond what is expected; an error when it is not only values.
    fn effects(&self, after: &Seeds, expected: &HashSet<Expected<'_>>) -> Result<Vec<Effect<'_>>, String> {
        let edited: HashSet<(&str, &str)> = expected.iter().map(|(table, row, _)| (*table, *row)).collect();
        let mut effects = Vec::new();
        for table in &self.before.tables {
            let now = after.tables.iter().find(|other| other.name == table.name);
            let rows: HashMap<&str, &StagedRow> =
                now.iter().flat_map(|now| &now.rows).map(|row| (row.row_key.as_str(), row)).collect();
            for row in &table.rows {
                let Some(new) = rows.get(row.row_key.as_str()) else {
                    let label = row.symbol.label();
                    return Err(format!("`{}` {label} would not be declared any more", table.name));
                };
                let free = |column: &str| expected.contains(&(&*table.name, &*row.row_key, column));
                let is_edited = edited.contains(&(&*table.name, &*row.row_key));
                let mut found = |old: &Cells, new: &Cells, on_creation: bool, free: &dyn Fn(&str) -> bool| {
                    for (column, old, new) in differences(self.before, old, after, new, free) {
                        effects.push(Effect { table: &table.name, row, column, old, new, on_creation });
                    }
                };
                found(&row.columns, &new.columns, false, &free);
                // What is written on creation only is never compared in the row itself.
                found(&row.insert_only, &new.insert_only, true, &|_| is_edited);
            }
            if rows.len() != table.rows.len() {
                return Err(format!("the files would declare other rows of `{}`", table.name));
            }
        }
        if after.tables.len() == self.before.tables.len() && after.bulk.len() == self.before.bulk.len() {
            Ok(effects)
        } else {
            Err("the files would declare other tables".to_owned())
        }
    }
}

impl Effect<'_> {
    fn change(&self) -> String {
        format!("{} -> {}", show::value(&self.old), show::value(&self.new))
    }
}

impl fmt::Display for Effect<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` of `{}` {}", self.column, self.table, self.row.symbol.label())
    }
}

type Cells = [(std::sync::Arc<str>, Cell)];

/// The columns with other values than before, unless they are free to have them.
fn differences(
    before: &Seeds,
    old: &Cells,
    after: &Seeds,
    new: &Cells,
    free: &dyn Fn(&str) -> bool,
) -> Vec<(String, Json, Json)> {
    let mut found = Vec::new();
    for (column, cell) in old.iter().filter(|(column, _)| !free(column)) {
        let was = before.references.symbol(cell);
        let is = new.iter().find(|(name, _)| name == column).map(|(_, cell)| after.references.symbol(cell));
        match is {
            Some(is) if is == was || same(&is, &was) => {}
            other => found.push((column.to_string(), was, other.unwrap_or_default())),
        }
    }
    found
}

/// Why changed files cannot be loaded: the first problem, with its place.
fn refused(error: &SeedError) -> String {
    let problem = error.problems().first();
    let at = problem.and_then(|problem| problem.at.as_ref()).map(|at| format!("{at}: ")).unwrap_or_default();
    let told = problem.map_or_else(|| error.to_string(), ToString::to_string);
    format!("the changed file would not be accepted: {at}{told}")
}
