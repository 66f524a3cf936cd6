//! Rows and documents of every kind, from files and from code, as they arrive in a database. What is refused is `broken`'s.

use std::borrow::Cow;

use plimsoll_core::db::Catalog;
use plimsoll_seed::{
    ApplyOptions, Problem, SeedError, SeedOptions, SeedPlan, SeedSource, SourceRecord, apply, load_with, observe, plan,
};
use serde_json::json;

use crate::project::{Project, told};

const ROLES: &str = "CREATE TABLE role (id INTEGER PRIMARY KEY, slug TEXT NOT NULL UNIQUE, name TEXT, rank INTEGER, \
    price NUMERIC(6,2), active BOOLEAN, since DATETIME, parent_id INTEGER REFERENCES role (id), note TEXT)";

const BLOCK: &str = "[[table]]\nname = 'role'\nkey = ['slug']\n";

fn project(files: &[(&str, &str)]) -> Project {
    let mut project = Project::of(files);
    project.db.batch(ROLES).unwrap();
    project
}

/// Applies, and sees that nothing is left to do.
fn seeded(files: &[(&str, &str)], columns: &str) -> String {
    let mut project = project(files);
    project.apply().unwrap_or_else(|error| panic!("{}", told(&error)));
    assert!(project.plan().unwrap().is_empty());
    project.rows(&format!("SELECT {columns} FROM role ORDER BY slug"))
}

#[test]
fn fields_of_csv_files_take_the_types_of_their_columns() {
    let csv = "\u{feff}slug,name,rank,price,active,since\r\nb,\"\",7,1.50,true,2026-01-31\r\n\r\n\"a, b\",,-1,,f,\r\n";
    let dataset = format!("{BLOCK}file = 'data/*.csv'\n");
    let rows = seeded(
        &[("seeds/a.toml", &dataset), ("data/roles.csv", csv), ("data/more.csv", "slug,rank\nz,9\n")],
        "slug, name, rank, price, active, since",
    );
    assert_eq!(rows, "a, b|-|-1|-|0|-\nb||7|1.5|1|2026-01-31 00:00:00\nz|-|9|-|-|-");
}

#[test]
fn the_same_rows_come_from_every_format() {
    let expected = "x|Ex|1\ny|Why|2";
    for (name, text) in [
        (
            "r.json",
            "{\"about\": \"roles\", \"roles\": [{\"slug\": \"x\", \"name\": \"Ex\", \"rank\": 1}, {\"slug\": \"y\", \"name\": \"Why\", \"rank\": 2}]}",
        ),
        (
            "r.jsonl",
            "{\"slug\": \"x\", \"name\": \"Ex\", \"rank\": 1}\n\n{\"slug\": \"y\", \"name\": \"Why\", \"rank\": 2}\n",
        ),
        ("r.yaml", "- &x {slug: x, name: Ex, rank: 1}\n- <<: *x\n  slug: y\n  name: Why\n  rank: 2\n"),
        ("r.yml", "slug: x\nname: Ex\nrank: 1\n---\nslug: y\nname: Why\nrank: 2\n"),
        ("r.toml", "[[role]]\nslug = 'x'\nname = 'Ex'\nrank = 1\n[[role]]\nslug = 'y'\nname = 'Why'\nrank = 2\n"),
        ("r.tsv", "slug\tname\trank\nx\tEx\t1\ny\tWhy\t2\n"),
        ("r.csv", "slug,name,rank\nx,Ex,1\ny,Why,2"),
    ] {
        let dataset = format!("{BLOCK}file = 'data/{name}'\n");
        let rows = seeded(&[("seeds/a.toml", &dataset), (&format!("data/{name}"), text)], "slug, name, rank");
        assert_eq!(rows, expected, "{name}");
    }
}

