//! What stands against adopting, and histories that are not as simple as three applied migrations. The rule is `adopt_tools`.

use std::fs;

use plimsoll_core::db::Engine;
use plimsoll_core::{Coded, ErrorCode};
use plimsoll_migrate::adopt::{AdoptNote, AdoptState, Tool};
use plimsoll_migrate::{History, MigrationSet, Overall, status};
use plimsoll_tests::adopting::{adopt, copy_folder, fixture, found, left_by, load, planned, refused};
use plimsoll_tests::{TestDatabase, live_tests};

/// Edits the second migration of a tool's project, and expects that exactly this is said.
#[track_caller]
fn tells_an_edit(db: &mut TestDatabase, tool: Tool, file: &str) {
    let folder = left_by(db, tool);
    let file = folder.join(file);
    let text = fs::read_to_string(&file).expect("is there");
    fs::write(&file, text.replace("length INTEGER", "length BIGINT")).expect("is written");
    let said = refused(db, &folder);
    assert!(said.contains(&format!("is not what {tool} applied")) && said.lines().count() == 1, "{said}");
    assert!(said.contains("berth_length"), "{said}");
    let set = MigrationSet::load(&folder).expect("the migrations load");
    assert_eq!(adopt(db, &set).expect_err("is refused").code(), ErrorCode::AdoptChanged);
    // Nothing was made that was not there.
    assert_eq!(History::read(db.db()).expect("is read"), History::empty(db.engine()));
}

