//! Whether a session is set up as rows need it: strict about values, with foreign keys, in UTC. Setting it up is each backend's.

use super::{Db, DbError, DbErrorKind, Engine, Stmt};

/// Makes sure that the session refuses what it should and spells values as they are read. A pooler or a server's own settings
/// may have changed what was set when it was opened.
///
/// # Errors
/// [`DbErrorKind::Refused`] with the setting that is wrong, and whatever the engine says when it is asked.
pub fn check(db: &mut dyn Db) -> Result<(), DbError> {
    let engine = db.engine();
    let rows = db.rows(&Stmt::new(settings(engine)))?;
    let Some(row) = rows.first() else {
        return Err(DbError::new(engine, DbErrorKind::Refused, "the session does not tell its settings"));
    };
    let wrong = (0..).zip(expected(engine)).find(|(position, _)| row.int(*position) == 0);
    match wrong {
        None => Ok(()),
        Some((_, what)) => {
            let message = format!("the session is not set up for writing rows: {what}");
            Err(DbError::new(engine, DbErrorKind::Refused, message))
        }
    }
}

/// One row of truths.
fn settings(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "SELECT foreign_keys FROM pragma_foreign_keys",
        Engine::Postgres => {
            "SELECT current_setting('session_replication_role') <> 'replica', current_setting('DateStyle') LIKE 'ISO%', \
             current_setting('standard_conforming_strings') = 'on'"
        }
        Engine::Mysql => {
            "SELECT @@sql_mode LIKE '%STRICT_ALL_TABLES%' OR @@sql_mode LIKE '%STRICT_TRANS_TABLES%', \
             @@foreign_key_checks, @@unique_checks, @@time_zone = '+00:00'"
        }
    }
}

/// What each of them is, in the same order.
fn expected(engine: Engine) -> &'static [&'static str] {
    match engine {
        Engine::Sqlite => &["foreign keys are not enforced"],
        Engine::Postgres => &[
            "`session_replication_role` is `replica`, which turns foreign keys off",
            "`DateStyle` is not ISO",
            "`standard_conforming_strings` is off",
        ],
        Engine::Mysql => &[
            "`sql_mode` is not strict",
            "`foreign_key_checks` is off",
            "`unique_checks` is off",
            "`time_zone` is not +00:00",
        ],
    }
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use super::*;
    use crate::db::{Access, DatabaseUrl, connect};

    #[test]
    fn a_session_without_foreign_keys_is_found_out() {
        let dir = tempfile::tempdir().expect("a folder");
        let url = DatabaseUrl::parse("sqlite:a.db", dir.path()).expect("a good URL");
        let mut db = connect(&url, Access::Write).expect("opens");
        check(&mut *db).expect("as it was opened");
        db.batch("PRAGMA foreign_keys = OFF").expect("turns them off");
        let error = check(&mut *db).expect_err("they are off");
        assert!(error.message.ends_with("foreign keys are not enforced"), "{error}");
    }
}
