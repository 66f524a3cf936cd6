//! Snapshots of plans: what a person reads before anything is written.

use insta::{assert_json_snapshot, assert_snapshot};
use plimsoll_seed::SeedPlan;

use crate::project::Project;

#[test]
fn a_first_plan_creates_everything_parents_first() {
    assert_snapshot!(Project::course().plan().unwrap());
}

#[test]
fn a_plan_made_before_the_tables_exist_has_the_digest_of_the_one_after() {
    let mut project = Project::course_without_tables();
    let before = project.plan().unwrap();
    assert_snapshot!(before.show(0));
    let schema = std::fs::read_to_string(project.root().join("schema.sql")).unwrap();
    project.db.batch(&schema).unwrap();
    let after = project.plan().unwrap();
    assert_eq!(before.digest(), after.digest());
    assert!(before.require_schema().is_err() && after.require_schema().is_ok());
}

#[test]
fn changed_files_update_only_the_changed_columns() {
    let mut project = Project::course();
    project.apply().unwrap();
    project.edit("topics/algebra.json", "\"title\": \"Algebra\"", "\"title\": \"Algebra and more\"");
    project.edit("topics/algebra.json", "\"12.50\"", "\"12.5\"");
    project.edit("topics/zero.json", "\"parent\": \"algebra\"", "\"parent\": \"mathematics\"");
    project.edit("topics/mathematics.json", "[]", "[\"new\"]");
    assert_snapshot!(project.plan().unwrap());
}

#[test]
fn an_administrators_edit_is_shown_and_kept() {
    let mut project = Project::course();
    project.apply().unwrap();
    project.db.batch("UPDATE topic SET title = 'Edited', weight = 0.5 WHERE slug = 'algebra'").unwrap();
    project.edit("topics/algebra.json", "\"letters\"", "\"signs\"");
    assert_snapshot!(project.plan().unwrap());
}

#[test]
fn a_column_changed_on_both_sides_is_a_conflict_unless_both_agree() {
    let mut project = Project::course();
    project.apply().unwrap();
    project.db.batch("UPDATE setting SET value = 'de' WHERE key = 'language'").unwrap();
    project.db.batch("UPDATE setting SET value = 'dark' WHERE key = 'theme'").unwrap();
    project.edit("seeds/settings.toml", "value = \"en\"", "value = \"fr\"");
    project.edit("seeds/settings.toml", "value = \"light\"", "value = \"dark\"");
    assert_snapshot!(
        project
            .plan()
            .unwrap()
            .to_string()
            .lines()
            .filter(|line| !line.contains("= ") || line.starts_with("setting"))
            .collect::<Vec<_>>()
            .join("\n")
    );
    project.edit("seeds/settings.toml", "key = [\"key\"]", "key = [\"key\"]\non_edit = \"overwrite\"");
    assert_eq!(project.plan().unwrap().counts().update, 1);
}

#[test]
fn rows_that_were_there_before_are_adopted() {
    let mut project = Project::course();
    project
        .db
        .batch("INSERT INTO setting VALUES ('language', 'en', 'by hand'), ('theme', 'dark', 'of the reader')")
        .unwrap();
    assert_snapshot!(project.plan().unwrap());
}

#[test]
fn user_data_is_only_inserted_and_never_compared() {
    let mut project = Project::course();
    project.with.push("learners".to_owned());
    project.apply().unwrap();
    project.db.batch("UPDATE learner SET topic_id = NULL").unwrap();
    assert!(project.plan().unwrap().is_empty());
    assert_eq!(project.rows("SELECT email, topic_id FROM learner"), "ada@example.org|-");
}

#[test]
fn plans_are_plain_data_and_come_back_from_json() {
    let plan = Project::course().plan().unwrap();
    let text = serde_json::to_string(&plan).unwrap();
    assert_eq!(serde_json::from_str::<SeedPlan>(&text).unwrap(), plan);
    assert_json_snapshot!(plan.tables.iter().find(|table| table.table == "lesson").unwrap().rows[0]);
}

#[test]
fn long_lists_and_values_are_cut() {
    let rows: Vec<String> =
        (0..40).map(|n| format!("{{ key = 'k{n:02}', value = '{}' }}", "long ".repeat(30))).collect();
    let mut project = Project::course();
    project.write(
        "seeds/settings.toml",
        &format!("[[table]]\nname = 'setting'\nkey = ['key']\nrows = [{}]", rows.join(", ")),
    );
    project.apply().unwrap();
    let text = std::fs::read_to_string(project.root().join("seeds/settings.toml")).unwrap();
    project.write("seeds/settings.toml", &text.replace("long '", "short'"));
    assert_snapshot!(project.plan().unwrap().show(2));
}
