//! Values of secret columns on every engine: written, compared and never told. What the command line masks besides is in
//! `deploy_secrets`.

use plimsoll_core::db::Catalog;
use plimsoll_core::ledger::{LedgerTable, table};
use plimsoll_seed::{ResetOptions, RunOptions, UndoOptions, apply_reset, apply_undo, plan_reset, plan_undo};
use plimsoll_tests::seeding::{expectations, plan, problems, read, seed};
use plimsoll_tests::{TestDatabase, TestProject, live_tests};

fn project(secret: &str) -> TestProject {
    TestProject::new().file("seeds/users.toml", &dataset(secret))
}

fn dataset(secret: &str) -> String {
    format!(
        "[[table]]\nname = \"account\"\nkey = [\"name\"]\nsecret = [\"token\"]\nrows = [{{ name = \"root\", token = \"{secret}\" }}]\n"
    )
}

fn accounts(db: &mut TestDatabase) {
    db.run("CREATE TABLE account (name VARCHAR(20) NOT NULL PRIMARY KEY, token VARCHAR(20) NOT NULL)");
}

live_tests! {
    fn a_secret_is_written_and_found_unchanged_and_told_nowhere(db: &mut TestDatabase) {
        accounts(db);
        let project = project("hunter2-first");
        seed(db, &project).expect("seeds");
        assert_eq!(db.texts("SELECT token FROM account"), ["hunter2-first"]);
        assert!(!seed(db, &project).expect("seeds").wrote);
        project.write("seeds/users.toml", &dataset("hunter2-second"));
        let changed = plan(db, &project).expect("a plan");
        assert!(changed.to_string().contains("token: \"(secret)\" -> \"(secret)\""), "{changed}");
        assert!(!serde_json::to_string(&changed).expect("data").contains("hunter2"));
        seed(db, &project).expect("seeds");
        assert_eq!(db.texts("SELECT token FROM account"), ["hunter2-second"]);
        let ledger = table(db.engine(), LedgerTable::SeedRow);
        let kept = db.texts(&format!("SELECT applied FROM {ledger}")).remove(0);
        assert!(kept.contains("sealed") && !kept.contains("hunter2"), "{kept}");
    }

    fn a_secret_that_somebody_changed_is_kept_like_any_edit(db: &mut TestDatabase) {
        accounts(db);
        let project = project("hunter2-first");
        seed(db, &project).expect("seeds");
        db.run("UPDATE account SET token = 'hunter2-mine'");
        let plan = plan(db, &project).expect("a plan");
        assert_eq!((plan.counts().edited, plan.counts().update), (1, 0));
        assert!(!format!("{plan:?}").contains("hunter2"), "{plan:?}");
    }

    fn taking_a_run_back_tells_no_secret(db: &mut TestDatabase) {
        accounts(db);
        let project = project("hunter2-first");
        seed(db, &project).expect("seeds");
        project.write("seeds/users.toml", &dataset("hunter2-second"));
        seed(db, &project).expect("seeds");
        let catalog = Catalog::read(db.db()).expect("the catalogue");
        let undo = |db: &mut TestDatabase| plan_undo(db.db(), &catalog, &UndoOptions::default()).expect("a plan");
        let shown = undo(db);
        let told = format!("{shown} {shown:?}");
        assert!(told.contains("token: \"(secret)\" -> \"(secret)\"") && !told.contains("hunter2"), "{told}");
        db.run("UPDATE account SET token = 'hunter2-mine'");
        let blocked = undo(db);
        let told = format!("{blocked} {blocked:?} {:?}", problems(&blocked.require_free().expect_err("was edited")));
        assert!(told.contains("`token` is \"(secret)\" now") && !told.contains("hunter2"), "{told}");
        db.run("UPDATE account SET token = 'hunter2-second'");
        apply_undo(db.db(), &shown, &UndoOptions::default(), &RunOptions::default()).expect("is taken back");
        assert_eq!(db.texts("SELECT token FROM account"), ["hunter2-first"]);
        // The ledger forgets the row, and somebody makes it anew: it still is nobody's to read.
        let reset = plan_reset(db.db(), &catalog, &ResetOptions::default()).expect("a plan");
        apply_reset(db.db(), &reset, &ResetOptions::default(), &RunOptions::default()).expect("is reset");
        db.run("INSERT INTO account VALUES ('root', 'hunter2-mine')");
        let options = UndoOptions { run: Some(1), ..UndoOptions::default() };
        let told = format!("{:?}", plan_undo(db.db(), &catalog, &options).expect("a plan"));
        assert!(told.contains("(secret)") && !told.contains("hunter2"), "{told}");
    }

    fn a_secret_that_is_written_once_only_is_not_told_either(db: &mut TestDatabase) {
        accounts(db);
        let text = "[[table]]\nname = \"account\"\nkey = [\"name\"]\nmode = \"sync\"\non_edit = \"fail\"\nsecret = [\"token\"]\n\
                    columns = { name = \"'root'\" }\ninsert_only = { token = \"'hunter2-first'\" }\n";
        let project = TestProject::new().file("seeds/users.toml", text);
        seed(db, &project).expect("seeds");
        db.run("UPDATE account SET token = 'hunter2-mine'");
        project.write("seeds/users.toml", &text.replace("'root'", "'other'"));
        let told = problems(&plan(db, &project).expect_err("was edited")).join("\n");
        assert!(told.contains("`token` is \"(secret)\"") && !told.contains("hunter2"), "{told}");
        let catalog = Catalog::read(db.db()).expect("the catalogue");
        let secret = read(&project.load(db)).expect("loads").secret_columns();
        let options = UndoOptions { secret, ..UndoOptions::default() };
        let told = format!("{:?}", plan_undo(db.db(), &catalog, &options).expect("a plan"));
        assert!(told.contains("(secret)") && !told.contains("hunter2"), "{told}");
    }

    fn a_rule_that_secrets_break_does_not_repeat_them(db: &mut TestDatabase) {
        accounts(db);
        db.run("INSERT INTO account VALUES ('a', 'hunter2'), ('b', 'hunter2')");
        let project = project("hunter2").setting("[[expect]]\ntable = \"account\"\nunique = [\"token\"]");
        let error = seed(db, &project).expect_err("three have the same");
        let told = problems(&error).join("\n");
        assert!(told.ends_with("found 1 ((secret))"), "{told}");
        let loaded = project.load(db);
        let seeds = read(&loaded).expect("loads");
        let report = plimsoll_seed::inspect(db.db(), Some(&seeds), &expectations(&loaded)).expect("asks");
        assert!(!format!("{report:?} {report}").contains("hunter2"), "{report}");
    }

    fn errors_about_secrets_do_not_repeat_them(db: &mut TestDatabase) {
        accounts(db);
        let error = seed(db, &project("hunter2-which-is-much-too-long")).expect_err("does not fit");
        assert!(problems(&error)[0].contains("the secret value does not fit `token`"), "{:?}", problems(&error));
        db.run("DROP TABLE account");
        db.run("CREATE TABLE account (name VARCHAR(20) NOT NULL PRIMARY KEY, token VARCHAR(20) NOT NULL, CHECK (token <> 'hunter2'))");
        let error = seed(db, &project("hunter2")).expect_err("is refused");
        let told = format!("{error:?} {error}");
        assert!(!told.replace("token <> 'hunter2'", "").contains("hunter2"), "{told}");
    }
}
