//! `seed plan -o`, `seed apply --plan`, `seed runs`, `seed undo` and `seed reset` as people see them. What they do to rows is in
//! `seed_prune` and `seed_undo`.

use plimsoll_tests::command::Finished;
use plimsoll_tests::{Deployment, dump};

const BERTHS: &str = "[[table]]\nname = \"berth\"\nkey = [\"slug\"]\nmode = \"sync\"\nrows = [{ slug = \"east\", depth = 4 }, { slug = \"west\", depth = 6 }]\n";

fn shows(run: &Finished, texts: &[&str]) {
    for text in texts {
        assert!(run.stdout.contains(text), "nothing shows `{text}`:\n{}", run.text());
    }
}

fn harbour() -> Deployment {
    let harbour = Deployment::of_harbour();
    harbour.write(
        "migrations/20260501000000_berth.sql",
        "CREATE TABLE berth (id INTEGER PRIMARY KEY, slug TEXT NOT NULL UNIQUE, depth INTEGER NOT NULL);\n",
    );
    harbour.write("seeds/berths.toml", BERTHS);
    harbour.remove("seeds/specs.toml");
    harbour.edit("plimsoll.toml", "at_least = 2", "at_least = 0");
    harbour.run(&["migrate", "up", "dev"]).exits(0);
    harbour
}

fn depths(harbour: &Deployment) -> Vec<String> {
    dump::texts(&harbour.sqlite("dev"), "SELECT slug || ' ' || depth FROM berth ORDER BY slug")
}

#[test]
fn a_saved_plan_is_done_as_it_is_or_refused_with_the_rows_that_moved() {
    let harbour = harbour();
    let first = harbour.root().join("first.json").display().to_string();
    harbour.run(&["seed", "plan", "dev", "--check", "-o", &first]).exits(10);
    harbour.run(&["seed", "apply", "dev", "--plan", &first]).exits(0);
    harbour.run(&["seed", "plan", "dev", "--check"]).exits(0);
    harbour.run(&["seed", "apply", "dev", "--plan", &first]).exits(9).says(&["berth east", "berth west"]);
    harbour.edit("seeds/berths.toml", "depth = 6", "depth = 7");
    harbour.run(&["seed", "plan", "dev", "-o", &first]).exits(0);
    dump::execute(&harbour.sqlite("dev"), "UPDATE berth SET depth = 5 WHERE slug = 'west'");
    harbour.run(&["seed", "apply", "dev", "--plan", &first]).exits(9).says(&["berth west"]);
    assert_eq!(depths(&harbour), ["east 4", "west 5"]);
}

#[test]
fn runs_are_listed_taken_back_and_reset_under_the_lock() {
    let harbour = harbour();
    shows(&harbour.run(&["seed", "runs", "dev"]).exits(0), &["no runs yet"]);
    harbour.run(&["seed", "apply", "dev"]).exits(0);
    harbour.write("seeds/berths.toml", &BERTHS.replace("{ slug = \"east\", depth = 4 }, ", ""));
    shows(&harbour.run(&["seed", "apply", "dev"]).exits(0), &["1 to prune", "- east", "1 pruned"]);
    let dry = harbour.run(&["seed", "undo", "dev", "--dry-run"]).exits(0);
    shows(&dry, &["take back run 2 (apply): 1 to put back", "+ berth east"]);
    assert_eq!(depths(&harbour), ["west 6"]);
    shows(&harbour.run(&["seed", "undo", "dev"]).exits(0), &["run 2 taken back as run 3: 1 rows put back"]);
    assert_eq!(depths(&harbour), ["east 4", "west 6"]);
    let runs = harbour.run(&["seed", "runs", "dev"]).exits(0);
    shows(&runs, &["undo", "apply", "(taken back by run 3)"]);
    let json = harbour.run(&["seed", "runs", "dev", "--format", "json"]).exits(0).one_json();
    assert_eq!((json[0]["number"].as_i64(), json[0]["kind"].as_str()), (Some(3), Some("undo")));
    harbour.run(&["seed", "reset", "dev"]).exits(5).says(&["removing rows from `dev` was not confirmed"]);
    dump::execute(&harbour.sqlite("dev"), "UPDATE berth SET depth = 9 WHERE slug = 'west'");
    shows(
        &harbour.run(&["seed", "reset", "dev", "--yes"]).exits(0),
        &["1 of berth", "! berth west: edited in the database (depth)", "1 rows deleted"],
    );
    assert_eq!(depths(&harbour), ["west 9"]);
    let blocked = harbour.run(&["seed", "undo", "dev", "1", "--dry-run"]).exits(5);
    shows(&blocked, &["`depth` is 9 now, the run left 6", "it is not there any more"]);
}

