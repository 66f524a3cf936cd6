//! The environment contract resolved: each variable's winning value, where it came from and what it shadowed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use config::{Config, ConfigError, Map, Source};
use minijinja::Value as Name;

use super::model::{VariableSpec, VariableType};
use crate::db::DatabaseUrl;
use crate::toml_file::nearest;
use crate::{ErrorCode, Problem, Secret, template};

/// One layer of values, lowest first in the list of layers.
#[derive(Clone, Default)]
pub(super) struct Layer {
    /// Each name's value and origin (`environments/dev.toml:4`, `the process environment`, `--set`).
    pub(super) values: BTreeMap<String, (String, String)>,
}

/// A variable with its value.
#[derive(Debug, Clone)]
pub struct Variable {
    /// The name.
    pub name: String,
    /// What the contract says of it.
    pub spec: VariableSpec,
    /// The value, `None` when no layer has one. Held as a secret whether it is one or not; [`Variable::shown`] decides.
    pub value: Option<Secret>,
    /// Where the value came from.
    pub origin: Option<String>,
    /// The origins of the values it shadowed, nearest first.
    pub shadowed: Vec<String>,
}

impl Variable {
    /// The value as it may be shown.
    #[must_use]
    pub fn shown(&self) -> Option<&str> {
        self.value.as_ref().map(|value| if self.spec.secret { crate::secret::MASK } else { value.expose() })
    }
}

/// `config` asks for it; the values may be secrets.
impl fmt::Debug for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

impl Source for Layer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, config::Value>, ConfigError> {
        let value = |(text, origin): &(String, String)| config::Value::new(Some(origin), text.as_str());
        Ok(self.values.iter().map(|(name, entry)| (name.clone(), value(entry))).collect())
    }
}

/// Resolves the contract over its layers. Every problem of every variable is found at once.
pub(super) fn resolve(
    contract: &BTreeMap<String, VariableSpec>,
    layers: &[Layer],
    features: &[String],
    builtins: &BTreeMap<String, Name>,
    root: &Path,
    problems: &mut Vec<Problem>,
) -> Vec<Variable> {
    let merged = match merge(layers) {
        Ok(merged) => merged,
        Err(error) => {
            problems.push(Problem::new(ErrorCode::VariablesInvalid, error.to_string()));
            return Vec::new();
        }
    };
    let mut variables: Vec<Variable> =
        contract.iter().map(|(name, spec)| winning(name, spec, &merged, layers)).collect();

    let unrendered = render_values(&mut variables, builtins, problems);
    check(&variables, &unrendered, features, root, problems);
    variables
}

/// The names that a `--set` or an environment file uses and the contract does not have.
pub(super) fn unknown_name(contract: &BTreeMap<String, VariableSpec>, name: &str) -> Option<String> {
    if contract.contains_key(name) {
        return None;
    }
    let hint = nearest(name, contract.keys().map(String::as_str)).map(|near| format!(", did you mean `{near}`?"));
    Some(format!("unknown variable `{name}`{}", hint.unwrap_or_default()))
}

/// A variable as templates see it.
pub(super) fn typed(kind: VariableType, text: &str) -> Name {
    let parsed = match kind {
        VariableType::Int => text.parse::<i64>().ok().map(Name::from),
        VariableType::Float => text.parse::<f64>().ok().map(Name::from),
        VariableType::Bool => text.parse::<bool>().ok().map(Name::from),
        VariableType::String | VariableType::Dsn | VariableType::Url | VariableType::Path => None,
    };
    parsed.unwrap_or_else(|| Name::from(text))
}

/// Names and values as one value for templates.
pub(super) fn names_of(names: &BTreeMap<String, Name>) -> Name {
    Name::from_pairs(names.iter().map(|(name, value)| (name.as_str(), value.clone())))
}

