//! The audit in the ledger: one entry a step, each with a hash over itself and the one before. What has to be recorded is decided
//! elsewhere, and whether the rows still agree is `verify`'s to say.

use std::collections::{BTreeSet, HashMap};

use plimsoll_core::ErrorCode;
use plimsoll_core::db::{Db, DbError, DynRow, Engine, Stmt, Value, dialect};
use plimsoll_core::ledger::{self, LedgerTable};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::error::{Problem, SeedError};
use crate::lifecycle::Transition;
use crate::reconcile::show;
use crate::value::{canonical_text, hash};

/// One recorded step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// The number, counted per database from 1 without gaps.
    pub number: i64,
    /// When, ISO 8601 in UTC.
    pub at: String,
    /// Who: `user@host`.
    pub actor: String,
    /// The row's table.
    pub table: String,
    /// The SHA-256 of the row's natural key.
    pub row_key: String,
    /// The natural key, references by theirs.
    pub key: Json,
    /// The primary key: column and value.
    pub row: Json,
    /// The state before, `None` when the row was created or found.
    pub from: Option<String>,
    /// The state after it; empty when the row was deleted.
    pub to: String,
    /// What was said about it.
    pub note: Option<String>,
    /// The run of the seeder that it belongs to.
    pub run: Option<i64>,
    /// Whether the row does not change in this state: known without the life cycle, so that dropping that frees no row.
    pub sealed: bool,
    /// The columns whose values `content` stands for.
    pub covers: Vec<String>,
    /// The SHA-256 of the row's values when the step had been made.
    pub content: String,
    /// The hash of the entry before, `-` for the first.
    pub previous: String,
    /// The SHA-256 of all that stands above.
    pub hash: String,
}

/// Who makes steps, and what is said about them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Author<'a> {
    pub(crate) actor: &'a str,
    pub(crate) run: Option<i64>,
    pub(crate) note: Option<&'a str>,
}

/// A step that is to be recorded.
#[derive(Debug, Clone)]
pub(crate) struct NewEntry<'a> {
    pub(crate) table: &'a str,
    pub(crate) row_key: &'a str,
    pub(crate) key: &'a Json,
    pub(crate) row: &'a Json,
    pub(crate) sealed: bool,
    pub(crate) covers: &'a [String],
    pub(crate) content: &'a str,
    pub(crate) step: &'a Transition,
}

/// The last entry's number and hash: what the next one goes on from. `0` and `-` before the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditHead {
    /// The number.
    pub number: i64,
    /// The hash.
    pub hash: String,
}

/// What comes before the first entry.
pub(crate) const NOTHING: &str = "-";

/// The name under which the ledger keeps the last number and hash: entries that are cut off at the end are missed by it.
const HEAD: &str = "audit_head";

/// The format of the ledger that brought the audit.
const SINCE: i64 = 3;

/// The most characters that a short text column of the ledger takes everywhere.
const SHORT: usize = 190;

/// The columns in the order in which they are read, written and hashed.
const COLUMNS: &str = "number, at, actor, table_name, row_key, key_json, row_id, from_state, to_state, note, run, sealed, covers, content, \
                       previous, hash";

/// Entries per statement.
const CHUNK: usize = 200;

impl AuditEntry {
    /// The hash that an entry with these fields has.
    #[must_use]
    pub fn expected_hash(&self) -> String {
        let fields = serde_json::json!([
            self.number,
            self.at,
            self.actor,
            self.table,
            self.row_key,
            canonical_text(&self.key),
            canonical_text(&self.row),
            self.from,
            self.to,
            self.note,
            self.run,
            self.sealed,
            self.covers,
            self.content,
            self.previous,
        ]);
        hash(&fields.to_string())
    }

    /// The row as people know it: `contract a`.
    #[must_use]
    pub fn named(&self) -> String {
        format!("{} {}", self.table, show::label(&self.key))
    }

    /// The step that it records, in words: `APPROVED -> PUBLISHED`.
    #[must_use]
    pub fn shown(&self) -> String {
        Transition { from: self.from.clone(), to: self.to.clone(), note: self.note.clone() }.to_string()
    }
}

