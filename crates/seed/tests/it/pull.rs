//! Edits made in the database go back into the files. How single values are written is tested beside the code.

use std::fs;

use plimsoll_seed::{PullOptions, PullPlan, PullReport, RunOptions, SeedError, plan_pull, pull};

use crate::project::{Project, told};

const SCHEMA: &str = "CREATE TABLE spec (id INTEGER PRIMARY KEY, slug TEXT UNIQUE NOT NULL, title TEXT, weight REAL, settings TEXT, at TIMESTAMP, kind TEXT); \
    CREATE TABLE anchor (id INTEGER PRIMARY KEY, spec_id INTEGER REFERENCES spec (id), score INTEGER, text TEXT, label TEXT, \
    UNIQUE (spec_id, score)); \
    CREATE TABLE domain (id INTEGER PRIMARY KEY, slug TEXT UNIQUE, name TEXT, spec_id INTEGER, position INTEGER);";

const SPECS: &str = "[documents]\nfiles = 'specs/*.json'\nschema = 'schema.json'\n\
    [[table]]\nname = 'spec'\nkey = ['slug']\n\
    [table.let]\nkind = \"(doc.meta or {}).kind or 'plain'\"\n\
    [table.columns]\nslug = \"'spec-' ~ doc.id\"\ntitle = \"doc.title | trim\"\nweight = 'doc.weight'\nsettings = 'doc.settings'\nat = 'doc.at'\nkind = 'kind'\n\
    [[table]]\nname = 'anchor'\neach = ['doc.parts as p', 'p.anchors as a']\nkey = ['spec_id', 'score']\n\
    [table.columns]\nspec_id = \"ref('spec', slug='spec-' ~ doc.id)\"\nscore = 'a.score'\ntext = \"a.text or 'none'\"\nlabel = \"p.name ~ ': ' ~ a.score\"\n";

const ONE: &str = "{\r\n\t\"id\" : \"one\",\r\n\t\"title\": \"First\", \"weight\": 1.50,\r\n\t\"settings\": {\"mode\":\"a\",\r\n\t\t\"list\": [1e0, 2]},\r\n\
    \t\"at\": \"2024-05-01T10:00:00Z\",\r\n\
    \t\"parts\": [ {\"name\": \"P\", \"anchors\": [\r\n\t\t{ \"score\": 1, \"text\": \"low \\u00e9\" },\r\n\t\t{\"score\":2}\r\n\t] } ]\r\n}\r\n";

const DOMAINS: &str = "# The domains.\n[[table]]\nname = \"domain\"\nkey = [\"slug\"]\nrows = [\n\
    \t{ slug = \"tutor\", name = 'Tutor', position = 1 }, # first\n\
    \t{ slug = \"sales\" , name = \"Sales\", position = 2 },\n]\n";

fn project() -> Project {
    let mut project = Project::of(&[
        ("seeds/specs.toml", SPECS),
        ("seeds/domains.toml", DOMAINS),
        ("schema.json", "{\"properties\": {\"title\": {\"type\": \"string\", \"maxLength\": 20}}}"),
        ("specs/one.json", ONE),
        (
            "specs/two.json",
            "{\"id\": \"two\", \"title\": \"Second\", \"weight\": 2, \"settings\": null, \"at\": \"2024-05-02T10:00:00Z\"}",
        ),
    ]);
    project.db.batch(SCHEMA).unwrap();
    project.apply().unwrap();
    project
}

fn planned(project: &mut Project, wanted: &PullOptions) -> Result<PullPlan, SeedError> {
    let options = project.options();
    plan_pull(&mut *project.db, &options, wanted)
}

/// Pulls everything, and checks that nothing but the refused edits is left to plan.
fn pulled(project: &mut Project) -> (PullPlan, PullReport) {
    let plan = planned(project, &PullOptions::default()).unwrap();
    let root = project.root().to_owned();
    let report = pull(&mut *project.db, &root, &plan, &RunOptions::default()).unwrap();
    let after = project.plan().unwrap();
    assert!(after.is_empty(), "{after}");
    assert_eq!(after.counts().edited, plan.refused.len(), "{after}");
    (plan, report)
}

fn file(project: &Project, path: &str) -> String {
    fs::read_to_string(project.root().join(path)).unwrap()
}

