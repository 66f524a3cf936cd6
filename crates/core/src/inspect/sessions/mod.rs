//! The sessions of a database and who waits for whom, and ending one of them. How each engine tells is in the files beside.

#[cfg(unix)]
mod file;
mod mysql;
mod postgres;
mod show;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::db::{DatabaseUrl, Db, DbError, Engine};

/// How often it is looked whether a session is gone.
const POLL: Duration = Duration::from_millis(50);

/// The sessions of a database, without the one that asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sessions {
    /// All of them, by their number.
    pub sessions: Vec<Session>,
    /// What could not be found out, in sentences.
    pub notes: Vec<String>,
}

/// One session of a server; on SQLite a process that has the file open.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The server's number for it, or the number of the process.
    pub id: i64,
    /// The account.
    pub user: String,
    /// Where it comes from, as far as the server tells.
    pub client: String,
    /// The program, as it calls itself.
    pub application: String,
    /// What it does: `active`, `idle in transaction`, `Sleep`, `writes`.
    pub state: String,
    /// For how long: since its transaction began, or else since the state began.
    pub seconds: Option<i64>,
    /// The beginning of its last statement, in one line.
    pub statement: String,
    /// What it waits for, such as `AccessExclusiveLock on domain`.
    pub waits_for: Option<String>,
    /// Who keeps it waiting. 0 is a prepared transaction, which no session has.
    pub blocked_by: Vec<i64>,
    /// Whether [`Self::blocked_by`] is only who may be in the way: the server does not tell.
    pub guessed: bool,
    /// Whether it holds the deployment lock or works under it.
    pub deploys: bool,
    /// When it began, for telling it from a later one with its number; empty where numbers are not used again.
    pub begun: String,
}

/// What became of a session that was to be ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// It is gone.
    Gone,
    /// It was gone before.
    WasGone,
    /// It was told to end and has not yet: it takes back what it had done.
    Ending,
}

/// Lists the sessions of a database.
///
/// # Errors
/// When the server refuses even the list. What it keeps back otherwise is in the notes.
pub fn sessions(db: &mut dyn Db, url: &DatabaseUrl) -> Result<Sessions, DbError> {
    let mut found = match db.engine() {
        Engine::Postgres => postgres::read(db)?,
        Engine::Mysql => mysql::read(db)?,
        Engine::Sqlite => of_file(url),
    };
    found.sessions.sort_by_key(|session| session.id);
    Ok(found)
}

/// Ends a session of a server and looks until it is gone, for as long as `patience`.
///
/// # Errors
/// When the account may not end it, and for SQLite, whose processes belong to nobody here.
pub fn end(db: &mut dyn Db, session: &Session, patience: Duration) -> Result<Ended, DbError> {
    let told = match db.engine() {
        Engine::Postgres => postgres::end(db, session)?,
        Engine::Mysql => mysql::end(db, session)?,
        Engine::Sqlite => {
            let message = format!("process {} is not a session of a server, and is not ended from here", session.id);
            return Err(DbError::new(Engine::Sqlite, crate::db::DbErrorKind::Refused, message));
        }
    };
    if !told {
        return Ok(Ended::WasGone);
    }
    let begun = Instant::now();
    while is_there(db, session)? {
        if begun.elapsed() >= patience {
            return Ok(Ended::Ending);
        }
        std::thread::sleep(POLL);
    }
    Ok(Ended::Gone)
}

impl Sessions {
    /// A session by its number.
    #[must_use]
    pub fn get(&self, id: i64) -> Option<&Session> {
        self.sessions.iter().find(|session| session.id == id)
    }

    /// Those that keep others waiting and do not wait themselves: ending one of them lets somebody go on.
    #[must_use]
    pub fn culprits(&self) -> Vec<i64> {
        let blockers: BTreeSet<i64> = self.sessions.iter().flat_map(|session| session.blocked_by.clone()).collect();
        let waits = |id: &i64| self.get(*id).is_some_and(|session| !session.blocked_by.is_empty());
        blockers.into_iter().filter(|id| !waits(id)).collect()
    }

    /// The sessions that directly wait for this one.
    pub(super) fn waiting_for(&self, id: i64) -> impl Iterator<Item = &Session> {
        self.sessions.iter().filter(move |session| session.blocked_by.contains(&id))
    }
}

fn is_there(db: &mut dyn Db, session: &Session) -> Result<bool, DbError> {
    match db.engine() {
        Engine::Postgres => postgres::is_there(db, session),
        Engine::Mysql => mysql::is_there(db, session),
        Engine::Sqlite => Ok(false),
    }
}

#[cfg(unix)]
fn of_file(url: &DatabaseUrl) -> Sessions {
    url.file().map(file::read).unwrap_or_default()
}

#[cfg(not(unix))]
fn of_file(_url: &DatabaseUrl) -> Sessions {
    Sessions { sessions: Vec::new(), notes: vec!["this system does not tell who has a file open".to_owned()] }
}

/// A statement in one line.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
