//! Proof: expected counts and smoke checks against the revision that was released. What follows from a failure is the pipeline's.

use std::time::Duration;

use plimsoll_core::db::Db;
use plimsoll_core::project::{Project, RevisionSource};
use plimsoll_core::template::sha256_hex;
use plimsoll_core::{Coded, Exit};
use plimsoll_smoke::{Filter, Options, Revision, SmokeError, SmokePlan, SmokeReport};

use crate::error::{Cause, DeployError};
use crate::load::{Loaded, names};
use crate::release::{self, Release};

pub use plimsoll_smoke::Target;

/// Which smoke checks run, and how: the same for a deployment and for `smoke run`.
#[derive(Debug, Clone)]
pub struct SmokeOptions {
    /// Checks with any of these tags; all when empty.
    pub tags: Vec<String>,
    /// Of these, those that an expression selects.
    pub filter: Option<Filter>,
    /// Runs checks that change something in a protected environment too.
    pub allow_mutate: bool,
    /// How many checks run beside each other, where their order is free.
    pub jobs: usize,
    /// Begins no other check after the first failure.
    pub fail_fast: bool,
    /// The longest time for all checks together.
    pub deadline: Option<Duration>,
    /// An address in place of the environment's own. What is left behind there is remembered apart.
    pub base_url: Option<String>,
}

impl Default for SmokeOptions {
    fn default() -> Self {
        Self {
            tags: Vec::new(),
            filter: None,
            allow_mutate: false,
            jobs: 4,
            fail_fast: false,
            deadline: None,
            base_url: None,
        }
    }
}

/// How long a check waits for a service that is still warming up.
const PATIENCE: Duration = Duration::from_secs(5);

/// Checks what must be true of the data.
pub(crate) fn expectations(db: &mut dyn Db, loaded: &Loaded) -> Result<(), Cause> {
    if !loaded.expectations.is_empty() {
        plimsoll_seed::verify(db, loaded.seeds.as_ref(), &loaded.expectations)?;
    }
    Ok(())
}

/// Runs smoke checks with the project's variables as names, and its secrets masked in everything that is reported.
///
/// # Errors
/// When no request can be made at all, or what has to be taken back cannot be written down; what the checks found is in the report.
pub fn smoke(
    project: &Project,
    checks: &SmokePlan,
    target: &Target,
    smoke: &SmokeOptions,
    on_event: &mut dyn FnMut(&plimsoll_smoke::Event),
) -> Result<SmokeReport, SmokeError> {
    let options = Options {
        names: names(project),
        redactor: project.redactor(),
        patience: PATIENCE,
        root: Some(project.root.clone()),
        deadline: smoke.deadline,
        jobs: smoke.jobs,
        stop_at_first: smoke.fail_fast,
        journal: Some(project.state_dir().join(journal(smoke.base_url.as_deref()))),
        database: Some(project.database.clone()),
        search_path: project.inherited.get("PATH").cloned(),
        ..Options::default()
    };
    plimsoll_smoke::run(checks, target, &options, on_event)
}

/// One journal for each system: the environment's own, wherever it is served at the moment, and each given address.
fn journal(base_url: Option<&str>) -> String {
    let given = base_url.map(|url| format!("-{:.12}", sha256_hex(url.as_bytes()))).unwrap_or_default();
    format!("smoke-journal{given}.jsonl")
}

/// What smoke checks are run against: the given address, what the first release says serves now, or the environment's
/// `base_url` where nothing is released by Plimsoll.
///
/// # Errors
/// [`Cause::NothingReleased`] when there is none of them.
pub fn target(project: &Project, releases: &[Release], base_url: Option<&str>) -> Result<Target, DeployError> {
    let at = |base_url: &str| Target { base_url: base_url.to_owned(), revision: None };
    let serving = releases.first().and_then(|release| Some((release, release::serving(release)?)));
    match (base_url, serving, &project.base_url) {
        (Some(given), _, _) => Ok(at(given)),
        (None, Some((release, revision)), _) => {
            let source = project.smoke.as_ref().and_then(|smoke| smoke.revision.as_ref());
            Ok(Target { base_url: release.address(), revision: Some(expected(source, &revision)) })
        }
        (None, None, Some(declared)) if releases.is_empty() => Ok(at(declared)),
        (None, None, _) => Err(Cause::NothingReleased { environment: project.environment.clone() }.into()),
    }
}

/// The revision that must answer. Without a declared source the header `x-revision` is looked at.
pub(crate) fn expected(source: Option<&RevisionSource>, revision: &str) -> Revision {
    let header = || RevisionSource::Header("x-revision".to_owned());
    Revision { expected: revision.to_owned(), source: source.cloned().unwrap_or_else(header) }
}

/// Whether a failure left something that undoing releases does not cure.
pub(crate) fn needs_person(cause: &Cause) -> bool {
    cause.code().exit() == Exit::NeedsPerson
}
