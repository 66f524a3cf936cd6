//! What seeding leaves in a database, and what it leaves alone.

use plimsoll_core::db::{Catalog, Stmt};
use plimsoll_seed::{ApplyOptions, SeedEvent, apply, observe, plan};

use crate::project::Project;

#[test]
fn seeding_writes_rows_with_their_references_and_values() {
    let mut project = Project::course();
    let report = project.apply().unwrap();
    assert!(report.wrote);
    let topics = "SELECT t.slug, p.slug, t.weight, t.tags, t.active FROM topic t LEFT JOIN topic p ON p.id = t.parent_id ORDER BY t.slug";
    assert_eq!(
        project.rows(topics),
        "algebra|mathematics|0.1|[\"numbers\",\"letters\"]|1\nmathematics|-|-|[]|1\nzero|algebra|-|[]|1"
    );
    let lessons = "SELECT t.slug, l.position, l.title, l.price, l.starts_at, l.config, length(l.id) \
        FROM lesson l JOIN topic t ON t.id = l.topic_id ORDER BY l.position";
    assert_eq!(
        project.rows(lessons),
        "algebra|0|Unknowns|12.5|2026-03-01 08:00:00|{\"unit\":\"Equations\",\"source\":\"algebra\"}|36\n\
         algebra|10|Symmetry|9|-|{\"unit\":\"Groups\",\"source\":\"algebra\"}|36"
    );
}

#[test]
fn re_seeding_unchanged_files_writes_nothing_at_all() {
    let mut project = Project::course();
    project.apply().unwrap();
    let changes = |project: &mut Project| project.db.rows(&Stmt::new("SELECT total_changes()")).unwrap()[0].int(0);
    let before = changes(&mut project);
    let seeds = project.load().unwrap();
    let plan = project.plan().unwrap();
    let mut events = Vec::new();
    let report =
        apply(&mut *project.db, &seeds, &plan, &ApplyOptions::default(), &mut |event| events.push(event.clone()))
            .unwrap();
    assert!(!report.wrote);
    assert_eq!(events, [SeedEvent::NothingToDo]);
    assert_eq!(changes(&mut project), before);
}

#[test]
fn re_seeding_keeps_an_administrators_edit() {
    let mut project = Project::course();
    project.apply().unwrap();
    project.db.batch("UPDATE topic SET title = 'Edited' WHERE slug = 'algebra'").unwrap();
    project.edit("topics/algebra.json", "\"letters\"", "\"signs\"");
    project.edit("topics/algebra.json", "\"weight\": 0.1", "\"weight\": 0.2");
    project.apply().unwrap();
    let row = "SELECT title, weight, tags FROM topic WHERE slug = 'algebra'";
    assert_eq!(project.rows(row), "Edited|0.2|[\"numbers\",\"signs\"]");
    // The edit is still one, however often is seeded.
    let plan = project.plan().unwrap();
    assert!(plan.is_empty());
    assert_eq!(plan.counts().edited, 1);
}

#[test]
fn an_edit_taken_over_into_the_files_is_no_edit_any_more() {
    let mut project = Project::course();
    project.apply().unwrap();
    project.db.batch("UPDATE topic SET title = 'Edited' WHERE slug = 'algebra'").unwrap();
    project.edit("topics/algebra.json", "\"title\": \"Algebra\"", "\"title\": \"Edited\"");
    project.apply().unwrap();
    project.edit("topics/algebra.json", "\"title\": \"Edited\"", "\"title\": \"Next\"");
    assert_eq!(project.plan().unwrap().counts().update, 1);
}

#[test]
fn columns_written_on_creation_only_and_undeclared_ones_are_left_alone() {
    let mut project = Project::course();
    project.apply().unwrap();
    project.db.batch("UPDATE lesson SET id = 'by hand'; UPDATE topic SET active = 0; UPDATE setting SET note = 'x' WHERE key = 'language'").ok();
    project.db.batch("UPDATE lesson SET id = 'by hand' WHERE position = 0").unwrap();
    assert!(project.plan().unwrap().is_empty());
}

#[test]
fn a_deleted_row_comes_back_with_its_children_pointing_to_it() {
    let mut project = Project::course();
    project.apply().unwrap();
    project.db.batch("DELETE FROM lesson").unwrap();
    project.db.batch("UPDATE topic SET parent_id = NULL WHERE slug = 'zero'").unwrap();
    project.db.batch("DELETE FROM topic WHERE slug = 'algebra'").unwrap();
    project.apply().unwrap();
    assert_eq!(
        project.rows("SELECT count(*) FROM lesson JOIN topic ON topic.id = topic_id WHERE slug = 'algebra'"),
        "2"
    );
}

