//! Orders: datasets by `after`, tables by references, rows of one table by levels. A circle is an error that names it.

use std::collections::{BTreeSet, HashMap, HashSet};

use plimsoll_core::ErrorCode;

use crate::error::Problem;
use crate::staged::{Block, Cell, Reference, References, StagedRow, StagedTable};

/// Sorts `0..edges.len()` so that everything in `edges[n]` comes before `n`; ties keep their order.
///
/// # Errors
/// The members of a circle, each needing the next.
pub(crate) fn topological(edges: &[Vec<usize>]) -> Result<Vec<usize>, Vec<usize>> {
    sorted(edges).map_err(|circles| circles.into_iter().next().unwrap_or_default())
}

/// The same, with circles that have no member in common.
///
/// # Errors
/// At least one circle, and of those that share nothing all.
pub(crate) fn sorted(edges: &[Vec<usize>]) -> Result<Vec<usize>, Vec<Vec<usize>>> {
    let mut waiting: Vec<usize> = edges.iter().map(|needs| needs.iter().collect::<HashSet<_>>().len()).collect();
    let mut users: Vec<Vec<usize>> = vec![Vec::new(); edges.len()];
    for (user, needs) in edges.iter().enumerate() {
        for need in needs.iter().collect::<HashSet<_>>() {
            users[*need].push(user);
        }
    }
    let mut ready: BTreeSet<usize> = (0..edges.len()).filter(|node| waiting[*node] == 0).collect();
    let mut sorted = Vec::with_capacity(edges.len());
    while let Some(node) = ready.pop_first() {
        sorted.push(node);
        for user in &users[node] {
            waiting[*user] -= 1;
            if waiting[*user] == 0 {
                ready.insert(*user);
            }
        }
    }
    if sorted.len() == edges.len() { Ok(sorted) } else { Err(circles(edges, &waiting)) }
}

/// Puts the tables into an order in which parents come before children, and adapts the references to it.
pub(crate) fn tables(
    tables: Vec<StagedTable>,
    references: &mut References,
    blocks: &[Block],
    problems: &mut Vec<Problem>,
) -> Vec<StagedTable> {
    let mut makers: HashMap<(usize, usize), &StagedRow> = HashMap::new();
    let mut edges: Vec<Vec<usize>> = vec![Vec::new(); tables.len()];
    for (index, table) in tables.iter().enumerate() {
        for row in &table.rows {
            for (_, cell) in row.cells() {
                references.tables_of(cell, &mut |reference| {
                    if let Some((target, _)) = reference.staged.filter(|(target, _)| *target != index) {
                        makers.entry((index, target)).or_insert_with(|| {
                            edges[index].push(target);
                            row
                        });
                    }
                });
            }
        }
    }
    let sorted = match topological(&with_datasets(&edges, &tables)) {
        Ok(sorted) => sorted,
        Err(circle) => {
            let names: Vec<&str> = circle.iter().map(|index| tables[*index].name.as_str()).collect();
            let next = circle[1 % circle.len()];
            let at = makers.get(&(circle[0], next)).map(|row| {
                let block = &blocks[row.block];
                block.file.location(block.offset)
            });
            let message = format!("tables refer to each other in a circle: {} -> {}", names.join(" -> "), names[0]);
            problems.push(Problem::new(ErrorCode::SeedCycle, at, message));
            return tables;
        }
    };
    let mut places = vec![0; tables.len()];
    for (place, index) in sorted.iter().enumerate() {
        places[*index] = place;
    }
    for reference in &mut references.all {
        reference.staged = reference.staged.map(|(table, row)| (places[table], row));
    }
    let mut slots: Vec<Option<StagedTable>> = tables.into_iter().map(Some).collect();
    let in_order = sorted.into_iter().filter_map(|index| {
        let mut table = slots[index].take()?;
        table.needs = edges[index].iter().map(|need| places[*need]).collect();
        Some(table)
    });
    in_order.collect()
}

/// Gives every row the level at which it can be written: after the rows of its own table that it refers to. Where rows refer to
/// each other in a circle, a reference outside of the key waits until all of them are there.
pub(crate) fn levels(tables: &mut [StagedTable], references: &References, problems: &mut Vec<Problem>) {
    for (index, table) in tables.iter_mut().enumerate() {
        defer_themselves(table, index, references);
        'all: loop {
            let edges: Vec<Vec<usize>> = table.rows.iter().map(|row| own_rows(row, index, references)).collect();
            if edges.iter().all(Vec::is_empty) {
                break;
            }
            let circles = match sorted(&edges) {
                Ok(sorted) => {
                    for row in sorted {
                        let level = edges[row].iter().map(|need| table.rows[*need].level + 1).max();
                        table.rows[row].level = level.unwrap_or(0);
                    }
                    break;
                }
                Err(circles) => circles,
            };
            for circle in circles {
                if !defer(table, index, references, &circle) {
                    problems.push(circular(table, &circle));
                    break 'all;
                }
            }
        }
    }
}

