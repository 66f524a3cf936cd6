//! The deployment lock: one deployment per database, never waiting inside the database. Who may deploy is the pipeline's.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::db::{Access, DatabaseUrl, Db, DbError, Engine, Stmt, connect, scalar};
use crate::ledger::{self, LedgerTable, now, table};
use crate::{Coded, ErrorCode};

/// How often a busy lock is tried again. Waiting inside the database would deadlock with `CREATE INDEX CONCURRENTLY`.
const POLL: Duration = Duration::from_millis(200);

/// `plimsoll` in hexadecimal digits of ASCII, as PostgreSQL's advisory key; advisory locks are per database there.
const ADVISORY_KEY: i64 = 0x706c_696d_736f_6c6c;

/// The lock's name on MySQL, as an expression: names are global to the server there, and at most 64 characters.
const MYSQL_NAME: &str = "CONCAT('plimsoll:', LEFT(SHA2(DATABASE(), 256), 40))";

/// Who holds the lock, as others are told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// `user@host`.
    pub actor: String,
    /// The process on that host.
    pub pid: u32,
    /// What for: `deploy dev`.
    pub purpose: String,
    /// Since when, ISO 8601 in UTC.
    pub since: String,
}

/// The lock, released when dropped and by the kernel or the server when the process dies.
#[derive(Debug)]
pub struct DeployLock {
    held: Held,
}

enum Held {
    File { file: File, path: PathBuf },
    Session(Box<dyn Db>),
}

/// Why the lock was not obtained, or is no longer held.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Somebody else has it.
    #[error("another deployment holds the lock: {}", holder.as_ref().map_or_else(|| "its holder did not say who it is".to_owned(), ToString::to_string))]
    Held {
        /// Who, as far as is known.
        holder: Option<Holder>,
    },
    /// The lock file cannot be used.
    #[error("cannot use the lock file `{}`", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The database refused, or the connection that held the lock is gone.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl Coded for LockError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Held { .. } => ErrorCode::LockHeld,
            Self::File { .. } => ErrorCode::FileUnwritable,
            Self::Database(error) => error.code(),
        }
    }
}

