//! The head of a baseline, which says what it replaces, and what that means for databases that have some of it; pure. Making
//! baselines is left to the folder.

use plimsoll_core::db::Engine;
use serde::{Deserialize, Serialize};

use super::rows::Statements;
use crate::drift::ended;
use crate::history::History;
use crate::source::{Layout, Migration, MigrationSet};
use crate::status::MigrationState;

/// What a line begins with that says which migrations a file replaces, from the first to the last.
const REPLACES: &str = "-- plimsoll:replaces ";
/// What a line begins with that names one of them.
const REPLACED: &str = "-- plimsoll:replaced ";
/// The same for one that an earlier baseline had replaced.
const BEFORE: &str = "-- plimsoll:replaced-before ";

/// A migration that a baseline replaces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replaced {
    /// Its version.
    pub version: String,
    /// Its name.
    pub name: String,
    /// The lexical checksum of its statements.
    pub checksum_lexical: String,
    /// Whether an earlier baseline, which is replaced as well, had replaced it before.
    pub before: bool,
}

/// The text of a baseline.
pub(super) fn text(layout: Layout, engine: Engine, replaces: &[Replaced], statements: &Statements) -> String {
    let mut text = String::new();
    // What comes before the mark of a section is not read.
    match layout {
        Layout::Dbmate => text.push_str("-- migrate:up\n"),
        Layout::Goose => text.push_str("-- +goose Up\n"),
        _ => {}
    }
    let end = |at: Option<&Replaced>| at.map(|each| each.version.clone()).unwrap_or_default();
    text.push_str(&format!("{REPLACES}{}..{}\n", end(replaces.first()), end(replaces.last())));
    for Replaced { version, name, checksum_lexical, before } in replaces {
        let begin = if *before { BEFORE } else { REPLACED };
        text.push_str(&format!("{begin}{version} {checksum_lexical} {name}\n"));
    }
    text.push_str("-- It makes the same schema and rows as these, which was proven when it was made. Databases that have all of\n");
    text.push_str("-- them count it as applied.\n");
    for statement in &statements.0 {
        text.push('\n');
        let is_body = layout == Layout::Goose && statement.contains(';');
        if is_body {
            text.push_str(&format!("-- +goose StatementBegin\n{statement};\n-- +goose StatementEnd\n"));
        } else {
            text.push_str(&ended(engine, statement));
        }
    }
    text
}

/// What a migration says that it replaces; nothing for one that is no baseline.
pub(crate) fn replaced_by(sql: &str) -> Vec<Replaced> {
    let head = sql.lines().map(str::trim).take_while(|line| line.is_empty() || line.starts_with("--"));
    let lines: Vec<&str> = head.collect();
    if !lines.iter().any(|line| line.starts_with(REPLACES)) {
        return Vec::new();
    }
    let parse = |line: &&str| {
        let rest = line.strip_prefix(REPLACED).or_else(|| line.strip_prefix(BEFORE))?;
        let mut words = rest.splitn(3, ' ');
        Some(Replaced {
            version: words.next()?.to_owned(),
            checksum_lexical: words.next()?.to_owned(),
            name: words.next()?.to_owned(),
            before: line.starts_with(BEFORE),
        })
    };
    lines.iter().filter_map(parse).collect()
}

/// Whether a version is one that a baseline of the files replaces.
pub(crate) fn replaces(set: &MigrationSet, version: &str) -> bool {
    set.migrations.iter().any(|migration| replaced_by(&migration.sql).iter().any(|each| each.version == version))
}

/// Where a baseline stands in a database that has migrations which it replaces. None for what is no baseline, and where the
/// baseline itself was applied or nothing of it is there: that is as with any other migration.
pub(crate) fn state(history: &History, migration: &Migration) -> Option<MigrationState> {
    let replaced = replaced_by(&migration.sql);
    let is_applied = |version: &str| history.applied.contains(version);
    if !replaced.iter().any(|each| is_applied(&each.version)) {
        return None;
    }
    // Several have the version of an earlier baseline: that one, and what it replaced last.
    let is_known = |version: &str, checksum: &str| {
        replaced.iter().any(|each| each.version == version && each.checksum_lexical == checksum)
    };
    if is_applied(&migration.version) {
        let itself = match history.record(&migration.version) {
            Some(record) => !is_known(&migration.version, &record.checksum_lexical),
            None => !replaced.iter().any(|each| each.version != migration.version && is_applied(&each.version)),
        };
        if itself {
            return None;
        }
    }
    if !missing(history, &replaced).is_empty() {
        return Some(MigrationState::HalfReplaced);
    }
    let is_edited = |each: &Replaced| {
        history.record(&each.version).is_some_and(|record| !is_known(&each.version, &record.checksum_lexical))
    };
    Some(if replaced.iter().any(is_edited) { MigrationState::Changed } else { MigrationState::Applied })
}

/// The names of the replaced migrations that a database lacks, as a list for people.
pub(crate) fn lacking(history: &History, baseline: Option<&Migration>) -> String {
    let replaced = baseline.map(|migration| replaced_by(&migration.sql)).unwrap_or_default();
    let lacking = missing(history, &replaced);
    lacking.iter().map(|each| format!("`{}`", each.name)).collect::<Vec<_>>().join(", ")
}

/// What a database needs for a baseline to count as applied. An earlier baseline stands for what that one replaced.
fn missing<'a>(history: &History, replaced: &'a [Replaced]) -> Vec<&'a Replaced> {
    replaced.iter().filter(|each| !each.before && !history.applied.contains(&each.version)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_baseline_says_what_it_replaces() {
        let each = |version: &str, name: &str| Replaced {
            version: version.to_owned(),
            name: name.to_owned(),
            checksum_lexical: "ab12".to_owned(),
            before: name.starts_with('1'),
        };
        let replaces = [each("1", "1_first one"), each("2", "2_second")];
        let statements = Statements(vec!["CREATE TABLE a (id int)".to_owned()]);
        for layout in [Layout::Flat, Layout::Dbmate, Layout::Goose] {
            let text = text(layout, Engine::Sqlite, &replaces, &statements);
            let sql = text.trim_start_matches("-- migrate:up").trim_start_matches("-- +goose Up");
            assert_eq!(replaced_by(sql), replaces);
        }
        assert_eq!(replaced_by("-- plimsoll:replaced 1 ab 1_x\nSELECT 1"), []);
        assert_eq!(replaced_by("SELECT 1;\n-- plimsoll:replaces 1..2\n-- plimsoll:replaced 1 ab 1_x"), []);
    }
}
