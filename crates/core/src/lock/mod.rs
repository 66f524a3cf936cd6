//! The deployment lock: one deployment per database, never waiting inside the database. Who may deploy is the pipeline's.

mod candidate;
mod file;
mod heartbeat;
mod identity;
mod lease;
mod mode;
mod session;
mod state;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::db::{Access, DatabaseUrl, Db, DbError, allow_writing, connect};
use crate::ledger::{self, now};
use crate::{Coded, ErrorCode};

use candidate::Candidate;
use file::FileLock;
use heartbeat::Heartbeat;

pub use lease::{Fence, check_fence, check_fence_prepared, fence_text};
pub use mode::{LockMode, ServerFacts, mode_for};
pub use session::{is_marked, mark_working, sessions};
pub use state::{LockState, state, take_lease_away};

/// How often a busy lock is tried again; sooner at first. Waiting inside the database would deadlock with
/// `CREATE INDEX CONCURRENTLY`.
const POLL: Duration = Duration::from_millis(200);
const FIRST_POLL: Duration = Duration::from_millis(25);

/// How long a statement of a killed client is given to end, also by those who do not want to wait for the lock: the server
/// notices within a second that nobody listens any more, if it looks at all.
const GRACE: Duration = Duration::from_secs(3);

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

/// The lock, released when dropped and by the kernel or the server when the process dies. While it is held, a thread renews its
/// lease on the server.
pub struct DeployLock {
    url: DatabaseUrl,
    fence: Fence,
    held: Held,
}

enum Held {
    File { _file: FileLock },
    Server(Heartbeat),
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
    /// The holder was killed, and the server still works on its last statement.
    #[error("session {session} of a killed deployment still runs `{statement}`")]
    StillWorking {
        /// The server's number for the session.
        session: i64,
        /// The beginning of the statement, as far as the server tells.
        statement: String,
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
    /// The thread that would renew the lease cannot be started.
    #[error("cannot keep the lock alive")]
    Thread(#[source] std::io::Error),
    /// The database refused, the connection that held the lock is gone, or somebody else took it over.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl Coded for LockError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Held { .. } | Self::StillWorking { .. } => ErrorCode::LockHeld,
            Self::File { .. } => ErrorCode::FileUnwritable,
            Self::Thread(_) => ErrorCode::Statement,
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

impl std::fmt::Debug for DeployLock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeployLock").field("url", &self.url).field("fence", &self.fence).finish_non_exhaustive()
    }
}

/// Takes the lock of a database, trying again until `wait` is over. Makes the ledger when the database has none.
///
/// # Errors
/// [`LockError::Held`] with the holder when somebody else has it, [`LockError::StillWorking`] when its holder was killed and the
/// server has not noticed yet.
pub fn acquire(url: &DatabaseUrl, holder: &Holder, wait: Duration) -> Result<DeployLock, LockError> {
    match acquire_unless(url, holder, wait, &mut || false)? {
        Some(lock) => Ok(lock),
        None => unreachable!("only the closure ends the waiting, and this one never does"),
    }
}

/// As [`acquire`], for those who may not need the lock any more once its holder has worked: `done` is asked before every further
/// try, and ends the waiting without a lock.
///
/// # Errors
/// As [`acquire`].
pub fn acquire_unless(
    url: &DatabaseUrl,
    holder: &Holder,
    wait: Duration,
    done: &mut dyn FnMut() -> bool,
) -> Result<Option<DeployLock>, LockError> {
    let begun = Instant::now();
    let mut candidate = Candidate::new(url)?;
    let mut pause = FIRST_POLL;
    loop {
        let refused = match candidate.try_acquire(holder) {
            Ok(fence) => return candidate.hold(fence).map(Some),
            Err(error) => error,
        };
        let patience = match &refused {
            LockError::Held { .. } => wait,
            LockError::StillWorking { .. } => wait.max(GRACE),
            LockError::File { .. } | LockError::Thread(_) | LockError::Database(_) => return Err(refused),
        };
        let left = patience.saturating_sub(begun.elapsed());
        if left.is_zero() {
            return Err(refused);
        }
        std::thread::sleep(pause.min(left));
        pause = (pause * 2).min(POLL);
        if done() {
            return Ok(None);
        }
    }
}

/// Who holds the lock of a database now, `None` when nobody does.
///
/// # Errors
/// When the database or the lock file cannot be asked.
pub fn holder(url: &DatabaseUrl) -> Result<Option<Holder>, LockError> {
    match url.file() {
        Some(database) => file::holder(database),
        None => holder_on(url, connect(url, Access::Read)?.as_mut()),
    }
}

/// As [`holder`], on a connection to the same database that is there already.
///
/// # Errors
/// As [`holder`].
pub fn holder_on(url: &DatabaseUrl, db: &mut dyn Db) -> Result<Option<Holder>, LockError> {
    if let Some(database) = url.file() {
        return file::holder(database);
    }
    if !ledger::exists(db)? {
        return Ok(None);
    }
    let held = session::is_held(db)?;
    // Without a holder there is nothing that the server's identity could decide.
    let Some(row) = lease::read(db)?.filter(|row| row.holder().is_some()) else { return Ok(None) };
    if held {
        return Ok(row.holder());
    }
    Ok(row.lease_holder(&identity::of_server(db)?))
}

impl DeployLock {
    /// What the work under this lock proves itself with: see [`check_fence`].
    #[must_use]
    pub fn fence(&self) -> Fence {
        self.fence.clone()
    }

