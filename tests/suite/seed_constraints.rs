//! Rows that a database would refuse, on every engine: found before anything is written where that is possible, and otherwise
//! told with the row, its place and the reason. Values that do not fit are in `seed_values`.

use plimsoll_core::db::Engine;
use plimsoll_core::{Coded, ErrorCode};
use plimsoll_seed::{SeedError, SeedPlan};
use plimsoll_tests::seeding::{counted_id, domain_table, plan, problems, seed};
use plimsoll_tests::{TestDatabase, TestProject, live_tests};

fn domains(rows: &str) -> TestProject {
    TestProject::new()
        .file("seeds/domains.toml", &format!("[[table]]\nname = \"domain\"\nkey = [\"slug\"]\nrows = [\n{rows}\n]\n"))
}

/// The problems of a run that wrote nothing.
#[track_caller]
fn refused(db: &mut TestDatabase, project: &TestProject) -> Vec<String> {
    let before = db.count("domain");
    let error = seed(db, project).expect_err("is refused");
    assert_eq!(db.count("domain"), before);
    match &error {
        SeedError::Problems { .. } => problems(&error),
        SeedError::Refused { rows } => rows
            .iter()
            .map(|row| format!("{}: [{}] {row}", row.at.clone().expect("a place"), row.code().as_str()))
            .collect(),
        other => panic!("{other:?}"),
    }
}

fn children(db: &mut TestDatabase, rest: &str) {
    db.run("CREATE TABLE parent (code VARCHAR(20) NOT NULL PRIMARY KEY)");
    db.run(&format!(
        "CREATE TABLE child (slug VARCHAR(40) NOT NULL PRIMARY KEY, parent VARCHAR(20){rest}, FOREIGN KEY (parent) REFERENCES parent (code))"
    ));
}

fn by_collation(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "VARCHAR(40) COLLATE NOCASE",
        Engine::Postgres => "VARCHAR(40) COLLATE anycase",
        Engine::Mysql => "VARCHAR(40) COLLATE utf8mb4_general_ci",
    }
}

/// A table whose key does not care about case.
fn loose_table(db: &mut TestDatabase) {
    if db.engine() == Engine::Postgres {
        db.run("CREATE COLLATION anycase (provider = icu, locale = 'und-u-ks-level2', deterministic = false)");
    }
    let kind = by_collation(db.engine());
    db.run(&format!("CREATE TABLE domain (slug {kind} NOT NULL UNIQUE, name VARCHAR(40))"));
}

