//! The text, code and place of every error that files can cause, as people get them.

use insta::assert_snapshot;
use plimsoll_seed::{ApplyOptions, Expectation, SeedEvent, apply};

use crate::project::{Project, told};

/// A dataset file on a database with one table, and what is wrong with it.
fn wrong(dataset: &str) -> String {
    let mut project = Project::of(&[("seeds/a.toml", dataset)]);
    let table = "CREATE TABLE t (id INTEGER PRIMARY KEY, k TEXT NOT NULL UNIQUE, n NUMERIC(4,2), at DATETIME, \
        b BOOLEAN, g TEXT AS (k || '!'), up INTEGER REFERENCES t (id))";
    project.db.batch(table).unwrap();
    project.problems()
}

#[test]
fn files_that_do_not_parse_or_have_unknown_keys() {
    let mut project = Project::of(&[
        ("seeds/a.toml", "[[table]]\nname = \n"),
        ("seeds/b.toml", "[[table]]\nname = 't'\nkey = ['k']\ncolums = {}\n"),
        ("seeds/c.toml", "[[table]]\nname = 't'\nkey = 'k'\n"),
        ("seeds/d.toml", "[dataset]\nafter = ['e', 'bb']\n"),
    ]);
    project.with.push("dd".to_owned());
    assert_snapshot!(project.problems());
}

#[test]
fn a_missing_folder_and_an_empty_one() {
    let mut project = Project::of(&[]);
    assert_snapshot!(project.problems(), @"[project::file_unreadable] cannot read `seeds`: No such file or directory (os error 2)");
    project.write("seeds/note.txt", "");
    assert_snapshot!(project.problems(), @"[project::file_unreadable] `seeds` holds no dataset, a file `*.toml`");
}

#[test]
fn blocks_that_cannot_work() {
    assert_snapshot!(wrong(
        "[[table]]\nname = 't'\nkey = []\nrows = []\n\
         [[table]]\nname = 't'\nkey = ['k']\n\
         [[table]]\nname = 'u'\nkey = ['kk']\ncolumns = { k = '1' }\n\
         [[table]]\nname = 'v'\nkey = ['k']\nrows = []\nwhen = 'true'\n"
    ));
}

#[test]
fn expressions_that_do_not_compile() {
    assert_snapshot!(wrong(
        "[[table]]\nname = 't'\nkey = ['k']\neach = 'doc.list'\nwhen = 'a b'\ncolumns = { k = \"'x\", n = 'doc.(' }\n"
    ));
}

#[test]
fn expressions_that_cannot_be_evaluated_name_the_document_too() {
    let mut project = Project::of(&[
        (
            "seeds/a.toml",
            "[documents]\nfiles = 'docs/*.json'\n[[table]]\nname = 't'\neach = 'doc.list as l'\nkey = ['k']\n\
            columns = { k = 'l.k', n = 'l.n.deep', b = 'l.name | nofilter', x = '[ref(\"t\", k=1)]' }\n\
            [[table]]\nname = 'u'\neach = 'doc.name as c'\nkey = ['k']\ncolumns = { k = 'c' }\n\
            [[table]]\nname = 'v'\nkey = ['k']\nlet = { a = \"ref('t')\" }\ncolumns = { k = 'a' }\n",
        ),
        (
            "docs/one.json",
            "{\n  \"name\": 5,\n  \"list\": [\n    { \"k\": \"a\", \"n\": {} },\n    { \"n\": {} }\n  ]\n}",
        ),
    ]);
    assert_snapshot!(project.problems());
}

#[test]
fn documents_that_are_missing_broken_or_against_their_schema() {
    let mut project = Project::course();
    project.write("topics/broken.json", "{\n  \"slug\": \"ä\",,\n}");
    project.edit("topics/zero.json", "\"zero\"", "\"Zero 0\"");
    project.edit("topics/algebra.json", "\"weight\": 0.1", "\"wieght\": 0.1");
    project.edit("topics/algebra.json", "[\"numbers\", \"letters\"]", "[\"numbers\", 7]");
    project.edit("topics/algebra.json", "\"name\": \"Groups\", ", "");
    project.write("seeds/gone.toml", "[documents]\nfiles = '{{ topics }}/*.yaml'\nschema = 'gone.json'\n");
    project.write("seeds/name.toml", "[documents]\nfiles = '{{ nobody }}/*.json'\n");
    assert_snapshot!(project.problems());
}

