//! Running blocks over many documents or records, several at a time, with the result of doing it one after the other.

use std::sync::Arc;

use minijinja::Value;
use plimsoll_core::ErrorCode;
use serde_json::Value as Json;

use crate::error::Problem;
use crate::map::frame::SoFar;
use crate::map::kept::{Kept, Parts};
use crate::map::stage::Seen;
use crate::map::{CompiledBlock, Staging};
use crate::parallel::{WORTH_A_THREAD, in_chunks};
use crate::read::document::{Document, Origin};
use crate::read::schema::Schema;
use crate::staged::{Cell, References, StagedRow};

/// The most inputs that one thread takes at once.
const TOGETHER: usize = 512;

/// Parts of the inputs. Their number is no matter of the machine: what is staged and said is the same everywhere.
const PARTS: usize = 16;

/// A document, or a record of one.
#[derive(Debug, Clone)]
pub(crate) struct Input {
    pub(crate) document: Arc<Document>,
    /// The JSON pointer of the record, empty for the whole document.
    pub(crate) pointer: String,
}

/// What running gave.
pub(crate) struct Ran {
    /// For every block what it staged, in the order of the inputs.
    pub(crate) staged: Vec<Vec<Staging>>,
    /// Inputs that do not fit, and why. Nothing of them is staged.
    pub(crate) failed: Vec<(usize, Vec<Problem>)>,
}

impl Input {
    /// How people name it: the file of a document, the place of a record.
    pub(crate) fn name(&self) -> String {
        match &self.document.origin {
            Origin::File(_) if self.pointer.is_empty() => self.document.file.path.display().to_string(),
            Origin::File(_) | Origin::Program(_) => self.document.location(&self.pointer).to_string(),
        }
    }
}

