//! Rows that exchange unique values, get new keys, or refer to each other, and tables of user data that must stay as they are, on
//! every engine.

use plimsoll_core::db::{Catalog, Engine};
use plimsoll_core::{Coded, ErrorCode};
use plimsoll_seed::{RunOptions, UndoOptions, UserDataVerdict, apply_undo, plan_undo};
use plimsoll_tests::seeding::{counted_id, domain_table, plan, problems, seed};
use plimsoll_tests::{TestDatabase, TestProject, live_tests};

const PLACES: &str = r#"
[[table]]
name = "place"
key = ["slug"]
mode = "sync"
rows = [
  { slug = "a", position = 1, label = "first" },
  { slug = "b", position = 2, label = "second" },
  { slug = "c", position = 3, label = "third" },
]
"#;

fn places(db: &mut TestDatabase) -> TestProject {
    let id = counted_id(db.engine());
    db.run(&format!(
        "CREATE TABLE place ({id}, slug VARCHAR(40) NOT NULL UNIQUE, position INTEGER NOT NULL UNIQUE, label VARCHAR(10) NOT NULL UNIQUE, \
         CHECK (position > 0))"
    ));
    let project = TestProject::new().file("seeds/places.toml", PLACES);
    seed(db, &project).expect("seeds");
    project
}

fn listed(db: &mut TestDatabase) -> Vec<String> {
    let rows = db.rows("SELECT slug, position, label FROM place ORDER BY slug");
    rows.iter().map(|row| format!("{} {} {}", row.text(0), row.int(1), row.text(2))).collect()
}

fn undo(db: &mut TestDatabase) {
    let catalog = Catalog::read(db.db()).expect("the catalogue is readable");
    let plan = plan_undo(db.db(), &catalog, &UndoOptions::default()).expect("a plan");
    apply_undo(db.db(), &plan, &UndoOptions::default(), &RunOptions::default()).expect("is taken back");
}

/// Makes every write to `domain` write to `caller` as well.
fn trigger(db: &mut TestDatabase) {
    match db.engine() {
        Engine::Sqlite => {
            db.run("CREATE TRIGGER note AFTER INSERT ON domain BEGIN UPDATE caller SET name = NEW.name; END");
        }
        Engine::Postgres => db.run(
            "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE caller SET name = NEW.name; RETURN NEW; END $$;
             CREATE TRIGGER note AFTER INSERT ON domain FOR EACH ROW EXECUTE FUNCTION note()",
        ),
        Engine::Mysql => db.run("CREATE TRIGGER note AFTER INSERT ON domain FOR EACH ROW UPDATE caller SET name = NEW.name"),
    }
}

fn callers(db: &mut TestDatabase) {
    domain_table(db);
    let id = counted_id(db.engine());
    // A column may have the name of anything.
    db.run(&format!("CREATE TABLE caller ({id}, name VARCHAR(40) NOT NULL, rate REAL, t VARCHAR(10))"));
    db.run("INSERT INTO caller (name, rate) VALUES ('Nell', 0.5), ('Omar', NULL)");
}

const DOMAINS: &str =
    "[[table]]\nname = \"domain\"\nkey = [\"slug\"]\nrows = [{ slug = \"tutor\", name = \"Tutor\" }]\n";

