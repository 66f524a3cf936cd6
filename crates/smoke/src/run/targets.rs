//! Where requests go: the target, and other services that checks name by `base_url`. How they are asked is `http`'s.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::{Environment, Value as Name};

use crate::http::tls::Trust;
use crate::http::{self, Http};
use crate::masking::Masking;
use crate::model::Suite;
use crate::plan::SmokePlan;
use crate::problem::template_text;
use crate::render::rendered;
use crate::report::{Unmeasured, UnmeasuredKind};

/// The connections to everything that a run asks over HTTP.
pub(super) struct Targets<'a> {
    target: Arc<Http>,
    /// How each suite connects, or its name and why that cannot be known.
    suites: Vec<Result<Suite, (String, String)>>,
    root: Option<&'a Path>,
    others: Mutex<BTreeMap<String, Arc<Http>>>,
}

impl<'a> Targets<'a> {
    /// Makes known how the checks of each suite connect. Nothing is connected yet.
    pub(super) fn new(
        target: Http,
        plan: &SmokePlan,
        env: &Environment<'_>,
        names: &BTreeMap<String, Name>,
        root: Option<&'a Path>,
        masking: &Masking,
    ) -> Self {
        let names = Name::from_pairs(names.clone());
        let filled_in = |suite: &Suite| match rendered(env, suite, &names) {
            Ok(suite) => {
                suite.proxy.iter().for_each(|proxy| masking.learn_url(proxy));
                Ok(suite)
            }
            Err(error) => Err((suite.name.clone(), template_text(&error))),
        };
        let suites = plan.suites.iter().map(filled_in).collect();
        let mut targets = Self { target: Arc::new(target), suites, root, others: Mutex::default() };
        if let Some(target) = Arc::get_mut(&mut targets.target) {
            add_suites(target, &targets.suites, root);
        }
        targets
    }

    /// The target, or the service at another URL. What its suite's cookies are is kept apart for each.
    pub(super) fn of(&self, base_url: Option<&str>, masking: &Masking) -> Result<Arc<Http>, Unmeasured> {
        let Some(base_url) = base_url else { return Ok(Arc::clone(&self.target)) };
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = others.get(base_url) {
            return Ok(Arc::clone(known));
        }
        // The error never repeats the URL, which may hold a password.
        let mut http = http::open(base_url, &[])
            .map_err(|error| Unmeasured { kind: UnmeasuredKind::NotPrepared, detail: error.to_string() })?;
        masking.learn_url(base_url);
        add_suites(&mut http, &self.suites, self.root);
        let http = Arc::new(http);
        others.insert(base_url.to_owned(), Arc::clone(&http));
        Ok(http)
    }

    /// Whom the probes of a suite trust that are not HTTP.
    pub(super) fn trust(&self, suite: &str) -> Result<Option<&Trust>, Unmeasured> {
        self.target.trust(suite)
    }
}

fn add_suites(http: &mut Http, suites: &[Result<Suite, (String, String)>], root: Option<&Path>) {
    for suite in suites {
        match suite {
            Ok(suite) => http.add_suite(suite, root),
            Err((name, detail)) => http.refuse_suite(name, detail.clone()),
        }
    }
}
