//! What seeding refuses or takes back, on every engine: user data, duplicates, stale plans, broken promises. What it does
//! when nothing is wrong is in the other files.

use plimsoll_core::db::DbErrorKind;
use plimsoll_core::ledger::{LedgerTable, table};
use plimsoll_core::{Coded, ErrorCode};
use plimsoll_seed::{ApplyOptions, SeedError, apply};
use plimsoll_tests::seeding::{counted_id, domain_table, plan, plan_on, problems, read, seed};
use plimsoll_tests::{TestDatabase, TestProject, live_tests};

const DOMAINS: &str = r#"
[[table]]
name = "domain"
key = ["slug"]
rows = [
  { slug = "tutor", name = "Tutor" },
  { slug = "sales", name = "Sales" },
]
"#;

const CALLERS: &str = r#"
[dataset]
inserts_user_data = ["caller"]

[[table]]
name = "caller"
key = ["phone"]
mode = "insert"
rows = [{ phone = "1", name = "Nell" }, { phone = "2", name = "Omar" }]
"#;

fn project() -> TestProject {
    TestProject::new().file("seeds/domains.toml", DOMAINS)
}

fn caller_table(db: &mut TestDatabase) {
    let id = counted_id(db.engine());
    db.run(&format!("CREATE TABLE caller ({id}, phone VARCHAR(20) NOT NULL UNIQUE, name VARCHAR(40) NOT NULL)"));
}

/// Nothing of a failed seeding is in the table or in the ledger.
#[track_caller]
fn nothing_was_written(db: &mut TestDatabase) {
    assert_eq!(db.count("domain"), 0);
    if plimsoll_core::ledger::exists(db.db()).expect("can be asked") {
        let ledger = table(db.engine(), LedgerTable::SeedRow);
        assert_eq!(db.int(&format!("SELECT count(*) FROM {ledger}")), 0);
    }
}

