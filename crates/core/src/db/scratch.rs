//! Throw-away databases beside a real one, for trying out what must not be tried there. What is tried is the caller's.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{Access, DatabaseUrl, Db, DbError, DbErrorKind, Engine, Stmt, Value, connect, quoted};

/// What every scratch database's name begins with; after it come the second it was made in, the process and a number.
const PREFIX: &str = "plimsoll_scratch_";

/// When a scratch database that nobody is connected to counts as left behind by a killed run.
const STALE: Duration = Duration::from_secs(60 * 60);

/// An empty database of its own; dropping it drops the database.
#[derive(Debug)]
pub struct Scratch {
    url: DatabaseUrl,
    place: Place,
}

#[derive(Debug)]
enum Place {
    File(PathBuf),
    Server { admin: DatabaseUrl, name: String },
}

/// Makes an empty database: on the server of `beside`, with its encoding and collation, or a SQLite file in `folder`.
/// First drops what killed runs left there more than an hour ago.
///
/// # Errors
/// Whatever the server refuses, most often that the role may not create databases.
pub fn create(beside: &DatabaseUrl, folder: &Path) -> Result<Scratch, DbError> {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    let name = format!("{PREFIX}{}_{}_{count}", seconds_now(), std::process::id());
    let engine = beside.engine();
    let Some(url) = beside.sibling(&name) else {
        let failed = |error: std::io::Error| {
            let message = format!("cannot make the folder `{}` for a scratch database: {error}", folder.display());
            DbError::new(engine, DbErrorKind::Unreachable, message)
        };
        std::fs::create_dir_all(folder).map_err(failed)?;
        sweep_files(folder);
        let path = folder.join(format!("{name}.db"));
        let text = format!("sqlite:{}", path.display());
        let url = DatabaseUrl::parse(&text, Path::new("/"))
            .map_err(|error| DbError::new(engine, DbErrorKind::Unreachable, error.to_string()))?;
        drop(connect(&url, Access::Write)?);
        return Ok(Scratch { url, place: Place::File(path) });
    };
    let mut db = connect(beside, Access::Write)?;
    sweep_server(db.as_mut())?;
    let quoted_name = quoted(engine, &name);
    let options = match engine {
        // Not template1, in which an administrator may have put things; with the real one's own rules for text.
        Engine::Postgres => like_current_postgres(db.as_mut())?,
        Engine::Mysql => like_current_mysql(db.as_mut())?,
        Engine::Sqlite => String::new(),
    };
    db.batch(&format!("CREATE DATABASE {quoted_name} {options}"))?;
    Ok(Scratch { url, place: Place::Server { admin: beside.clone(), name } })
}

impl Scratch {
    /// How to connect to it.
    #[must_use]
    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// Opens it.
    ///
    /// # Errors
    /// As [`connect`].
    pub fn connect(&self) -> Result<Box<dyn Db>, DbError> {
        connect(&self.url, Access::Write)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        match &self.place {
            Place::File(path) => remove_file(path),
            // One that stays is dropped by the next that is made, an hour later.
            Place::Server { admin, name } => {
                if let Ok(mut db) = connect(admin, Access::Write) {
                    drop(drop_database(db.as_mut(), name));
                }
            }
        }
    }
}

fn seconds_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn like_current_postgres(db: &mut dyn Db) -> Result<String, DbError> {
    let row = db
        .rows(&Stmt::new(
            "SELECT pg_encoding_to_char(encoding)::text, datcollate::text, datctype::text FROM pg_database WHERE datname = current_database()",
        ))?
        .into_iter()
        .next()
        .unwrap_or_default();
    let literal = |index| super::dialect::literal(Engine::Postgres, row.text(index));
    Ok(format!("TEMPLATE template0 ENCODING {} LC_COLLATE {} LC_CTYPE {}", literal(0), literal(1), literal(2)))
}

fn like_current_mysql(db: &mut dyn Db) -> Result<String, DbError> {
    let row = db
        .rows(&Stmt::new("SELECT @@character_set_database, @@collation_database"))?
        .into_iter()
        .next()
        .unwrap_or_default();
    Ok(format!("CHARACTER SET {} COLLATE {}", row.text(0), row.text(1)))
}

fn drop_database(db: &mut dyn Db, name: &str) -> Result<(), DbError> {
    let engine = db.engine();
    // A connection may still be on its way out; servers before PostgreSQL 13 do not know the word.
    let force = if engine == Engine::Postgres { " WITH (FORCE)" } else { "" };
    let sql = format!("DROP DATABASE IF EXISTS {}", quoted(engine, name));
    db.batch(&format!("{sql}{force}")).or_else(|_| db.batch(&sql))
}

/// Drops what nobody is connected to any more and what is old enough that nobody will be.
fn sweep_server(db: &mut dyn Db) -> Result<(), DbError> {
    let stmt = match db.engine() {
        Engine::Postgres => {
            "SELECT datname::text FROM pg_database d WHERE datname LIKE 'plimsoll\\_scratch\\_%' \
             AND NOT EXISTS (SELECT 1 FROM pg_stat_activity a WHERE a.datname = d.datname)"
        }
        Engine::Mysql => {
            "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA s WHERE SCHEMA_NAME LIKE 'plimsoll\\_scratch\\_%' \
             AND NOT EXISTS (SELECT 1 FROM information_schema.PROCESSLIST p WHERE p.DB = s.SCHEMA_NAME)"
        }
        Engine::Sqlite => return Ok(()),
    };
    let names: Vec<Value> = db.rows(&Stmt::new(stmt))?.into_iter().flat_map(super::DynRow::into_values).collect();
    for name in names.iter().filter_map(Value::as_str).filter(|name| is_stale(name)) {
        // Somebody else may be sweeping as well.
        drop(drop_database(db, name));
    }
    Ok(())
}

fn sweep_files(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_some_and(|name| name.ends_with(".db") && is_stale(name)) {
            remove_file(&entry.path());
        }
    }
}

/// By the second in the name: the age of a file says nothing about a database that is being worked in.
fn is_stale(name: &str) -> bool {
    let made = name.strip_prefix(PREFIX).and_then(|rest| rest.split('_').next()).and_then(|text| text.parse().ok());
    made.is_some_and(|made: u64| seconds_now().saturating_sub(made) > STALE.as_secs())
}

fn remove_file(path: &Path) {
    for ending in ["", "-wal", "-shm", "-journal", ".plimsoll-lock"] {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        // Most of them were never there.
        drop(std::fs::remove_file(PathBuf::from(name)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_old_databases_of_this_kind_count_as_left_behind() {
        assert!(is_stale("plimsoll_scratch_1000000_77_0.db"));
        assert!(!is_stale(&format!("{PREFIX}{}_77_0", seconds_now())));
        assert!(!is_stale("plimsoll_scratch_notes"));
        assert!(!is_stale("production"));
    }

    #[cfg(feature = "sqlite")]
    #[test]
    fn a_scratch_file_is_gone_when_it_is_dropped() {
        let dir = tempfile::tempdir().expect("a folder");
        let beside = DatabaseUrl::parse("sqlite:real.db", dir.path()).expect("a good URL");
        let folder = dir.path().join("scratch");
        let scratch = create(&beside, &folder).expect("is made");
        scratch.connect().expect("opens").batch("CREATE TABLE a (id INTEGER PRIMARY KEY)").expect("runs");
        assert!(!dir.path().join("real.db").exists());
        assert_eq!(std::fs::read_dir(&folder).expect("is there").count(), 1);
        drop(scratch);
        assert_eq!(std::fs::read_dir(&folder).expect("is there").count(), 0);
    }
}
