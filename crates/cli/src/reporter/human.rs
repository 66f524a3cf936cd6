//! For people: plain lines as steps end, a progress bar while they run on a terminal, and the closing words of a deployment.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use plimsoll_deploy::{DeployEvent, DeployReport, Outcome};
use plimsoll_migrate::MigrateEvent;
use plimsoll_smoke::Verdict;

use super::seeding::Seeding;
use crate::terminal::Terminal;

/// Shows events as lines on stderr.
pub(crate) struct Human {
    pub(super) bar: Option<ProgressBar>,
    pub(super) progress: bool,
    step_began: Instant,
    /// Whether a step of a deployment is on its way, which says by itself how long it took.
    pub(super) in_step: bool,
    pub(super) seeding: Option<Seeding>,
}

impl Human {
    pub(super) fn new(progress: bool) -> Self {
        Self { bar: None, progress, step_began: Instant::now(), in_step: false, seeding: None }
    }

    /// Takes the bar away. What was begun and not committed is said to be gone.
    pub(super) fn close(&mut self, terminal: &mut Terminal<'_>) {
        self.end();
        if let Some(seeding) = self.seeding.take().filter(|_| !self.in_step) {
            let at = seeding.table.map(|table| format!(" at {}", table.name)).unwrap_or_default();
            terminal.say(&format!("seeding stopped{at} after {}, nothing was kept", seconds(seeding.began.elapsed())));
        }
    }

    pub(super) fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    pub(super) fn event(&mut self, terminal: &mut Terminal<'_>, event: &DeployEvent<'_>) {
        match event {
            DeployEvent::Replanned { moved } => {
                let line = format!("planned again: another deployment changed {} meanwhile", moved.join(" and "));
                self.line(terminal, &line);
            }
            DeployEvent::Locked => {}
            DeployEvent::Recovered(found) => {
                let Interruption { headline, lines } = interruption(found);
                self.line(terminal, &headline);
                lines.iter().for_each(|line| self.line(terminal, line));
            }
            DeployEvent::Started { deployment } => self.line(terminal, &format!("deployment {deployment}")),
            DeployEvent::StepStarted { step } => {
                self.in_step = true;
                self.begin(step);
            }
            DeployEvent::StepDone { step, detail } => {
                self.in_step = false;
                let took = seconds(self.step_began.elapsed());
                self.end();
                self.line(terminal, &format!("  done    {step:<12} {detail} ({took})"));
            }
            DeployEvent::StepFailed { step } => {
                self.in_step = false;
                self.seeding = None;
                self.end();
                self.line(terminal, &format!("  FAILED  {step}"));
            }
            DeployEvent::Undone { what } => self.line(terminal, &format!("  undone  {what}")),
            DeployEvent::Migrate(event) => self.migrate(terminal, event),
            DeployEvent::Seed(event) => self.seed(terminal, event),
            DeployEvent::Smoke(event) => self.smoke(terminal, event),
        }
    }

    fn migrate(&mut self, terminal: &mut Terminal<'_>, event: &MigrateEvent) {
        match event {
            MigrateEvent::Started { name, number, of, .. } | MigrateEvent::Reverting { name, number, of, .. } => {
                self.need_a_bar("migrate");
                self.position(*number - 1, *of, name);
            }
            MigrateEvent::Resumed { version, done, total } => {
                self.line(terminal, &format!("          {version} goes on after statement {done} of {total}"));
            }
            MigrateEvent::AlreadyLanded { version, number, evidence } => {
                let line = format!("          {version} statement {number} had been applied already: {evidence}");
                self.line(terminal, &line);
            }
            MigrateEvent::InvalidIndexDropped { version, index } => {
                self.line(
                    terminal,
                    &format!("          {version} drops the unfinished index {index} and builds it again"),
                );
            }
            MigrateEvent::Retrying { version, number, attempt, of, wait, message } => {
                let at = number.map_or_else(String::new, |number| format!(" statement {number}"));
                let wait = seconds(*wait);
                let line = format!("          {version}{at} is tried again in {wait} ({attempt} of {of}): {message}");
                self.line(terminal, &line);
            }
            MigrateEvent::StillRunning { version, number } => {
                let line = format!(
                    "          {version} statement {number} is still run by the server for a killed run: waiting"
                );
                self.line(terminal, &line);
            }
            MigrateEvent::Finished { .. } | MigrateEvent::Reverted { .. } => self.advance(),
            MigrateEvent::StatementDone { .. } | MigrateEvent::Failed { .. } => {}
        }
    }