live_tests! {
    fn all_rows_without_a_value_that_is_needed_are_told_at_once_before_anything_is_written(db: &mut TestDatabase) {
        domain_table(db);
        let told = refused(db, &domains("{ slug = \"a\" },\n{ slug = \"b\", note = \"x\" },\n{ slug = \"c\", name = \"C\" }"));
        assert_eq!(told, ["seeds/domains.toml:5:1: `domain` a and 1 more cannot be created without `name`, which has no default"]);
    }

    fn a_unique_value_of_two_declared_rows_names_both_places(db: &mut TestDatabase) {
        domain_table(db);
        db.run("CREATE UNIQUE INDEX one_name ON domain (name)");
        let told = refused(db, &domains("{ slug = \"a\", name = \"Same\" },\n{ slug = \"b\", name = \"Same\" },\n{ slug = \"c\", name = \"Other\" }"));
        assert_eq!(told, ["seeds/domains.toml:6:1: `domain` b and a have the same `name` \"Same\", which has to be unique, the other is declared at seeds/domains.toml:5:1"]);
    }

    fn a_unique_value_of_a_row_that_no_file_declares_is_found_while_planning(db: &mut TestDatabase) {
        domain_table(db);
        db.run("CREATE UNIQUE INDEX one_name ON domain (name)");
        db.run("INSERT INTO domain (slug, name) VALUES ('theirs', 'Taken'), ('b', 'B')");
        let project = domains("{ slug = \"a\", name = \"Taken\" },\n{ slug = \"b\", name = \"Taken\" },\n{ slug = \"c\", name = \"Free\" }");
        let error = plan(db, &project).expect_err("is refused");
        assert_eq!(error.code(), ErrorCode::SeedTaken);
        let told = problems(&error);
        assert!(told[0].contains("b and a have the same `name`"), "{told:?}");
        assert!(told[1].ends_with("`name` \"Taken\" of `domain` a is taken by the row theirs, which no file declares"), "{told:?}");
        assert_eq!(told.len(), 3, "{told:?}");
    }

    fn a_literal_reference_that_leads_nowhere_is_found_while_planning_with_the_nearest(db: &mut TestDatabase) {
        children(db, "");
        db.run("INSERT INTO parent VALUES ('there')");
        let rows = "[[table]]\nname = \"parent\"\nkey = [\"code\"]\nrows = [{ code = \"tutor\" }]\n\n[[table]]\nname = \"child\"\nkey = [\"slug\"]\nrows = [\n{ slug = \"a\", parent = \"tutro\" },\n{ slug = \"b\", parent = \"tutor\" },\n{ slug = \"c\", parent = \"there\" },\n]\n";
        let project = TestProject::new().file("seeds/a.toml", rows);
        let error = plan(db, &project).expect_err("is refused");
        assert_eq!(error.code(), ErrorCode::ReferenceMissing);
        assert_eq!(problems(&error), ["seeds/a.toml:10:1: `parent` \"tutro\" refers to a row that neither the files nor `parent` have, did you mean tutor?"]);
        project.write("seeds/a.toml", &rows.replace("tutro", "tutor"));
        seed(db, &project).expect("seeds");
        assert_eq!(db.count("child"), 3);
    }

    fn every_row_that_fails_a_check_is_named_with_its_place_and_the_check(db: &mut TestDatabase) {
        domain_table(db);
        db.run("DROP TABLE domain");
        let id = counted_id(db.engine());
        db.run(&format!("CREATE TABLE domain ({id}, slug VARCHAR(40) NOT NULL UNIQUE, size INTEGER, CONSTRAINT positive CHECK (size > 0))"));
        let told = refused(db, &domains("{ slug = \"a\", size = 1 },\n{ slug = \"b\", size = -1 },\n{ slug = \"c\", size = 0 }"));
        assert_eq!(told.len(), 2, "{told:?}");
        for (line, (text, row)) in (6..).zip(told.iter().zip(["b", "c"])) {
            assert!(text.starts_with(&format!("seeds/domains.toml:{line}:1: [seed::check_violated] cannot write `domain` {row}: it does not pass the check `positive`")), "{text}");
        }
    }

    fn what_a_trigger_raises_is_told_with_the_row(db: &mut TestDatabase) {
        domain_table(db);
        match db.engine() {
            Engine::Sqlite => db.run("CREATE TRIGGER no_b BEFORE INSERT ON domain WHEN NEW.slug = 'b' BEGIN SELECT RAISE(ABORT, 'no b on Sundays'); END"),
            Engine::Postgres => db.run(
                "CREATE FUNCTION no_b() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.slug = 'b' THEN RAISE EXCEPTION 'no b on Sundays'; END IF; RETURN NEW; END $$;
                 CREATE TRIGGER no_b BEFORE INSERT ON domain FOR EACH ROW EXECUTE FUNCTION no_b()",
            ),
            Engine::Mysql => db.run("CREATE TRIGGER no_b BEFORE INSERT ON domain FOR EACH ROW IF NEW.slug = 'b' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no b on Sundays'; END IF"),
        }
        let project = domains("{ slug = \"a\", name = \"A\" },\n{ slug = \"b\", name = \"B\" }");
        let error = seed(db, &project).expect_err("is refused");
        let SeedError::Refused { rows } = &error else { panic!("{error:?}") };
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].what, "`domain` b");
        assert!(rows[0].source.message.contains("no b on Sundays"), "{:?}", rows[0]);
        assert_eq!((error.code(), db.count("domain")), (ErrorCode::SeedFailed, 0));
    }

    fn a_value_that_a_trigger_fills_in_is_not_asked_for(db: &mut TestDatabase) {
        domain_table(db);
        match db.engine() {
            // SQLite's triggers cannot change a row before it is written.
            Engine::Sqlite => return,
            Engine::Postgres => db.run(
                "CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.name := 'N'; RETURN NEW; END $$;
                 CREATE TRIGGER fill BEFORE INSERT ON domain FOR EACH ROW EXECUTE FUNCTION fill()",
            ),
            Engine::Mysql => db.run("CREATE TRIGGER fill BEFORE INSERT ON domain FOR EACH ROW SET NEW.name = 'N'"),
        }
        seed(db, &domains("{ slug = \"a\" }")).expect("seeds");
        assert_eq!(db.texts("SELECT name FROM domain"), ["N"]);
    }

    fn a_key_that_is_null_is_refused_unless_it_is_said_to_be_equal(db: &mut TestDatabase) {
        db.run("CREATE TABLE setting (scope VARCHAR(20), name VARCHAR(20) NOT NULL, content VARCHAR(20), UNIQUE (scope, name))");
        let rows = "[[table]]\nname = \"setting\"\nkey = [\"scope\", \"name\"]\ncolumns = { scope = \"none\", name = \"'limit'\", content = \"CONTENT\" }\n";
        let project = TestProject::new().file("seeds/a.toml", &rows.replace("CONTENT", "'1'"));
        let error = plan(db, &project).expect_err("is refused");
        assert!(problems(&error)[0].ends_with("key column `scope` is NULL, so the row could not be found again"), "{:?}", problems(&error));
        let rows = rows.replace("key =", "key_nulls = \"equal\"\nkey =");
        project.write("seeds/a.toml", &rows.replace("CONTENT", "'1'"));
        for _ in 0..2 {
            seed(db, &project).expect("seeds");
            assert_eq!(db.count("setting"), 1);
        }
        project.write("seeds/a.toml", &rows.replace("CONTENT", "'2'"));
        seed(db, &project).expect("seeds");
        assert_eq!(db.texts("SELECT content FROM setting"), ["2"]);
    }

    fn a_key_that_several_rows_have_is_refused_and_one_that_nothing_keeps_unique_is_noted(db: &mut TestDatabase) {
        db.run("CREATE TABLE domain (slug VARCHAR(40) NOT NULL, name VARCHAR(40))");
        let project = domains("{ slug = \"a\", name = \"A\" }");
        let noted = |plan: &SeedPlan| plan.to_string().contains("note: nothing in the database keeps the key `slug` of `domain` unique");
        assert!(noted(&plan(db, &project).expect("a plan")));
        seed(db, &project).expect("seeds");
        db.run("INSERT INTO domain VALUES ('a', 'again')");
        let error = plan(db, &project).expect_err("which one is meant?");
        assert!(problems(&error)[0].ends_with("2 rows of `domain` have the key a, so it does not say which one is meant"), "{:?}", problems(&error));
        db.run("DELETE FROM domain WHERE name = 'again'");
        db.run("CREATE UNIQUE INDEX one_slug ON domain (slug)");
        assert!(!noted(&plan(db, &project).expect("a plan")));
    }

    fn keys_that_are_the_same_to_the_database_are_found_before_anything_is_written(db: &mut TestDatabase) {
        loose_table(db);
        let project = domains("{ slug = \"Foo\", name = \"A\" },\n{ slug = \"bar\", name = \"B\" },\n{ slug = \"foo\", name = \"C\" }");
        let error = plan(db, &project).expect_err("is refused");
        assert_eq!(error.code(), ErrorCode::SeedDuplicate);
        assert_eq!(problems(&error), ["seeds/domains.toml:7:1: to the database `domain` foo is the same as Foo, declared at seeds/domains.toml:5:1"]);
        db.run("INSERT INTO domain VALUES ('FOO', 'theirs')");
        assert_eq!(problems(&plan(db, &project).expect_err("is refused")), problems(&error));
    }

    fn a_row_is_found_by_its_collation_and_not_by_its_bytes(db: &mut TestDatabase) {
        loose_table(db);
        db.run("INSERT INTO domain VALUES ('FOO', 'A'), ('BÄR', 'B')");
        let project = domains("{ slug = \"foo\", name = \"A\" },\n{ slug = \"other\", name = \"C\" }");
        let counts = plan(db, &project).expect("a plan").counts();
        assert_eq!((counts.create, counts.update, counts.unchanged), (1, 0, 1));
        seed(db, &project).expect("seeds");
        assert!(!seed(db, &project).expect("seeds").wrote);
        assert_eq!(db.count("domain"), 3);
    }

    fn a_value_that_only_the_database_takes_for_the_same_names_the_row_that_has_it(db: &mut TestDatabase) {
        loose_table(db);
        let kind = by_collation(db.engine());
        db.run(&format!("DROP TABLE domain; CREATE TABLE domain (slug VARCHAR(40) NOT NULL PRIMARY KEY, name {kind}, CONSTRAINT one_name UNIQUE (name))"));
        let project = domains("{ slug = \"a\", name = \"Same\" },\n{ slug = \"b\", name = \"B\" },\n{ slug = \"c\", name = \"same\" },\n{ slug = \"d\", name = \"SAME\" }");
        let told = refused(db, &project);
        assert_eq!(told.len(), 2, "{told:?}");
        assert_eq!(told[0], "seeds/domains.toml:7:1: [seed::value_taken] cannot write `domain` c: `name` \"same\" is taken by `domain` a, declared at seeds/domains.toml:5:1");
        assert!(plan(db, &project).is_ok(), "the connection is out of the failed transaction");
    }

    fn a_session_that_lost_its_strictness_writes_nothing(db: &mut TestDatabase) {
        domain_table(db);
        let loosen = match db.engine() {
            Engine::Sqlite => "PRAGMA foreign_keys = OFF",
            Engine::Postgres => "SET session_replication_role = replica",
            Engine::Mysql => "SET SESSION foreign_key_checks = 0",
        };
        db.db().batch(loosen).expect("is allowed");
        let error = seed(db, &domains("{ slug = \"a\", name = \"A\" }")).expect_err("is refused");
        let cause = std::error::Error::source(&error).expect("the session").to_string();
        assert!(cause.starts_with("the session is not set up for writing rows"), "{cause}");
        assert_eq!(db.count("domain"), 0);
    }
}

