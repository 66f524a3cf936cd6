//! Loading a project: its files are read, its layers merged, its templates rendered. All problems come at once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use minijinja::Value as Name;
use toml::Spanned;

use super::model::{
    AcceptedTable, EnvironmentFile, ExpectTable, LintTable, MigrationsTable, ProjectFile, RelationshipTable,
    ReleaseSpec, VariableSpec, VariableType,
};
use super::variables::{self, Layer, Variable, names_of};
use super::{
    Expect, ExpectRule, Inputs, Lint, Migrations, Project, ProjectError, Seed, Smoke, dotenv, parse_duration, redactor,
};
use crate::db::{DatabaseUrl, Engine};
use crate::toml_file::{self, TomlError, nearest};
use crate::{ErrorCode, Location, Problem, template};

/// The file that makes a folder a project.
const PROJECT_FILE: &str = "plimsoll.toml";

/// Loads a project for one environment.
///
/// # Errors
/// [`ProjectError`] with everything that is wrong: unreadable or broken files, unknown keys, missing or invalid
/// variables, templates that do not render, a database URL that is none.
pub fn load(inputs: &Inputs) -> Result<Project, ProjectError> {
    let source = Files::read(inputs)?;
    let mut problems = Vec::new();
    let contract: BTreeMap<String, VariableSpec> =
        source.project.variables.iter().map(|(name, spec)| (name.get_ref().clone(), spec.clone())).collect();
    let layers = layers(inputs, &source, &contract, &mut problems);
    let mut builtins = BTreeMap::from([
        ("environment".to_owned(), Name::from(inputs.environment.as_str())),
        ("project".to_owned(), Name::from(source.project.project.name.as_str())),
    ]);
    if let Some(profile) = profile(inputs, &source) {
        builtins.insert("profile".to_owned(), Name::from(profile));
    }
    let resolved =
        variables::resolve(&contract, &layers, &source.environment.features, &builtins, &inputs.root, &mut problems);
    // Without the variables nothing that follows could be judged.
    if !problems.is_empty() {
        return Err(ProjectError::new(problems));
    }
    builtins.extend(resolved.iter().filter_map(known_name));
    let mut render = Renderer { names: names_of(&builtins), problems };
    let redactor = redactor(&resolved);
    let database = database(&source, inputs, &mut render);
    if let Some(database) = &database {
        builtins.insert("engine".to_owned(), Name::from(database.engine().name()));
    }
    render.names = names_of(&builtins);
    let project = build(&source, inputs, resolved, database, &mut render);
    match project {
        Some(project) if render.problems.is_empty() => Ok(project),
        _ => {
            // What a template rendered to may be named in a problem, and may hold a secret.
            let redact =
                |problem: Problem| Problem { message: redactor.redact(&problem.message).into_owned(), ..problem };
            Err(ProjectError::new(render.problems.into_iter().map(redact).collect()))
        }
    }
}

/// The environments a project has, by name.
#[must_use]
pub fn environments(root: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(root.join("environments")) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.path().file_name()?.to_str()?.strip_suffix(".toml").map(str::to_owned))
        .collect();
    names.sort();
    names
}

/// The folder of a project's migrations, as far as it is known without an environment; none when it has none.
///
/// # Errors
/// [`ProjectError`] when `plimsoll.toml` is missing or broken, or when the folder depends on the environment.
pub fn migrations_folder(root: &Path) -> Result<Option<PathBuf>, ProjectError> {
    let file = root.join(PROJECT_FILE);
    if !file.is_file() {
        let message = format!("no `{PROJECT_FILE}` in `{}`", root.display());
        return Err(ProjectError::new(vec![Problem::new(ErrorCode::ProjectMissing, message)]));
    }
    let (project, text) =
        read_toml::<ProjectFile>(&file).map_err(|error| ProjectError::new(vec![Problem::of(&error)]))?;
    let Some(table) = project.migrations else { return Ok(None) };
    let path = table.path.get_ref();
    if path.contains("{{") || path.contains("{%") {
        let message = "the folder of migrations depends on the environment: name the folder itself".to_owned();
        let at = Location::of_offset(&file, &text, table.path.span().start);
        return Err(ProjectError::new(vec![Problem::new(ErrorCode::InvalidValue, message).at(at)]));
    }
    Ok(Some(root.join(path)))
}

/// The two files of a project with their text, for places.
struct Files {
    project: ProjectFile,
    project_path: PathBuf,
    project_text: String,
    environment: EnvironmentFile,
    environment_path: PathBuf,
    environment_text: String,
}

struct Renderer {
    names: Name,
    problems: Vec<Problem>,
}