#[test]
fn records_run_through_expressions_and_name_their_lines() {
    let dataset = format!(
        "{BLOCK}file = 'data/roles.csv'\nwhen = \"row.kind == 'role'\"\n\
         columns = {{ slug = 'slug(row.title)', name = 'row.title', parent_id = \"ref('role', slug=slug(row.under)) if row.under else none\" }}\n\
         insert_only = {{ note = \"file.stem ~ ' ' ~ row.kind\" }}\n"
    );
    let csv = "title,under,kind\nHead Nurse,,role\nNurse,Head Nurse,role\nWard 3,,room\n";
    let mut project = project(&[("seeds/a.toml", &dataset), ("data/roles.csv", csv)]);
    project.apply().unwrap();
    let sql = "SELECT r.slug, p.slug, r.note FROM role r LEFT JOIN role p ON p.id = r.parent_id ORDER BY r.slug";
    assert_eq!(project.rows(sql), "head-nurse|-|roles role\nnurse|head-nurse|roles role");
    let sources = project.rows("SELECT source FROM plimsoll_seed_row ORDER BY source");
    assert_eq!(sources, "data/roles.csv:2:1\ndata/roles.csv:3:1");
}

#[test]
fn fields_that_are_written_once_are_no_columns_besides() {
    let dataset = format!("{BLOCK}file = 'r.json'\ninsert_only = {{ rank = 'row.rank', note = \"'new'\" }}\n");
    let mut project = project(&[("seeds/a.toml", &dataset), ("r.json", "[{\"slug\": \"x\", \"rank\": 1}]")]);
    project.apply().unwrap();
    project.db.batch("UPDATE role SET rank = 5, note = 'old'").unwrap();
    assert!(project.plan().unwrap().is_empty());
}

#[test]
fn documents_are_markdown_text_yaml_and_toml() {
    let dataset = format!(
        "[documents]\nfiles = 'docs/*'\n{BLOCK}columns = {{ slug = 'file.stem', name = 'doc.title or none', \
         rank = 'doc.rank or none', note = 'doc.body or (doc.lines or [none])[0]' }}\n"
    );
    let rows = seeded(
        &[
            ("seeds/a.toml", &dataset),
            ("docs/a.md", "---\ntitle: A page\nrank: 3\n---\n\n# Heading\n\nText.\n"),
            ("docs/b.txt", "NURSE: Hello?\r\nCALLER: Hello.\r\n"),
            ("docs/c.yaml", "title: Yes\nrank: 0x10\n"),
            ("docs/d.toml", "title = 'Four'\n"),
            ("docs/e.json", "{\"title\": \"Five\", \"body\": \"five\"}"),
        ],
        "slug, name, rank, replace(note, char(10), '/')",
    );
    assert_eq!(rows, "a|A page|3|# Heading//Text.\nb|-|-|NURSE: Hello?\nc|Yes|16|-\nd|Four|-|-\ne|Five|-|five");
}

#[test]
fn a_format_may_be_said_where_the_extension_does_not_tell() {
    let dataset = format!(
        "[documents]\nfiles = 'calls/*'\nformat = 'text'\n{BLOCK}columns = {{ slug = 'file.path', note = 'doc.text' }}\n"
    );
    let rows =
        seeded(&[("seeds/a.toml", &dataset), ("calls/0001", "A: Hi"), ("calls/0002.json", "B: Hi")], "slug, note");
    assert_eq!(rows, "calls/0001|A: Hi\ncalls/0002.json|B: Hi");
}

#[test]
fn uneven_documents_need_no_edits() {
    let dataset = format!(
        "[documents]\nfiles = 'docs/*.json'\n{BLOCK}each = \"doc.roles | as_list(',') as role\"\non_duplicate = 'first'\n\
         columns = {{ slug = 'role.slug or role', name = \"doc | maybe('owner.name')\", note = 'doc.notes | as_text' }}\n"
    );
    let rows = seeded(
        &[
            ("seeds/a.toml", &dataset),
            (
                "docs/a.json",
                "{\"roles\": [\"x\", {\"slug\": \"y\"}], \"owner\": {\"name\": \"Ann\"}, \"notes\": [\"one\", 2]}",
            ),
            ("docs/b.json", "{\"roles\": \"z, x\", \"owner\": \"Bob\", \"notes\": \"three\"}"),
            ("docs/c.json", "{\"roles\": null, \"owner\": null}"),
            ("docs/d.json", "{}"),
        ],
        "slug, name, note",
    );
    assert_eq!(rows, "x|Ann|one, 2\ny|Ann|one, 2\nz|-|three");
}

