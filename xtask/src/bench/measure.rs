//! Runs two commands in turn and compares their times. What the commands are is left to `cases`.

use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::failure::Failure;

/// One side of a comparison: what it is called, and a fresh command for every run.
pub(super) struct Side<'a> {
    pub(super) name: &'static str,
    /// Brings the world to where the run starts, unmeasured, and gives the command to measure.
    pub(super) prepare: Box<dyn FnMut() -> Result<Command, Failure> + 'a>,
    /// Cleans up after each run, unmeasured.
    pub(super) after: Box<dyn FnMut() + 'a>,
}

/// The times of one side.
pub(super) struct Times(Vec<Duration>);

impl Times {
    pub(super) fn median(&self) -> Duration {
        self.0[self.0.len() / 2]
    }

    fn spread(&self) -> (Duration, Duration) {
        (self.0[0], self.0[self.0.len() - 1])
    }

    pub(super) fn show(&self) -> String {
        let (least, most) = self.spread();
        format!("median {:>9}  ({} to {})", millis(self.median()), millis(least), millis(most))
    }
}

/// Runs both sides `runs` times, alternately, so that a busy moment of the machine meets both.
pub(super) fn compare(ours: &mut Side<'_>, peer: &mut Side<'_>, runs: usize) -> Result<(Times, Times), Failure> {
    // The first run of each warms the caches and is not counted.
    once(ours)?;
    once(peer)?;
    let (mut our_times, mut peer_times) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        our_times.push(once(ours)?);
        peer_times.push(once(peer)?);
    }
    our_times.sort();
    peer_times.sort();
    Ok((Times(our_times), Times(peer_times)))
}

fn once(side: &mut Side<'_>) -> Result<Duration, Failure> {
    let mut command = (side.prepare)()?;
    command.stdin(Stdio::null());
    let began = Instant::now();
    let output = command.output().map_err(Failure::because(format!("cannot start {}", side.name)))?;
    let took = began.elapsed();
    (side.after)();
    succeeded(side.name, &output)?;
    Ok(took)
}

/// Runs a command that prepares something; what it says is the error when it fails.
pub(super) fn finish(mut command: Command) -> Result<(), Failure> {
    let program = command.get_program().display().to_string();
    let output = command.output().map_err(Failure::because(format!("cannot start {program}")))?;
    succeeded(&program, &output)
}

fn succeeded(name: &str, output: &Output) -> Result<(), Failure> {
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Failure::new(format!("{name} ended with {}:\n{}", output.status, said.trim_end())))
}

fn millis(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
}