#[test]
fn edits_go_into_the_places_they_came_from_and_the_plan_is_empty() {
    let mut project = project();
    project
        .db
        .batch(
            "UPDATE spec SET title = 'Erster', weight = 2, settings = '{\"list\": [1, 2, 3], \"mode\": \"b\"}', at = '2024-06-01 11:30:00' WHERE slug = 'spec-one'; \
             UPDATE anchor SET text = 'hö' WHERE score = 1; UPDATE anchor SET text = 'high' WHERE score = 2; UPDATE spec SET kind = 'new' WHERE slug = 'spec-two'; \
             UPDATE domain SET name = 'Teacher', position = 5 WHERE slug = 'tutor'",
        )
        .unwrap();
    let (plan, report) = pulled(&mut project);
    let expected = ONE
        .replace("First", "Erster")
        .replace("1.50", "2.00")
        .replace("\"mode\":\"a\"", "\"mode\":\"b\"")
        .replace("[1e0, 2]", "[1e0, 2, 3]")
        .replace("05-01T10:00", "06-01T11:30")
        .replace("low \\u00e9", "h\\u00f6")
        .replace("{\"score\":2}", "{\"score\":2, \"text\":\"high\"}");
    assert_eq!(file(&project, "specs/one.json"), expected);
    assert_eq!(
        file(&project, "seeds/domains.toml"),
        DOMAINS.replace("'Tutor', position = 1", "'Teacher', position = 5")
    );
    assert_eq!((report.columns, report.rows, report.refused), (9, 5, 0), "{plan}");
    assert!(file(&project, "specs/two.json").ends_with("10:00:00Z\", \"meta\": {\"kind\": \"new\"}}"));
    insta::assert_snapshot!(plan);
}

#[test]
fn what_is_computed_or_shared_is_not_pulled_and_the_rest_is() {
    let mut project = project();
    project.edit("seeds/domains.toml", "\n]\n", "\n]\n[[table]]\nname = 'spec'\nkey = ['slug']\ncolumns = { slug = \"'extra'\", title = \"topics\", weight = 3 }\n");
    project.apply().unwrap();
    project
        .db
        .batch(
            "UPDATE anchor SET label = 'other'; UPDATE spec SET title = 'X' WHERE slug = 'extra'; \
             UPDATE spec SET weight = 4 WHERE slug = 'extra'; \
             UPDATE spec SET title = 'a title that is too long for it' WHERE slug = 'spec-one'; \
             UPDATE spec SET title = ' padded' WHERE slug = 'spec-two'; \
             UPDATE domain SET name = NULL WHERE slug = 'tutor'",
        )
        .unwrap();
    let (plan, report) = pulled(&mut project);
    assert_eq!(report.columns, 1, "{plan}");
    assert!(file(&project, "seeds/domains.toml").contains("weight = 4"));
    assert_eq!(file(&project, "specs/one.json"), ONE);
    insta::assert_snapshot!(plan.summary());
}

#[test]
fn a_place_that_several_rows_use_is_pulled_when_all_agree() {
    let datasets = "[documents]\nfiles = 'specs/*.json'\n\
        [[table]]\nname = 'spec'\nkey = ['slug']\ncolumns = { slug = 'doc.id', title = 'doc.title' }\n\
        [[table]]\nname = 'domain'\nkey = ['slug']\ncolumns = { slug = 'doc.id', name = 'doc.title' }\n";
    let mut project = Project::of(&[("seeds/a.toml", datasets), ("specs/a.json", "{\"id\": \"a\", \"title\": \"A\"}")]);
    project.db.batch(SCHEMA).unwrap();
    project.apply().unwrap();
    project.db.batch("UPDATE spec SET title = 'B'").unwrap();
    let plan = planned(&mut project, &PullOptions::default()).unwrap();
    assert_eq!(plan.refused[0].reason, "`name` of `domain` a would change with it: \"A\" -> \"B\"");
    assert!(plan.refused[0].followable);
    project.db.batch("UPDATE domain SET name = 'C'").unwrap();
    let plan = planned(&mut project, &PullOptions::default()).unwrap();
    assert_eq!(plan.refused.len(), 2);
    assert!(plan.refused[0].reason.contains("`/title` would have to be two values at once"), "{plan}");
    project.db.batch("UPDATE domain SET name = 'B'").unwrap();
    assert_eq!(pulled(&mut project).1.columns, 2);
    assert_eq!(file(&project, "specs/a.json"), "{\"id\": \"a\", \"title\": \"B\"}");
}

