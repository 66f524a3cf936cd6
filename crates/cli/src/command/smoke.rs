//! `plimsoll smoke`: runs the checks alone, against what serves or a given address; or makes some. How is `plimsoll_smoke`'s.

use std::io::Read as _;
use std::path::PathBuf;

use plimsoll_core::Exit;
use plimsoll_deploy::{DeployEvent, SmokeOptions};
use plimsoll_smoke::{SmokeReport, import, results};

use super::Context;
use crate::args::{Format, Smoke, SmokeImport, SmokeRun};
use crate::error::CliError;
use crate::reporter::{Reporter, checks};

pub(super) fn run(args: &Smoke, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    match args {
        Smoke::Run(args) => run_checks(args, context),
        Smoke::Import(args) => bring_in(args, context),
    }
}

fn run_checks(args: &SmokeRun, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
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
    let report = done?;
    let written = write_reports(&report, args, context);
    let report = match report.into_result() {
        Ok(report) => written.map(|()| report)?,
        // The checks decide how the command ends; what could not be written is told.
        Err(failed) => {
            if let Err(CliError::File { path, source }) = &written {
                context.terminal.say(&format!("cannot write `{}`: {source}", path.display()));
            }
            return Err(failed.into());
        }
    };
    let remarkable = checks::failures(&report);
    if context.terminal.format == Format::Text && !remarkable.is_empty() {
        context.terminal.say(remarkable.trim_end());
    }
    if let Some(proof) = checks::proof(&report).filter(|_| context.terminal.format == Format::Text) {
        context.terminal.say(&proof);
    }
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

/// Every file is tried, and the first that could not be written is the error.
fn write_reports(report: &SmokeReport, args: &SmokeRun, context: &Context<'_, '_>) -> Result<(), CliError> {
    let mut result = Ok(());
    for (format, path) in &args.report {
        let file = context.surroundings.current_dir.join(path);
        let text = results::write(report, *format, context.terminal.redactor());
        let folder = file.parent().map_or(Ok(()), std::fs::create_dir_all);
        if let Err(source) = folder.and_then(|()| std::fs::write(&file, text)) {
            result = result.and(Err(CliError::File { path: path.clone(), source }));
        }
    }
    result
}

/// Prints the checks, and tells what is not among them.
fn bring_in(args: &SmokeImport, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let (name, imported) = match (&args.curl, &args.file) {
        (Some(line), _) => ("curl".to_owned(), import::curl("a curl line", line)),
        (None, file) => {
            let path = file.clone().unwrap_or_else(|| PathBuf::from("-"));
            let (name, text) = if path.as_os_str() == "-" {
                let mut text = String::new();
                ("stdin".to_owned(), std::io::stdin().read_to_string(&mut text).map(|_| text))
            } else {
                let file = context.surroundings.current_dir.join(&path);
                (path.display().to_string(), std::fs::read_to_string(file))
            };
            let text = text.map_err(|source| CliError::File { path, source })?;
            let imported = import::hurl(&name, &text);
            (name, imported)
        }
    };
    match context.terminal.format {
        Format::Text => context.terminal.result(&imported.toml),
        Format::Json => context.terminal.json(&imported),
    }
    for note in &imported.notes {
        context.terminal.say(&format!("{name}:{}: note: {}", note.line, note.text));
    }
    for left_out in &imported.left_out {
        context.terminal.say(&format!("{name}:{}: left out: {}", left_out.line, left_out.text));
    }
    let word = |number: usize, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
    let (checks, missing) = (word(imported.checks, "check"), word(imported.left_out.len(), "thing"));
    context.terminal.say(&format!("{checks} imported, {missing} left out"));
    Ok(if imported.left_out.is_empty() { Exit::Ok } else { Exit::CheckFailed })
}
