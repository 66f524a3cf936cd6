//! Files with both directions in sections: dbmate's and goose's. Which statements a section holds is `split`'s to find.

use std::path::Path;

use plimsoll_core::Location;

use super::{Down, Layout, Migration, name, says_nothing, without_mark};
use crate::error::{Problem, ProblemKind};

/// What a marker line says.
#[derive(Debug, PartialEq, Eq)]
enum Marker<'a> {
    /// A direction begins; dbmate writes options behind it.
    Up(&'a str),
    Down(&'a str),
    /// goose: the whole file runs without a transaction.
    NoTransaction,
    /// goose: one statement, whatever semicolons it holds.
    StatementBegin,
    StatementEnd,
    /// goose: values of the environment are put into the text.
    Substitution,
    /// Something of the tool's that is not known here.
    Unknown,
}

/// A direction of a file, with a line for each line of the file up to its end.
#[derive(Default)]
struct Section {
    sql: String,
    transaction: Option<bool>,
}

/// The layout whose markers a text has.
pub(super) fn layout(text: &str) -> Option<Layout> {
    let up = |layout| without_mark(text).lines().any(|line| matches!(marker(layout, line), Some(Marker::Up(_))));
    [Layout::Dbmate, Layout::Goose].into_iter().find(|layout| up(*layout))
}

/// Reads a file with sections.
pub(super) fn read(layout: Layout, file: &Path, stem: &str, bytes: &[u8], text: &str) -> Result<Migration, Problem> {
    let version = name::leading_digits(stem).ok_or_else(|| name::problem(file))?;
    let (up, down) = cut(layout, file, without_mark(text))?;
    let mut migration = Migration::new(version, stem, file.to_owned(), bytes, &up.sql);
    migration.declared_transaction = migration.declared_transaction.or(up.transaction);
    migration.down = down.filter(|down| !says_nothing(&down.sql)).map(|section| {
        let mut down = Down::new(file.to_owned(), &section.sql);
        down.declared_transaction = down.declared_transaction.or(section.transaction);
        down
    });
    Ok(migration)
}

/// Cuts a text into its directions.
fn cut(layout: Layout, file: &Path, text: &str) -> Result<(Section, Option<Section>), Problem> {
    let (mut up, mut down): (Option<Section>, Option<Section>) = (None, None);
    let mut before = String::new();
    let (mut transaction, mut statement) = (None, None);
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let refuse =
            |message: String| Problem::new(ProblemKind::Layout, message).at(Location::of_offset(file, text, offset));
        let end = if line.ends_with('\n') { "\n" } else { "" };
        let mut kept = end.to_owned();
        match marker(layout, line) {
            Some(Marker::Up(_)) if up.is_some() => return Err(refuse(several(layout, "up"))),
            Some(Marker::Down(_)) if down.is_some() => return Err(refuse(several(layout, "down"))),
            Some(Marker::Down(_)) if up.is_none() => {
                return Err(refuse("the section that takes back comes before the one that applies".to_owned()));
            }
            Some(Marker::Up(options)) => {
                up = Some(Section { sql: before.clone(), transaction: options_of(options).map_err(refuse)? });
            }
            Some(Marker::Down(options)) => {
                down = Some(Section { sql: before.clone(), transaction: options_of(options).map_err(refuse)? });
            }
            Some(Marker::NoTransaction) => transaction = Some(false),
            Some(Marker::StatementBegin) if statement.is_none() => statement = Some(offset),
            Some(Marker::StatementEnd) if statement.is_some() => {
                statement = None;
                // The statement may lack a semicolon of its own.
                kept = format!(";{end}");
            }
            Some(Marker::StatementBegin | Marker::StatementEnd) => {
                return Err(refuse("`StatementBegin` and `StatementEnd` do not come in pairs".to_owned()));
            }
            Some(Marker::Substitution) => {
                let message = "goose would put values of the environment in here, Plimsoll does not: write the values";
                return Err(refuse(message.to_owned()));
            }
            Some(Marker::Unknown) => return Err(refuse(format!("`{}` is not understood", line.trim()))),
            None if up.is_none() && !is_comment(line) => {
                return Err(refuse("SQL before the first section, which belongs to neither direction".to_owned()));
            }
            None => kept = line.to_owned(),
        }
        // Lines stay where they are in the file, so that errors find them.
        before.push_str(end);
        match (&mut up, &mut down) {
            (_, Some(section)) | (Some(section), None) => section.sql.push_str(&kept),
            (None, None) => {}
        }
        offset += line.len();
    }
    if let Some(begun) = statement {
        let message = "`StatementBegin` without a `StatementEnd`".to_owned();
        return Err(Problem::new(ProblemKind::Layout, message).at(Location::of_offset(file, text, begun)));
    }
    for section in [&mut up, &mut down].into_iter().flatten() {
        section.transaction = section.transaction.or(transaction);
    }
    Ok((up.unwrap_or_default(), down))
}

