//! Seeding a database from inside a service: look first, then do exactly that, with the lock and the ledger that the command line
//! uses. Who may ask for it, and how it is answered, is the service's.

use std::time::Duration;

use plimsoll_core::db::{Access, Catalog, DatabaseUrl, Db, DbError, connect};
use plimsoll_core::ledger;
use plimsoll_core::lock::{self, Holder, LockError};
use plimsoll_core::project::{Expect, ExpectRule, Project};
use plimsoll_core::{Coded, ErrorCode, Location};

use crate::apply::{ApplyOptions, apply};
use crate::error::SeedError;
use crate::event::SeedEvent;
use crate::read::{SeedOptions, Seeds, load_only};
use crate::reconcile::observe::observe;
use crate::reconcile::plan::{SeedPlan, plan};
use crate::report::SeedReport;
use crate::verify::{Expectation, Rule};

/// How [`look`] and [`seed`] go about it.
#[derive(Debug, Clone)]
pub struct ServiceOptions {
    /// Where the datasets are and what they may do.
    pub seeds: SeedOptions,
    /// The datasets that are meant; all of them when none is named.
    pub only: Vec<String>,
    /// What must be true before anything is committed.
    pub expectations: Vec<Expectation>,
    /// Whose database it has to be; not compared when none is given.
    pub environment: Option<String>,
    /// How long to wait while somebody else deploys or seeds. Not at all by default.
    pub lock_wait: Duration,
    /// Who seeds, as those are told who wait, such as `admin@host-7`.
    pub actor: String,
    /// What for, likewise: `seed domains`.
    pub purpose: String,
    /// The digest of a plan that was looked at: anything else is refused.
    pub agreed: Option<String>,
}

/// What [`seed`] did, and the plan that it followed.
#[derive(Debug, Clone)]
pub struct Seeded {
    /// The plan as it was made under the lock.
    pub plan: SeedPlan,
    /// What came of it.
    pub report: SeedReport,
}

