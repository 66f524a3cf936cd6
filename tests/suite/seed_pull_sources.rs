//! Pulling where rows are records of files of their own, or documents of other formats, and where columns hold states. What
//! goes into datasets and JSON documents is `seed_pull`'s.

use std::fs;

use std::time::Duration;

use plimsoll_core::db::Catalog;
use plimsoll_core::lock::{Holder, acquire};
use plimsoll_seed::{
    PullOptions, PullPlan, RunKind, RunOptions, SeedOptions, UndoOptions, plan_pull, plan_undo, pull, runs,
};
use plimsoll_tests::seeding::{domain_table, plan, seed, with_contracts};
use plimsoll_tests::{TestDatabase, TestProject, live_tests};

/// The plan, and whether it was carried out in all files and leaves nothing to be written.
#[track_caller]
fn pulled(db: &mut TestDatabase, project: &TestProject) -> PullPlan {
    let options = SeedOptions::of(&project.load(db)).expect("the project has datasets");
    let pulling = plan_pull(db.db(), &options, &PullOptions::default()).expect("can be planned");
    pull(db.db(), project.path(), &pulling, &RunOptions::default()).expect("is written");
    assert!(plan(db, project).expect("a plan").is_empty(), "{pulling}");
    pulling
}

fn text(project: &TestProject, file: &str) -> String {
    fs::read_to_string(project.path().join(file)).expect("is readable")
}

/// Why each column was left alone.
fn reasons(plan: &PullPlan) -> Vec<&str> {
    plan.refused.iter().map(|refused| refused.reason.as_str()).collect()
}

const RECORDS: &str = "[[table]]\nname = \"domain\"\nkey = [\"slug\"]\nfile = \"FILE\"\n";

fn edited(db: &mut TestDatabase, dataset: &str, file: &str, content: &str) -> TestProject {
    domain_table(db);
    let project = TestProject::new().file("seeds/domains.toml", dataset).file(file, content);
    seed(db, &project).expect("seeds");
    db.run("UPDATE domain SET name = 'Teacher' WHERE slug = 'tutor'");
    project
}

