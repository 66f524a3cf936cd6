//! How many answers named the expected revision, and what that says about the answers nobody saw. Reading one is `revision.rs`'s.

use std::fmt;

use serde::Serialize;

/// How often the conclusion from a sample may be wrong.
const DOUBT: f64 = 0.05;

/// How many answers named the expected revision. Each came on a connection of its own, since a kept one stays with one
/// instance: the answers are a sample of the instances.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(into = "Shown")]
pub struct RevisionTally {
    /// The revision that must answer.
    pub expected: String,
    /// Answers that named it.
    pub named: usize,
    /// Answers that named another one.
    pub other: usize,
    /// Answers that named none.
    pub silent: usize,
}

impl RevisionTally {
    /// The share of the answers with a revision that named another one. `None` when no answer named any.
    #[must_use]
    pub fn other_share(&self) -> Option<f64> {
        let all = self.named + self.other;
        (all > 0).then(|| self.other as f64 / all as f64)
    }

    /// The largest share of others that such a sample may have missed, see [`others_at_most`]. `None` when one was seen.
    #[must_use]
    pub fn others_at_most(&self) -> Option<f64> {
        (self.other == 0).then(|| others_at_most(self.named))
    }
}

/// The largest share of connections that may lead to another revision although none of this many did: if it were larger,
/// so clean a sample would come in less than 5 of 100 cases. 1 without a sample, 0.63 for three, 0.049 for sixty.
#[must_use]
pub fn others_at_most(clean: usize) -> f64 {
    if clean == 0 { 1.0 } else { 1.0 - DOUBT.powf(1.0 / clean as f64) }
}

impl fmt::Display for RevisionTally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { expected, named, other, silent } = self;
        write!(f, "revision {expected}: named by {named} of {} answers", named + other + silent)?;
        if *silent > 0 {
            write!(f, ", {silent} named none")?;
        }
        match (self.other_share(), self.others_at_most()) {
            (Some(share), None) => write!(f, ", {other} named another one ({})", percent(share)),
            (Some(_), Some(share)) => {
                write!(
                    f,
                    "; this excludes that more than {} of the connections lead to another one (95 %)",
                    percent(share)
                )
            }
            (None, _) => f.write_str("; this excludes nothing"),
        }
    }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// The tally with what follows from it, for programs.
#[derive(Serialize)]
struct Shown {
    expected: String,
    named: usize,
    other: usize,
    silent: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    other_share: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    others_at_most: Option<f64>,
}

impl From<RevisionTally> for Shown {
    fn from(tally: RevisionTally) -> Self {
        let (other_share, others_at_most) = (tally.other_share(), tally.others_at_most());
        let RevisionTally { expected, named, other, silent } = tally;
        Self { expected, named, other, silent, other_share, others_at_most }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(named: usize, other: usize, silent: usize) -> RevisionTally {
        RevisionTally { expected: "new".to_owned(), named, other, silent }
    }

    #[test]
    fn a_clean_sample_excludes_more_the_larger_it_is() {
        for (clean, share) in [(0, 1.0), (1, 0.95), (3, 0.6316), (60, 0.0487), (149, 0.0199)] {
            assert!((others_at_most(clean) - share).abs() < 0.0001, "{clean}: {}", others_at_most(clean));
        }
    }

    #[test]
    fn the_text_says_what_was_seen_and_what_is_excluded() {
        let told = |named, other, silent| tally(named, other, silent).to_string();
        let excludes = "; this excludes that more than 63.2 % of the connections lead to another one (95 %)";
        assert_eq!(told(3, 0, 0), format!("revision new: named by 3 of 3 answers{excludes}"));
        assert_eq!(told(3, 0, 1), format!("revision new: named by 3 of 4 answers, 1 named none{excludes}"));
        assert_eq!(told(49, 1, 0), "revision new: named by 49 of 50 answers, 1 named another one (2.0 %)");
        assert_eq!(told(0, 0, 2), "revision new: named by 0 of 2 answers, 2 named none; this excludes nothing");
    }

    #[test]
    fn programs_are_told_the_same() {
        let told = |tally: RevisionTally| serde_json::to_value(tally).expect("JSON");
        let mixed = told(tally(3, 1, 0));
        assert_eq!((&mixed["other_share"], &mixed["others_at_most"]), (&0.25.into(), &serde_json::Value::Null));
        assert_eq!(told(tally(1, 0, 0))["others_at_most"].as_f64().map(|share| (share * 100.0).round()), Some(95.0));
    }
}
