//! Generated tables of a project that are small enough to be held: their rows are staged like declared ones. Those that are
//! not are `stream`'s.

use std::sync::Arc;

use plimsoll_core::{ErrorCode, template};
use serde_json::{Map, Value as Json};

use crate::error::{Problem, SeedError};
use crate::generate::Declared;
use crate::generate::block::GenerateBlock;
use crate::generate::compile::compile;
use crate::generate::hash::VERSION;
use crate::generate::model::Model;
use crate::generate::rows::Generated;
use crate::map::Staging;
use crate::map::explain::explain;
use crate::read::source::{Source, SourceFile};
use crate::staged::{Block, Cell, StagedRow};
use crate::stream::{BulkTable, RowSource};
use crate::value::{RowKey, canonical_text, hash};

/// A `[[generate]]` block of a dataset, with its place among the blocks of all datasets.
pub(crate) struct Found {
    pub(crate) index: usize,
    pub(crate) file: Arc<SourceFile>,
    pub(crate) offset: usize,
    pub(crate) seed: u64,
    pub(crate) block: GenerateBlock,
}

/// Compiles the blocks: one source of rows for each, in their order. Nothing when any of them is wrong.
pub(crate) fn sources(
    found: &[Found],
    names: &minijinja::Value,
    profile: Option<&str>,
    problems: &mut Vec<Problem>,
) -> Vec<Generated> {
    let declared: Vec<Declared<'_>> = found
        .iter()
        .map(|one| Declared { block: &one.block, file: Arc::clone(&one.file), offset: one.offset, seed: one.seed })
        .collect();
    let Some(model) = compile(&declared, names, profile, problems) else { return Vec::new() };
    let model = Arc::new(model);
    let fingerprint = fingerprint(&model);
    (0..model.tables.len()).map(|table| Generated::new(Arc::clone(&model), table, fingerprint.clone())).collect()
}

/// Whether a block says that its rows are too many to be held at once.
pub(crate) fn is_bulk(found: &Found, names: &minijinja::Value, problems: &mut Vec<Problem>) -> bool {
    let Some(bulk) = &found.block.bulk else { return false };
    let at = || Some(found.file.location(bulk.span().start));
    let text = match bulk.get_ref() {
        toml::Value::String(text) => match template::render(&template::environment(), text, names) {
            Ok(text) => text,
            Err(error) => {
                problems.push(Problem::new(ErrorCode::Template, at(), explain(&error, text)));
                return false;
            }
        },
        other => other.to_string(),
    };
    match text.trim().to_ascii_lowercase().as_str() {
        "true" if !found.block.insert_only.0.is_empty() => {
            let message = "`insert_only` has no meaning with `bulk`: name the columns among `columns`".to_owned();
            problems.push(Problem::new(ErrorCode::InvalidValue, at(), message));
            false
        }
        "true" => true,
        "false" => false,
        _ => {
            let message = format!("`bulk` is true or false, or a template of one of them, found `{text}`");
            problems.push(Problem::new(ErrorCode::InvalidValue, at(), message));
            false
        }
    }
}

/// The rows of a block as a table that is streamed.
pub(crate) fn bulk(found: &Found, rows: Generated, block: &Block) -> BulkTable {
    BulkTable {
        name: block.table.clone(),
        key: block.key.clone(),
        dataset: block.dataset,
        at: rows.place(0),
        source: Arc::new(rows),
        mode: block.mode,
        on_edit: found.block.on_edit.clone(),
    }
}

/// Stages all rows of a block.
pub(crate) fn stage(found: &Found, rows: &Generated, staging: &mut Staging) {
    let source = Source { file: Arc::clone(&found.file), offset: found.offset, document: None };
    let names = rows.columns().to_vec();
    let written = found.block.columns.0.len();
    let key: Box<[usize]> = found
        .block
        .key
        .get_ref()
        .iter()
        .filter_map(|column| names.iter().position(|name| **name == **column))
        .collect();
    let staged = rows.each(&mut |values| {
        let mut symbol = Map::new();
        for column in &*key {
            if values[*column].is_null() {
                let message = format!("key column `{}` is NULL, so the row could not be found again", names[*column]);
                return Err(SeedError::Problems {
                    problems: vec![source.problem(ErrorCode::SeedValue, source.offset, message)],
                });
            }
            symbol.insert(names[*column].to_string(), values[*column].clone());
        }
        let symbol = Json::Object(symbol);
        let mut columns: Vec<(Arc<str>, Cell)> =
            names.iter().zip(values).map(|(name, value)| (Arc::clone(name), Cell::Value(value.clone()))).collect();
        let insert_only = columns.split_off(written);
        staging.rows.push(StagedRow {
            block: found.index,
            key: key.clone(),
            row_key: hash(&canonical_text(&symbol)),
            symbol: RowKey::from(&symbol),
            columns,
            insert_only,
            source: source.clone(),
            level: 0,
            was: None,
            deferred: Vec::new(),
        });
        Ok(())
    });
    if let Err(SeedError::Problems { mut problems }) = staged {
        staging.problems.append(&mut problems);
    }
}

/// Of everything that rows depend on. An equal one means equal rows; one that differs means nothing.
fn fingerprint(model: &Model) -> String {
    let mut text = format!("{VERSION} {:?}", model.profiles);
    for table in &model.tables {
        text.push_str(&format!("\n{} {:?} {:?} {:?}", table.name, table.parent, table.rows, table.when));
        // Which of the slots are written.
        text.push_str(&format!(" {:?} {:?}", table.columns, table.insert_only));
        for slot in &table.slots {
            text.push_str(&format!("\n{} {:?} {:?}", slot.name, slot.key, slot.expression));
        }
    }
    hash(&text)
}
