//! The order in which tables are written, very large ones among the others. How each is written is not said here.

use crate::read::Seeds;
use crate::reconcile::observe::Observation;
use crate::staged::{StagedTable, order};

/// One table's turn: its position among the tables of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Declared(usize),
    Bulk(usize),
}

/// All tables, after what they refer to in files and in the schema.
pub(crate) fn steps(seeds: &Seeds, observation: &Observation) -> Vec<Step> {
    let nameless = |name: &str, needs: Vec<usize>| StagedTable {
        name: name.to_owned(),
        key: Vec::new(),
        rows: Vec::new(),
        rank: 0,
        needs,
        is_nested: false,
    };
    let small = seeds.tables.len();
    let mut tables: Vec<StagedTable> =
        seeds.tables.iter().map(|table| nameless(&table.name, table.needs.clone())).collect();
    tables.extend(seeds.bulk.iter().map(|table| nameless(&table.name, Vec::new())));
    let declared = observation
        .tables
        .iter()
        .map(|state| state.table.iter().flat_map(|table| &table.foreign_keys).map(|key| key.table.clone()).collect());
    let foreign: Vec<Vec<String>> = declared.chain(observation.bulk.iter().map(|state| state.refers.clone())).collect();
    let step = |index: usize| if index < small { Step::Declared(index) } else { Step::Bulk(index - small) };
    order::for_writing(&tables, &foreign).into_iter().map(step).collect()
}
