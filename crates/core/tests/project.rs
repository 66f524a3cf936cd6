//! Projects in temporary folders: what is found wrong and where, and how the layers of variables meet. Live databases are elsewhere.

use std::path::Path;

use plimsoll_core::Coded;
use plimsoll_core::db::{Access, connect};
use plimsoll_core::project::{Inputs, Project, ProjectError, Variable, environments, load};
use tempfile::TempDir;

/// What no form of a project may show.
const SENTINEL: &str = "s3nt1n3l";

const PROJECT: &str = r#"
[project]
name = "harbour"

[variables.DATABASE_URL]
required = true
secret = true
type = "dsn"
"#;

const DATABASE: &str = "[variables]\nDATABASE_URL = \"sqlite:data/harbour.db\"\n";

fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().expect("inside the folder")).expect("makes it");
        std::fs::write(path, text).expect("writes");
    }
    dir
}

/// A project of which only `plimsoll.toml` matters; the text follows [`PROJECT`].
fn project(more: &str) -> TempDir {
    folder(&[("plimsoll.toml", &format!("{PROJECT}{more}")), ("environments/dev.toml", DATABASE)])
}

fn inputs(dir: &TempDir) -> Inputs {
    Inputs {
        root: dir.path().to_owned(),
        current_dir: dir.path().to_owned(),
        environment: "dev".to_owned(),
        ..Inputs::default()
    }
}

fn pairs<C: FromIterator<(String, String)>>(pairs: &[(&str, &str)]) -> C {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn loaded(inputs: &Inputs) -> Project {
    load(inputs).unwrap_or_else(|error| panic!("{}", listed(&inputs.root, &error)))
}

fn refused(inputs: &Inputs) -> ProjectError {
    load(inputs).expect_err("the project is wrong")
}

/// Each problem as `[code] place: message`, with places relative to the project.
fn listed(root: &Path, error: &ProjectError) -> String {
    let prefix = format!("{}/", root.display());
    let line = |part: &dyn Coded| format!("[{}] {part}", part.code().as_str());
    let lines: Vec<String> = error.parts().into_iter().map(line).collect();
    lines.join("\n").replace(&prefix, "").replace(&root.display().to_string(), "<project>")
}

fn problems(inputs: &Inputs) -> String {
    listed(&inputs.root, &refused(inputs))
}

fn variable<'p>(project: &'p Project, name: &str) -> &'p Variable {
    project.variables.iter().find(|variable| variable.name == name).expect("the contract has it")
}

#[test]
fn a_folder_without_a_project_file_is_no_project() {
    insta::assert_snapshot!(problems(&inputs(&folder(&[]))));
}

#[test]
fn misspelt_keys_of_both_files_come_at_once_with_the_nearest_key() {
    let dir = folder(&[
        ("plimsoll.toml", "[project]\nname = \"harbour\"\n\n[migrations]\npath = \"m\"\nlock_timout = \"3s\"\n"),
        ("environments/dev.toml", "# which may be reset\nprotcted = true\n"),
    ]);
    insta::assert_snapshot!(problems(&inputs(&dir)));
}

#[test]
fn misspelt_keys_are_found_however_deep_they_are() {
    let cases = [
        ("a table", "[migratons]\npath = \"m\"\n"),
        ("a variable's key", "[variables.PORT]\n  defualt = 3\n"),
        ("a release's key", "[[release]]\nname = \"api\"\nkind = \"process\"\ncomand = []\n"),
        ("a release's kind", "[[release]]\nname = \"api\"\nkind = \"proces\"\n"),
        ("an expectation", "[[expect]]\ntable = \"t\"\natleast = 2\n"),
        ("a variable's type", "[variables.PORT]\ntype = \"integer\"\n"),
        ("a source of revisions", "[smoke]\npath = \"s\"\nrevision = { heder = \"x-revision\" }\n"),
        ("a key like no other", "[seed]\npath = \"s\"\nzebra = 1\n"),
    ];
    let found: Vec<String> =
        cases.iter().map(|(what, text)| format!("{what}: {}", problems(&inputs(&project(text))))).collect();
    insta::assert_snapshot!(found.join("\n"));
}