/// Renders the values that are templates of other variables, and says which could not be.
fn render_values(
    variables: &mut [Variable],
    builtins: &BTreeMap<String, Name>,
    problems: &mut Vec<Problem>,
) -> BTreeSet<String> {
    let env = template::environment();
    let mut names = builtins.clone();
    // Each round renders those whose names are known, until nothing moves.
    let mut open: Vec<usize> = (0..variables.len()).filter(|index| variables[*index].value.is_some()).collect();
    loop {
        let context = names_of(&names);
        let mut failed = Vec::new();
        let tried = open.len();
        for index in open.drain(..) {
            let variable = &mut variables[index];
            let text = variable.value.as_ref().map(|value| value.expose().to_owned()).unwrap_or_default();
            // Only values from the project's own files are templates; a password may well hold `{{`.
            let from_outside = variable.origin.as_deref().is_some_and(is_outside);
            let rendered = if from_outside { Ok(text) } else { template::render(&env, &text, &context) };
            match rendered {
                Ok(text) => {
                    names.insert(variable.name.clone(), typed(variable.spec.kind, &text));
                    variable.value = Some(Secret::new(text));
                }
                Err(error) => failed.push((index, error)),
            }
        }
        if failed.len() < tried && !failed.is_empty() {
            open = failed.into_iter().map(|(index, _)| index).collect();
            continue;
        }
        let mut unrendered = BTreeSet::new();
        for (index, error) in failed {
            let Variable { name, origin, .. } = &variables[index];
            let origin = origin.as_deref().unwrap_or("its default");
            let message = format!("`{name}` from {origin} cannot be rendered: {error}");
            problems.push(Problem::new(ErrorCode::Template, message));
            unrendered.insert(name.clone());
        }
        return unrendered;
    }
}

fn is_outside(origin: &str) -> bool {
    !origin.contains(".toml:")
}

fn merge(layers: &[Layer]) -> Result<Map<String, config::Value>, ConfigError> {
    let builder = layers.iter().cloned().fold(Config::builder(), |builder, layer| builder.add_source(layer));
    builder.build()?.collect()
}

fn winning(name: &str, spec: &VariableSpec, merged: &Map<String, config::Value>, layers: &[Layer]) -> Variable {
    let winner = merged.get(name);
    let origins: Vec<String> =
        layers.iter().rev().filter_map(|layer| layer.values.get(name)).map(|(_, origin)| origin.clone()).collect();
    Variable {
        name: name.to_owned(),
        spec: spec.clone(),
        value: winner.and_then(|value| value.clone().into_string().ok()).map(Secret::new),
        origin: winner.and_then(|value| value.origin()).map(str::to_owned),
        shadowed: origins.into_iter().skip(1).collect(),
    }
}

fn check(
    variables: &[Variable],
    unrendered: &BTreeSet<String>,
    features: &[String],
    root: &Path,
    problems: &mut Vec<Problem>,
) {
    for variable in variables.iter().filter(|variable| !unrendered.contains(&variable.name)) {
        let spec = &variable.spec;
        let feature = spec.required_by.iter().find(|feature| features.contains(feature));
        let text = variable.value.as_ref().map(Secret::expose).filter(|text| !text.is_empty());
        let Some(text) = text else {
            if spec.required || feature.is_some() {
                problems.push(Problem::new(ErrorCode::VariablesMissing, missing(variable, feature)));
            }
            continue;
        };
        if let Some(wrong) = mismatch(spec, text, root) {
            let origin = variable.origin.as_deref().unwrap_or("its default");
            let message = format!("`{}` from {origin} {wrong}", variable.name);
            problems.push(Problem::new(ErrorCode::VariablesInvalid, message));
        }
    }
}

fn missing(variable: &Variable, feature: Option<&String>) -> String {
    let why = feature.map(|feature| format!(" for `{feature}`")).unwrap_or_default();
    let what = variable.spec.description.as_deref().map(|text| format!(": {text}")).unwrap_or_default();
    let how = if variable.value.is_some() { "is empty" } else { "is not set" };
    format!("`{}` is required{why} and {how}{what}", variable.name)
}

/// What is wrong with a value, without repeating the value: it may be a secret.
fn mismatch(spec: &VariableSpec, text: &str, root: &Path) -> Option<String> {
    if !spec.one_of.is_empty() && !spec.one_of.iter().any(|allowed| allowed == text) {
        return Some(format!("must be one of {}", spec.one_of.join(", ")));
    }
    match spec.kind {
        VariableType::String | VariableType::Path => None,
        VariableType::Dsn => DatabaseUrl::parse(text, root).err().map(|error| format!("is no database URL: {error}")),
        VariableType::Url => match url::Url::parse(text) {
            Ok(url) if url.has_host() => None,
            _ => Some("is no URL with a host".to_owned()),
        },
        VariableType::Int => text.parse::<i64>().err().map(|_| "is no whole number".to_owned()),
        VariableType::Float => text.parse::<f64>().err().map(|_| "is no number".to_owned()),
        VariableType::Bool => text.parse::<bool>().err().map(|_| "is neither true nor false".to_owned()),
    }
}