live_tests! {
    fn an_edited_file_of_prisma_is_refused(db: &mut TestDatabase) {
        tells_an_edit(db, Tool::Prisma, "20240212101500_berth_length/migration.sql");
    }

    fn an_edited_file_of_flyway_is_refused(db: &mut TestDatabase) {
        tells_an_edit(db, Tool::Flyway, "V1.1__berth_length.sql");
    }

    fn an_edited_file_of_sqlx_is_refused(db: &mut TestDatabase) {
        tells_an_edit(db, Tool::Sqlx, "20240212101500_berth_length.sql");
    }

    fn an_edited_file_of_refinery_is_refused(db: &mut TestDatabase) {
        tells_an_edit(db, Tool::Refinery, "V2__berth_length.sql");
    }

    fn an_applied_migration_without_a_file_is_named(db: &mut TestDatabase) {
        let folder = left_by(db, Tool::Dbmate);
        fs::remove_file(folder.join("20240212101500_berth_length.sql")).expect("is removed");
        let said = refused(db, &folder);
        assert!(said.starts_with("`20240212101500` is applied by dbmate according to"), "{said}");
    }

    fn a_dirty_database_of_golang_migrate_is_refused_until_it_is_mended(db: &mut TestDatabase) {
        let folder = left_by(db, Tool::GolangMigrate);
        let (yes, no) = if db.engine() == Engine::Postgres { ("true", "false") } else { ("1", "0") };
        db.db().batch(&format!("UPDATE schema_migrations SET dirty = {yes}")).expect("runs");
        let said = refused(db, &folder);
        assert!(said.starts_with("migration `3` was interrupted (dirty) under golang-migrate"), "{said}");
        assert!(said.contains("`migrate force 3`"), "{said}");
        db.db().batch(&format!("UPDATE schema_migrations SET version = 2, dirty = {no}")).expect("runs");
        let set = MigrationSet::load(&folder).expect("the migrations load");
        let report = adopt(db, &set).expect("is adopted");
        assert_eq!((report.adopted.len(), report.pending), (2, 1));
    }

    fn a_failed_migration_of_flyway_is_refused(db: &mut TestDatabase) {
        let folder = left_by(db, Tool::Flyway);
        let no = if db.engine() == Engine::Postgres { "false" } else { "0" };
        db.db().batch(&format!("UPDATE flyway_schema_history SET success = {no} WHERE version = '2'")).expect("runs");
        let said = refused(db, &folder);
        assert!(said.starts_with("migration `2` failed under flyway") && said.contains("flyway repair"), "{said}");
    }

    fn a_baseline_of_flyway_covers_what_comes_before_it(db: &mut TestDatabase) {
        let folder = left_by(db, Tool::Flyway);
        db.db().batch("DELETE FROM flyway_schema_history WHERE version = '1'").expect("runs");
        let baseline = "UPDATE flyway_schema_history SET type = 'BASELINE', checksum = NULL, \
                        script = '<< Flyway Baseline >>' WHERE version = '1.1'";
        db.db().batch(baseline).expect("runs");
        let set = MigrationSet::load(&folder).expect("the migrations load");
        let states: Vec<_> = planned(db, &set).expect("plans").migrations.iter().map(|each| each.state).collect();
        assert_eq!(states, [AdoptState::Inferred, AdoptState::Inferred, AdoptState::Matched]);
        adopt(db, &set).expect("is adopted");
        assert_eq!(status(&set, &History::read(db.db()).expect("is read")).overall, Overall::Current);
    }

    fn repeatable_scripts_of_flyway_are_adopted_as_they_last_ran(db: &mut TestDatabase) {
        let folder = left_by(db, Tool::Flyway);
        // Their checksums are Python's `zlib.crc32` of the line without its end.
        let yes = if db.engine() == Engine::Postgres { "true" } else { "1" };
        for (rank, name, checksum) in [(4, "R__empty", 0), (5, "R__names", 0), (6, "R__names", -817419745)] {
            let insert = format!(
                "INSERT INTO flyway_schema_history (installed_rank, version, description, type, script, checksum, \
                 installed_by, execution_time, success) VALUES ({rank}, NULL, 'x', 'SQL', '{name}.sql', {checksum}, 'ada', 1, {yes})"
            );
            db.db().batch(&insert).expect("runs");
        }
        fs::write(folder.join("R__names.sql"), "UPDATE berth SET name = 'Long quay';\n").expect("is written");
        fs::write(folder.join("R__empty.sql"), "DELETE FROM ship;\n").expect("is written");
        let set = MigrationSet::load(&folder).expect("the migrations load");
        let plan = planned(db, &set).expect("plans");
        let states: Vec<_> = plan.migrations.iter().map(|each| (each.version.as_str(), each.state)).collect();
        assert_eq!(states[3..], [("R__empty", AdoptState::Pending), ("R__names", AdoptState::Matched)]);
        assert_eq!(plan.notes, [AdoptNote::RunsAgain { version: "R__empty".to_owned() }]);
        let report = adopt(db, &set).expect("is adopted");
        assert_eq!((report.adopted.len(), report.pending), (4, 1));
        assert_eq!(db.count("__diesel_schema_migrations"), 3, "repeatable scripts are not diesel's");
    }

    fn a_migration_that_goose_took_back_is_pending(db: &mut TestDatabase) {
        let folder = left_by(db, Tool::Goose);
        let no = if db.engine() == Engine::Postgres { "false" } else { "0" };
        db.db().batch(&format!("INSERT INTO goose_db_version (version_id, is_applied) VALUES (3, {no})")).expect("runs");
        let set = MigrationSet::load(&folder).expect("the migrations load");
        let plan = planned(db, &set).expect("plans");
        assert_eq!(plan.migrations[2].state, AdoptState::Pending);
        assert!(plan.notes.contains(&AdoptNote::RolledBack { key: "3".to_owned() }), "{plan}");
    }

    fn several_tools_are_named_and_one_can_be_chosen(db: &mut TestDatabase) {
        let _folder = left_by(db, Tool::Flyway);
        db.db().batch("CREATE TABLE schema_migrations (version VARCHAR(128) PRIMARY KEY)").expect("runs");
        assert_eq!(found(db, None).expect("the other one is empty").tool, Tool::Flyway);
        db.db().batch("INSERT INTO schema_migrations VALUES ('20240105090000')").expect("runs");
        let error = found(db, None).expect_err("there are two");
        assert_eq!(error.code(), ErrorCode::AdoptAmbiguous);
        let said = error.to_string();
        assert!(said.contains("flyway_schema_history") && said.contains("dbmate in `"), "{said}");
        assert_eq!(found(db, Some(Tool::Dbmate)).expect("is chosen").tool, Tool::Dbmate);
        assert_eq!(found(db, Some(Tool::Sqlx)).expect_err("is not there").code(), ErrorCode::AdoptNothing);
    }

    fn a_migration_that_plimsoll_began_itself_is_not_taken_over(db: &mut TestDatabase) {
        let folder = left_by(db, Tool::Goose);
        let set = MigrationSet::load(&folder).expect("the migrations load");
        adopt(db, &set).expect("is adopted");
        let table = if db.engine() == Engine::Postgres { "plimsoll.migration" } else { "plimsoll_migration" };
        db.db().batch(&format!("UPDATE {table} SET state = 'failed' WHERE version = '00003'")).expect("runs");
        db.db().batch("DELETE FROM __diesel_schema_migrations WHERE version = '00003'").expect("runs");
        let said = refused(db, &folder);
        assert!(said.starts_with("migration `00003_ships` is applied according to the other tool"), "{said}");
    }

    fn an_empty_database_has_nothing_to_adopt_and_stays_empty(db: &mut TestDatabase) {
        let error = found(db, None).expect_err("there is none");
        assert_eq!(error.code(), ErrorCode::AdoptNothing);
        assert!(db.tables().is_empty());
    }
}

#[cfg(feature = "sqlite")]
#[test]
fn checksums_of_refinery_with_wide_versions_are_proven_too() {
    let db = &mut TestDatabase::new(Engine::Sqlite);
    load(db, Tool::Refinery, "sqlite-int8");
    let set = MigrationSet::load(&fixture(Tool::Refinery).join("migrations")).expect("the migrations load");
    let plan = planned(db, &set).expect("plans");
    assert!(plan.migrations.iter().all(|each| each.state == AdoptState::Matched), "{plan}");
}

