//! Expressions of datasets: the names they see, `ref()`, and turning results into cells. Loops and blocks are `mapping`'s.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};

use minijinja::value::{Enumerator, Kwargs, Object, ValueKind};
use minijinja::{Environment, Error, ErrorKind, Expression, Value};
use serde_json::Value as Json;

use crate::staged::Missing;

/// The argument of a reference that is no column.
const MISSING: &str = "missing";

/// A compiled expression, or a literal that needs none.
pub(crate) enum Expr<'env> {
    Literal(Json),
    Code {
        source: String,
        compiled: Expression<'env, 'env>,
        /// The names of a plain path such as `doc.story.asA`, which needs no evaluation in a document.
        path: Option<Box<[Box<str>]>>,
    },
}

/// The names that one evaluation sees: the project's, overlaid by those of loops and `let`.
///
/// Shared with the engine for the length of an evaluation, so that names need not be copied for every expression.
#[derive(Debug, Clone)]
pub(crate) struct Scope(Arc<Names>);

#[derive(Debug)]
struct Names {
    base: Value,
    local: RwLock<Vec<(Arc<str>, Value)>>,
}

/// What `ref()` returns: a row of another table by its natural key.
#[derive(Debug)]
pub(crate) struct RefValue {
    pub(crate) table: String,
    pub(crate) key: Vec<(String, Value)>,
    pub(crate) missing: Missing,
}

/// The expression environment of datasets.
pub(crate) fn environment() -> Environment<'static> {
    let mut env = plimsoll_core::template::environment();
    env.add_function("ref", |table: String, columns: Kwargs| reference(table, &columns, Missing::Error));
    env.add_function("ref_or_null", |table: String, columns: Kwargs| reference(table, &columns, Missing::Null));
    crate::map::loose::add_to(&mut env);
    env
}

impl<'env> Expr<'env> {
    pub(crate) fn compile(env: &'env Environment<'static>, source: &str) -> Result<Self, Error> {
        let compiled = env.compile_expression_owned(source.to_owned())?;
        Ok(Self::Code { source: source.to_owned(), compiled, path: plain_path(source) })
    }

    /// The names of a plain path, the first one alone for a name.
    pub(crate) fn path(&self) -> Option<&[Box<str>]> {
        match self {
            Self::Literal(_) => None,
            Self::Code { path, .. } => path.as_deref(),
        }
    }

    /// Whether its value is the engine's to find: it is neither literal nor a plain path.
    pub(crate) fn is_evaluated(&self) -> bool {
        matches!(self, Self::Code { path: None, .. })
    }

    /// Evaluates to a value that may be undefined.
    pub(crate) fn eval(&self, scope: &Scope) -> Result<Value, Error> {
        match self {
            Self::Literal(json) => Ok(Value::from(minijinja::value::Serde(json))),
            Self::Code { compiled, path, .. } => match path.as_deref().and_then(|path| scope.walk(path)) {
                Some(value) => Ok(value),
                None => compiled.eval(Value::from_dyn_object(Arc::clone(&scope.0))),
            },
        }
    }

    /// The names an expression uses.
    pub(crate) fn names(&self) -> HashSet<String> {
        match self {
            Self::Literal(_) => HashSet::new(),
            Self::Code { compiled, .. } => compiled.undeclared_variables(false),
        }
    }

    /// The source, empty for literals.
    pub(crate) fn source(&self) -> &str {
        match self {
            Self::Literal(_) => "",
            Self::Code { source, .. } => source,
        }
    }
}

impl Scope {
    pub(crate) fn new(base: Value) -> Self {
        Self(Arc::new(Names { base, local: RwLock::new(Vec::new()) }))
    }

    pub(crate) fn set(&self, name: &Arc<str>, value: Value) {
        self.0.local.write().unwrap_or_else(PoisonError::into_inner).push((Arc::clone(name), value));
    }

    /// What a name means.
    pub(super) fn get(&self, name: &str) -> Option<Value> {
        self.0.get_value_by_str(name)
    }

    /// What a name of a loop or `let` means.
    pub(super) fn local(&self, name: &str) -> Option<Value> {
        let local = self.0.local.read().unwrap_or_else(PoisonError::into_inner);
        local.iter().rev().find(|(known, _)| **known == *name).map(|(_, value)| value.clone())
    }

    /// What a plain path means, unless a part of it is missing: then the engine says so.
    fn walk(&self, path: &[Box<str>]) -> Option<Value> {
        let (root, parts) = path.split_first()?;
        let value = parts.iter().try_fold(self.local(root)?, |value, part| value.get_attr(part).ok());
        value.filter(|value| !value.is_undefined())
    }

    /// All names, of the project as well.
    pub(super) fn names(&self) -> Vec<String> {
        let local = self.0.local.read().unwrap_or_else(PoisonError::into_inner);
        let local = local.iter().map(|(name, _)| name.to_string());
        let base = self.0.base.try_iter().map(|keys| keys.map(|key| key.to_string()).collect::<Vec<_>>());
        local.chain(base.unwrap_or_default()).collect()
    }