/// Why a service could not look or seed. In every case nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The files, the plan or the rows.
    #[error(transparent)]
    Seed(#[from] SeedError),
    /// Somebody else holds the lock, or it cannot be taken.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The database cannot be opened or asked.
    #[error("cannot use the database")]
    Database(#[source] DbError),
    /// The database carries the stamp of another environment.
    #[error("the database belongs to environment `{stamped}`, this is `{environment}`")]
    OtherEnvironment {
        /// Whose it is.
        stamped: String,
        /// Who asks.
        environment: String,
    },
    /// What would be done is not what was agreed to.
    #[error("the plan is {now} now, and {agreed} was agreed to")]
    OtherPlan {
        /// The digest that was looked at.
        agreed: String,
        /// What it is now.
        now: String,
    },
}

impl ServiceOptions {
    /// All datasets, with nothing expected of anything.
    #[must_use]
    pub fn new(seeds: SeedOptions) -> Self {
        Self {
            seeds,
            only: Vec::new(),
            expectations: Vec::new(),
            environment: None,
            lock_wait: Duration::ZERO,
            actor: "a service".to_owned(),
            purpose: "seed".to_owned(),
            agreed: None,
        }
    }

    /// As a project declares it, `None` when it declares no datasets.
    #[must_use]
    pub fn of(project: &Project) -> Option<Self> {
        Some(Self {
            expectations: project.expect.iter().map(Expectation::from).collect(),
            environment: Some(project.environment.clone()),
            ..Self::new(SeedOptions::of(project)?)
        })
    }
}

impl SeedOptions {
    /// As a project declares it, `None` when it declares no datasets.
    #[must_use]
    pub fn of(project: &Project) -> Option<Self> {
        let seed = project.seed.as_ref()?;
        Some(Self {
            root: project.root.clone(),
            path: seed.path.clone(),
            with: seed.with.clone(),
            user_data: seed.user_data.clone(),
            profile: seed.profile.clone(),
            top_up: seed.top_up,
            names: project.names.clone(),
        })
    }
}

impl From<&Expect> for Expectation {
    fn from(expect: &Expect) -> Self {
        Self {
            table: expect.table.clone(),
            filter: expect.filter.clone(),
            at_least: expect.at_least,
            exactly: expect.exactly,
            at_most: expect.at_most,
            rules: expect.rules.iter().map(Rule::from).collect(),
            at: expect.at.clone(),
        }
    }
}

impl From<&ExpectRule> for Rule {
    fn from(rule: &ExpectRule) -> Self {
        match rule.clone() {
            ExpectRule::NotNull(columns) => Self::NotNull(columns),
            ExpectRule::Unique(columns) => Self::Unique(columns),
            ExpectRule::Accepted { column, values } => Self::Accepted { column, values },
            ExpectRule::Relationship { columns, table, references } => {
                Self::Relationship { columns, table, references }
            }
            ExpectRule::Sql(sql) => Self::Sql(sql),
        }
    }
}

/// What seeding would do. Reads the files as they are now, opens the database for reading only and takes no lock.
///
/// # Errors
/// Whatever stands against the files or the plan; a table or column that the schema lacks is among it.
pub fn look(url: &DatabaseUrl, options: &ServiceOptions) -> Result<SeedPlan, ServiceError> {
    let seeds = load_only(&options.seeds, &options.only)?;
    let mut db = connect(url, Access::Read).map_err(ServiceError::Database)?;
    make(db.as_mut(), &seeds, options)
}

/// Does what [`look`] says: nothing where it says nothing, and otherwise all of it or nothing, under the deployment lock.
///
/// # Errors
/// As [`look`]; [`ServiceError::Lock`] with the holder when somebody else deploys or seeds, [`ServiceError::OtherPlan`]
/// when the plan is not the agreed one, and those of [`apply`].
pub fn seed(
    url: &DatabaseUrl,
    options: &ServiceOptions,
    on_event: &mut dyn FnMut(&SeedEvent),
) -> Result<Seeded, ServiceError> {
    let seeds = load_only(&options.seeds, &options.only)?;
    let apply_options = ApplyOptions {
        expectations: options.expectations.clone(),
        actor: options.actor.clone(),
        tool: concat!("plimsoll-seed ", env!("CARGO_PKG_VERSION")).to_owned(),
        ..ApplyOptions::default()
    };
    let mut looking = connect(url, Access::Read).map_err(ServiceError::Database)?;
    let plan = make(looking.as_mut(), &seeds, options)?;
    agree(&plan, options)?;
    if plan.is_empty() {
        let report = apply(looking.as_mut(), &seeds, &plan, &apply_options, on_event)?;
        return Ok(Seeded { plan, report });
    }
    drop(looking);
    let lock = lock::acquire(url, &Holder::new(&options.actor, &options.purpose), options.lock_wait)?;
    let mut db = lock.connect().map_err(ServiceError::Database)?;
    // Under the lock again: somebody else may have been faster.
    let plan = make(db.as_mut(), &seeds, options)?;
    agree(&plan, options)?;
    let apply_options = ApplyOptions { fence: Some(lock.fence()), ..apply_options };
    let report = apply(db.as_mut(), &seeds, &plan, &apply_options, on_event)?;
    Ok(Seeded { plan, report })
}

fn make(db: &mut dyn Db, seeds: &Seeds, options: &ServiceOptions) -> Result<SeedPlan, ServiceError> {
    if let Some(environment) = &options.environment
        && let Some(stamped) = ledger::meta(db, "environment").map_err(ServiceError::Database)?
        && stamped != *environment
    {
        return Err(ServiceError::OtherEnvironment { stamped, environment: environment.clone() });
    }
    let catalog = Catalog::read(db).map_err(ServiceError::Database)?;
    let plan = plan(seeds, &observe(db, seeds, &catalog)?)?;
    // No migration comes with it that could bring what is missing.
    plan.require_schema()?;
    Ok(plan)
}

fn agree(plan: &SeedPlan, options: &ServiceOptions) -> Result<(), ServiceError> {
    match &options.agreed {
        Some(agreed) if *agreed != plan.digest() => {
            Err(ServiceError::OtherPlan { agreed: agreed.clone(), now: plan.digest() })
        }
        _ => Ok(()),
    }
}

impl ServiceError {
    fn coded(&self) -> Option<&dyn Coded> {
        match self {
            Self::Seed(error) => Some(error),
            Self::Lock(error) => Some(error),
            Self::Database(error) => Some(error),
            Self::OtherEnvironment { .. } | Self::OtherPlan { .. } => None,
        }
    }
}

impl Coded for ServiceError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::OtherEnvironment { .. } => ErrorCode::EnvironmentMismatch,
            Self::OtherPlan { .. } => ErrorCode::PlanStale,
            Self::Seed(error) => error.code(),
            Self::Lock(error) => error.code(),
            Self::Database(error) => error.code(),
        }
    }

    fn location(&self) -> Option<&Location> {
        self.coded()?.location()
    }

    fn parts(&self) -> Vec<&dyn Coded> {
        self.coded().map(Coded::parts).unwrap_or_default()
    }
}