#[test]
fn a_duplicate_is_settled_by_the_block_that_allows_it() {
    for (policy, expected) in [("first", "one"), ("last", "two")] {
        let dataset = format!(
            "[[table]]\nname = 't'\nkey = ['k']\non_duplicate = '{policy}'\neach = \"['one', 'two'] as v\"\ncolumns = {{ k = '1', v = 'v' }}\n"
        );
        let mut project = Project::of(&[("seeds/a.toml", &dataset)]);
        project.db.batch("CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT)").unwrap();
        project.apply().unwrap();
        assert_eq!(project.rows("SELECT * FROM t"), format!("1|{expected}"));
    }
}

#[test]
fn references_to_rows_of_the_database_and_through_other_references_are_found() {
    let mut project = Project::of(&[(
        "seeds/a.toml",
        "[[table]]\nname = 'town'\nkey = ['country_id', 'name']\n\
         columns = { country_id = \"ref('country', code='de')\", name = \"'Bonn'\" }\n\
         [[table]]\nname = 'street'\nkey = ['town_id', 'name']\n\
         columns = { town_id = \"ref('town', name='Bonn', country_id=ref('country', code='de'))\", name = \"'Am Hof'\" }\n\
         [[table]]\nname = 'house'\nkey = ['town_id']\n\
         columns = { town_id = \"ref('town', name='Ulm', country_id=ref('country', code='de'))\" }\n",
    )]);
    project
        .db
        .batch(
            "CREATE TABLE country (id TEXT PRIMARY KEY, code TEXT); CREATE TABLE town (id INTEGER PRIMARY KEY, country_id TEXT, name TEXT); \
             CREATE TABLE street (town_id INTEGER, name TEXT, PRIMARY KEY (town_id, name)); CREATE TABLE house (town_id INTEGER); \
             INSERT INTO country VALUES ('x1', 'de'); INSERT INTO town VALUES (7, 'x1', 'Ulm')",
        )
        .unwrap();
    project.apply().unwrap();
    assert_eq!(
        project.rows("SELECT town_id, name FROM street UNION ALL SELECT town_id, '' FROM house"),
        "8|Am Hof\n7|"
    );
    assert!(project.plan().unwrap().is_empty());
}

#[test]
fn a_foreign_key_without_a_reference_orders_the_tables_as_well() {
    let mut project = Project::of(&[(
        "seeds/a.toml",
        "[[table]]\nname = 'child'\nkey = ['id']\ncolumns = { id = '1', parent = '2' }\n\
         [[table]]\nname = 'parent'\nkey = ['id']\ncolumns = { id = '2' }\n",
    )]);
    project.db.batch("CREATE TABLE parent (id INTEGER PRIMARY KEY); CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent (id))").unwrap();
    project.apply().unwrap();
}

#[test]
fn a_migration_between_plan_and_apply_that_adds_a_column_keeps_the_plan_true() {
    let mut project = Project::course();
    project.apply().unwrap();
    project.edit("seeds/topics.toml", "title = \"doc.title\"", "title = \"doc.title\"\nlevel = \"1\"");
    let plan_before = project.plan().unwrap();
    assert_eq!(plan_before.pending.len(), 1);
    project.db.batch("ALTER TABLE topic ADD COLUMN level INTEGER NOT NULL DEFAULT 1").unwrap();
    let seeds = project.load().unwrap();
    apply(&mut *project.db, &seeds, &plan_before, &ApplyOptions::default(), &mut |_| ()).unwrap();
    let catalog = Catalog::read(&mut *project.db).unwrap();
    assert!(plan(&seeds, &observe(&mut *project.db, &seeds, &catalog).unwrap()).unwrap().is_empty());
}

#[test]
fn the_ledger_knows_where_each_row_came_from() {
    let mut project = Project::course();
    project.apply_with(&ApplyOptions { deployment: Some(7), ..ApplyOptions::default() }).unwrap();
    insta::assert_snapshot!(project.rows(
        "SELECT table_name, key_json, dataset, source, deployment FROM plimsoll_seed_row ORDER BY table_name, key_json"
    ));
}

#[test]
fn two_declared_rows_that_are_one_row_of_the_database_are_told() {
    let table = "[[table]]\nname = 't'\nkey = ['k']\nrows = [{ k = 1, v = 'a' },\n{ k = '1', v = 'b' }]\n";
    let mut project = Project::of(&[("seeds/a.toml", table)]);
    project.db.batch("CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT); INSERT INTO t VALUES (1, 'a')").unwrap();
    let told = project.problems();
    assert!(told.contains("to the database `t` 1 is the same as 1, declared at seeds/a.toml:4:9"), "{told}");
}