#[cfg(any(feature = "postgres", feature = "postgres-bundled"))]
mod postgres {
    use plimsoll_core::db::{Access, DatabaseUrl, connect};
    use plimsoll_tests::seeding::{plan_on, read};

    use super::*;

    fn database() -> TestDatabase {
        TestDatabase::new(Engine::Postgres)
    }

    #[test]
    fn deferred_foreign_keys_name_their_rows_and_not_the_commit() {
        let mut db = database();
        db.run("CREATE TABLE domain (slug text PRIMARY KEY, up text REFERENCES domain DEFERRABLE INITIALLY DEFERRED)");
        // What the files say leads somewhere; a trigger makes it lead nowhere.
        db.run(
            "CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.slug = 'b' THEN NEW.up := 'nowhere'; END IF; RETURN NEW; END $$;
             CREATE TRIGGER lose BEFORE INSERT ON domain FOR EACH ROW EXECUTE FUNCTION lose()",
        );
        let told = refused(&mut db, &domains("{ slug = \"a\", up = \"b\" },\n{ slug = \"b\", up = \"a\" }"));
        assert_eq!(
            told,
            [
                "seeds/domains.toml:6:1: [seed::reference_missing] cannot write `domain` b: `up` refers to a row that `domain` does not have"
            ]
        );
    }

