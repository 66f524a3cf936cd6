//! Rows of CSV: the first line names the columns, an empty field is NULL. Opening the file is `file`'s.

use std::io::BufRead;
use std::path::Path;

use csv::{ErrorKind, ReaderBuilder, StringRecord};
use plimsoll_core::{ErrorCode, Location};
use serde_json::Value as Json;

use crate::error::SeedError;
use crate::stream::file::{Visit, check_columns, one, unreadable};

/// The names in the first line.
pub(super) fn columns(reader: &mut dyn BufRead, delimiter: u8, shown: &Path) -> Result<Vec<String>, SeedError> {
    let mut reader = ReaderBuilder::new().delimiter(delimiter).from_reader(reader);
    let header = reader.headers().map_err(|error| broken(&error, shown))?;
    let columns: Vec<String> =
        header.iter().map(|name| name.trim_start_matches('\u{feff}').trim().to_owned()).collect();
    check_columns(&columns, shown)?;
    Ok(columns)
}

/// All rows, in one set of values that is used again and again.
pub(super) fn read(
    reader: &mut dyn BufRead,
    delimiter: u8,
    shown: &Path,
    visit: &mut Visit<'_>,
) -> Result<(), SeedError> {
    let mut reader = ReaderBuilder::new().delimiter(delimiter).from_reader(reader);
    let mut record = StringRecord::new();
    let mut row: Vec<Json> = Vec::new();
    let mut number = 0;
    while reader.read_record(&mut record).map_err(|error| broken(&error, shown))? {
        row.resize(record.len(), Json::Null);
        for (value, field) in row.iter_mut().zip(&record) {
            match value {
                value if field.is_empty() => *value = Json::Null,
                Json::String(text) => field.clone_into(text),
                value => *value = Json::String(field.to_owned()),
            }
        }
        visit(number, line(&record, reader.position().line()), &row)?;
        number += 1;
    }
    Ok(())
}

/// Where a record begins: its own place is before the empty lines above it.
fn line(record: &StringRecord, next: u64) -> u64 {
    let own = record.position().map_or(0, csv::Position::line);
    if own + 1 == next {
        return own;
    }
    let inside = record.iter().map(|field| field.matches('\n').count()).sum::<usize>();
    let begun = next.saturating_sub(1 + u64::try_from(inside).unwrap_or(u64::MAX));
    own.max(begun)
}

fn broken(error: &csv::Error, shown: &Path) -> SeedError {
    let line = error.position().map_or(1, csv::Position::line);
    let at = Location { line: u32::try_from(line).unwrap_or(u32::MAX), ..Location::start_of(shown) };
    let message = match error.kind() {
        ErrorKind::Io(error) => return unreadable(shown, error),
        ErrorKind::UnequalLengths { expected_len, len, .. } => {
            let plural = if *len == 1 { "" } else { "s" };
            format!("{len} field{plural} where the first line names {expected_len} columns")
        }
        ErrorKind::Utf8 { .. } => "the line is not UTF-8".to_owned(),
        _ => format!("broken CSV: {error}"),
    };
    one(ErrorCode::Syntax, Some(at), message)
}