    /// Opens a connection for the work under this lock. Should this process be killed, whoever takes the lock next waits until
    /// the server has ended what runs on it.
    ///
    /// # Errors
    /// As [`connect`].
    pub fn connect(&self) -> Result<Box<dyn Db>, DbError> {
        self.mark(connect(&self.url, Access::Write)?)
    }

    /// As [`Self::connect`], with a connection to the same database that was opened for looking and has staged something.
    ///
    /// # Errors
    /// Whatever the engine refuses.
    pub fn take_over(&self, mut db: Box<dyn Db>) -> Result<Box<dyn Db>, DbError> {
        allow_writing(db.as_mut())?;
        self.mark(db)
    }

    fn mark(&self, mut db: Box<dyn Db>) -> Result<Box<dyn Db>, DbError> {
        if self.fence.mode == LockMode::Session {
            session::mark_working(db.as_mut())?;
        }
        Ok(db)
    }

    /// Makes sure that the lock is still held, which a lost connection would have ended.
    ///
    /// # Errors
    /// [`LockError::Database`] when the session is gone, or with [`crate::db::DbErrorKind::LeaseLost`] when somebody else has it.
    pub fn check(&mut self) -> Result<(), LockError> {
        let Held::Server(heartbeat) = &self.held else { return Ok(()) };
        let mut db = heartbeat.db();
        let lost = heartbeat.is_lost() || !lease::is_ours(db.as_mut(), self.fence.epoch)?;
        if lost { Err(lease::lost(self.url.engine()).into()) } else { Ok(()) }
    }
}

impl Drop for DeployLock {
    fn drop(&mut self) {
        match &self.held {
            Held::File { .. } => {
                // Nobody trusts the row of a file that is not locked; it only says so sooner.
                drop(
                    connect(&self.url, Access::Write).and_then(|mut db| lease::release(db.as_mut(), self.fence.epoch)),
                );
            }
            Held::Server(heartbeat) => {
                let mut db = heartbeat.db();
                // A session lock ends with its session and a lease with its time, whatever becomes of this.
                drop(lease::release(db.as_mut(), self.fence.epoch));
                if self.fence.mode == LockMode::Session {
                    drop(session::give_back(db.as_mut()));
                }
            }
        }
    }
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use super::*;

    fn url(dir: &tempfile::TempDir) -> DatabaseUrl {
        DatabaseUrl::parse("sqlite:a.db", dir.path()).expect("a good URL")
    }

    #[test]
    fn the_second_deployment_is_told_who_holds_the_lock() {
        let dir = tempfile::tempdir().expect("a folder");
        let url = url(&dir);
        let first = Holder::new("ada@quay", "deploy dev");
        let lock = acquire(&url, &first, Duration::ZERO).expect("the lock is free");
        let error = acquire(&url, &Holder::new("bob@quay", "deploy dev"), Duration::ZERO).expect_err("it is held");
        assert!(matches!(&error, LockError::Held { holder: Some(holder) } if *holder == first), "{error}");
        assert_eq!(holder(&url).expect("can be asked"), Some(first));
        drop(lock);
        assert_eq!(holder(&url).expect("can be asked"), None);
        acquire(&url, &Holder::new("bob@quay", "deploy dev"), Duration::ZERO).expect("the lock is free again");
    }

    #[test]
    fn who_asks_for_the_lock_of_a_copied_file_does_not_believe_its_lease() {
        let dir = tempfile::tempdir().expect("a folder");
        let _lock = acquire(&url(&dir), &Holder::new("ada@quay", "deploy dev"), Duration::ZERO).expect("is free");
        let mut db = connect(&url(&dir), Access::Write).expect("opens");
        db.batch(&format!("VACUUM INTO '{}'", dir.path().join("copy.db").display())).expect("copies");
        let copy = DatabaseUrl::parse("sqlite:copy.db", dir.path()).expect("a good URL");
        let held = acquire(&copy, &Holder::new("bob@quay", "deploy dev"), Duration::ZERO).expect("is free");
        assert_eq!(held.fence().mode, LockMode::Session);
    }
}