fn marker(layout: Layout, line: &str) -> Option<Marker<'_>> {
    // Both tools want them at the very beginning of a line.
    let text = line.strip_prefix("--")?.trim();
    match layout {
        Layout::Dbmate => {
            let (word, options) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
            match word {
                "migrate:up" => Some(Marker::Up(options)),
                "migrate:down" => Some(Marker::Down(options)),
                _ => None,
            }
        }
        Layout::Goose => {
            let words: Vec<_> = text.split_whitespace().map(str::to_ascii_lowercase).collect();
            let words: Vec<_> = words.iter().map(String::as_str).collect();
            match words.as_slice() {
                ["+goose", "up"] => Some(Marker::Up("")),
                ["+goose", "down"] => Some(Marker::Down("")),
                ["+goose", "no", "transaction"] => Some(Marker::NoTransaction),
                ["+goose", "statementbegin"] => Some(Marker::StatementBegin),
                ["+goose", "statementend"] => Some(Marker::StatementEnd),
                ["+goose", "envsub" | "envsubst", "on"] => Some(Marker::Substitution),
                ["+goose", "envsub" | "envsubst", "off"] => None,
                ["+goose", ..] => Some(Marker::Unknown),
                _ => None,
            }
        }
        _ => None,
    }
}

/// dbmate's options of a section.
fn options_of(options: &str) -> Result<Option<bool>, String> {
    let mut transaction = None;
    for option in options.split_whitespace() {
        match option {
            "transaction:false" => transaction = Some(false),
            "transaction:true" => transaction = Some(true),
            other => return Err(format!("`{other}` is no option of a section that is known here")),
        }
    }
    Ok(transaction)
}

fn several(layout: Layout, direction: &str) -> String {
    let marker = if layout == Layout::Goose { "+goose" } else { "migrate" };
    format!("a second section for `{direction}` of `{marker}`: make it a migration of its own")
}

fn is_comment(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with("--")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(layout: Layout, text: &str) -> Result<Migration, Problem> {
        super::read(layout, Path::new("1_a.sql"), "1_a", text.as_bytes(), text)
    }

    fn refused(layout: Layout, text: &str) -> String {
        let problem = read(layout, text).expect_err("is refused");
        format!("{} {problem}", problem.location.as_ref().expect("has a place"))
    }

    #[test]
    fn dbmates_sections_keep_their_lines_and_have_options_of_their_own() {
        let text = "-- why\r\n-- migrate:up transaction:false\nSELECT 1;\n--migrate:down\nSELECT 2;\n";
        let migration = read(Layout::Dbmate, text).expect("is read");
        assert_eq!((migration.sql.as_str(), migration.declared_transaction), ("\n\nSELECT 1;\n", Some(false)));
        let down = migration.down.expect("has a section to take back");
        assert_eq!((down.sql.as_str(), down.declared_transaction), ("\n\n\n\nSELECT 2;\n", None));
        assert!(read(Layout::Dbmate, "-- migrate:up\nSELECT 1;\n-- migrate:down\n").expect("is read").down.is_none());
    }

    #[test]
    fn dbmates_mistakes_are_named_with_their_line() {
        let before = "SELECT 0;\n-- migrate:up\n-- migrate:down\n";
        assert!(refused(Layout::Dbmate, before).starts_with("1_a.sql:1:1 SQL before the first section"));
        assert!(refused(Layout::Dbmate, "-- migrate:up\n-- migrate:up").starts_with("1_a.sql:2:1 a second section"));
        assert!(refused(Layout::Dbmate, "-- migrate:down\n-- migrate:up").starts_with("1_a.sql:1:1 the section that"));
        assert!(refused(Layout::Dbmate, "-- migrate:up env:x").contains("`env:x` is no option"));
    }

    #[test]
    fn gooses_statements_end_where_it_says() {
        let text = "-- +goose NO TRANSACTION\n-- +goose up\n-- +goose StatementBegin\nSELECT 1\n-- +goose StatementEnd\nSELECT 2;\n-- +goose Down\nSELECT 3;";
        let migration = read(Layout::Goose, text).expect("is read");
        assert_eq!(migration.sql, "\n\n\nSELECT 1\n;\nSELECT 2;\n");
        let down = migration.down.expect("takes back");
        assert_eq!((migration.declared_transaction, down.declared_transaction), (Some(false), Some(false)));
        assert_eq!(down.sql.trim_start(), "SELECT 3;");
    }

    #[test]
    fn gooses_substitution_and_unpaired_markers_are_refused() {
        assert!(refused(Layout::Goose, "-- +goose Up\n-- +goose ENVSUB ON\n").starts_with("1_a.sql:2:1 goose would"));
        let open = "-- +goose Up\n-- +goose StatementBegin\nSELECT 1;";
        assert_eq!(refused(Layout::Goose, open), "1_a.sql:2:1 `StatementBegin` without a `StatementEnd`");
        assert!(refused(Layout::Goose, "-- +goose Up\n-- +goose StatementEnd").contains("do not come in pairs"));
        assert!(refused(Layout::Goose, "-- +goose Up\n-- +goose Sideways").contains("is not understood"));
    }

    #[test]
    fn a_layout_is_known_by_its_first_marker() {
        assert_eq!(layout("\u{feff}-- migrate:up\nSELECT 1"), Some(Layout::Dbmate));
        assert_eq!(layout("SELECT 1;\n-- +goose up"), Some(Layout::Goose));
        assert_eq!(layout("SELECT '-- migrate:up'"), None);
    }
}