#[test]
fn other_columns_of_the_same_place_follow_when_that_is_allowed_and_nobody_edited_them() {
    let datasets = "[documents]\nfiles = 'specs/*.json'\n\
        [[table]]\nname = 'spec'\nkey = ['slug']\ncolumns = { slug = 'doc.id', title = 'doc.title', settings = 'doc' }\n\
        [[table]]\nname = 'domain'\nkey = ['slug']\ncolumns = { slug = 'doc.id', name = 'doc.title' }\n";
    let mut project = Project::of(&[("seeds/a.toml", datasets), ("specs/a.json", "{\"id\": \"a\", \"title\": \"A\"}")]);
    project.db.batch(SCHEMA).unwrap();
    project.apply().unwrap();
    project.db.batch("UPDATE spec SET title = 'B'; UPDATE domain SET name = 'C'").unwrap();
    let wanted = PullOptions { follow: true, table: Some("spec".to_owned()), ..PullOptions::default() };
    let plan = planned(&mut project, &wanted).unwrap();
    assert!(
        plan.refused[0].reason.contains("`name` of `domain` a would change with it to \"B\", and is \"C\""),
        "{plan}"
    );
    project.db.batch("UPDATE domain SET name = 'A'").unwrap();
    let plan = planned(&mut project, &wanted).unwrap();
    assert_eq!((plan.columns.len(), plan.followed.len(), plan.refused.len()), (1, 2, 0), "{plan}");
    insta::assert_snapshot!(plan);
    let root = project.root().to_owned();
    pull(&mut *project.db, &root, &plan, &RunOptions::default()).unwrap();
    assert_eq!(project.plan().unwrap().counts().update, 2);
    project.apply().unwrap();
    assert_eq!(project.rows("SELECT title, settings, name FROM spec, domain"), "B|{\"id\":\"a\",\"title\":\"B\"}|B");
    assert!(project.plan().unwrap().is_empty());
}

#[test]
fn a_constant_of_a_dataset_changes_only_when_all_its_rows_were_edited_alike() {
    let dataset = "[documents]\nfiles = 'specs/*.json'\n\
        [[table]]\nname = 'spec'\nkey = ['slug']\neach = 'doc as s'\ncolumns = { slug = 's', title = \"'it''s'\", kind = \"'plain'\", weight = 1 }\n";
    let dataset = dataset.replace("it''s", "it\\\\'s");
    let mut project = Project::of(&[("seeds/a.toml", &dataset), ("specs/a.json", "[\"a\", \"b\"]")]);
    project.db.batch(SCHEMA).unwrap();
    project.apply().unwrap();
    project
        .db
        .batch("UPDATE spec SET kind = 'new' WHERE slug = 'a'; UPDATE spec SET title = 'that''s', weight = 2.5")
        .unwrap();
    let wanted = PullOptions { follow: true, ..PullOptions::default() };
    let plan = planned(&mut project, &wanted).unwrap();
    assert_eq!((plan.columns.len(), plan.followed.len()), (4, 0), "{plan}");
    assert_eq!(plan.refused[0].reason, "`kind` of `spec` b would change with it: \"plain\" -> \"new\"");
    assert!(!plan.refused[0].followable);
    pulled(&mut project);
    let expected = dataset.replace("it\\\\'s", "that\\\\'s").replace("weight = 1", "weight = 2.5");
    assert_eq!(file(&project, "seeds/a.toml"), expected);
}

#[test]
fn a_reference_is_pulled_by_the_key_of_the_row_it_now_means() {
    let datasets = "[documents]\nfiles = 'specs/*.json'\n\
        [[table]]\nname = 'spec'\nkey = ['slug']\neach = 'doc.specs as s'\ncolumns = { slug = \"'spec-' ~ s\" }\n\
        [[table]]\nname = 'domain'\nkey = ['slug']\neach = 'doc.domains as d'\n\
        columns = { slug = 'd.slug', spec_id = \"ref('spec', slug='spec-' ~ d.spec) if d.spec else none\" }\n";
    let mut project = Project::of(&[
        ("seeds/a.toml", datasets),
        (
            "specs/a.json",
            "{\"specs\": [\"x\", \"y\"], \"domains\": [{\"slug\": \"one\", \"spec\": \"x\"}, {\"slug\": \"two\", \"spec\": \"x\"}]}",
        ),
    ]);
    project.db.batch(SCHEMA).unwrap();
    project.apply().unwrap();
    project
        .db
        .batch("UPDATE domain SET spec_id = 2 WHERE slug = 'one'; UPDATE domain SET spec_id = NULL WHERE slug = 'two'")
        .unwrap();
    assert_eq!(pulled(&mut project).1.columns, 2);
    assert!(
        file(&project, "specs/a.json")
            .contains("{\"slug\": \"one\", \"spec\": \"y\"}, {\"slug\": \"two\", \"spec\": null}")
    );
    project.db.batch("UPDATE domain SET spec_id = 77 WHERE slug = 'one'").unwrap();
    let plan = planned(&mut project, &PullOptions::default()).unwrap();
    assert_eq!(plan.refused[0].reason, "it refers to a row of `spec` that is not there");
}