#[test]
fn what_does_not_fit_is_left_out_as_a_whole_and_the_rest_is_seeded() {
    let dataset = format!(
        "[dataset]\non_invalid = 'skip'\n[documents]\nfiles = 'docs/*.json'\n{BLOCK}columns = {{ slug = 'doc.slug' }}\n\
         [[table]]\nname = 'role'\nkey = ['slug']\neach = 'doc.below as below'\n\
         columns = {{ slug = 'below.slug', rank = 'below.rank', parent_id = \"ref('role', slug=doc.slug)\" }}\n"
    );
    let mut project = project(&[
        ("seeds/a.toml", &dataset),
        ("docs/a.json", "{\"slug\": \"a\", \"below\": [{\"slug\": \"a1\", \"rank\": 1}]}"),
        ("docs/b.json", "{\"slug\": \"b\", \"below\": [{\"slug\": \"b1\", \"rank\": 1}, {\"slug\": \"b2\"}]}"),
        ("docs/c.json", "{\"slug\": "),
    ]);
    let report = project.apply().unwrap();
    assert_eq!(project.rows("SELECT slug FROM role ORDER BY slug"), "a\na1");
    let told: Vec<String> = report.skipped.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "docs/c.json: broken JSON: it ends in the middle (docs/c.json:1:9)",
            "docs/b.json: column `rank`: `below.rank` has no value here, write `or none` if it may be missing (docs/b.json:1:52)",
        ]
    );
    // The plan says so again although there is nothing to do.
    let plan = project.plan().unwrap();
    assert!(plan.is_empty() && plan.skipped.len() == 2, "{plan}");
    let back: SeedPlan = serde_json::from_str(&serde_json::to_string(&plan).unwrap()).unwrap();
    assert_eq!(back, plan);
}

#[test]
fn rows_of_a_skipped_document_are_not_pruned_until_it_is_gone() {
    let dataset = format!(
        "[dataset]\non_invalid = 'skip'\n[documents]\nfiles = 'docs/*.json'\n\
         {BLOCK}mode = 'sync'\ncolumns = {{ slug = 'doc.slug', rank = 'doc.rank' }}\n"
    );
    let other = format!("{BLOCK}mode = 'sync'\nfile = 'roles.csv'\n");
    let mut project = project(&[
        ("seeds/a.toml", &dataset),
        ("seeds/b.toml", &other),
        ("roles.csv", "slug,rank\nx,1\ny,2\n"),
        ("docs/a.json", "{\"slug\": \"a\", \"rank\": 1}"),
        ("docs/b.json", "{\"slug\": \"b\", \"rank\": 2}"),
        ("docs/c.json", "{\"slug\": \"c\", \"rank\": 3}"),
    ]);
    project.apply().unwrap();
    let slugs = "SELECT slug FROM role ORDER BY slug";
    assert_eq!(project.rows(slugs), "a\nb\nc\nx\ny");

    // Which rows were those of the broken document nobody can say, so that of a removed one stays as well.
    project.write("docs/a.json", "{\"slug\": \"a\"}");
    std::fs::remove_file(project.root().join("docs/c.json")).unwrap();
    project.write("roles.csv", "slug,rank\nx,1\n");
    let plan = project.plan().unwrap();
    assert_eq!((plan.counts().prune, plan.counts().release, plan.skipped.len()), (1, 0, 1), "{plan}");
    assert!(plan.to_string().contains("note: `a` deletes no rows while something of it is skipped"), "{plan}");
    project.apply().unwrap();
    assert_eq!(project.rows(slugs), "a\nb\nc\nx");
    assert!(project.plan().unwrap().is_empty());

    project.write("docs/a.json", "{\"slug\": \"a\", \"rank\": 9}");
    project.apply().unwrap();
    assert_eq!(project.rows("SELECT slug, rank FROM role ORDER BY slug"), "a|9\nb|2\nx|1");
}

