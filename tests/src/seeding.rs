//! Short words for what tests of seeding do again and again. What has to come of it is the tests'.

use plimsoll_core::db::{Catalog, Db, Engine};
use plimsoll_core::project::Project;
use plimsoll_seed::{ApplyOptions, Expectation, SeedError, SeedOptions, SeedPlan, SeedReport, Seeds, load, observe};

use crate::{TestDatabase, TestProject};

/// How a table declares an id that the database counts up by itself.
#[must_use]
pub fn counted_id(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "id INTEGER PRIMARY KEY AUTOINCREMENT",
        Engine::Postgres => "id SERIAL PRIMARY KEY",
        Engine::Mysql => "id INTEGER PRIMARY KEY AUTO_INCREMENT",
    }
}

/// Makes the table `domain` that most of these tests seed.
pub fn domain_table(db: &mut TestDatabase) {
    let id = counted_id(db.engine());
    db.run(&format!(
        "CREATE TABLE domain ({id}, slug VARCHAR(40) NOT NULL UNIQUE, name VARCHAR(80) NOT NULL, note VARCHAR(80), \
         position INTEGER NOT NULL DEFAULT 7)"
    ));
}

/// A dataset of contracts that are created, reviewed, approved and published, and then stay as they are.
pub const CONTRACTS: &str = r#"
[[lifecycle]]
table = "contract"
column = "status"
initial = "CREATED"
transitions = ["CREATED -> REVIEW_SUBMITTED -> APPROVED -> PUBLISHED -> RETIRED", "REVIEW_SUBMITTED -> CREATED"]
immutable = ["PUBLISHED", "RETIRED"]
except = ["retired_at"]

[[table]]
name = "contract"
key = ["slug"]
rows = [
  { slug = "squat", body = "knees out", status = "PUBLISHED" },
  { slug = "plank", body = "stay still", status = "CREATED" },
]
"#;

/// Makes the table `contract` of [`CONTRACTS`].
pub fn contract_table(db: &mut TestDatabase) {
    let id = counted_id(db.engine());
    let json = if db.engine() == Engine::Sqlite { "TEXT" } else { "JSON" };
    db.run(&format!(
        "CREATE TABLE contract ({id}, slug VARCHAR(40) NOT NULL UNIQUE, body VARCHAR(80) NOT NULL, \
         status VARCHAR(40) NOT NULL, weight NUMERIC(8, 2) DEFAULT 1.5, detail {json}, retired_at VARCHAR(40))"
    ));
}

/// A database with the [`CONTRACTS`], and its project.
pub fn with_contracts(db: &mut TestDatabase) -> TestProject {
    contract_table(db);
    let project = TestProject::new().file("seeds/contracts.toml", CONTRACTS);
    seed(db, &project).expect("seeds");
    project
}

/// Reads a project's datasets.
///
/// # Errors
/// Everything that is wrong with them.
pub fn read(project: &Project) -> Result<Seeds, SeedError> {
    load(&SeedOptions::of(project).expect("the project has datasets"))
}

/// A project's expectations.
#[must_use]
pub fn expectations(project: &Project) -> Vec<Expectation> {
    plimsoll_deploy::expectations(project)
}

/// What seeding would do on a connection.
///
/// # Errors
/// The planner's.
pub fn plan_on(db: &mut dyn Db, seeds: &Seeds) -> Result<SeedPlan, SeedError> {
    let catalog = Catalog::read(db).expect("the catalogue is readable");
    plimsoll_seed::plan(seeds, &observe(db, seeds, &catalog)?)
}

/// What seeding a test project would do.
///
/// # Errors
/// Those of loading and planning.
pub fn plan(db: &mut TestDatabase, project: &TestProject) -> Result<SeedPlan, SeedError> {
    let seeds = read(&project.load(db))?;
    plan_on(db.db(), &seeds)
}

/// Seeds a test project.
///
/// # Errors
/// Those of loading, planning and applying.
pub fn seed(db: &mut TestDatabase, project: &TestProject) -> Result<SeedReport, SeedError> {
    let project = project.load(db);
    seed_project(db, &project)
}

/// Seeds any project.
///
/// # Errors
/// Those of loading, planning and applying.
pub fn seed_project(db: &mut TestDatabase, project: &Project) -> Result<SeedReport, SeedError> {
    let seeds = read(project)?;
    let plan = plan_on(db.db(), &seeds)?;
    let options = ApplyOptions {
        actor: "nell@harbour".to_owned(),
        expectations: expectations(project),
        ..ApplyOptions::default()
    };
    plimsoll_seed::apply(db.db(), &seeds, &plan, &options, &mut |_| {})
}

/// The messages of an error's problems, each after its place.
#[must_use]
pub fn problems(error: &SeedError) -> Vec<String> {
    let told = |problem: &plimsoll_seed::Problem| match &problem.at {
        Some(at) => format!("{at}: {problem}"),
        None => problem.to_string(),
    };
    error.problems().iter().map(told).collect()
}