#[test]
fn a_conflict_is_pulled_and_the_database_wins() {
    let mut project = project();
    project.db.batch("UPDATE domain SET name = 'Teacher' WHERE slug = 'tutor'").unwrap();
    project.edit("seeds/domains.toml", "'Tutor'", "'Coach'");
    let (plan, _) = pulled(&mut project);
    assert!(plan.to_string().contains("(the file had changed as well)"), "{plan}");
    assert_eq!(file(&project, "seeds/domains.toml"), DOMAINS.replace("'Tutor'", "'Teacher'"));
    // The ledger knows the value: a change of the file wins again.
    project.edit("seeds/domains.toml", "'Teacher'", "'Coach'");
    assert_eq!(project.plan().unwrap().counts().update, 1);
}

#[test]
fn an_edit_that_a_dataset_calls_an_error_can_be_pulled() {
    let mut project = project();
    project.edit("seeds/domains.toml", "key = ", "on_edit = \"fail\"\nkey = ");
    project.db.batch("UPDATE domain SET name = 'Teacher' WHERE slug = 'tutor'").unwrap();
    assert!(project.plan().is_err());
    assert_eq!(pulled(&mut project).1.columns, 1);
}

#[test]
fn one_table_or_row_can_be_chosen_and_has_to_exist() {
    let mut project = project();
    project.db.batch("UPDATE domain SET name = 'x'; UPDATE spec SET title = 'x'").unwrap();
    let mut of = |table: Option<&str>, row: Option<&str>| {
        let wanted =
            PullOptions { table: table.map(str::to_owned), row: row.map(str::to_owned), ..PullOptions::default() };
        planned(&mut project, &wanted)
    };
    assert_eq!(of(Some("domain"), None).unwrap().columns.len(), 2);
    assert_eq!(of(Some("domain"), Some("sales")).unwrap().columns.len(), 1);
    assert_eq!(of(None, None).unwrap().columns.len(), 4);
    assert!(
        told(&of(Some("domian"), None).unwrap_err())
            .contains("no dataset declares a table `domian`, did you mean `domain`?")
    );
    assert!(told(&of(Some("spec"), Some("sales")).unwrap_err()).contains("no dataset declares a row `sales`"));
}

#[test]
fn rows_that_no_file_declares_are_told() {
    let mut project = project();
    project.db.batch("INSERT INTO domain (slug, name) VALUES ('extra', 'Extra')").unwrap();
    let wanted = PullOptions { undeclared: true, ..PullOptions::default() };
    let plan = planned(&mut project, &wanted).unwrap();
    assert_eq!(plan.to_string(), "no row was edited in the database\nin no file: 1 row of domain: extra\n");
}

#[test]
fn a_file_that_changed_since_the_plan_is_left_alone_and_so_are_all_others() {
    let mut project = project();
    project.db.batch("UPDATE domain SET name = 'x' WHERE slug = 'tutor'; UPDATE spec SET title = 'x'").unwrap();
    let plan = planned(&mut project, &PullOptions::default()).unwrap();
    project.edit("specs/two.json", "Second", "Zweiter");
    let root = project.root().to_owned();
    let error = pull(&mut *project.db, &root, &plan, &RunOptions::default()).unwrap_err();
    assert!(told(&error).contains("the file specs/two.json"), "{}", told(&error));
    assert_eq!(file(&project, "seeds/domains.toml"), DOMAINS);
    assert_eq!(file(&project, "specs/one.json"), ONE);
    fs::remove_file(root.join("specs/two.json")).unwrap();
    let error = pull(&mut *project.db, &root, &plan, &RunOptions::default()).unwrap_err();
    assert!(told(&error).contains("cannot change `specs/two.json`"), "{}", told(&error));
    assert_eq!(file(&project, "specs/one.json"), ONE);
    let names: Vec<_> = fs::read_dir(root.join("specs")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["one.json"], "nothing is left behind: {names:?}");
}

