//! Loading: dataset files and documents become staged rows, without a database. What a database makes of them is `plan`'s.

pub(crate) mod bulk;
mod check;
mod dataset;
pub(crate) mod document;
pub(crate) mod files;
pub(crate) mod format;
mod inputs;
mod loading;
pub(crate) mod model;
pub(crate) mod overlay;
pub(crate) mod parse;
mod provided;
pub(crate) mod schema;
mod skip;
pub(crate) mod source;

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::error::SeedError;
use crate::lifecycle::{Lifecycle, Lifecycles};
use crate::read::overlay::Overlay;
use crate::staged::{Block, References, StagedTable};
use crate::stream::BulkTable;

pub use provided::{SeedSource, SourceRecord};
pub use skip::{SkipReason, Skipped};

/// Where the datasets are and what they may do.
#[derive(Debug, Clone)]
pub struct SeedOptions {
    /// The project's root; all paths in dataset files are relative to it.
    pub root: PathBuf,
    /// The folder of the dataset files, relative to the root.
    pub path: PathBuf,
    /// Optional datasets to include.
    pub with: Vec<String>,
    /// Tables that hold user data.
    pub user_data: Vec<String>,
    /// The profile that says how many rows are generated; only needed where counts differ between profiles.
    pub profile: Option<String>,
    /// Whether rows that exist are left alone, whatever their datasets say: only missing ones are created.
    pub top_up: bool,
    /// The names that templates and expressions see: the project's variables, `engine`, `environment`, `project`.
    pub names: minijinja::Value,
}

/// Everything the files declare: ordered, validated, with every reference connected. Not tied to a database.
#[derive(Debug, Clone)]
pub struct Seeds {
    pub(crate) datasets: Vec<String>,
    pub(crate) titles: Vec<Option<String>>,
    pub(crate) blocks: Vec<Block>,
    pub(crate) tables: Vec<StagedTable>,
    pub(crate) references: References,
    /// Datasets of which something was left out, so that a row they do not declare may be there all the same.
    pub(crate) incomplete: BTreeSet<usize>,
    /// The tables of user data.
    pub(crate) user_data: Vec<String>,
    pub(crate) bulk: Vec<BulkTable>,
    /// Of all datasets, also those that are not seeded: a row is as immutable without them.
    pub(crate) lifecycles: Lifecycles,
    pub(crate) skipped: Vec<Skipped>,
    pub(crate) notes: Vec<String>,
    documents: usize,
}

impl Seeds {
    /// The names of the datasets, in their order.
    #[must_use]
    pub fn datasets(&self) -> &[String] {
        &self.datasets
    }

    /// What each dataset is, in the words of its file; in the same order.
    #[must_use]
    pub fn titles(&self) -> &[Option<String>] {
        &self.titles
    }

    /// The tables and how many rows are declared for each, in an order in which they could be written.
    pub fn tables(&self) -> impl Iterator<Item = (&str, usize)> {
        self.tables.iter().map(|table| (table.name.as_str(), table.rows.len()))
    }

    /// Whether any table has a life cycle.
    #[must_use]
    pub fn has_lifecycles(&self) -> bool {
        !self.lifecycles.is_empty()
    }

    /// The life cycles, for what is done without the declared rows.
    #[must_use]
    pub fn lifecycles(&self) -> &Lifecycles {
        &self.lifecycles
    }

    /// The life cycle of a table's rows, if one is declared.
    pub(crate) fn lifecycle(&self, table: &str) -> Option<&Lifecycle> {
        self.lifecycles.of(table)
    }

    /// The documents and records that were left out because they do not fit, see `on_invalid`.
    #[must_use]
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// How many documents and files of rows were read.
    #[must_use]
    pub fn documents(&self) -> usize {
        self.documents
    }

    /// Streamed tables and nothing else, of a dataset without a name.
    pub(crate) fn streamed(bulk: Vec<BulkTable>, user_data: Vec<String>) -> Self {
        Self {
            datasets: vec![String::new()],
            titles: Vec::new(),
            blocks: Vec::new(),
            tables: Vec::new(),
            references: References::default(),
            incomplete: BTreeSet::new(),
            user_data,
            bulk,
            lifecycles: Lifecycles::default(),
            skipped: Vec::new(),
            notes: Vec::new(),
            documents: 0,
        }
    }
}

/// Reads all dataset files and their documents, validates them and evaluates every expression.
///
/// # Errors
/// [`SeedError::Problems`] with everything that is wrong in any file.
pub fn load(options: &SeedOptions) -> Result<Seeds, SeedError> {
    load_only(options, &[])
}

/// As [`load`], some datasets only; all of them when none is named. What they refer to in others has to be in the database.
///
/// # Errors
/// As [`load`].
pub fn load_only(options: &SeedOptions, only: &[String]) -> Result<Seeds, SeedError> {
    loading::load(options, &[], only, &Overlay::default())
}

/// As [`load`], with some texts in place of files.
pub(crate) fn load_over(options: &SeedOptions, overlay: &Overlay) -> Result<Seeds, SeedError> {
    loading::load(options, &[], &[], overlay)
}

/// As [`load`], with records and datasets that a service's own code provides.
///
/// # Errors
/// [`SeedError::Problems`] with everything that is wrong in any file or source.
pub fn load_with(options: &SeedOptions, sources: &[&dyn SeedSource]) -> Result<Seeds, SeedError> {
    loading::load(options, sources, &[], &Overlay::default())
}
