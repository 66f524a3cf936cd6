//! Databases that nine other tools made are taken over and migrated on, on each engine. What is refused is `adopt_doubts`.

use std::fs;
use std::path::Path;

use plimsoll_core::db::Engine;
use plimsoll_migrate::adopt::{AdoptNote, AdoptState, Tool};
use plimsoll_migrate::{History, MigrationSet, Note, Overall, status};
use plimsoll_tests::adopting::{adopt, found, left_by, planned, rows_of};
use plimsoll_tests::migrating::migrate;
use plimsoll_tests::{TestDatabase, live_tests, server_tests};

const PROVEN: [AdoptState; 3] = [AdoptState::Matched; 3];
const WITHOUT_CHECKSUM: [AdoptState; 3] = [AdoptState::MatchedWithoutChecksum; 3];

/// Adopts, looks at all that has to be true then, and applies the next migration.
#[track_caller]
fn takes_over(db: &mut TestDatabase, tool: Tool, states: [AdoptState; 3]) {
    let folder = left_by(db, tool);
    let set = MigrationSet::load(&folder).expect("the migrations load");
    let table = found(db, None).expect("the history is found");
    assert_eq!(table.tool, tool);
    let before = rows_of(db, &table);

    let plan = planned(db, &set).expect("plans");
    assert_eq!(plan.migrations.iter().map(|each| each.state).collect::<Vec<_>>(), states, "{plan}");
    assert_eq!(rows_of(db, &table), before);
    let report = adopt(db, &set).expect("is adopted");
    assert_eq!((report.adopted.len(), report.recorded, report.pending), (3, 0, 0), "{report}");
    assert_eq!(rows_of(db, &table), before, "the table of {tool} was touched");

    // Everything is known of what was adopted, and its times are the tool's as far as it has them.
    let history = History::read(db.db()).expect("is read");
    let status = status(&set, &history);
    assert_eq!((status.overall, status.notes.as_slice()), (Overall::Current, [].as_slice()), "{status:?}");
    let ledger = db.texts(&ledger(db.engine(), "version || ' ' || tool"));
    assert!(ledger.iter().all(|row| row.ends_with(&format!("adopted from {tool}"))), "{ledger:?}");
    for adoption in &plan.migrations {
        let record = history.record(&adoption.version).expect("is recorded");
        if let Some(at) = &adoption.applied_at {
            assert_eq!((&record.applied_at, at.len()), (at, "2026-01-01T00:00:00.000Z".len()));
        }
    }

    // Once more: nothing more to adopt, and nothing is written.
    let ledger = db.texts(&self::ledger(db.engine(), "version || checksum_raw || applied_at"));
    let again = adopt(db, &set).expect("there is nothing to adopt");
    assert_eq!((again.adopted.len(), again.recorded), (0, 3));
    assert_eq!(db.texts(&self::ledger(db.engine(), "version || checksum_raw || applied_at")), ledger);

    add_next(&folder, tool);
    let set = MigrationSet::load(&folder).expect("the migrations load");
    let report = migrate(db, &set).expect("the next migration is applied");
    assert_eq!(report.applied.len(), 1);
    assert_eq!(db.count("tide"), 0);
    if tool != Tool::Diesel {
        assert_eq!(rows_of(db, &table), before);
    }
    assert_eq!(plimsoll_migrate::status(&set, &History::read(db.db()).expect("is read")).overall, Overall::Current);
}

fn ledger(engine: Engine, what: &str) -> String {
    match engine {
        Engine::Postgres => format!("SELECT {what} FROM plimsoll.migration ORDER BY version"),
        Engine::Sqlite => format!("SELECT {what} FROM plimsoll_migration ORDER BY version"),
        Engine::Mysql => {
            format!("SELECT CONCAT({}) FROM plimsoll_migration ORDER BY version", what.replace("||", ","))
        }
    }
}

/// The next migration of a project, in the way of its tool.
fn add_next(folder: &Path, tool: Tool) {
    const UP: &str = "CREATE TABLE tide (id INTEGER NOT NULL PRIMARY KEY);\n";
    let file = match tool {
        Tool::Prisma => "20240401000000_tides/migration.sql",
        Tool::Flyway | Tool::Refinery => "V4__tides.sql",
        Tool::Diesel => "2024-04-01-000000_tides/up.sql",
        Tool::Sqlx | Tool::Dbmate => "20240401000000_tides.sql",
        Tool::GolangMigrate => "000004_tides.up.sql",
        Tool::Goose => "00004_tides.sql",
        Tool::Sqitch => "deploy/tides.sql",
    };
    let text = match tool {
        Tool::Dbmate => format!("-- migrate:up\n{UP}"),
        Tool::Goose => format!("-- +goose Up\n{UP}"),
        Tool::Sqitch => {
            let plan = folder.join("sqitch.plan");
            let text = fs::read_to_string(&plan).expect("the plan is there");
            let next = "tides [ships] 2024-04-01T00:00:00Z Ada Quay <ada@harbour.example> # Tides.\n";
            fs::write(plan, format!("{text}{next}")).expect("is written");
            UP.to_owned()
        }
        Tool::Prisma | Tool::Flyway | Tool::Refinery | Tool::Diesel | Tool::Sqlx | Tool::GolangMigrate => UP.to_owned(),
    };
    let file = folder.join(file);
    fs::create_dir_all(file.parent().expect("inside of the folder")).expect("the folder is made");
    fs::write(file, text).expect("is written");
}

