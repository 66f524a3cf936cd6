//! Generated rows as a source of rows: one after the other, and only as many in memory as belong together.

use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use plimsoll_core::{ErrorCode, Location};
use serde_json::Value as Json;

use crate::error::{Problem, SeedError};
use crate::generate::eval::{Failed, Row};
use crate::generate::model::Model;
use crate::stream::RowSource;

/// The rows of one generated table.
#[derive(Debug, Clone)]
pub(crate) struct Generated {
    model: Arc<Model>,
    table: usize,
    columns: Vec<Arc<str>>,
    /// Of all that the rows depend on.
    fingerprint: String,
}

impl Generated {
    pub(crate) fn new(model: Arc<Model>, table: usize, fingerprint: String) -> Self {
        let of = &model.tables[table];
        let slots = of.columns.iter().chain(&of.insert_only);
        let columns = slots.map(|slot| Arc::clone(&of.slots[*slot].name)).collect();
        Self { model, table, columns, fingerprint }
    }

    /// How many rows there are at the top, of which these or their parents are.
    pub(crate) fn roots(&self) -> u64 {
        self.model.profiles.count(self.model.root(self.table))
    }

    /// Gives the rows that belong to some of those at the top: what several threads may share.
    pub(crate) fn each_of(
        &self,
        roots: Range<u64>,
        visit: &mut dyn FnMut(&[Json]) -> Result<(), SeedError>,
    ) -> Result<(), SeedError> {
        let path = self.model.path(self.table);
        let mut values = Vec::with_capacity(self.columns.len());
        roots.into_iter().try_for_each(|root| {
            let row = self.model.row(path[0], root);
            if self.model.exists(&row).map_err(|failed| self.told(*failed))? {
                self.below(&row, &path[1..], &mut values, visit)?;
            }
            Ok(())
        })
    }

    fn below(
        &self,
        row: &Rc<Row>,
        path: &[usize],
        values: &mut Vec<Json>,
        visit: &mut dyn FnMut(&[Json]) -> Result<(), SeedError>,
    ) -> Result<(), SeedError> {
        let Some((next, rest)) = path.split_first() else {
            let table = &self.model.tables[self.table];
            values.clear();
            for slot in table.columns.iter().chain(&table.insert_only) {
                values.push(self.model.scalar(row, *slot).map_err(|failed| self.told(*failed))?.to_json());
            }
            return visit(values);
        };
        for child in self.model.children(row, *next).map_err(|failed| self.told(*failed))? {
            self.below(&child, rest, values, visit)?;
        }
        Ok(())
    }

    fn told(&self, failed: Failed) -> SeedError {
        let (table, slot, row) =
            failed.at.map_or((self.table, None, None), |(table, slot, row)| (table, Some(slot), Some(row)));
        let of = &self.model.tables[table];
        let at = of.file.location(slot.map_or(of.offset, |slot| of.slots[slot].offset));
        let name = slot.map(|slot| format!("`{}` of ", of.slots[slot].name)).unwrap_or_default();
        let row = row.map(|row| format!(", row {row}")).unwrap_or_default();
        let message = format!("{name}`{}`{row}: {}", of.name, failed.wrong);
        SeedError::Problems { problems: vec![Problem::new(ErrorCode::SeedExpression, Some(at), message)] }
    }
}

impl RowSource for Generated {
    fn columns(&self) -> &[Arc<str>] {
        &self.columns
    }

    fn expected(&self) -> Option<u64> {
        let table = &self.model.tables[self.table];
        (table.parent.is_none() && table.when.is_none()).then(|| self.roots())
    }

    fn each(&self, visit: &mut dyn FnMut(&[Json]) -> Result<(), SeedError>) -> Result<(), SeedError> {
        self.each_of(0..self.roots(), visit)
    }

    fn header(&self) -> Location {
        self.place(0)
    }

    fn place(&self, _row: u64) -> Location {
        let table = &self.model.tables[self.table];
        table.file.location(table.offset)
    }

    fn fingerprint(&self) -> Result<String, SeedError> {
        Ok(self.fingerprint.clone())
    }
}
