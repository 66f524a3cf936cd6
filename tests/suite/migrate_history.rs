//! Files against history on every engine: edited, cosmetic, late, missing, empty. Applying what is pending is `migrate_apply`'s.

use plimsoll_core::ledger::{self, LedgerTable};
use plimsoll_core::{Coded, ErrorCode};
use plimsoll_migrate::{MigrateError, MigrationSet, MigrationState, Note, Overall, PlanOptions, RecordState, status};
use plimsoll_tests::migrating::{history, migrate, plan, set};
use plimsoll_tests::{TestDatabase, TestProject, live_tests};

const FIRST: &str = "CREATE TABLE note (id INTEGER PRIMARY KEY, text VARCHAR(20));\n";
const SECOND: &str = "INSERT INTO note VALUES (1, 'it''s -- no comment');\n";

fn project() -> TestProject {
    TestProject::new().file("migrations/0001_note.sql", FIRST).file("migrations/0003_row.sql", SECOND)
}

fn load(project: &TestProject) -> MigrationSet {
    MigrationSet::load(&project.path().join("migrations")).expect("the migrations load")
}

fn refused(db: &mut TestDatabase, set: &MigrationSet) -> Vec<(ErrorCode, String)> {
    match plan(db, set).expect_err("is refused") {
        MigrateError::Problem(problem) => vec![(problem.code(), problem.to_string())],
        MigrateError::Problems(problems) => problems.iter().map(|each| (each.code(), each.to_string())).collect(),
        other => panic!("expected problems, got {other:?}"),
    }
}

