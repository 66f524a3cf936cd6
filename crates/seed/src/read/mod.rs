//! Loading: dataset files and documents become staged rows, without a database. What a database makes of them is `plan`'s.

mod check;
mod dataset;
pub(crate) mod document;
pub(crate) mod files;
pub(crate) mod format;
mod inputs;
pub(crate) mod model;
pub(crate) mod parse;
mod provided;
pub(crate) mod schema;
mod skip;
pub(crate) mod source;

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use minijinja::Environment;

use crate::error::{Problem, SeedError};
use crate::map::expression;
use crate::map::run::{Ran, run};
use crate::map::{CompiledBlock, Shared, Staging};
use crate::read::dataset::Dataset;
use crate::read::files::Files;
use crate::read::inputs::{Inputs, Place};
use crate::read::model::{OnInvalid, TableBlock};
use crate::read::source::SourceFile;
use crate::staged::{self, order};
use crate::staged::{Block, References, StagedTable};

pub use provided::{SeedSource, SourceRecord};
pub use skip::{SkipReason, Skipped};

/// Where the datasets are and what they may do.
#[derive(Debug, Clone)]
pub struct SeedOptions {
    /// The project's root; all paths in dataset files are relative to it.
    pub root: PathBuf,
    /// The folder of the dataset files, relative to the root.
    pub path: PathBuf,
    /// Optional datasets to include.
    pub with: Vec<String>,
    /// Tables that hold user data.
    pub user_data: Vec<String>,
    /// The names that templates and expressions see: the project's variables, `engine`, `environment`, `project`.
    pub names: minijinja::Value,
}

/// Everything the files declare: ordered, validated, with every reference connected. Not tied to a database.
#[derive(Debug, Clone)]
pub struct Seeds {
    pub(crate) datasets: Vec<String>,
    pub(crate) blocks: Vec<Block>,
    pub(crate) tables: Vec<StagedTable>,
    pub(crate) references: References,
    /// Datasets of which something was left out, so that a row they do not declare may be there all the same.
    pub(crate) incomplete: BTreeSet<usize>,
    /// The tables of user data.
    pub(crate) user_data: Vec<String>,
    pub(crate) skipped: Vec<Skipped>,
    pub(crate) notes: Vec<String>,
    documents: usize,
}

impl Seeds {
    /// The names of the datasets, in their order.
    #[must_use]
    pub fn datasets(&self) -> &[String] {
        &self.datasets
    }

    /// The tables and how many rows are declared for each, in an order in which they could be written.
    pub fn tables(&self) -> impl Iterator<Item = (&str, usize)> {
        self.tables.iter().map(|table| (table.name.as_str(), table.rows.len()))
    }

    /// The documents and records that were left out because they do not fit, see `on_invalid`.
    #[must_use]
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// How many documents and files of rows were read.
    #[must_use]
    pub fn documents(&self) -> usize {
        self.documents
    }
}

/// What has been read so far.
struct Loading<'a> {
    options: &'a SeedOptions,
    sources: &'a [&'a dyn SeedSource],
    files: Files<'a>,
    datasets: Vec<String>,
    blocks: Vec<Block>,
    staging: Staging,
    skipped: Vec<Skipped>,
    notes: Vec<String>,
    problems: Vec<Problem>,
}

