//! The names that the templates of a check use. Giving them values is `run`'s.

use std::collections::BTreeSet;

use minijinja::Environment;
use plimsoll_core::template;

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
}