live_tests! {
    fn rows_exchange_unique_values_and_back(db: &mut TestDatabase) {
        let project = places(db);
        let before = listed(db);
        let changed = PLACES.replace("position = 1, label = \"first\"", "position = 2, label = \"second\"")
            .replace("slug = \"b\", position = 2, label = \"second\"", "slug = \"b\", position = 3, label = \"third\"")
            .replace("slug = \"c\", position = 3, label = \"third\"", "slug = \"c\", position = 1, label = \"first\"");
        project.write("seeds/places.toml", &changed);
        seed(db, &project).expect("seeds");
        assert_eq!(listed(db), ["a 2 second", "b 3 third", "c 1 first"]);
        undo(db);
        assert_eq!(listed(db), before);
    }

    fn a_new_row_takes_the_value_that_another_gives_up(db: &mut TestDatabase) {
        let project = places(db);
        let before = listed(db);
        let changed = PLACES.replace("position = 3, label = \"third\"", "position = 4, label = \"fourth\"")
            .replace("\n]", "\n  { slug = \"d\", position = 3, label = \"third\" },\n]");
        project.write("seeds/places.toml", &changed);
        seed(db, &project).expect("seeds");
        assert_eq!(listed(db), ["a 1 first", "b 2 second", "c 4 fourth", "d 3 third"]);
        undo(db);
        assert_eq!(listed(db), before);
    }

    fn a_new_row_takes_the_value_of_one_that_is_pruned(db: &mut TestDatabase) {
        let project = places(db);
        let before = listed(db);
        project.write("seeds/places.toml", &PLACES.replace("slug = \"c\"", "slug = \"z\""));
        seed(db, &project).expect("seeds");
        assert_eq!(listed(db), ["a 1 first", "b 2 second", "z 3 third"]);
        undo(db);
        assert_eq!(listed(db), before);
    }

    fn a_row_that_gets_another_key_is_updated_and_not_made_again(db: &mut TestDatabase) {
        let project = places(db);
        let (before, id) = (listed(db), db.int("SELECT id FROM place WHERE slug = 'c'"));
        project.write("seeds/places.toml", &PLACES.replace("slug = \"c\"", "slug = \"z\", was = { slug = \"c\" }"));
        let planned = plan(db, &project).expect("a plan").to_string();
        assert!(planned.contains("0 to create, 1 to update") && planned.contains("slug: \"c\" -> \"z\""), "{planned}");
        seed(db, &project).expect("seeds");
        assert_eq!(listed(db), ["a 1 first", "b 2 second", "z 3 third"]);
        assert_eq!(db.int("SELECT id FROM place WHERE slug = 'z'"), id);
        assert!(!seed(db, &project).expect("seeds").wrote, "the hint may stay in the file");
        undo(db);
        assert_eq!(listed(db), before);
        // Seeded again, and the row is still its dataset's: gone from the files, it is pruned.
        seed(db, &project).expect("seeds");
        project.write("seeds/places.toml", "[[table]]\nname = \"place\"\nkey = [\"slug\"]\nmode = \"sync\"\nrows = []\n");
        seed(db, &project).expect("seeds");
        assert!(listed(db).is_empty());
    }

    fn rows_that_refer_to_each_other_in_a_circle_are_made_where_a_reference_may_be_null(db: &mut TestDatabase) {
        let id = counted_id(db.engine());
        db.run(&format!("CREATE TABLE area ({id}, slug VARCHAR(40) NOT NULL UNIQUE, twin_id INTEGER, FOREIGN KEY (twin_id) REFERENCES area(id))"));
        let table = "[[table]]\nname = \"area\"\neach = \"[['a', 'b'], ['b', 'c'], ['c', 'a']] as p\"\nkey = [\"slug\"]\nmode = \"sync\"\ncolumns = { slug = \"p[0]\", twin_id = \"ref('area', slug=p[1])\" }\n";
        let project = TestProject::new().file("seeds/areas.toml", table);
        seed(db, &project).expect("seeds");
        let twins = "SELECT t.slug FROM area a JOIN area t ON t.id = a.twin_id ORDER BY a.slug";
        assert_eq!(db.texts(twins), ["b", "c", "a"]);
        assert!(!seed(db, &project).expect("seeds").wrote);
        undo(db);
        assert_eq!(db.count("area"), 0);
        seed(db, &project).expect("seeds");
        project.write("seeds/areas.toml", "[[table]]\nname = \"area\"\nkey = [\"slug\"]\nmode = \"sync\"\nrows = []\n");
        seed(db, &project).expect("seeds");
        assert_eq!(db.count("area"), 0);
        undo(db);
        assert_eq!(db.texts(twins), ["b", "c", "a"]);
    }

    fn children_that_stand_before_their_parents_are_written_after_them(db: &mut TestDatabase) {
        db.run("CREATE TABLE area (slug VARCHAR(40) PRIMARY KEY, parent VARCHAR(40), FOREIGN KEY (parent) REFERENCES area(slug))");
        let rows = "[[table]]\nname = \"area\"\nkey = [\"slug\"]\nrows = [{ slug = \"c\", parent = \"b\" }, { slug = \"b\", parent = \"a\" }, { slug = \"a\" }]\n";
        seed(db, &TestProject::new().file("seeds/areas.toml", rows)).expect("seeds");
        assert_eq!(db.count("area"), 3);
    }

    fn a_trigger_that_changes_user_data_takes_everything_back(db: &mut TestDatabase) {
        callers(db);
        trigger(db);
        let project = TestProject::new().file("seeds/domains.toml", DOMAINS);
        let error = seed(db, &project).expect_err("is refused");
        assert_eq!(error.code(), ErrorCode::UserDataTouched);
        assert!(problems(&error)[0].contains("`caller` holds user data, and this would have changed it"), "{error}");
        assert_eq!(db.texts("SELECT name FROM caller ORDER BY name"), ["Nell", "Omar"]);
        assert_eq!(db.count("domain"), 0);
    }

    fn user_data_is_the_same_before_and_after_and_the_report_says_so(db: &mut TestDatabase) {
        callers(db);
        let project = TestProject::new().file("seeds/domains.toml", DOMAINS);
        let report = seed(db, &project).expect("seeds");
        let caller = &report.user_data[0];
        assert_eq!((caller.table.as_str(), caller.before.rows, caller.verdict), ("caller", 2, UserDataVerdict::Untouched));
        assert_eq!(caller.before, caller.after);
        db.run("UPDATE caller SET rate = 0.25 WHERE name = 'Nell'");
        project.write("seeds/domains.toml", &DOMAINS.replace("Tutor", "Coach"));
        let later = seed(db, &project).expect("seeds");
        assert_ne!(later.user_data[0].before.digest, caller.after.digest, "a changed value changes the fingerprint");
        assert!(plan(db, &project).expect("a plan").is_empty());
    }

    fn rows_that_a_dataset_may_add_to_user_data_are_seeded_and_nothing_else(db: &mut TestDatabase) {
        callers(db);
        let rows = "[dataset]\ninserts_user_data = [\"caller\"]\n[[table]]\nname = \"caller\"\nkey = [\"name\"]\nmode = \"insert\"\nrows = [{ name = \"Demo\" }]\n";
        let report = seed(db, &TestProject::new().file("seeds/callers.toml", rows)).expect("seeds");
        assert_eq!((report.user_data[0].verdict, report.user_data[0].after.rows), (UserDataVerdict::Seeded, 3));
        undo(db);
        assert_eq!(db.count("caller"), 2);
    }
}

