//! The names that the templates of a check use. Giving them values is `run`'s.

use std::collections::BTreeSet;

use minijinja::Environment;
use plimsoll_core::template;
use serde_json::Value;

use crate::model::{Texts, Visitor};

/// Names that every run has: an id of the run, and one that is new for each check.
pub(crate) const BUILT_IN: [&str; 2] = ["run_id", "uuid"];

/// The top-level names in all templates. What does not compile was reported when the file was read.
pub(crate) fn used<T: Texts + Clone>(env: &Environment<'_>, of: &T) -> BTreeSet<String> {
    let mut names = Names { env, found: BTreeSet::new() };
    of.clone().texts(&mut names);
    names.found
}

struct Names<'a> {
    env: &'a Environment<'a>,
    found: BTreeSet<String>,
}

impl Visitor for Names<'_> {
    fn text(&mut self, text: &mut String) {
        if template::is_template(text)
            && let Ok(template) = self.env.template_from_str(text)
        {
            self.found.extend(template.undeclared_variables(false));
        }
    }

    fn value(&mut self, value: &mut Value) {
        match value {
            Value::String(text) => self.text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item)),
            Value::Object(entries) => entries.values_mut().for_each(|entry| self.value(entry)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}