impl Holder {
    /// A holder as of now.
    #[must_use]
    pub fn new(actor: &str, purpose: &str) -> Self {
        Self { actor: actor.to_owned(), pid: std::process::id(), purpose: purpose.to_owned(), since: now() }
    }
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` by {}, process {}, since {}", self.purpose, self.actor, self.pid, self.since)
    }
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File { path, .. } => write!(f, "File({})", path.display()),
            Self::Session(db) => write!(f, "Session({})", db.engine()),
        }
    }
}

/// Takes the lock of a database, trying again until `wait` is over. Makes the ledger when the database has none.
///
/// # Errors
/// [`LockError::Held`] with the holder when somebody else has it.
pub fn acquire(url: &DatabaseUrl, holder: &Holder, wait: Duration) -> Result<DeployLock, LockError> {
    let deadline = Instant::now() + wait;
    loop {
        match try_acquire(url, holder) {
            Err(LockError::Held { .. }) if Instant::now() + POLL <= deadline => std::thread::sleep(POLL),
            done => return done,
        }
    }
}

/// Who holds the lock of a database now, `None` when nobody does.
///
/// # Errors
/// When the database or the lock file cannot be asked.
pub fn holder(url: &DatabaseUrl) -> Result<Option<Holder>, LockError> {
    if let Some(database) = url.file() {
        let path = lock_file(database);
        let Ok(mut file) = File::open(&path) else { return Ok(None) };
        return match file.try_lock_shared() {
            Ok(()) => Ok(None),
            Err(TryLockError::WouldBlock) => Ok(read_holder(&mut file)),
            Err(TryLockError::Error(source)) => Err(LockError::File { path, source }),
        };
    }
    let mut db = connect(url, Access::Read)?;
    if !is_held(db.as_mut())? {
        return Ok(None);
    }
    session_holder(db.as_mut())
}

impl DeployLock {
    /// Makes sure that the lock is still held, which a lost connection would have ended.
    ///
    /// # Errors
    /// [`LockError::Database`] when the session is gone.
    pub fn check(&mut self) -> Result<(), LockError> {
        match &mut self.held {
            Held::File { .. } => Ok(()),
            Held::Session(db) => Ok(scalar(db.as_mut(), &Stmt::new("SELECT 1")).map(drop)?),
        }
    }
}

impl Drop for DeployLock {
    fn drop(&mut self) {
        match &mut self.held {
            // Emptied rather than removed: another process may have it open and would lock a file without a name.
            Held::File { file, .. } => drop(file.set_len(0)),
            Held::Session(db) => {
                let engine = db.engine();
                let lease = table(engine, LedgerTable::Lease);
                // The lock itself ends with the session, whatever becomes of this row.
                drop(db.batch(&format!("DELETE FROM {lease}")));
                // The server ends the session a little after the client: whoever comes next without waiting would be refused.
                drop(match engine {
                    Engine::Postgres => db.batch(&format!("SELECT pg_advisory_unlock({ADVISORY_KEY})")),
                    Engine::Mysql => db.batch(&format!("DO RELEASE_LOCK({MYSQL_NAME})")),
                    Engine::Sqlite => Ok(()),
                });
            }
        }
    }
}

fn try_acquire(url: &DatabaseUrl, holder: &Holder) -> Result<DeployLock, LockError> {
    if let Some(database) = url.file() {
        let held = lock_by_file(database, holder)?;
        let mut db = connect(url, Access::Write)?;
        ledger::ensure(db.as_mut())?;
        return Ok(DeployLock { held });
    }
    let mut db = connect(url, Access::Write)?;
    if !try_session(db.as_mut())? {
        return Err(LockError::Held { holder: session_holder(db.as_mut())? });
    }
    ledger::ensure(db.as_mut())?;
    let lease = table(db.engine(), LedgerTable::Lease);
    db.batch(&format!("DELETE FROM {lease}"))?;
    let text = serde_json::to_string(holder).unwrap_or_default();
    db.execute(
        &Stmt::new(format!("INSERT INTO {lease} (name, holder, acquired_at) VALUES ('deployment', "))
            .bind(text)
            .sql(", ")
            .bind(holder.since.as_str())
            .sql(")"),
    )?;
    Ok(DeployLock { held: Held::Session(db) })
}

fn lock_by_file(database: &Path, holder: &Holder) -> Result<Held, LockError> {
    let path = lock_file(database);
    let failed = |source| LockError::File { path: path.clone(), source };
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(failed)?;
    }
    let mut file = File::options().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(LockError::Held { holder: read_holder(&mut file) }),
        Err(TryLockError::Error(source)) => return Err(failed(source)),
    }
    file.set_len(0).map_err(failed)?;
    file.write_all(serde_json::to_string(holder).unwrap_or_default().as_bytes()).map_err(failed)?;
    Ok(Held::File { file, path })
}

fn lock_file(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".plimsoll-lock");
    PathBuf::from(name)
}

fn read_holder(file: &mut File) -> Option<Holder> {
    let mut text = String::new();
    file.seek(SeekFrom::Start(0)).ok()?;
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

/// Takes the server's session lock without waiting.
fn try_session(db: &mut dyn Db) -> Result<bool, DbError> {
    let stmt = match db.engine() {
        Engine::Postgres => Stmt::new(format!("SELECT pg_try_advisory_lock({ADVISORY_KEY})")),
        Engine::Mysql => Stmt::new(format!("SELECT GET_LOCK({MYSQL_NAME}, 0)")),
        Engine::Sqlite => return Ok(true),
    };
    Ok(scalar(db, &stmt)?.as_int() == Some(1))
}

/// Looks at the server's list of locks: trying the lock would refuse it to somebody who wants it in the same moment.
fn is_held(db: &mut dyn Db) -> Result<bool, DbError> {
    let stmt = match db.engine() {
        Engine::Postgres => Stmt::new(format!(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted \
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
             AND (classid::bigint << 32) + objid::bigint = {ADVISORY_KEY}"
        )),
        Engine::Mysql => Stmt::new(format!("SELECT IS_USED_LOCK({MYSQL_NAME}) IS NOT NULL")),
        Engine::Sqlite => return Ok(false),
    };
    Ok(scalar(db, &stmt)?.as_int() != Some(0))
}

fn session_holder(db: &mut dyn Db) -> Result<Option<Holder>, LockError> {
    if !ledger::exists(db)? {
        return Ok(None);
    }
    let lease = table(db.engine(), LedgerTable::Lease);
    let text = scalar(db, &Stmt::new(format!("SELECT holder FROM {lease}")))?;
    Ok(text.as_str().and_then(|text| serde_json::from_str(text).ok()))
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use super::*;

    #[test]
    fn the_second_deployment_is_told_who_holds_the_lock() {
        let dir = tempfile::tempdir().expect("a folder");
        let url = DatabaseUrl::parse("sqlite:a.db", dir.path()).expect("a good URL");
        let first = Holder::new("ada@quay", "deploy dev");
        let lock = acquire(&url, &first, Duration::ZERO).expect("the lock is free");
        let error = acquire(&url, &Holder::new("bob@quay", "deploy dev"), Duration::ZERO).expect_err("it is held");
        assert!(matches!(&error, LockError::Held { holder: Some(holder) } if *holder == first), "{error}");
        assert_eq!(holder(&url).expect("can be asked"), Some(first));
        drop(lock);
        assert_eq!(holder(&url).expect("can be asked"), None);
        acquire(&url, &Holder::new("bob@quay", "deploy dev"), Duration::ZERO).expect("the lock is free again");
    }
}
