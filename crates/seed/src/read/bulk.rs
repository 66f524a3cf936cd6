//! Tables of very many rows, as far as datasets declare them: where their file is. What is in it is `stream`'s.

use std::sync::Arc;

use plimsoll_core::{ErrorCode, template};

use crate::error::Problem;
use crate::lifecycle::Lifecycles;
use crate::map::explain::explain;
use crate::read::SeedOptions;
use crate::read::files;
use crate::read::model::TableBlock;
use crate::read::source::SourceFile;
use crate::staged::StagedTable;
use crate::stream::{self, BulkTable};

/// What a block with `bulk = true` declares. Problems are added; `None` when there are some.
pub(super) fn table(
    options: &SeedOptions,
    block: &TableBlock,
    dataset: usize,
    file: &Arc<SourceFile>,
    problems: &mut Vec<Problem>,
) -> Option<BulkTable> {
    let Some(named) = &block.file else {
        let message = format!("`{}` has `bulk = true` and no `file` that its rows are in", block.name.get_ref());
        problems.push(Problem::new(ErrorCode::InvalidValue, Some(file.location(block.name.span().start)), message));
        return None;
    };
    match template::render(&template::environment(), named.get_ref(), &options.names) {
        Ok(rendered) => {
            let path = options.root.join(rendered);
            stream::declare(block, dataset, file, (&path, files::shown(&options.root, &path)), problems)
        }
        Err(error) => {
            let message = explain(&error, named.get_ref());
            problems.push(Problem::new(ErrorCode::Template, Some(file.location(named.span().start)), message));
            None
        }
    }
}

/// A very large table is declared once, by itself.
pub(crate) fn declared_otherwise(
    bulk: &[BulkTable],
    tables: &[StagedTable],
    lifecycles: &Lifecycles,
    problems: &mut Vec<Problem>,
) {
    for (index, table) in bulk.iter().enumerate() {
        let name = &table.name;
        let twice = bulk[..index].iter().any(|other| other.name == *name);
        let message = if twice || tables.iter().any(|other| other.name == *name) {
            format!("`{name}` is declared elsewhere as well; with `bulk = true` all its rows are in one file")
        } else if let Some(lifecycle) = lifecycles.of(name) {
            format!(
                "the rows of `{name}` have a life cycle ({}), and with `bulk = true` nobody looks at each of them; \
                 leave `bulk` away",
                lifecycle.at()
            )
        } else {
            continue;
        };
        problems.push(Problem::new(ErrorCode::InvalidValue, Some(table.at.clone()), message));
    }
}
