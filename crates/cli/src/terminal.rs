//! The streams: results on stdout, talk and errors on stderr, secrets masked in both. What is said is decided by the commands.

use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use plimsoll_core::db::DbError;
use plimsoll_core::project::Project;
use plimsoll_core::{Coded, ErrorCode, Location, Redactor, Secret};
use plimsoll_deploy::{Cause, Outcome};

use crate::args::{Format, Global};
use crate::catalogue::advice;
use crate::error::CliError;
use crate::inputs::Surroundings;
use crate::reporter::{checks, json};

/// How many problems are shown with their source before the rest is only counted.
const SHOWN: usize = 20;

/// Where everything is printed.
pub(crate) struct Terminal<'a> {
    out: &'a mut dyn Write,
    err: &'a mut dyn Write,
    redactor: Redactor,
    environment: Option<String>,
    /// The project's folder: where relative places of errors start.
    root: PathBuf,
    pub(crate) format: Format,
    pub(crate) progress: bool,
    pub(crate) interactive: bool,
    colour_err: bool,
    pub(crate) colour_out: bool,
}

impl<'a> Terminal<'a> {
    pub(crate) fn new(
        global: &Global,
        surroundings: &Surroundings,
        out: &'a mut dyn Write,
        err: &'a mut dyn Write,
    ) -> Self {
        let get = |name: &str| surroundings.environment.get(name).map(String::as_str).filter(|value| !value.is_empty());
        let dumb = get("TERM") == Some("dumb");
        let plain = get("NO_COLOR").is_some() || dumb;
        Self {
            out,
            err,
            redactor: Redactor::default(),
            environment: None,
            root: surroundings.current_dir.join(&global.project),
            format: global.format,
            progress: surroundings.progress && !dumb && global.format == Format::Text,
            interactive: surroundings.interactive,
            colour_err: surroundings.colour_err && !plain,
            colour_out: surroundings.colour_out && !plain,
        }
    }

    /// From now on names this environment in advice.
    pub(crate) fn for_environment(&mut self, environment: &str) {
        self.environment = Some(environment.to_owned());
    }

    /// From now on masks the secrets of a project.
    pub(crate) fn know(&mut self, project: &Project) {
        self.redactor = project.redactor();
    }

    /// From now on masks a secret of the command line as well.
    pub(crate) fn know_too(&mut self, secret: &str) {
        let known = std::mem::take(&mut self.redactor);
        self.redactor = known.and(Redactor::new([&Secret::new(secret)]));
    }

    /// What must not be shown, for files that are written.
    pub(crate) fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// Prints a result, which ends its own lines.
    pub(crate) fn result(&mut self, text: &str) {
        let shown = self.redactor.redact(text).into_owned();
        self.print(&shown);
    }

    /// Prints a value as one line of JSON.
    pub(crate) fn json(&mut self, value: &impl serde::Serialize) {
        let mut text = self.redactor.redact_json(&serde_json::to_string(value).unwrap_or_default());
        text.push('\n');
        self.print(&text);
    }

    /// Writes what nothing secret is in any more.
    fn print(&mut self, shown: &str) {
        // A closed pipe ends the reader, not the deployment.
        drop(self.out.write_all(shown.as_bytes()));
        drop(self.out.flush());
    }

    /// Prints a line of talk.
    pub(crate) fn say(&mut self, line: &str) {
        drop(writeln!(self.err, "{}", self.redactor.redact(line)));
        drop(self.err.flush());
    }

    /// Asks a question and gives the line that was typed.
    pub(crate) fn ask(&mut self, question: &str) -> Option<String> {
        drop(write!(self.err, "{} ", self.redactor.redact(question)));
        drop(self.err.flush());
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).ok()?;
        Some(line.trim().to_owned())
    }

    /// Shows an error: what, why, where, and what to do next.
    pub(crate) fn error(&mut self, error: &CliError, program: &str) {
        let parts = error.parts();
        let mut text = String::new();
        let several = parts.len() > 1;
        if several {
            for part in parts.iter().take(SHOWN) {
                text.push_str(&self.render(*part, part.location()));
            }
            if parts.len() > SHOWN {
                text.push_str(&format!("and {} more\n\n", parts.len() - SHOWN));
            }
        }
        // The headline of several problems points nowhere: each has shown its own place. A single one of files is all
        // there is to say; that of a deployment is among the causes of its headline.
        match parts.first().filter(|_| parts.len() == 1 && error.report().is_none()) {
            Some(only) => text.push_str(&self.render(*only, only.location())),
            None => text.push_str(&self.render(error, error.location().filter(|_| !several))),
        }
        if let CliError::Room(cause) = error {
            text.push_str(&of_room(cause));
        }
        if let Some(report) = error.report() {
            for (word, lines) in [("undone", &report.undone), ("stays", &report.not_undone)] {
                lines.iter().for_each(|line| text.push_str(&format!("{word}: {line}\n")));
            }
            for now in &report.serving {
                text.push_str(&format!("serves: {} {} at {}\n", now.release, now.revision, now.address));
            }
        }
        let mut codes: Vec<_> = parts.iter().map(|part| part.code()).collect();
        codes.push(error.code());
        // What the database says is nearer to the cause than what was being done.
        for failed in parts.iter().copied().chain([error as &dyn Coded]) {
            codes.extend(database_codes(failed));
        }
        if error.report().is_some_and(|report| report.outcome == Outcome::Failed) {
            codes.push(ErrorCode::DeployStuck);
        }
        let mut seen = Vec::new();
        for code in codes {
            if !seen.contains(&code) {
                seen.push(code);
                let remedy = advice(code).remedy_for(program, self.environment.as_deref());
                text.push_str(&format!("help: {remedy}\n"));
            }
        }
        if self.format == Format::Json {
            self.json(&json::error(error, program, self.environment.as_deref()));
        }
        drop(self.err.write_all(self.redactor.redact(&text).as_bytes()));
        drop(self.err.flush());
    }

    /// One error with its causes and the source line of its place.
    fn render(&self, error: &dyn Coded, place: Option<&Location>) -> String {
        let renderer = if self.colour_err { Renderer::styled() } else { Renderer::plain() };
        let code = error.code().as_str();
        let title = error.to_string();
        // The place is shown below with its line.
        let said = place.and_then(|at| title.strip_prefix(&format!("{at}: "))).unwrap_or(&title);
        // What has lines of its own, such as a difference, is shown below as it is.
        let (title, more) = (said.lines().next().unwrap_or_default(), said.lines().skip(1));
        let source = place.and_then(|at| {
            let text = std::fs::read_to_string(self.root.join(&at.file)).ok()?;
            Some((at, quotable(&at.file, text)?))
        });
        let path = place.map(|at| at.file.display().to_string()).unwrap_or_default();
        let level = Level::ERROR.primary_title(title).id(code);
        let report: Group<'_> = match &source {
            Some((at, text)) => {
                let span = span(at, text);
                level.element(Snippet::source(text.as_str()).path(path).annotation(AnnotationKind::Primary.span(span)))
            }
            None => Group::with_title(level),
        };
        let mut out = renderer.render(&[report]);
        out.push('\n');
        if let (Some(at), None) = (place, &source) {
            out.push_str(&format!("  at {at}\n"));
        }
        more.for_each(|line| out.push_str(&format!("  {line}\n")));
        let mut cause = error.source();
        while let Some(next) = cause {
            let text = next.to_string();
            // Transparent wrappers repeat their cause word for word.
            if !said.contains(&text) {
                out.push_str(&format!("  because: {text}\n"));
            }
            out.push_str(&details(next));
            cause = next.source();
        }
        out
    }
}

