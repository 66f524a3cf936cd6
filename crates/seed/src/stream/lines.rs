//! Rows of JSON, one object a line; the first one names the columns. Opening the file is `file`'s.

use std::io::BufRead;
use std::path::Path;
use std::sync::Arc;

use plimsoll_core::toml_file::nearest;
use plimsoll_core::{ErrorCode, Location};
use serde_json::{Map, Value as Json};

use crate::error::SeedError;
use crate::read::parse::record;
use crate::stream::file::{Visit, check_columns, one, unreadable};

/// The names in the first object.
pub(super) fn columns(reader: &mut dyn BufRead, shown: &Path) -> Result<Vec<String>, SeedError> {
    let mut columns = Vec::new();
    objects(reader, shown, &mut |_, object| {
        columns = object.keys().cloned().collect();
        Ok(false)
    })?;
    check_columns(&columns, shown)?;
    Ok(columns)
}

/// All rows. A column that an object leaves out is NULL.
pub(super) fn read(
    reader: &mut dyn BufRead,
    columns: &[Arc<str>],
    shown: &Path,
    visit: &mut Visit<'_>,
) -> Result<(), SeedError> {
    let mut row = vec![Json::Null; columns.len()];
    let mut number = 0;
    objects(reader, shown, &mut |line, mut object| {
        for (value, column) in row.iter_mut().zip(columns) {
            *value = object.remove(&**column).unwrap_or(Json::Null);
        }
        if let Some((unknown, _)) = object.iter().next() {
            let near = nearest(unknown, columns.iter().map(AsRef::as_ref));
            let hint = near.map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
            let message = format!("the first row has no column `{unknown}`{hint}");
            return Err(one(ErrorCode::UnknownKey, Some(at(shown, line, 1)), message));
        }
        visit(number, line, &row)?;
        number += 1;
        Ok(true)
    })
}

/// Gives every object with its line, until `visit` has enough.
fn objects(
    reader: &mut dyn BufRead,
    shown: &Path,
    visit: &mut dyn FnMut(u64, Map<String, Json>) -> Result<bool, SeedError>,
) -> Result<(), SeedError> {
    let mut read = String::new();
    let mut line = 0;
    loop {
        read.clear();
        match reader.read_line(&mut read) {
            Ok(0) => return Ok(()),
            Ok(_) => line += 1,
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                return Err(one(ErrorCode::Syntax, Some(at(shown, line + 1, 1)), "the line is not UTF-8"));
            }
            Err(error) => return Err(unreadable(shown, &error)),
        }
        let text = if line == 1 { read.trim_start_matches('\u{feff}') } else { &read };
        if text.trim().is_empty() {
            continue;
        }
        let object = match record(text) {
            Ok(Json::Object(object)) => object,
            Ok(_) => return Err(one(ErrorCode::Syntax, Some(at(shown, line, 1)), "a row is an object, `{ .. }`")),
            Err(fault) => {
                let before = text.get(..fault.offset).unwrap_or(text).chars().count();
                return Err(one(ErrorCode::Syntax, Some(at(shown, line, before + 1)), fault.message));
            }
        };
        if !visit(line, object)? {
            return Ok(());
        }
    }
}

fn at(shown: &Path, line: u64, column: usize) -> Location {
    Location {
        line: u32::try_from(line).unwrap_or(u32::MAX),
        column: u32::try_from(column.max(1)).unwrap_or(u32::MAX),
        ..Location::start_of(shown)
    }
}
