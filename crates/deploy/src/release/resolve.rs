//! A release with its templates rendered and its revision known. Nothing is started here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use minijinja::Value as Name;
use plimsoll_core::project::{Project, ReleaseKind, ReleaseSpec, parse_duration};
use plimsoll_core::template;

use super::{ReleaseError, artifact};

/// A `[[release]]` of an environment, ready to be planned.
#[derive(Debug, Clone)]
pub struct Release {
    /// The name.
    pub name: String,
    /// The kind.
    pub kind: ReleaseKind,
    /// The revision it would serve: the commit and a digest of artifact, command and environment. Empty when it is only
    /// looked after.
    pub revision: String,
    /// The stable port.
    pub port: u16,
    /// The path that answers once the process is up.
    pub health: String,
    /// How long the process may take until it answers.
    pub start_timeout: Duration,
    /// Where records, kept revisions and logs are.
    pub state_dir: PathBuf,
    /// Where the process runs: the project's folder, so that relative paths mean the same to it and to Plimsoll.
    pub root: PathBuf,
    pub(super) artifact: Option<PathBuf>,
    spec: ReleaseSpec,
    names: Name,
    inherited: BTreeMap<String, String>,
}

/// What a process is started with. Not `Debug`: the environment holds secrets.
pub(super) struct Launch {
    pub(super) argv: Vec<String>,
    pub(super) env: BTreeMap<String, String>,
}

/// Renders a release's templates and works out its revision from the commit and the artifact.
pub(crate) fn resolve(spec: &ReleaseSpec, project: &Project, commit: &str) -> Result<Release, ReleaseError> {
    let mut release = declared(spec, project)?;
    if let Some(path) = release.artifact.clone().filter(|path| !path.is_file()) {
        return Err(ReleaseError::ArtifactMissing { release: spec.name.clone(), path });
    }
    release.revision = release.identity(commit)?;
    Ok(release)
}

/// A release without a revision: enough to look after what serves, also when the artifact was never built here.
pub(crate) fn declared(spec: &ReleaseSpec, project: &Project) -> Result<Release, ReleaseError> {
    let names = &project.names;
    let artifact = match &spec.artifact {
        Some(text) => Some(project.root.join(render(spec, "artifact", text, names)?)),
        None => None,
    };
    let port = render(spec, "port", &spec.port, names)?;
    let port = port.parse::<u16>().ok().filter(|port| *port != 0).ok_or_else(|| ReleaseError::Invalid {
        release: spec.name.clone(),
        key: "port",
        message: format!("must be a port from 1 to 65535, is `{port}`"),
    })?;
    let start_timeout = parse_duration(&spec.start_timeout).ok_or_else(|| ReleaseError::Invalid {
        release: spec.name.clone(),
        key: "start_timeout",
        message: format!("is no duration: `{}`", spec.start_timeout),
    })?;
    Ok(Release {
        name: spec.name.clone(),
        kind: spec.kind,
        revision: String::new(),
        port,
        health: spec.health.clone(),
        start_timeout,
        state_dir: project.state_dir(),
        root: project.root.clone(),
        artifact,
        spec: spec.clone(),
        names: names.clone(),
        inherited: project.inherited.clone(),
    })
}

impl Release {
    /// Where the stable port answers.
    #[must_use]
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The program and environment for a kept revision on a port.
    pub(super) fn launch(&self, revision: &str, artifact: &Path, port: u16) -> Result<Launch, ReleaseError> {
        let own = [
            ("artifact", Name::from(artifact.display().to_string())),
            ("port", Name::from(port)),
            ("revision", Name::from(revision)),
        ];
        let names = minijinja::context! { ..Name::from_pairs(own), ..self.names.clone() };
        let argv = self
            .spec
            .command
            .iter()
            .map(|text| render(&self.spec, "command", text, &names))
            .collect::<Result<_, _>>()?;
        let mut env = self.inherited.clone();
        for (name, text) in &self.spec.env {
            env.insert(name.clone(), render(&self.spec, "env", text, &names)?);
        }
        Ok(Launch { argv, env })
    }

    /// The commit, and eight digits over everything else that makes a running process what it is.
    fn identity(&self, commit: &str) -> Result<String, ReleaseError> {
        let launch = self.launch("", Path::new(""), 0)?;
        let own: BTreeMap<_, _> = launch.env.iter().filter(|(name, _)| self.spec.env.contains_key(*name)).collect();
        let mut parts = format!("{commit}\n{}\n{:?}\n{own:?}\n", self.port, launch.argv);
        if let Some(path) = &self.artifact {
            parts.push_str(&artifact::digest(path, &self.state_dir)?);
        }
        let digest = template::sha256_hex(parts.as_bytes());
        Ok(format!("{commit}.{}", &digest[..8]))
    }
}

fn render(spec: &ReleaseSpec, key: &'static str, text: &str, names: &Name) -> Result<String, ReleaseError> {
    template::render(&template::environment(), text, names).map_err(|error| ReleaseError::Invalid {
        release: spec.name.clone(),
        key,
        message: format!("cannot be rendered: {error}"),
    })
}