/// Runs all blocks over all inputs that fit the schema.
pub(crate) fn run(blocks: &[CompiledBlock<'_>], base: &Value, inputs: &[Input], schema: Option<&Schema>) -> Ran {
    let numbered: Vec<(usize, &Input)> = inputs.iter().enumerate().collect();
    let size = inputs.len().div_ceil(PARTS).clamp(WORTH_A_THREAD, TOGETHER);
    let mut ran = Ran { staged: blocks.iter().map(|_| Vec::new()).collect(), failed: Vec::new() };
    let parts = Arc::new(Parts::default());
    let chunks = in_chunks(&numbered, size, |chunk| {
        let part = chunk.first().map_or(0, |(number, _)| *number);
        run_chunk(blocks, base, chunk, schema, Kept::among(part, &parts))
    });
    let (mut kept, mut newest) = (Kept::default(), Vec::new());
    for (mut chunk, inputs) in chunks.into_iter().zip(numbered.chunks(size)) {
        // What is wrong in a row that loses against one of an earlier part does not matter either.
        if chunk.is_broken && blocks.iter().any(|block| block.is_first) {
            newest.drain(..).for_each(|later| kept.extend(later));
            chunk = run_chunk(blocks, base, inputs, schema, std::mem::take(&mut kept));
            kept = chunk.kept;
        } else {
            newest.push(chunk.kept);
        }
        ran.staged.iter_mut().zip(chunk.staged).for_each(|(all, staging)| all.push(staging));
        ran.failed.extend(chunk.failed);
    }
    ran
}

/// What a part of the inputs gave.
struct Chunk {
    /// By block.
    staged: Vec<Staging>,
    failed: Vec<(usize, Vec<Problem>)>,
    /// Whether expressions failed.
    is_broken: bool,
    kept: Kept,
}

fn run_chunk(
    blocks: &[CompiledBlock<'_>],
    base: &Value,
    inputs: &[(usize, &Input)],
    schema: Option<&Schema>,
    kept: Kept,
) -> Chunk {
    let mut staged: Vec<Staging> = blocks.iter().map(|_| Staging::default()).collect();
    let (mut failed, mut is_broken) = (Vec::new(), false);
    let mut file: Option<(*const Document, Value)> = None;
    let mut so_far = SoFar { kept, ..SoFar::default() };
    for (number, input) in inputs {
        let mut problems = unfit(input, schema);
        if problems.is_empty() {
            let known = file.as_ref().filter(|(of, _)| *of == Arc::as_ptr(&input.document));
            let names = known.map_or_else(|| file_names(&input.document), |(_, names)| names.clone());
            file = Some((Arc::as_ptr(&input.document), names.clone()));
            let before: Vec<_> = staged.iter().map(|staging| (staging.rows.len(), staging.lost)).collect();
            so_far.shared.clear();
            let seen = Seen { input, value: input.document.value(&input.pointer), file: names };
            for (block, staging) in blocks.iter().zip(&mut staged) {
                block.stage(base, &seen, &mut so_far, staging);
                problems.append(&mut staging.problems);
            }
            if problems.is_empty() {
                so_far.kept.keep();
            } else {
                is_broken = true;
                so_far.kept.forget();
                // Half of a document would be worse than none of it.
                for (staging, (rows, lost)) in staged.iter_mut().zip(before) {
                    staging.rows.truncate(rows);
                    staging.lost = lost;
                }
            }
        }
        if !problems.is_empty() {
            failed.push((*number, problems));
        }
    }
    Chunk { staged, failed, is_broken, kept: so_far.kept }
}

/// Why an input is not even tried.
fn unfit(input: &Input, schema: Option<&Schema>) -> Vec<Problem> {
    // A document may be anything that its expressions can read; a record has fields.
    let is_record = matches!(&input.document.origin, Origin::File(_)) && !input.pointer.is_empty();
    match input.document.json.pointer(&input.pointer) {
        Some(Json::Object(_)) => {}
        Some(other) if is_record => {
            let shown = crate::reconcile::show::shorten(&other.to_string(), 40);
            let message = format!("the record is {shown}, without any fields");
            let at = Some(input.document.location(&input.pointer));
            return vec![Problem::new(ErrorCode::DocumentInvalid, at, message)];
        }
        _ => {}
    }
    schema.map(|schema| schema.violations(&input.document, &input.pointer)).unwrap_or_default()
}

fn file_names(document: &Document) -> Value {
    let path = &document.file.path;
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    minijinja::context! { path => path.to_string_lossy(), stem => stem }
}

impl Staging {
    /// Adds what was staged elsewhere, as if it had been staged here.
    pub(crate) fn append(&mut self, mut other: Self) {
        self.problems.extend(other.problems);
        self.lost += other.lost;
        self.earlier.push(std::mem::take(&mut self.rows));
        let mut places: Vec<usize> = Vec::with_capacity(other.references.all.len());
        for (text, mut reference) in other.references.into_texts() {
            // Nested references have lower numbers, so theirs are known.
            reference.key.iter_mut().for_each(|(_, cell)| renumber(cell, &places));
            places.push(self.references.adopt(text, reference));
        }
        other.earlier.push(other.rows);
        for row in other.earlier.iter_mut().flatten() {
            let StagedRow { columns, insert_only, was, .. } = row;
            let old = was.iter_mut().flat_map(|was| &mut was.key);
            old.for_each(|cell| renumber(cell, &places));
            columns.iter_mut().chain(insert_only).for_each(|(_, cell)| renumber(cell, &places));
        }
        self.earlier.append(&mut other.earlier);
    }

    /// All rows in the order in which they were staged.
    pub(crate) fn into_rows(mut self) -> (Vec<Vec<StagedRow>>, References, Vec<Problem>) {
        self.earlier.push(self.rows);
        (self.earlier, self.references, self.problems)
    }
}

fn renumber(cell: &mut Cell, places: &[usize]) {
    if let Cell::Ref(index) = cell {
        *index = places[*index];
    }
}
