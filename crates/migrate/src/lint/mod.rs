//! Judges migrations before they run: what each statement would do to rows, to running code and to others who wait. Pure:
//! files in, findings out. Which migrations are pending is left to the caller.

mod allow;
mod check;
mod file;
mod report;
mod rule;
mod scene;
mod server;
mod sql_type;
#[cfg(feature = "squawk")]
mod squawk;
mod state;
mod table;

use std::collections::BTreeSet;

use plimsoll_core::Location;
use plimsoll_core::db::Engine;

use crate::error::MigrateError;
use crate::operation::Operation;
use crate::source::MigrationSet;

use allow::Allows;
use file::File;
pub use report::{Accepted, Finding, LintReport, Unclassified};
pub use rule::{Grade, Rule, RuleInfo};
use scene::{Hit, Hits, Progress, Scene};
use server::Server;
use state::{State, replay};

/// Which migrations are judged. The others only tell what is there already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judged {
    /// All of them, each as if those before it were in use.
    All,
    /// Those with these versions, as one deployment: what one makes, the next may change as it likes.
    Only(BTreeSet<String>),
}

/// How migrations are judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LintOptions {
    /// Which of them.
    pub judged: Judged,
    /// What the server says of its version, as `15.4` or `10.11.6-MariaDB`; rules that depend on it assume the worst without.
    pub server_version: Option<String>,
    /// Rules that are off.
    pub allow: Vec<Rule>,
    /// Rules whose findings fail nothing.
    pub warn: Vec<Rule>,
    /// Opt-in rules that are on.
    pub opt_in: Vec<Rule>,
}

/// Judges the migrations of a set.
///
/// # Errors
/// [`Problem`](crate::Problem)s for files that cannot be split into statements, and [`MigrateError::LinterMissing`] for PostgreSQL
/// when this was built without the feature `squawk`: half a linter would be a false promise.
pub fn lint(set: &MigrationSet, engine: Engine, options: &LintOptions) -> Result<LintReport, MigrateError> {
    if engine == Engine::Postgres && !cfg!(feature = "squawk") {
        return Err(MigrateError::LinterMissing);
    }
    let files = file::read(set, engine)?;
    let judged: Vec<bool> = files.iter().map(|file| is_judged(&options.judged, &file.migration.version)).collect();
    let server = Server::of(engine, options.server_version.as_deref());
    // What a comment accepts does not depend on how much is deployed together: it may be needed elsewhere.
    let apart = LintOptions { judged: Judged::All, ..options.clone() };
    let mut elsewhere = Run::new(engine, &apart, server.clone(), judged.clone());
    #[cfg(feature = "squawk")]
    {
        elsewhere.asks_squawk = false;
    }
    let everywhere = elsewhere.hits(&files);
    let mut run = Run::new(engine, options, server, judged);
    let raised = run.hits(&files);
    for ((file, hits), everywhere) in files.iter().zip(raised).zip(everywhere) {
        if run.judged[file.index] {
            run.settle(file, hits, &everywhere);
        }
    }
    Ok(run.report)
}

fn is_judged(judged: &Judged, version: &str) -> bool {
    match judged {
        Judged::All => true,
        Judged::Only(versions) => versions.contains(version),
    }
}

struct Run<'a> {
    engine: Engine,
    options: &'a LintOptions,
    server: Server,
    judged: Vec<bool>,
    /// Whether statements are parsed by squawk too.
    #[cfg(feature = "squawk")]
    asks_squawk: bool,
    report: LintReport,
}

impl<'a> Run<'a> {
    fn new(engine: Engine, options: &'a LintOptions, server: Server, judged: Vec<bool>) -> Self {
        Self {
            engine,
            options,
            server,
            judged,
            #[cfg(feature = "squawk")]
            asks_squawk: true,
            report: LintReport::new(engine),
        }
    }

