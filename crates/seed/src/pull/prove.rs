//! The proof that changed files say what was wanted and nothing else. What is tried is `mod`'s.

use std::collections::{HashMap, HashSet};

use plimsoll_core::db::{Catalog, Db};
use serde_json::Value as Json;

use crate::error::SeedError;
use crate::read::overlay::Overlay;
use crate::read::{SeedOptions, Seeds, load_over};
use crate::reconcile::diff::decide;
use crate::reconcile::observe::observe;
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
}

impl Proof<'_> {
    /// Loads the files with changed texts and compares: nothing when all is as expected, else the first reason why not.
    pub(super) fn fails(
        &self,
        db: &mut dyn Db,
        overlay: &Overlay,
        expected: &HashSet<Expected<'_>>,
    ) -> Result<Option<String>, SeedError> {
        let after = match load_over(self.options, overlay) {
            Ok(after) => after,
            Err(error) => return Ok(Some(refused(&error))),
        };
        if let Some(reason) = self.side_effect(&after, expected) {
            return Ok(Some(reason));
        }
        let observation = observe(db, &after, self.catalog)?;
        let decisions = decide(&super::lenient(&after), &observation);
        if let Some(problem) = decisions.problems.first() {
            return Ok(Some(format!("the changed file would not be accepted: {problem}")));
        }
        for (index, decided) in decisions.tables.iter().enumerate() {
            let table = &after.tables[index];
            for decision in decided {
                let row = &table.rows[decision.row];
                let of_row = |column: &str| expected.contains(&(&*table.name, &*row.row_key, column));
                if let Some(column) = decision.columns.iter().find(|column| of_row(&column.name)) {
                    let (new, old) = (show::value(&column.new), show::value(&column.old));
                    return Ok(Some(format!("the changed file would give {new} instead of {old}")));
                }
            }
        }
        Ok(None)
    }

    /// The first thing that the changed files declare differently, beyond what is expected.
    fn side_effect(&self, after: &Seeds, expected: &HashSet<Expected<'_>>) -> Option<String> {
        for table in &self.before.tables {
            let now = after.tables.iter().find(|other| other.name == table.name);
            let rows: HashMap<&str, &StagedRow> =
                now.iter().flat_map(|now| &now.rows).map(|row| (row.row_key.as_str(), row)).collect();
            for row in &table.rows {
                let label = show::label(&row.symbol);
                let Some(new) = rows.get(row.row_key.as_str()) else {
                    return Some(format!("`{}` {label} would not be declared any more", table.name));
                };
                let edited = expected.iter().any(|(of, key, _)| *of == table.name && *key == row.row_key);
                let free = |column: &str| expected.contains(&(&*table.name, &*row.row_key, column));
                let differs = first_difference(self.before, &row.columns, after, &new.columns, &free)
                    // What is written on creation only is never compared in the row itself.
                    .or_else(|| first_difference(self.before, &row.insert_only, after, &new.insert_only, &|_| edited));
                if let Some((column, old, new)) = differs {
                    let (old, new) = (show::value(&old), show::value(&new));
                    return Some(format!(
                        "`{column}` of `{}` {label} would change with it: {old} -> {new}",
                        table.name
                    ));
                }
            }
            if rows.len() != table.rows.len() {
                return Some(format!("the files would declare other rows of `{}`", table.name));
            }
        }
        (after.tables.len() != self.before.tables.len()).then(|| "the files would declare other tables".to_owned())
    }
}

type Cells = [(std::sync::Arc<str>, Cell)];

/// The first column with another value than before, unless it is free to have one.
fn first_difference(
    before: &Seeds,
    old: &Cells,
    after: &Seeds,
    new: &Cells,
    free: &dyn Fn(&str) -> bool,
) -> Option<(String, Json, Json)> {
    for (column, cell) in old.iter().filter(|(column, _)| !free(column)) {
        let was = before.references.symbol(cell);
        let is = new.iter().find(|(name, _)| name == column).map(|(_, cell)| after.references.symbol(cell));
        match is {
            Some(is) if is == was || same(&is, &was) => {}
            other => return Some((column.to_string(), was, other.unwrap_or_default())),
        }
    }
    None
}

/// Why changed files cannot be loaded: the first problem, with its place.
fn refused(error: &SeedError) -> String {
    let problem = error.problems().first();
    let at = problem.and_then(|problem| problem.at.as_ref()).map(|at| format!("{at}: ")).unwrap_or_default();
    let told = problem.map_or_else(|| error.to_string(), ToString::to_string);
    format!("the changed file would not be accepted: {at}{told}")
}
