//! Taking migrations back on every engine: order, losses, failures, kills, both histories, and the commands. Applying is
//! `migrate_apply`'s.

use plimsoll_core::db::dialect::transactional_ddl;
use plimsoll_core::db::{Catalog, DbErrorKind, Engine};
use plimsoll_core::ledger::{LedgerTable, table};
use plimsoll_core::{Coded, ErrorCode};
use plimsoll_migrate::revert::{
    self, RevertFailure, RevertKept, RevertOptions, RevertPlan, RevertReport, RevertTarget,
};
use plimsoll_migrate::{MigrateError, MigrateEvent, MigrationSet, MigrationState, PlanOptions, RecordState, status};
use plimsoll_tests::migrating::{history, migrate, options, plan};
use plimsoll_tests::{Deployment, TestDatabase, TestProject, dump, live_tests, server_tests};

/// Three migrations that depend on each other, with the ways back.
fn project() -> TestProject {
    TestProject::new()
        .file("migrations/0001_users.up.sql", "CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL);")
        .file("migrations/0001_users.down.sql", "DROP TABLE users;")
        .file("migrations/0002_email.up.sql", "ALTER TABLE users ADD COLUMN email VARCHAR(40);")
        .file("migrations/0002_email.down.sql", "ALTER TABLE users DROP COLUMN email;")
        .file(
            "migrations/0003_note.up.sql",
            "CREATE TABLE note (id INTEGER PRIMARY KEY, x INTEGER);\nCREATE INDEX note_x ON note (x);",
        )
        .file("migrations/0003_note.down.sql", "DROP TABLE note;")
}

fn load(project: &TestProject) -> MigrationSet {
    MigrationSet::load(&project.path().join("migrations")).expect("the migrations load")
}

fn steps(steps: usize) -> RevertOptions {
    RevertOptions { target: RevertTarget::Steps(steps), allow_lossy: true }
}

fn to(version: &str) -> RevertOptions {
    RevertOptions { target: RevertTarget::To(version.to_owned()), allow_lossy: true }
}

fn plan_down(db: &mut TestDatabase, set: &MigrationSet, options: &RevertOptions) -> Result<RevertPlan, MigrateError> {
    revert::plan(set, &history(db), options)
}

fn down(db: &mut TestDatabase, set: &MigrationSet, wanted: &RevertOptions) -> Result<RevertReport, MigrateError> {
    let plan = plan_down(db, set, wanted)?;
    revert::apply(db.db(), set, &plan, &options(), &mut |_| {})
}

#[track_caller]
fn taken_back(db: &mut TestDatabase, set: &MigrationSet, wanted: &RevertOptions) -> Vec<String> {
    let report = down(db, set, wanted).expect("takes back");
    assert!(report.not_reverted.is_empty());
    report.reverted.into_iter().map(|done| done.version).collect()
}

#[track_caller]
fn fails(db: &mut TestDatabase, set: &MigrationSet, wanted: &RevertOptions) -> RevertFailure {
    match down(db, set, wanted) {
        Err(MigrateError::RevertFailed(failure)) => *failure,
        other => panic!("expected a failure, got {other:?}"),
    }
}

/// Tables, columns, keys, references and indexes, without those of the histories.
fn schema(db: &mut TestDatabase) -> (Catalog, Vec<String>) {
    let indexes = match db.engine() {
        Engine::Sqlite => {
            "SELECT type || ' ' || name || ' ' || tbl_name FROM sqlite_schema WHERE type = 'index' \
             AND tbl_name NOT LIKE 'plimsoll%' AND tbl_name NOT LIKE '\\_\\_%' ESCAPE '\\' ORDER BY 1"
        }
        Engine::Postgres => {
            "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename !~ '^__' ORDER BY 1"
        }
        Engine::Mysql => {
            "SELECT CONCAT_WS(' ', TABLE_NAME, INDEX_NAME, COLUMN_NAME, NON_UNIQUE) FROM information_schema.STATISTICS \
             WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME NOT REGEXP '^(plimsoll|__)' ORDER BY 1"
        }
    };
    let indexes = db.texts(indexes);
    (Catalog::read(db.db()).expect("the catalogue is readable"), indexes)
}

