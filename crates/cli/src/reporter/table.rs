//! Rows as a table for people and as comma-separated values. Where the rows come from is the commands'.

use std::fmt::Write as _;

use plimsoll_core::inspect::{Answer, Cell};

/// How much of a value is shown in a table.
const WIDEST: usize = 80;

/// A table with its columns side by side, numbers at the right.
pub(crate) fn table(columns: &[String], rows: &[Vec<String>], numbers: &[bool]) -> String {
    let count = columns.len().max(rows.iter().map(Vec::len).max().unwrap_or(0));
    let all = || std::iter::once(columns).chain(rows.iter().map(Vec::as_slice));
    let width =
        |index: usize| all().filter_map(|row| row.get(index)).map(|cell| cell.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count).map(width).collect();
    let mut text = String::new();
    for row in all().filter(|row| !row.is_empty()) {
        let cells = row.iter().enumerate().map(|(index, cell)| match (numbers.get(index), widths[index]) {
            (Some(true), width) => format!("{cell:>width$}"),
            (_, width) => format!("{cell:<width$}"),
        });
        let line = cells.collect::<Vec<_>>().join("  ");
        writeln!(text, "{}", line.trim_end()).expect("a string takes every line");
    }
    text
}

/// An answer as a table. NULL is `NULL`, an empty text is `''`.
pub(crate) fn answer(answer: &Answer) -> String {
    let numbers: Vec<bool> = (0..answer.columns.len())
        .map(|index| answer.rows.iter().filter_map(|row| row.get(index)).any(Cell::is_number))
        .collect();
    let rows: Vec<Vec<String>> = answer.rows.iter().map(|row| row.iter().map(shown).collect()).collect();
    let columns: Vec<String> = answer.columns.iter().map(|name| printable(name)).collect();
    let mut text = table(&columns, &rows, &numbers);
    let (count, more) = (rows.len(), if answer.more { ", and there are more" } else { "" });
    let word = if count == 1 { "row" } else { "rows" };
    writeln!(text, "({count} {word}{more})").expect("a string takes every line");
    text
}

/// An answer as comma-separated values, by RFC 4180.
pub(crate) fn csv(answer: &Answer) -> String {
    let mut text = String::new();
    let mut line = |cells: Vec<String>| {
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    };
    line(answer.columns.iter().map(|name| quoted(name)).collect());
    for row in &answer.rows {
        line(row.iter().map(|cell| cell.text().map(|text| quoted(&text)).unwrap_or_default()).collect());
    }
    text
}

fn shown(cell: &Cell) -> String {
    match cell.text() {
        None => "NULL".to_owned(),
        Some(text) if text.is_empty() => "''".to_owned(),
        Some(text) => printable(&text),
    }
}

/// In one line, without what a terminal would obey.
fn printable(text: &str) -> String {
    let mut shown = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == WIDEST {
            shown.push_str(" ..");
            break;
        }
        match c {
            '\n' => shown.push_str("\\n"),
            c if c.is_control() => shown.extend(c.escape_default()),
            c => shown.push(c),
        }
    }
    shown
}

/// A line without what a terminal would obey.
pub(crate) fn harmless(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    for c in line.chars() {
        match c {
            c if c.is_control() && c != '\t' => shown.extend(c.escape_default()),
            c => shown.push(c),
        }
    }
    shown
}

fn quoted(text: &str) -> String {
    let plain = !text.is_empty() && !text.contains([',', '"', '\r', '\n']) && text.trim() == text;
    if plain { text.to_owned() } else { format!("\"{}\"", text.replace('"', "\"\"")) }
}

#[cfg(test)]
mod tests {
    use plimsoll_core::db::Value;

    use super::*;

    fn an_answer() -> Answer {
        let row = |id, text: Value| vec![Cell::Plain(Value::Int(id)), Cell::Plain(text)];
        let rows = vec![
            row(1, Value::Null),
            row(20, Value::from("")),
            row(3, Value::from("two\nlines, \"quoted\" \u{1b}[31m")),
            row(4, Value::Bytes(vec![0, 255])),
        ];
        Answer { columns: vec!["id".to_owned(), "note".to_owned()], rows, more: true }
    }

    #[test]
    fn nothing_an_empty_text_and_bytes_look_different_in_a_table() {
        let expected = "id  note\n 1  NULL\n20  ''\n 3  two\\nlines, \"quoted\" \\u{1b}[31m\n 4  \\x00ff\n\
                        (4 rows, and there are more)\n";
        assert_eq!(answer(&an_answer()), expected);
    }

    #[test]
    fn nothing_and_an_empty_text_differ_in_comma_separated_values() {
        let expected = "id,note\r\n1,\r\n20,\"\"\r\n3,\"two\nlines, \"\"quoted\"\" \u{1b}[31m\"\r\n4,\\x00ff\r\n";
        assert_eq!(csv(&an_answer()), expected);
    }
}
