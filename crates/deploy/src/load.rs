//! Everything a deployment is planned from: the files once, the target each time it is looked at. The only IO before the apply.

use std::collections::BTreeSet;

use plimsoll_core::db::{Access, Catalog, Db, connect};
use plimsoll_core::ledger;
use plimsoll_core::project::{Project, RevisionSource};
use plimsoll_migrate::{History, MigrationSet, PlanOptions, check_prisma_provider};
use plimsoll_seed::{Expectation, SeedOptions, Seeds};
use plimsoll_smoke::{Effect, Selection, SmokePlan};

use crate::error::{Cause, DeployError};
use crate::plan::{DeployPlan, PlanInput, plan};
use crate::prove::SmokeOptions;
use crate::release::{self, Observed, Release, ReleaseError};

/// The files of a project, read and checked.
#[derive(Debug)]
pub struct Loaded {
    pub(crate) migrations: Option<MigrationSet>,
    pub(crate) seeds: Option<Seeds>,
    pub(crate) expectations: Vec<Expectation>,
    pub(crate) checks: Option<SmokePlan>,
    pub(crate) smoke: SmokeOptions,
    pub(crate) revision_source: Option<RevisionSource>,
    pub(crate) releases: Vec<Release>,
}

impl Loaded {
    /// The migrations, where the project declares any.
    #[must_use]
    pub fn migrations(&self) -> Option<&MigrationSet> {
        self.migrations.as_ref()
    }

    /// The names of the checks that change something, in order.
    #[must_use]
    pub fn changing_checks(&self) -> Vec<String> {
        let planned = self.checks.iter().flat_map(|plan| &plan.checks);
        let changing = planned.filter(|planned| planned.check.effect == Effect::Mutate);
        changing.map(|planned| planned.check.name.clone()).collect()
    }
}

/// Reads everything the project names: migrations, datasets and their documents, checks, artifacts. No database.
///
/// `commit` names the state of the sources, such as `4f2b2ad1c0de` or `4f2b2ad1c0de-dirty`.
///
/// # Errors
/// The first room with problems, with all of its problems.
pub fn load(project: &Project, commit: &str, smoke: &SmokeOptions) -> Result<Loaded, DeployError> {
    Ok(Loaded {
        migrations: load_migrations(project)?,
        seeds: load_seeds(project)?,
        expectations: expectations(project),
        checks: load_checks(project, smoke)?,
        smoke: smoke.clone(),
        revision_source: project.smoke.as_ref().and_then(|smoke| smoke.revision.clone()),
        releases: load_releases(project, commit)?,
    })
}

/// Reads the migrations and checks that they are for the project's engine. `None` when the project declares none.
///
/// # Errors
/// Whatever is wrong with the folder or its files.
pub fn load_migrations(project: &Project) -> Result<Option<MigrationSet>, DeployError> {
    let Some(migrations) = &project.migrations else { return Ok(None) };
    let set = MigrationSet::load(&migrations.path)?;
    check_prisma_provider(&set, project.engine()).map_err(plimsoll_migrate::MigrateError::from)?;
    Ok(Some(set))
}

/// Reads the datasets and their documents. `None` when the project declares none.
///
/// # Errors
/// Everything that is wrong with them.
pub fn load_seeds(project: &Project) -> Result<Option<Seeds>, DeployError> {
    let Some(options) = SeedOptions::of(project) else { return Ok(None) };
    Ok(Some(plimsoll_seed::load(&options)?))
}

/// Reads the smoke checks and selects among them. `None` when the project declares none. Those that change something
/// are skipped in a protected environment, unless that is allowed.
///
/// # Errors
/// Everything that is wrong with them.
pub fn load_checks(project: &Project, smoke: &SmokeOptions) -> Result<Option<SmokePlan>, DeployError> {
    let Some(declared) = &project.smoke else { return Ok(None) };
    let checks = plimsoll_smoke::load(&declared.path, &project.root)?;
    let names: BTreeSet<String> = names(project).into_keys().collect();
    let selection = Selection {
        tags: smoke.tags.clone(),
        filter: smoke.filter.clone(),
        names,
        read_only: project.protected && !smoke.allow_mutate,
    };
    Ok(Some(plimsoll_smoke::plan(&checks, &selection)?))
}