    /// What the rules find in each file.
    fn hits(&mut self, files: &[File<'_>]) -> Vec<Vec<Hit>> {
        let mut state = State::default();
        let mut raised: Vec<Vec<Hit>> = files.iter().map(|file| self.file(file, &mut state)).collect();
        for (file, hits) in files.iter().zip(&mut raised).filter(|(file, _)| self.judged[file.index]) {
            self.at_the_end(file, files, &state, hits);
        }
        raised
    }

    /// Goes through a file, statement by statement. Only a judged one gives hits; all of them change the state.
    fn file(&mut self, file: &File<'_>, state: &mut State) -> Vec<Hit> {
        let judged = self.judged[file.index];
        let mut hits = Hits::default();
        let mut progress = Progress::default();
        self.report.migrations += usize::from(judged);
        for at in 0..file.statements.len() {
            if judged {
                self.report.statements += 1;
                self.unclassified(file, at);
                let scene = Scene {
                    engine: self.engine,
                    options: self.options,
                    server: &self.server,
                    file,
                    at,
                    state,
                    progress: &progress,
                    judged: &self.judged,
                };
                hits.at = Some(at);
                check::statement(&scene, &mut hits);
                progress = Progress::after(&scene);
            }
            for placed in &file.operations[at] {
                replay(self.engine, state, &placed.operation, file.index, (at, placed.span.start));
            }
        }
        // What it finds in one statement is the same in every deployment.
        #[cfg(feature = "squawk")]
        if judged && self.asks_squawk && self.engine == Engine::Postgres {
            let problems = squawk::file(file, &self.server, self.options, &mut hits);
            self.report.unclassified.extend(problems);
        }
        hits.found
    }

    /// What only shows when all files are read: indexes that never came, the order among the others.
    fn at_the_end(&self, file: &File<'_>, files: &[File<'_>], state: &State, hits: &mut Vec<Hit>) {
        let mut more = Hits::default();
        check::afterwards(self.engine, file, state, &mut more);
        let later = files.iter().skip(file.index + 1).find(|other| !self.judged[other.index] && other.is_versioned());
        if let (Some(later), true) = (later, file.is_versioned()) {
            let message =
                format!("`{}` comes before `{}`, which is applied already", file.migration.name, later.migration.name);
            more.push(Rule::NonLinearHistory, Default::default(), message, None);
        }
        if file.migration.down.is_none() {
            let message = format!("`{}` has no script that takes it back", file.migration.name);
            more.push(Rule::WithoutDown, Default::default(), message, None);
        }
        hits.append(&mut more.found);
    }

    /// Notes statements about which nothing can be said.
    fn unclassified(&mut self, file: &File<'_>, at: usize) {
        for placed in &file.operations[at] {
            let what = match &placed.operation {
                Operation::Unclassified { words } => format!("`{words}` is not known here"),
                Operation::Do => "what a block of code does cannot be told from outside".to_owned(),
                Operation::Call => "what a procedure does cannot be told from its call".to_owned(),
                _ => continue,
            };
            self.report.unclassified.push(Unclassified {
                migration: file.migration.name.clone(),
                location: file.location(at, placed.span),
                statement: at + 1,
                what,
                accepted: None,
            });
        }
    }

    /// Turns hits into findings, as far as no setting and no comment accepts them.
    fn settle(&mut self, file: &File<'_>, mut hits: Vec<Hit>, everywhere: &[Hit]) {
        let mut allows = Allows::read(self.engine, file);
        everywhere.iter().for_each(|hit| drop(allows.accept(hit)));
        hits.retain(|hit| {
            let info = hit.rule.info();
            !self.options.allow.contains(&hit.rule) && (!info.opt_in || self.options.opt_in.contains(&hit.rule))
        });
        let mut seen = BTreeSet::new();
        hits.retain(|hit| seen.insert((hit.statement, hit.rule, hit.span.start)));
        for hit in hits {
            let finding = self.finding(file, &hit);
            match allows.accept(&hit) {
                Some(reason) => self.report.accepted.push(Accepted { finding, reason }),
                None => self.report.findings.push(finding),
            }
        }
        let own = |unknown: &&mut Unclassified| unknown.migration == file.migration.name;
        for unknown in self.report.unclassified.iter_mut().filter(own) {
            unknown.accepted = allows.accept_unknown(unknown.statement - 1);
        }
        for (rule, offset, message) in allows.left_over() {
            if !self.options.allow.contains(&rule) {
                let location = Location::of_offset(&file.migration.file, &file.migration.sql, offset);
                let hit = Hit { rule, statement: None, span: Default::default(), message, alternative: None };
                let finding = self.finding(file, &hit);
                self.report.findings.push(Finding { location, ..finding });
            }
        }
        self.report.sort();
    }

    fn finding(&self, file: &File<'_>, hit: &Hit) -> Finding {
        let info = hit.rule.info();
        let at = hit.statement.unwrap_or_default();
        let whole = hit.statement.is_none() || file.statements.is_empty();
        Finding {
            rule: hit.rule,
            grade: info.grade,
            is_error: info.grade.is_error() && !self.options.warn.contains(&hit.rule),
            migration: file.migration.name.clone(),
            location: if whole { Location::start_of(&file.migration.file) } else { file.location(at, hit.span) },
            token: if whole { String::new() } else { file.token(at, hit.span) },
            statement: hit.statement.map(|at| at + 1),
            message: hit.message.clone(),
            alternative: hit.alternative.clone().unwrap_or_else(|| info.instead.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests;