impl Files {
    fn read(inputs: &Inputs) -> Result<Self, ProjectError> {
        let root = &inputs.root;
        let project_path = root.join(PROJECT_FILE);
        if !project_path.is_file() {
            let message = format!("no `{PROJECT_FILE}` in `{}`", root.display());
            return Err(ProjectError::new(vec![Problem::new(ErrorCode::ProjectMissing, message)]));
        }
        let name = &inputs.environment;
        let environment_path = root.join("environments").join(format!("{name}.toml"));
        // Asked of the list rather than of the file: a name with `../` in it names no environment.
        let known = environments(root);
        if !known.contains(name) {
            let hint = nearest(name, known.iter().map(String::as_str)).map(|near| format!(", did you mean `{near}`?"));
            let message = format!(
                "no environment `{name}`{} (there are: {})",
                hint.unwrap_or_default(),
                if known.is_empty() { "none".to_owned() } else { known.join(", ") }
            );
            return Err(ProjectError::new(vec![Problem::new(ErrorCode::EnvironmentUnknown, message)]));
        }
        let project = read_toml::<ProjectFile>(&project_path);
        let environment = read_toml::<EnvironmentFile>(&environment_path);
        match (project, environment) {
            (Ok((project, project_text)), Ok((environment, environment_text))) => {
                Ok(Self { project, project_path, project_text, environment, environment_path, environment_text })
            }
            (project, environment) => Err(ProjectError::new(
                [project.err(), environment.err()].iter().flatten().map(|error| Problem::of(error)).collect(),
            )),
        }
    }

    fn in_project<T>(&self, value: &Spanned<T>) -> Location {
        Location::of_offset(&self.project_path, &self.project_text, value.span().start)
    }

    fn in_environment<T>(&self, value: &Spanned<T>) -> Location {
        Location::of_offset(&self.environment_path, &self.environment_text, value.span().start)
    }
}

impl Renderer {
    fn text(&mut self, text: &str, at: Option<Location>) -> Option<String> {
        match template::render(&template::environment(), text, &self.names) {
            Ok(text) => Some(text),
            Err(error) => {
                let problem = Problem::new(ErrorCode::Template, format!("`{text}` cannot be rendered: {error}"));
                self.problems.push(Problem { at, ..problem });
                None
            }
        }
    }

    fn count(&mut self, value: Option<&Spanned<toml::Value>>, files: &Files) -> Option<u64> {
        let value = value?;
        let at = files.in_project(value);
        let text = match value.get_ref() {
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::String(text) => self.text(text, Some(at.clone()))?,
            other => other.to_string(),
        };
        match text.parse() {
            Ok(count) => Some(count),
            Err(_) => {
                let message = format!("a count is a whole number or a template of one, found `{text}`");
                self.problems.push(Problem::new(ErrorCode::InvalidValue, message).at(at));
                None
            }
        }
    }
}

fn read_toml<T: serde::de::DeserializeOwned>(file: &Path) -> Result<(T, String), TomlError> {
    let text = toml_file::read_text(file)?;
    Ok((toml_file::parse(file, &text)?, text))
}

fn known_name(variable: &Variable) -> Option<(String, Name)> {
    let value = variable.value.as_ref()?;
    Some((variable.name.clone(), variables::typed(variable.spec.kind, value.expose())))
}

fn layers(
    inputs: &Inputs,
    files: &Files,
    contract: &BTreeMap<String, VariableSpec>,
    problems: &mut Vec<Problem>,
) -> Vec<Layer> {
    let relative = |path: &Path| path.strip_prefix(&inputs.root).unwrap_or(path).display().to_string();
    let mut defaults = Layer::default();
    for (name, spec) in contract {
        if let Some(default) = &spec.default {
            let at = files.in_project(default);
            let origin = format!("{}:{}", relative(&at.file), at.line);
            match scalar_text(default.get_ref()) {
                Some(text) => drop(defaults.values.insert(name.clone(), (text, origin))),
                None => problems.push(no_scalar(name).at(at)),
            }
        }
    }
    let mut environment = Layer::default();
    for (name, value) in &files.environment.variables {
        let at = files.in_environment(name);
        if let Some(message) = variables::unknown_name(contract, name.get_ref()) {
            problems.push(Problem::new(ErrorCode::VariableUnknown, message).at(at));
            continue;
        }
        let origin = format!("{}:{}", relative(&at.file), at.line);
        match scalar_text(value.get_ref()) {
            Some(text) => drop(environment.values.insert(name.get_ref().clone(), (text, origin))),
            None => problems.push(no_scalar(name.get_ref()).at(files.in_environment(value))),
        }
    }
    let mut process = Layer::default();
    for name in contract.keys() {
        if let Some(value) = inputs.process.get(name) {
            process.values.insert(name.clone(), (value.clone(), "the process environment".to_owned()));
        }
    }
    let mut flags = Layer::default();
    for (name, value) in &inputs.set {
        if let Some(message) = variables::unknown_name(contract, name) {
            problems.push(Problem::new(ErrorCode::VariableUnknown, message));
            continue;
        }
        let is_path = contract.get(name).is_some_and(|spec| spec.kind == VariableType::Path);
        let value = if is_path { inputs.current_dir.join(value).display().to_string() } else { value.clone() };
        flags.values.insert(name.clone(), (value, "--set".to_owned()));
    }
    vec![defaults, environment, dotenv_layer(inputs, problems), process, flags]
}

