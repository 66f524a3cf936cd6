//! One try for the lock: session or file, then the lease. How often to try is left to `super`.

use super::file::{self, FileLock};
use super::lease::{self, Fence};
use super::mode::{self, LockMode, mode_for};
use super::{DeployLock, Held, Holder, LockError, POLL, heartbeat, identity, session};
use crate::db::{Access, DatabaseUrl, Db, DbError, DbErrorKind, Engine, connect};
use crate::ledger;

/// How often making the ledger is tried again. Behind a pooler several may do so at once, and even `IF NOT EXISTS` races.
const LEDGER_TRIES: u32 = 10;

/// Somebody who wants the lock, with what has to be found out only once.
pub(super) struct Candidate {
    url: DatabaseUrl,
    mode: LockMode,
    server: String,
    /// The lock's own connection to a server; the file is locked before the database is opened.
    db: Option<Box<dyn Db>>,
    file: Option<FileLock>,
}

impl Candidate {
    pub(super) fn new(url: &DatabaseUrl) -> Result<Self, LockError> {
        let none = Self { url: url.clone(), mode: LockMode::Session, server: String::new(), db: None, file: None };
        if url.file().is_some() {
            return Ok(none);
        }
        let mut db = connect(url, Access::Write)?;
        let facts = mode::facts(db.as_mut(), url)?;
        let mode = mode_for(&facts);
        let url = if facts.pooled { url.clone().pooled() } else { url.clone() };
        if facts.pooled {
            db = connect(&url, Access::Write)?;
        }
        short_waits(db.as_mut(), mode)?;
        let server = identity::of_server(db.as_mut())?;
        Ok(Self { url, mode, server, db: Some(db), file: None })
    }

    pub(super) fn try_acquire(&mut self, holder: &Holder) -> Result<Fence, LockError> {
        if let Some(database) = self.url.file() {
            let file = file::try_take(database, holder)?;
            let mut db = connect(&self.url, Access::Write)?;
            let server = identity::of_file(database);
            let epoch = take(db.as_mut(), holder, self.mode, &server)?;
            self.file = Some(file);
            return Ok(Fence { epoch, mode: self.mode });
        }
        let db = self.db.as_mut().expect("a server's candidate has a connection").as_mut();
        match self.mode {
            LockMode::LeaseOnly => take(db, holder, self.mode, &self.server),
            LockMode::Session => {
                if !session::try_take(db)? {
                    return Err(LockError::Held { holder: written_holder(db)? });
                }
                let taken = free_of_work(db).and_then(|()| take(db, holder, self.mode, &self.server));
                if taken.is_err() {
                    drop(session::give_back(db));
                }
                taken
            }
        }
        .map(|epoch| Fence { epoch, mode: self.mode })
    }

    pub(super) fn hold(self, fence: Fence) -> Result<DeployLock, LockError> {
        let held = match (self.file, self.db) {
            (Some(file), _) => Held::File { _file: file },
            (None, Some(db)) => {
                Held::Server(heartbeat::start(db, self.url.clone(), fence.clone()).map_err(LockError::Thread)?)
            }
            (None, None) => unreachable!("the lock was taken by one of them"),
        };
        Ok(DeployLock { url: self.url, fence, held })
    }
}

/// Whoever waits here for a row or a table would stand in the way of others; PostgreSQL's statements skip locked rows instead.
fn short_waits(db: &mut dyn Db, mode: LockMode) -> Result<(), DbError> {
    if db.engine() != Engine::Mysql {
        return Ok(());
    }
    db.batch("SET SESSION innodb_lock_wait_timeout = 1, SESSION lock_wait_timeout = 5")?;
    match mode {
        LockMode::Session => Ok(()),
        // A node of a cluster would answer from before what another one has written.
        LockMode::LeaseOnly => db.batch("SET SESSION wsrep_sync_wait = 15"),
    }
}

fn free_of_work(db: &mut dyn Db) -> Result<(), LockError> {
    match session::still_working(db)? {
        None => Ok(()),
        Some(working) => Err(LockError::StillWorking { session: working.session, statement: working.statement }),
    }
}

/// Takes the lease, and makes the ledger before when there is none. Gives the epoch.
fn take(db: &mut dyn Db, holder: &Holder, mode: LockMode, server: &str) -> Result<i64, LockError> {
    ensure_ledger(db)?;
    let seen = lease::read(db)?;
    if let Some(row) = &seen {
        let session_held = mode == LockMode::LeaseOnly && session::is_held(db)?;
        if !row.is_free(mode, server, session_held) {
            return Err(LockError::Held { holder: row.holder() });
        }
    }
    match lease::take(db, seen.as_ref(), holder, mode, server) {
        Ok(Some(epoch)) => Ok(epoch),
        // Somebody else was faster, and is about to work.
        Ok(None) => Err(LockError::Held { holder: written_holder(db)? }),
        Err(error) if lease::is_busy(&error) => Err(LockError::Held { holder: written_holder(db)? }),
        Err(error) => Err(error.into()),
    }
}

/// Makes the ledger, also when somebody without the same session lock is making it in this moment.
fn ensure_ledger(db: &mut dyn Db) -> Result<(), DbError> {
    let mut tries = 0;
    loop {
        match ledger::ensure(db) {
            Err(error) if tries < LEDGER_TRIES && is_race(&error) => {
                tries += 1;
                std::thread::sleep(POLL / 4);
            }
            done => return done,
        }
    }
}

fn is_race(error: &DbError) -> bool {
    error.kind == DbErrorKind::Unique
        || lease::is_busy(error)
        || ["already exists", "concurrently updated", "Duplicate column"]
            .iter()
            .any(|text| error.message.contains(text))
}

fn written_holder(db: &mut dyn Db) -> Result<Option<Holder>, DbError> {
    if !ledger::exists(db)? {
        return Ok(None);
    }
    Ok(lease::read(db)?.and_then(|row| row.holder()))
}