#[test]
fn user_data_is_refused_all_at_once() {
    let mut project = Project::course();
    project.write("seeds/a.toml", "[[table]]\nname = 'learner'\nkey = ['email']\nrows = []\n");
    project.edit("seeds/learners.toml", "optional = true", "optional = false");
    project.edit("seeds/learners.toml", "mode = \"insert\"", "mode = \"upsert\"");
    assert_snapshot!(project.problems());
}

#[test]
fn rows_declared_twice_name_both_places() {
    let mut project = Project::course();
    project.write("topics/again.json", "{\n  \"title\": \"Again\",\n  \"slug\": \"zero\"\n}");
    project.edit("seeds/settings.toml", "rows = [", "rows = [\n  { key = \"theme\", value = \"x\" },");
    project.write(
        "seeds/more.toml",
        "[[table]]\nname = 'setting'\nkey = ['key']\nrows = [{ key = 'language', value = 'fr' }]\n",
    );
    assert_snapshot!(project.problems());
}

#[test]
fn keys_that_are_null_or_missing() {
    assert_snapshot!(wrong(
        "[[table]]\nname = 't'\nkey = ['k']\nrows = [{ n = 1 }]\n[[table]]\nname = 't'\nkey = ['k']\ncolumns = { k = 'none' }\n"
    ));
}

#[test]
fn circles_of_datasets_tables_and_rows() {
    let dataset = |after: &str| format!("[dataset]\nafter = ['{after}']\n");
    let (b, c, a) = (dataset("b"), dataset("c"), dataset("a"));
    let mut project = Project::of(&[("seeds/a.toml", &b), ("seeds/b.toml", &c), ("seeds/c.toml", &a)]);
    assert_snapshot!("circle_of_datasets", project.problems());
    assert_snapshot!(
        "circle_of_tables",
        wrong(
            "[[table]]\nname = 't'\nkey = ['k']\ncolumns = { k = \"'a'\", up = \"ref('u', k='b')\" }\n\
         [[table]]\nname = 'u'\nkey = ['k']\ncolumns = { k = \"'b'\", up = \"ref('t', k='a')\" }\n"
        )
    );
    assert_snapshot!(
        "circle_of_rows",
        wrong(
            "[[table]]\nname = 't'\nkey = ['k', 'up']\neach = \"[['a', 'b'], ['b', 'a']] as p\"\n\
         columns = { k = 'p[0]', up = \"ref('t', k=p[1])\" }\n"
        )
    );
    let both = wrong(
        "[[table]]\nname = 't'\nkey = ['k', 'up']\neach = \"[['a', 'b'], ['b', 'a']] as p\"\n\
         columns = { k = 'p[0]', up = \"ref('t', k=p[1])\", other = \"ref('u', k='b')\" }\n\
         [[table]]\nname = 'u'\nkey = ['k']\ncolumns = { k = \"'b'\", up = \"ref('t', k='a')\" }\n",
    );
    assert!(both.contains("tables refer to each other") && both.contains("rows of `t` refer to each other"), "{both}");
}

#[test]
fn references_that_lead_nowhere() {
    assert_snapshot!(wrong(
        "[[table]]\nname = 't'\nkey = ['k']\nrows = [{ k = 'algebra' }]\n\
         [[table]]\nname = 't'\nkey = ['k']\ncolumns = { k = \"'x'\", up = \"ref('t', k='algebro')\" }\n\
         [[table]]\nname = 't'\nkey = ['k']\ncolumns = { k = \"'y'\", up = \"ref('t', k='zzz')\" }\n"
    ));
}

#[test]
fn values_that_do_not_fit_their_columns() {
    assert_snapshot!(wrong(
        "[[table]]\nname = 't'\nkey = ['k']\ncolumns = { k = \"'x'\", n = '1.005', at = \"'yesterday'\", b = '7', g = \"'z'\" }\n"
    ));
}

