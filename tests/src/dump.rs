//! Everything a database holds, as text that can be compared. Which parts have to be equal is the tests'.

use std::collections::BTreeMap;

use plimsoll_core::db::{Access, DatabaseUrl, Db, Engine, Stmt, connect, quoted};

/// The rows of every table as text, in order, by the table's full name.
pub type Dump = BTreeMap<String, Vec<String>>;

/// Every table, the ledger and diesel's history included.
#[must_use]
pub fn everything(url: &DatabaseUrl) -> Dump {
    let mut db = connect(url, Access::Read).expect("the database opens");
    let db = db.as_mut();
    tables(db).into_iter().map(|(shown, name)| (shown, rows(db, &name))).collect()
}

/// The tables of the project alone.
#[must_use]
pub fn data(url: &DatabaseUrl) -> Dump {
    let mut dump = everything(url);
    dump.retain(|table, _| !table.starts_with("plimsoll") && !table.starts_with("__"));
    dump
}

/// The first column of a query as text, row by row.
#[must_use]
pub fn texts(url: &DatabaseUrl, sql: &str) -> Vec<String> {
    let mut db = connect(url, Access::Read).expect("the database opens");
    ask(db.as_mut(), sql)
}

/// Changes something behind everybody's back.
pub fn execute(url: &DatabaseUrl, sql: &str) {
    let mut db = connect(url, Access::Write).expect("the database opens");
    db.batch(sql).unwrap_or_else(|error| panic!("{error}: {sql}"));
}

/// How deployments stand according to the ledger, in order.
#[must_use]
pub fn states(url: &DatabaseUrl) -> Vec<String> {
    let table = match url.engine() {
        Engine::Postgres => "plimsoll.deployment",
        Engine::Sqlite | Engine::Mysql => "plimsoll_deployment",
    };
    let mut db = connect(url, Access::Read).expect("the database opens");
    if !plimsoll_core::ledger::exists(db.as_mut()).expect("the database answers") {
        return Vec::new();
    }
    ask(db.as_mut(), &format!("SELECT state FROM {table} ORDER BY number"))
}

fn tables(db: &mut dyn Db) -> Vec<(String, String)> {
    match db.engine() {
        Engine::Postgres => {
            let names = "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname NOT IN \
                 ('pg_catalog', 'information_schema') ORDER BY 1";
            let shown = |name: String| (name.strip_prefix("public.").unwrap_or(&name).to_owned(), name);
            ask(db, names).into_iter().map(shown).collect()
        }
        Engine::Sqlite | Engine::Mysql => {
            let names =
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
            ask(db, names).into_iter().map(|name| (name.clone(), quoted(Engine::Sqlite, &name))).collect()
        }
    }
}

fn rows(db: &mut dyn Db, table: &str) -> Vec<String> {
    if db.engine() == Engine::Postgres {
        return ask(db, &format!("SELECT t::text FROM {table} t ORDER BY 1"));
    }
    let columns = ask(db, &format!("SELECT 'quote(' || '\"' || name || '\")' FROM pragma_table_info({table})"));
    ask(db, &format!("SELECT {} FROM {table} ORDER BY 1", columns.join(" || '|' || ")))
}

fn ask(db: &mut dyn Db, sql: &str) -> Vec<String> {
    let rows = db.rows(&Stmt::new(sql)).unwrap_or_else(|error| panic!("{error}: {sql}"));
    rows.iter().map(|row| row.text(0).to_owned()).collect()
}
