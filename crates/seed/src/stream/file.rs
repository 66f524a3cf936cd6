//! Files of rows that are read again and again and never held: how they are opened, and what tells that one changed meanwhile.
//! What a line means is the formats'.

use std::fs::File;
use std::hash::Hasher;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use plimsoll_core::{ErrorCode, Location};
use serde_json::Value as Json;
use siphasher::sip128::{Hasher128, SipHasher13};

use crate::error::{Problem, SeedError};
use crate::read::format::Format;
use crate::stream::{csv, lines};

/// A file of rows.
#[derive(Debug)]
pub(crate) struct RowFile {
    path: PathBuf,
    /// As people know it.
    shown: PathBuf,
    format: Format,
    columns: Vec<Arc<str>>,
    fingerprint: OnceLock<String>,
}

/// Reads on, and digests what is read.
pub(super) struct Digesting<R> {
    inner: R,
    hasher: SipHasher13,
}

/// Gives a row, counted from 0, and the line on which it begins.
pub(super) type Visit<'a> = dyn FnMut(u64, u64, &[Json]) -> Result<(), SeedError> + 'a;

impl RowFile {
    /// Opens a file and reads what its columns are. Without a format its extension tells it.
    pub(crate) fn open(path: &Path, shown: &Path, format: Option<Format>) -> Result<Self, SeedError> {
        let Some(format) = format.or_else(|| Format::of(path)).filter(|format| format.has_lines_of_records()) else {
            let message =
                format!("`{}` is none of the files that very large tables come from: csv, tsv, jsonl", shown.display());
            return Err(one(ErrorCode::InvalidValue, None, message));
        };
        let mut file = Self {
            path: path.to_owned(),
            shown: shown.to_owned(),
            format,
            columns: Vec::new(),
            fingerprint: OnceLock::new(),
        };
        let mut reader = BufReader::new(file.reader()?);
        let columns = match delimiter(format) {
            Some(delimiter) => csv::columns(&mut reader, delimiter, shown)?,
            None => lines::columns(&mut reader, shown)?,
        };
        file.columns = columns.into_iter().map(Arc::from).collect();
        Ok(file)
    }

    fn reader(&self) -> Result<File, SeedError> {
        File::open(&self.path).map_err(|error| unreadable(&self.shown, &error))
    }

    fn read(&self, mut reader: &mut dyn BufRead, visit: &mut Visit<'_>) -> Result<(), SeedError> {
        match delimiter(self.format) {
            Some(delimiter) => csv::read(&mut reader, delimiter, &self.shown, visit),
            None => lines::read(&mut reader, &self.columns, &self.shown, visit),
        }
    }
}

impl super::RowSource for RowFile {
    fn columns(&self) -> &[Arc<str>] {
        &self.columns
    }

    fn expected(&self) -> Option<u64> {
        None
    }

    fn is_text(&self) -> bool {
        delimiter(self.format).is_some()
    }

    fn each(&self, visit: &mut dyn FnMut(&[Json]) -> Result<(), SeedError>) -> Result<(), SeedError> {
        let before = self.fingerprint()?;
        let mut reader = BufReader::with_capacity(1 << 16, Digesting::new(self.reader()?));
        self.read(&mut reader, &mut |_, _, row| visit(row))?;
        // What comes after the last row, if there is anything.
        std::io::copy(&mut reader, &mut std::io::sink()).map_err(|error| unreadable(&self.shown, &error))?;
        if reader.into_inner().digest() == before {
            return Ok(());
        }
        let message = format!("`{}` changed while it was read; nothing was written, try again", self.shown.display());
        Err(one(ErrorCode::FileUnreadable, Some(Location::start_of(&self.shown)), message))
    }

    fn place(&self, row: u64) -> Location {
        let mut at = Location::start_of(&self.shown);
        // Nobody remembers the lines of millions of rows: they are read again for the few that somebody asks for.
        let Ok(reader) = self.reader() else { return at };
        let found = self.read(&mut BufReader::new(reader), &mut |number, line, _| {
            at.line = u32::try_from(line).unwrap_or(u32::MAX);
            if number == row { Err(SeedError::Problems { problems: Vec::new() }) } else { Ok(()) }
        });
        // The error only ends the reading.
        drop(found);
        at
    }