live_tests! {
    fn down_undoes_what_up_did_and_up_brings_it_again(db: &mut TestDatabase) {
        let set = load(&project());
        let mut first = set.clone();
        first.migrations.truncate(2);
        migrate(db, &first).expect("applies");
        let two = (schema(db), history(db).applied);
        migrate(db, &set).expect("applies");
        let three = (schema(db), history(db).applied);
        assert_ne!(two, three);
        assert_eq!(taken_back(db, &set, &steps(1)), ["0003"]);
        assert_eq!((schema(db), history(db).applied), two);
        assert_eq!(taken_back(db, &set, &to("none")), ["0002", "0001"]);
        assert_eq!((db.tables(), schema(db).1), (Vec::new(), Vec::new()));
        let left = history(db);
        assert!(left.applied.is_empty() && left.records.is_empty(), "{left:?}");
        assert_eq!(migrate(db, &set).expect("applies again").applied.len(), 3);
        assert_eq!((schema(db), history(db).applied), three);
    }

    fn a_late_migration_that_was_applied_last_is_taken_back_first(db: &mut TestDatabase) {
        let project = TestProject::new();
        for number in ["1", "3"] {
            project.write(&format!("migrations/000{number}_t.up.sql"), &format!("CREATE TABLE t{number} (id INTEGER);"));
            project.write(&format!("migrations/000{number}_t.down.sql"), &format!("DROP TABLE t{number};"));
        }
        migrate(db, &load(&project)).expect("applies");
        project.write("migrations/0002_late.up.sql", "ALTER TABLE t3 ADD COLUMN late INTEGER;");
        project.write("migrations/0002_late.down.sql", "ALTER TABLE t3 DROP COLUMN late;");
        let set = load(&project);
        let late = plimsoll_migrate::plan(&set, &history(db), &PlanOptions { allow_out_of_order: true }).expect("a plan");
        plimsoll_migrate::apply(db.db(), &set, &late, &options(), &mut |_| {}).expect("applies");
        // In the order of versions, the table would be gone before its column.
        assert_eq!(taken_back(db, &set, &to("0001")), ["0002", "0003"]);
        assert_eq!(db.tables(), ["t1"]);
    }

    fn what_loses_data_or_has_no_way_back_is_refused_by_name_and_nothing_happens(db: &mut TestDatabase) {
        let project = project();
        project.remove("migrations/0003_note.down.sql");
        let set = load(&project);
        migrate(db, &set).expect("applies");
        let before = schema(db);
        let careful = RevertOptions { allow_lossy: false, ..to("0001") };
        let Err(MigrateError::Problems(problems)) = plan_down(db, &set, &careful) else { panic!("is refused") };
        let told: Vec<_> = problems.iter().map(|each| (each.code(), each.to_string())).collect();
        assert_eq!(told, [
            (ErrorCode::MigrationIrreversible, "migration `0003_note` has no down script: nobody wrote how to take it back".to_owned()),
            (ErrorCode::RevertLoses, "taking back migration `0002_email` loses column `users.email`".to_owned()),
        ]);
        assert_eq!(schema(db), before);
        project.write("migrations/0003_note.down.sql", "DROP INDEX note_x;");
        assert_eq!(plan_down(db, &load(&project), &RevertOptions { allow_lossy: false, ..steps(1) }).expect("loses nothing").steps.len(), 1);
    }

    fn a_failing_second_statement_leaves_the_migration_whole_or_is_continued_after(db: &mut TestDatabase) {
        let project = project();
        let way_back = |second: &str| {
            project.write("migrations/0002_email.down.sql", &format!("ALTER TABLE users DROP COLUMN email;\n{second}"));
            load(&project)
        };
        let set = way_back("DELETE FROM nowhere;");
        migrate(db, &set).expect("applies");
        let before = (schema(db), history(db));
        assert_eq!(taken_back(db, &set, &steps(1)), ["0003"]);
        let failure = fails(db, &set, &steps(2));
        assert_eq!((failure.version.as_str(), failure.statement_number, failure.statements), ("0002", Some(2), 2));
        assert_eq!(failure.report.not_reverted, ["0002", "0001"]);
        assert!(failure.location.as_ref().is_some_and(|at| at.file.ends_with("0002_email.down.sql") && at.line == 2));
        let mended = way_back("DELETE FROM users WHERE id > 99;");
        let whole = transactional_ddl(db.engine());
        if whole {
            assert_eq!((failure.kept, failure.code()), (RevertKept::Nothing, ErrorCode::MigrationFailed));
            let mut expected = before.1.records.clone();
            expected.pop_last();
            assert_eq!(history(db).records, expected);
        } else {
            assert_eq!((failure.kept, failure.code()), (RevertKept::Statements(1), ErrorCode::MigrationPartial));
            let text = failure.to_string();
            assert!(text.ends_with("1 of its statements is done, the next `migrate down` continues from there"), "{text}");
            let left = history(db);
            let record = left.reverting("0002").expect("was begun");
            assert_eq!((record.state, record.statements_done), (RecordState::RevertFailed, 1));
            assert_eq!(plan(db, &mended).expect_err("is half taken back").code(), ErrorCode::MigrationUnfinished);
            assert_eq!(status(&mended, &left).migrations[1].state, MigrationState::Reverting);
        }
        let report = down(db, &mended, &steps(1)).expect("takes back");
        assert_eq!(report.reverted[0].resumed_from, (!whole).then_some(1));
        migrate(db, &mended).expect("applies again");
        assert_eq!(schema(db), before.0);
    }

    fn a_refused_first_statement_leaves_both_histories_as_they_were(db: &mut TestDatabase) {
        let project = project();
        project.write("migrations/0003_note.down.sql", "-- plimsoll: no-transaction\nDROP TABLE nowhere;\nDROP TABLE note;");
        let set = load(&project);
        migrate(db, &set).expect("applies");
        let before = history(db);
        let failure = fails(db, &set, &steps(1));
        assert_eq!((failure.statement_number, failure.kept), (Some(1), RevertKept::Nothing));
        assert_eq!(history(db), before);
        assert!(plan(db, &set).expect("there is a plan").steps.is_empty());
    }

    fn events_tell_every_statement_of_every_down_script(db: &mut TestDatabase) {
        let set = load(&project());
        migrate(db, &set).expect("applies");
        let plan = plan_down(db, &set, &steps(2)).expect("there is a plan");
        let mut told = Vec::new();
        revert::apply(db.db(), &set, &plan, &options(), &mut |event| {
            told.push(match event {
                MigrateEvent::Reverting { name, number, of, .. } => format!("reverting {name} {number}/{of}"),
                MigrateEvent::StatementDone { number, total, .. } => format!("done {number}/{total}"),
                MigrateEvent::Reverted { version, .. } => format!("reverted {version}"),
                other => format!("{other:?}"),
            });
        })
        .expect("takes back");
        assert_eq!(
            told,
            ["reverting 0003_note 1/2", "done 1/1", "reverted 0003", "reverting 0002_email 2/2", "done 1/1", "reverted 0002"]
        );
    }

    fn a_plan_is_stale_once_something_else_is_the_last(db: &mut TestDatabase) {
        let set = load(&project());
        let mut first = set.clone();
        first.migrations.truncate(2);
        migrate(db, &first).expect("applies");
        let stale = plan_down(db, &set, &steps(1)).expect("there is a plan");
        migrate(db, &set).expect("applies");
        let before = schema(db);
        let error = revert::apply(db.db(), &set, &stale, &options(), &mut |_| {}).expect_err("is stale");
        assert_eq!(error.code(), ErrorCode::PlanStale);
        assert_eq!(schema(db), before);
    }

    fn an_edited_migration_is_not_taken_back(db: &mut TestDatabase) {
        let project = project();
        migrate(db, &load(&project)).expect("applies");
        project.write("migrations/0003_note.up.sql", "CREATE TABLE note (id INTEGER PRIMARY KEY);");
        let error = plan_down(db, &load(&project), &steps(1)).expect_err("is refused");
        assert_eq!(error.code(), ErrorCode::MigrationChanged);
        assert!(error.to_string().contains("0003_note.up.sql` was edited after it had been applied"), "{error}");
    }
}

