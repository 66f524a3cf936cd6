//! Whether the audit is intact and the rows are as it says. Finds out, and changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use plimsoll_core::db::{Catalog, Db, DbError, Stmt, Table, dialect, quoted};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::error::SeedError;
use crate::lifecycle::Lifecycle;
use crate::lifecycle::audit::{self, AuditEntry, AuditHead, NOTHING};
use crate::lifecycle::content::{covered, recorded};
use crate::read::Seeds;
use crate::reconcile::show;
use crate::value::{canonical_text, live};

/// What was found out about the audit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditReport {
    /// How many entries were read and hashed.
    pub entries: i64,
    /// How many rows were compared with their last entry.
    pub rows: usize,
    /// The last entry, to be kept elsewhere: who can write the whole database can write a whole new chain.
    pub head: AuditHead,
    /// What is wrong: the first broken link, then rows.
    pub findings: Vec<AuditFinding>,
    /// What is worth knowing and not wrong.
    pub notes: Vec<String>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditFinding {
    /// The entry, when it is about one.
    pub entry: Option<i64>,
    /// The row, as `contract a`, when it is about one.
    pub row: Option<String>,
    /// What is wrong, in a sentence without its end.
    pub message: String,
}

/// Entries and rows that are read at once.
const PAGE: usize = 1_000;

/// Checks every link of the chain, that every row is in the state that its last entry says, that rows in immutable states are
/// what was recorded of them, and that there is none without an entry. `noted` is an earlier head that was kept elsewhere.
///
/// # Errors
/// [`SeedError::Database`].
pub fn verify_audit(db: &mut dyn Db, seeds: &Seeds, noted: Option<&AuditHead>) -> Result<AuditReport, SeedError> {
    let mut report = AuditReport {
        entries: 0,
        rows: 0,
        head: AuditHead { number: 0, hash: NOTHING.to_owned() },
        findings: Vec::new(),
        notes: Vec::new(),
    };
    let last = if audit::exists(db)? { chain(db, noted, &mut report)? } else { BTreeMap::new() };
    if let Some(noted) = noted.filter(|noted| noted.number > report.entries) {
        let message = format!("there is no entry {}, whose hash was kept", noted.number);
        report.findings.push(AuditFinding { entry: Some(noted.number), row: None, message });
    }
    let catalog = Catalog::read(db)?;
    for (table, rows) in &last {
        match seeds.lifecycle(table) {
            Some(lifecycle) => {
                check_rows(db, &catalog, lifecycle, rows.values(), &mut report)?;
            }
            None => {
                let message =
                    format!("`{table}` has entries and no life cycle any more, so its rows cannot be checked");
                report.findings.push(AuditFinding { entry: None, row: None, message });
            }
        }
    }
    for lifecycle in seeds.lifecycles.iter().filter(|lifecycle| lifecycle.audit) {
        if let Some(table) = catalog.tables.get(&lifecycle.table) {
            let key =
                seeds.tables.iter().find(|staged| staged.name == lifecycle.table).map(|staged| staged.key.as_slice());
            let key = key.unwrap_or(&table.primary_key);
            check_unaudited(db, lifecycle, table, key, last.get(&lifecycle.table), &mut report)?;
        }
    }
    Ok(report)
}

/// The last entry of every row, by table and primary key.
type Last = BTreeMap<String, BTreeMap<String, AuditEntry>>;

/// Reads the whole chain up to its first broken link, which is reported. Rows are compared with what comes after it as well.
fn chain(db: &mut dyn Db, noted: Option<&AuditHead>, report: &mut AuditReport) -> Result<Last, DbError> {
    let mut last = Last::new();
    let mut broken = false;
    let mut after = 0;
    loop {
        let page = audit::page(db, after, PAGE)?;
        let Some(end) = page.last() else { break };
        after = end.number;
        for entry in page {
            let wrong = if broken { None } else { wrong_link(&report.head, &entry, noted) };
            if let Some(message) = wrong {
                broken = true;
                report.findings.push(AuditFinding { entry: Some(entry.number), row: None, message });
            }
            report.head = AuditHead { number: entry.number, hash: entry.hash.clone() };
            report.entries += 1;
            last.entry(entry.table.clone()).or_default().insert(canonical_text(&entry.row), entry);
        }
    }
    let head = audit::noted_head(db)?;
    if !broken && head != report.head {
        let message = if head.number > report.head.number {
            format!("entries are missing at the end: the ledger says that entry {} is the last", head.number)
        } else {
            format!("the ledger says that entry {} is the last, with another hash than this one", head.number)
        };
        report.findings.push(AuditFinding { entry: Some(report.head.number), row: None, message });
    }
    Ok(last)
}

fn wrong_link(head: &AuditHead, entry: &AuditEntry, noted: Option<&AuditHead>) -> Option<String> {
    if entry.number != head.number + 1 {
        return Some(format!("entry {} is missing before it", head.number + 1));
    }
    if entry.previous != head.hash {
        return Some("it does not go on from the entry before it".to_owned());
    }
    if entry.expected_hash() != entry.hash {
        return Some("it was changed: its hash is not that of what it says".to_owned());
    }
    let other = noted.filter(|noted| noted.number == entry.number && noted.hash != entry.hash);
    other.map(|_| "its hash is not the one that was kept".to_owned())
}

