//! Flyway: a CRC-32 of the lines, baselines, undone and deleted versions, repeatable scripts. Java migrations have no file here.

use plimsoll_core::db::{DynRow, Engine};

use super::read::{local, moment, text};
use super::versions::dotted;
use super::{Compared, Evidence, ForeignEntry, ForeignState, Rules, everything};
use crate::source::Migration;

pub(super) const RULES: Rules = Rules {
    table: None,
    columns: &["installed_rank", "version", "description", "type", "script", "checksum", "installed_on", "success"],
    no_other_columns: false,
    select,
    entries,
    concerns: everything,
    is,
    covers,
    compare,
    mend: "undo what of it is in the database, then run `flyway repair`",
};

fn select(engine: Engine, table: &str) -> String {
    let kind = match engine {
        Engine::Mysql => "`type`",
        Engine::Sqlite | Engine::Postgres => "\"type\"",
    };
    let columns = [
        text(engine, "version"),
        text(engine, "script"),
        text(engine, kind),
        text(engine, "checksum"),
        local(engine, "installed_on"),
        "success".to_owned(),
    ];
    format!("SELECT {} FROM {table} ORDER BY installed_rank", columns.join(", "))
}

fn entries(rows: &[DynRow]) -> Vec<ForeignEntry> {
    let mut entries: Vec<ForeignEntry> = Vec::new();
    for row in rows {
        let (version, script, kind) = (row.text(0), row.text(1), row.text(2));
        let succeeded = row.at(5).as_int() == Some(1);
        let key = if version.is_empty() { stem(script) } else { version };
        let state = match kind {
            // Flyway made the schema itself.
            "SCHEMA" => continue,
            // Taken back, or given up by `repair`: both end what came before under the same key.
            _ if kind.starts_with("UNDO") || kind == "DELETE" => {
                for earlier in entries.iter_mut().filter(|earlier| succeeded && earlier.key == key) {
                    earlier.state = ForeignState::RolledBack;
                }
                if succeeded {
                    continue;
                }
                ForeignState::Failed
            }
            _ if !succeeded => ForeignState::Failed,
            _ if kind.ends_with("BASELINE") => ForeignState::Baseline,
            _ => ForeignState::Applied,
        };
        // A repeatable script has a row for every time; the last one counts.
        if version.is_empty() {
            entries.retain(|earlier| earlier.key != key);
        }
        entries.push(ForeignEntry {
            key: key.to_owned(),
            name: stem(script).to_owned(),
            checksum: row.at(3).as_str().map(str::to_owned),
            state,
            applied_at: moment(row, 4),
        });
    }
    entries
}

fn is(entry: &ForeignEntry, migration: &Migration, _: &Evidence) -> bool {
    match dotted(&entry.key) {
        Some(version) => dotted(&migration.version) == Some(version),
        None => entry.key == migration.name || entry.key == migration.version,
    }
}

fn covers(entry: &ForeignEntry, migration: &Migration) -> bool {
    entry.state == ForeignState::Baseline
        && dotted(&migration.version).is_some_and(|version| Some(version) <= dotted(&entry.key))
}

fn compare(entry: &ForeignEntry, migration: &Migration, evidence: &Evidence) -> Compared {
    let computed = crc32(evidence.bytes(migration)).to_string();
    match &entry.checksum {
        None => Compared::NoChecksum,
        Some(recorded) if *recorded == computed => Compared::Equal,
        Some(recorded) => Compared::Different { recorded: recorded.clone(), computed },
    }
}

/// Over lines without their ends, which are the text without the characters that end lines; a byte order mark does not count.
fn crc32(bytes: &[u8]) -> i32 {
    let mut hasher = crc32fast::Hasher::new();
    let text = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    for line in text.split(|byte| matches!(byte, b'\n' | b'\r')) {
        hasher.update(line);
    }
    hasher.finalize().cast_signed()
}

/// `db/R__views.sql` is the script `R__views`.
fn stem(script: &str) -> &str {
    let name = script.rsplit('/').next().unwrap_or(script);
    name.strip_suffix(".sql").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_and_a_byte_order_mark_do_not_count() {
        // Computed with Python's `zlib.crc32(b"abc")`.
        for text in ["a\nb\nc", "a\r\nb\rc\n", "\u{feff}abc", "abc\n\n"] {
            assert_eq!(crc32(text.as_bytes()), 891_568_578, "{text:?}");
        }
        assert_ne!(crc32("a\n\u{feff}bc".as_bytes()), 891_568_578);
    }
}
