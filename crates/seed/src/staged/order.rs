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
    if sorted.len() == edges.len() { Ok(sorted) } else { Err(circle(edges, &waiting)) }
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
        loop {
            let edges: Vec<Vec<usize>> = table.rows.iter().map(|row| own_rows(row, index, references)).collect();
            if edges.iter().all(Vec::is_empty) {
                break;
            }
            match topological(&edges) {
                Ok(sorted) => {
                    for row in sorted {
                        let level = edges[row].iter().map(|need| table.rows[*need].level + 1).max();
                        table.rows[row].level = level.unwrap_or(0);
                    }
                    break;
                }
                Err(circle) if defer(table, index, references, &circle) => {}
                Err(circle) => {
                    problems.push(circular(table, &circle));
                    break;
                }
            }
        }
    }
}

/// Lets one reference of a circle wait. False when all of them are part of keys.
fn defer(table: &mut StagedTable, index: usize, references: &References, circle: &[usize]) -> bool {
    for row in circle {
        let staged = &table.rows[*row];
        let inside = |cell: &Cell| {
            let mut found = false;
            references.tables_of(cell, &mut |reference| {
                found |= reference.staged.is_some_and(|(of, row)| of == index && circle.contains(&row));
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

/// Follows needs among the nodes that never became ready until one repeats.
fn circle(edges: &[Vec<usize>], waiting: &[usize]) -> Vec<usize> {
    let mut path = Vec::new();
    let Some(mut node) = waiting.iter().position(|count| *count > 0) else { return path };
    loop {
        if let Some(start) = path.iter().position(|seen| *seen == node) {
            return path.split_off(start);
        }
        path.push(node);
        match edges[node].iter().find(|need| waiting[**need] > 0) {
            Some(need) => node = *need,
            None => return path,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_circle_is_named_by_its_members_only() {
        assert_eq!(topological(&[vec![], vec![0, 3], vec![1], vec![2]]), Err(vec![1, 3, 2]));
        assert_eq!(topological(&[vec![0]]), Err(vec![0]));
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