fn check_rows<'a>(
    db: &mut dyn Db,
    catalog: &Catalog,
    lifecycle: &Lifecycle,
    entries: impl Iterator<Item = &'a AuditEntry>,
    report: &mut AuditReport,
) -> Result<(), DbError> {
    let entries: Vec<&AuditEntry> = entries.collect();
    let none = Table::default();
    let table = catalog.tables.get(&lifecycle.table).unwrap_or(&none);
    let covers_now: BTreeSet<String> = covered(lifecycle, table).into_iter().collect();
    let mut uncovered = BTreeSet::new();
    for chunk in entries.chunks(PAGE) {
        for (entry, image) in chunk.iter().zip(recorded(db, &lifecycle.table, table, chunk)?) {
            report.rows += 1;
            let state = image.as_ref().and_then(|image| image.state(lifecycle));
            let message = match (&image, state) {
                (None, _) if entry.to.is_empty() => continue,
                (None, _) => format!("it is gone from the database, and its last entry says {}", entry.to),
                (Some(_), _) if entry.to.is_empty() => "it is there, and its last entry says deleted".to_owned(),
                (Some(_), state) if state != Some(&entry.to) => {
                    format!("it is {}, and its last entry says {}", state.unwrap_or("without a state"), entry.to)
                }
                (Some(_), _) if !lifecycle.is_immutable(&entry.to) => continue,
                (Some(image), _) if image.digest(&entry.covers) != entry.content => {
                    format!("it is {} and was changed since that was recorded", entry.to)
                }
                (Some(_), _) => {
                    uncovered.extend(covers_now.iter().filter(|name| !entry.covers.contains(name)).cloned());
                    continue;
                }
            };
            let row = Some(format!("{} {}", entry.table, show::label(&entry.key)));
            report.findings.push(AuditFinding { entry: Some(entry.number), row, message });
        }
    }
    for column in uncovered {
        let note = format!(
            "`{column}` of `{}` came later than entries that it would be in, and is not checked",
            lifecycle.table
        );
        report.notes.push(note);
    }
    Ok(())
}

/// Rows that somebody put into an immutable state without a step to it, by the names under which they can be accepted.
fn check_unaudited(
    db: &mut dyn Db,
    lifecycle: &Lifecycle,
    table: &Table,
    natural: &[String],
    known: Option<&BTreeMap<String, AuditEntry>>,
    report: &mut AuditReport,
) -> Result<(), DbError> {
    let engine = db.engine();
    let key: Vec<_> = table.primary_key.iter().filter_map(|name| table.column(name)).collect();
    if key.is_empty() || lifecycle.immutable.is_empty() || table.column(&lifecycle.column).is_none() {
        return Ok(());
    }
    let natural: Vec<_> = natural.iter().filter_map(|name| table.column(name)).collect();
    let names: Vec<String> = key.iter().chain(&natural).map(|column| dialect::read_expr(engine, column)).collect();
    let mut stmt = Stmt::new(format!(
        "SELECT {} FROM {} WHERE {} IN (",
        names.join(", "),
        quoted(engine, &lifecycle.table),
        quoted(engine, &lifecycle.column)
    ));
    for (index, state) in lifecycle.immutable.iter().enumerate() {
        if index > 0 {
            stmt.push(", ");
        }
        // As a literal it takes the type of the column, be that text or an enumeration.
        stmt.push(dialect::literal(engine, state));
    }
    for row in db.rows(&stmt.sql(")"))? {
        let values = key.iter().chain(&natural).zip(row.into_values());
        let mut values = values.map(|(column, value)| (column.name.clone(), live(column, value)));
        let id = Json::Object(values.by_ref().take(key.len()).collect());
        if known.is_none_or(|known| !known.contains_key(&canonical_text(&id))) {
            let row = Some(format!("{} {}", lifecycle.table, show::label(&Json::Object(values.collect()))));
            let message = "it is in an immutable state and has no entry".to_owned();
            report.findings.push(AuditFinding { entry: None, row, message });
        }
    }
    Ok(())
}

impl AuditReport {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.findings.is_empty()
    }
}

impl fmt::Display for AuditFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.entry, &self.row) {
            (Some(entry), Some(row)) => write!(f, "{row}: {} (entry {entry})", self.message),
            (Some(entry), None) => write!(f, "entry {entry}: {}", self.message),
            (None, Some(row)) => write!(f, "{row}: {}", self.message),
            (None, None) => f.write_str(&self.message),
        }
    }
}

impl fmt::Display for AuditReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        let entries = usize::try_from(self.entries).unwrap_or_default();
        let entry = if entries == 1 { "entry" } else { "entries" };
        writeln!(f, "audit: {entries} {entry}, {} row{} compared", self.rows, plural(self.rows))?;
        self.findings.iter().try_for_each(|finding| writeln!(f, "  ! {finding}"))?;
        self.notes.iter().try_for_each(|note| writeln!(f, "  note: {note}"))?;
        if self.holds() {
            writeln!(f, "  intact")?;
        }
        writeln!(f, "  head {}", self.head.text())
    }
}
