//! The shape of a `[[generate]]` block, with the place of every expression. What the words mean is `compile`'s.

use serde::Deserialize;
use toml::Spanned;

use crate::read::model::{Each, EditPolicy, KeyNulls, Mode, OnDuplicate, Ordered, TableBlock};

/// A table of generated rows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GenerateBlock {
    pub(crate) name: Spanned<String>,
    /// The table to every row of which rows are made; none for rows that stand for themselves.
    pub(crate) each: Option<Spanned<String>>,
    /// How many rows, by profile or once for all; for rows of others a number or a range.
    pub(crate) count: Option<Spanned<toml::Value>>,
    /// One row for each row of this table that belongs to the same ancestor.
    pub(crate) mirror: Option<Spanned<String>>,
    pub(crate) when: Option<Spanned<String>>,
    pub(crate) key: Spanned<Vec<String>>,
    #[serde(default, rename = "let")]
    pub(crate) lets: Ordered<Spanned<toml::Value>>,
    #[serde(default)]
    pub(crate) columns: Ordered<Spanned<toml::Value>>,
    #[serde(default)]
    pub(crate) insert_only: Ordered<Spanned<toml::Value>>,
    #[serde(default)]
    pub(crate) mode: Mode,
    /// Whether the rows are too many to be held: true, false, or a template of one of them.
    pub(crate) bulk: Option<Spanned<toml::Value>>,
    #[serde(default)]
    pub(crate) on_edit: EditPolicy,
}

impl GenerateBlock {
    /// The same as a block of declared rows, for the checks that both share.
    pub(crate) fn as_table(&self) -> TableBlock {
        TableBlock {
            name: self.name.clone(),
            each: None::<Spanned<Each>>,
            lets: Ordered::default(),
            when: None,
            key: self.key.clone(),
            columns: Ordered(self.columns.0.clone()),
            insert_only: Ordered(self.insert_only.0.clone()),
            mode: self.mode,
            on_edit: self.on_edit.clone(),
            on_duplicate: OnDuplicate::Error,
            rows: None,
            file: None,
            source: None,
            format: None,
            schema: None,
            bulk: false,
            was: Ordered::default(),
            secret: Vec::new(),
            key_nulls: KeyNulls::default(),
        }
    }
}
