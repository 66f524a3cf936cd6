//! What a proof found, as plain data and as text. How it is found is `prove`'s.

use std::fmt;

use plimsoll_core::db::Engine;
use serde::{Deserialize, Serialize};

use super::declared::Declared;
use crate::revert::Loss;

/// What is known about the ways back of all migrations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyReport {
    /// The engine it was proven on.
    pub engine: Engine,
    /// The migrations, in the order in which they are applied. Repeatable ones have no way back and are not among them.
    pub migrations: Vec<Proof>,
}

/// What is known about one migration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// The version.
    pub version: String,
    /// The name.
    pub name: String,
    /// All of it in one word.
    pub mark: Mark,
    /// What its author says about the way back.
    pub declared: Option<Declared>,
    /// What the way back does wrong, in sentences.
    pub wrong: Vec<String>,
    /// What was there before the migration and does not come back.
    pub lost: Vec<Loss>,
    /// What was written after the migration and is gone once it was taken back.
    pub only_between: Vec<Loss>,
    /// What could not be found out, and why.
    pub unmeasured: Vec<String>,
    /// What is worth knowing and does no harm.
    pub notes: Vec<String>,
}

/// What a way back is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// Schema and rows are as before it, and as after it once it is applied again.
    Reversible,
    /// The same, except for rows, columns or tables that are named.
    Lossy,
    /// There is no way back.
    Irreversible,
    /// The way back fails, or leaves something else than what was there before.
    Wrong,
    /// Something that matters could not be found out.
    Unmeasured,
}

/// What all of it comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerifyOutcome {
    /// All ways back do what they should.
    Proven,
    /// A way back is wrong, or loses what was there before it without saying so.
    Wrong,
    /// None was found wrong, but something could not be found out.
    Unmeasured,
}

impl VerifyReport {
    /// What all of it comes to. With `require_down`, a migration without a way back has to say that it is meant so.
    #[must_use]
    pub fn outcome(&self, require_down: bool) -> VerifyOutcome {
        let fails = |proof: &Proof| match proof.mark {
            Mark::Wrong => true,
            Mark::Irreversible => require_down && proof.declared.is_none(),
            Mark::Reversible | Mark::Lossy | Mark::Unmeasured => proof.loses_silently(),
        };
        if self.migrations.iter().any(fails) {
            VerifyOutcome::Wrong
        } else if self.migrations.iter().any(|proof| proof.mark == Mark::Unmeasured) {
            VerifyOutcome::Unmeasured
        } else {
            VerifyOutcome::Proven
        }
    }
}

impl Proof {
    /// Whether something that was there before the migration is lost, and its author does not say so.
    #[must_use]
    pub fn loses_silently(&self) -> bool {
        !self.lost.is_empty() && self.declared.is_none()
    }

    /// Sets the mark by what was found.
    pub(super) fn judged(mut self) -> Self {
        self.mark = if !self.wrong.is_empty() {
            Mark::Wrong
        } else if !self.unmeasured.is_empty() {
            Mark::Unmeasured
        } else if !(self.lost.is_empty() && self.only_between.is_empty()) {
            Mark::Lossy
        } else {
            Mark::Reversible
        };
        self
    }
}

impl Mark {
    /// The mark as people call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Reversible => "reversible",
            Self::Lossy => "lossy",
            Self::Irreversible => "irreversible",
            Self::Wrong => "wrong",
            Self::Unmeasured => "not proven",
        }
    }
}

impl fmt::Display for VerifyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for proof in &self.migrations {
            write!(f, "{proof}")?;
        }
        let count = |mark| self.migrations.iter().filter(|proof| proof.mark == mark).count();
        let marks = [Mark::Reversible, Mark::Lossy, Mark::Irreversible, Mark::Wrong, Mark::Unmeasured];
        let told: Vec<String> = marks
            .into_iter()
            .filter(|mark| count(*mark) > 0)
            .map(|mark| format!("{} {}", count(mark), mark.name()))
            .collect();
        let told = if told.is_empty() { "nothing to prove".to_owned() } else { told.join(", ") };
        writeln!(f, "{told}, in a scratch database of {}", self.engine)
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<12}  {}", self.mark.name(), self.name)?;
        match &self.declared {
            Some(Declared::Irreversible { reason } | Declared::Lossy { reason }) if !reason.is_empty() => {
                writeln!(f, "  declared: {reason}")?;
            }
            Some(_) => writeln!(f, "  declared")?,
            None => writeln!(f)?,
        }
        for wrong in &self.wrong {
            writeln!(f, "    {wrong}")?;
        }
        if !self.lost.is_empty() {
            write!(f, "    loses what was there before it: {}", listed(&self.lost))?;
            f.write_str(if self.loses_silently() {
                "; bring it back, or say so at the head of the file: `-- plimsoll: lossy <reason>`\n"
            } else {
                "\n"
            })?;
        }
        if !self.only_between.is_empty() {
            writeln!(f, "    loses what was written after it: {}", listed(&self.only_between))?;
        }
        for unmeasured in &self.unmeasured {
            writeln!(f, "    could not measure: {unmeasured}")?;
        }
        for note in &self.notes {
            writeln!(f, "    note: {note}")?;
        }
        Ok(())
    }
}

fn listed(losses: &[Loss]) -> String {
    losses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
