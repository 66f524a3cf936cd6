//! Levels: which rows of a table are written after others of it, and which of their references wait until all are there.

use std::sync::Arc;

use plimsoll_core::ErrorCode;

use crate::error::Problem;
use crate::staged::{Cell, References, StagedRow, StagedTable};

/// The rows of its own table that a column refers to.
struct Need {
    column: Arc<str>,
    /// A part of the key cannot be filled in later.
    fixed: bool,
    rows: Vec<usize>,
    waits: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    /// On the way to where the walk is.
    Open,
    Done,
}

/// A row on the way, and which of its references was followed last.
struct Stop {
    row: usize,
    need: usize,
    target: usize,
}

/// Gives every row the level at which it can be written: after the rows of its own table that it refers to. Where rows refer to
/// each other in a circle, a reference outside of the key waits until all of them are there.
pub(crate) fn levels(tables: &mut [StagedTable], references: &References, problems: &mut Vec<Problem>) {
    for (index, table) in tables.iter_mut().enumerate().filter(|(_, table)| table.is_nested) {
        let mut needs: Vec<Vec<Need>> =
            table.rows.iter().map(|row| needs(row, &table.key, index, references)).collect();
        match walk(&mut needs) {
            Ok(levels) => {
                for ((row, level), needs) in table.rows.iter_mut().zip(levels).zip(needs) {
                    row.level = level;
                    row.deferred = needs.into_iter().filter(|need| need.waits).map(|need| need.column).collect();
                }
            }
            Err(circle) => problems.push(circular(table, &circle)),
        }
    }
}

fn needs(row: &StagedRow, key: &[String], table: usize, references: &References) -> Vec<Need> {
    let mut needs = Vec::new();
    for (name, cell) in row.cells().filter(|(_, cell)| matches!(cell, Cell::Ref(_))) {
        let mut rows = Vec::new();
        references.tables_of(cell, &mut |reference| {
            rows.extend(reference.staged.filter(|(of, _)| *of == table).map(|(_, row)| row));
        });
        if !rows.is_empty() {
            let fixed = key.iter().any(|key| **key == **name);
            needs.push(Need { column: Arc::clone(name), fixed, rows, waits: false });
        }
    }
    needs
}

/// Follows all references, each once, and lets those wait that lead back. The last rows come first, so that it is references to
/// later rows that wait. The error is a circle of which no reference can.
fn walk(needs: &mut [Vec<Need>]) -> Result<Vec<usize>, Vec<usize>> {
    let mut states = vec![State::New; needs.len()];
    let mut levels = vec![0; needs.len()];
    let mut way: Vec<Stop> = Vec::new();
    for start in (0..needs.len()).rev() {
        if states[start] == State::New {
            states[start] = State::Open;
            way.push(Stop { row: start, need: 0, target: 0 });
        }
        while let Some(stop) = way.last_mut() {
            let row = stop.row;
            let Some(need) = needs[row].get_mut(stop.need) else {
                let above = needs[row].iter().filter(|need| !need.waits).flat_map(|need| &need.rows);
                levels[row] = above.map(|target| levels[*target] + 1).max().unwrap_or(0);
                states[row] = State::Done;
                way.pop();
                continue;
            };
            let Some(target) = need.rows.get(stop.target).copied().filter(|_| !need.waits) else {
                (stop.need, stop.target) = (stop.need + 1, 0);
                continue;
            };
            stop.target += 1;
            match states[target] {
                State::Done => {}
                State::New => {
                    states[target] = State::Open;
                    way.push(Stop { row: target, need: 0, target: 0 });
                }
                State::Open if !need.fixed => need.waits = true,
                State::Open => {
                    let from = way.iter().rposition(|stop| stop.row == target).unwrap_or_default();
                    let inside = from..way.len() - 1;
                    let Some(at) = inside.rev().find(|at| !needs[way[*at].row][way[*at].need].fixed) else {
                        return Err(way[from..].iter().map(|stop| stop.row).collect());
                    };
                    needs[way[at].row][way[at].need].waits = true;
                    // What came behind it is not on this way any more.
                    way.drain(at + 1..).for_each(|stop| states[stop.row] = State::New);
                }
            }
        }
    }
    Ok(levels)
}