live_tests! {
    fn a_database_of_prisma_is_taken_over(db: &mut TestDatabase) {
        takes_over(db, Tool::Prisma, PROVEN);
    }

    fn a_database_of_flyway_is_taken_over(db: &mut TestDatabase) {
        takes_over(db, Tool::Flyway, PROVEN);
    }

    fn a_database_of_diesel_is_taken_over(db: &mut TestDatabase) {
        takes_over(db, Tool::Diesel, WITHOUT_CHECKSUM);
    }

    fn a_database_of_sqlx_is_taken_over(db: &mut TestDatabase) {
        takes_over(db, Tool::Sqlx, PROVEN);
    }

    fn a_database_of_golang_migrate_is_taken_over(db: &mut TestDatabase) {
        let states = [AdoptState::Inferred, AdoptState::Inferred, AdoptState::MatchedWithoutChecksum];
        takes_over(db, Tool::GolangMigrate, states);
    }

    fn a_database_of_dbmate_is_taken_over(db: &mut TestDatabase) {
        takes_over(db, Tool::Dbmate, WITHOUT_CHECKSUM);
    }

    fn a_database_of_goose_is_taken_over(db: &mut TestDatabase) {
        takes_over(db, Tool::Goose, WITHOUT_CHECKSUM);
    }

    fn a_database_of_refinery_is_taken_over(db: &mut TestDatabase) {
        takes_over(db, Tool::Refinery, PROVEN);
    }

    fn an_untouched_diesel_database_is_known_without_checksums_before_it_is_adopted(db: &mut TestDatabase) {
        let folder = left_by(db, Tool::Diesel);
        let set = MigrationSet::load(&folder).expect("the migrations load");
        let before = status(&set, &History::read(db.db()).expect("is read"));
        assert!(before.notes.iter().all(|note| matches!(note, Note::NoChecksum { .. })), "{:?}", before.notes);
        adopt(db, &set).expect("is adopted");
        let after = status(&set, &History::read(db.db()).expect("is read"));
        assert_eq!((before.notes.len(), after.notes.len()), (3, 0));
    }

    fn what_the_other_tool_applies_later_is_adopted_later(db: &mut TestDatabase) {
        let folder = left_by(db, Tool::Goose);
        let applied = if db.engine() == Engine::Postgres { "true" } else { "1" };
        db.db().batch("DELETE FROM goose_db_version WHERE version_id = 3").expect("runs");
        let set = MigrationSet::load(&folder).expect("the migrations load");
        let report = adopt(db, &set).expect("is adopted");
        assert_eq!((report.adopted.len(), report.pending), (2, 1));
        let insert = format!("INSERT INTO goose_db_version (version_id, is_applied) VALUES (3, {applied})");
        db.db().batch(&insert).expect("runs");
        let report = adopt(db, &set).expect("is adopted");
        assert_eq!((report.adopted, report.recorded, report.pending), (vec!["00003".to_owned()], 2, 0));
    }

    fn lines_that_end_in_the_other_way_are_no_edit(db: &mut TestDatabase) {
        let folder = left_by(db, Tool::Sqlx);
        let file = folder.join("20240212101500_berth_length.sql");
        let text = fs::read_to_string(&file).expect("is there").replace('\n', "\r\n");
        fs::write(file, text).expect("is written");
        let set = MigrationSet::load(&folder).expect("the migrations load");
        let plan = planned(db, &set).expect("plans");
        assert_eq!(plan.migrations[1].state, AdoptState::MatchedNewlines);
        assert_eq!(plan.notes, [AdoptNote::Newlines { version: "20240212101500".to_owned() }]);
        adopt(db, &set).expect("is adopted");
        assert_eq!(status(&set, &History::read(db.db()).expect("is read")).overall, Overall::Current);
    }
}

server_tests! {
    fn a_database_of_sqitch_is_taken_over(db: &mut TestDatabase) {
        takes_over(db, Tool::Sqitch, PROVEN);
    }
}
