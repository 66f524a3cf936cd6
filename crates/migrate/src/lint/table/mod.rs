//! What there is to know about each rule, as data: `docs/lint.md` is made from it. Finding things is left to `check`.

mod data;
mod data_loss;
mod locks;
mod locks_mysql;
mod robustness;
mod running_code;
mod style;

use super::rule::RuleInfo;

/// All entries, in the order of the documentation.
pub(super) const ALL: [&[RuleInfo]; 7] = [
    data_loss::RULES,
    running_code::RULES,
    data::RULES,
    locks::RULES,
    locks_mysql::RULES,
    robustness::RULES,
    style::RULES,
];
