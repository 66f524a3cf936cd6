//! What only the text of a statement says on SQLite: collations, checks, generated columns, deferred keys, expressions of
//! indexes. What pragmas say is `sqlite`'s.

use std::collections::BTreeMap;

use plimsoll_core::db::Engine;

use crate::schema::text::{Piece, joined, pieces};

/// What the text of a table says beyond the pragmas. Names are in lower case.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct TableText {
    /// What is said about columns.
    pub(super) columns: BTreeMap<String, ColumnText>,
    /// Checks, with their name where they have one.
    pub(super) checks: Vec<(Option<String>, String)>,
    /// The columns of foreign keys that are deferred.
    pub(super) deferred: Vec<String>,
    /// What constraints do about conflicts, where that is said.
    pub(super) conflicts: Vec<String>,
    /// Whether numbers of deleted rows are never used again.
    pub(super) autoincrement: bool,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ColumnText {
    /// The collation.
    pub(super) collation: Option<String>,
    /// The expression of a generated column.
    pub(super) generated: Option<String>,
}

/// What the text of an index says beyond the pragmas.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct IndexText {
    /// The columns or expressions, without collations and directions.
    pub(super) parts: Vec<String>,
    /// Which rows are in it.
    pub(super) predicate: Option<String>,
}

/// Reads the text of a `CREATE TABLE`.
pub(super) fn table(sql: &str) -> TableText {
    let pieces = pieces(Engine::Sqlite, sql);
    let mut table = TableText::default();
    let Some(open) = pieces.iter().position(|piece| piece.symbol("(")) else { return table };
    for item in split(inside(&pieces[open..])) {
        let is_constraint = ["constraint", "primary", "unique", "check", "foreign"].iter().any(|word| item[0].is(word));
        let (column, rest) = if is_constraint { (None, item) } else { (Some(item[0].text.as_str()), &item[1..]) };
        table.clauses(column, rest);
    }
    table
}

/// Reads the text of a `CREATE INDEX`.
pub(super) fn index(sql: &str) -> IndexText {
    let pieces = pieces(Engine::Sqlite, sql);
    let Some(open) = pieces.iter().position(|piece| piece.symbol("(")) else { return IndexText::default() };
    let body = inside(&pieces[open..]);
    let rest = pieces.get(open + body.len() + 2..).unwrap_or_default();
    let predicate = rest.first().filter(|first| first.is("where")).map(|_| joined(&rest[1..]));
    IndexText { parts: split(body).into_iter().map(|part| joined(bare(part))).collect(), predicate }
}

impl TableText {
    /// Reads the clauses of a column or of a constraint of the table.
    fn clauses(&mut self, column: Option<&str>, item: &[Piece]) {
        let mut name = None;
        let mut keys = column.unwrap_or_default().to_owned();
        let mut constraint = "";
        let mut at = 0;
        while at < item.len() {
            let piece = &item[at];
            let next = item.get(at + 1);
            let body = if next.is_some_and(|next| next.symbol("(")) { inside(&item[at + 1..]) } else { &[] };
            if piece.symbol("(") {
                // The columns of a constraint, the size of a type, a default.
                let listed = inside(&item[at..]);
                if column.is_none() && keys.is_empty() {
                    keys = joined(listed);
                }
                at += listed.len() + 2;
                continue;
            }
            if piece.is("constraint") {
                name = next.map(|next| next.text.clone());
                at += 2;
                continue;
            }
            if piece.is("check") {
                self.checks.push((name.take(), joined(body)));
                at += body.len() + 3;
                continue;
            }
            if piece.is("as") && column.is_some() {
                self.column(column).generated = Some(joined(body));
                at += body.len() + 3;
                continue;
            }
            if piece.is("collate") && column.is_some() {
                self.column(column).collation = next.map(|next| next.text.clone());
            } else if piece.is("autoincrement") {
                self.autoincrement = true;
            } else if piece.is("initially")
                && next.is_some_and(|next| next.is("deferred"))
                && is_deferrable(&item[..at])
            {
                self.deferred.push(keys.clone());
            } else if let Some(found) = ["primary", "unique", "not"].iter().find(|word| piece.is(word)) {
                constraint = found;
            } else if piece.is("conflict")
                && let Some(next) = next
            {
                self.conflicts.push(format!("{constraint} ({keys}) {}", next.text));
            }
            at += 1;
        }
    }

    fn column(&mut self, name: Option<&str>) -> &mut ColumnText {
        self.columns.entry(name.unwrap_or_default().to_owned()).or_default()
    }
}

fn is_deferrable(before: &[Piece]) -> bool {
    let [.., first, last] = before else { return false };
    last.is("deferrable") && !first.is("not")
}

/// What is between the parenthesis that the pieces begin with and the one that closes it.
fn inside(pieces: &[Piece]) -> &[Piece] {
    let mut depth = 0;
    for (at, piece) in pieces.iter().enumerate() {
        if piece.symbol("(") {
            depth += 1;
        } else if piece.symbol(")") {
            depth -= 1;
            if depth == 0 {
                return &pieces[1..at];
            }
        }
    }
    pieces.get(1..).unwrap_or_default()
}

/// The items between the commas of a list; none is empty.
fn split(list: &[Piece]) -> Vec<&[Piece]> {
    let mut depth = 0;
    let ends = |piece: &Piece| {
        depth += i32::from(piece.symbol("(")) - i32::from(piece.symbol(")"));
        depth == 0 && piece.symbol(",")
    };
    list.split(ends).filter(|item| !item.is_empty()).collect()
}

/// A part of an index without its collation and its direction, which the pragma says.
fn bare(mut part: &[Piece]) -> &[Piece] {
    while let [before @ .., last] = part {
        let collated = before.last().is_some_and(|before| before.is("collate"));
        part = match before {
            _ if last.is("asc") || last.is("desc") => before,
            [rest @ .., _] if collated => rest,
            _ => return part,
        };
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clauses_of_columns_and_tables_are_found_among_each_other() {
        let text = table(
            "CREATE TABLE t (\"Id\" INTEGER PRIMARY KEY ON CONFLICT REPLACE AUTOINCREMENT, name VARCHAR(10, 2) DEFAULT (1 + 2) \
             CONSTRAINT named CHECK (length(name) IN (1, 2)) COLLATE NOCASE, twice AS (id * (2)) STORED, \
             p INT REFERENCES p(id) DEFERRABLE INITIALLY DEFERRED, q INT REFERENCES p NOT DEFERRABLE INITIALLY DEFERRED, \
             CHECK (id > 0), FOREIGN KEY (p, q) REFERENCES r(a, b) DEFERRABLE INITIALLY DEFERRED, UNIQUE (p) ON CONFLICT IGNORE)",
        );
        let checks = [(Some("named".to_owned()), "length(name) in(1, 2)".to_owned()), (None, "id > 0".to_owned())];
        assert_eq!(text.checks, checks);
        assert_eq!(text.columns["name"].collation.as_deref(), Some("nocase"));
        assert_eq!(text.columns["twice"].generated.as_deref(), Some("id * (2)"));
        assert_eq!(text.deferred, ["p", "p, q"]);
        assert_eq!(text.conflicts, ["primary (id) replace", "unique (p) ignore"]);
        assert!(text.autoincrement);
    }

    #[test]
    fn the_parts_and_the_predicate_of_an_index_are_found() {
        let text = index("CREATE INDEX \"i\" ON t (lower( name ) COLLATE nocase DESC, [b] asc) WHERE b IS NOT NULL");
        assert_eq!(text.parts, ["lower(name)", "b"]);
        assert_eq!(text.predicate.as_deref(), Some("b is not null"));
    }
}