#[cfg(any(feature = "postgres", feature = "postgres-bundled"))]
#[test]
fn what_others_write_meanwhile_is_told_apart_and_is_no_error() {
    let mut database = TestDatabase::new(Engine::Postgres);
    let db = &mut database;
    callers(db);
    let seeds =
        plimsoll_tests::seeding::read(&TestProject::new().file("seeds/domains.toml", DOMAINS).load(db)).expect("loads");
    let plan = plimsoll_tests::seeding::plan_on(db.db(), &seeds).expect("a plan");
    let mut other = db.connect();
    let report = plimsoll_seed::apply(db.db(), &seeds, &plan, &plimsoll_seed::ApplyOptions::default(), &mut |event| {
        if matches!(event, plimsoll_seed::SeedEvent::Started { .. }) {
            other.batch("INSERT INTO caller (name) VALUES ('Pia')").expect("nobody is in the way");
        }
    })
    .expect("seeds");
    assert_eq!(report.user_data[0].verdict, UserDataVerdict::ChangedByOthers);
    assert_eq!(db.count("caller"), 3);
}

/// `caller` in two partitions, one of which has partitions of its own.
#[cfg(any(feature = "postgres", feature = "postgres-bundled"))]
fn partitioned_callers(db: &mut TestDatabase) {
    domain_table(db);
    db.run(
        "CREATE TABLE caller (phone VARCHAR(20) NOT NULL PRIMARY KEY, name VARCHAR(40) NOT NULL) PARTITION BY LIST (phone);
         CREATE TABLE caller_one PARTITION OF caller FOR VALUES IN ('1');
         CREATE TABLE caller_rest PARTITION OF caller DEFAULT PARTITION BY HASH (phone);
         CREATE TABLE caller_rest_all PARTITION OF caller_rest FOR VALUES WITH (MODULUS 1, REMAINDER 0);
         INSERT INTO caller VALUES ('8', 'Nell'), ('9', 'Omar')",
    );
}

#[cfg(any(feature = "postgres", feature = "postgres-bundled"))]
#[test]
fn user_data_in_partitions_is_guarded_as_well() {
    let db = &mut TestDatabase::new(Engine::Postgres);
    partitioned_callers(db);
    trigger(db);
    let project = TestProject::new().file("seeds/domains.toml", DOMAINS);
    let error = seed(db, &project).expect_err("is refused");
    assert_eq!(error.code(), ErrorCode::UserDataTouched);
    assert_eq!(db.texts("SELECT name FROM caller ORDER BY phone"), ["Nell", "Omar"]);
}

#[cfg(any(feature = "postgres", feature = "postgres-bundled"))]
#[test]
fn user_data_in_partitions_may_get_new_rows() {
    let db = &mut TestDatabase::new(Engine::Postgres);
    partitioned_callers(db);
    let callers = "[dataset]\ninserts_user_data = [\"caller\"]\n\n[[table]]\nname = \"caller\"\nkey = [\"phone\"]\nmode = \"insert\"\n\
                   rows = [{ phone = \"1\", name = \"Ida\" }, { phone = \"2\", name = \"Ole\" }]\n";
    let project = TestProject::new().file("seeds/callers.toml", callers);
    let report = seed(db, &project).expect("seeds");
    assert_eq!(report.user_data[0].verdict, UserDataVerdict::Seeded);
    assert_eq!(db.count("caller"), 4);
}
