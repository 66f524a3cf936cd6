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