#[test]
fn tables_and_columns_the_schema_lacks_are_named_when_no_migration_brings_them() {
    let mut project = Project::course();
    project.edit("seeds/settings.toml", "name = \"setting\"", "name = \"settings\"");
    project.edit("seeds/topics.toml", "title = \"doc.title\"", "titel = \"doc.title\"");
    let error = project.plan().unwrap().require_schema().unwrap_err();
    assert_snapshot!(told(&error));
}

#[test]
fn an_edit_fails_the_plan_where_a_dataset_says_so() {
    let mut project = Project::course();
    project.edit("seeds/topics.toml", "key = [\"slug\"]", "key = [\"slug\"]\non_edit = \"fail\"");
    project.apply().unwrap();
    project.db.batch("UPDATE topic SET title = 'Edited', weight = 3 WHERE slug = 'algebra'").unwrap();
    assert_snapshot!(project.problems());
}

#[test]
fn a_constraint_names_the_row_and_its_document_and_rolls_everything_back() {
    let mut project = Project::course();
    project.edit("topics/algebra.json", "\"Symmetry\"", "\"forbidden\"");
    assert_snapshot!(told(&project.apply().unwrap_err()));
    assert_eq!(project.rows("SELECT count(*) FROM setting"), "0");
}

#[test]
fn expectations_that_do_not_hold_roll_everything_back() {
    let mut project = Project::course();
    let expect = |table: &str, filter: Option<&str>, at_least, exactly| Expectation {
        table: table.to_owned(),
        filter: filter.map(str::to_owned),
        at_least,
        exactly,
        ..Expectation::default()
    };
    let expectations = vec![
        expect("topic", None, Some(3), None),
        expect("topic", Some("active"), Some(200), None),
        expect("setting", None, None, Some(1)),
    ];
    let options = ApplyOptions { expectations, ..ApplyOptions::default() };
    assert_snapshot!(told(&project.apply_with(&options).unwrap_err()));
    assert_eq!(project.rows("SELECT count(*) FROM topic"), "0");
    let options = ApplyOptions { expectations: vec![expect("gone", None, Some(1), None)], ..ApplyOptions::default() };
    assert_snapshot!("cannot_count", told(&project.apply_with(&options).unwrap_err()));
}

#[test]
fn a_plan_that_is_no_longer_true_is_refused() {
    let mut project = Project::course();
    let plan = project.plan().unwrap();
    project.db.batch("INSERT INTO setting VALUES ('theme', 'dark', NULL)").unwrap();
    project.edit("topics/zero.json", "\"Zero\"", "\"Nought\"");
    let seeds = project.load().unwrap();
    let mut events: Vec<SeedEvent> = Vec::new();
    let error =
        apply(&mut *project.db, &seeds, &plan, &ApplyOptions::default(), &mut |event| events.push(event.clone()));
    assert_snapshot!(told(&error.unwrap_err()));
    assert!(events.is_empty());
    assert_eq!(project.rows("SELECT count(*) FROM topic"), "0");
}

#[test]
fn a_trigger_that_changes_what_was_written_is_found_before_the_commit() {
    let mut project = Project::course();
    project.db.batch("CREATE TRIGGER shout AFTER INSERT ON setting BEGIN UPDATE setting SET value = upper(value) WHERE key = NEW.key; END").unwrap();
    assert_snapshot!(told(&project.apply().unwrap_err()));
    assert_eq!(project.rows("SELECT count(*) FROM setting"), "0");
}

#[test]
fn of_many_references_that_lead_nowhere_only_the_first_have_hints() {
    let told = wrong(
        "[[table]]\nname = 't'\neach = 'range(30) as i'\nkey = ['k']\n\
         columns = { k = '\"k\" ~ i', up = 'ref(\"t\", k=\"x\" ~ i)' }\n",
    );
    assert_eq!(told.matches("neither the files nor the database have").count(), 30, "{told}");
    assert_eq!(told.matches("did you mean").count(), 20, "{told}");
}

#[test]
fn what_is_wrong_with_a_column_of_generated_rows_is_told_once() {
    let told = wrong("[[generate]]\nname = 't'\ncount = 5\nkey = ['k']\ncolumns = { k = '\"k\" ~ n', g = '\"x\"' }\n");
    assert_eq!(told.matches("is computed by the database and cannot be written").count(), 1, "{told}");
}