#[test]
fn rows_of_a_skipped_record_are_not_pruned() {
    let dataset = format!("[dataset]\non_invalid = 'skip'\n{BLOCK}mode = 'sync'\nfile = 'roles.csv'\n");
    let mut project = project(&[("seeds/a.toml", &dataset), ("roles.csv", "slug,rank\nx,1\ny,2\n")]);
    project.apply().unwrap();
    project.write("roles.csv", "slug,rank\nx,1\ny,2,3\n");
    let report = project.apply().unwrap();
    assert_eq!((report.skipped.len(), report.wrote), (1, false));
    assert_eq!(project.rows("SELECT slug FROM role ORDER BY slug"), "x\ny");
    // A file that holds nothing any more is skipped as well, and deletes nothing.
    project.write("roles.csv", "slug,rank\n");
    assert_eq!(project.apply().unwrap().skipped.len(), 1);
    assert_eq!(project.rows("SELECT slug FROM role ORDER BY slug"), "x\ny");
}

#[test]
fn files_streamed_files_documents_and_generated_rows_share_a_dataset() {
    let dataset = format!(
        "[documents]\nfiles = 'docs/*.yaml'\n{BLOCK}columns = {{ slug = 'doc.slug' }}\n\
         {BLOCK}file = 'roles.json'\n\
         [[table]]\nname = 'product'\nkey = ['sku']\nbulk = true\nfile = 'products.txt'\nformat = 'csv'\n\
         [[generate]]\nname = 'client'\ncount = 2\nkey = ['code']\ncolumns = {{ code = 'n + 1' }}\n"
    );
    let mut project = project(&[
        ("seeds/a.toml", &dataset),
        ("docs/a.yaml", "slug: a\n"),
        ("roles.json", "[{\"slug\": \"b\", \"rank\": 4}]"),
        ("products.txt", "sku,price\np,1.50\nq,\n"),
    ]);
    project.db.batch("CREATE TABLE product (sku TEXT PRIMARY KEY, price NUMERIC(6,2))").unwrap();
    project.db.batch("CREATE TABLE client (code INTEGER PRIMARY KEY)").unwrap();
    project.apply().unwrap_or_else(|error| panic!("{}", told(&error)));
    assert_eq!(project.rows("SELECT slug, rank FROM role ORDER BY slug"), "a|-\nb|4");
    assert_eq!(project.rows("SELECT sku, price FROM product ORDER BY sku"), "p|1.5\nq|-");
    assert_eq!(project.rows("SELECT code FROM client ORDER BY code"), "1\n2");
    assert!(project.plan().unwrap().is_empty());
}

#[test]
fn a_secret_of_a_file_is_not_repeated_when_it_does_not_fit() {
    let dataset = format!("{BLOCK}secret = ['rank']\nfile = 'roles.csv'\n");
    let mut project = project(&[("seeds/a.toml", &dataset), ("roles.csv", "slug,rank\nx,hunter2\n")]);
    assert_eq!(project.problems(), "[seed::value] roles.csv:2:3: the secret value does not fit `rank` of type integer");
}

#[test]
fn references_that_lead_nowhere_yet_are_null_or_kept_and_follow_later() {
    let dataset = format!(
        "{BLOCK}file = 'roles.csv'\ncolumns = {{ slug = 'row.slug', parent_id = \"ref_or_null('role', slug=row.under)\", \
         note = \"ref('role', slug=row.under, missing='keep')\" }}\n"
    );
    let mut project = project(&[("seeds/a.toml", &dataset), ("roles.csv", "slug,under\na,late\nb,a\nc,\n")]);
    project.apply().unwrap();
    let sql = "SELECT r.slug, p.slug, r.note FROM role r LEFT JOIN role p ON p.id = r.parent_id ORDER BY r.slug";
    assert_eq!(project.rows(sql), "a|-|late\nb|a|1\nc|-|-");
    assert!(project.plan().unwrap().is_empty());
    project.db.batch("INSERT INTO role (id, slug) VALUES (50, 'late')").unwrap();
    project.apply().unwrap();
    assert_eq!(project.rows(sql), "a|late|50\nb|a|1\nc|-|-\nlate|-|-");
    assert!(project.plan().unwrap().is_empty());
}

/// What a service would have: its own roles, and a catalogue of documents.
#[derive(Debug)]
struct Service {
    name: &'static str,
    slugs: Vec<&'static str>,
    dataset: Option<String>,
}

impl SeedSource for Service {
    fn name(&self) -> &str {
        self.name
    }

