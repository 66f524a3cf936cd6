//! One evaluated row: its key, and how it was called before. Where its cells come from is `stage`'s.

use std::sync::Arc;

use plimsoll_core::ErrorCode;
use serde_json::Value as Json;

use crate::map::Staging;
use crate::map::compile::CompiledBlock;
use crate::read::model::KeyNulls;
use crate::read::source::Source;
use crate::staged::{Cell, Missing, References, StagedRow, Was};
use crate::value::{RowKey, canonical_object, hash};

/// The part of a literal row or record that says how it was called before.
pub(super) const WAS: &str = "was";

impl CompiledBlock<'_> {
    /// Stages the row of these cells, unless one of them could not be evaluated or its key cannot be one.
    pub(super) fn finish(
        &self,
        source: Source,
        columns: Option<Vec<(Arc<str>, Cell)>>,
        insert_only: Option<Vec<(Arc<str>, Cell)>>,
        was: Option<Vec<(Arc<str>, Cell)>>,
        staging: &mut Staging,
    ) {
        let (Some(columns), Some(insert_only), Some(was)) = (columns, insert_only, was) else { return };
        let mut key = Vec::with_capacity(self.key.len());
        for name in &self.key {
            let found = columns.iter().position(|(column, _)| column == name);
            let message = match found.map(|at| (at, &columns[at].1)) {
                Some((_, Cell::Value(Json::Null))) if self.key_nulls == KeyNulls::Refuse => {
                    let message = format!("key column `{name}` is NULL, so the row could not be found again");
                    staging.problems.push(source.problem_in(ErrorCode::SeedValue, self.offset_of(name), name, message));
                    return;
                }
                Some((_, Cell::Ref(index))) if staging.references.all[*index].missing == Missing::Null => {
                    format!("key column `{name}` may be NULL with `ref_or_null`, use `ref`")
                }
                Some((at, _)) => {
                    key.push(at);
                    continue;
                }
                None => format!("key column `{name}` has no value in this row"),
            };
            staging.problems.push(source.problem(ErrorCode::SeedValue, source.offset, message));
            return;
        }
        if let Some((name, _)) = was.iter().find(|(name, _)| !self.key.contains(name)) {
            let message = format!("`was` names `{name}`, which is no key column");
            staging.problems.push(source.problem(ErrorCode::InvalidValue, source.offset, message));
            return;
        }
        let cells: Vec<&Cell> = key.iter().map(|at| &columns[*at].1).collect();
        let was = self.old(&cells, &was).map(|old| {
            let row_key = hash(&canonical_object(self.named(&old, &staging.references)));
            Box::new(Was { row_key, key: old.into_iter().cloned().collect() })
        });
        let of_key = self.named(&cells, &staging.references);
        let symbol = RowKey::of(of_key.iter().copied());
        let row_key = hash(&canonical_object(of_key));
        staging.rows.push(StagedRow {
            block: self.index,
            key: key.into(),
            symbol,
            row_key,
            columns,
            insert_only,
            source,
            was,
            level: 0,
            deferred: Vec::new(),
        });
    }

    /// The columns of a key with what they mean.
    fn named<'c>(&'c self, key: &[&'c Cell], references: &'c References) -> Vec<(&'c str, &'c Json)> {
        self.key.iter().zip(key).map(|(name, cell)| (&**name, references.meaning(cell))).collect()
    }

    /// The key that a row had before, where that is another one.
    fn old<'c>(&self, key: &[&'c Cell], was: &'c [(Arc<str>, Cell)]) -> Option<Vec<&'c Cell>> {
        let known: Vec<&(Arc<str>, Cell)> = was.iter().filter(|(_, cell)| *cell != Cell::Value(Json::Null)).collect();
        if known.is_empty() {
            return None;
        }
        let old = self.key.iter().zip(key).map(|(name, cell)| {
            let old = known.iter().find(|(column, _)| column == name).map(|(_, cell)| cell);
            old.unwrap_or(cell)
        });
        let old: Vec<&Cell> = old.collect();
        (old != key).then_some(old)
    }

    /// Where the dataset file says what a column holds.
    fn offset_of(&self, column: &str) -> Option<usize> {
        self.columns.iter().find(|named| *named.name == *column).map(|named| named.value.offset)
    }
}

/// A table named `was` says how the row was called before; a column of that name holds no table.
pub(super) fn is_was(name: &str, value: &Json) -> bool {
    name == WAS && value.is_object()
}

pub(super) fn old_key(was: &Json) -> Vec<(Arc<str>, Cell)> {
    let columns = was.as_object().into_iter().flatten();
    columns.map(|(name, value)| (Arc::from(name.as_str()), Cell::Value(value.clone()))).collect()
}
