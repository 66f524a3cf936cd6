//! One load: dataset after dataset, block after block, until everything is staged and every problem is known. What one file or
//! one block means is told by their own modules.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use minijinja::Environment;
use plimsoll_core::Location;

use crate::error::{Problem, SeedError};
use crate::generate::stage::{self, Found};
use crate::lifecycle::{Lifecycle, Lifecycles};
use crate::map::expression;
use crate::map::run::{Ran, run};
use crate::map::{CompiledBlock, Shared, Staging};
use crate::read::dataset::{self, Dataset, Datasets};
use crate::read::files::Files;
use crate::read::inputs::{self, Inputs, Place};
use crate::read::model::{Mode, OnInvalid, TableBlock};
use crate::read::overlay::Overlay;
use crate::read::provided::SeedSource;
use crate::read::skip::Skipped;
use crate::read::source::SourceFile;
use crate::read::{SeedOptions, Seeds, bulk, check};
use crate::staged::{self, Block, level, order};
use crate::stream::BulkTable;

/// Everything that the datasets named in `only` declare, or all of them when it names none.
pub(super) fn load(
    options: &SeedOptions,
    sources: &[&dyn SeedSource],
    only: &[String],
    overlay: &Overlay,
) -> Result<Seeds, SeedError> {
    let (mut problems, mut lifecycles) = (Vec::new(), Vec::new());
    let files = Files::new(&options.root, overlay);
    let Datasets { seeded, others } = dataset::read(options, sources, only, &files, &mut lifecycles, &mut problems);
    let mut loading = Loading {
        options,
        sources,
        files,
        lifecycles,
        datasets: Vec::new(),
        titles: Vec::new(),
        blocks: Vec::new(),
        bulk: Vec::new(),
        generated: Vec::new(),
        broken: false,
        staging: Staging::default(),
        skipped: Vec::new(),
        incomplete: BTreeSet::new(),
        notes: Vec::new(),
        problems,
    };
    let env = expression::environment();
    seeded.into_iter().for_each(|dataset| loading.dataset(&env, dataset));
    loading.generate(others);
    loading.top_up();
    loading.finish()
}

/// What has been read so far.
struct Loading<'a> {
    options: &'a SeedOptions,
    sources: &'a [&'a dyn SeedSource],
    files: Files<'a>,
    datasets: Vec<String>,
    titles: Vec<Option<String>>,
    blocks: Vec<Block>,
    bulk: Vec<BulkTable>,
    generated: Vec<Found>,
    /// Whether a `[[generate]]` is wrong in itself.
    broken: bool,
    lifecycles: Vec<Lifecycle>,
    staging: Staging,
    skipped: Vec<Skipped>,
    /// Datasets of which something was skipped.
    incomplete: BTreeSet<usize>,
    notes: Vec<String>,
    problems: Vec<Problem>,
}