#[test]
fn broken_toml_and_wrong_types_have_their_place() {
    let dir = folder(&[
        ("plimsoll.toml", "[project]\nname = \"harbour\n"),
        ("environments/dev.toml", "protected = \"yes\"\n"),
    ]);
    insta::assert_snapshot!(problems(&inputs(&dir)));
}

#[test]
fn a_file_that_is_no_text_cannot_be_read() {
    let dir = project("");
    std::fs::write(dir.path().join("plimsoll.toml"), [b'#', 0xff, 0xfe]).expect("writes");
    insta::assert_snapshot!(problems(&inputs(&dir)));
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_are_read_over() {
    let text = format!("\u{feff}{}", PROJECT.replace('\n', "\r\n"));
    let dir = folder(&[("plimsoll.toml", &text), ("environments/dev.toml", &DATABASE.replace('\n', "\r\n"))]);
    assert_eq!(loaded(&inputs(&dir)).name, "harbour");
}

#[test]
fn an_unknown_environment_is_answered_with_the_ones_there_are() {
    let dir = project("");
    std::fs::write(dir.path().join("environments/staging.toml"), "").expect("writes");
    assert_eq!(environments(dir.path()), ["dev", "staging"]);
    let asked = |name: &str| problems(&Inputs { environment: name.to_owned(), ..inputs(&dir) });
    // The last one would be a file outside the folder of environments.
    insta::assert_snapshot!([asked("stagign"), asked("zebra"), asked("../plimsoll")].join("\n"));
}

#[test]
fn all_missing_variables_come_at_once() {
    let dir = folder(&[
        (
            "plimsoll.toml",
            &format!(
                "{PROJECT}\n[variables.ADMIN_TOKEN]\nrequired = true\nsecret = true\ndescription = \"who may administrate\"\n\
                 \n[variables.EMPTY]\nrequired = true\n\n[variables.MODEL_KEY]\nrequired_by = [\"ai\"]\n\
                 \n[variables.VOICE_KEY]\nrequired_by = [\"voice\"]\n\n[variables.OPTIONAL]\n"
            ),
        ),
        ("environments/dev.toml", "features = [\"ai\"]\n\n[variables]\nEMPTY = \"\"\n"),
    ]);
    insta::assert_snapshot!(problems(&inputs(&dir)));
}

#[test]
fn values_of_the_wrong_type_come_at_once_and_are_not_repeated() {
    let dir = project(
        "[variables.WHOLE]\ntype = \"int\"\n[variables.NUMBER]\ntype = \"float\"\n[variables.FLAG]\ntype = \"bool\"\n\
         [variables.PAGE]\ntype = \"url\"\n[variables.LEVEL]\none_of = [\"info\", \"debug\"]\n[variables.MAIN]\ntype = \"dsn\"\n",
    );
    let names = ["WHOLE", "NUMBER", "FLAG", "PAGE", "LEVEL", "MAIN"];
    let process = names.iter().map(|name| ((*name).to_owned(), SENTINEL.to_owned())).collect();
    let found = problems(&Inputs { process, ..inputs(&dir) });
    assert!(!found.contains(SENTINEL), "{found}");
    insta::assert_snapshot!(found);
}

#[test]
fn good_values_of_every_type_are_taken_and_typed_for_templates() {
    let dir = project(
        "[variables.WHOLE]\ntype = \"int\"\ndefault = 7\n[variables.NUMBER]\ntype = \"float\"\ndefault = 2.5\n\
         [variables.FLAG]\ntype = \"bool\"\ndefault = false\n[variables.PAGE]\ntype = \"url\"\ndefault = \"http://quay:80\"\n\
         [variables.LEVEL]\none_of = [\"info\", \"debug\"]\ndefault = \"info\"\n[variables.SUM]\n\
         default = \"{{ WHOLE + NUMBER }}{{ ' on' if FLAG else ' off' }} {{ PAGE }}\"\n",
    );
    assert_eq!(variable(&loaded(&inputs(&dir)), "SUM").shown(), Some("9.5 off http://quay:80"));
}

#[test]
fn variables_outside_the_contract_are_refused_with_the_nearest_name() {
    let dir = folder(&[
        ("plimsoll.toml", &format!("{PROJECT}[variables.PORT]\n[variables.HOST]\n")),
        ("environments/dev.toml", "[variables]\nDATABASE_URL = \"sqlite:a.db\"\nPROT = 3000\nHOST = [1, 2]\n"),
    ]);
    insta::assert_snapshot!(problems(&Inputs { set: pairs(&[("HSOT", "a"), ("ZEBRA", "b")]), ..inputs(&dir) }));
}

#[test]
fn names_outside_the_contract_do_no_harm_in_the_process_environment_and_dotenv_files() {
    let dir = project("");
    std::fs::write(dir.path().join(".env.dev"), "EDITOR=ed\n_odd=1\n").expect("writes");
    let project = loaded(&Inputs { process: pairs(&[("HOME", "/root"), ("a.b[0]", "x")]), ..inputs(&dir) });
    assert_eq!(project.variables.len(), 1);
}

#[test]
fn every_layer_wins_over_the_ones_below_and_says_what_it_shadowed() {
    let dir = folder(&[
        ("plimsoll.toml", &format!("{PROJECT}\n[variables.LEVEL]\ndefault = \"from the default\"\n")),
        ("environments/dev.toml", &format!("{DATABASE}LEVEL = \"from the environment file\"\n")),
        (".env.dev", "# local\nLEVEL='from the dotenv file'\n"),
        (".env", "LEVEL=never\nDATABASE_URL=sqlite:never.db\n"),
    ]);
    let process = pairs(&[("LEVEL", "from the process")]);
    let set = pairs(&[("LEVEL", "set first"), ("LEVEL", "set last")]);
    let mut inputs = Inputs { process, set, ..inputs(&dir) };
    let mut seen = Vec::new();
    let mut look = |inputs: &Inputs| {
        let project = loaded(inputs);
        let level = variable(&project, "LEVEL");
        seen.push(format!("{:?} from {:?} over {:?}", level.shown(), level.origin, level.shadowed));
    };
    look(&inputs);
    inputs.set.clear();
    look(&inputs);
    inputs.process.clear();
    look(&inputs);
    std::fs::remove_file(dir.path().join(".env.dev")).expect("removes");
    look(&inputs);
    std::fs::write(dir.path().join("environments/dev.toml"), DATABASE).expect("writes");
    look(&inputs);
    insta::assert_snapshot!(seen.join("\n"));
}

#[test]
fn a_plain_dotenv_file_belongs_to_no_environment() {
    let dir = folder(&[
        ("plimsoll.toml", PROJECT),
        ("environments/dev.toml", ""),
        (".env", "DATABASE_URL=sqlite:a.db\n"),
        (".env.prod", "DATABASE_URL=sqlite:prod.db\n"),
    ]);
    insta::assert_snapshot!(problems(&inputs(&dir)));
}

#[test]
fn lines_of_a_dotenv_file_that_assign_nothing_are_told() {
    let dir = project("");
    std::fs::write(dir.path().join(".env.dev"), "# fine\n\nexport A=1\nB: 2\n").expect("writes");
    insta::assert_snapshot!(problems(&inputs(&dir)));
}

#[test]
fn templates_of_templates_are_rendered_in_any_order() {
    let dir = folder(&[
        (
            "plimsoll.toml",
            "[project]\nname = \"harbour\"\n[migrations]\npath = \"migrations/{{ engine }}\"\n[seed]\npath = \"{{ data }}\"\n\
             [[expect]]\ntable = \"berth\"\nat_least = \"{{ berths }}\"\n\
             [variables.DATABASE_URL]\ntype = \"dsn\"\ndefault = \"sqlite:{{ data }}/{{ environment }}.db\"\n\
             [variables.data]\ntype = \"path\"\ndefault = \"{{ state }}/data\"\n\
             [variables.state]\ndefault = \"var/{{ project }}\"\n[variables.berths]\ntype = \"int\"\ndefault = 12\n",
        ),
        ("environments/dev.toml", "base_url = \"http://quay/{{ data }}\"\n"),
    ]);
    let project = loaded(&inputs(&dir));
    let relative = |path: &Path| project.relative(path).display().to_string();
    assert_eq!(project.database.file().map(relative).as_deref(), Some("var/harbour/data/dev.db"));
    assert_eq!(project.migrations.as_ref().map(|it| relative(&it.path)).as_deref(), Some("migrations/sqlite"));
    assert_eq!(project.seed.as_ref().map(|it| relative(&it.path)).as_deref(), Some("var/harbour/data"));
    assert_eq!(project.expect[0].at_least, Some(12));
    assert_eq!(project.base_url.as_deref(), Some("http://quay/var/harbour/data"));
    assert_eq!(relative(&project.state_dir()), ".plimsoll/dev");
}

#[test]
fn templates_in_a_circle_are_all_named() {
    let dir = project(
        "[variables.CHICKEN]\ntype = \"int\"\ndefault = \"{{ EGG }}\"\n[variables.EGG]\ndefault = \"{{ CHICKEN }}\"\n\
         [variables.NEST]\ndefault = \"{{ broken\"\n",
    );
    insta::assert_snapshot!(problems(&inputs(&dir)));
}

#[test]
fn values_from_outside_the_project_are_no_templates() {
    let dir = project("[variables.PASSWORD]\n[variables.PHRASE]\n[variables.WORD]\n");
    std::fs::write(dir.path().join(".env.dev"), "PHRASE='{{ environment }}'\n").expect("writes");
    let process = pairs(&[("PASSWORD", "a{{b")]);
    let project = loaded(&Inputs { process, set: pairs(&[("WORD", "{% x %}")]), ..inputs(&dir) });
    let shown = ["PASSWORD", "PHRASE", "WORD"].map(|name| variable(&project, name).shown());
    assert_eq!(shown, [Some("a{{b"), Some("{{ environment }}"), Some("{% x %}")]);
}

#[test]
fn what_cannot_be_rendered_or_parsed_in_a_table_has_its_place() {
    let dir = folder(&[
        (
            "plimsoll.toml",
            &format!(
                "{PROJECT}default = \"sqlite:a.db\"\n[variables.TOKEN]\nsecret = true\ndefault = \"{SENTINEL}\"\n\
                 [migrations]\npath = \"{{{{ folder }}}}\"\nlock_timeout = \"soon\"\n\
                 [[expect]]\ntable = \"berth\"\nat_least = \"{{{{ TOKEN }}}}\"\n[[expect]]\ntable = \"quay\"\nexactly = -1\n\
                 [[expect]]\ntable = \"crane\"\n"
            ),
        ),
        ("environments/dev.toml", "base_url = \"http://{{ host }}\"\n"),
    ]);
    let found = problems(&inputs(&dir));
    assert!(!found.contains(SENTINEL), "{found}");
    insta::assert_snapshot!(found);
}

#[test]
fn paths_given_with_set_start_where_the_command_was_typed() {
    let dir = folder(&[
        (
            "plimsoll.toml",
            &format!("{PROJECT}[seed]\npath = \"{{{{ specs }}}}\"\n[variables.specs]\ntype = \"path\"\n"),
        ),
        ("environments/dev.toml", &format!("{DATABASE}specs = \"own/specs\"\n")),
        ("somewhere/below/marker", ""),
    ]);
    let seeds = |inputs: &Inputs| loaded(inputs).seed.expect("it has seeds").path;
    let mut inputs = Inputs { current_dir: dir.path().join("somewhere/below"), ..inputs(&dir) };
    assert_eq!(seeds(&inputs), dir.path().join("own/specs"));
    inputs.set = pairs(&[("specs", "typed")]);
    assert_eq!(seeds(&inputs), dir.path().join("somewhere/below/typed"));
    inputs.set = pairs(&[("specs", "/absolute")]);
    assert_eq!(seeds(&inputs), Path::new("/absolute"));
}

#[test]
fn an_environments_release_replaces_the_projects_of_the_same_name() {
    let release = |name: &str, port: &str| {
        format!(
            "[[release]]\nname = \"{name}\"\nkind = \"process\"\ncommand = [\"x\"]\nport = \"{port}\"\nhealth = \"/\"\n"
        )
    };
    let dir = folder(&[
        ("plimsoll.toml", &format!("{PROJECT}{}{}", release("api", "1"), release("worker", "2"))),
        (
            "environments/dev.toml",
            &format!("protected = true\n{DATABASE}\n{}{}", release("extra", "4"), release("api", "3")),
        ),
    ]);
    let project = loaded(&inputs(&dir));
    let released: Vec<_> = project.releases.iter().map(|it| (it.name.as_str(), it.port.as_str())).collect();
    assert_eq!(released, [("api", "3"), ("worker", "2"), ("extra", "4")]);
    assert_eq!(project.releases[0].start_timeout, "20s");
    assert!(project.protected);
}

#[test]
fn datasets_of_the_command_line_join_those_of_the_environment() {
    let dir = folder(&[
        ("plimsoll.toml", &format!("{PROJECT}[seed]\npath = \"seeds\"\nuser_data = [\"crew\"]\n")),
        ("environments/dev.toml", &format!("{DATABASE}[seed]\nwith = [\"transcripts\"]\n")),
    ]);
    let seed = loaded(&Inputs { with: vec!["demo".to_owned()], ..inputs(&dir) }).seed.expect("it has seeds");
    assert_eq!(
        (seed.with, seed.user_data),
        (vec!["transcripts".to_owned(), "demo".to_owned()], vec!["crew".to_owned()])
    );
}

#[test]
fn a_secret_is_masked_wherever_a_variable_is_shown() {
    let dir = project("[variables.TOKEN]\nsecret = true\n[variables.LEVEL]\ndefault = \"info\"\n");
    let project = loaded(&Inputs { process: pairs(&[("TOKEN", SENTINEL)]), ..inputs(&dir) });
    assert_eq!(variable(&project, "TOKEN").shown(), Some("***"));
    assert_eq!(variable(&project, "LEVEL").shown(), Some("info"));
    assert_eq!(project.variable("TOKEN").map(|value| value.expose()), Some(SENTINEL));
    assert_eq!(project.redactor().redact(&format!("token {SENTINEL}, info")), "token ***, info");
}

#[test]
fn no_form_of_a_project_shows_a_secret() {
    let dir = folder(&[
        (
            "plimsoll.toml",
            &format!(
                "{PROJECT}[variables.DEFAULTED]\nsecret = true\ndefault = \"{SENTINEL}-default\"\n\
                 [variables.TOKEN]\nsecret = true\n[variables.PART]\nsecret = true\n"
            ),
        ),
        (
            "environments/dev.toml",
            &format!(
                "base_url = \"http://app:{{{{ TOKEN }}}}@quay\"\n[variables]\nPART = \"{SENTINEL}-{{{{ TOKEN }}}}\"\n"
            ),
        ),
        (".env.dev", &format!("DATABASE_URL=postgresql://app:{SENTINEL}-url@db/harbour\n")),
    ]);
    let inputs = Inputs {
        process: pairs(&[("TOKEN", &format!("{SENTINEL}-process")), ("OTHER", &format!("{SENTINEL}-other"))]),
        set: pairs(&[("DEFAULTED", &format!("{SENTINEL}-set"))]),
        ..inputs(&dir)
    };
    let project = loaded(&inputs);
    let json =
        serde_json::to_string(&project.variables.iter().map(|it| &it.value).collect::<Vec<_>>()).expect("serializes");
    for shown in [
        format!("{project:?}"),
        format!("{project:#?}"),
        format!("{inputs:#?}"),
        format!("{} {:?}", project.database, project.redactor()),
        format!("{:?}", project.variables),
        json,
    ] {
        assert!(!shown.contains(SENTINEL), "{shown}");
    }
    // The test would prove nothing if the secrets had not arrived.
    assert_eq!(variable(&project, "PART").value.as_ref().map(|it| it.expose().matches(SENTINEL).count()), Some(2));
    assert!(format!("{project:?}").contains("app:***@db"));
}

#[test]
fn a_misspelt_database_url_makes_no_file() {
    let dir = project("");
    for url in ["postgress://app@db/harbour", "postgress:harbour.db", "harbour.db", "sqlite:", "sqlite:a.db?mode=rwc"] {
        let inputs = Inputs { set: pairs(&[("DATABASE_URL", url)]), ..inputs(&dir) };
        assert_eq!(refused(&inputs).code().as_str(), "env::invalid", "{url}");
    }
    let mut names: Vec<_> =
        std::fs::read_dir(dir.path()).expect("lists").map(|entry| entry.expect("reads").file_name()).collect();
    names.sort();
    assert_eq!(names, ["environments", "plimsoll.toml"]);
}

#[test]
fn loading_and_looking_make_no_database() {
    let dir = project("");
    let project = loaded(&inputs(&dir));
    connect(&project.database, Access::Read).expect("an empty database is seen");
    assert!(!dir.path().join("data").exists());
    connect(&project.database, Access::Write).expect("opens");
    assert!(dir.path().join("data/harbour.db").is_file());
}