/// A block of a dataset with what it is run over.
enum Job<'env> {
    /// Once, over nothing.
    Alone(CompiledBlock<'env>),
    /// Over the dataset's documents, as the one at this position.
    Documents(usize),
    /// Over records of its own.
    Records(Box<(CompiledBlock<'env>, Inputs)>),
}

/// Reads all dataset files and their documents, validates them and evaluates every expression.
///
/// # Errors
/// [`SeedError::Problems`] with everything that is wrong in any file.
pub fn load(options: &SeedOptions) -> Result<Seeds, SeedError> {
    load_with(options, &[])
}

/// As [`load`], with records and datasets that a service's own code provides.
///
/// # Errors
/// [`SeedError::Problems`] with everything that is wrong in any file or source.
pub fn load_with(options: &SeedOptions, sources: &[&dyn SeedSource]) -> Result<Seeds, SeedError> {
    let mut problems = Vec::new();
    let datasets = dataset::read(options, sources, &mut problems);
    let mut loading = Loading {
        options,
        sources,
        files: Files::new(&options.root),
        datasets: Vec::new(),
        blocks: Vec::new(),
        staging: Staging::default(),
        skipped: Vec::new(),
        notes: Vec::new(),
        problems,
    };
    let env = expression::environment();
    datasets.into_iter().for_each(|dataset| loading.dataset(&env, dataset));
    let Loading { files, datasets, blocks, staging, skipped, notes, mut problems, .. } = loading;
    problems.extend(staging.problems);
    let mut tables = staged::tables(staging.rows, &blocks, &mut problems);
    let mut references = staging.references;
    references.connect(&tables);
    tables = order::tables(tables, &mut references, &blocks, &mut problems);
    order::levels(&mut tables, &references, &mut problems);
    SeedError::unless_empty(problems)?;
    let incomplete = |(_, name): &(usize, &String)| skipped.iter().any(|skipped| skipped.dataset == **name);
    let incomplete = datasets.iter().enumerate().filter(incomplete).map(|(index, _)| index).collect();
    let (user_data, documents) = (options.user_data.clone(), files.count());
    Ok(Seeds { datasets, blocks, tables, references, incomplete, user_data, skipped, notes, documents })
}

impl Loading<'_> {
    fn dataset(&mut self, env: &Environment<'static>, dataset: Dataset) {
        let Dataset { name, file, parsed } = dataset;
        let place = Place { options: self.options, sources: self.sources, file: &file };
        let mut documents = None;
        if let Some(declared) = &parsed.documents {
            documents = Some(inputs::documents(&place, &mut self.files, declared));
        }
        let may_insert: Vec<&str> =
            parsed.dataset.inserts_user_data.iter().map(|table| table.get_ref().as_str()).collect();
        let mut over_documents = Vec::new();
        let mut shared = Shared::default();
        let mut jobs = Vec::new();
        for block in parsed.table {
            let before = self.problems.len();
            let offset = block.span().start;
            let block = block.into_inner();
            check::block(&block, &file, self.options, &may_insert, &self.blocks, &mut self.problems);
            check::mode(&block, &file, self.datasets.len(), &self.blocks, &mut self.problems);
            self.blocks.push(describe(&block, self.datasets.len(), &file, offset));
            let is_own = block.file.is_some() || block.source.is_some();
            let mut records = is_own.then(|| inputs::records(&place, &mut self.files, &block));
            self.problems.extend(records.iter_mut().flat_map(|records| std::mem::take(&mut records.problems)));
            let index = self.blocks.len() - 1;
            let compiled = CompiledBlock::compile(env, index, &file, offset, block, &mut shared, &mut self.problems);
            // A block that is wrong in itself would only add follow-up errors, one per row.
            if self.problems.len() > before {
                continue;
            }
            jobs.push(match records {
                Some(records) => Job::Records(Box::new((compiled, records))),
                None if documents.is_some() => {
                    over_documents.push(compiled);
                    Job::Documents(over_documents.len() - 1)
                }
                None => Job::Alone(compiled),
            });
        }
        let on_invalid = parsed.dataset.on_invalid;
        self.datasets.push(name.clone());
        let mut staged = documents.map(|documents| self.run(&over_documents, documents, &name, on_invalid));
        for job in jobs {
            let chunks = match job {
                Job::Alone(block) => {
                    block.stage_alone(&self.options.names, &mut self.staging);
                    continue;
                }
                Job::Documents(position) => {
                    staged.as_mut().map(|staged| std::mem::take(&mut staged[position])).unwrap_or_default()
                }
                Job::Records(own) => {
                    let (block, records) = *own;
                    let blocks = [block];
                    self.run(&blocks, records, &name, on_invalid).swap_remove(0)
                }
            };
            chunks.into_iter().for_each(|chunk| self.staging.append(chunk));
        }
    }

    /// Runs blocks over inputs; gives what each of them staged, and settles what does not fit.
    fn run(
        &mut self,
        blocks: &[CompiledBlock<'_>],
        inputs: Inputs,
        dataset: &str,
        on_invalid: OnInvalid,
    ) -> Vec<Vec<Staging>> {
        self.problems.extend(inputs.problems);
        let Ran { staged, failed } = run(blocks, &self.options.names, &inputs.all, inputs.schema.as_ref());
        for (block, staged) in blocks.iter().zip(&staged) {
            // A condition that is misspelt is silently false everywhere.
            if failed.is_empty() && !inputs.all.is_empty() && staged.iter().all(|staging| staging.rows.is_empty()) {
                self.notes.push(block.idle(inputs.all.len()));
            }
        }
        let failed = failed.into_iter().map(|(input, problems)| (inputs.all[input].name(), problems));
        let invalid = inputs.invalid.into_iter().chain(failed);
        match on_invalid {
            OnInvalid::Skip => {
                self.skipped.extend(invalid.map(|(what, problems)| Skipped::new(dataset, what, problems)));
            }
            OnInvalid::Fail => {
                for problem in alike(invalid.flat_map(|(_, problems)| problems)) {
                    // Two datasets may read the same file.
                    if !self.problems.contains(&problem) {
                        self.problems.push(problem);
                    }
                }
            }
        }
        staged
    }
}

/// One wrong expression fails for every record: beyond a few, the first one stands for all.
fn alike(problems: impl Iterator<Item = Problem>) -> Vec<Problem> {
    const TOLD: usize = 3;
    let mut told: Vec<Problem> = Vec::new();
    let mut counts: HashMap<(Option<plimsoll_core::Location>, String), (usize, usize)> = HashMap::new();
    for problem in problems {
        let (count, last) = counts.entry((problem.at.clone(), problem.message.clone())).or_insert((0, told.len()));
        *count += 1;
        if *count <= TOLD {
            *last = told.len();
            told.push(problem);
        }
    }
    for (count, last) in counts.into_values().filter(|(count, _)| *count > TOLD) {
        told[last].message.push_str(&format!(" (and in {} more)", count - TOLD));
    }
    told
}

fn describe(block: &TableBlock, dataset: usize, file: &Arc<SourceFile>, offset: usize) -> Block {
    let named = block.columns.0.iter().chain(&block.insert_only.0);
    Block {
        dataset,
        table: block.name.get_ref().clone(),
        key: block.key.get_ref().clone(),
        file: Arc::clone(file),
        offset,
        columns: named.map(|(name, value)| (name.clone(), value.span().start)).collect(),
        mode: block.mode,
        on_edit: block.on_edit.clone(),
        on_duplicate: block.on_duplicate,
    }
}
