//! One file a command. Each loads what it needs, calls a library, prints the result and gives the exit code.

mod audit;
mod counts;
mod deploy;
mod env;
mod explain;
mod history;
mod lifecycle;
mod locks;
mod migrate;
mod plan;
mod query;
mod seed;
mod smoke;
mod status;
mod stop;

use plimsoll_core::Exit;
use plimsoll_core::db::Db;
use plimsoll_core::lock::{self, DeployLock, Holder};
use plimsoll_core::project::Project;
use plimsoll_deploy::DeployOptions;
use plimsoll_seed::Skipped;

use crate::args::{Apply, Args, Command, Environment, Global};
use crate::error::CliError;
use crate::inputs::{Surroundings, actor, load_project};
use crate::terminal::Terminal;

/// Runs the command.
pub(crate) fn run(args: &Args, surroundings: &Surroundings, terminal: &mut Terminal<'_>) -> Result<Exit, CliError> {
    let mut context = Context { global: &args.global, surroundings, terminal };
    match &args.command {
        Command::Deploy(args) => deploy::run(args, &mut context),
        Command::Plan(args) => plan::run(args, &mut context),
        Command::Stop(args) => stop::run(args, &mut context),
        Command::Status(args) => status::run(args, &mut context),
        Command::History(args) => history::run(args, &mut context),
        Command::Migrate(args) => migrate::run(args, &mut context),
        Command::Seed(args) => seed::run(args, &mut context),
        Command::Audit(args) => audit::run(args, &mut context),
        Command::Lifecycle(args) => lifecycle::run(args, &mut context),
        Command::Smoke(args) => smoke::run(args, &mut context),
        Command::Counts(args) => counts::run(args, &mut context),
        Command::Query(args) => query::run(args, &mut context),
        Command::Locks(args) => locks::run(args, &mut context),
        Command::Env(args) => env::run(args, &mut context),
        Command::Explain(args) => explain::run(args, &mut context),
    }
}

/// What every command works with.
struct Context<'c, 't> {
    global: &'c Global,
    surroundings: &'c Surroundings,
    terminal: &'c mut Terminal<'t>,
}

impl Context<'_, '_> {
    /// Loads the project; from here on its secrets are masked.
    fn project(&mut self, environment: &Environment) -> Result<Project, CliError> {
        self.project_with(environment, false)
    }

    /// The same; with `top_up`, its seeds leave rows that exist alone.
    fn project_with(&mut self, environment: &Environment, top_up: bool) -> Result<Project, CliError> {
        self.terminal.for_environment(&environment.environment);
        let project = load_project(self.global, environment, top_up, self.surroundings)?;
        self.terminal.know(&project);
        Ok(project)
    }

    fn commit(&self, environment: &Environment, project: &Project) -> String {
        crate::inputs::commit(environment.commit.as_deref(), &project.root)
    }

    fn options(&self, lock_wait: std::time::Duration) -> DeployOptions {
        DeployOptions { actor: actor(self.surroundings), tool: tool(), lock_wait, exactly: false }
    }

    /// How a command ends that did all it could: skipped documents are said again at the end, and end it with 3.
    fn end(&mut self, skipped: &[Skipped]) -> Exit {
        let count = skipped.len();
        if count == 0 {
            return Exit::Ok;
        }
        let words = if count == 1 { "document or record was" } else { "documents and records were" };
        self.terminal.say(&format!("{count} {words} skipped because they do not fit, see above"));
        Exit::CheckFailed
    }

    /// Asks for the name of a protected environment, unless `yes` was given.
    fn confirm(&mut self, project: &Project, yes: bool) -> Result<(), CliError> {
        if !project.protected || yes {
            return Ok(());
        }
        let name = &project.environment;
        if self.terminal.interactive {
            let question = format!("`{name}` is protected. Type its name to go on:");
            if self.terminal.ask(&question).as_deref() == Some(name.as_str()) {
                return Ok(());
            }
        }
        Err(CliError::NotConfirmed { environment: name.clone() })
    }

    /// Asks for the name of an environment, protected or not, before rows are removed from it, unless `yes` was given.
    fn confirm_removal(&mut self, project: &Project, yes: bool) -> Result<(), CliError> {
        if yes {
            return Ok(());
        }
        let name = &project.environment;
        if self.terminal.interactive {
            let question = format!("This removes rows from `{name}`. Type its name to go on:");
            if self.terminal.ask(&question).as_deref() == Some(name.as_str()) {
                return Ok(());
            }
        }
        Err(CliError::RemovalNotConfirmed { environment: name.clone() })
    }

    /// A connection under the deployment lock, for commands that write only a part.
    fn locked(
        &mut self,
        project: &Project,
        apply: &Apply,
        purpose: &str,
    ) -> Result<(DeployLock, Box<dyn Db>), CliError> {
        self.locked_with(project, apply, purpose, None)
    }

    /// As [`Self::locked`], going on with a session that has staged rows, where there is one.
    fn locked_with(
        &mut self,
        project: &Project,
        apply: &Apply,
        purpose: &str,
        session: Option<Box<dyn Db>>,
    ) -> Result<(DeployLock, Box<dyn Db>), CliError> {
        self.confirm(project, apply.yes)?;
        let holder = Holder::new(&actor(self.surroundings), &format!("{purpose} {}", project.environment));
        let lock = lock::acquire(&project.database, &holder, apply.lock_wait)?;
        let mut db = match session {
            Some(session) => lock.take_over(session)?,
            None => lock.connect()?,
        };
        plimsoll_deploy::check_environment(db.as_mut(), project)?;
        Ok((lock, db))
    }
}

/// The tool as the ledger records it.
fn tool() -> String {
    concat!("plimsoll ", env!("CARGO_PKG_VERSION")).to_owned()
}
