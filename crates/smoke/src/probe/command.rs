//! Runs a command to see how it ends and what it writes. Running is `process.rs`'s, what it found is judged by `expect/probe.rs`.

use super::{Context, Observation, process};
use crate::model::CommandProbe;
use crate::report::Unmeasured;

/// What one look finds.
pub(super) fn measure(probe: &CommandProbe, context: &Context<'_>) -> Result<Observation, Unmeasured> {
    let ended = process::run(&probe.run, &probe.env, context.limit(probe.timeout_ms), context)?;
    let error = ended.by_signal();
    Ok(Observation {
        json: serde_json::from_str(&ended.stdout).ok(),
        text: shown(&ended.stdout, &ended.stderr),
        error,
        exit: ended.status.code(),
        stdout: ended.stdout,
        stderr: ended.stderr,
        elapsed: ended.elapsed,
        ..Observation::default()
    })
}

/// What people look for first: the output, and where there is none what was complained about.
fn shown(stdout: &str, stderr: &str) -> String {
    if stdout.trim().is_empty() { stderr.to_owned() } else { stdout.to_owned() }
}
