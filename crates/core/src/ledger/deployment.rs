//! Deployments, their journal of steps, and the revisions that serve. What a step does is the pipeline's.

use serde::Serialize;

use super::{LedgerTable, now, table, values};
use crate::db::{Db, DbError, DynRow, Stmt, Value};

/// How a deployment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeploymentState {
    /// It runs, or ended without being able to say so.
    Running,
    /// Everything was done and proven.
    Succeeded,
    /// It failed, and its releases were undone.
    RolledBack,
    /// It failed and something is left for a person.
    Failed,
    /// It was killed; a later deployment found it so.
    Interrupted,
}

/// One row of the deployment table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deployment {
    /// The number, counted per database from 1.
    pub number: i64,
    /// The environment's name.
    pub environment: String,
    /// The revision that was released.
    pub revision: String,
    /// How it stands.
    pub state: DeploymentState,
    /// When it began, ISO 8601 in UTC.
    pub started_at: String,
    /// When it ended.
    pub finished_at: Option<String>,
    /// Who started it: `user@host`.
    pub actor: String,
    /// What it did, in a line.
    pub summary: Option<String>,
}

/// What is known of a deployment when it begins.
#[derive(Debug, Clone)]
pub struct NewDeployment<'a> {
    /// The environment's name.
    pub environment: &'a str,
    /// The revision to be released.
    pub revision: &'a str,
    /// The digest of the plan that is applied.
    pub plan_digest: &'a str,
    /// Who started it: `user@host`.
    pub actor: &'a str,
    /// The tool and its version.
    pub tool: &'a str,
}

/// How a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// About to be done; if this is the last word, nobody knows how far it came.
    Intent,
    /// Done.
    Done,
    /// Failed.
    Failed,
    /// Done and undone again.
    Undone,
}

/// One row of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The position in the deployment, from 1.
    pub ordinal: i64,
    /// What it is, such as `migrate` or `release api`.
    pub name: String,
    /// How it stands.
    pub state: StepState,
    /// More about it.
    pub detail: Option<String>,
}

/// The revision that serves for a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Serving {
    /// The release's name.
    pub release: String,
    /// The revision.
    pub revision: String,
    /// Where it answers.
    pub address: String,
    /// The deployment that put it there.
    pub deployment: i64,
}

impl DeploymentState {
    fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::RolledBack => "rolled_back",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }

    fn parse(text: &str) -> Self {
        match text {
            "running" => Self::Running,
            "succeeded" => Self::Succeeded,
            "rolled_back" => Self::RolledBack,
            "interrupted" => Self::Interrupted,
            _ => Self::Failed,
        }
    }
}

impl StepState {
    fn as_str(self) -> &'static str {
        match self {
            Self::Intent => "intent",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Undone => "undone",
        }
    }

    fn parse(text: &str) -> Self {
        match text {
            "done" => Self::Done,
            "failed" => Self::Failed,
            "undone" => Self::Undone,
            _ => Self::Intent,
        }
    }
}

/// Begins a deployment and gives its number. The caller holds the deployment lock.
///
/// # Errors
/// Whatever the engine refuses.
pub fn start(db: &mut dyn Db, new: &NewDeployment<'_>) -> Result<i64, DbError> {
    let name = table(db.engine(), LedgerTable::Deployment);
    let number = crate::db::scalar(db, &Stmt::new(format!("SELECT coalesce(max(number), 0) + 1 FROM {name}")))?;
    let number = number.as_int().unwrap_or(1);
    let mut stmt = Stmt::new(format!(
        "INSERT INTO {name} (number, environment, revision, plan_digest, state, started_at, actor, tool) VALUES "
    ));
    values(
        &mut stmt,
        [
            Value::Int(number),
            new.environment.into(),
            new.revision.into(),
            new.plan_digest.into(),
            DeploymentState::Running.as_str().into(),
            now().into(),
            new.actor.into(),
            new.tool.into(),
        ],
    );
    db.execute(&stmt)?;
    Ok(number)
}

/// Ends a deployment.
///
/// # Errors
/// Whatever the engine refuses.
pub fn finish(db: &mut dyn Db, number: i64, state: DeploymentState, summary: &str) -> Result<(), DbError> {
    let name = table(db.engine(), LedgerTable::Deployment);
    let stmt = Stmt::new(format!("UPDATE {name} SET state = "))
        .bind(state.as_str())
        .sql(", finished_at = ")
        .bind(now())
        .sql(", summary = ")
        .bind(summary)
        .sql(" WHERE number = ")
        .bind(number);
    db.execute(&stmt).map(drop)
}

/// The deployments that never said how they ended. Under the deployment lock they are interrupted ones.
///
/// # Errors
/// Whatever the engine refuses.
pub fn running(db: &mut dyn Db) -> Result<Vec<Deployment>, DbError> {
    select(db, "WHERE state = 'running' ORDER BY number")
}

/// The last deployments, newest first.
///
/// # Errors
/// Whatever the engine refuses.
pub fn recent(db: &mut dyn Db, limit: u32) -> Result<Vec<Deployment>, DbError> {
    select(db, &format!("ORDER BY number DESC LIMIT {limit}"))
}

