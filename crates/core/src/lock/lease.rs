//! The lease row: who holds the lock, under which epoch and until when by the server's clock. Who may take it over is decided
//! here, when to try is `super`'s.

use chrono::DateTime;
use serde::{Deserialize, Serialize};

use super::{Holder, LockMode};
use crate::db::{Db, DbError, DbErrorKind, Engine, Stmt, Value};
use crate::ledger::{LedgerTable, table};

/// How long a lease lasts without being renewed, in seconds.
const TTL: u32 = 30;

/// How often giving a lease back is tried while somebody reads its row with a lock, as a check of the fence does.
const RELEASE_TRIES: u32 = 20;
const RELEASE_PAUSE: std::time::Duration = std::time::Duration::from_millis(25);

/// The only row there is.
const NAME: &str = "deployment";

/// Proof of holding the lock: whoever takes it next gets a higher epoch, and this one is worth nothing any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fence {
    /// Grows with every acquisition and never goes back, even when the row was lost or restored.
    pub epoch: i64,
    /// What decides who has the lock.
    pub mode: LockMode,
}

/// What a renewal found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Renewal {
    Renewed,
    /// Somebody is looking at the row in a transaction; it cannot be taken over meanwhile either.
    Busy,
    /// Somebody else has it.
    Lost,
}

/// The row as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    holder: Recorded,
    epoch: Option<i64>,
    expires_at: Option<String>,
    server: Option<String>,
    /// The server's clock when it was read.
    now: String,
}

/// The holder as the row has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Recorded {
    #[serde(flatten)]
    holder: Option<Holder>,
    #[serde(default)]
    mode: LockMode,
}

/// Makes sure that the lock is still the one that this fence was made for. Belongs into the transaction that records
/// progress, as its last statement: whoever wants to take the lock over does not get it until that has ended.
///
/// # Errors
/// [`DbErrorKind::LeaseLost`] when somebody else has the lock.
pub fn check_fence(db: &mut dyn Db, fence: &Fence) -> Result<(), DbError> {
    check(db, fence, false)
}

/// As [`check_fence`], with a prepared statement that is kept in the session: not where somebody may throw that away, as
/// `DISCARD ALL` does.
///
/// # Errors
/// As [`check_fence`].
pub fn check_fence_prepared(db: &mut dyn Db, fence: &Fence) -> Result<(), DbError> {
    check(db, fence, true)
}

/// As [`check_fence`], as text for the end of a request of several statements, which fails where that would. None where it
/// takes a statement of its own to find out.
#[must_use]
pub fn fence_text(engine: Engine, fence: &Fence) -> Option<String> {
    if engine != Engine::Postgres || fence.mode != LockMode::Session {
        return None;
    }
    let (lease, epoch) = (table(engine, LedgerTable::Lease), fence.epoch);
    // Dividing by nothing is the cheapest refusal there is in plain SQL; a block of PL/pgSQL is compiled anew each time.
    Some(format!(
        "SELECT 1 / count(*) FROM (SELECT 1 FROM {lease} WHERE name = '{NAME}' AND epoch = {epoch} FOR SHARE) held"
    ))
}

/// The row, `None` when there is none. A ledger of the first format has no epochs.
pub(super) fn read(db: &mut dyn Db) -> Result<Option<Row>, DbError> {
    let engine = db.engine();
    let lease = table(engine, LedgerTable::Lease);
    let now = clock(engine, 0);
    let rows = db.rows(&Stmt::new(format!("SELECT l.*, {now} AS now_text FROM {lease} l WHERE l.name = '{NAME}'")))?;
    Ok(rows.first().map(|row| {
        let text = |name: &str| row.get(name).as_str().map(str::to_owned);
        Row {
            holder: text("holder").and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default(),
            epoch: row.get("epoch").as_int(),
            expires_at: text("expires_at"),
            server: text("server"),
            now: text("now_text").unwrap_or_default(),
        }
    }))
}