/// Lets all references of rows to themselves wait that are not part of their keys.
fn defer_themselves(table: &mut StagedTable, index: usize, references: &References) {
    for (at, row) in table.rows.iter_mut().enumerate() {
        let itself = |cell: &Cell| {
            let mut found = false;
            references.tables_of(cell, &mut |reference| found |= reference.staged == Some((index, at)));
            found
        };
        let columns = row.cells().filter(|(name, cell)| !table.key.iter().any(|key| **key == **name) && itself(cell));
        row.deferred = columns.map(|(name, _)| name.clone()).collect();
    }
}

/// Lets one reference of a circle wait. False when all of them are part of keys.
fn defer(table: &mut StagedTable, index: usize, references: &References, circle: &[usize]) -> bool {
    let members: HashSet<usize> = circle.iter().copied().collect();
    for row in circle {
        let staged = &table.rows[*row];
        let inside = |cell: &Cell| {
            let mut found = false;
            references.tables_of(cell, &mut |reference| {
                found |= reference.staged.is_some_and(|(of, row)| of == index && members.contains(&row));
            });
            found
        };
        let may = |name: &str| {
            !table.key.iter().any(|key| *key == *name) && !staged.deferred.iter().any(|deferred| **deferred == *name)
        };
        let found = staged.cells().find(|(name, cell)| may(name) && inside(cell)).map(|(name, _)| name.clone());
        if let Some(name) = found {
            table.rows[*row].deferred.push(name);
            return true;
        }
    }
    false
}

fn circular(table: &StagedTable, circle: &[usize]) -> Problem {
    let labels: Vec<String> =
        circle.iter().map(|row| crate::reconcile::show::label(&table.rows[*row].symbol)).collect();
    let message =
        format!("rows of `{}` refer to each other in a circle: {} -> {}", table.name, labels.join(" -> "), labels[0]);
    Problem::new(ErrorCode::SeedCycle, Some(table.rows[circle[0]].source.location()), message)
}

/// An order for writing that also honours foreign keys the datasets fill with plain values.
pub(crate) fn for_writing(tables: &[StagedTable], foreign: &[Vec<String>]) -> Vec<usize> {
    let by_name: HashMap<&str, usize> =
        tables.iter().enumerate().map(|(index, table)| (table.name.as_str(), index)).collect();
    // References are certain. Foreign keys between tables may run in circles that no row makes: those are left out.
    let mut edges: Vec<Vec<usize>> = tables.iter().map(|table| table.needs.clone()).collect();
    for (index, targets) in foreign.iter().enumerate() {
        for target in targets.iter().filter_map(|name| by_name.get(name.as_str()).copied()) {
            if target != index && !reaches(&edges, target, index) {
                edges[index].push(target);
            }
        }
    }
    topological(&edges).unwrap_or_else(|_| (0..tables.len()).collect())
}

/// Adds "tables of earlier datasets first" wherever references do not say otherwise.
fn with_datasets(edges: &[Vec<usize>], tables: &[StagedTable]) -> Vec<Vec<usize>> {
    let mut all = edges.to_vec();
    for (index, table) in tables.iter().enumerate() {
        for (other, earlier) in tables.iter().enumerate() {
            if earlier.rank < table.rank && !reaches(&all, other, index) {
                all[index].push(other);
            }
        }
    }
    all
}

/// Whether `from` needs `to`, directly or through others.
fn reaches(edges: &[Vec<usize>], from: usize, to: usize) -> bool {
    let mut seen = HashSet::new();
    let mut stack = vec![from];
    while let Some(node) = stack.pop() {
        if node == to {
            return true;
        }
        if seen.insert(node) {
            stack.extend(&edges[node]);
        }
    }
    false
}

fn own_rows(row: &StagedRow, table: usize, references: &References) -> Vec<usize> {
    let mut rows = Vec::new();
    for (name, cell) in row.cells() {
        let waits = row.deferred.iter().any(|deferred| deferred == name);
        if let Cell::Ref(_) = cell
            && !waits
        {
            let mut visit = |reference: &Reference| {
                rows.extend(reference.staged.filter(|(of, _)| *of == table).map(|(_, row)| row))
            };
            references.tables_of(cell, &mut visit);
        }
    }
    rows
}

