//! A drift report as text, and the SQL of a remedy as a script. What is in them is decided elsewhere.

use std::fmt;

use plimsoll_core::db::{Engine, dialect::transactional_ddl};

use super::{Direction, DriftReport, Proof, Remedy};
use crate::split::split;

impl fmt::Display for DriftReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { engine, migrations, differences, findings, .. } = self;
        let replayed = format!("{migrations} {}", if *migrations == 1 { "migration" } else { "migrations" });
        match differences.len() {
            0 => writeln!(f, "drift on {engine}: none, the schema is what {replayed} make")?,
            1 => writeln!(f, "drift on {engine}: 1 difference from what {replayed} make")?,
            count => writeln!(f, "drift on {engine}: {count} differences from what {replayed} make")?,
        }
        for each in differences {
            writeln!(f, "  ! {}", each.text)?;
        }
        for finding in findings {
            writeln!(f, "  note: {finding}")?;
        }
        if differences.is_empty() {
            return Ok(());
        }
        writeln!(f, "\nto keep what the database has, as a new migration:")?;
        write_indented(f, &self.script(Direction::Adopt))?;
        writeln!(f, "\nto take it back, in the database:")?;
        write_indented(f, &self.script(Direction::Revert))
    }
}

impl DriftReport {
    /// A remedy as a script. SQL that was not proven is left out and what stands against it is said in comments.
    #[must_use]
    pub fn script(&self, direction: Direction) -> String {
        let remedy = self.remedy(direction);
        let mut text = remedy.comments();
        if !remedy.is_proven() || remedy.steps.is_empty() {
            return text;
        }
        // A migration gets its transaction from whoever applies it.
        let (before, after) = match (direction, self.engine) {
            (Direction::Revert, Engine::Sqlite) => (
                "PRAGMA foreign_keys = OFF;\nBEGIN;\n",
                "PRAGMA foreign_key_check;\nCOMMIT;\nPRAGMA foreign_keys = ON;\n",
            ),
            (Direction::Revert, engine) if transactional_ddl(engine) => ("BEGIN;\n", "COMMIT;\n"),
            (Direction::Adopt | Direction::Revert, _) => ("", ""),
        };
        text.push_str(before);
        for step in &remedy.steps {
            if let Some(loses) = &step.loses {
                text.push_str(&format!("-- loses {loses}\n"));
            }
            text.push_str(&ended(self.engine, &step.sql));
        }
        text.push_str(after);
        text
    }
}

impl Remedy {
    fn comments(&self) -> String {
        let mut text = String::new();
        let mut line = |what: &str| text.push_str(&format!("-- {}\n", what.replace('\n', "\n--   ")));
        for cannot in &self.cannot {
            line(&format!("{}: {}", cannot.key, cannot.why));
        }
        match &self.proof {
            Proof::Empty | Proof::Proven => {}
            Proof::Except { differences } => {
                line("tried in a scratch database, where these differences stayed:");
                for difference in differences {
                    line(&format!("  {difference}"));
                }
            }
            Proof::Wrong { differences } => {
                line("no SQL is given, because in a scratch database it made something else than it should:");
                for difference in differences {
                    line(&format!("  {difference}"));
                }
            }
            Proof::Refused { sql, message } => {
                line("no SQL is given, because a scratch database refused a statement of it:");
                line(&format!("  {sql}"));
                line(&format!("  {message}"));
            }
            Proof::Untried => {
                line("no SQL is given, because the schema that it begins with could not be made in a scratch database");
            }
        }
        text
    }
}

/// A statement with its end. Bodies of MySQL that the splitter would cut need another delimiter.
pub(crate) fn ended(engine: Engine, sql: &str) -> String {
    let plain = format!("{sql};\n");
    let is_whole = split(engine, "script.sql".as_ref(), &plain).is_ok_and(|statements| statements.len() == 1);
    match engine {
        // The client of MySQL cuts at every semicolon, whatever the splitter of this crate knows.
        Engine::Mysql if !is_whole || sql.contains(';') => format!("DELIMITER $$\n{sql}$$\nDELIMITER ;\n"),
        Engine::Mysql | Engine::Postgres | Engine::Sqlite => plain,
    }
}

fn write_indented(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    for line in text.lines() {
        writeln!(f, "{}", format!("    {line}").trim_end())?;
    }
    Ok(())
}
