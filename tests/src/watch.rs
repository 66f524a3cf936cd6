//! Ends a run in which a test hangs, with its name and with what the servers do then: a hang is a failure to look into, not a
//! run without an end. Waits for single facts have their own limits, in `fault`.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::mpsc::channel;
use std::sync::{Mutex, Once, PoisonError};
use std::time::{Duration, Instant};

use plimsoll_core::db::{Engine, Stmt};

use crate::server::{self, Server};

/// Several times what the longest test takes on a busy machine.
const LONGEST: Duration = Duration::from_secs(600);

/// How long the servers may take to say what they do.
const LAST_WORDS: Duration = Duration::from_secs(20);

static RUNNING: Mutex<BTreeMap<u64, Entry>> = Mutex::new(BTreeMap::new());

struct Entry {
    test: String,
    until: Instant,
}

/// A test that is watched until this is dropped.
#[derive(Debug)]
pub(crate) struct Watched(u64);

impl Watched {
    /// Watches the test of this thread.
    pub(crate) fn begin() -> Self {
        Self::within(LONGEST)
    }

    fn within(limit: Duration) -> Self {
        static WATCH: Once = Once::new();
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        let number = running.keys().next_back().map_or(0, |last| last + 1);
        let test = std::thread::current().name().unwrap_or("a test's thread").to_owned();
        running.insert(number, Entry { test, until: Instant::now() + limit });
        WATCH.call_once(|| drop(std::thread::spawn(watch)));
        Self(number)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        RUNNING.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
    }
}

fn watch() {
    loop {
        std::thread::park_timeout(Duration::from_millis(500));
        let now = Instant::now();
        let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        let late: Vec<String> = running.values().filter(|one| one.until < now).map(|one| one.test.clone()).collect();
        drop(running);
        if !late.is_empty() {
            give_up(&late);
        }
    }
}

/// Past the harness, which keeps what tests print until they end: these do not.
fn give_up(late: &[String]) -> ! {
    let mut stderr = std::io::stderr();
    drop(writeln!(stderr, "\nthese tests hang, and the run is given up: {}", late.join(", ")));
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for server in Server::ALL {
            // A server that was never started has nothing to say.
            drop(tell.send(std::panic::catch_unwind(|| sessions(server)).unwrap_or_default()));
        }
    });
    let begun = Instant::now();
    while let Ok(text) = told.recv_timeout(LAST_WORDS.saturating_sub(begun.elapsed())) {
        drop(write!(stderr, "{text}"));
    }
    std::process::abort()
}

/// What the sessions of a server do, one a line.
fn sessions(server: Server) -> String {
    let mut db = server::admin(server);
    let sql = match db.engine() {
        Engine::Postgres => {
            "SELECT concat_ws(' | ', pid, datname, state, wait_event_type, wait_event, pg_blocking_pids(pid)::text, query) \
             FROM pg_stat_activity WHERE datname LIKE 'plimsoll_test%' ORDER BY pid"
        }
        _ => {
            "SELECT CONCAT_WS(' | ', ID, DB, COMMAND, TIME, STATE, INFO) FROM information_schema.PROCESSLIST \
             WHERE DB LIKE 'plimsoll_test%' ORDER BY ID"
        }
    };
    let rows = db.rows(&Stmt::new(sql)).unwrap_or_default();
    rows.iter().map(|row| format!("{server:?}: {}\n", row.text(0))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::{Actor, role, stay};

    #[test]
    fn a_test_that_hangs_ends_the_run() {
        if role().is_some() {
            let _watched = Watched::within(Duration::from_millis(100));
            stay();
            return;
        }
        let actor = Actor::start("watch::tests::a_test_that_hangs_ends_the_run", "hang");
        assert!(actor.ends_by_itself_with_a_signal(), "the run went on");
    }

    #[test]
    fn a_test_that_ended_is_watched_no_longer() {
        let watched = Watched::begin();
        let number = watched.0;
        drop(watched);
        assert!(!RUNNING.lock().expect("nobody panics").contains_key(&number));
    }
}