live_tests! {
    fn user_data_is_refused_as_a_target_before_any_database_is_asked(db: &mut TestDatabase) {
        caller_table(db);
        let project = TestProject::new().file("seeds/callers.toml", &CALLERS.replace("inserts_user_data = [\"caller\"]", ""));
        let error = seed(db, &project).expect_err("is refused");
        assert_eq!(error.code(), ErrorCode::UserDataTarget);
        let told = problems(&error);
        assert!(told[0].starts_with("seeds/callers.toml:") && told[0].contains("`caller`"), "{told:?}");
        assert_eq!(db.count("caller"), 0);
    }

    fn user_data_may_get_new_rows_and_keeps_the_old_ones(db: &mut TestDatabase) {
        caller_table(db);
        db.run("INSERT INTO caller (phone, name) VALUES ('1', 'Nell Ashdown'), ('9', 'Somebody')");
        let project = TestProject::new().file("seeds/callers.toml", CALLERS);
        assert_eq!(seed(db, &project).expect("seeds").tables[0].counts.create, 1);
        assert_eq!(db.texts("SELECT name FROM caller ORDER BY phone"), ["Nell Ashdown", "Omar", "Somebody"]);
        assert!(!seed(db, &project).expect("seeds").wrote);
    }

    fn user_data_is_never_updated_even_when_the_dataset_asks_for_it(db: &mut TestDatabase) {
        caller_table(db);
        let project = TestProject::new().file("seeds/callers.toml", &CALLERS.replace("mode = \"insert\"\n", ""));
        assert_eq!(seed(db, &project).expect_err("is refused").code(), ErrorCode::UserDataTarget);
    }

    fn one_key_declared_twice_names_both_places(db: &mut TestDatabase) {
        domain_table(db);
        let project = TestProject::new().file("seeds/domains.toml", &DOMAINS.replace("\"sales\"", "\"tutor\""));
        let error = seed(db, &project).expect_err("is refused");
        assert_eq!(error.code(), ErrorCode::SeedDuplicate);
        let told = problems(&error);
        assert!(told[0].contains("seeds/domains.toml:7") && told[0].contains(":6"), "{told:?}");
        nothing_was_written(db);
    }

    fn of_two_rows_with_one_key_a_dataset_may_choose(db: &mut TestDatabase) {
        domain_table(db);
        let doubled = |choice: &str| DOMAINS.replace("\"sales\"", "\"tutor\"").replace("key =", &format!("on_duplicate = \"{choice}\"\nkey ="));
        let project = TestProject::new().file("seeds/domains.toml", &doubled("first"));
        seed(db, &project).expect("seeds");
        assert_eq!(db.texts("SELECT name FROM domain"), ["Tutor"]);
        project.write("seeds/domains.toml", &doubled("last"));
        seed(db, &project).expect("seeds");
        assert_eq!(db.texts("SELECT name FROM domain"), ["Sales"]);
    }

    fn an_expectation_that_does_not_hold_takes_everything_back(db: &mut TestDatabase) {
        domain_table(db);
        let project = project().setting("[[expect]]\ntable = \"domain\"\nwhere = \"name = 'Tutor'\"\nexactly = 2\n\n[[expect]]\ntable = \"domain\"\nat_least = 1");
        let error = seed(db, &project).expect_err("there is only one");
        assert_eq!(error.code(), ErrorCode::ExpectationFailed);
        assert_eq!(error.problems().len(), 1);
        let told = problems(&error);
        assert!(told[0].ends_with("expected exactly 2 rows in `domain` where name = 'Tutor', found 1"), "{told:?}");
        nothing_was_written(db);
    }

    fn expectations_are_checked_when_there_is_nothing_to_write_too(db: &mut TestDatabase) {
        domain_table(db);
        seed(db, &project()).expect("seeds");
        let strict = project().setting("[[expect]]\ntable = \"domain\"\nat_most = 1");
        assert_eq!(seed(db, &strict).expect_err("there are two").code(), ErrorCode::ExpectationFailed);
        assert_eq!(db.count("domain"), 2);
    }

    fn an_expectation_that_cannot_be_counted_names_it_and_takes_everything_back(db: &mut TestDatabase) {
        domain_table(db);
        let project = project().setting("[[expect]]\ntable = \"domain\"\nwhere = \"colour = 1\"\nexactly = 2");
        let error = seed(db, &project).expect_err("there is no such column");
        assert!(matches!(&error, SeedError::Count { what, .. } if what.contains("where colour = 1")), "{error:?}");
        nothing_was_written(db);
    }

    fn a_row_somebody_writes_after_the_plan_makes_it_stale(db: &mut TestDatabase) {
        domain_table(db);
        let seeds = read(&project().load(db)).expect("loads");
        let planned = plan_on(db.db(), &seeds).expect("a plan");
        let mut other = db.connect();
        other.batch("INSERT INTO domain (slug, name) VALUES ('sales', 'Mine')").expect("writes");
        let error = apply(db.db(), &seeds, &planned, &ApplyOptions::default(), &mut |_| {}).expect_err("is stale");
        assert!(matches!(&error, SeedError::PlanStale { moved } if moved.len() == 1 && moved[0].contains("sales")), "{error}");
        assert_eq!(error.code(), ErrorCode::PlanStale);
        assert_eq!(db.texts("SELECT name FROM domain"), ["Mine"]);
    }

    fn rows_the_plan_does_not_touch_may_change_meanwhile(db: &mut TestDatabase) {
        domain_table(db);
        db.run("INSERT INTO domain (slug, name) VALUES ('other', 'Other')");
        let seeds = read(&project().load(db)).expect("loads");
        let planned = plan_on(db.db(), &seeds).expect("a plan");
        db.run("UPDATE domain SET name = 'Changed' WHERE slug = 'other'");
        apply(db.db(), &seeds, &planned, &ApplyOptions::default(), &mut |_| {}).expect("applies");
        assert_eq!(db.count("domain"), 3);
    }

    fn files_that_changed_after_the_plan_make_it_stale(db: &mut TestDatabase) {
        domain_table(db);
        let project = project();
        let planned = plan(db, &project).expect("a plan");
        project.write("seeds/domains.toml", &DOMAINS.replace("Sales", "Advice"));
        let seeds = read(&project.load(db)).expect("loads");
        let error = apply(db.db(), &seeds, &planned, &ApplyOptions::default(), &mut |_| {}).expect_err("is stale");
        assert_eq!(error.code(), ErrorCode::PlanStale);
        nothing_was_written(db);
    }

    fn a_row_that_the_database_refuses_is_named_with_its_place_and_takes_everything_back(db: &mut TestDatabase) {
        domain_table(db);
        db.run("DROP TABLE domain; CREATE TABLE domain (slug VARCHAR(40) NOT NULL PRIMARY KEY, name VARCHAR(40), CHECK (name <> 'Sales'))");
        let error = seed(db, &project()).expect_err("nothing is called so");
        let SeedError::Refused { rows } = &error else { panic!("expected a refused row, got {error:?}") };
        assert_eq!(rows[0].what, "`domain` sales");
        assert_eq!(rows[0].at.as_ref().map(|at| at.line), Some(7));
        assert_eq!((rows.len(), rows[0].source.kind), (1, DbErrorKind::Check));
        nothing_was_written(db);
        assert!(plan(db, &project()).is_ok(), "the connection is out of the failed transaction");
    }

    fn a_trigger_that_changes_a_value_is_noticed_before_the_commit(db: &mut TestDatabase) {
        domain_table(db);
        match db.engine() {
            plimsoll_core::db::Engine::Sqlite => db.run(
                "CREATE TRIGGER shout AFTER INSERT ON domain BEGIN UPDATE domain SET name = upper(name) WHERE id = NEW.id; END",
            ),
            plimsoll_core::db::Engine::Postgres => db.run(
                "CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.name := upper(NEW.name); RETURN NEW; END $$;
                 CREATE TRIGGER shout BEFORE INSERT ON domain FOR EACH ROW EXECUTE FUNCTION shout()",
            ),
            plimsoll_core::db::Engine::Mysql => {
                db.run("CREATE TRIGGER shout BEFORE INSERT ON domain FOR EACH ROW SET NEW.name = upper(NEW.name)");
            }
        }
        let error = seed(db, &project()).expect_err("the rows are not what the files say");
        let told = problems(&error);
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].contains("`name` reads back as \"TUTOR\" instead of \"Tutor\""), "{told:?}");
        nothing_was_written(db);
    }

    fn tables_columns_and_references_that_are_not_there_are_told_with_the_nearest(db: &mut TestDatabase) {
        domain_table(db);
        let project = TestProject::new()
            .file("seeds/domains.toml", &DOMAINS.replace("name = \"Tutor\"", "title = \"Tutor\", nmae = \"x\""))
            .file("seeds/other.toml", "[[table]]\nname = \"domian\"\nkey = [\"slug\"]\nrows = [{ slug = \"x\" }]\n");
        let error = plan(db, &project).expect("a plan").require_schema().expect_err("the schema lacks them");
        let told = problems(&error).join("\n");
        for text in ["no column `nmae`, did you mean `name`?", "no column `title`", "no table `domian`, did you mean `domain`?"] {
            assert!(told.contains(text), "{told}");
        }
    }

    fn a_reference_that_leads_nowhere_is_an_error_with_the_nearest_before_anything_is_written(db: &mut TestDatabase) {
        domain_table(db);
        caller_table(db);
        db.run("CREATE TABLE greeting (slug VARCHAR(40) PRIMARY KEY, domain_id INTEGER)");
        let project = project()
            .file("docs/a.json", "{ \"domain\": \"tutro\" }")
            .file("seeds/greetings.toml", "[documents]\nfiles = \"docs/*.json\"\n\n[[table]]\nname = \"greeting\"\nkey = [\"slug\"]\ncolumns = { slug = \"'a'\", domain_id = \"ref('domain', slug=doc.domain)\" }\n");
        let error = seed(db, &project).expect_err("there is no such domain");
        assert_eq!(error.code(), ErrorCode::ReferenceMissing);
        assert!(problems(&error)[0].contains("did you mean tutor?"), "{:?}", problems(&error));
        nothing_was_written(db);
    }
}