server_tests! {
    fn a_connection_killed_after_any_statement_of_a_down_script_is_continued(db: &mut TestDatabase) {
        let script = "-- plimsoll: no-transaction
ALTER TABLE note DROP COLUMN x;
INSERT INTO note VALUES (7);
ALTER TABLE note ADD COLUMN y INTEGER;
INSERT INTO note VALUES (8, 8);
DROP TABLE users;
";
        let project = project();
        project.write("migrations/0003_note.down.sql", script);
        let set = load(&project);
        migrate(db, &set).expect("applies");
        for statement in 1..=4 {
            let plan = plan_down(db, &set, &steps(1)).expect("there is a plan");
            let mut doomed = db.connect();
            let session = db.session(&mut *doomed);
            let outcome = revert::apply(&mut *doomed, &set, &plan, &options(), &mut |event| {
                if matches!(event, MigrateEvent::StatementDone { number, .. } if *number == statement) {
                    db.kill(session);
                }
            });
            let Err(MigrateError::RevertFailed(failure)) = outcome else { panic!("expected a failure, got {outcome:?}") };
            assert_eq!((failure.kept, failure.code()), (RevertKept::Unknown, ErrorCode::DatabaseLost), "{failure:?}");
            assert_eq!(failure.cause.kind, DbErrorKind::Lost);
            let left = history(db);
            let record = left.reverting("0003").expect("was begun");
            assert_eq!((record.state, record.statements_done), (RecordState::Reverting, statement));
            // For diesel it is applied until its last statement is done, and nothing is built on it meanwhile.
            assert!(left.applied.contains("0003"));
            assert_eq!(plan_up(db, &set), ErrorCode::MigrationUnfinished);
            let keep = plan_down(db, &set, &to("0003")).expect_err("half of it is gone");
            assert_eq!(keep.code(), ErrorCode::MigrationUnfinished);
        }
        assert_eq!((db.count("note"), db.int("SELECT max(y) FROM note")), (2, 8));
        let report = down(db, &set, &steps(1)).expect("takes back");
        assert_eq!(report.reverted[0].resumed_from, Some(4));
        assert_eq!(db.tables(), ["note"]);
        let left = history(db);
        assert_eq!((left.applied.len(), left.records.len()), (2, 2));
    }

    fn a_statement_that_took_effect_before_its_entry_is_recognised(db: &mut TestDatabase) {
        let project = project();
        let script = match db.engine() {
            Engine::Mysql => "DROP INDEX note_x ON note;\nDROP TABLE note;",
            Engine::Postgres | Engine::Sqlite => "-- plimsoll: no-transaction\nDROP INDEX CONCURRENTLY note_x;\nDROP TABLE note;",
        };
        project.write("migrations/0003_note.down.sql", script);
        let set = load(&project);
        migrate(db, &set).expect("applies");
        // The begin, the intent and the statement are written; its entry is not any more.
        let plan = plan_down(db, &set, &steps(1)).expect("there is a plan");
        let mut doomed = db.connect();
        let session = db.session(&mut *doomed);
        let mut doomed = plimsoll_tests::boundary::Counted::new(doomed, 4, db.killer(session));
        revert::apply(&mut doomed, &set, &plan, &options(), &mut |_| {}).expect_err("the session is killed");
        let plan = plan_down(db, &set, &steps(1)).expect("there is a plan");
        let mut landed = 0;
        revert::apply(db.db(), &set, &plan, &options(), &mut |event| {
            landed += usize::from(matches!(event, MigrateEvent::AlreadyLanded { number: 1, .. }));
        })
        .expect("goes on");
        assert_eq!((landed, db.tables()), (1, vec!["users".to_owned()]));
    }

    fn a_kill_before_the_first_statement_leaves_no_doubt_in_a_row_of_an_older_ledger(db: &mut TestDatabase) {
        let project = project();
        project.write("migrations/0003_note.down.sql", "-- plimsoll: no-transaction\nDROP INDEX note_x;\nDROP TABLE note;");
        if db.engine() == Engine::Mysql {
            project.write("migrations/0003_note.down.sql", "DROP INDEX note_x ON note;\nDROP TABLE note;");
        }
        let set = load(&project);
        migrate(db, &set).expect("applies");
        let ledger = table(db.engine(), LedgerTable::Migration);
        db.run(&format!("UPDATE {ledger} SET intent = NULL"));
        let plan = plan_down(db, &set, &steps(1)).expect("there is a plan");
        let mut doomed = db.connect();
        let session = db.session(&mut *doomed);
        let mut doomed = plimsoll_tests::boundary::Counted::new(doomed, 2, db.killer(session));
        revert::apply(&mut doomed, &set, &plan, &options(), &mut |_| {}).expect_err("the session is killed");
        let left = db.texts(&format!("SELECT state FROM {ledger} WHERE version = '0003' AND intent = ''"));
        assert_eq!(left, ["reverting"]);
        assert_eq!(taken_back(db, &set, &steps(1)), ["0003"]);
        assert_eq!(db.tables(), ["users"]);
    }

    fn a_kill_that_an_older_release_wrote_nothing_about_stays_in_doubt_however_often_it_is_begun(db: &mut TestDatabase) {
        let ledger = table(db.engine(), LedgerTable::Migration);
        let untold = format!("SELECT count(*) FROM {ledger} WHERE state = 'reverting' AND intent IS NULL");
        let project = project();
        project.write("migrations/0003_note.down.sql", "-- plimsoll: no-transaction\nDROP TABLE note;");
        let set = load(&project);
        migrate(db, &set).expect("applies");
        let plan = plan_down(db, &set, &steps(1)).expect("there is a plan");
        let mut doomed = db.connect();
        let session = db.session(&mut *doomed);
        let mut doomed = plimsoll_tests::boundary::Counted::new(doomed, 2, db.killer(session));
        revert::apply(&mut doomed, &set, &plan, &options(), &mut |_| {}).expect_err("the session is killed");
        db.run(&format!("UPDATE {ledger} SET intent = NULL"));
        for _ in 0..2 {
            let plan = plan_down(db, &set, &steps(1)).expect("there is a plan");
            let outcome = revert::apply(db.db(), &set, &plan, &options(), &mut |_| {});
            if db.engine() == Engine::Mysql {
                assert_eq!(outcome.expect_err("nobody knows").code(), ErrorCode::MigrationUndecided);
                assert_eq!(db.int(&untold), 1);
            } else {
                // Their statements are in one transaction with their entries.
                assert_eq!(outcome.expect("takes back").reverted.len(), 1);
                return;
            }
        }
    }
}

