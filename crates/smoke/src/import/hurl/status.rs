//! The statuses that all asserts of an entry leave, as few patterns. Reading the asserts is `assert.rs`'s.

use std::collections::BTreeSet;

use super::query::Comparison;
use crate::model::StatusPattern;

/// All statuses there are, without those that were excluded.
pub(super) struct Statuses {
    left: BTreeSet<u16>,
    asked: bool,
}

impl Default for Statuses {
    fn default() -> Self {
        Self { left: (100..600).collect(), asked: false }
    }
}

impl Statuses {
    /// `HTTP *`.
    pub(super) fn any(&mut self) {
        self.asked = true;
    }

    pub(super) fn keep(&mut self, comparison: Comparison, than: i64) {
        self.asked = true;
        self.left.retain(|status| comparison.holds(i64::from(*status), than));
    }

    /// As exact statuses and whole classes; `None` when there are too many that make no class, or none at all.
    pub(super) fn patterns(&self) -> Option<Vec<StatusPattern>> {
        let mut patterns = Vec::new();
        if !self.asked {
            return Some(patterns);
        }
        for class in 1..6_u16 {
            let of_class: Vec<u16> = self.left.range(class * 100..(class + 1) * 100).copied().collect();
            match of_class.len() {
                100 => patterns.push(StatusPattern::Class(format!("{class}xx"))),
                0..=20 => patterns.extend(of_class.into_iter().map(StatusPattern::Exact)),
                _ => return None,
            }
        }
        (!patterns.is_empty()).then_some(patterns)
    }
}
