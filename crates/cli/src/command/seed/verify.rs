//! `plimsoll seed verify`: whether the database holds what it should. Writes nothing.

use plimsoll_core::Exit;
use plimsoll_core::db::{Access, Catalog, Db, connect};
use plimsoll_core::project::Project;
use plimsoll_seed::Verdict;

use super::{Context, load};
use crate::args::{Format, SeedVerify};
use crate::error::CliError;

pub(super) fn run(args: &SeedVerify, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let project = context.project(&args.environment)?;
    let mut db = connect(&project.database, Access::Read)?;
    if args.digest {
        return digest(&project, db.as_mut(), context);
    }
    let expectations = plimsoll_deploy::expectations(&project);
    let seeds = plimsoll_deploy::load_seeds(&project)?;
    let report = plimsoll_seed::inspect(db.as_mut(), seeds.as_ref(), &expectations)?;
    match context.terminal.format {
        Format::Text => context.terminal.result(&report.to_string()),
        Format::Json => context.terminal.json(&report),
    }
    match (report.count(Verdict::Fail), report.count(Verdict::Error)) {
        (0, 0) => Ok(Exit::Ok),
        (0, unknown) => Err(CliError::Unverified { unknown }),
        (failed, unknown) => Err(CliError::Unhealthy { failed, unknown }),
    }
}

fn digest(project: &Project, db: &mut dyn Db, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let seeds = load(project)?;
    let catalog = Catalog::read(db)?;
    let observation = plimsoll_seed::observe_declared(db, &seeds, &catalog)?;
    let digests = plimsoll_seed::digests(&seeds, &observation);
    let left_out: Vec<&str> = seeds.bulk_tables().collect();
    match context.terminal.format {
        Format::Text => {
            let lines: String = digests.iter().map(|digest| format!("{digest}\n")).collect();
            context.terminal.result(&lines);
            for table in left_out {
                context.terminal.say(&format!("{table} is left out: its rows are streamed"));
            }
        }
        Format::Json => context.terminal.json(&serde_json::json!({ "digests": digests, "left_out": left_out })),
    }
    Ok(Exit::Ok)
}