fn plan_up(db: &mut TestDatabase, set: &MigrationSet) -> ErrorCode {
    plan(db, set).expect_err("is refused").code()
}

const CALLER: &str = "20260211093000_create_caller";
const FEATURES: &str = "20260102090000_create_features_and_prompts";

/// The harbour, migrated, with the ways back of its last two migrations.
fn harbour() -> Deployment {
    let harbour = Deployment::of_harbour();
    harbour.write(&format!("migrations/{CALLER}.down.sql"), "DROP TABLE caller;\n");
    harbour.write(&format!("migrations/{FEATURES}.down.sql"), "DROP TABLE prompt_slug;\nDROP TABLE bdd_feature_set;\n");
    let _ = harbour.run(&["migrate", "up", "dev"]).exits(0);
    harbour
}

#[test]
fn the_command_takes_back_one_at_a_time_and_nothing_that_is_lost_without_being_told_to() {
    let harbour = harbour();
    let refused = harbour.run(&["migrate", "down", "dev"]).exits(5);
    refused.says(&["migrate::would_lose_data", &format!("`{CALLER}` loses table `caller`"), "--lose-data"]);
    assert_eq!(refused.stdout, "");
    let done = harbour.run(&["migrate", "down", "dev", "--lose-data"]).exits(0);
    let expected = format!(
        "migrations on SQLite: 1 to take back, 3 applied\n  - {CALLER}  1 statement, loses table `caller`\n1 migration taken back\n"
    );
    assert_eq!(done.stdout, expected);
    let status = harbour.run(&["migrate", "status", "dev"]).exits(10);
    assert!(status.stdout.contains(&format!("pending       20260211093000  {CALLER}")), "{}", status.text());
    harbour.run(&["migrate", "down", "dev", "--to", "none", "--lose-data"]).exits(5).says(&[
        "migrate::irreversible",
        "`20260101090000_create_specs` has no down script",
        "--to",
    ]);
    harbour
        .run(&["migrate", "down", "dev", "--to", CALLER])
        .exits(2)
        .says(&["migrate::not_applied", "migrate status dev"]);
    harbour.run(&["migrate", "down", "dev", "--to", "1", "--steps", "2"]).exits(2).says(&["--steps"]);
    harbour.run(&["migrate", "down", "dev", "--steps", "0"]).exits(2).says(&["--steps"]);
    let json = harbour.run(&["migrate", "down", "dev", "--to", "20260101090000", "--lose-data", "--format", "json"]);
    let lines = json.exits(0).json();
    assert_eq!(lines[0]["steps"][0]["loses"][0], serde_json::json!({ "lost": "table", "table": "prompt_slug" }));
    let events: Vec<_> = lines.iter().filter_map(|line| line["event"].as_str()).collect();
    assert_eq!(events, ["migration_reverting", "statement_done", "statement_done", "migration_reverted"]);
    assert_eq!(lines[lines.len() - 1]["reverted"][0]["version"], "20260102090000");
    let nothing = harbour.run(&["migrate", "down", "dev", "--to", "20260101090000"]).exits(0);
    assert_eq!(nothing.stdout, "migrations on SQLite: nothing to take back, 1 applied\n");
}