impl Row {
    /// Who wrote it, unless it was released.
    pub(super) fn holder(&self) -> Option<Holder> {
        self.holder.holder.clone().filter(|_| self.expires_at.is_some() || self.epoch.is_none())
    }

    /// Its epoch and until when it lasts, as the row has them.
    pub(super) fn standing(&self) -> (Option<i64>, Option<&str>) {
        (self.epoch, self.expires_at.as_deref())
    }

    /// Who holds the lock by this row alone.
    pub(super) fn lease_holder(&self, server: &str) -> Option<Holder> {
        self.holder().filter(|_| self.counts(server) && self.holder.mode == LockMode::LeaseOnly)
    }

    /// Whether the row may be taken over by somebody with this mode, who holds the session lock if that is what decides.
    ///
    /// `session_held`: whether anybody holds the session lock, which tells a dead holder from one that works.
    pub(super) fn is_free(&self, mode: LockMode, server: &str, session_held: bool) -> bool {
        if !self.counts(server) {
            return true;
        }
        match (mode, self.holder.mode) {
            (_, LockMode::LeaseOnly) => false,
            (LockMode::Session, LockMode::Session) => true,
            (LockMode::LeaseOnly, LockMode::Session) => !session_held,
        }
    }

    /// Whether it is neither released nor over, and was written for this database.
    fn counts(&self, server: &str) -> bool {
        let live = self.expires_at.as_deref().is_some_and(|until| until > self.now.as_str());
        live && self.server.as_deref() == Some(server)
    }

    /// Higher than before, and higher than what a restored or lost row had: milliseconds of the server's clock.
    fn next_epoch(&self) -> i64 {
        self.epoch.map_or(0, |epoch| epoch.saturating_add(1)).max(millis(&self.now))
    }
}

/// Writes the row if it is still as it was read, in one statement that does not wait. Gives the new epoch.
pub(super) fn take(
    db: &mut dyn Db,
    seen: Option<&Row>,
    holder: &Holder,
    mode: LockMode,
    server: &str,
) -> Result<Option<i64>, DbError> {
    let engine = db.engine();
    let lease = table(engine, LedgerTable::Lease);
    let recorded = Recorded { holder: Some(holder.clone()), mode };
    let recorded = serde_json::to_string(&recorded).unwrap_or_default();
    let until = clock(engine, TTL);
    let Some(seen) = seen else {
        let now = crate::db::scalar(db, &Stmt::new(format!("SELECT {}", clock(engine, 0))))?;
        let epoch = millis(now.as_str().unwrap_or_default());
        let stmt =
            Stmt::new(format!("INSERT INTO {lease} (name, holder, acquired_at, epoch, server, expires_at) VALUES ("))
                .bind(NAME)
                .sql(", ")
                .bind(recorded)
                .sql(", ")
                .bind(holder.since.as_str())
                .sql(", ")
                .bind(epoch)
                .sql(", ")
                .bind(server)
                .sql(format!(", {until})"));
        return match db.execute(&stmt) {
            Ok(_) => Ok(Some(epoch)),
            Err(error) if error.kind == DbErrorKind::Unique => Ok(None),
            Err(error) => Err(error),
        };
    };
    let epoch = seen.next_epoch();
    let changes = Stmt::new("holder = ")
        .bind(recorded)
        .sql(", acquired_at = ")
        .bind(holder.since.as_str())
        .sql(", epoch = ")
        .bind(epoch)
        .sql(", server = ")
        .bind(server)
        .sql(format!(", expires_at = {until}"));
    let same = match engine {
        Engine::Sqlite => "IS",
        Engine::Postgres => "IS NOT DISTINCT FROM",
        Engine::Mysql => "<=>",
    };
    let as_seen = Stmt::new(format!("epoch {same} "))
        .bind(Value::from(seen.epoch))
        .sql(format!(" AND expires_at {same} "))
        .bind(Value::from(seen.expires_at.clone()));
    Ok((update(db, changes, as_seen)? == 1).then_some(epoch))
}