    fn fingerprint(&self) -> Result<String, SeedError> {
        if let Some(known) = self.fingerprint.get() {
            return Ok(known.clone());
        }
        let mut digesting = Digesting::new(self.reader()?);
        std::io::copy(&mut BufReader::with_capacity(1 << 16, &mut digesting), &mut std::io::sink())
            .map_err(|error| unreadable(&self.shown, &error))?;
        Ok(self.fingerprint.get_or_init(|| digesting.digest()).clone())
    }
}

impl<R> Digesting<R> {
    fn new(inner: R) -> Self {
        Self { inner, hasher: SipHasher13::new() }
    }

    fn digest(&self) -> String {
        format!("{:032x}", self.hasher.finish128().as_u128())
    }
}

impl<R: Read> Read for Digesting<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(into)?;
        self.hasher.write(&into[..count]);
        Ok(count)
    }
}

/// An error of one problem.
pub(super) fn one(code: ErrorCode, at: Option<Location>, message: impl Into<String>) -> SeedError {
    SeedError::Problems { problems: vec![Problem::new(code, at, message)] }
}

pub(super) fn unreadable(shown: &Path, error: &std::io::Error) -> SeedError {
    one(ErrorCode::FileUnreadable, None, format!("cannot read `{}`: {error}", shown.display()))
}

/// What parts the fields of a line, where they are not those of an object.
fn delimiter(format: Format) -> Option<u8> {
    match format {
        Format::Csv => Some(b','),
        Format::Tsv => Some(b'\t'),
        _ => None,
    }
}