/// The text of a file as far as it may be quoted: while a file cannot be read, nobody knows which of its values are
/// secret. Nothing of an `.env` file, and only the keys of an environment's.
fn quotable(file: &Path, text: String) -> Option<String> {
    let name = file.file_name()?.to_str()?;
    if name.starts_with(".env") {
        return None;
    }
    if file.parent().is_none_or(|folder| !folder.ends_with("environments")) {
        return Some(text);
    }
    let mask = |part: &str| part.chars().map(|c| if c.is_whitespace() { c } else { '*' }).collect::<String>();
    let line = |line: &str| match line.split_once('=') {
        _ if line.starts_with(['[', '#']) => line.to_owned(),
        Some((key, value)) => format!("{key}={}", mask(value)),
        None => mask(line),
    };
    Some(text.split_inclusive('\n').map(line).collect())
}

/// What some errors carry besides their text: the log of a process, the findings of checks, the engine's own detail.
fn details(error: &(dyn Error + 'static)) -> String {
    if let Some(error) = database_error(error) {
        return database_detail(error);
    }
    error.downcast_ref::<Cause>().map(of_room).unwrap_or_default()
}

/// The symptoms of the database among the causes of an error.
fn database_codes(error: &dyn Coded) -> Vec<ErrorCode> {
    let causes = std::iter::successors(error.source(), |error| (*error).source());
    causes.filter_map(|error| database_error(error)?.symptom()).collect()
}

fn database_error<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e DbError> {
    // A boxed error is another type.
    error.downcast_ref::<DbError>().or_else(|| error.downcast_ref::<Box<DbError>>().map(AsRef::as_ref))
}

fn of_room(cause: &Cause) -> String {
    match cause {
        Cause::Database(error) => database_detail(error),
        Cause::Release(error) => error.log().map(|(lines, file)| process_log(lines, file)).unwrap_or_default(),
        Cause::Smoke(failed) => checks::failures(&failed.report),
        _ => String::new(),
    }
}

fn database_detail(error: &DbError) -> String {
    error.detail.as_ref().map(|detail| format!("  detail: {detail}\n")).unwrap_or_default()
}

fn process_log(lines: &[String], file: &Path) -> String {
    let mut text = format!("  last lines of {}:\n", file.display());
    if lines.is_empty() {
        text.push_str("    (it wrote nothing)\n");
    }
    lines.iter().for_each(|line| text.push_str(&format!("    {line}\n")));
    text
}

/// The character an error points at, as a byte range of the text.
fn span(at: &Location, text: &str) -> std::ops::Range<usize> {
    let line_start: usize = text.split_inclusive('\n').take(at.line.saturating_sub(1) as usize).map(str::len).sum();
    let line = text[line_start..].lines().next().unwrap_or_default();
    let mut characters = line.char_indices().skip(at.column.saturating_sub(1) as usize);
    let start = line_start + characters.next().map_or(line.len(), |(index, _)| index);
    let end = line_start + characters.next().map_or(line.len(), |(index, _)| index);
    start..end.max(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_an_environment_are_never_quoted() {
        let text = "protectd = true\n[variables]\nTOKEN = \"s3cret\ns3cret too\n".to_owned();
        let shown = quotable(Path::new("environments/dev.toml"), text.clone()).expect("its keys may be shown");
        assert_eq!(shown, "protectd = ****\n[variables]\nTOKEN = *******\n****** ***\n");
        assert_eq!(quotable(Path::new("/x/.env.dev"), text.clone()), None);
        assert_eq!(quotable(Path::new("seeds/a.toml"), text.clone()), Some(text));
    }
}