/// Follows needs among the nodes that never became ready, from each of them until one repeats.
fn circles(edges: &[Vec<usize>], waiting: &[usize]) -> Vec<Vec<usize>> {
    let mut circles = Vec::new();
    // By whose walk a node was seen first, and as the how manieth.
    let mut seen: Vec<Option<(usize, usize)>> = vec![None; edges.len()];
    for start in (0..edges.len()).filter(|node| waiting[*node] > 0) {
        let mut path = Vec::new();
        let mut node = start;
        while seen[node].is_none() {
            seen[node] = Some((start, path.len()));
            path.push(node);
            match edges[node].iter().find(|need| waiting[**need] > 0) {
                Some(need) => node = *need,
                None => break,
            }
        }
        if let Some((walk, place)) = seen[node]
            && walk == start
            && !path.is_empty()
            && edges[path[path.len() - 1]].iter().find(|need| waiting[**need] > 0) == Some(&node)
        {
            circles.push(path.split_off(place));
        }
    }
    circles
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::source::{Source, SourceFile};
    use crate::staged::Missing;
    use proptest::prelude::*;
    use std::sync::Arc;

    #[test]
    fn a_circle_is_named_by_its_members_only() {
        assert_eq!(topological(&[vec![], vec![0, 3], vec![1], vec![2]]), Err(vec![1, 3, 2]));
        assert_eq!(topological(&[vec![0]]), Err(vec![0]));
    }

    #[test]
    fn all_circles_that_share_nothing_are_found_at_once() {
        let edges =
            [vec![1], vec![0], vec![1], vec![3], vec![], vec![6], vec![7], vec![5]].map(|needs: Vec<usize>| needs);
        assert_eq!(sorted(&edges), Err(vec![vec![0, 1], vec![3], vec![5, 6, 7]]));
    }

    #[test]
    fn rows_that_refer_to_themselves_or_in_pairs_take_no_longer_than_others() {
        const ROWS: usize = 60_000;
        let source = Source {
            file: Arc::new(SourceFile::new(std::path::Path::new("a.toml"), String::new())),
            offset: 0,
            document: None,
        };
        let mut references = References::default();
        let row = |at: usize, references: &mut References| {
            let other = if at.is_multiple_of(3) { at } else { at - at % 3 + 3 - at % 3 };
            let key = vec![("id".to_owned(), Cell::Value(other.into()))];
            let own = Cell::Value(at.into());
            let parent = Cell::Ref(references.intern("item", key, Missing::Error, &source, 0));
            StagedRow {
                block: 0,
                key: vec![own.clone()],
                symbol: at.into(),
                row_key: at.to_string(),
                columns: vec![(Arc::from("id"), own), (Arc::from("parent"), parent)],
                insert_only: Vec::new(),
                source: source.clone(),
                was: None,
                level: 0,
                deferred: Vec::new(),
            }
        };
        let rows: Vec<StagedRow> = (0..ROWS).map(|at| row(at, &mut references)).collect();
        let table =
            StagedTable { name: "item".to_owned(), key: vec!["id".to_owned()], rows, rank: 0, needs: Vec::new() };
        let mut tables = vec![table];
        references.connect(&tables);
        let mut problems = Vec::new();
        levels(&mut tables, &references, &mut problems);
        assert!(problems.is_empty());
        let deferred = |at: usize| tables[0].rows[at].deferred.len();
        // One in three refers to itself; of the others one of each pair waits.
        assert_eq!([deferred(0), deferred(1), deferred(2), deferred(3)], [1, 1, 0, 1]);
        assert_eq!((0..ROWS).map(deferred).sum::<usize>(), ROWS / 3 * 2);
    }

    proptest! {
        #[test]
        fn what_is_needed_comes_first(pairs in proptest::collection::vec((0usize..12, 0usize..12), 0..30)) {
            let mut edges = vec![Vec::new(); 12];
            for (a, b) in pairs {
                // Edges to smaller numbers only: no circles.
                if a > b { edges[a].push(b); }
            }
            let sorted = topological(&edges).expect("there is no circle");
            let place = |node: usize| sorted.iter().position(|other| *other == node).expect("all are there");
            for (node, needs) in edges.iter().enumerate() {
                for need in needs { prop_assert!(place(*need) < place(node)); }
            }
        }
    }
}
