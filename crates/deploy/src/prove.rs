//! Proof: expected counts and smoke checks against the revision that was released. What follows from a failure is the pipeline's.

use std::time::Duration;

use plimsoll_core::db::Db;
use plimsoll_core::project::{Project, RevisionSource};
use plimsoll_core::{Coded, Exit};
use plimsoll_smoke::{Options, Revision, SmokeError, SmokePlan, SmokeReport};

use crate::error::{Cause, DeployError};
use crate::load::{Loaded, names};
use crate::release::{self, Release};

pub use plimsoll_smoke::Target;

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
/// When no request can be made at all; what the checks found is in the report.
pub fn smoke(
    project: &Project,
    checks: &SmokePlan,
    target: &Target,
    on_event: &mut dyn FnMut(&plimsoll_smoke::Event),
) -> Result<SmokeReport, SmokeError> {
    let options = Options {
        names: names(project),
        redactor: project.redactor(),
        patience: PATIENCE,
        root: Some(project.root.clone()),
        database: Some(project.database.clone()),
        search_path: project.inherited.get("PATH").cloned(),
        ..Options::default()
    };
    plimsoll_smoke::run(checks, target, &options, on_event)
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
