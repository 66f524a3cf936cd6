//! Databases that other tools made, from `fixtures/adopt`, and short words for adopting them. Expectations are the tests'.

use std::fs;
use std::path::{Path, PathBuf};

use plimsoll_core::db::{Engine, Stmt};
use plimsoll_migrate::adopt::{AdoptPlan, AdoptReport, Evidence, Found, Tool, apply, choose, detect, observe, plan};
use plimsoll_migrate::{History, MigrateError, MigrationSet, split};

use crate::TestDatabase;
use crate::migrating::prepare;

/// Makes the database that a tool left, and a copy of its migrations.
#[must_use]
pub fn left_by(db: &mut TestDatabase, tool: Tool) -> PathBuf {
    let engine = match db.engine() {
        Engine::Sqlite => "sqlite",
        Engine::Postgres => "postgres",
        Engine::Mysql => "mysql",
    };
    load(db, tool, engine);
    let copy = db.folder().join("migrations");
    copy_folder(&fixture(tool).join("migrations"), &copy);
    copy
}

/// Runs the SQL of a fixture.
pub fn load(db: &mut TestDatabase, tool: Tool, name: &str) {
    let file = fixture(tool).join(format!("{name}.sql"));
    let sql = fs::read_to_string(&file).expect("the fixture is there");
    for statement in split(db.engine(), &file, &sql).expect("the fixture is SQL") {
        db.db().batch(&statement.text).unwrap_or_else(|error| panic!("{error}: {}", statement.text));
    }
}

/// The folder of a tool's fixture.
#[must_use]
pub fn fixture(tool: Tool) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/adopt").join(tool.as_str())
}

/// Copies a folder with all in it.
pub fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the folder is made");
    for entry in fs::read_dir(from).expect("the fixture is there") {
        let entry = entry.expect("readable");
        let target = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy_folder(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).expect("is copied")),
        }
    }
}

/// The table that is adopted from.
///
/// # Errors
/// When there is none or several.
pub fn found(db: &mut TestDatabase, from: Option<Tool>) -> Result<Found, MigrateError> {
    choose(&detect(db.db())?, from).cloned()
}

/// The plan, or what stands against it.
///
/// # Errors
/// The planner's.
pub fn planned(db: &mut TestDatabase, set: &MigrationSet) -> Result<AdoptPlan, MigrateError> {
    let found = found(db, None)?;
    let foreign = observe(db.db(), &found)?;
    plan(set, &History::read(db.db())?, &foreign, &Evidence::read(set)?)
}

/// Plans and records on the test's own connection.
///
/// # Errors
/// The planner's and those of recording.
pub fn adopt(db: &mut TestDatabase, set: &MigrationSet) -> Result<AdoptReport, MigrateError> {
    let plan = planned(db, set)?;
    prepare(db.db());
    apply(db.db(), set, &plan)
}

/// The messages of all problems with adopting, one a line.
#[track_caller]
#[must_use]
pub fn refused(db: &mut TestDatabase, folder: &Path) -> String {
    use plimsoll_core::Coded as _;
    let set = MigrationSet::load(folder).expect("the migrations load");
    let error = planned(db, &set).expect_err("is refused");
    match error.parts()[..] {
        [] => error.to_string(),
        ref parts => parts.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
    }
}

/// All rows of a table as they are, with every byte of every column.
#[must_use]
pub fn rows_of(db: &mut TestDatabase, found: &Found) -> Vec<String> {
    let table = found.shown();
    let sql = match db.engine() {
        Engine::Postgres => format!("SELECT t::text FROM {table} t ORDER BY 1"),
        Engine::Sqlite => {
            let columns = db.texts(&format!("SELECT 'quote(\"' || name || '\")' FROM pragma_table_info('{table}')"));
            format!("SELECT {} FROM {table} ORDER BY 1", columns.join(" || ',' || "))
        }
        Engine::Mysql => {
            let columns = db.texts(&format!(
                "SELECT CONCAT('COALESCE(HEX(`', COLUMN_NAME, '`), ''-'')') FROM information_schema.COLUMNS \
                 WHERE CONCAT(TABLE_SCHEMA, '.', TABLE_NAME) = '{table}' ORDER BY ORDINAL_POSITION"
            ));
            format!("SELECT CONCAT_WS(',', {}) FROM {table} ORDER BY 1", columns.join(", "))
        }
    };
    let rows = db.db().rows(&Stmt::new(&sql)).unwrap_or_else(|error| panic!("{error}: {sql}"));
    rows.iter().map(|row| row.text(0).to_owned()).collect()
}