/// Lets the lease last on, without waiting for anybody.
pub(super) fn renew(db: &mut dyn Db, epoch: i64) -> Result<Renewal, DbError> {
    let engine = db.engine();
    let changes = Stmt::new(format!("expires_at = {}", clock(engine, TTL)));
    let mine = Stmt::new("epoch = ").bind(epoch);
    match update(db, changes, mine) {
        Ok(0) if is_ours(db, epoch)? => Ok(Renewal::Busy),
        Ok(0) => Ok(Renewal::Lost),
        Ok(_) => Ok(Renewal::Renewed),
        Err(error) if is_busy(&error) => Ok(Renewal::Busy),
        Err(error) => Err(error),
    }
}

/// Whether the row still has this epoch.
pub(super) fn is_ours(db: &mut dyn Db, epoch: i64) -> Result<bool, DbError> {
    let lease = table(db.engine(), LedgerTable::Lease);
    let stmt = Stmt::new(format!("SELECT epoch FROM {lease} WHERE name = '{NAME}' AND epoch = ")).bind(epoch);
    Ok(!db.rows(&stmt)?.is_empty())
}

/// Ends the lease and keeps the row, for its epoch. Who has the row locked is not waited for without end: the lease ends by
/// itself then.
pub(super) fn release(db: &mut dyn Db, epoch: i64) -> Result<(), DbError> {
    for _ in 0..RELEASE_TRIES {
        let ended = update(db, Stmt::new("expires_at = NULL"), Stmt::new("epoch = ").bind(epoch))?;
        if ended > 0 || !is_ours(db, epoch)? {
            break;
        }
        std::thread::sleep(RELEASE_PAUSE);
    }
    Ok(())
}

/// Ends the lease of somebody who may be alive: with a new epoch, so that nothing of theirs is written any more. Whether it was
/// still the one with this epoch.
pub(super) fn take_away(db: &mut dyn Db, epoch: i64) -> Result<bool, DbError> {
    let changes = Stmt::new("expires_at = NULL, epoch = ").bind(epoch.saturating_add(1));
    Ok(update(db, changes, Stmt::new("epoch = ").bind(epoch))? == 1)
}

/// Whether an error says that somebody else was in the way for a moment.
pub(super) fn is_busy(error: &DbError) -> bool {
    [
        "Lock wait timeout",
        "Deadlock found",
        "deadlock detected",
        "lock timeout",
        "database is locked",
        "restart transaction",
    ]
    .iter()
    .any(|text| error.message.contains(text))
}

pub(super) fn lost(engine: Engine) -> DbError {
    DbError::new(engine, DbErrorKind::LeaseLost, "the lock was taken over by another deployment")
}

fn check(db: &mut dyn Db, fence: &Fence, prepared: bool) -> Result<(), DbError> {
    let engine = db.engine();
    let lease = table(engine, LedgerTable::Lease);
    let held = match fence.mode {
        LockMode::Session => {
            let lock = match engine {
                Engine::Sqlite => "",
                Engine::Postgres => " FOR SHARE",
                Engine::Mysql => " LOCK IN SHARE MODE",
            };
            let stmt = Stmt::new(format!("SELECT epoch FROM {lease} WHERE name = '{NAME}' AND epoch = "));
            let stmt = stmt.bind(fence.epoch).sql(lock);
            !db.rows(&if prepared { stmt.cached() } else { stmt })?.is_empty()
        }
        // A row that is only read is not compared between the nodes of a cluster when they commit.
        LockMode::LeaseOnly => {
            let stmt =
                Stmt::new(format!("UPDATE {lease} SET expires_at = {} WHERE name = '{NAME}'", clock(engine, TTL)));
            db.execute(&stmt.sql(" AND epoch = ").bind(fence.epoch))? == 1
        }
    };
    if held { Ok(()) } else { Err(lost(engine)) }
}

