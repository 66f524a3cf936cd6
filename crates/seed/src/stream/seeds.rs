//! What loaded seeds say of the tables that are streamed, and adding one of a caller's own. Files are read by `read`.

use std::sync::Arc;

use plimsoll_core::ErrorCode;

use crate::error::{Problem, SeedError};
use crate::read::Seeds;
use crate::read::bulk::declared_otherwise;
use crate::read::model::{EditPolicy, Mode};
use crate::stream::{BulkTable, RowSource};

impl Seeds {
    /// The tables with `bulk = true`, whose rows are read when they are needed.
    pub fn bulk_tables(&self) -> impl Iterator<Item = &str> {
        self.bulk.iter().map(|table| table.name.as_str())
    }

    /// The same tables, each with the number of its rows where nobody has to read them to know it.
    pub fn streamed_rows(&self) -> impl Iterator<Item = (&str, Option<u64>)> {
        self.bulk.iter().map(|table| (table.name.as_str(), table.source.expected()))
    }

    /// Adds a table of very many rows that come from the caller's own code, as if a dataset of this name declared it. Rows of
    /// the table are found by the columns of `key`.
    ///
    /// # Errors
    /// [`SeedError::Problems`] when the table is declared elsewhere, has a life cycle or holds user data, as for any dataset.
    pub fn add_rows(
        &mut self,
        dataset: &str,
        table: &str,
        key: &[&str],
        source: Arc<dyn RowSource>,
    ) -> Result<(), SeedError> {
        let known = self.datasets.iter().position(|name| name == dataset);
        self.bulk.push(BulkTable {
            name: table.to_owned(),
            key: key.iter().map(|column| (*column).to_owned()).collect(),
            dataset: known.unwrap_or(self.datasets.len()),
            at: source.header(),
            source,
            mode: Mode::default(),
            on_edit: EditPolicy::default(),
        });
        let mut problems = Vec::new();
        if self.user_data.iter().any(|name| name == table) {
            let at = self.bulk.last().map(|added| added.at.clone());
            problems.push(Problem::new(
                ErrorCode::UserDataTarget,
                at,
                format!("`{table}` holds user data and is not seeded"),
            ));
        }
        declared_otherwise(&self.bulk, &self.tables, &self.lifecycles, &mut problems);
        if !problems.is_empty() {
            self.bulk.pop();
        } else if known.is_none() {
            self.datasets.push(dataset.to_owned());
        }
        SeedError::unless_empty(problems)
    }
}
