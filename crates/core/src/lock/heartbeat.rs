//! Renews a lease while its holder works, on the lock's own connection and in one short statement at a time. What a lost lease
//! means for the work is left to the fence.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::lease::{self, Fence, Renewal};
use super::mode::LockMode;
use crate::db::{Access, DatabaseUrl, Db, DbErrorKind, connect};

/// How often: five renewals may fail before the lease is over.
const EVERY: Duration = Duration::from_secs(5);

/// A lock's connection that is kept busy. Dropping it ends the renewals without waiting for the next one.
pub(super) struct Heartbeat {
    db: Arc<Mutex<Box<dyn Db>>>,
    lost: Arc<AtomicBool>,
    /// Closing it is what ends the thread.
    _stop: Sender<()>,
}

/// Begins to renew.
pub(super) fn start(db: Box<dyn Db>, url: DatabaseUrl, fence: Fence) -> std::io::Result<Heartbeat> {
    let db = Arc::new(Mutex::new(db));
    let lost = Arc::new(AtomicBool::new(false));
    let (stop, stopped) = channel::<()>();
    let (theirs, theirs_lost) = (Arc::clone(&db), Arc::clone(&lost));
    std::thread::Builder::new().name("plimsoll-lease".to_owned()).spawn(move || {
        while stopped.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
            if !beat(&theirs, &url, &fence) {
                theirs_lost.store(true, Ordering::Relaxed);
                return;
            }
        }
    })?;
    Ok(Heartbeat { db, lost, _stop: stop })
}

impl Heartbeat {
    /// The lock's connection, once a renewal under way is over.
    pub(super) fn db(&self) -> MutexGuard<'_, Box<dyn Db>> {
        self.db.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a renewal found that the lock is somebody else's.
    pub(super) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }
}

/// One renewal; whether there is anything left to renew.
fn beat(db: &Mutex<Box<dyn Db>>, url: &DatabaseUrl, fence: &Fence) -> bool {
    let mut db = db.lock().unwrap_or_else(PoisonError::into_inner);
    match lease::renew(db.as_mut(), fence.epoch) {
        Ok(Renewal::Renewed | Renewal::Busy) => true,
        Ok(Renewal::Lost) => false,
        // The session lock ended with its session; a lease does not depend on one.
        Err(error) => match fence.mode {
            LockMode::Session => error.kind != DbErrorKind::Lost,
            LockMode::LeaseOnly => {
                if let Ok(fresh) = connect(url, Access::Write) {
                    *db = fresh;
                }
                true
            }
        },
    }
}