/// The last deployment, `None` when there was none.
///
/// # Errors
/// Whatever the engine refuses.
pub fn latest(db: &mut dyn Db) -> Result<Option<Deployment>, DbError> {
    Ok(recent(db, 1)?.pop())
}

/// Writes a step into the journal, or how it ended.
///
/// # Errors
/// Whatever the engine refuses.
pub fn note_step(db: &mut dyn Db, deployment: i64, step: &Step) -> Result<(), DbError> {
    let name = table(db.engine(), LedgerTable::Step);
    if step.state == StepState::Intent {
        let mut stmt =
            Stmt::new(format!("INSERT INTO {name} (deployment, ordinal, name, state, started_at, detail) VALUES "));
        values(
            &mut stmt,
            [
                Value::Int(deployment),
                Value::Int(step.ordinal),
                step.name.as_str().into(),
                step.state.as_str().into(),
                now().into(),
                step.detail.clone().into(),
            ],
        );
        return db.execute(&stmt).map(drop);
    }
    let stmt = Stmt::new(format!("UPDATE {name} SET state = "))
        .bind(step.state.as_str())
        .sql(", finished_at = ")
        .bind(now())
        .sql(", detail = ")
        .bind(step.detail.clone())
        .sql(" WHERE deployment = ")
        .bind(deployment)
        .sql(" AND ordinal = ")
        .bind(step.ordinal);
    db.execute(&stmt).map(drop)
}

/// The journal of a deployment.
///
/// # Errors
/// Whatever the engine refuses.
pub fn steps(db: &mut dyn Db, deployment: i64) -> Result<Vec<Step>, DbError> {
    let name = table(db.engine(), LedgerTable::Step);
    let stmt = Stmt::new(format!("SELECT ordinal, name, state, detail FROM {name} WHERE deployment = "))
        .bind(deployment)
        .sql(" ORDER BY ordinal");
    let step = |row: DynRow| Step {
        ordinal: row.int(0),
        name: row.text(1).to_owned(),
        state: StepState::parse(row.text(2)),
        detail: row.at(3).as_str().map(str::to_owned),
    };
    Ok(db.rows(&stmt)?.into_iter().map(step).collect())
}

/// The revisions that serve in an environment.
///
/// # Errors
/// Whatever the engine refuses.
pub fn serving(db: &mut dyn Db, environment: &str) -> Result<Vec<Serving>, DbError> {
    let name = table(db.engine(), LedgerTable::Serving);
    let stmt =
        Stmt::new(format!("SELECT release_name, revision, address, deployment FROM {name} WHERE environment = "))
            .bind(environment)
            .sql(" ORDER BY release_name");
    let serving = |row: DynRow| Serving {
        release: row.text(0).to_owned(),
        revision: row.text(1).to_owned(),
        address: row.text(2).to_owned(),
        deployment: row.int(3),
    };
    Ok(db.rows(&stmt)?.into_iter().map(serving).collect())
}

/// Records the revision that serves from now on.
///
/// # Errors
/// Whatever the engine refuses.
pub fn set_serving(db: &mut dyn Db, environment: &str, serving: &Serving) -> Result<(), DbError> {
    crate::db::transaction(db, |db| {
        clear_serving(db, environment, &serving.release)?;
        let name = table(db.engine(), LedgerTable::Serving);
        let mut stmt = Stmt::new(format!(
            "INSERT INTO {name} (environment, release_name, revision, address, deployment, since) VALUES "
        ));
        values(
            &mut stmt,
            [
                environment.into(),
                serving.release.as_str().into(),
                serving.revision.as_str().into(),
                serving.address.as_str().into(),
                Value::Int(serving.deployment),
                now().into(),
            ],
        );
        db.execute(&stmt).map(drop)
    })
}

/// Records that nothing serves for a release any more.
///
/// # Errors
/// Whatever the engine refuses.
pub fn clear_serving(db: &mut dyn Db, environment: &str, release: &str) -> Result<(), DbError> {
    let name = table(db.engine(), LedgerTable::Serving);
    let stmt = Stmt::new(format!("DELETE FROM {name} WHERE environment = "))
        .bind(environment)
        .sql(" AND release_name = ")
        .bind(release);
    db.execute(&stmt).map(drop)
}

fn select(db: &mut dyn Db, rest: &str) -> Result<Vec<Deployment>, DbError> {
    let name = table(db.engine(), LedgerTable::Deployment);
    let sql = format!(
        "SELECT number, environment, revision, state, started_at, finished_at, actor, summary FROM {name} {rest}"
    );
    let deployment = |row: DynRow| Deployment {
        number: row.int(0),
        environment: row.text(1).to_owned(),
        revision: row.text(2).to_owned(),
        state: DeploymentState::parse(row.text(3)),
        started_at: row.text(4).to_owned(),
        finished_at: row.at(5).as_str().map(str::to_owned),
        actor: row.text(6).to_owned(),
        summary: row.at(7).as_str().map(str::to_owned),
    };
    Ok(db.rows(&Stmt::new(sql))?.into_iter().map(deployment).collect())
}
