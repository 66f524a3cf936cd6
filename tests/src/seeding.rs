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

/// Reads a project's datasets.
///
/// # Errors
/// Everything that is wrong with them.
pub fn read(project: &Project) -> Result<Seeds, SeedError> {
    let seed = project.seed.as_ref().expect("the project has datasets");
    load(&SeedOptions {
        root: project.root.clone(),
        path: seed.path.clone(),
        with: seed.with.clone(),
        user_data: seed.user_data.clone(),
        profile: seed.profile.clone(),
        top_up: seed.top_up,
        names: project.names.clone(),
    })
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
    let options = ApplyOptions { expectations: expectations(project), ..ApplyOptions::default() };
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