/// `.env.<environment>`, and never a plain `.env`: it says nothing about which environment it is for.
fn dotenv_layer(inputs: &Inputs, problems: &mut Vec<Problem>) -> Layer {
    let name = format!(".env.{}", inputs.environment);
    let path = inputs.root.join(&name);
    let mut layer = Layer::default();
    if !path.is_file() {
        return layer;
    }
    match toml_file::read_text(&path) {
        Ok(text) => {
            let (found, wrong) = dotenv::parse(&text);
            for line in wrong {
                let at = Location { file: path.clone(), line, column: 1 };
                problems.push(Problem::new(ErrorCode::Syntax, "expected `NAME=VALUE`").at(at));
            }
            for (variable, value, line) in found {
                layer.values.insert(variable, (value, format!("{name}:{line}")));
            }
        }
        Err(error) => problems.push(Problem::of(&error)),
    }
    layer
}

fn scalar_text(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Array(_) | toml::Value::Table(_) => None,
        other => Some(other.to_string()),
    }
}

fn no_scalar(name: &str) -> Problem {
    Problem::new(ErrorCode::InvalidValue, format!("`{name}` is one value: write a string, a number or a boolean"))
}

/// The profile of generated rows: the command's, else the environment's, else the project's.
fn profile(inputs: &Inputs, files: &Files) -> Option<String> {
    let project = || files.project.seed.as_ref()?.profile.clone();
    inputs.profile.clone().or_else(|| files.environment.seed.profile.clone()).or_else(project)
}

fn database(files: &Files, inputs: &Inputs, render: &mut Renderer) -> Option<DatabaseUrl> {
    let text = render.text(&files.project.project.database, None)?;
    match DatabaseUrl::parse(&text, &inputs.root) {
        Ok(url) => Some(url),
        Err(error) => {
            render.problems.push(Problem::of(&error));
            None
        }
    }
}

fn build(
    files: &Files,
    inputs: &Inputs,
    variables: Vec<Variable>,
    database: Option<DatabaseUrl>,
    render: &mut Renderer,
) -> Option<Project> {
    let file = &files.project;
    let migrations = file.migrations.as_ref().and_then(|table| migrations(table, files, inputs, render));
    let seed = file.seed.as_ref().and_then(|table| {
        let path = render.text(table.path.get_ref(), Some(files.in_project(&table.path)))?;
        let mut with = files.environment.seed.with.clone();
        with.extend(inputs.with.iter().cloned());
        Some(Seed {
            path: inputs.root.join(path),
            user_data: table.user_data.clone(),
            with,
            profile: profile(inputs, files),
            top_up: inputs.top_up,
        })
    });
    let smoke = file.smoke.as_ref().and_then(|table| {
        let path = render.text(table.path.get_ref(), Some(files.in_project(&table.path)))?;
        Some(Smoke { path: inputs.root.join(path), revision: table.revision.clone() })
    });
    let expect = file.expect.iter().map(|table| expect(table, files, render)).collect();
    let base_url = files.environment.base_url.as_ref();
    let base_url = base_url.and_then(|text| render.text(text.get_ref(), Some(files.in_environment(text))));
    Some(Project {
        name: file.project.name.clone(),
        root: inputs.root.clone(),
        environment: inputs.environment.clone(),
        protected: files.environment.protected,
        base_url,
        variables,
        names: render.names.clone(),
        database: database?,
        migrations,
        seed,
        expect,
        smoke,
        inherited: ["PATH", "HOME"]
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), inputs.process.get(name)?.clone())))
            .collect(),
        releases: releases(&file.release, &files.environment.release, &mut render.problems),
    })
}

fn migrations(table: &MigrationsTable, files: &Files, inputs: &Inputs, render: &mut Renderer) -> Option<Migrations> {
    let path = render.text(table.path.get_ref(), Some(files.in_project(&table.path)))?;
    let lock_timeout = match &table.lock_timeout {
        None => None,
        Some(text) => {
            let parsed = parse_duration(text.get_ref());
            if parsed.is_none() {
                let message = format!("`{}` is no duration: write `500ms`, `3s` or `2m`", text.get_ref());
                render.problems.push(Problem::new(ErrorCode::InvalidValue, message).at(files.in_project(text)));
            }
            parsed
        }
    };
    let LintTable { allow, warn, opt_in } = &table.lint;
    Some(Migrations {
        path: inputs.root.join(path),
        lock_timeout,
        lock_retries: table.lock_retries,
        allow_out_of_order: table.allow_out_of_order,
        lint: Lint { allow: allow.clone(), warn: warn.clone(), opt_in: opt_in.clone() },
    })
}

