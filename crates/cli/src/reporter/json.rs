//! For programs: events, plans, reports and errors as JSON values. Their names are a promise, so they are spelt out here.

use plimsoll_core::Coded;
use plimsoll_deploy::{DeployEvent, DeployPlan, DeployReport};
use plimsoll_migrate::MigrateEvent;
use plimsoll_seed::SeedEvent;
use serde::Serialize;
use serde_json::{Value, json};

use crate::catalogue::advice;
use crate::error::CliError;

/// An event as one JSON object.
pub(crate) fn event(event: &DeployEvent<'_>) -> Value {
    match event {
        DeployEvent::Replanned { moved } => json!({ "event": "replanned", "moved": moved }),
        DeployEvent::Locked => json!({ "event": "locked" }),
        DeployEvent::Recovered(found) => json!({ "event": "recovered", "interrupted": found }),
        DeployEvent::Started { deployment } => json!({ "event": "started", "deployment": deployment }),
        DeployEvent::StepStarted { step } => json!({ "event": "step_started", "step": step }),
        DeployEvent::StepDone { step, detail } => json!({ "event": "step_done", "step": step, "detail": detail }),
        DeployEvent::StepFailed { step } => json!({ "event": "step_failed", "step": step }),
        DeployEvent::Undone { what } => json!({ "event": "undone", "what": what }),
        DeployEvent::Migrate(event) => migrate(event),
        DeployEvent::Seed(event) => seed(event),
        DeployEvent::Smoke(event) => json!({ "event": "smoke", "smoke": event }),
    }
}

/// A plan as one JSON object, with what its migrations threaten beside it: that is no part of what is saved and compared.
pub(crate) fn plan(plan: &DeployPlan, hazards: &impl Serialize) -> Value {
    let (digest, empty, skipped) = (plan.digest(), plan.is_empty(), &plan.skipped_checks);
    json!({ "event": "plan", "digest": digest, "empty": empty, "plan": plan, "hazards": hazards, "skipped_checks": skipped })
}

/// A report as one JSON object.
pub(crate) fn report(report: &DeployReport) -> Value {
    json!({ "event": "report", "report": report })
}

/// An error as one JSON object.
pub(crate) fn error(error: &CliError, program: &str, environment: Option<&str>) -> Value {
    let one = |error: &dyn Coded| {
        let mut causes = Vec::new();
        let mut cause = error.source();
        while let Some(next) = cause {
            causes.push(next.to_string());
            cause = next.source();
        }
        json!({
            "code": error.code().as_str(),
            "message": error.to_string(),
            "causes": causes,
            "at": error.location(),
            "remedy": advice(error.code()).remedy_for(program, environment),
        })
    };
    let parts: Vec<Value> = error.parts().into_iter().map(one).collect();
    json!({ "event": "error", "exit": error.exit().code(), "error": one(error), "parts": parts, "report": error.report() })
}

fn migrate(event: &MigrateEvent) -> Value {
    match event {
        MigrateEvent::Started { version, name, number, of, statements, transactional } => json!({
            "event": "migration_started", "version": version, "name": name, "number": number, "of": of,
            "statements": statements, "transactional": transactional,
        }),
        MigrateEvent::Resumed { version, done, total } => {
            json!({ "event": "migration_resumed", "version": version, "done": done, "total": total })
        }
        MigrateEvent::StatementDone { version, number, total } => {
            json!({ "event": "statement_done", "version": version, "number": number, "total": total })
        }
        MigrateEvent::AlreadyLanded { version, number, evidence } => {
            json!({ "event": "statement_found_applied", "version": version, "number": number, "evidence": evidence })
        }
        MigrateEvent::InvalidIndexDropped { version, index } => {
            json!({ "event": "invalid_index_dropped", "version": version, "index": index })
        }
        MigrateEvent::Retrying { version, number, attempt, of, wait, message } => json!({
            "event": "statement_retried", "version": version, "number": number, "attempt": attempt, "of": of,
            "wait_ms": wait.as_millis() as u64, "message": message,
        }),
        MigrateEvent::StillRunning { version, number } => {
            json!({ "event": "statement_still_running", "version": version, "number": number })
        }
        MigrateEvent::Finished { version, duration } => {
            json!({ "event": "migration_done", "version": version, "duration_ms": duration.as_millis() as u64 })
        }
        MigrateEvent::Reverting { version, name, number, of, statements, transactional } => json!({
            "event": "migration_reverting", "version": version, "name": name, "number": number, "of": of,
            "statements": statements, "transactional": transactional,
        }),
        MigrateEvent::Reverted { version, duration } => {
            json!({ "event": "migration_reverted", "version": version, "duration_ms": duration.as_millis() as u64 })
        }
        MigrateEvent::Failed { version, number, message } => {
            json!({ "event": "migration_failed", "version": version, "statement": number, "message": message })
        }
    }
}

fn seed(event: &SeedEvent) -> Value {
    match event {
        SeedEvent::Started { create, update } => json!({ "event": "seed_started", "create": create, "update": update }),
        SeedEvent::TableStarted { table, rows } => json!({ "event": "table_started", "table": table, "rows": rows }),
        SeedEvent::Progress { table, done } => json!({ "event": "table_progress", "table": table, "done": done }),
        SeedEvent::TableDone { table, created, updated } => {
            json!({ "event": "table_seeded", "table": table, "created": created, "updated": updated })
        }
        SeedEvent::ReadBack { rows } => json!({ "event": "seed_read_back", "rows": rows }),
        SeedEvent::Expected(verified) => json!({ "event": "expected", "expectation": verified }),
        SeedEvent::Committed => json!({ "event": "seed_committed" }),
        SeedEvent::NothingToDo => json!({ "event": "seed_nothing_to_do" }),
    }
}