live_tests! {
    fn an_edited_migration_is_refused_by_name_and_changes_nothing(db: &mut TestDatabase) {
        let project = project();
        migrate(db, &load(&project)).expect("applies");
        project.write("migrations/0001_note.sql", &FIRST.replace("20", "30"));
        let refused = refused(db, &load(&project));
        assert_eq!(refused.len(), 1);
        assert_eq!(refused[0].0, ErrorCode::MigrationChanged);
        assert!(refused[0].1.contains("0001_note.sql` was edited after it had been applied"), "{refused:?}");
        let status = status(&load(&project), &history(db));
        assert_eq!((status.overall, status.migrations[0].state), (Overall::Diverged, MigrationState::Changed));
        assert_eq!(db.count("note"), 1);
    }

    fn a_change_inside_of_a_string_is_an_edit(db: &mut TestDatabase) {
        let project = project();
        migrate(db, &load(&project)).expect("applies");
        project.write("migrations/0003_row.sql", &SECOND.replace("no comment", "a comment"));
        assert_eq!(refused(db, &load(&project))[0].0, ErrorCode::MigrationChanged);
    }

    fn comments_white_space_and_line_ends_may_change(db: &mut TestDatabase) {
        let project = project();
        migrate(db, &load(&project)).expect("applies");
        let tidied = "/* notes of people */\r\nCREATE TABLE note (\r\n  id INTEGER PRIMARY KEY, -- by hand\r\n  text VARCHAR(20)\r\n);\r\n";
        project.write("migrations/0001_note.sql", tidied);
        let plan = plan(db, &load(&project)).expect("is accepted");
        assert_eq!(plan.notes, [Note::Cosmetic { version: "0001".to_owned() }]);
        assert_eq!((plan.overall, plan.steps.len()), (Overall::Current, 0));
    }

    fn a_ledger_of_an_older_format_is_read_as_it_is_and_stays_so(db: &mut TestDatabase) {
        migrate(db, &load(&project())).expect("applies");
        let table = ledger::table(db.engine(), LedgerTable::Migration);
        for column in ["kind", "script", "intent"] {
            db.run(&format!("ALTER TABLE {table} DROP COLUMN {column}"));
        }
        ledger::set_meta(db.db(), "format", "1").expect("is written");
        let record = history(db).records["0001"].clone();
        assert_eq!((record.name.as_str(), record.statements, record.state), ("0001_note", 1, RecordState::Applied));
        assert_eq!((record.kind, record.script), (None, None));
        assert_eq!(ledger::meta(db.db(), "format").expect("is read").as_deref(), Some("1"));
        assert_eq!(status(&load(&project()), &history(db)).overall, Overall::Current);
    }

    fn a_late_migration_is_refused_until_it_is_allowed(db: &mut TestDatabase) {
        let project = project();
        migrate(db, &load(&project)).expect("applies");
        project.write("migrations/0002_late.sql", "INSERT INTO note VALUES (2, 'late');");
        let set = load(&project);
        let refused = refused(db, &set);
        assert_eq!(refused[0].0, ErrorCode::MigrationOutOfOrder);
        assert!(refused[0].1.contains("0002_late.sql"), "{refused:?}");
        let allowed = PlanOptions { allow_out_of_order: true };
        let plan = plimsoll_migrate::plan(&set, &history(db), &allowed).expect("is allowed");
        assert_eq!(plan.steps.iter().map(|step| step.out_of_order).collect::<Vec<_>>(), [true]);
        let options = plimsoll_tests::migrating::options();
        plimsoll_migrate::apply(db.db(), &set, &plan, &options, &mut |_| {}).expect("applies");
        assert_eq!(db.count("note"), 2);
        assert_eq!(status(&set, &history(db)).overall, Overall::Current);
    }

    fn an_applied_migration_without_a_file_is_refused(db: &mut TestDatabase) {
        let project = project();
        migrate(db, &load(&project)).expect("applies");
        project.remove("migrations/0003_row.sql");
        let refused = refused(db, &load(&project));
        assert_eq!(refused, [(
            ErrorCode::MigrationMissing,
            "migration `0003_row` is applied in the database, and its file is gone".to_owned()
        )]);
    }

    fn all_that_is_wrong_is_told_at_once(db: &mut TestDatabase) {
        let project = project();
        migrate(db, &load(&project)).expect("applies");
        project.write("migrations/0001_note.sql", "CREATE TABLE note (id INTEGER);");
        project.write("migrations/0002_late.sql", "INSERT INTO note VALUES (2);");
        project.remove("migrations/0003_row.sql");
        let codes: Vec<_> = refused(db, &load(&project)).into_iter().map(|(code, _)| code).collect();
        assert_eq!(codes, [ErrorCode::MigrationChanged, ErrorCode::MigrationOutOfOrder, ErrorCode::MigrationMissing]);
    }

    fn an_empty_or_missing_folder_is_never_up_to_date(db: &mut TestDatabase) {
        let project = project();
        migrate(db, &load(&project)).expect("applies");
        let gone = MigrationSet::load(&project.path().join("nowhere")).expect_err("is missing");
        assert!(matches!(gone.code(), ErrorCode::MigrationsEmpty | ErrorCode::FileUnreadable), "{gone}");
        project.remove("migrations/0001_note.sql");
        project.remove("migrations/0003_row.sql");
        let empty = MigrationSet::load(&project.path().join("migrations")).expect_err("is empty");
        assert_eq!(empty.code(), ErrorCode::MigrationsEmpty);
        assert_eq!(db.count("note"), 1);
    }

    fn a_database_without_history_is_untouched_and_stays_so_when_planned(db: &mut TestDatabase) {
        let plan = plan(db, &set(&[("0001_a", "CREATE TABLE a (id INTEGER);")])).expect("there is a plan");
        assert_eq!((plan.overall, plan.applied, plan.steps.len()), (Overall::Untouched, 0, 1));
        assert!(!plimsoll_core::ledger::exists(db.db()).expect("can be asked"));
        assert!(db.tables().is_empty());
        assert!(history(db).applied.is_empty());
    }

    fn the_text_as_applied_is_kept_and_an_edit_is_shown_against_it(db: &mut TestDatabase) {
        let project = TestProject::new().file("migrations/0001_note.sql", &FIRST.replace('\n', "\r\n"));
        migrate(db, &load(&project)).expect("applies");
        assert_eq!(history(db).records["0001"].script.as_deref(), Some(FIRST));
        assert_eq!(history(db).records["0001"].kind.as_deref(), Some("versioned"));
        project.write("migrations/0001_note.sql", &FIRST.replace("20", "30"));
        let status = status(&load(&project), &history(db));
        let edit = status.migrations[0].edit.as_ref().expect("differs");
        assert_eq!(edit.line, 1);
        let lines = format!("@@ -1 +1 @@\n-{}\n+{}", FIRST.trim(), FIRST.trim().replace("20", "30"));
        assert!(edit.diff.ends_with(&lines), "{}", edit.diff);
        assert!(refused(db, &load(&project))[0].1.ends_with(&edit.diff));
    }

    fn a_ledger_of_the_first_format_is_read_without_being_changed(db: &mut TestDatabase) {
        let project = project();
        migrate(db, &load(&project)).expect("applies");
        let table = ledger::table(db.db().engine(), LedgerTable::Migration);
        for column in ["script", "kind"] {
            db.db().batch(&format!("ALTER TABLE {table} DROP COLUMN {column}")).expect("drops");
        }
        ledger::set_meta(db.db(), "format", "1").expect("writes");
        let before = history(db);
        assert_eq!((before.records.len(), before.records["0001"].script.as_deref()), (2, None));
        project.write("migrations/0001_note.sql", &FIRST.replace("20", "30"));
        let status = status(&load(&project), &before);
        assert_eq!((status.migrations[0].state, status.migrations[0].edit.as_ref()), (MigrationState::Changed, None));
        assert_eq!(ledger::meta(db.db(), "format").expect("is read").as_deref(), Some("1"));
    }

    fn repeatable_migrations_are_applied_again_when_they_change(db: &mut TestDatabase) {
        let view = "DROP VIEW IF EXISTS short;\nCREATE VIEW short AS SELECT id FROM note WHERE id < 10;\n";
        let project = project().file("migrations/R__short.sql", view);
        let report = migrate(db, &load(&project)).expect("applies");
        let versions: Vec<_> = report.applied.iter().map(|each| each.version.as_str()).collect();
        assert_eq!(versions, ["0001", "0003", "R__short"]);
        let mut of_diesel = db.db().diesel_history().expect("is read");
        of_diesel.sort();
        assert_eq!(of_diesel, ["0001", "0003"], "diesel knows of the versioned ones only");
        assert!(migrate(db, &load(&project)).expect("has nothing to do").applied.is_empty());
        project.write("migrations/R__short.sql", &view.replace("CREATE", "-- again\nCREATE"));
        assert!(plan(db, &load(&project)).expect("is planned").steps.is_empty());
        project.write("migrations/R__short.sql", &view.replace("10", "1"));
        let outdated = status(&load(&project), &history(db));
        assert_eq!((outdated.overall, outdated.migrations[2].state), (Overall::Behind, MigrationState::Outdated));
        assert_eq!(migrate(db, &load(&project)).expect("applies").applied.len(), 1);
        assert_eq!(db.count("short"), 0);
        let record = history(db).record("R__short").cloned().expect("is recorded");
        assert_eq!((record.is_repeatable(), record.state), (true, RecordState::Applied));
        assert_eq!(status(&load(&project), &history(db)).overall, Overall::Current);
    }

    fn every_layout_is_applied_in_its_own_order(db: &mut TestDatabase) {
        let (make, fill) = ("CREATE TABLE one (id INTEGER);", "INSERT INTO one VALUES (1);");
        let plan = "%project=p\nmake 2026-01-01T00:00:00Z A <a@b.c>\nfill 2026-01-01T00:00:00Z A <a@b.c>\n";
        let sqitch = |sql: &str| format!("-- Deploy\n\nBEGIN;\n\n{sql}\n\nCOMMIT;\n");
        let dbmate = |sql: &str| format!("-- migrate:up\n{sql}\n-- migrate:down\nSELECT broken");
        let goose = |sql: &str| format!("-- +goose Up\n-- +goose StatementBegin\n{sql}\n-- +goose StatementEnd\n-- +goose Down\nSELECT broken");
        let layouts = [
            ("flyway", "V1.9__a.sql", make.to_owned(), "V1.10__b.sql", fill.to_owned()),
            ("golangmigrate", "9_a.up.sql", make.to_owned(), "10_b.up.sql", fill.to_owned()),
            ("sqlx", "20260101000000_a.sql", make.to_owned(), "20260102000000_b.sql", format!("-- no-transaction\n{fill}")),
            ("dbmate", "10_a.sql", dbmate(make), "9_b.sql", dbmate(fill)),
            ("goose", "9_a.sql", goose(make), "10_b.sql", goose(fill)),
            ("sqitch", "deploy/make.sql", sqitch(make), "deploy/fill.sql", sqitch(fill)),
        ];
        for (layout, first, make, second, fill) in layouts {
            let project = TestProject::new().file(&format!("m/{first}"), &make).file(&format!("m/{second}"), &fill);
            if layout == "sqitch" {
                project.write("m/sqitch.plan", plan);
            }
            let set = MigrationSet::load(&project.path().join("m")).expect("the migrations load");
            assert_eq!(format!("{:?}", set.layout).to_lowercase(), layout);
            let report = migrate(db, &set).unwrap_or_else(|error| panic!("{layout}: {error:?}"));
            assert_eq!((report.applied.len(), db.count("one")), (2, 1), "{layout}");
            let table = ledger::table(db.db().engine(), LedgerTable::Migration);
            for undo in [format!("DELETE FROM {table}"), "DELETE FROM __diesel_schema_migrations".into(), "DROP TABLE one".into()] {
                db.db().batch(&undo).expect("is undone for the next layout");
            }
        }
    }
}