#[cfg(any(feature = "postgres", feature = "postgres-bundled"))]
mod postgres {
    use super::*;

    fn prisma(db: &mut TestDatabase, dump: &str) -> std::path::PathBuf {
        load(db, Tool::Prisma, dump);
        let folder = db.folder().join("migrations");
        copy_folder(&fixture(Tool::Prisma).join("migrations"), &folder);
        folder
    }

    #[test]
    fn a_migration_that_failed_under_prisma_is_refused() {
        let db = &mut TestDatabase::new(Engine::Postgres);
        let folder = prisma(db, "postgres-failed");
        let said = refused(db, &folder);
        assert!(said.starts_with("migration `20240320143000_ships` failed under prisma"), "{said}");
        assert!(said.contains("prisma migrate resolve --applied 20240320143000_ships"), "{said}");
    }

    #[test]
    fn a_row_that_prisma_rolled_back_does_not_count() {
        let db = &mut TestDatabase::new(Engine::Postgres);
        let folder = prisma(db, "postgres-rolled-back");
        let set = MigrationSet::load(&folder).expect("the migrations load");
        let plan = planned(db, &set).expect("plans");
        assert!(plan.migrations.iter().all(|each| each.state == AdoptState::Matched), "{plan}");
        assert_eq!(plan.notes, [AdoptNote::RolledBack { key: "20240320143000_ships".to_owned() }]);
        // Without the later row, what is left is a migration that is not applied.
        let delete = "DELETE FROM _prisma_migrations WHERE migration_name LIKE '%ships' AND rolled_back_at IS NULL";
        db.db().batch(delete).expect("runs");
        assert_eq!(planned(db, &set).expect("plans").migrations[2].state, AdoptState::Pending);
    }

    #[test]
    fn a_history_in_another_schema_is_found_and_named_with_it() {
        let db = &mut TestDatabase::new(Engine::Postgres);
        let folder = left_by(db, Tool::Flyway);
        db.db().batch("CREATE SCHEMA \"Audit\"; ALTER TABLE flyway_schema_history SET SCHEMA \"Audit\"").expect("runs");
        let set = MigrationSet::load(&folder).expect("the migrations load");
        let report = adopt(db, &set).expect("is adopted");
        assert_eq!(report.table, "Audit.flyway_schema_history");
        db.db().batch("CREATE SCHEMA b; CREATE TABLE b.goose_db_version (id int, version_id int, is_applied bool, tstamp timestamp)")
            .expect("runs");
        assert_eq!(found(db, None).expect("the other one is empty").tool, Tool::Flyway);
    }

    #[test]
    fn an_edited_script_and_an_edited_plan_of_sqitch_are_refused() {
        let db = &mut TestDatabase::new(Engine::Postgres);
        tells_an_edit(db, Tool::Sqitch, "deploy/berth_length.sql");
        let folder = db.folder().join("migrations");
        copy_folder(&fixture(Tool::Sqitch).join("migrations"), &folder);
        let plan = folder.join("sqitch.plan");
        let text = fs::read_to_string(&plan).expect("is there");
        fs::write(&plan, text.replace("How long a berth is.", "How long it is.")).expect("is written");
        // The identity of a change takes in that of the one before it.
        let said = refused(db, &folder);
        assert_eq!(said.matches("is not what sqitch applied").count(), 2, "{said}");
    }

    #[test]
    fn other_projects_of_a_sqitch_registry_are_left_alone() {
        let db = &mut TestDatabase::new(Engine::Postgres);
        let folder = left_by(db, Tool::Sqitch);
        let other = "INSERT INTO sqitch.projects SELECT 'quay', NULL, created_at, creator_name, creator_email FROM sqitch.projects; \
            INSERT INTO sqitch.changes SELECT repeat('a', 40), repeat('b', 40), 'berths', 'quay', '', committed_at, committer_name, \
            committer_email, planned_at, planner_name, planner_email FROM sqitch.changes WHERE change = 'berths'";
        db.db().batch(other).expect("runs");
        let set = MigrationSet::load(&folder).expect("the migrations load");
        assert_eq!(adopt(db, &set).expect("is adopted").adopted.len(), 3);
    }
}

#[cfg(any(feature = "mysql", feature = "mysql-bundled"))]
#[test]
fn a_migration_that_failed_under_sqlx_is_refused() {
    let db = &mut TestDatabase::new(Engine::Mysql);
    load(db, Tool::Sqlx, "mysql-failed");
    let said = refused(db, &fixture(Tool::Sqlx).join("migrations"));
    assert!(said.starts_with("migration `20240320143000` failed under sqlx"), "{said}");
}