#[test]
fn a_protected_environment_is_confirmed_before_migrations_are_taken_back() {
    let harbour = harbour();
    let _ = harbour.run(&["migrate", "up", "production", "--yes"]).exits(0);
    for command in ["down", "redo"] {
        let refused = harbour.run(&["migrate", command, "production", "--lose-data"]).exits(5);
        refused.says(&["deploy::not_confirmed"]);
    }
    let status = harbour.run(&["migrate", "status", "production"]).exits(0);
    assert_eq!(status.stdout.lines().filter(|line| line.starts_with("applied")).count(), 3);
    let _ = harbour.run(&["migrate", "down", "production", "--lose-data", "--yes"]).exits(0);
}

#[test]
fn redo_takes_back_and_applies_again_in_the_order_of_before() {
    let harbour = harbour();
    dump::execute(&harbour.sqlite("dev"), "INSERT INTO caller VALUES ('1', 'a')");
    harbour.run(&["migrate", "redo", "dev"]).exits(5).says(&["migrate::would_lose_data"]);
    // What could not be applied again is not taken back.
    harbour.write("migrations/20260301000000_open.sql", "SELECT 'x");
    harbour.run(&["migrate", "redo", "dev", "--lose-data"]).exits(2).says(&["migrate::unreadable"]);
    assert_eq!(dump::texts(&harbour.sqlite("dev"), "SELECT name FROM caller"), ["a"]);
    harbour.write("migrations/20260301000000_open.sql", "SELECT 1");
    let done = harbour.run(&["migrate", "redo", "dev", "--steps", "2", "--lose-data"]).exits(0);
    let expected = format!(
        "migrations on SQLite: 2 to take back, 3 applied\n  - {CALLER}  1 statement, loses table `caller`\n  \
         - {FEATURES}  2 statements, loses table `prompt_slug`, table `bdd_feature_set`\n  \
         + {FEATURES}  2 statements, reversible\n  + {CALLER}  2 statements, reversible\n\
         2 migrations taken back\n2 migrations applied\n"
    );
    assert_eq!(done.stdout, expected);
    assert!(dump::texts(&harbour.sqlite("dev"), "SELECT name FROM caller").is_empty());
    // The pending one is none of its business.
    let status = harbour.run(&["migrate", "status", "dev"]).exits(10);
    assert!(status.stdout.contains("pending       20260301000000"), "{}", status.text());
}

