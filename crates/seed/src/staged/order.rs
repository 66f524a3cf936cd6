//! Orders: datasets by `after`, tables by references. A circle is an error that names it. Rows of one table are `level`'s.

use std::collections::{BTreeSet, HashMap, HashSet};

use plimsoll_core::ErrorCode;

use crate::error::Problem;
use crate::staged::{Block, References, StagedTable};

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
    mut tables: Vec<StagedTable>,
    references: &mut References,
    blocks: &[Block],
    problems: &mut Vec<Problem>,
) -> Vec<StagedTable> {
    // The block of the first row that refers from one table to another.
    let mut makers: HashMap<(usize, usize), usize> = HashMap::new();
    let mut edges: Vec<Vec<usize>> = vec![Vec::new(); tables.len()];
    let mut nested = vec![false; tables.len()];
    for (index, table) in tables.iter().enumerate() {
        for row in &table.rows {
            for (_, cell) in row.cells() {
                references.tables_of(cell, &mut |reference| {
                    nested[index] |= reference.staged.is_some_and(|(target, _)| target == index);
                    if let Some((target, _)) = reference.staged.filter(|(target, _)| *target != index) {
                        makers.entry((index, target)).or_insert_with(|| {
                            edges[index].push(target);
                            row.block
                        });
                    }
                });
            }
        }
    }
    tables.iter_mut().zip(nested).for_each(|(table, nested)| table.is_nested = nested);
    let sorted = match topological(&with_datasets(&edges, &tables)) {
        Ok(sorted) => sorted,
        Err(circle) => {
            let names: Vec<&str> = circle.iter().map(|index| tables[*index].name.as_str()).collect();
            let next = circle[1 % circle.len()];
            let at = makers.get(&(circle[0], next)).map(|block| blocks[*block].file.location(blocks[*block].offset));
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

/// An order for writing that also honours foreign keys the datasets fill with plain values.
pub(crate) fn for_writing(tables: &[StagedTable], foreign: &[Vec<String>]) -> Vec<usize> {
    let by_name: HashMap<&str, usize> =
        tables.iter().enumerate().map(|(index, table)| (table.name.as_str(), index)).collect();
    // References are certain. Foreign keys between tables may run in circles that no row makes: those are left out.
    let mut edges: Vec<Vec<usize>> = tables.iter().map(|table| table.needs.clone()).collect();
    let mut reach = Reach::of(&edges);
    for (index, targets) in foreign.iter().enumerate() {
        for target in targets.iter().filter_map(|name| by_name.get(name.as_str()).copied()) {
            if reach.add(index, target) {
                edges[index].push(target);
            }
        }
    }
    topological(&edges).unwrap_or_else(|_| (0..tables.len()).collect())
}

/// Adds "tables of earlier datasets first" wherever references do not say otherwise.
fn with_datasets(edges: &[Vec<usize>], tables: &[StagedTable]) -> Vec<Vec<usize>> {
    let mut all = edges.to_vec();
    let mut reach = Reach::of(edges);
    for (index, table) in tables.iter().enumerate() {
        for (other, earlier) in tables.iter().enumerate() {
            if earlier.rank < table.rank && reach.add(index, other) {
                all[index].push(other);
            }
        }
    }
    all
}

/// What some nodes need, directly or through others, as a bit for each.
struct Reach {
    bits: Vec<Vec<u64>>,
}

impl Reach {
    fn of(edges: &[Vec<usize>]) -> Self {
        let mut reach = Self { bits: vec![vec![0; edges.len().div_ceil(64)]; edges.len()] };
        for from in 0..edges.len() {
            let mut open = edges[from].clone();
            while let Some(node) = open.pop() {
                if !reach.has(from, node) {
                    reach.bits[from][node / 64] |= 1 << (node % 64);
                    open.extend(&edges[node]);
                }
            }
        }
        reach
    }

    fn has(&self, from: usize, to: usize) -> bool {
        self.bits[from][to / 64] >> (to % 64) & 1 == 1
    }

    /// Lets a node need another one, unless that makes a circle. Whether it is told something new by that.
    fn add(&mut self, from: usize, to: usize) -> bool {
        if from == to || self.has(to, from) || self.has(from, to) {
            return false;
        }
        let mut more = self.bits[to].clone();
        more[to / 64] |= 1 << (to % 64);
        for node in (0..self.bits.len()).filter(|node| *node == from || self.has(*node, from)).collect::<Vec<_>>() {
            self.bits[node].iter_mut().zip(&more).for_each(|(bits, more)| *bits |= more);
        }
        true
    }
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
    use proptest::prelude::*;

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
    fn many_tables_of_many_datasets_are_in_order() {
        const TABLES: usize = 500;
        let table = |rank: usize| StagedTable {
            name: rank.to_string(),
            key: Vec::new(),
            rows: Vec::new(),
            rank,
            needs: if rank == 0 { vec![TABLES - 1] } else { Vec::new() },
            is_nested: false,
        };
        let tables: Vec<StagedTable> = (0..TABLES).map(table).collect();
        let edges: Vec<Vec<usize>> = tables.iter().map(|table| table.needs.clone()).collect();
        let sorted = topological(&with_datasets(&edges, &tables)).expect("there is no circle");
        // References go before the order of datasets.
        assert_eq!(sorted[..3], [TABLES - 1, 0, 1]);
    }

    #[test]
    fn what_is_needed_through_others_makes_circles_too() {
        let mut reach = Reach::of(&[vec![1], vec![2], vec![], vec![]]);
        assert!(!reach.add(2, 0) && !reach.add(0, 2) && !reach.add(1, 1));
        assert!(reach.add(2, 3) && reach.has(0, 3) && !reach.add(3, 0));
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
