//! `POST` to the admin paths: contracts and specs, everything, or the domains, from the project's files into the database. With
//! `?dry_run` it says what it would do. How seeding works is `plimsoll-seed`'s, and who may ask for it `admin`'s.

use std::path::Path;

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use plimsoll_core::lock::LockError;
use plimsoll_core::project::{self, Inputs, Project, ProjectError};
use plimsoll_core::{Coded, Exit, Location, Redactor};
use plimsoll_seed::{SeedError, SeedPlan, SeedReport, ServiceError, ServiceOptions};
use serde_json::{Value, json};

use crate::admin::admit;
use crate::answer::Answer;
use crate::config::ProjectPlace;
use crate::state::App;

pub(crate) const SPEC_SYNC: &str = "/x/admin/spec-sync";
pub(crate) const SEED_SYSTEM: &str = "/api/x/seed-system";
pub(crate) const SEED_DOMAINS: &str = "/api/x/seed-domains";

/// Contracts and specs.
pub(crate) async fn spec_sync(state: State<App>, headers: HeaderMap, query: RawQuery) -> Result<Answer, Answer> {
    answer(state, headers, query, "spec sync", &["contracts", "specs"]).await
}

/// All that the environment seeds.
pub(crate) async fn seed_system(state: State<App>, headers: HeaderMap, query: RawQuery) -> Result<Answer, Answer> {
    answer(state, headers, query, "seed system", &[]).await
}

/// The lines of business.
pub(crate) async fn seed_domains(state: State<App>, headers: HeaderMap, query: RawQuery) -> Result<Answer, Answer> {
    answer(state, headers, query, "seed domains", &["domains"]).await
}

async fn answer(
    State(app): State<App>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    purpose: &'static str,
    only: &'static [&'static str],
) -> Result<Answer, Answer> {
    admit(&headers, app.config.superadmin_token.as_ref())?;
    let asked = Asked::parse(query.as_deref().unwrap_or_default())?;
    // Files and database are waited for, which requests of others must not.
    let answered = tokio::task::spawn_blocking(move || seed(&app, &asked, purpose, only)).await;
    answered
        .unwrap_or_else(|_| Err(Answer::failed(StatusCode::INTERNAL_SERVER_ERROR, "seeding ended without an answer")))
}

/// What the query of a request asks for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Asked {
    dry_run: bool,
    /// The digest of the plan that was looked at.
    plan: Option<String>,
}

impl Asked {
    fn parse(query: &str) -> Result<Self, Answer> {
        let mut asked = Self::default();
        for part in query.split('&').filter(|part| !part.is_empty()) {
            match part.split_once('=').unwrap_or((part, "true")) {
                ("dry_run", "true" | "1" | "") => asked.dry_run = true,
                ("dry_run", "false" | "0") => asked.dry_run = false,
                ("plan", digest) if !digest.is_empty() => asked.plan = Some(digest.to_owned()),
                // Seeding by mistake is worse than an error.
                _ => {
                    let reason = "the query is not understood: `dry_run` shows the plan, `plan=DIGEST` insists on one";
                    return Err(Answer::failed(StatusCode::BAD_REQUEST, reason));
                }
            }
        }
        Ok(asked)
    }
}

fn seed(app: &App, asked: &Asked, purpose: &str, only: &[&str]) -> Result<Answer, Answer> {
    let config = &app.config;
    let Some(place) = &config.project else {
        let reason = "the service does not know its project: ENVIRONMENT is not set";
        return Err(Answer::unavailable(reason));
    };
    let root = std::fs::canonicalize(&place.folder).unwrap_or_else(|_| place.folder.clone());
    let own = Redactor::new([Some(&config.database_url), config.superadmin_token.as_ref()].into_iter().flatten());
    let project = open(place, &root).map_err(|error| refused(&error, &root, &own))?;
    let redactor = project.redactor().and(own);
    let refuse = |error: ServiceError| refused_seeding(&error, &root, &redactor);
    let Some(options) = ServiceOptions::of(&project) else {
        return Err(Answer::unavailable("the project declares no datasets"));
    };
    let options = ServiceOptions {
        only: only.iter().map(|dataset| (*dataset).to_owned()).collect(),
        // A part is not answerable for the rows of the others.
        expectations: if only.is_empty() { options.expectations } else { Vec::new() },
        actor: "superadmin".to_owned(),
        purpose: format!("{purpose} {}", place.environment),
        agreed: asked.plan.clone(),
        ..options
    };
    if asked.dry_run {
        let plan = plimsoll_seed::look(&app.url, &options).map_err(refuse)?;
        return Ok(Answer::ok(masked(told(&plan, None), &redactor)));
    }
    // Its own database, whatever the project's files say by now.
    let seeded = plimsoll_seed::seed(&app.url, &options, &mut |_| {}).map_err(refuse)?;
    Ok(Answer::ok(masked(told(&seeded.plan, Some(&seeded.report)), &redactor)))
}

