//! A plan as numbered steps: the datasets in their order, then what is proven. Row by row it is shown by `reconcile`.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::read::Seeds;
use crate::reconcile::plan::SeedPlan;

/// What seeding does, one step after the other.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Steps(
    /// The steps, numbered from 1.
    pub Vec<Step>,
);

/// One step: a dataset, or the verification at the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Its number, from 1.
    pub number: usize,
    /// What it is, in the words of its dataset.
    pub title: String,
    /// The dataset; none for the verification.
    pub dataset: Option<String>,
    /// The tables that this dataset is the first to name, in the order in which they are written.
    pub tables: Vec<StepTable>,
    /// How many expectations are checked; for the verification only.
    #[serde(default)]
    pub checks: usize,
}

/// A table of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepTable {
    /// The name.
    pub table: String,
    /// How many rows are declared.
    pub declared: u64,
    /// How many of them are created.
    pub create: u64,
    /// How many are updated.
    pub update: u64,
    /// How many rows are deleted that were declared before.
    pub delete: u64,
    /// How many are kept as they were edited in the database.
    pub edited: u64,
}

/// The steps of a plan that was made from these seeds, and of the expectations checked afterwards.
#[must_use]
pub fn steps(seeds: &Seeds, plan: &SeedPlan, expectations: usize) -> Steps {
    let mut steps: Vec<Step> = (1..)
        .zip(&seeds.datasets)
        .map(|(number, name)| Step {
            number,
            // Datasets that a service adds have no titles.
            title: seeds.titles.get(number - 1).cloned().flatten().unwrap_or_else(|| name.clone()),
            dataset: Some(name.clone()),
            tables: Vec::new(),
            checks: 0,
        })
        .collect();
    for table in &plan.tables {
        let first = seeds.tables.iter().find(|staged| staged.name == table.table).map(|staged| staged.rank);
        if let Some(step) = first.and_then(|dataset| steps.get_mut(dataset)) {
            let counts = table.counts();
            step.tables.push(StepTable {
                table: table.table.clone(),
                declared: table.declared as u64,
                create: counts.create as u64,
                update: counts.update as u64,
                delete: counts.prune as u64,
                edited: counts.edited as u64,
            });
        }
    }
    for table in &plan.bulk {
        let first = seeds.bulk.iter().find(|declared| declared.name == table.table).map(|declared| declared.dataset);
        if let Some(step) = first.and_then(|dataset| steps.get_mut(dataset)) {
            step.tables.push(StepTable {
                table: table.table.clone(),
                declared: table.declared,
                create: table.counts.create,
                update: table.counts.update,
                delete: table.counts.remove,
                edited: table.counts.edited,
            });
        }
    }
    steps.push(Step {
        number: steps.len() + 1,
        title: "Verify the result".to_owned(),
        dataset: None,
        tables: Vec::new(),
        checks: expectations,
    });
    Steps(steps)
}

impl fmt::Display for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.0.len().to_string().len();
        for step in &self.0 {
            write!(f, "{:>width$}. {}", step.number, step.title)?;
            if step.dataset.is_none() {
                let count = step.checks;
                let word = if count == 1 { "expectation" } else { "expectations" };
                writeln!(f, ": every row is read back, {count} {word}")?;
                continue;
            }
            let tables = step.tables.iter().map(|table| format!("{} {}", table.declared, table.table));
            let tables: Vec<String> = tables.collect();
            let sum = |count: fn(&StepTable) -> u64| step.tables.iter().map(count).sum::<u64>();
            let kinds = [
                (sum(|table| table.create), "to create"),
                (sum(|table| table.update), "to update"),
                (sum(|table| table.delete), "to delete"),
                (sum(|table| table.edited), "kept as edited"),
            ];
            let to_do = kinds.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
            let to_do: Vec<String> = to_do.collect();
            let to_do = if to_do.is_empty() { "nothing to do".to_owned() } else { to_do.join(", ") };
            let what = if tables.is_empty() { "no rows".to_owned() } else { tables.join(", ") };
            writeln!(f, ": {what}; {to_do}")?;
        }
        Ok(())
    }
}