fn circular(table: &StagedTable, circle: &[usize]) -> Problem {
    let first = circle.iter().enumerate().min_by_key(|(_, row)| **row).map_or(0, |(at, _)| at);
    let rows: Vec<usize> = circle[first..].iter().chain(&circle[..first]).copied().collect();
    let labels: Vec<String> = rows.iter().map(|row| table.rows[*row].symbol.label()).collect();
    let message =
        format!("rows of `{}` refer to each other in a circle: {} -> {}", table.name, labels.join(" -> "), labels[0]);
    Problem::new(ErrorCode::SeedCycle, Some(table.rows[rows[0]].source.location()), message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::source::{Source, SourceFile};
    use crate::staged::Missing;
    use crate::value::RowKey;
    use proptest::prelude::*;

    /// Rows by number, each with references to others by column. A column `id..` is a part of the key.
    fn levelled(rows: usize, refers: impl Fn(usize) -> Vec<(&'static str, usize)>) -> (StagedTable, Vec<Problem>) {
        let source = Source {
            file: Arc::new(SourceFile::new(std::path::Path::new("a.toml"), String::new())),
            offset: 0,
            document: None,
        };
        let mut references = References::default();
        let mut row = |at: usize| {
            let mut columns = vec![(Arc::from("id"), Cell::Value(at.into()))];
            for (name, other) in refers(at) {
                let key = vec![("id".to_owned(), Cell::Value(other.into()))];
                columns.push((Arc::from(name), Cell::Ref(references.intern("item", key, Missing::Error, &source, 0))));
            }
            StagedRow {
                block: 0,
                key: Box::new([0]),
                symbol: RowKey::of([("id", &at.into())]),
                row_key: at.to_string(),
                columns,
                insert_only: Vec::new(),
                source: source.clone(),
                was: None,
                level: 0,
                deferred: Vec::new(),
            }
        };
        let rows: Vec<StagedRow> = (0..rows).map(&mut row).collect();
        let key = vec!["id".to_owned(), "id_of".to_owned()];
        let mut tables =
            vec![StagedTable { name: "item".to_owned(), key, rows, rank: 0, needs: Vec::new(), is_nested: true }];
        references.connect(&tables);
        let mut problems = Vec::new();
        levels(&mut tables, &references, &mut problems);
        (tables.swap_remove(0), problems)
    }

    fn waits(table: &StagedTable, row: usize) -> Vec<&str> {
        table.rows[row].deferred.iter().map(AsRef::as_ref).collect()
    }

    const ROWS: usize = 60_000;

    #[test]
    fn rows_that_refer_to_themselves_or_in_pairs_take_no_longer_than_others() {
        let (table, problems) = levelled(ROWS, |at| {
            let other = if at.is_multiple_of(3) { at } else { at - at % 3 + 3 - at % 3 };
            vec![("parent", other)]
        });
        assert!(problems.is_empty());
        // One in three refers to itself; of the others one of each pair waits.
        assert_eq!([0, 1, 2, 3].map(|at| waits(&table, at).len()), [1, 1, 0, 1]);
        assert_eq!((0..ROWS).map(|at| waits(&table, at).len()).sum::<usize>(), ROWS / 3 * 2);
    }

    #[test]
    fn a_chain_that_is_linked_both_ways_takes_no_longer_than_others() {
        let (table, problems) = levelled(ROWS, |at| {
            let next = (at + 1 < ROWS).then_some(("next", at + 1));
            let before = (at > 0).then(|| ("prev", at - 1));
            next.into_iter().chain(before).collect()
        });
        assert!(problems.is_empty());
        assert!((0..ROWS - 1).all(|at| waits(&table, at) == ["next"] && table.rows[at].level == at));
    }

    #[test]
    fn a_part_of_the_key_never_waits() {
        let (table, problems) =
            levelled(3, |at| if at == 1 { vec![("id_of", 0)] } else { vec![("other", (at + 1) % 3)] });
        assert!(problems.is_empty());
        assert_eq!([0, 1, 2].map(|at| waits(&table, at).len()), [1, 0, 0]);
        let (_, problems) = levelled(3, |at| vec![("id_of", (at + 1) % 3)]);
        assert_eq!(problems[0].message, "rows of `item` refer to each other in a circle: 0 -> 1 -> 2 -> 0");
    }

    proptest! {
        #[test]
        fn every_row_comes_after_those_that_it_refers_to_without_waiting(
            refers in proptest::collection::vec(proptest::collection::vec(0_usize..9, 0..4), 9)
        ) {
            const NAMES: [&str; 4] = ["id_of", "b", "c", "d"];
            // Keys refer to earlier rows only: no circle is one of keys alone.
            let of = |at: usize| -> Vec<(&'static str, usize)> {
                let all = NAMES.into_iter().zip(refers[at].iter().copied());
                all.filter(|(name, other)| *name != "id_of" || *other < at).collect()
            };
            let (table, problems) = levelled(9, of);
            prop_assert!(problems.is_empty());
            for at in 0..9 {
                for (name, other) in of(at) {
                    let waiting = waits(&table, at).contains(&name);
                    prop_assert!(!(waiting && name == "id_of"));
                    prop_assert!(waiting || table.rows[other].level < table.rows[at].level);
                }
            }
        }
    }
}
