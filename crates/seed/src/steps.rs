//! A plan as numbered steps: the datasets in their order, then what is proven. Row by row it is shown by `reconcile`.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::read::Seeds;
use crate::reconcile::plan::{Counts, SeedPlan};

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
    pub declared: usize,
    /// The rows by what happens to them.
    pub counts: Counts,
}

/// The steps of a plan that was made from these seeds, and of the expectations checked afterwards.
#[must_use]
pub fn steps(seeds: &Seeds, plan: &SeedPlan, expectations: usize) -> Steps {
    let mut steps: Vec<Step> = (1..)
        .zip(seeds.datasets.iter().zip(&seeds.titles))
        .map(|(number, (name, title))| Step {
            number,
            title: title.clone().unwrap_or_else(|| name.clone()),
            dataset: Some(name.clone()),
            tables: Vec::new(),
            checks: 0,
        })
        .collect();
    for table in &plan.tables {
        let first = seeds.tables.iter().find(|staged| staged.name == table.table).map(|staged| staged.rank);
        if let Some(step) = first.and_then(|dataset| steps.get_mut(dataset)) {
            let counts = table.counts();
            step.tables.push(StepTable { table: table.table.clone(), declared: table.declared, counts });
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
            let changes =
                |count: fn(&Counts) -> usize| step.tables.iter().map(|table| count(&table.counts)).sum::<usize>();
            let kinds = [
                (changes(|counts| counts.create), "to create"),
                (changes(|counts| counts.update), "to update"),
                (changes(|counts| counts.prune), "to delete"),
                (changes(|counts| counts.edited), "kept as edited"),
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