    /// How many names are set; [`Scope::truncate`] returns to it.
    pub(crate) fn depth(&self) -> usize {
        self.0.local.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    pub(crate) fn truncate(&self, depth: usize) {
        self.0.local.write().unwrap_or_else(PoisonError::into_inner).truncate(depth);
    }
}

impl Object for Names {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let local = self.local.read().unwrap_or_else(PoisonError::into_inner);
        // Later names shadow earlier ones.
        if let Some((_, value)) = local.iter().rev().find(|(name, _)| &**name == key) {
            return Some(value.clone());
        }
        self.base.get_attr(key).ok().filter(|value| !value.is_undefined())
    }
}

impl Object for RefValue {
    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }
}

fn plain_path(source: &str) -> Option<Box<[Box<str>]>> {
    // After a dot, digits are a position in a list and no name.
    let is_name = |part: &str| {
        part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            && part.bytes().next().is_some_and(|byte| !byte.is_ascii_digit())
    };
    let parts: Vec<&str> = source.split('.').map(str::trim).collect();
    parts.iter().all(|part| is_name(part)).then(|| parts.into_iter().map(Box::from).collect())
}

/// Turns a result into JSON. Undefined values and references inside of lists or objects are errors.
pub(crate) fn to_json(value: &Value) -> Result<Json, Error> {
    if value.downcast_object_ref::<RefValue>().is_some() {
        return Err(Error::new(ErrorKind::InvalidOperation, "ref() must be the whole value of a column"));
    }
    match value.kind() {
        ValueKind::Undefined => Err(Error::from(ErrorKind::UndefinedError)),
        ValueKind::None => Ok(Json::Null),
        ValueKind::Bool => Ok(Json::Bool(value.is_true())),
        ValueKind::String => Ok(Json::String(value.as_str().unwrap_or_default().to_owned())),
        ValueKind::Seq | ValueKind::Iterable => value.try_iter()?.map(|item| to_json(&item)).collect(),
        ValueKind::Map => {
            let mut object = serde_json::Map::new();
            for key in value.try_iter()? {
                object.insert(key.to_string(), to_json(&value.get_item(&key)?)?);
            }
            Ok(Json::Object(object))
        }
        ValueKind::Number => match serde_json::to_value(value) {
            Ok(Json::Null) | Err(_) => {
                Err(Error::new(ErrorKind::BadSerialization, format!("{value} is not a finite number")))
            }
            Ok(number) => Ok(number),
        },
        other => Err(Error::new(ErrorKind::BadSerialization, format!("a column cannot hold a value of type {other}"))),
    }
}

fn reference(table: String, columns: &Kwargs, otherwise: Missing) -> Result<Value, Error> {
    let mut key = Vec::new();
    let mut missing = otherwise;
    for name in columns.args() {
        let value: Value = columns.get(name)?;
        if value.is_undefined() {
            return Err(Error::new(ErrorKind::UndefinedError, format!("`{name}` of ref('{table}') is undefined")));
        }
        if name == MISSING {
            missing = Missing::named(value.as_str().unwrap_or_default())?;
            continue;
        }
        key.push((name.to_owned(), value));
    }
    if key.is_empty() {
        return Err(Error::new(
            ErrorKind::MissingArgument,
            format!("ref('{table}') names no column, as in ref('{table}', slug='x')"),
        ));
    }
    if missing == Missing::Keep && key.len() > 1 {
        let message = format!("missing='keep' of ref('{table}') keeps one value, and there are {}", key.len());
        return Err(Error::new(ErrorKind::InvalidOperation, message));
    }
    // Nothing refers to nothing.
    if missing != Missing::Error && key.iter().any(|(_, value)| value.is_none()) {
        return Ok(Value::from(()));
    }
    key.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(Value::from_object(RefValue { table, key, missing }))
}

impl Missing {
    fn named(name: &str) -> Result<Self, Error> {
        match name {
            "error" => Ok(Self::Error),
            "null" => Ok(Self::Null),
            "keep" => Ok(Self::Keep),
            other => Err(Error::new(
                ErrorKind::InvalidOperation,
                format!("`missing` of a reference is 'error', 'null' or 'keep', not '{other}'"),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minijinja::context;

    fn eval(source: &str) -> Result<Value, Error> {
        let env = environment();
        let scope = Scope::new(context! { a => 1, b => vec![1.5, 2.0] });
        scope.set(&Arc::from("a"), Value::from(2));
        Expr::compile(&env, source)?.eval(&scope)
    }

    #[test]
    fn names_of_loops_shadow_those_of_the_project() {
        assert_eq!(to_json(&eval("[a, b]").expect("evaluates")).expect("is JSON"), serde_json::json!([2, [1.5, 2.0]]));
    }

    #[test]
    fn a_reference_remembers_its_table_and_key_and_may_not_hide_in_a_list() {
        let value = eval("ref('t', z=1, c='x')").expect("evaluates");
        let found = value.downcast_object_ref::<RefValue>().expect("is a reference");
        assert_eq!((found.table.as_str(), found.key[0].0.as_str()), ("t", "c"));
        assert!(to_json(&eval("[ref('t', c=1)]").expect("evaluates")).is_err());
        assert!(eval("ref('t', c=missing)").is_err());
    }
}