/// Renders the releases and works out their revisions.
///
/// # Errors
/// A template that does not render, or an artifact that is not there.
pub fn load_releases(project: &Project, commit: &str) -> Result<Vec<Release>, DeployError> {
    Ok(project.releases.iter().map(|spec| release::resolve(spec, project, commit)).collect::<Result<_, _>>()?)
}

/// Renders the releases without looking at their artifacts: enough to look after what serves.
///
/// # Errors
/// A template that does not render.
pub fn declared_releases(project: &Project) -> Result<Vec<Release>, DeployError> {
    Ok(project.releases.iter().map(|spec| release::declared(spec, project)).collect::<Result<_, _>>()?)
}

/// What must be true of the data after seeding.
#[must_use]
pub fn expectations(project: &Project) -> Vec<Expectation> {
    project.expect.iter().map(Expectation::from).collect()
}

/// Looks at the target and plans. Writes nothing, and creates no file.
///
/// # Errors
/// When the target cannot be reached, belongs to another environment, or the plan has problems.
pub fn observe_and_plan(project: &Project, loaded: &Loaded) -> Result<DeployPlan, DeployError> {
    let mut db = connect(&project.database, Access::Read)?;
    plan_on(db.as_mut(), project, loaded)
}

/// As [`observe_and_plan`], on a connection that is there already.
///
/// # Errors
/// As [`observe_and_plan`].
pub fn plan_on(db: &mut dyn Db, project: &Project, loaded: &Loaded) -> Result<DeployPlan, DeployError> {
    check_environment(db, project)?;
    let serving = if ledger::exists(db)? { ledger::serving(db, &project.environment)? } else { Vec::new() };
    let migrations = match (&loaded.migrations, &project.migrations) {
        (Some(set), Some(settings)) => {
            let history = History::observe(db, set)?;
            let options = PlanOptions { allow_out_of_order: settings.allow_out_of_order };
            Some(plimsoll_migrate::plan(set, &history, &options)?)
        }
        _ => None,
    };
    let seed = match &loaded.seeds {
        Some(seeds) => {
            let catalog = Catalog::read(db)?;
            let observation = plimsoll_seed::observe(db, seeds, &catalog)?;
            // What the schema lacks may come with the pending migrations, and with nothing else.
            Some(if migrations.as_ref().is_none_or(|migrations| migrations.steps.is_empty()) {
                let plan = plimsoll_seed::plan(seeds, &observation)?;
                plan.require_schema()?;
                plan
            } else {
                plimsoll_seed::plan_before_migrations(seeds, &observation)?
            })
        }
        None => None,
    };
    let mut releases: Vec<(Release, Observed)> = Vec::new();
    for each in &loaded.releases {
        let observed = release::observe(each)?;
        if observed.port_taken {
            return Err(ReleaseError::PortInUse { release: each.name.clone(), port: each.port }.into());
        }
        releases.push((each.clone(), observed));
    }
    let names = |plan: &SmokePlan| plan.checks.iter().map(|planned| planned.check.name.clone()).collect();
    let checks = loaded.checks.as_ref().map(names).unwrap_or_default();
    Ok(plan(PlanInput { project, migrations, seed, releases: &releases, serving: &serving, checks }))
}

/// Makes sure that the database is this environment's, or nobody's yet.
///
/// # Errors
/// [`Cause::OtherEnvironment`] when it carries the stamp of another one.
pub fn check_environment(db: &mut dyn Db, project: &Project) -> Result<(), DeployError> {
    match ledger::meta(db, "environment")? {
        Some(stamped) if stamped != project.environment => {
            Err(Cause::OtherEnvironment { stamped, environment: project.environment.clone() }.into())
        }
        _ => Ok(()),
    }
}

/// The names that the templates of checks may use.
pub(crate) fn names(project: &Project) -> std::collections::BTreeMap<String, minijinja::Value> {
    let Ok(keys) = project.names.try_iter() else { return std::collections::BTreeMap::new() };
    keys.filter_map(|key| Some((key.to_string(), project.names.get_item(&key).ok()?))).collect()
}
