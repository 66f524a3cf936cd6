//! What names mean in expressions: parts of the document, keys of objects, and names that hide others.

use crate::project::Project;

fn rows(dataset: &str) -> String {
    let document = r#"{"title": "outer", "part": {"title": "inner"}, "answers": {"1": "Yes", "2": "No"},
        "b": [{"n": 2, "title": "second"}, {"n": 1, "title": "first"}]}"#;
    let mut project = Project::of(&[("docs/a.json", document), ("seeds/row.toml", dataset)]);
    project.db.batch("CREATE TABLE row (slug TEXT PRIMARY KEY, title TEXT)").unwrap();
    project.apply().unwrap();
    project.rows("SELECT slug || ' ' || title FROM row ORDER BY slug")
}

fn dataset(rest: &str) -> String {
    format!("[documents]\nfiles = \"docs/*.json\"\n\n[[table]]\nname = \"row\"\nkey = [\"slug\"]\n{rest}")
}

#[test]
fn a_loop_over_an_object_gives_its_keys() {
    let found =
        rows(&dataset("each = \"doc.answers as k\"\n[table.columns]\nslug = \"k\"\ntitle = \"doc.answers[k]\"\n"));
    assert_eq!(found, "1 Yes\n2 No");
}

#[test]
fn a_let_hides_the_part_of_the_document_that_has_its_name() {
    let found =
        rows(&dataset("[table.let]\ndoc = \"doc.part\"\n[table.columns]\nslug = \"'x'\"\ntitle = \"doc.title\"\n"));
    assert_eq!(found, "x inner");
}

#[test]
fn a_loop_over_a_sorted_list_hides_an_outer_one_of_the_same_name() {
    let each = "each = [\"doc.b as b\", \"doc.b | sort(attribute='n') as b\"]\non_duplicate = \"first\"\n";
    let found = rows(&dataset(&format!("{each}[table.columns]\nslug = \"b.n | string\"\ntitle = \"b.title\"\n")));
    assert_eq!(found, "1 first\n2 second");
}

#[test]
fn one_value_that_is_missing_is_told_alone_among_those_evaluated_together() {
    let mut project = Project::of(&[
        ("docs/a.json", r#"{"a": "x"}"#),
        (
            "seeds/row.toml",
            &dataset("[table.columns]\nslug = \"doc.a ~ '1'\"\ntitle = \"doc.gone ~ '2'\"\nmore = \"doc.a | upper\"\n"),
        ),
    ]);
    let told = project.problems();
    assert!(told.contains("column `title`") && told.lines().count() == 1, "{told}");
}

#[test]
fn a_condition_is_asked_as_far_as_it_has_to_be() {
    let of = |when: &str| {
        let rest = format!(
            "each = \"doc.b as b\"\nwhen = \"{when}\"\n[table.let]\nis_first = \"b.n == 1\"\ntop = \"doc.title\"\n"
        );
        rows(&dataset(&format!("{rest}[table.columns]\nslug = \"b.n | string\"\ntitle = \"b.title\"\n")))
    };
    assert_eq!(of("top == 'inner' and b.gone.deeper"), "");
    assert_eq!(of("is_first and top == 'outer'"), "1 first");
    assert_eq!(of("top == 'outer' and not is_first"), "2 second");
    assert_eq!(of("top == 'inner' and is_first or b.n == 2"), "2 second");
}

#[test]
fn a_row_that_loses_against_the_first_of_its_key_is_not_made() {
    let block = |when: &str, title: &str| {
        format!(
            "[[table]]\nname = \"row\"\nkey = [\"slug\"]\non_duplicate = \"first\"\nwhen = \"{when}\"\n\
             [table.let]\nslug = \"doc.slug\"\nlong = \"{title}\"\n[table.columns]\nslug = \"slug\"\ntitle = \"long\"\n"
        )
    };
    // Nothing but the second document has what the first block asks for, and the rows of the first block come first.
    let blocks = block("doc.late", "'by ' ~ doc.by.name") + &block("true", "doc.by.name");
    let mut project = Project::of(&[
        ("docs/a.json", r#"{"slug": "x", "by": {"name": "a"}}"#),
        ("docs/b.json", r#"{"slug": "x", "by": {"name": "b"}, "late": true}"#),
        ("docs/c.json", r#"{"slug": "x"}"#),
        ("seeds/row.toml", &format!("[documents]\nfiles = \"docs/*.json\"\n{blocks}")),
    ]);
    project.db.batch("CREATE TABLE row (slug TEXT PRIMARY KEY, title TEXT)").unwrap();
    project.apply().unwrap();
    assert_eq!(project.rows("SELECT slug || ' ' || title FROM row"), "x by b");
}

#[test]
fn a_condition_on_a_name_that_hides_another_waits_for_the_loops() {
    let rest = "each = \"doc.b as b\"\nwhen = \"topics == 'outer'\"\n[table.let]\n\
                label = \"(b | default({})).title | default(topics, true)\"\ntopics = \"doc.title\"\n";
    let found = rows(&dataset(&format!("{rest}[table.columns]\nslug = \"label\"\ntitle = \"topics\"\n")));
    assert_eq!(found, "first outer\nsecond outer");
}

#[test]
fn a_field_may_be_called_like_an_operator() {
    let when = "when = \"doc.part.and is undefined and doc.title == 'outer'\"\n";
    let found = rows(&dataset(&format!("{when}[table.columns]\nslug = \"'x'\"\ntitle = \"doc.title\"\n")));
    assert_eq!(found, "x outer");
}

#[test]
fn a_wrong_row_that_loses_does_not_matter_wherever_the_row_is_that_wins() {
    let table = "[[table]]\nname = \"row\"\nkey = [\"slug\"]\non_duplicate = \"first\"\n\
                 [table.columns]\nslug = \"doc.slug\"\ntitle = \"doc.by.name\"\n";
    for documents in [3, 40, 70] {
        let mut project = Project::of(&[("seeds/row.toml", &format!("[documents]\nfiles = \"docs/*.json\"\n{table}"))]);
        project.write("docs/000.json", r#"{"slug": "x", "by": {"name": "a"}}"#);
        (1..documents).for_each(|number| project.write(&format!("docs/{number:03}.json"), r#"{"slug": "x"}"#));
        project.db.batch("CREATE TABLE row (slug TEXT PRIMARY KEY, title TEXT)").unwrap();
        project.apply().unwrap();
        assert_eq!(project.rows("SELECT slug || ' ' || title FROM row"), "x a");
    }
}
