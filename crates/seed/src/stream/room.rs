//! What engines need to know to join and write millions of rows well. Doing so is `diff`'s, `write`'s and `read_back`'s.

use plimsoll_core::db::{Db, DbError, DynRow, Engine, Stmt, Value, scalar};

use crate::error::SeedError;

/// MariaDB looks rows up one by one, in the order of the source: each time another page of a table that is larger than its cache.
/// With these it sorts a few hundred thousand keys first.
const MARIADB: [(&str, &str); 5] = [
    ("optimizer_switch", "'mrr=on,mrr_sort_keys=on'"),
    ("join_cache_level", "8"),
    ("join_buffer_size", "33554432"),
    ("join_buffer_space_limit", "67108864"),
    ("mrr_buffer_size", "33554432"),
];

/// Lets millions of rows have the memory that they need, where the engine would rather use its disk. The session is as
/// before afterwards, unless the work fails.
pub(super) fn with_room<T>(
    db: &mut dyn Db,
    work: impl FnOnce(&mut dyn Db) -> Result<T, SeedError>,
) -> Result<T, SeedError> {
    if !db.keeps_session() {
        return work(db);
    }
    match db.engine() {
        Engine::Postgres => on_postgres(db, work),
        Engine::Mysql if is_mariadb(db)? => on_mariadb(db, work),
        Engine::Sqlite => on_sqlite(db, work),
        Engine::Mysql => work(db),
    }
}

fn on_postgres<T>(db: &mut dyn Db, work: impl FnOnce(&mut dyn Db) -> Result<T, SeedError>) -> Result<T, SeedError> {
    const SET: &str = "SELECT set_config('work_mem', ";
    let before = "SELECT CASE WHEN pg_size_bytes(current_setting('work_mem')) < pg_size_bytes('128MB') \
                  THEN current_setting('work_mem') END";
    let before = scalar(db, &Stmt::new(before))?;
    if before.is_null() {
        return work(db);
    }
    db.rows(&Stmt::new(SET).bind("128MB").sql(", false)"))?;
    let done = work(db)?;
    db.rows(&Stmt::new(SET).bind(before).sql(", false)"))?;
    Ok(done)
}

/// Up to 64 MB of pages in place of 2: rows in any order touch pages all over an index, and each that is not at hand is read and
/// written again.
fn on_sqlite<T>(db: &mut dyn Db, work: impl FnOnce(&mut dyn Db) -> Result<T, SeedError>) -> Result<T, SeedError> {
    let before = scalar(db, &Stmt::new("PRAGMA cache_size"))?.as_int().unwrap_or_default();
    db.batch("PRAGMA cache_size = -65536")?;
    let done = work(db)?;
    db.batch(&format!("PRAGMA cache_size = {before}"))?;
    Ok(done)
}

fn is_mariadb(db: &mut dyn Db) -> Result<bool, DbError> {
    let version = scalar(db, &Stmt::new("SELECT @@version"))?;
    Ok(version.as_str().is_some_and(|version| version.contains("MariaDB")))
}

fn on_mariadb<T>(db: &mut dyn Db, work: impl FnOnce(&mut dyn Db) -> Result<T, SeedError>) -> Result<T, SeedError> {
    let names: Vec<String> = MARIADB.iter().map(|(name, _)| format!("@@SESSION.{name}")).collect();
    let before = db.rows(&Stmt::new(format!("SELECT {}", names.join(", "))))?;
    let before: Vec<Value> = before.into_iter().flat_map(DynRow::into_values).collect();
    let set: Vec<String> = MARIADB.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    db.batch(&format!("SET SESSION {}", set.join(", ")))?;
    let done = work(db)?;
    let mut back = Stmt::new("SET SESSION ");
    for (at, ((name, _), value)) in MARIADB.iter().zip(before).enumerate() {
        back = back.sql(format!("{}{name} = ", if at > 0 { ", " } else { "" })).bind(value);
    }
    db.execute(&back)?;
    Ok(done)
}
