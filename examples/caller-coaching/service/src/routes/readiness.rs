//! `GET /api/system/readiness`: every requirement with what was found, and counts. Judging them is `plimsoll-core`'s.

use axum::extract::State;
use plimsoll_core::db::{Db, DbError, Engine, Stmt, quoted, scalar};
use plimsoll_core::readiness::{Check, Requirement, check, unmeasured};
use plimsoll_migrate::check_schema;
use serde_json::{Map, Value, json};

use crate::REQUIRED_VERSION;
use crate::answer::Answer;
use crate::config::Config;
use crate::state::App;

/// Curriculum progress, learner profile and content trust.
const CONTRACTS: i64 = 3;

pub(crate) async fn readiness(State(app): State<App>) -> Answer {
    let config = app.config.clone();
    let measured = app.ask(move |db| measure(db, &config)).await;
    let (checks, counts) = match measured {
        Ok((checks, counts)) => (checks, Value::Object(counts)),
        Err(reason) => (none_met(&app, &reason.to_string()), Value::Null),
    };
    let ok = checks.iter().all(|check| check.ok);
    Answer::ready(ok, json!({ "checks": checks, "counts": counts }))
}

/// What must be in the database, in the order in which it is seeded.
fn requirements(config: &Config, engine: Engine) -> Vec<Requirement> {
    let spec = |name: &str, slugs: &[&str]| {
        let remedy = format!("seed the specs, {} among them", slugs.join(" or "));
        Requirement::new(name, count_specs(slugs)).remedy(remedy)
    };
    vec![
        spec("onboarding spec", &[&config.onboarding_spec]),
        spec("pipeline spec", &[&config.pipeline_spec, &config.pipeline_fallback_spec]),
        spec("compose spec", &[&config.compose_spec]),
        Requirement::new("contracts", count_contracts(engine)).at_least(CONTRACTS).remedy("seed the contracts"),
        Requirement::new("domains", Stmt::new("SELECT count(*) FROM domain WHERE is_default"))
            .exactly(1)
            .remedy("seed the domains, one of them the default"),
        Requirement::new("parameters", Stmt::new("SELECT count(*) FROM parameter")).remedy("seed the specs"),
    ]
}

fn measure(db: &mut dyn Db, config: &Config) -> Result<(Vec<Check>, Map<String, Value>), DbError> {
    scalar(db, &Stmt::new("SELECT 1"))?;
    let engine = db.engine();
    let mut checks = vec![said("database", true, format!("connected to {engine}"))];
    checks.push(match check_schema(db, REQUIRED_VERSION) {
        Ok(schema) => said("schema", true, format!("{} migrations, the newest {}", schema.applied, schema.newest)),
        Err(error) => said("schema", false, error.to_string()),
    });
    checks.extend(check(db, &requirements(config, engine)).checks);
    Ok((checks, counts(db)))
}

/// What is known when the database did not answer: nothing, for one reason.
fn none_met(app: &App, reason: &str) -> Vec<Check> {
    let unasked = "not asked, the database does not answer";
    let mut checks = vec![said("database", false, reason.to_owned()), said("schema", false, unasked.to_owned())];
    checks.extend(unmeasured(&requirements(&app.config, app.engine), unasked).checks);
    checks
}

/// Rows per table; a table that is missing has no count.
fn counts(db: &mut dyn Db) -> Map<String, Value> {
    let contracts = count_contracts(db.engine());
    let mut queries: Vec<(&str, Stmt)> = ["analysis_spec", "parameter", "prompt_slug", "domain"]
        .map(|table| (table, Stmt::new(format!("SELECT count(*) FROM {table}"))))
        .into();
    queries.push(("contracts", contracts));
    queries
        .into_iter()
        .map(|(name, query)| (name.to_owned(), scalar(db, &query).ok().and_then(|count| count.as_int()).into()))
        .collect()
}

fn count_specs(slugs: &[&str]) -> Stmt {
    let mut stmt = Stmt::new("SELECT count(*) FROM analysis_spec WHERE ");
    for (index, slug) in slugs.iter().enumerate() {
        stmt.push(if index == 0 { "slug = " } else { " OR slug = " });
        stmt.push_bind(*slug);
        stmt.push(" OR source_id = ");
        stmt.push_bind(*slug);
    }
    stmt
}

fn count_contracts(engine: Engine) -> Stmt {
    let key = quoted(engine, "key");
    Stmt::new(format!("SELECT count(*) FROM system_setting WHERE {key} LIKE 'contract:%'"))
}

fn said(name: &str, ok: bool, detail: String) -> Check {
    Check { name: name.to_owned(), ok, count: None, detail }
}