/// A block of a dataset with what it is run over.
enum Job<'env> {
    /// Once, over nothing.
    Alone(Box<CompiledBlock<'env>>),
    /// Over the dataset's documents, as the one at this position.
    Documents(usize),
    /// Over records of its own.
    Records(Box<(CompiledBlock<'env>, Inputs)>),
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
            if block.bulk {
                let declared = bulk::table(self.options, &block, self.datasets.len(), &file, &mut self.problems);
                self.bulk.extend(declared);
                continue;
            }
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
                None => Job::Alone(Box::new(compiled)),
            });
        }
        for block in parsed.generate {
            let before = self.problems.len();
            let offset = block.span().start;
            let block = block.into_inner();
            let table = block.as_table();
            check::block(&table, &file, self.options, &may_insert, &self.blocks, &mut self.problems);
            check::mode(&table, &file, self.datasets.len(), &self.blocks, &mut self.problems);
            self.blocks.push(describe(&table, self.datasets.len(), &file, offset));
            if self.problems.len() == before {
                let (index, file, seed) = (self.blocks.len() - 1, Arc::clone(&file), parsed.dataset.seed);
                self.generated.push(Found { index, file, offset, seed, block });
            } else {
                self.broken = true;
            }
        }
        let on_invalid = parsed.dataset.on_invalid;
        self.datasets.push(name);
        self.titles.push(parsed.dataset.title);
        let mut staged = documents.map(|documents| self.run(&over_documents, documents, on_invalid));
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
                    self.run(&blocks, records, on_invalid).swap_remove(0)
                }
            };
            chunks.into_iter().for_each(|chunk| self.staging.append(chunk));
        }
    }

    /// Runs blocks of the newest dataset over inputs; gives what each of them staged, and settles what does not fit.
    fn run(&mut self, blocks: &[CompiledBlock<'_>], inputs: Inputs, on_invalid: OnInvalid) -> Vec<Vec<Staging>> {
        self.problems.extend(inputs.problems);
        let Ran { staged, failed } = run(blocks, &self.options.names, &inputs.all, inputs.schema.as_ref());
        for (block, staged) in blocks.iter().zip(&staged) {
            // A condition that is misspelt is silently false everywhere.
            if failed.is_empty()
                && !inputs.all.is_empty()
                && staged.iter().all(|staging| staging.rows.is_empty() && staging.lost == 0)
            {
                self.notes.push(block.idle(inputs.all.len()));
            }
        }
        let failed = failed.into_iter().map(|(input, problems)| (inputs.all[input].name(), problems));
        let invalid = inputs.invalid.into_iter().chain(failed);
        match on_invalid {
            OnInvalid::Skip => {
                let (before, dataset) = (self.skipped.len(), self.datasets.len() - 1);
                let name = &self.datasets[dataset];
                self.skipped.extend(invalid.map(|(what, problems)| Skipped::new(name, what, problems)));
                if self.skipped.len() > before {
                    self.incomplete.insert(dataset);
                }
            }
            OnInvalid::Fail => {
                // Two datasets may read the same file.
                let told: HashSet<Problem> = self.problems.iter().cloned().collect();
                let invalid = alike(invalid.flat_map(|(_, problems)| problems));
                self.problems.extend(invalid.into_iter().filter(|problem| !told.contains(problem)));
            }
        }
        staged
    }

    /// Makes the rows of all `[[generate]]` blocks, which may refer to each other from dataset to dataset.
    /// Those of datasets that are not asked for may be what rows are made of.
    fn generate(&mut self, others: Vec<Dataset>) {
        let asked = self.generated.len();
        if asked > 0 {
            self.generated.extend(others.into_iter().flat_map(generators));
        }
        // A block that is wrong in itself is missing to the others, which would only add follow-up errors.
        if self.broken {
            return;
        }
        let (names, profile) = (&self.options.names, self.options.profile.as_deref());
        let sources = stage::sources(&self.generated, names, profile, &mut self.problems);
        for (found, rows) in self.generated.iter().zip(sources).take(asked) {
            if stage::is_bulk(found, names, &mut self.problems) {
                self.bulk.push(stage::bulk(found, rows, &self.blocks[found.index]));
                // What is gone from a streamed table is found inside the database, and not by its staged rows.
                self.blocks[found.index].mode = Mode::Insert;
            } else {
                stage::stage(found, &rows, &mut self.staging);
            }
        }
    }

    fn top_up(&mut self) {
        if self.options.top_up {
            self.blocks.iter_mut().for_each(|block| block.mode = Mode::Insert);
            self.bulk.iter_mut().for_each(|table| table.mode = Mode::Insert);
        }
    }

    fn finish(self) -> Result<Seeds, SeedError> {
        let Self { files, datasets, titles, blocks, bulk, lifecycles, staging, skipped, incomplete, .. } = self;
        let (mut problems, mut notes) = (self.problems, self.notes);
        let (rows, mut references, wrong) = staging.into_rows();
        problems.extend(wrong);
        let mut tables = staged::tables(rows, &blocks, &mut problems);
        references.connect(&tables);
        tables = order::tables(tables, &mut references, &blocks, &mut problems);
        level::levels(&mut tables, &references, &mut problems);
        let lifecycles = Lifecycles::new(lifecycles);
        bulk::declared_otherwise(&bulk, &tables, &lifecycles, &mut problems);
        SeedError::unless_empty(problems)?;
        let (user_data, documents) = (self.options.user_data.clone(), files.count());
        notes.extend(
            incomplete
                .iter()
                .filter(|dataset| prunes(&blocks, **dataset))
                .map(|dataset| format!("`{}` deletes no rows while something of it is skipped", datasets[*dataset])),
        );
        Ok(Seeds {
            datasets,
            titles,
            blocks,
            tables,
            references,
            incomplete,
            user_data,
            bulk,
            lifecycles,
            skipped,
            notes,
            documents,
        })
    }
}

/// The generators of a dataset that is not asked for itself. Their rows are not staged, so they have no place among the blocks.
fn generators(dataset: Dataset) -> impl Iterator<Item = Found> {
    let Dataset { file, parsed, .. } = dataset;
    let seed = parsed.dataset.seed;
    parsed.generate.into_iter().map(move |block| {
        let offset = block.span().start;
        Found { index: usize::MAX, file: Arc::clone(&file), offset, seed, block: block.into_inner() }
    })
}

/// One wrong expression fails for every record: beyond a few, the first one stands for all.
fn alike(problems: impl Iterator<Item = Problem>) -> Vec<Problem> {
    const TOLD: usize = 3;
    let mut told: Vec<Problem> = Vec::new();
    let mut counts: HashMap<(Option<Location>, String), (usize, usize)> = HashMap::new();
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

/// Whether a dataset would delete rows that are gone from its files.
fn prunes(blocks: &[Block], dataset: usize) -> bool {
    blocks.iter().any(|block| block.dataset == dataset && block.mode == Mode::Sync)
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
        secret: block.secret.iter().map(|column| column.get_ref().clone()).collect(),
    }
}
