//! Values of secret columns on every engine: written, compared and never told. What the command line masks besides is in
//! `deploy_secrets`.

use plimsoll_core::ledger::{LedgerTable, table};
use plimsoll_tests::seeding::{plan, problems, seed};
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
