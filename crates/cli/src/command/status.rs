//! `plimsoll status`: what serves in an environment, whether it is alive, who deploys right now.

use std::fmt::Write as _;

use plimsoll_core::Exit;
use plimsoll_deploy::Status;

use super::Context;
use crate::args::{Environment, Format};
use crate::error::CliError;

pub(super) fn run(args: &Environment, context: &mut Context<'_, '_>) -> Result<Exit, CliError> {
    let project = context.project(args)?;
    let releases = plimsoll_deploy::declared_releases(&project)?;
    let status = plimsoll_deploy::status(&project, &releases)?;
    match context.terminal.format {
        Format::Text => context.terminal.result(&text(&status)),
        Format::Json => context.terminal.json(&status),
    }
    let dead = status.releases.iter().any(|release| !release.alive);
    Ok(if dead { Exit::CheckFailed } else { Exit::Ok })
}

fn text(status: &Status) -> String {
    let mut text = String::new();
    if status.releases.is_empty() {
        text.push_str("nothing serves\n");
    }
    for release in &status.releases {
        let alive = if release.alive { "alive" } else { "its process is gone" };
        let serving = &release.serving;
        writeln!(text, "{}  {}  {}  {alive}", serving.release, serving.revision, serving.address)
            .expect("writing to a string cannot fail");
    }
    if let Some(last) = &status.last {
        let state = super::history::state(last.state);
        writeln!(text, "last deployment: {} {state}, begun {} by {}", last.number, last.started_at, last.actor)
            .expect("writing to a string cannot fail");
    }
    if let Some(holder) = &status.lock {
        writeln!(text, "locked: {holder}").expect("writing to a string cannot fail");
    }
    text
}