/// Names of columns have to be there, and to be different.
pub(super) fn check_columns(columns: &[String], shown: &Path) -> Result<(), SeedError> {
    if columns.is_empty() {
        let message = "the file is empty; its first line names the columns";
        return Err(one(ErrorCode::Syntax, Some(Location::start_of(shown)), message));
    }
    let mut problems = Vec::new();
    for (position, column) in columns.iter().enumerate() {
        let message = if column.is_empty() {
            format!("column {} has no name", position + 1)
        } else if columns[..position].contains(column) {
            format!("the column `{column}` is there twice")
        } else {
            continue;
        };
        problems.push(Problem::new(ErrorCode::Syntax, Some(Location::start_of(shown)), message));
    }
    SeedError::unless_empty(problems)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::RowSource;
    use serde_json::json;

    fn file(name: &str, text: &str) -> (tempfile::TempDir, Result<RowFile, SeedError>) {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join(name);
        std::fs::write(&path, text).expect("is written");
        let opened = RowFile::open(&path, Path::new(name), None);
        (dir, opened)
    }

    fn rows(name: &str, text: &str) -> Result<Vec<Vec<Json>>, SeedError> {
        let (_dir, file) = file(name, text);
        let mut rows = Vec::new();
        file?.each(&mut |row| {
            rows.push(row.to_vec());
            Ok(())
        })?;
        Ok(rows)
    }

    fn told(error: &SeedError) -> String {
        let problem = &error.problems()[0];
        format!("{}: {problem}", problem.at.as_ref().map(ToString::to_string).unwrap_or_default())
    }

    #[test]
    fn a_csv_file_gives_texts_and_nulls_for_empty_fields() {
        let read = rows("a.csv", "sku,name\r\nA,\"one, \"\"two\"\"\"\r\nB,\r\n").expect("reads");
        assert_eq!(read, [[json!("A"), json!("one, \"two\"")], [json!("B"), Json::Null]]);
        assert_eq!(rows("a.tsv", "a\tb\n1\t2\n").expect("reads"), [[json!("1"), json!("2")]]);
    }

    #[test]
    fn a_file_of_json_lines_takes_its_columns_from_the_first() {
        let read = rows("a.jsonl", "{\"sku\":\"A\",\"n\":1.50}\n\n{\"n\":null,\"sku\":\"B\"}\n{\"sku\":\"C\"}")
            .expect("reads");
        assert_eq!(read, [[json!("A"), json!(1.5)], [json!("B"), Json::Null], [json!("C"), Json::Null]]);
    }

    #[test]
    fn a_mark_at_the_beginning_and_blanks_around_names_say_nothing() {
        assert_eq!(rows("a.jsonl", "\u{feff}{\"a\":1}\n").expect("reads"), [[json!(1)]]);
        let (_dir, opened) = file("a.csv", "\u{feff}a , b\n1, 2\n");
        let opened = opened.expect("opens");
        assert_eq!(opened.columns().iter().map(AsRef::as_ref).collect::<Vec<&str>>(), ["a", "b"]);
    }

    #[test]
    fn rows_know_their_lines_also_when_a_field_has_several() {
        let (_dir, opened) = file("a.csv", "sku,name\nA,\"one\ntwo\"\n\nB,x\n");
        let opened = opened.expect("opens");
        assert_eq!((opened.place(0).line, opened.place(1).line), (2, 5));
        let (_dir, opened) = file("a.jsonl", "{\"sku\":1}\n\n{\"sku\":2}\n");
        assert_eq!(opened.expect("opens").place(1).line, 3);
    }

    #[test]
    fn what_is_broken_is_told_with_its_line() {
        for (name, text, expected) in [
            ("a.csv", "", "a.csv:1:1: the file is empty; its first line names the columns"),
            ("a.csv", "a,,a\n", "a.csv:1:1: column 2 has no name"),
            ("a.csv", "a,a\n", "a.csv:1:1: the column `a` is there twice"),
            ("a.csv", "a,b\n1,2\n3\n", "a.csv:3:1: 1 field where the first line names 2 columns"),
            ("a.csv", "a,b\n1,2,3\n", "a.csv:2:1: 3 fields where the first line names 2 columns"),
            ("a.jsonl", "", "a.jsonl:1:1: the file is empty; its first line names the columns"),
            ("a.jsonl", "{\"a\":1}\n{\"a\":}\n", "a.jsonl:2:6: broken JSON: a value is missing"),
            (
                "a.jsonl",
                "{\"a\":1}\n{\"a\":18446744073709551616}\n",
                "a.jsonl:2:6: the number 18446744073709551616 has more digits than can be kept, write it in quotes",
            ),
            ("a.jsonl", "{\"ä\":1}\n{\"ä\":1,\"ä\":2}\n", "a.jsonl:2:8: there are two properties `ä`"),
            ("a.jsonl", "{\"a\":1}\n[1]\n", "a.jsonl:2:1: a row is an object, `{ .. }`"),
            (
                "a.jsonl",
                "{\"name\":1}\n{\"nam\":1}\n",
                "a.jsonl:2:1: the first row has no column `nam`, did you mean `name`?",
            ),
            ("a.txt", "", ": `a.txt` is none of the files that very large tables come from: csv, tsv, jsonl"),
        ] {
            assert_eq!(told(&rows(name, text).expect_err(text)), expected);
        }
    }

    #[test]
    fn a_format_that_is_named_goes_before_the_extension() {
        let (dir, _) = file("a.txt", "a\tb\n1\t2\n");
        let opened = RowFile::open(&dir.path().join("a.txt"), Path::new("a.txt"), Some(Format::Tsv)).expect("opens");
        assert_eq!(opened.columns().iter().map(AsRef::as_ref).collect::<Vec<&str>>(), ["a", "b"]);
    }

    #[test]
    fn a_file_that_changes_while_it_is_read_is_told() {
        let (dir, opened) = file("a.csv", "a\n1\n2\n");
        let opened = opened.expect("opens");
        let before = opened.fingerprint().expect("reads");
        std::fs::write(dir.path().join("a.csv"), "a\n1\n3\n").expect("is written");
        let error = opened.each(&mut |_| Ok(())).expect_err("is another file");
        assert!(told(&error).contains("changed while it was read"), "{}", told(&error));
        assert_ne!(
            RowFile::open(&dir.path().join("a.csv"), Path::new("a.csv"), None)
                .expect("opens")
                .fingerprint()
                .expect("reads"),
            before
        );
    }
}
