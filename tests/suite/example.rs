//! The example project's own migrations and seeds on both engines it is declared for. Its service, checks and deployment
//! are tested with the commands.

use plimsoll_core::db::Engine;
use plimsoll_core::project::Project;
use plimsoll_migrate::{MigrationSet, check_prisma_provider};
use plimsoll_tests::TestDatabase;
use plimsoll_tests::migrating::{migrate, plan as migrations_plan};
use plimsoll_tests::project::{example, open};
use plimsoll_tests::seeding::{plan_on, read, seed_project};

const USER_DATA: [&str; 7] =
    ["user", "caller", "call", "caller_memory", "observation", "session", "personality_profile"];

fn project(db: &TestDatabase, with: &[&str]) -> Project {
    open(&example("caller-coaching"), "staging", db, with, &[("HF_SUPERADMIN_TOKEN", "of-no-value")])
}

fn migrated(db: &mut TestDatabase) -> MigrationSet {
    let project = project(db, &[]);
    let set = MigrationSet::load(&project.migrations.expect("there are migrations").path).expect("they load");
    check_prisma_provider(&set, db.engine()).expect("they are for this engine");
    let report = migrate(db, &set).expect("they apply");
    assert_eq!(report.applied.len(), 29);
    set
}

/// The same test on both engines.
macro_rules! on_both_engines {
    ($(fn $name:ident($db:ident: &mut TestDatabase) $body:block)*) => {
        $(
            mod $name {
                use super::*;

                fn test($db: &mut TestDatabase) $body

                #[cfg(feature = "sqlite")]
                #[test]
                fn sqlite() {
                    test(&mut TestDatabase::new(Engine::Sqlite));
                }

                #[cfg(any(feature = "postgres", feature = "postgres-bundled"))]
                #[test]
                fn postgres() {
                    test(&mut TestDatabase::new(Engine::Postgres));
                }
            }
        )*
    };
}

on_both_engines! {
    fn every_migration_applies_once(db: &mut TestDatabase) {
        let set = migrated(db);
        assert!(migrations_plan(db, &set).expect("a plan").steps.is_empty());
        let tables = db.tables();
        for table in USER_DATA.iter().chain(&["analysis_spec", "parameter", "scoring_anchor", "domain", "system_setting"]) {
            assert!(tables.iter().any(|each| each == table), "{table} is not in {tables:?}");
        }
    }

    fn seeding_meets_the_expectations_and_a_repetition_is_empty(db: &mut TestDatabase) {
        migrated(db);
        let project = project(db, &[]);
        let report = seed_project(db, &project).expect("seeds");
        assert!(report.wrote && report.expectations.iter().all(|expected| expected.holds), "{report:?}");
        assert_eq!(report.expectations.len(), project.expect.len());
        assert_eq!((db.count("analysis_spec"), db.count("domain")), (51, 4));
        assert_eq!(db.int("SELECT count(*) FROM domain WHERE is_default"), 1);
        assert!(db.count("parameter") >= 200);
        let again = seed_project(db, &project).expect("seeds");
        assert!(!again.wrote);
        assert!(again.tables.iter().all(|table| table.counts.create + table.counts.update + table.counts.edited == 0), "{again:?}");
    }

    fn the_plan_is_the_same_before_and_after_migrating_and_on_both_engines(db: &mut TestDatabase) {
        let seeds = read(&project(db, &["transcripts"])).expect("they load");
        let before = plan_on(db.db(), &seeds).expect("a plan");
        migrated(db);
        let plan = plan_on(db.db(), &seeds).expect("a plan");
        plan.require_schema().expect("the migrations brought everything");
        assert_eq!(before.digest(), plan.digest());
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!("caller_coaching_seed_plan", plan.show(2));
        });
    }

    fn seeding_touches_no_user_data(db: &mut TestDatabase) {
        migrated(db);
        db.run("INSERT INTO caller (id, name) VALUES ('c1', 'Nell')");
        db.run("INSERT INTO call (id, caller_id, transcript) VALUES ('k1', 'c1', 'Hello.')");
        let everything = |db: &mut TestDatabase| USER_DATA.map(|table| db.rows(&format!("SELECT count(*) FROM \"{table}\"")));
        let callers = "SELECT id, name, CAST(updated_at AS TEXT) FROM caller";
        let before = (everything(db), db.rows(callers));
        let project = project(db, &[]);
        seed_project(db, &project).expect("seeds");
        assert_eq!((everything(db), db.rows(callers)), before);
    }

    fn transcripts_bring_callers_and_calls_only_when_they_are_asked_for(db: &mut TestDatabase) {
        migrated(db);
        let without = project(db, &[]);
        seed_project(db, &without).expect("seeds");
        assert_eq!((db.count("caller"), db.count("call")), (0, 0));
        let with = project(db, &["transcripts"]);
        seed_project(db, &with).expect("seeds");
        assert_eq!((db.count("caller"), db.count("call")), (2, 3));
        assert_eq!(db.texts("SELECT name FROM caller ORDER BY name")[0], "Nell Ashdown");
        db.run("UPDATE caller SET name = 'Nell A.' WHERE external_id = 'demo-nell'");
        assert!(!seed_project(db, &with).expect("seeds").wrote);
        assert_eq!(db.texts("SELECT name FROM caller WHERE external_id = 'demo-nell'"), ["Nell A."]);
    }

    fn what_an_administrator_edits_survives_the_next_seeding(db: &mut TestDatabase) {
        migrated(db);
        let project = project(db, &[]);
        seed_project(db, &project).expect("seeds");
        db.run("UPDATE domain SET greeting = 'Hello.' WHERE slug = 'tutor'");
        let report = seed_project(db, &project).expect("seeds");
        assert_eq!(report.tables.iter().map(|table| table.counts.edited).sum::<usize>(), 1);
        assert_eq!(db.texts("SELECT greeting FROM domain WHERE slug = 'tutor'"), ["Hello."]);
    }
}
