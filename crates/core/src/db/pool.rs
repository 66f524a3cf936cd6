//! Opening databases, singly and as an r2d2 pool. Which session settings each engine gets is its own file's.

use super::url::Target;
use super::{Access, DatabaseUrl, Db, DbError, DbErrorKind, Engine, Stmt};

/// A pool of connections to one database.
pub type Pool = r2d2::Pool<Manager>;

/// Makes and checks the pool's connections.
#[derive(Debug)]
pub struct Manager {
    url: DatabaseUrl,
    access: Access,
}

/// Opens one connection.
///
/// # Errors
/// [`DbErrorKind::BackendMissing`] when the binary lacks the engine, [`DbErrorKind::Unreachable`] otherwise.
pub fn connect(url: &DatabaseUrl, access: Access) -> Result<Box<dyn Db>, DbError> {
    match (url.engine(), url.target()) {
        #[cfg(feature = "sqlite")]
        (Engine::Sqlite, Target::File(path)) => super::sqlite::connect(path, access),
        #[cfg(feature = "postgres")]
        (Engine::Postgres, Target::Server { url, search_path, pooled, .. }) => {
            super::postgres::connect(url.expose(), search_path.as_deref(), access, *pooled)
        }
        #[cfg(feature = "mysql")]
        (Engine::Mysql, Target::Server { url, .. }) => super::mysql::connect(url.expose(), access),
        (engine, _) => {
            let _unused_in_some_builds = access;
            Err(DbError::new(engine, DbErrorKind::BackendMissing, format!("this binary was built without {engine}")))
        }
    }
}

/// Opens a pool. One connection is made at once, so that a wrong URL shows itself here and not in the first request.
///
/// # Errors
/// As [`connect`].
pub fn pool(url: &DatabaseUrl, access: Access, size: u32) -> Result<Pool, DbError> {
    drop(connect(url, access)?);
    let manager = Manager { url: url.clone(), access };
    // The connections come when they are needed; a background thread retries while the database is away.
    Ok(r2d2::Pool::builder()
        .max_size(size)
        .min_idle(Some(0))
        .connection_timeout(std::time::Duration::from_secs(5))
        .build_unchecked(manager))
}

impl r2d2::ManageConnection for Manager {
    type Connection = Box<dyn Db>;
    type Error = DbError;

    fn connect(&self) -> Result<Self::Connection, DbError> {
        connect(&self.url, self.access)
    }

    fn is_valid(&self, db: &mut Self::Connection) -> Result<(), DbError> {
        db.execute(&Stmt::new("SELECT 1")).map(drop)
    }

    fn has_broken(&self, db: &mut Self::Connection) -> bool {
        // A panic between `begin` and `commit` would otherwise hand the open transaction to the next user.
        db.is_broken()
    }
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use super::*;
    use crate::db::{Value, scalar};

    fn url(dir: &tempfile::TempDir) -> DatabaseUrl {
        DatabaseUrl::parse("sqlite:a.db", dir.path()).expect("a good URL")
    }

    #[test]
    fn connections_of_a_pool_see_the_same_database() {
        let dir = tempfile::tempdir().expect("a folder");
        let pool = pool(&url(&dir), Access::Write, 2).expect("opens");
        let mut one = pool.get().expect("the first");
        let mut two = pool.get().expect("the second");
        one.batch("CREATE TABLE t (id INTEGER); INSERT INTO t VALUES (7)").expect("runs");
        assert_eq!(scalar(two.as_mut(), &Stmt::new("SELECT id FROM t")).expect("reads"), Value::Int(7));
        assert_eq!(pool.state().connections, 2);
    }

    #[test]
    fn a_wrong_target_shows_itself_when_the_pool_is_opened() {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(dir.path().join("a.db")).expect("makes it");
        let error = pool(&url(&dir), Access::Write, 2).expect_err("a folder is no database");
        assert_eq!(error.kind, DbErrorKind::Unreachable, "{error}");
    }

    #[cfg(not(feature = "postgres"))]
    #[test]
    fn an_engine_that_is_not_built_in_is_told_by_name() {
        let url = DatabaseUrl::parse("postgres://app:s3cr3t@db/app", "/".as_ref()).expect("a good URL");
        let Err(error) = connect(&url, Access::Read) else { panic!("there is no PostgreSQL in here") };
        assert_eq!(error.kind, DbErrorKind::BackendMissing);
        assert_eq!(error.to_string(), "this binary was built without PostgreSQL");
    }
}