#[test]
fn a_byte_order_mark_permissions_and_links_stay() {
    let mut project = project();
    let path = project.root().join("specs/one.json");
    fs::write(&path, format!("\u{feff}{ONE}")).unwrap();
    let elsewhere = project.root().join("elsewhere.json");
    fs::rename(&path, &elsewhere).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&elsewhere, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
    }
    #[cfg(not(unix))]
    fs::copy(&elsewhere, &path).unwrap();
    project.db.batch("UPDATE spec SET title = 'x' WHERE slug = 'spec-one'").unwrap();
    pulled(&mut project);
    assert_eq!(file(&project, "specs/one.json"), format!("\u{feff}{}", ONE.replace("First", "x")));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
        assert_eq!(fs::metadata(&elsewhere).unwrap().permissions().mode() & 0o777, 0o640);
    }
}

/// White space of every kind, by number.
const SPACES: [&str; 6] = ["", " ", "\n", "\r\n\t", "  ", "\n      "];

/// A document with one title for each place, in a layout chosen by numbers.
fn document(number: usize, parts: usize, spaces: &mut impl Iterator<Item = usize>) -> String {
    let mut space = || SPACES[spaces.next().unwrap_or(1) % SPACES.len()];
    let part = |at: usize, a: &str, b: &str| {
        format!("{{\"n\":{a}{at},{b}\"note\": \"keep {at}\" ,{a}\"text\":{b}\"t{number}.{at}\"}}")
    };
    let parts: Vec<String> = (0..parts).map(|at| format!("{}{}", space(), part(at, space(), space()))).collect();
    format!(
        "{{{}\"id\": \"d{number}\",{}\"title\"{}: \"t{number}\",\"parts\": [{}]{}}}\n",
        space(),
        space(),
        space(),
        parts.join(","),
        space()
    )
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 24, ..Default::default() })]

    /// Whatever is edited and however the files look: exactly the edited values change, and the plan is empty.
    #[test]
    fn a_pull_changes_the_edited_values_and_not_one_other_byte(
        parts in proptest::collection::vec(0usize..4, 1..5),
        spaces in proptest::collection::vec(0usize..6, 0..80),
        edits in proptest::collection::vec((0usize..5, 0usize..5, 0usize..3), 1..10),
        bound in proptest::bool::ANY,
    ) {
        let mut spaces = spaces.into_iter();
        let dataset = "[documents]\nfiles = 'docs/*.json'\n[[table]]\nname = 'spec'\nkey = ['slug']\ncolumns = { slug = 'doc.id', title = 'doc.title' }\n\
            [[table]]\nname = 'anchor'\neach = 'doc.parts as p'\nkey = ['spec_id', 'score']\n\
            columns = { spec_id = \"ref('spec', slug=doc.id)\", score = 'p.n', text = 'p.text or none' }\n";
        let mut project = Project::of(&[("seeds/a.toml", dataset)]);
        let mark = if bound { "\u{feff}" } else { "" };
        let mut texts: Vec<String> = parts.iter().enumerate().map(|(number, parts)| format!("{mark}{}", document(number, *parts, &mut spaces))).collect();
        for (number, text) in texts.iter().enumerate() {
            project.write(&format!("docs/{number}.json"), text);
        }
        project.db.batch(SCHEMA).unwrap();
        project.apply().unwrap();
        let mut now: std::collections::BTreeMap<(usize, Option<usize>), String> = Default::default();
        for (number, at, value) in edits.into_iter().filter(|(number, ..)| *number < parts.len()) {
            let value = ["x", "it''s \"é\"\n", "{\"a\": [1]}"][value];
            let (at, sql) = if at < parts[number] {
                (Some(at), format!("UPDATE anchor SET text = '{value}' WHERE score = {at} AND spec_id = (SELECT id FROM spec WHERE slug = 'd{number}')"))
            } else {
                (None, format!("UPDATE spec SET title = '{value}' WHERE slug = 'd{number}'"))
            };
            project.db.batch(&sql).unwrap();
            now.insert((number, at), value.replace("''", "'"));
        }
        for ((number, at), value) in &now {
            let old = at.map_or_else(|| format!("\"t{number}\""), |at| format!("\"t{number}.{at}\""));
            assert_eq!(texts[*number].matches(&old).count(), 1);
            texts[*number] = texts[*number].replace(&old, &serde_json::Value::from(value.as_str()).to_string());
        }
        let (plan, report) = pulled(&mut project);
        assert_eq!((report.columns, plan.refused.len()), (now.len(), 0), "{plan}");
        for (number, text) in texts.iter().enumerate() {
            assert_eq!(&file(&project, &format!("docs/{number}.json")), text);
        }
    }
}