impl AuditHead {
    /// As it is written in the ledger and on the command line: `12:9f86d0..`.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}:{}", self.number, self.hash)
    }

    /// Reads what [`AuditHead::text`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (number, hash) = text.split_once(':')?;
        Some(Self { number: number.parse().ok()?, hash: hash.to_owned() })
    }
}

/// The last entries, newest first: of all tables or of one, and of a row by the name that plans give it.
///
/// # Errors
/// [`SeedError::Database`].
pub fn list_audit(
    db: &mut dyn Db,
    table: Option<&str>,
    row: Option<&str>,
    limit: usize,
) -> Result<Vec<AuditEntry>, SeedError> {
    if !exists(db)? {
        return Ok(Vec::new());
    }
    let Some(wanted) = row else { return Ok(recent(db, table, limit)?) };
    // A name stands for one row key, but only the entries themselves say for which.
    let mut entries = recent(db, table, usize::try_from(i64::MAX).unwrap_or(usize::MAX))?;
    entries.retain(|entry| show::name(&entry.key) == wanted);
    entries.truncate(limit);
    Ok(entries)
}

/// Whether the database has an audit at all. A ledger of an older format has none.
pub(crate) fn exists(db: &mut dyn Db) -> Result<bool, DbError> {
    Ok(ledger::meta(db, "format")?.and_then(|format| format.parse::<i64>().ok()).is_some_and(|format| format >= SINCE))
}

/// What the ledger says the last entry is.
pub(crate) fn noted_head(db: &mut dyn Db) -> Result<AuditHead, DbError> {
    let noted = ledger::meta(db, HEAD)?.and_then(|text| AuditHead::parse(&text));
    Ok(noted.unwrap_or(AuditHead { number: 0, hash: NOTHING.to_owned() }))
}

/// The entries after a number, in order, at most so many.
pub(crate) fn page(db: &mut dyn Db, after: i64, limit: usize) -> Result<Vec<AuditEntry>, DbError> {
    select(db, Stmt::new(" WHERE number > ").bind(after).sql(format!(" ORDER BY number LIMIT {limit}")))
}

/// The last entries of a table's rows, by row key.
pub(crate) fn last(db: &mut dyn Db, table: &str) -> Result<HashMap<String, AuditEntry>, DbError> {
    newest(db, table, None)
}

/// The first entries that a run made of each row, by table and row key.
pub(crate) fn first_of_run(db: &mut dyn Db, run: i64) -> Result<HashMap<(String, String), AuditEntry>, DbError> {
    let mut first = HashMap::new();
    for entry in select(db, Stmt::new(" WHERE run = ").bind(run).sql(" ORDER BY number"))? {
        first.entry((entry.table.clone(), entry.row_key.clone())).or_insert(entry);
    }
    Ok(first)
}

/// The last entries of a table's rows before an entry, by row key.
pub(crate) fn last_before(db: &mut dyn Db, table: &str, number: i64) -> Result<HashMap<String, AuditEntry>, DbError> {
    newest(db, table, Some(number))
}

/// The states of rows that do not change in them, by table and row key, whatever is declared by now.
pub(crate) fn sealed<'t>(
    db: &mut dyn Db,
    tables: impl Iterator<Item = &'t str>,
) -> Result<HashMap<(String, String), String>, DbError> {
    let tables: BTreeSet<&str> = tables.collect();
    let mut sealed = HashMap::new();
    if tables.is_empty() || !exists(db)? {
        return Ok(sealed);
    }
    for table in tables {
        let last = last(db, table)?.into_values().filter(|entry| entry.sealed);
        sealed.extend(last.map(|entry| ((entry.table, entry.row_key), entry.to)));
    }
    Ok(sealed)
}

/// The last entries, newest first, of a table or of all.
pub(crate) fn recent(db: &mut dyn Db, table: Option<&str>, limit: usize) -> Result<Vec<AuditEntry>, DbError> {
    let rest = match table {
        Some(table) => Stmt::new(" WHERE table_name = ").bind(table),
        None => Stmt::new(""),
    };
    select(db, rest.sql(format!(" ORDER BY number DESC LIMIT {limit}")))
}