/// Updates the row where a condition holds. On PostgreSQL a waiting statement would be what a concurrent index build waits for
/// in turn; on MySQL the session of the lock has a short limit.
fn update(db: &mut dyn Db, changes: Stmt, condition: Stmt) -> Result<usize, DbError> {
    let engine = db.engine();
    let lease = table(engine, LedgerTable::Lease);
    let stmt = match engine {
        Engine::Postgres => Stmt::new(format!("WITH free AS (SELECT name FROM {lease} WHERE name = '{NAME}' AND "))
            .append(condition)
            .sql(format!(" FOR UPDATE SKIP LOCKED) UPDATE {lease} AS l SET "))
            .append(changes)
            .sql(" FROM free WHERE l.name = free.name"),
        Engine::Sqlite | Engine::Mysql => Stmt::new(format!("UPDATE {lease} SET "))
            .append(changes)
            .sql(format!(" WHERE name = '{NAME}' AND "))
            .append(condition),
    };
    db.execute(&stmt)
}

/// The server's clock some seconds from now, as an expression: UTC, ISO 8601, milliseconds, so that texts compare as times.
fn clock(engine: Engine, seconds: u32) -> String {
    match engine {
        Engine::Sqlite => format!("strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '+{seconds} seconds')"),
        Engine::Postgres => format!(
            "to_char(clock_timestamp() AT TIME ZONE 'UTC' + interval '{seconds} seconds', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
        ),
        Engine::Mysql => format!(
            "CONCAT(LEFT(DATE_FORMAT(DATE_ADD(UTC_TIMESTAMP(3), INTERVAL {seconds} SECOND), '%Y-%m-%dT%H:%i:%s.%f'), 23), 'Z')"
        ),
    }
}

fn millis(text: &str) -> i64 {
    DateTime::parse_from_rfc3339(text).map_or(0, |time| time.timestamp_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(mode: LockMode, expires_at: Option<&str>, server: &str) -> Row {
        Row {
            holder: Recorded { holder: Some(Holder::new("ada@quay", "deploy dev")), mode },
            epoch: Some(7),
            expires_at: expires_at.map(str::to_owned),
            server: Some(server.to_owned()),
            now: "2026-01-01T12:00:00.000Z".to_owned(),
        }
    }

    const LATER: Option<&str> = Some("2026-01-01T12:00:00.001Z");
    const EARLIER: Option<&str> = Some("2026-01-01T11:59:59.999Z");

    #[test]
    fn who_has_the_session_lock_takes_over_from_a_dead_session_and_respects_a_lease() {
        assert!(row(LockMode::Session, LATER, "here").is_free(LockMode::Session, "here", true));
        assert!(!row(LockMode::LeaseOnly, LATER, "here").is_free(LockMode::Session, "here", true));
    }

    #[test]
    fn who_has_only_the_lease_respects_every_holder_that_is_alive() {
        assert!(!row(LockMode::Session, LATER, "here").is_free(LockMode::LeaseOnly, "here", true));
        assert!(row(LockMode::Session, LATER, "here").is_free(LockMode::LeaseOnly, "here", false));
        assert!(!row(LockMode::LeaseOnly, LATER, "here").is_free(LockMode::LeaseOnly, "here", false));
    }

    #[test]
    fn released_expired_and_foreign_leases_are_free_for_everybody() {
        for mode in [LockMode::Session, LockMode::LeaseOnly] {
            for other in [LockMode::Session, LockMode::LeaseOnly] {
                assert!(row(other, None, "here").is_free(mode, "here", true));
                assert!(row(other, EARLIER, "here").is_free(mode, "here", true));
                assert!(row(other, LATER, "elsewhere").is_free(mode, "here", true));
            }
        }
    }

    #[test]
    fn an_epoch_grows_even_when_the_clock_or_the_row_goes_back() {
        let mut row = row(LockMode::Session, None, "here");
        let by_clock = row.next_epoch();
        assert_eq!(by_clock, 1_767_268_800_000);
        row.epoch = Some(by_clock + 5);
        assert_eq!(row.next_epoch(), by_clock + 6);
    }
}