    fn records(&self) -> Result<Vec<SourceRecord>, Problem> {
        #[derive(serde::Serialize)]
        struct Role {
            slug: &'static str,
            rank: usize,
        }
        self.slugs.iter().enumerate().map(|(rank, slug)| SourceRecord::of(&Role { slug, rank })).collect()
    }

    fn dataset(&self) -> Option<Cow<'_, str>> {
        self.dataset.as_deref().map(Cow::Borrowed)
    }
}

fn with_sources(project: &mut Project, sources: &[&dyn SeedSource]) -> Result<(), SeedError> {
    let options = SeedOptions {
        root: project.root().to_owned(),
        path: "seeds".into(),
        with: Vec::new(),
        user_data: Vec::new(),
        profile: None,
        top_up: false,
        names: minijinja::context! {},
    };
    let seeds = load_with(&options, sources)?;
    let catalog = Catalog::read(&mut *project.db)?;
    let planned = plan(&seeds, &observe(&mut *project.db, &seeds, &catalog)?)?;
    apply(&mut *project.db, &seeds, &planned, &ApplyOptions::default(), &mut |_| ())?;
    assert!(plan(&seeds, &observe(&mut *project.db, &seeds, &catalog)?)?.is_empty());
    Ok(())
}

#[test]
fn a_service_seeds_rows_of_its_own_without_any_file() {
    let mut project = project(&[]);
    let dataset = format!("{BLOCK}source = 'roles'\n");
    with_sources(&mut project, &[&Service { name: "roles", slugs: vec!["x", "y"], dataset: Some(dataset) }]).unwrap();
    assert_eq!(project.rows("SELECT slug, rank FROM role ORDER BY slug"), "x|0\ny|1");
    assert_eq!(project.rows("SELECT DISTINCT dataset FROM plimsoll_seed_row"), "roles");
}

#[test]
fn a_file_takes_the_place_of_the_dataset_in_code_and_records_may_be_documents() {
    let file = format!("[documents]\nsource = 'roles'\n{BLOCK}columns = {{ slug = 'doc.slug ~ doc.rank' }}\n");
    let mut project = project(&[("seeds/roles.toml", &file)]);
    let dataset = Some("[nothing]".to_owned());
    with_sources(&mut project, &[&Service { name: "roles", slugs: vec!["x", "y"], dataset }]).unwrap();
    assert_eq!(project.rows("SELECT slug FROM role ORDER BY slug"), "x0\ny1");
}

#[test]
fn records_of_a_program_are_named_by_the_line_that_made_them() {
    #[derive(Debug)]
    struct Twice;
    impl SeedSource for Twice {
        fn name(&self) -> &str {
            "twice"
        }
        fn records(&self) -> Result<Vec<SourceRecord>, Problem> {
            Ok(vec![SourceRecord::new(json!({ "slug": "x" })), SourceRecord::new(json!({ "slug": "x" }))])
        }
    }
    let line = line!() - 3;
    let mut project = project(&[("seeds/a.toml", &format!("{BLOCK}source = 'twice'\n"))]);
    let error = with_sources(&mut project, &[&Twice]).unwrap_err();
    let text = told(&error);
    assert!(text.contains(&format!("sources.rs:{line}:")) && text.contains("declared twice"), "{text}");
    let empty = Service { name: "twice", slugs: Vec::new(), dataset: None };
    let text = told(&with_sources(&mut project, &[&empty]).unwrap_err());
    assert_eq!(text, "[seed::document_invalid] seeds/a.toml:4:10: the source `twice` has no records");
    let other = Service { name: "twcie", slugs: Vec::new(), dataset: None };
    let text = told(&with_sources(&mut project, &[&other]).unwrap_err());
    assert_eq!(text, "[project::invalid_value] seeds/a.toml:4:10: there is no source `twice`, did you mean `twcie`?");
}

#[test]
fn a_file_that_two_datasets_read_is_blamed_once() {
    let dataset = format!("[documents]\nfiles = 'docs/*.json'\n{BLOCK}columns = {{ slug = 'doc.slug' }}\n");
    let mut project = project(&[("seeds/a.toml", &dataset), ("seeds/b.toml", &dataset), ("docs/a.json", "{")]);
    assert_eq!(project.problems(), "[project::syntax] docs/a.json:1:1: broken JSON: it ends in the middle");
}