/// The project as its files are now: specs may have come since the service began.
fn open(place: &ProjectPlace, root: &Path) -> Result<Project, ProjectError> {
    project::load(&Inputs {
        current_dir: root.to_owned(),
        root: root.to_owned(),
        environment: place.environment.clone(),
        process: place.variables.iter().map(|(name, value)| (name.clone(), value.expose().to_owned())).collect(),
        ..Inputs::default()
    })
}

/// A plan, and what was done of it.
fn told(plan: &SeedPlan, report: Option<&SeedReport>) -> Value {
    let row_by_row = plan
        .tables
        .iter()
        .map(|table| json!({ "table": table.table, "declared": table.declared, "rows": table.counts() }));
    let streamed = plan.bulk.iter().map(
        |table| json!({ "table": table.table, "declared": table.declared, "rows": table.counts, "streamed": true }),
    );
    let tables: Vec<Value> = row_by_row.chain(streamed).collect();
    json!({
        "dry_run": report.is_none(),
        "plan": plan.digest(),
        "empty": plan.is_empty(),
        "wrote": report.is_some_and(|report| report.wrote),
        "rows": plan.counts(),
        "tables": tables,
        "expectations": report.map(|report| &report.expectations),
        "text": plan.to_string(),
    })
}

fn refused_seeding(error: &ServiceError, root: &Path, redactor: &Redactor) -> Answer {
    let more = match error {
        ServiceError::Lock(LockError::Held { holder }) => Some(("holder", json!(holder))),
        ServiceError::Seed(SeedError::PlanStale { moved }) => Some(("moved", json!(moved))),
        ServiceError::OtherPlan { now, .. } => Some(("plan", json!(now))),
        _ => None,
    };
    refusal(error, more, root, redactor)
}

fn refused(error: &dyn Coded, root: &Path, redactor: &Redactor) -> Answer {
    refusal(error, None, root, redactor)
}

fn refusal(error: &dyn Coded, more: Option<(&str, Value)>, root: &Path, redactor: &Redactor) -> Answer {
    let status = match error.code().exit() {
        Exit::Usage | Exit::RolledBack | Exit::GateRefused | Exit::CheckFailed => StatusCode::UNPROCESSABLE_ENTITY,
        Exit::LockHeld | Exit::PlanStale => StatusCode::CONFLICT,
        Exit::CouldNotMeasure => StatusCode::SERVICE_UNAVAILABLE,
        Exit::Ok
        | Exit::Unexpected
        | Exit::NeedsPerson
        | Exit::ChangesPending
        | Exit::Interrupted
        | Exit::Terminated => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let mut fields = json!({ "error": with_causes(error), "code": error.code().as_str() });
    let problems: Vec<Value> = error.parts().into_iter().map(|part| problem(part, root)).collect();
    match (problems.is_empty(), error.location()) {
        (false, _) => fields["problems"] = problems.into(),
        (true, Some(_)) => fields["problems"] = vec![problem(error, root)].into(),
        (true, None) => {}
    }
    if let Some((name, value)) = more {
        fields[name] = value;
    }
    Answer::refused(status, masked(fields, redactor))
}

/// One problem with its place, as the command line would show it.
fn problem(error: &dyn Coded, root: &Path) -> Value {
    let at = error
        .location()
        .map(|at| Location { file: at.file.strip_prefix(root).unwrap_or(&at.file).to_owned(), ..at.clone() });
    json!({
        "code": error.code().as_str(),
        "message": with_causes(error),
        "at": at.as_ref().map(Location::to_string),
        "file": at.as_ref().map(|at| at.file.display().to_string()),
        "line": at.as_ref().map(|at| at.line),
        "column": at.as_ref().map(|at| at.column),
    })
}

fn with_causes(error: &dyn Coded) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let said = next.to_string();
        if !text.contains(&said) {
            text.push_str(&format!(": {said}"));
        }
        cause = next.source();
    }
    text
}

/// Rows, drivers and files may say what nobody is to read.
fn masked(value: Value, redactor: &Redactor) -> Value {
    match value {
        Value::String(text) => redactor.redact(&text).into_owned().into(),
        Value::Array(values) => values.into_iter().map(|value| masked(value, redactor)).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| (name, masked(value, redactor)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_that_is_not_understood_seeds_nothing() {
        let ok = |query| Asked::parse(query).ok();
        assert_eq!(ok(""), Some(Asked::default()));
        assert_eq!(ok("dry_run"), Some(Asked { dry_run: true, plan: None }));
        assert_eq!(ok("dry_run=1&plan=ab12"), Some(Asked { dry_run: true, plan: Some("ab12".to_owned()) }));
        assert_eq!(ok("dry_run=false"), Some(Asked::default()));
        for wrong in ["dryrun", "dry_run=yes", "dry-run", "plan=", "force"] {
            assert_eq!(ok(wrong), None, "{wrong}");
        }
    }
}
