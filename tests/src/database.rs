//! A database of a test's own: made by the test, dropped with it. How servers make and drop databases is `server`'s.

use std::path::Path;

use plimsoll_core::db::{Access, DatabaseUrl, Db, DynRow, Engine, Stmt, connect, quoted, scalar};
use tempfile::TempDir;

use crate::server::{self, Server};
use crate::watch::Watched;

/// A database that nobody else uses. Dropping it drops the database, whoever is still connected.
pub struct TestDatabase {
    engine: Engine,
    server: Option<Server>,
    name: String,
    text: String,
    url: DatabaseUrl,
    db: Option<Box<dyn Db>>,
    folder: TempDir,
    /// Last, so that dropping the database is watched as well.
    _watched: Watched,
}

impl TestDatabase {
    /// A new, empty database. Panics when its server is not there: a test that is not run proves nothing.
    #[must_use]
    pub fn new(engine: Engine) -> Self {
        Self::on(engine, Server::of(engine))
    }

    /// A new, empty database on the PostgreSQL that has the extensions vector and uuid-ossp. Panics as [`TestDatabase::new`].
    #[must_use]
    pub fn with_vector() -> Self {
        Self::on(Engine::Postgres, Some(Server::Vector))
    }

    fn on(engine: Engine, server: Option<Server>) -> Self {
        let watched = Watched::begin();
        let folder = TempDir::with_prefix("plimsoll-database-").expect("a temporary folder");
        let (name, text) = match server {
            None => {
                let file = folder.path().join("test.db");
                (String::new(), format!("sqlite:{}", file.to_str().expect("UTF-8")))
            }
            Some(server) => {
                let name = server::create(server);
                let text = server::url(server, &name);
                (name, text)
            }
        };
        let url = DatabaseUrl::parse(&text, Path::new("/")).expect("a good URL");
        Self { engine, server, name, text, url, db: None, folder, _watched: watched }
    }

    /// Its engine.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// Its URL as text: what `DATABASE_URL` holds.
    #[must_use]
    pub fn url_text(&self) -> &str {
        &self.text
    }

    /// What diesel's own connections take.
    #[must_use]
    pub fn diesel_url(&self) -> &str {
        self.text.strip_prefix("sqlite:").unwrap_or(&self.text)
    }

    /// A temporary folder that goes with the database.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Another connection.
    #[must_use]
    pub fn connect(&self) -> Box<dyn Db> {
        connect(&self.url, Access::Write).expect("the database opens")
    }

    /// The test's own connection, the same one every time.
    pub fn db(&mut self) -> &mut dyn Db {
        let url = &self.url;
        &mut **self.db.get_or_insert_with(|| connect(url, Access::Write).expect("the database opens"))
    }

    /// Closes the test's own connection; the next use opens a new one.
    pub fn reconnect(&mut self) {
        self.db = None;
    }

    /// Runs SQL text.
    #[track_caller]
    pub fn run(&mut self, sql: &str) {
        if let Err(error) = self.db().batch(sql) {
            panic!("{error}: {sql}");
        }
    }

    /// The rows of a query.
    #[track_caller]
    pub fn rows(&mut self, sql: &str) -> Vec<DynRow> {
        self.db().rows(&Stmt::new(sql)).unwrap_or_else(|error| panic!("{error}: {sql}"))
    }

    /// The first column of a query as text, row by row.
    #[track_caller]
    pub fn texts(&mut self, sql: &str) -> Vec<String> {
        self.rows(sql).iter().map(|row| row.text(0).to_owned()).collect()
    }

    /// The only number of a query.
    #[track_caller]
    pub fn int(&mut self, sql: &str) -> i64 {
        let value = scalar(self.db(), &Stmt::new(sql)).unwrap_or_else(|error| panic!("{error}: {sql}"));
        value.as_int().unwrap_or_else(|| panic!("{value:?} is no integer: {sql}"))
    }

    /// How many rows a table has.
    #[track_caller]
    pub fn count(&mut self, table: &str) -> i64 {
        let table = quoted(self.engine, table);
        self.int(&format!("SELECT count(*) FROM {table}"))
    }

    /// The tables of the database, in order, without Plimsoll's, diesel's and SQLite's own.
    #[track_caller]
    pub fn tables(&mut self) -> Vec<String> {
        let catalog = plimsoll_core::db::Catalog::read(self.db()).expect("the catalogue is readable");
        catalog.tables.into_keys().collect()
    }

    /// The server's number for the session of a connection.
    #[must_use]
    pub fn session(&self, db: &mut dyn Db) -> i64 {
        let sql = if self.engine == Engine::Postgres { "SELECT pg_backend_pid()" } else { "SELECT CONNECTION_ID()" };
        scalar(db, &Stmt::new(sql)).expect("the session is known").as_int().expect("a number")
    }

    /// Ends a session from outside, as an administrator or a network would. Not for SQLite, which has none.
    pub fn kill(&self, session: i64) {
        server::kill(&mut *self.admin(), session);
    }

    /// As [`Self::kill`], for later and for other threads.
    pub fn killer(&self, session: i64) -> impl FnMut() + Send + use<> {
        let server = self.server.expect("a database on a server");
        move || server::kill(&mut *server::admin(server), session)
    }

    /// Ends all sessions of this database; how many there were.
    pub fn kill_all(&self) -> usize {
        server::kill_sessions(&mut *self.admin(), &self.name)
    }

    /// The sessions of this database that wait for a lock right now.
    #[must_use]
    pub fn waiting_for_locks(&self) -> Vec<i64> {
        let sql = match self.engine {
            Engine::Postgres => {
                format!("SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = '{}'", self.name)
            }
            _ => format!(
                "SELECT ID FROM information_schema.PROCESSLIST WHERE STATE LIKE 'Waiting for%lock' AND DB = '{}'",
                self.name
            ),
        };
        let mut admin = self.admin();
        admin.rows(&Stmt::new(sql)).expect("the server tells").iter().map(|row| row.int(0)).collect()
    }

    fn admin(&self) -> Box<dyn Db> {
        server::admin(self.server.expect("a database on a server"))
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        self.db = None;
        if self.server.is_some() {
            server::drop_database(&mut *self.admin(), &self.name);
        }
    }
}