    /// Outside of deployments nothing else has made one.
    pub(super) fn need_a_bar(&mut self, name: &str) {
        if self.bar.is_none() {
            self.begin(name);
        }
    }

    fn smoke(&mut self, terminal: &mut Terminal<'_>, event: &plimsoll_smoke::Event) {
        match event {
            plimsoll_smoke::Event::RunStarted { checks } => self.position(0, *checks, "checks"),
            plimsoll_smoke::Event::LeftoversFound { number, journal } => {
                let what = if *number == 1 { "one cleanup" } else { &format!("{number} cleanups") };
                let line = format!("          first {what} that an earlier run did not get to ({})", journal.display());
                self.line(terminal, &line);
            }
            plimsoll_smoke::Event::CheckStarted { name, .. } => {
                if let Some(bar) = &self.bar {
                    bar.set_message(name.clone());
                }
            }
            plimsoll_smoke::Event::CheckFinished { report, .. } => {
                self.advance();
                if report.verdict != Verdict::Pass {
                    self.line(terminal, &format!("          {:<5}  {}", report.verdict.as_str(), report.name));
                }
            }
            plimsoll_smoke::Event::AttemptFailed { .. }
            | plimsoll_smoke::Event::RevisionAwaited { .. }
            | plimsoll_smoke::Event::RevisionSeen { .. }
            | plimsoll_smoke::Event::RunFinished { .. } => {}
        }
    }

    fn begin(&mut self, step: &str) {
        self.step_began = Instant::now();
        if !self.progress {
            return;
        }
        let bar = ProgressBar::new_spinner().with_prefix(step.to_owned());
        if let Ok(style) = ProgressStyle::with_template("  {spinner} {prefix:12} {msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        self.bar = Some(bar);
    }

    fn position(&mut self, done: usize, of: usize, message: &str) {
        let Some(bar) = &self.bar else { return };
        if let Ok(style) = ProgressStyle::with_template("  {spinner} {prefix:12} [{bar:24}] {pos}/{len} {msg}") {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_length(of as u64);
        bar.set_position(done as u64);
        bar.set_message(message.to_owned());
    }

    fn advance(&mut self) {
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
    }

    /// A line above the bar, if there is one.
    pub(super) fn line(&mut self, terminal: &mut Terminal<'_>, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| terminal.say(line)),
            None => terminal.say(line),
        }
    }
}

/// The closing words of a deployment: what was done, where it answers, how to stop it.
pub(crate) fn deployed(report: &DeployReport, program: &str) -> String {
    let mut text = String::new();
    let took = seconds(Duration::from_millis(report.duration_ms));
    let (project, environment) = (&report.project, &report.environment);
    let headline = match (report.outcome, report.deployment) {
        (Outcome::Unchanged, _) => {
            format!("nothing changed: {project} in {environment} is as declared, proven in {took}")
        }
        (_, Some(number)) => format!("deployed {project} to {environment} in {took}, deployment {number}"),
        (_, None) => format!("deployed {project} to {environment} in {took}"),
    };
    text.push_str(&headline);
    text.push('\n');
    let mut row = |name: &str, value: &str| writeln!(text, "  {name:<9} {value}").expect("a string takes every line");
    if let Some(migrate) = &report.migrate {
        row("schema", &plimsoll_deploy::applied(migrate.applied.len()));
    }
    if let Some(seed) = &report.seed {
        row("data", &seed.to_string());
    }
    if let Some(smoke) = &report.smoke {
        row("proof", &smoke.headline());
    }
    for serving in &report.serving {
        row("revision", &format!("{} of {}", serving.revision, serving.release));
        row("address", &serving.address);
    }
    if !report.serving.is_empty() {
        row("stop", &format!("{program} stop {environment}"));
    }
    text
}

struct Interruption {
    headline: String,
    lines: Vec<String>,
}

fn interruption(found: &plimsoll_deploy::Interrupted) -> Interruption {
    let headline = format!(
        "found deployment {} of {}, begun {}, that was interrupted; finishing what it began",
        found.deployment, found.actor, found.started_at
    );
    let steps = found.steps.iter().map(|step| format!("  it had   {step}"));
    let stopped = found.stopped.iter().map(|what| format!("  stopped  {what}, which it had left running"));
    Interruption { headline, lines: steps.chain(stopped).collect() }
}

pub(super) fn seconds(duration: Duration) -> String {
    format!("{:.2} s", duration.as_secs_f64())
}
