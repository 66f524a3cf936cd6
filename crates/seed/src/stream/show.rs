//! The text of plans for very large tables, in the words of `reconcile/show`. What is said about rows is shown there.

use crate::reconcile::plan::{RowAction, RowPlan, TablePlan};
use crate::reconcile::show::label;
use crate::stream::{BulkCounts, BulkPlan};

impl BulkPlan {
    /// The counts in one phrase, each after its sign.
    pub(crate) fn summary(&self) -> String {
        let BulkCounts { create, update, unchanged, edited, remove, spared } = self.counts;
        let parts = [
            ("+", create, "create"),
            ("~", update, "update"),
            ("-", remove, "remove"),
            ("=", unchanged, "unchanged"),
            ("!", edited, "edited in the database"),
            ("!", spared, "not removed, edited in the database"),
        ];
        let shown = parts.iter().filter(|(_, count, _)| *count > 0);
        let mut text: String = shown.map(|(sign, count, word)| format!("  {sign} {count} {word}")).collect();
        if self.remembers && create + update + remove == 0 {
            text.push_str(" (the ledger learns of it)");
        }
        if text.is_empty() { "  nothing declared".to_owned() } else { text }
    }

    /// The rows of the sample that exist, as those of any other table.
    pub(crate) fn shown(&self) -> TablePlan {
        let rows: Vec<RowPlan> = self.sample.iter().filter(|row| row.action != RowAction::Create).cloned().collect();
        TablePlan { table: self.table.clone(), declared: rows.len(), rows }
    }

    /// What is to be said besides: how many more rows change, and the first rows that are new or removed.
    pub(crate) fn more_lines(&self) -> Vec<String> {
        let BulkCounts { create, unchanged, remove, .. } = self.counts;
        let mut lines = Vec::new();
        let more = (self.declared - create - unchanged).saturating_sub(self.shown().rows.len() as u64);
        if more > 0 {
            lines.push(format!("and {more} more"));
        }
        let new = self.sample.iter().filter(|row| row.action == RowAction::Create).map(|row| row.key.label());
        lines.extend(line("+", &new.collect::<Vec<_>>(), create));
        lines.extend(line("-", &self.removed.iter().map(label).collect::<Vec<_>>(), remove));
        lines
    }
}

fn line(sign: &str, names: &[String], count: u64) -> Option<String> {
    let more = count.saturating_sub(names.len() as u64);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!names.is_empty()).then(|| format!("{sign} {}{more}", names.join(", ")))
}
