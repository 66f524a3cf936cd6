//! What can be said of a block before anything is read or evaluated. What its expressions mean is `map`'s.

use std::sync::Arc;

use plimsoll_core::ErrorCode;
use plimsoll_core::toml_file::nearest;

use crate::error::Problem;
use crate::read::SeedOptions;
use crate::read::model::{Documents, Mode, TableBlock};
use crate::read::source::SourceFile;
use crate::staged::Block;

/// Reports everything that is wrong with a block itself.
pub(crate) fn block(
    block: &TableBlock,
    file: &Arc<SourceFile>,
    options: &SeedOptions,
    may_insert: &[&str],
    earlier: &[Block],
    problems: &mut Vec<Problem>,
) {
    let name = block.name.get_ref();
    let at = block.name.span().start;
    let mut report = |offset: usize, code: ErrorCode, message: String| {
        problems.push(Problem::new(code, Some(file.location(offset)), message));
    };
    if options.user_data.contains(name) {
        if !may_insert.contains(&name.as_str()) {
            report(at, ErrorCode::UserDataTarget, format!("`{name}` holds user data and is not seeded"));
        } else if block.mode != Mode::Insert {
            let message = format!("`{name}` holds user data, so its rows may only be added: mode = \"insert\"");
            report(at, ErrorCode::UserDataTarget, message);
        }
    }
    let key = block.key.get_ref();
    let key_at = block.key.span().start;
    if key.is_empty() {
        report(key_at, ErrorCode::InvalidValue, format!("`{name}` needs at least one key column"));
    }
    for (position, column) in key.iter().enumerate().filter(|(position, column)| key[..*position].contains(column)) {
        let message = format!("the key names `{column}` twice, at {} and before", position + 1);
        report(key_at, ErrorCode::InvalidValue, message);
    }
    for column in block.secret.iter().filter(|column| key.contains(column.get_ref())) {
        let message =
            format!("`{}` is part of the key, which is shown everywhere, and cannot be secret", column.get_ref());
        report(column.span().start, ErrorCode::InvalidValue, message);
    }
    // Where the rows of very large tables come from is told when their file is opened.
    for message in if block.bulk { Vec::new() } else { origin(block) } {
        report(at, ErrorCode::InvalidValue, message);
    }
    let columns = || block.columns.0.iter().map(|(column, _)| column.as_str());
    if !block.columns.0.is_empty() && block.rows.is_none() && !block.bulk {
        for missing in key.iter().filter(|column| !columns().any(|name| name == column.as_str())) {
            let hint = nearest(missing, columns()).map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
            let message = format!("the key column `{missing}` is not among the columns{hint}");
            report(key_at, ErrorCode::InvalidValue, message);
        }
    }
    for (column, value) in block.insert_only.0.iter().filter(|(column, _)| columns().any(|name| name == column)) {
        let message = format!("`{column}` is both among `columns` and `insert_only`, it can be one of them");
        report(value.span().start, ErrorCode::InvalidValue, message);
    }
    if let Some(other) = earlier.iter().find(|other| other.table == *name && other.key != *key) {
        let place = other.file.location(other.offset);
        report(key_at, ErrorCode::InvalidValue, format!("`{name}` has another key at {place}, a table has one"));
    }
}

/// Whether a row is gone can only be said where all blocks of a dataset for a table mean the same.
pub(crate) fn mode(
    block: &TableBlock,
    file: &Arc<SourceFile>,
    dataset: usize,
    earlier: &[Block],
    problems: &mut Vec<Problem>,
) {
    let name = block.name.get_ref();
    let other =
        earlier.iter().find(|other| other.table == *name && other.dataset == dataset && other.mode != block.mode);
    if let Some(other) = other.filter(|other| [other.mode, block.mode].contains(&Mode::Sync)) {
        let place = other.file.location(other.offset);
        let message = format!(
            "`{name}` has another mode at {place}; with mode = \"sync\" all blocks of a dataset for a table have it"
        );
        let at = file.location(block.name.span().start);
        problems.push(Problem::new(ErrorCode::InvalidValue, Some(at), message));
    }
    let declared = |column: &str| match &block.rows {
        Some(rows) => rows.iter().any(|row| row.get_ref().0.iter().any(|(name, _)| name == column)),
        None => block.columns.0.iter().any(|(name, _)| name == column),
    };
    let takes_fields = block.rows.is_none() && block.columns.0.is_empty();
    if takes_fields || block.rows.as_ref().is_some_and(Vec::is_empty) {
        return;
    }
    for column in block.on_edit.columns().filter(|column| !declared(column)) {
        let message = format!("`on_edit` names `{column}`, which is not among the columns of `{name}`");
        let at = file.location(block.name.span().start);
        problems.push(Problem::new(ErrorCode::InvalidValue, Some(at), message));
    }
}

/// Reports a `[documents]` that names neither files nor a source, or both.
pub(crate) fn documents(documents: &Documents, file: &Arc<SourceFile>, problems: &mut Vec<Problem>) {
    let (message, at) = match (&documents.files, &documents.source) {
        (Some(_), None) | (None, Some(_)) => return,
        (Some(_), Some(source)) => {
            ("`files` and `source` are two ways to have documents, choose one", source.span().start)
        }
        (None, None) => {
            let at = file.text.find("[documents]").unwrap_or(0);
            ("`[documents]` needs `files`, a pattern such as \"specs/*.json\"", at)
        }
    };
    problems.push(Problem::new(ErrorCode::InvalidValue, Some(file.location(at)), message));
}

/// What is wrong with where the rows of a block come from.
fn origin(block: &TableBlock) -> Vec<String> {
    let name = block.name.get_ref();
    let computed = !block.columns.0.is_empty();
    let ways: Vec<&str> =
        [("rows", block.rows.is_some()), ("file", block.file.is_some()), ("source", block.source.is_some())]
            .into_iter()
            .filter_map(|(way, used)| used.then_some(way))
            .collect();
    let mut found = Vec::new();
    if ways.len() > 1 {
        found.push(format!("`{}` are different ways to have rows, a table has one", ways.join("`, `")));
    }
    if ways.is_empty() && !computed {
        found.push(format!("`{name}` has neither `columns`, `rows` nor `file`"));
    }
    let is_loop = block.each.is_some();
    if block.rows.is_some() && (is_loop || block.when.is_some() || computed || !block.lets.0.is_empty()) {
        found.push("`rows` are literal and stand in place of `columns`, `each`, `let` and `when`".to_owned());
    } else if is_loop && !computed && !ways.is_empty() {
        found.push("`each` makes several rows of a record, so it needs `columns` that say which".to_owned());
    }
    let reads = block.file.is_some() || block.source.is_some();
    for (option, used) in [("format", block.format.is_some()), ("schema", block.schema.is_some())] {
        if used && !reads {
            found.push(format!("`{option}` says something about `file`, which `{name}` does not have"));
        }
    }
    found
}