fn expect(table: &ExpectTable, files: &Files, render: &mut Renderer) -> Expect {
    let mut wrong = |at: Location, message: &str| {
        render.problems.push(Problem::new(ErrorCode::InvalidValue, message).at(at));
    };
    let mut rules = Vec::new();
    if let Some(columns) = &table.not_null {
        rules.push((files.in_project(columns), ExpectRule::NotNull(columns.get_ref().clone())));
    }
    if let Some(columns) = &table.unique {
        rules.push((files.in_project(columns), ExpectRule::Unique(columns.get_ref().clone())));
    }
    if let Some(accepted) = &table.accepted {
        let AcceptedTable { column, values } = accepted.get_ref();
        let rule = ExpectRule::Accepted { column: column.clone(), values: values.clone() };
        rules.push((files.in_project(accepted), rule));
    }
    if let Some(relationship) = &table.relationship {
        let RelationshipTable { columns, table: target, references } = relationship.get_ref();
        if columns.len() != references.len() {
            wrong(files.in_project(relationship), "a relationship has as many `columns` as `references`");
        }
        let (columns, references) = (columns.clone(), references.clone());
        let rule = ExpectRule::Relationship { columns, table: target.clone(), references };
        rules.push((files.in_project(relationship), rule));
    }
    if let Some(sql) = &table.sql {
        rules.push((files.in_project(sql), ExpectRule::Sql(sql.get_ref().clone())));
    }
    for (at, rule) in &rules {
        let is_empty = match rule {
            ExpectRule::NotNull(columns) | ExpectRule::Unique(columns) => columns.is_empty(),
            ExpectRule::Relationship { columns, .. } => columns.is_empty(),
            ExpectRule::Accepted { values, .. } => values.is_empty(),
            ExpectRule::Sql(sql) => sql.trim().is_empty(),
        };
        if is_empty {
            wrong(at.clone(), "an expectation that names nothing would always hold");
        }
    }
    let counts = [&table.at_least, &table.at_most, &table.exactly];
    let counted = counts.into_iter().flatten().map(|count| files.in_project(count)).next();
    let only_sql = counted.is_none() && rules.iter().all(|(_, rule)| matches!(rule, ExpectRule::Sql(_)));
    match &table.table {
        None if !only_sql || rules.is_empty() => {
            let at = counted.clone().or_else(|| rules.first().map(|(at, _)| at.clone()));
            let problem =
                Problem::new(ErrorCode::InvalidValue, "an expectation needs a `table`, unless it is `sql` alone");
            render.problems.push(Problem { at, ..problem });
        }
        Some(name) if counted.is_none() && rules.is_empty() => {
            let message = "an expectation needs `at_least`, `at_most`, `exactly`, `not_null`, `unique`, `accepted`, \
                           `relationship` or `sql`, or it would always hold";
            wrong(files.in_project(name), message);
        }
        _ => {}
    }
    Expect {
        table: table.table.as_ref().map(|name| name.get_ref().clone()).unwrap_or_default(),
        filter: table.r#where.clone(),
        at_least: render.count(table.at_least.as_ref(), files),
        at_most: render.count(table.at_most.as_ref(), files),
        exactly: render.count(table.exactly.as_ref(), files),
        at: counted.or_else(|| rules.first().map(|(at, _)| at.clone())),
        rules: rules.into_iter().map(|(_, rule)| rule).collect(),
    }
}

/// The project's releases in their order, each replaced by the environment's of the same name; further ones follow.
fn releases(project: &[ReleaseSpec], environment: &[ReleaseSpec], problems: &mut Vec<Problem>) -> Vec<ReleaseSpec> {
    for declared in [project, environment] {
        for (index, release) in declared.iter().enumerate() {
            if declared[..index].iter().any(|earlier| earlier.name == release.name) {
                let message = format!("there are two releases named `{}`", release.name);
                problems.push(Problem::new(ErrorCode::InvalidValue, message));
            }
        }
    }
    let mut all: Vec<ReleaseSpec> = project.to_vec();
    for own in environment {
        match all.iter_mut().find(|release| release.name == own.name) {
            Some(release) => *release = own.clone(),
            None => all.push(own.clone()),
        }
    }
    all
}

/// The engine a project's environment uses, for callers that only need to know which backend to build.
impl Project {
    /// The engine of the target database.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.database.engine()
    }
}