/// Adds entries to the end of the chain. Inside of the transaction that made the steps.
///
/// # Errors
/// When the chain does not end where the ledger says it does, and whatever the engine refuses.
pub(crate) fn append(db: &mut dyn Db, new: &[NewEntry<'_>], author: Author<'_>) -> Result<Vec<AuditEntry>, SeedError> {
    if new.is_empty() {
        return Ok(Vec::new());
    }
    let mut head = noted_head(db)?;
    let last = recent(db, None, 1)?.pop();
    let found = last.map_or(AuditHead { number: 0, hash: NOTHING.to_owned() }, |entry| AuditHead {
        number: entry.number,
        hash: entry.hash,
    });
    if found != head {
        let message = format!(
            "the audit ends with entry {}, but the ledger says that entry {} is the last",
            found.number, head.number
        );
        return Err(SeedError::Problems { problems: vec![Problem::new(ErrorCode::AuditBroken, None, message)] });
    }
    let at = ledger::now();
    let actor: String = author.actor.chars().take(SHORT).collect();
    let mut entries = Vec::with_capacity(new.len());
    for one in new {
        let mut entry = AuditEntry {
            number: head.number + 1,
            at: at.clone(),
            actor: actor.clone(),
            table: one.table.to_owned(),
            row_key: one.row_key.to_owned(),
            key: one.key.clone(),
            row: one.row.clone(),
            from: one.step.from.clone(),
            to: one.step.to.clone(),
            note: one.step.note.clone().or_else(|| author.note.map(str::to_owned)),
            run: author.run,
            sealed: one.sealed,
            covers: one.covers.to_vec(),
            content: one.content.to_owned(),
            previous: head.hash.clone(),
            hash: String::new(),
        };
        entry.hash = entry.expected_hash();
        head = AuditHead { number: entry.number, hash: entry.hash.clone() };
        entries.push(entry);
    }
    insert(db, &entries)?;
    ledger::set_meta(db, HEAD, &head.text())?;
    Ok(entries)
}

fn newest(db: &mut dyn Db, table: &str, before: Option<i64>) -> Result<HashMap<String, AuditEntry>, DbError> {
    let name = ledger::table(db.engine(), LedgerTable::SeedAudit);
    let mut stmt =
        Stmt::new(format!(" WHERE number IN (SELECT max(number) FROM {name} WHERE table_name = ")).bind(table);
    if let Some(before) = before {
        stmt = stmt.sql(" AND number < ").bind(before);
    }
    let entries = select(db, stmt.sql(" GROUP BY row_key)"))?;
    Ok(entries.into_iter().map(|entry| (entry.row_key.clone(), entry)).collect())
}

fn insert(db: &mut dyn Db, entries: &[AuditEntry]) -> Result<(), DbError> {
    let name = ledger::table(db.engine(), LedgerTable::SeedAudit);
    let size = CHUNK.min(dialect::max_binds(db.engine()) / 16);
    for chunk in entries.chunks(size) {
        let mut stmt = Stmt::new(format!("INSERT INTO {name} ({COLUMNS}) VALUES "));
        for (index, entry) in chunk.iter().enumerate() {
            stmt.push(if index == 0 { "(" } else { ", (" });
            let values: [Value; 16] = [
                Value::Int(entry.number),
                entry.at.as_str().into(),
                entry.actor.as_str().into(),
                entry.table.as_str().into(),
                entry.row_key.as_str().into(),
                canonical_text(&entry.key).into(),
                canonical_text(&entry.row).into(),
                entry.from.clone().into(),
                entry.to.as_str().into(),
                entry.note.clone().into(),
                entry.run.map_or(Value::Null, Value::Int),
                Value::Int(i64::from(entry.sealed)),
                canonical_text(&Json::from(entry.covers.clone())).into(),
                entry.content.as_str().into(),
                entry.previous.as_str().into(),
                entry.hash.as_str().into(),
            ];
            for (position, value) in values.into_iter().enumerate() {
                if position > 0 {
                    stmt.push(", ");
                }
                stmt.push_bind(value);
            }
            stmt.push(")");
        }
        db.execute(&stmt)?;
    }
    Ok(())
}

fn select(db: &mut dyn Db, rest: Stmt) -> Result<Vec<AuditEntry>, DbError> {
    let engine: Engine = db.engine();
    let name = ledger::table(engine, LedgerTable::SeedAudit);
    let stmt = Stmt::new(format!("SELECT {COLUMNS} FROM {name}")).append(rest);
    Ok(db.rows(&stmt)?.iter().map(entry).collect())
}

/// JSON that was written here; what is spelt in another way was written by somebody else.
fn canonical(text: &str) -> Option<Json> {
    serde_json::from_str(text).ok().filter(|json| canonical_text(json) == text)
}

/// Text that somebody changed is kept as text: it will not have the hash.
fn entry(row: &DynRow) -> AuditEntry {
    let json = |index: usize| canonical(row.text(index)).unwrap_or_else(|| Json::from(row.text(index)));
    let sealed = row.int(11) == 1;
    let text = |index: usize| row.at(index).as_str().map(str::to_owned);
    AuditEntry {
        number: row.int(0),
        at: row.text(1).to_owned(),
        actor: row.text(2).to_owned(),
        table: row.text(3).to_owned(),
        row_key: row.text(4).to_owned(),
        key: json(5),
        row: json(6),
        from: text(7),
        to: row.text(8).to_owned(),
        note: text(9),
        run: row.at(10).as_int(),
        sealed,
        covers: canonical(row.text(12))
            .and_then(|covers| serde_json::from_value(covers).ok())
            .unwrap_or_else(|| vec![row.text(12).to_owned()]),
        content: row.text(13).to_owned(),
        previous: row.text(14).to_owned(),
        // A flag that is neither set nor clear was written by somebody else.
        hash: if row.int(11) == i64::from(sealed) { row.text(15).to_owned() } else { String::new() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn entry() -> AuditEntry {
        let mut entry = AuditEntry {
            number: 7,
            at: "2030-01-02T03:04:05.678Z".to_owned(),
            actor: "nell@harbour".to_owned(),
            table: "contract".to_owned(),
            row_key: "ab".to_owned(),
            key: json!({"slug": "a"}),
            row: json!({"id": 1}),
            from: Some("APPROVED".to_owned()),
            to: "PUBLISHED".to_owned(),
            note: None,
            run: Some(3),
            sealed: true,
            covers: vec!["body".to_owned()],
            content: "cd".to_owned(),
            previous: "ef".to_owned(),
            hash: String::new(),
        };
        entry.hash = entry.expected_hash();
        entry
    }

    #[test]
    fn every_field_is_in_the_hash() {
        let edits: [fn(&mut AuditEntry); 15] = [
            |entry| entry.number += 1,
            |entry| entry.at.push('x'),
            |entry| entry.actor.push('x'),
            |entry| entry.table.push('x'),
            |entry| entry.row_key.push('x'),
            |entry| entry.key = json!({"slug": "b"}),
            |entry| entry.row = json!({"id": 2}),
            |entry| entry.from = None,
            |entry| entry.to.push('x'),
            |entry| entry.note = Some(String::new()),
            |entry| entry.run = None,
            |entry| entry.sealed = false,
            |entry| entry.covers.clear(),
            |entry| entry.content.push('x'),
            |entry| entry.previous.push('x'),
        ];
        for (index, edit) in edits.into_iter().enumerate() {
            let mut edited = entry();
            edit(&mut edited);
            assert_ne!(edited.expected_hash(), entry().hash, "field {index}");
        }
    }

    #[test]
    fn texts_cannot_be_moved_from_one_field_to_the_next() {
        let mut moved = entry();
        moved.actor = "nell@harbourcontract".to_owned();
        moved.table = String::new();
        assert_ne!(moved.expected_hash(), entry().hash);
    }

    #[test]
    fn the_head_reads_as_it_is_written() {
        let head = AuditHead { number: 12, hash: "9f".to_owned() };
        assert_eq!(AuditHead::parse(&head.text()), Some(head));
        assert_eq!(AuditHead::parse("twelve:9f"), None);
    }
}