#[test]
fn a_half_reverted_migration_stops_up_and_is_finished_by_down() {
    let harbour = harbour();
    let script = "-- plimsoll: no-transaction\nDROP INDEX caller_name;\nDROP TABLE nowhere;\n";
    harbour.write(&format!("migrations/{CALLER}.down.sql"), script);
    let failed = harbour.run(&["migrate", "down", "dev", "--lose-data"]).exits(8);
    failed.says(&[
        "migrate::partially_applied",
        "failed at statement 2 of 2",
        "create_caller.down.sql",
        "no such table: nowhere",
    ]);
    let status = harbour.run(&["migrate", "status", "dev"]).exits(5);
    assert!(status.stdout.contains(&format!("half back     20260211093000  {CALLER}")), "{}", status.text());
    for arguments in [&["migrate", "up", "dev"][..], &["plan", "dev"]] {
        let refused = harbour.run(arguments).exits(5);
        refused.says(&["migrate::unfinished", "1 of the 2 statements of its down script", "migrate down dev"]);
    }
    harbour.write(&format!("migrations/{CALLER}.down.sql"), &script.replace("nowhere", "caller"));
    let done = harbour.run(&["migrate", "down", "dev", "--lose-data"]).exits(0);
    assert!(done.stdout.contains("one by one, continues after 1, loses table `caller`"), "{}", done.text());
    let _ = harbour.run(&["migrate", "up", "dev"]).exits(0);
    let _ = harbour.run(&["migrate", "status", "dev"]).exits(0);
}
