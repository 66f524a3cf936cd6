//! `[[table]] bulk = true`: what a dataset says about a table of very many rows. Its rows stay in their file until somebody asks.

use std::path::Path;
use std::sync::Arc;

use plimsoll_core::toml_file::nearest;
use plimsoll_core::{ErrorCode, Location};

use crate::error::{Problem, SeedError};
use crate::read::format::Format;
use crate::read::model::{EditPolicy, KeyNulls, Mode, OnDuplicate, OnEdit, TableBlock};
use crate::read::source::SourceFile;
use crate::stream::RowSource;
use crate::stream::file::RowFile;

/// A table whose rows are streamed.
#[derive(Debug, Clone)]
pub(crate) struct BulkTable {
    pub(crate) name: String,
    pub(crate) key: Vec<String>,
    /// A position in the datasets.
    pub(crate) dataset: usize,
    pub(crate) source: Arc<dyn RowSource>,
    pub(crate) mode: Mode,
    pub(crate) on_edit: EditPolicy,
    /// Where the table is declared.
    pub(crate) at: Location,
}

impl BulkTable {
    /// What happens to edited rows that the source has no more: what holds for columns without a word of their own.
    pub(crate) fn on_gone(&self) -> OnEdit {
        self.on_edit.of("")
    }
}

/// What a `[[table]]` with `bulk = true` declares, `path` being its file. Problems are added; `None` when there are some.
pub(crate) fn declare(
    block: &TableBlock,
    dataset: usize,
    file: &SourceFile,
    path: (&Path, &Path),
    problems: &mut Vec<Problem>,
) -> Option<BulkTable> {
    let before = problems.len();
    let name = block.name.get_ref();
    let at = file.location(block.name.span().start);
    let used = [
        ("each", block.each.is_some()),
        ("when", block.when.is_some()),
        ("let", !block.lets.0.is_empty()),
        ("columns", !block.columns.0.is_empty()),
        ("insert_only", !block.insert_only.0.is_empty()),
        ("was", !block.was.0.is_empty()),
        ("rows", block.rows.is_some()),
        ("source", block.source.is_some()),
        ("schema", block.schema.is_some()),
        ("on_duplicate", block.on_duplicate != OnDuplicate::Error),
        ("key_nulls", block.key_nulls != KeyNulls::Refuse),
        // Samples of rows are shown, and the ledger keeps them all.
        ("secret", !block.secret.is_empty()),
    ];
    for (word, _) in used.iter().filter(|(_, used)| *used) {
        let message = format!("`{name}` is read as it is with `bulk = true`: `{word}` has no meaning there");
        problems.push(Problem::new(ErrorCode::InvalidValue, Some(at.clone()), message));
    }
    let format = match block.format.as_ref().map(|named| (named, Format::named(named.get_ref()))) {
        Some((named, None)) => {
            let message = Format::unknown(named.get_ref());
            problems.push(Problem::new(ErrorCode::InvalidValue, Some(file.location(named.span().start)), message));
            return None;
        }
        Some((_, format)) => format,
        None => None,
    };
    let source = match RowFile::open(path.0, path.1, format) {
        Ok(source) => source,
        Err(SeedError::Problems { problems: found }) => {
            // A file that cannot be opened is told where it is named.
            let placed = |problem: Problem| Problem { at: problem.at.clone().or(Some(at.clone())), ..problem };
            problems.extend(found.into_iter().map(placed));
            return None;
        }
        Err(_) => return None,
    };
    let columns = || source.columns().iter().map(AsRef::as_ref);
    for missing in block.key.get_ref().iter().filter(|key| !columns().any(|column| column == key.as_str())) {
        let hint = nearest(missing, columns()).map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
        let message = format!("the key column `{missing}` is not among the columns of `{}`{hint}", path.1.display());
        problems.push(Problem::new(ErrorCode::InvalidValue, Some(file.location(block.key.span().start)), message));
    }
    for column in block.on_edit.columns().filter(|name| !columns().any(|column| column == *name)) {
        let message = format!("`on_edit` names `{column}`, which is not among the columns of `{}`", path.1.display());
        problems.push(Problem::new(ErrorCode::InvalidValue, Some(at.clone()), message));
    }
    (problems.len() == before).then(|| BulkTable {
        name: name.clone(),
        key: block.key.get_ref().clone(),
        dataset,
        source: Arc::new(source),
        mode: block.mode,
        on_edit: block.on_edit.clone(),
        at,
    })
}
