//! Counts verdicts, by rule and in total, and shows precision and recall. What a verdict is, is `main`'s.

use std::collections::BTreeMap;
use std::fmt;

/// The counts of an engine.
#[derive(Default)]
pub(crate) struct Score {
    pub(crate) statements: usize,
    cases: usize,
    rules: BTreeMap<String, Counts>,
    /// Cases in which nothing was to be found and nothing was.
    quiet: usize,
}

#[derive(Default, Clone, Copy)]
struct Counts {
    found: usize,
    for_nothing: usize,
    missed: usize,
}

impl Score {
    pub(crate) fn count(&mut self, found: &[&str], expected: &[&str]) {
        self.cases += 1;
        self.quiet += usize::from(found.is_empty() && expected.is_empty());
        for rule in found {
            let counts = self.rules.entry((*rule).to_owned()).or_default();
            if expected.contains(rule) { counts.found += 1 } else { counts.for_nothing += 1 }
        }
        for rule in expected.iter().filter(|rule| !found.contains(rule)) {
            self.rules.entry((*rule).to_owned()).or_default().missed += 1;
        }
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ["rule", "found", "for nothing", "missed", "precision", "recall"];
        writeln!(f, "  {:<36} {:>6} {:>12} {:>7} {:>10} {:>7}", head[0], head[1], head[2], head[3], head[4], head[5])?;
        let mut total = Counts::default();
        let line = |f: &mut fmt::Formatter<'_>, name: &str, counts: Counts| {
            let Counts { found, for_nothing, missed } = counts;
            let (precision, recall) = (share(found, for_nothing), share(found, missed));
            writeln!(f, "  {name:<36} {found:>6} {for_nothing:>12} {missed:>7} {precision:>10} {recall:>7}")
        };
        for (rule, counts) in &self.rules {
            total.found += counts.found;
            total.for_nothing += counts.for_nothing;
            total.missed += counts.missed;
            line(f, rule, *counts)?;
        }
        line(f, "all", total)?;
        writeln!(
            f,
            "  {} cases with {} statements, {} of them rightly without a finding",
            self.cases, self.statements, self.quiet
        )
    }
}

/// In percent; a dash when there is nothing to divide by.
fn share(right: usize, wrong: usize) -> String {
    match right + wrong {
        0 => "-".to_owned(),
        all => format!("{:.1} %", 100.0 * right as f64 / all as f64),
    }
}