    #[test]
    fn rows_that_refer_to_each_other_are_fine_where_the_key_is_deferred() {
        let mut db = database();
        db.run("CREATE TABLE domain (slug text PRIMARY KEY, up text REFERENCES domain DEFERRABLE INITIALLY DEFERRED)");
        let project = domains("{ slug = \"a\", up = \"b\" },\n{ slug = \"b\", up = \"a\" }");
        seed(&mut db, &project).expect("seeds");
        assert!(!seed(&mut db, &project).expect("seeds").wrote);
    }

    #[test]
    fn partial_and_expression_indexes_and_deferrable_keys_are_no_obstacle() {
        let mut db = database();
        db.run(
            "CREATE TABLE domain (slug text NOT NULL, name text, alive boolean NOT NULL DEFAULT true,
             UNIQUE (name) DEFERRABLE INITIALLY IMMEDIATE);
             CREATE UNIQUE INDEX ON domain (lower(slug)) WHERE alive",
        );
        let project = domains("{ slug = \"a\", name = \"A\" },\n{ slug = \"b\", name = \"B\" }");
        seed(&mut db, &project).expect("seeds");
        assert!(!seed(&mut db, &project).expect("seeds").wrote);
        let told = refused(&mut db, &domains("{ slug = \"c\", name = \"C\" },\n{ slug = \"A\", name = \"other\" }"));
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with("seeds/domains.toml:6:1: [seed::failed] cannot write `domain` A"), "{told:?}");
    }

    #[test]
    fn rows_hidden_by_a_policy_are_found_before_writing_and_a_policy_that_shows_all_is_fine() {
        let mut db = database();
        let name = db.url_text().rsplit('/').next().expect("a name").split('?').next().expect("a name").to_owned();
        let role = format!("{name}_seeder");
        db.run(&format!(
            "CREATE TABLE domain (slug text PRIMARY KEY, name text);
             INSERT INTO domain VALUES ('a', 'A');
             ALTER TABLE domain ENABLE ROW LEVEL SECURITY;
             CREATE POLICY not_all ON domain FOR SELECT USING (slug <> 'a');
             CREATE POLICY adds ON domain FOR INSERT WITH CHECK (true);
             CREATE ROLE {role} LOGIN PASSWORD 'x';
             GRANT SELECT, INSERT, UPDATE ON domain TO {role}"
        ));
        let (_, place) = db.url_text().split_once('@').expect("the URL names a user");
        let url = DatabaseUrl::parse(&format!("postgresql://{role}:x@{place}"), "/".as_ref()).expect("a good URL");
        let seeds = read(&domains("{ slug = \"a\", name = \"A\" }").load(&db)).expect("loads");
        let mut seeder = connect(&url, Access::Read).expect("the seeder may log in");
        let error = plan_on(&mut *seeder, &seeds).expect_err("is refused");
        assert_eq!(error.code(), ErrorCode::SeedHidden, "{:?}", problems(&error));
        db.run("DROP POLICY not_all ON domain; CREATE POLICY every ON domain FOR SELECT USING (true)");
        let plan = plan_on(&mut *seeder, &seeds).expect("sees all");
        assert_eq!(plan.counts().create, 0);
        drop(seeder);
        db.run(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
    }
}