#[test]
fn a_first_fresh_start_of_a_protected_environment_asks_although_nothing_is_removed() {
    let harbour = harbour();
    harbour.run(&["migrate", "up", "production", "--yes"]).exits(0);
    let refused = harbour.run(&["seed", "apply", "production", "--fresh"]).exits(5);
    refused.says(&["deploy::not_confirmed", "`production` is protected"]);
    let count = |sql: &str| dump::texts(&harbour.sqlite("production"), sql);
    assert_eq!(count("SELECT count(*) || '' FROM berth"), ["0"]);
    harbour.run(&["seed", "apply", "production", "--fresh", "--yes"]).exits(0);
    assert_eq!(count("SELECT count(*) || '' FROM berth"), ["2"]);
}

const STREAMED: &str = "[[table]]\nname = \"boat\"\nkey = [\"id\"]\nbulk = true\nfile = \"data/boats.csv\"\n";

fn with_boats() -> Deployment {
    let harbour = harbour();
    harbour.write(
        "migrations/20260502000000_boat.sql",
        "CREATE TABLE boat (id INTEGER PRIMARY KEY, berth TEXT REFERENCES berth (slug), note TEXT);\n",
    );
    harbour.write("seeds/boats.toml", STREAMED);
    harbour.write("data/boats.csv", "id,berth,note\n1,east,a\n2,west,b\n");
    harbour.run(&["migrate", "up", "dev"]).exits(0);
    harbour.run(&["seed", "apply", "dev"]).exits(0);
    harbour
}

fn boats(harbour: &Deployment) -> Vec<String> {
    dump::texts(&harbour.sqlite("dev"), "SELECT id || '' FROM boat ORDER BY id")
}

#[test]
fn a_reset_says_that_streamed_rows_stay_and_a_fresh_start_removes_them() {
    let harbour = with_boats();
    let dry = harbour.run(&["seed", "reset", "dev", "--dry-run"]).exits(5);
    shows(&dry, &["! boat: 2 rows that stay, they were streamed: `seed apply --fresh` removes them"]);
    let dry = harbour.run(&["seed", "apply", "dev", "--fresh", "--dry-run"]).exits(0);
    shows(&dry, &["- 2 of boat", "- 2 of berth"]);
    dry.says(&["then 2 declared rows and the files of boat are seeded"]);
    assert!(!dry.stdout.contains("stay"), "{}", dry.stdout);
    harbour.run(&["seed", "apply", "dev", "--fresh", "--yes"]).exits(0);
    assert_eq!((boats(&harbour).len(), depths(&harbour).len()), (2, 2));
}

#[test]
fn a_fresh_start_that_could_not_be_ended_is_not_begun() {
    let harbour = with_boats();
    // A row of somebody else refers to what would be removed; that only shows once the streamed rows are gone.
    dump::execute(&harbour.sqlite("dev"), "INSERT INTO boat (id, berth) VALUES (99, 'east')");
    harbour.run(&["seed", "apply", "dev", "--fresh", "--yes"]).exits(5).says(&["seed::prune_blocked", "`boat`"]);
    assert_eq!((boats(&harbour), depths(&harbour).len()), (["1", "2", "99"].map(str::to_owned).to_vec(), 2));
    // That of a table which is not streamed shows before.
    harbour.write(
        "migrations/20260503000000_rope.sql",
        "CREATE TABLE rope (id INTEGER PRIMARY KEY, berth TEXT REFERENCES berth (slug));\n",
    );
    harbour.run(&["migrate", "up", "dev"]).exits(0);
    dump::execute(&harbour.sqlite("dev"), "DELETE FROM boat WHERE id = 99; INSERT INTO rope VALUES (1, 'east')");
    harbour.run(&["seed", "apply", "dev", "--fresh", "--dry-run"]).exits(5).says(&["seed::prune_blocked", "`rope`"]);
    harbour.run(&["seed", "apply", "dev", "--fresh", "--yes"]).exits(5).says(&["seed::prune_blocked", "`rope`"]);
    assert_eq!(boats(&harbour), ["1", "2"]);
}

