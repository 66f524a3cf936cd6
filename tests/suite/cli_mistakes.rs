//! Mistakes in the files of a project: told with file, line, column and what was meant, before anything is written.

use plimsoll_tests::Deployment;
use plimsoll_tests::snapshot::settled;

/// Plans a project with one mistake; everything that is said.
#[track_caller]
fn told(name: &str, make: impl FnOnce(&Deployment)) {
    let project = Deployment::of_harbour();
    make(&project);
    is_told(name, &project);
}

#[track_caller]
fn is_told(name: &str, project: &Deployment) {
    let plan = project.run(&["plan", "dev"]).exits(2);
    let deploy = project.run(&["deploy", "dev"]).exits(2);
    assert_eq!(plan.text(), deploy.text());
    assert!(!project.sqlite_file("dev").exists());
    settled(|| insta::assert_snapshot!(format!("mistake_{name}"), plan.text()));
}

#[test]
fn a_misspelt_key_in_any_file_is_told_with_the_right_one() {
    told("key_in_project", |it| it.edit("plimsoll.toml", "user_data =", "user_date ="));
    told("key_in_environment", |it| it.write("environments/dev.toml", "protcted = true\n"));
    told("key_in_dataset", |it| {
        it.edit("seeds/specs.toml", "name = \"analysis_spec\"\nkey = ", "name = \"analysis_spec\"\nkeys = ");
    });
    told("key_in_checks", |it| it.edit("smoke/checks.toml", "path = \"/api/ready\"", "paht = \"/api/ready\""));
}

#[test]
fn a_file_that_does_not_parse_is_told_with_its_place() {
    told("syntax_in_project", |it| it.edit("plimsoll.toml", "name = \"harbour\"", "name = \"harbour"));
    told("syntax_in_environment", |it| it.write("environments/dev.toml", "[variables\n"));
    told("syntax_in_dataset", |it| it.edit("seeds/specs.toml", "rows = [\n", "rows = [[\n"));
    told("syntax_in_checks", |it| {
        it.edit("smoke/checks.toml", "json = { \"$.ok\" = true }", "json = { \"$.ok\" true }")
    });
    let example = Deployment::of_example("caller-coaching");
    example.edit("specs/TEA-001-tea-catalogue.spec.json", "{\n  \"id\"", "{\n  id\"");
    is_told_for_example("syntax_in_document", &example);
}

#[test]
fn every_missing_variable_is_named_at_once() {
    told("missing_variables", |it| it.write("environments/dev.toml", ""));
}

#[test]
fn a_variable_that_nobody_declared_is_told_with_the_right_one() {
    told("unknown_variable", |it| it.edit("environments/dev.toml", "HF_SUPERADMIN_TOKEN", "HF_SUPERADMIN_TOKN"));
    is_told("invalid_variable", &Deployment::of_harbour().set("PORT", "harbour"));
}

#[test]
fn an_unknown_environment_is_told_with_those_that_exist() {
    let harbour = Deployment::of_harbour();
    let refused = harbour.run(&["deploy", "prodction"]).exits(2);
    settled(|| insta::assert_snapshot!("mistake_unknown_environment", refused.text()));
}

#[test]
fn a_folder_without_a_project_is_told() {
    let harbour = Deployment::of_harbour();
    harbour.remove("plimsoll.toml");
    is_told("no_project", &harbour);
}

#[test]
fn a_document_that_does_not_fit_its_schema_is_told_with_its_place() {
    let example = Deployment::of_example("caller-coaching");
    example.edit("specs/MOOD-001-caller-mood.spec.json", "\"parameters\": [", "\"parameters\": 7, \"others\": [");
    is_told_for_example("document", &example);
}

#[test]
fn migrations_that_are_missing_or_mixed_are_told() {
    told("no_migrations", |it| it.edit("plimsoll.toml", "path = \"migrations\"", "path = \"migration\""));
    told("mixed_migrations", |it| it.write("migrations/20260301000000_diesel/up.sql", "SELECT 1;\n"));
    told("unreadable_migration", |it| it.write("migrations/20260301000000_text.sql", "SELECT 'it never ends;\n"));
}

#[test]
fn an_artifact_that_is_not_there_is_told() {
    told("no_artifact", |it| it.remove("launch.sh"));
    is_told("release_port", &Deployment::of_harbour().set("PORT", "70000"));
}

#[track_caller]
fn is_told_for_example(name: &str, example: &Deployment) {
    let plan = example.run(&["plan", "dev"]).exits(2);
    assert!(!example.sqlite_file("dev").exists());
    settled(|| insta::assert_snapshot!(format!("mistake_{name}"), plan.text()));
}
