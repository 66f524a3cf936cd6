//! `plimsoll smoke run`: the checks alone, against what serves or a given address.

use plimsoll_core::Exit;
use plimsoll_deploy::{DeployEvent, SmokeOptions};

use super::Context;
use crate::args::{Format, Smoke, SmokeRun};
use crate::error::CliError;
use crate::reporter::Reporter;

pub(super) fn run(args: &Smoke, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let Smoke::Run(args) = args;
    checks(args, context)
}

fn checks(args: &SmokeRun, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let project = context.project(&args.environment)?;
    let options = options(args);
    let plan = plimsoll_deploy::load_checks(&project, &options)?
        .ok_or(CliError::Undeclared { what: "smoke checks", place: "`[smoke]` in `plimsoll.toml`" })?;
    let releases = plimsoll_deploy::declared_releases(&project)?;
    let target = plimsoll_deploy::target(&project, &releases, args.base_url.as_deref())?;
    let mut reporter = Reporter::new(context.terminal);
    let terminal = &mut *context.terminal;
    let done = plimsoll_deploy::smoke(&project, &plan, &target, &options, &mut |event| {
        reporter.event(terminal, &DeployEvent::Smoke(event));
    });
    reporter.end(context.terminal);
    let report = done?.into_result()?;
    match context.terminal.format {
        Format::Text => context.terminal.result(&format!("{}\n", report.headline())),
        Format::Json => context.terminal.json(&report),
    }
    Ok(Exit::Ok)
}

fn options(args: &SmokeRun) -> SmokeOptions {
    SmokeOptions {
        tags: args.tag.clone(),
        filter: args.filter.clone(),
        allow_mutate: args.allow_mutate,
        jobs: args.jobs.get(),
        fail_fast: args.fail_fast,
        deadline: args.deadline,
        base_url: args.base_url.clone(),
    }
}