#[test]
fn a_fresh_start_removes_nothing_for_rows_that_could_not_be_written() {
    let harbour = harbour();
    harbour.run(&["seed", "apply", "dev"]).exits(0);
    harbour.write(
        "migrations/20260502000000_rope.sql",
        "CREATE TABLE rope (id INTEGER PRIMARY KEY, berth_id INTEGER REFERENCES berth (id));\n",
    );
    harbour.run(&["migrate", "up", "dev"]).exits(0);
    let rope = |slug: &str| {
        format!(
            "[[table]]\nname = \"rope\"\nkey = [\"id\"]\ncolumns = {{ id = 1, berth_id = \"ref('berth', slug='{slug}')\" }}\n"
        )
    };
    for (path, text, code) in [
        ("seeds/berths.toml", BERTHS.replace("depth = 6", "depth = \"deep\""), "seed::value"),
        ("seeds/berths.toml", BERTHS.replace("depth", "dept"), "seed::target_missing"),
        // The rows that are there have a depth, and those that take their place would not.
        ("seeds/berths.toml", BERTHS.replace(", depth = 6", ""), "seed::value_missing"),
        ("seeds/ropes.toml", rope("north"), "seed::reference_missing"),
    ] {
        harbour.write(path, &text);
        harbour.run(&["seed", "apply", "dev", "--fresh", "--yes"]).exits(2).says(&[code]);
        assert_eq!(depths(&harbour), ["east 4", "west 6"], "{code}");
        harbour.write("seeds/berths.toml", BERTHS);
    }
    harbour.write("seeds/ropes.toml", &rope("west"));
    // What was edited is in nobody's way: the row stays.
    dump::execute(&harbour.sqlite("dev"), "UPDATE berth SET depth = 9 WHERE slug = 'west'");
    harbour.write(
        "seeds/berths.toml",
        &BERTHS.replace("key", "on_edit = \"fail\"\nkey").replace(", depth = 6", ", depth = 9"),
    );
    harbour.run(&["seed", "apply", "dev", "--fresh", "--yes"]).exits(0);
    assert_eq!(depths(&harbour), ["east 4", "west 9"]);
}

#[test]
fn a_fresh_start_gets_over_columns_and_tables_that_are_gone() {
    let harbour = with_boats();
    dump::execute(&harbour.sqlite("dev"), "ALTER TABLE boat DROP COLUMN note");
    harbour.write("data/boats.csv", "id,berth\n1,east\n2,west\n");
    harbour.run(&["seed", "apply", "dev", "--fresh", "--yes"]).exits(0);
    assert_eq!(boats(&harbour), ["1", "2"]);
    dump::execute(&harbour.sqlite("dev"), "DROP TABLE boat");
    harbour.remove("seeds/boats.toml");
    harbour.run(&["seed", "apply", "dev", "--fresh", "--yes"]).exits(0);
    assert_eq!(depths(&harbour).len(), 2);
}

#[test]
fn streamed_tables_are_counted_and_verified_and_left_out_of_digests_aloud() {
    let harbour = with_boats();
    let verified = harbour.run(&["seed", "verify", "dev"]).exits(0);
    shows(&verified, &["no row of `boat` whose `berth` is no `slug` of `berth`"]);
    let digests = harbour.run(&["seed", "verify", "dev", "--digest"]).exits(0);
    shows(&digests, &["berth (2 rows)"]);
    digests.says(&["boat is left out: its rows are streamed"]);
}
