//! Files against history on every engine: edited, cosmetic, late, missing, empty. Applying what is pending is `migrate_apply`'s.

use plimsoll_core::{Coded, ErrorCode};
use plimsoll_migrate::{MigrateError, MigrationSet, MigrationState, Note, Overall, PlanOptions, status};
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
}