live_tests! {
    fn records_of_json_files_are_pulled_whether_they_are_all_of_the_file_or_a_list_in_it(db: &mut TestDatabase) {
        let list = "[\n  {\"slug\": \"sales\", \"name\": \"Sales\"},\n  {\"slug\": \"tutor\",   \"name\": \"Tutor\"}\n]\n";
        let project = edited(db, &RECORDS.replace("FILE", "data/domains.json"), "data/domains.json", list);
        assert!(pulled(db, &project).is_complete());
        assert_eq!(text(&project, "data/domains.json"), list.replace("Tutor", "Teacher"));
        let object = format!("{{\"domains\": {}}}", text(&project, "data/domains.json"));
        project.write("data/domains.json", &object);
        db.run("UPDATE domain SET name = 'Selling' WHERE slug = 'sales'");
        assert!(pulled(db, &project).is_complete());
        assert_eq!(text(&project, "data/domains.json"), object.replace("Sales", "Selling"));
    }

    fn expressions_over_records_are_followed_into_them(db: &mut TestDatabase) {
        let dataset = RECORDS.replace("FILE", "data/*.json") + "[table.columns]\nslug = \"row.id\"\nname = \"row.title.en\"\n";
        let record = "[{\"id\": \"tutor\", \"title\": {\"en\": \"Tutor\"}}]";
        let project = edited(db, &dataset, "data/one.json", record);
        assert!(pulled(db, &project).is_complete());
        assert_eq!(text(&project, "data/one.json"), record.replace("Tutor", "Teacher"));
    }

    fn records_and_documents_of_toml_files_are_pulled(db: &mut TestDatabase) {
        let records = "# ours\n[[domains]]\nslug = \"tutor\" # first\nname = 'Tutor'\n";
        let project = edited(db, &RECORDS.replace("FILE", "data/domains.toml"), "data/domains.toml", records);
        assert!(pulled(db, &project).is_complete());
        assert_eq!(text(&project, "data/domains.toml"), records.replace("Tutor", "Teacher"));
        let documents = "[documents]\nfiles = \"docs/*.toml\"\n[[table]]\nname = \"domain\"\nkey = [\"slug\"]\n\
            [table.columns]\nslug = \"doc.slug\"\nname = \"doc.name\"\n";
        project.write("seeds/domains.toml", documents);
        project.write("docs/tutor.toml", "slug = \"tutor\"\nname = \"Teacher\"\n");
        seed(db, &project).expect("seeds");
        db.run("UPDATE domain SET name = 'Coach'");
        assert!(pulled(db, &project).is_complete());
        assert_eq!(text(&project, "docs/tutor.toml"), "slug = \"tutor\"\nname = \"Coach\"\n");
    }

    fn files_of_other_formats_are_left_alone_and_it_is_said(db: &mut TestDatabase) {
        let csv = "slug,name\ntutor,Tutor\n";
        let project = edited(db, &RECORDS.replace("FILE", "data/domains.csv"), "data/domains.csv", csv);
        assert_eq!(reasons(&pulled(db, &project)), ["files of format `csv` are not written"]);
        assert_eq!(text(&project, "data/domains.csv"), csv);
        project.write("seeds/domains.toml", &RECORDS.replace("FILE", "data/domains.yaml"));
        project.write("data/domains.yaml", "- slug: tutor\n  name: Tutor\n");
        assert_eq!(reasons(&pulled(db, &project)), ["files of format `yaml` are not written"]);
    }

    fn states_of_a_life_cycle_are_not_pulled(db: &mut TestDatabase) {
        let project = with_contracts(db);
        let before = text(&project, "seeds/contracts.toml");
        db.run("UPDATE contract SET status = 'APPROVED', body = 'stay quiet' WHERE slug = 'plank'");
        let pulling = pulled(db, &project);
        assert_eq!(reasons(&pulling), ["it is a state of a life cycle, see `plimsoll audit`"]);
        assert_eq!(text(&project, "seeds/contracts.toml"), before.replace("stay still", "stay quiet"));
    }

    fn a_file_that_a_streamed_table_reads_as_well_is_left_alone(db: &mut TestDatabase) {
        db.run("CREATE TABLE domain_word (slug VARCHAR(40) PRIMARY KEY, name VARCHAR(40))");
        let dataset = "[documents]\nfiles = \"data/one.json\"\n\n[[table]]\nname = \"domain\"\nkey = [\"slug\"]\ncolumns = { slug = \"doc.slug\", name = \"doc.name\" }\n\n\
                       [[table]]\nname = \"domain_word\"\nkey = [\"slug\"]\nfile = \"data/one.json\"\nformat = \"jsonl\"\nbulk = true\n";
        let record = "{\"slug\": \"tutor\", \"name\": \"Tutor\"}\n";
        let project = edited(db, dataset, "data/one.json", record);
        let options = SeedOptions::of(&project.load(db)).expect("the project has datasets");
        let pulling = plan_pull(db.db(), &options, &PullOptions::default()).expect("can be planned");
        assert_eq!(reasons(&pulling), ["the rows of `domain_word`, which has `bulk = true`, come from the same file"]);
    }

    fn a_pull_is_a_run_under_the_lock_that_is_not_taken_back(db: &mut TestDatabase) {
        let list = "[{\"slug\": \"tutor\", \"name\": \"Tutor\"}]\n";
        let project = edited(db, &RECORDS.replace("FILE", "data/domains.json"), "data/domains.json", list);
        let options = SeedOptions::of(&project.load(db)).expect("the project has datasets");
        let pulling = plan_pull(db.db(), &options, &PullOptions::default()).expect("can be planned");
        let fence = acquire(db.url(), &Holder::new("ada@quay", "seed pull"), Duration::ZERO).expect("is free").fence();
        drop(acquire(db.url(), &Holder::new("bob@pier", "deploy dev"), Duration::ZERO).expect("is free again"));
        let by = RunOptions { fence: Some(fence), ..RunOptions::default() };
        pull(db.db(), project.path(), &pulling, &by).expect_err("the lock is not held any more");
        assert_eq!(text(&project, "data/domains.json"), list);
        assert!(pulled(db, &project).is_complete());
        let last = runs(db.db(), 1).expect("are listed").remove(0);
        assert_eq!((last.number, last.kind), (2, RunKind::Pull));
        let catalog = Catalog::read(db.db()).expect("is readable");
        let options = UndoOptions { run: Some(2), ..UndoOptions::default() };
        let undo = plan_undo(db.db(), &catalog, &options).expect("a plan");
        assert!(undo.blocked[0].reason.starts_with("run 2 wrote files and no rows"), "{undo}");
    }
}
