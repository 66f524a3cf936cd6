//! A project of a test's own that is deployed with the real binary and the real service. What must come of it is the tests'.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use plimsoll_core::db::DatabaseUrl;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::binary;
use crate::command::{Finished, Running};
use crate::http;
use crate::watch::Watched;

/// A copy of a project in a folder of its own, with a port of its own. Dropping it ends whatever it released.
pub struct Deployment {
    folder: TempDir,
    root: PathBuf,
    port: u16,
    /// Whether it declares a service on a port.
    releases: bool,
    /// What `--set` gives besides the port and the service.
    set: BTreeMap<String, String>,
    /// The process environment beyond what every run has.
    env: BTreeMap<String, String>,
    /// Last, so that ending what was released is watched as well.
    _watched: Watched,
}

impl Deployment {
    /// A copy of an example.
    #[must_use]
    pub fn of_example(name: &str) -> Self {
        Self::copy(&crate::project::example(name))
    }

    /// A copy of the smallest system that has everything: three migrations, one dataset, one release, three checks.
    #[must_use]
    pub fn of_harbour() -> Self {
        Self::copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/harbour"))
    }

    /// A copy of the smallest project that only checks a service which runs already, at `SERVICE_URL`.
    #[must_use]
    pub fn of_quay(service_url: &str) -> Self {
        Self::copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/quay")).set("SERVICE_URL", service_url)
    }

    fn copy(source: &Path) -> Self {
        let folder = TempDir::with_prefix("plimsoll-deployment-").expect("a temporary folder");
        let root = folder.path().canonicalize().expect("it is there").join("project");
        copy_folder(source, &root);
        let declared = fs::read_to_string(root.join("plimsoll.toml")).expect("a project");
        let releases = declared.contains("[[release]]");
        Self {
            folder,
            root,
            port: http::stable_port(),
            releases,
            set: BTreeMap::new(),
            env: BTreeMap::new(),
            _watched: Watched::begin(),
        }
    }

    /// Gives a variable of the project a value on the command line.
    #[must_use]
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.set.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Gives the process a variable of its environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The project's folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The stable port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A file beside the project, for what is no part of it.
    #[must_use]
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file of the project, and the folders above it.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().expect("inside of the project")).expect("the folder is made");
        fs::write(path, text).expect("the file is written");
    }

    /// Replaces the one place of a file that has this text.
    #[track_caller]
    pub fn edit(&self, path: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.root.join(path)).expect("the file is there");
        assert_eq!(text.matches(from).count(), 1, "`{from}` in {path}");
        self.write(path, &text.replace(from, to));
    }

    /// Removes a file of the project.
    pub fn remove(&self, path: &str) {
        fs::remove_file(self.root.join(path)).expect("the file is removed");
    }

    /// Runs a command to its end.
    #[must_use]
    pub fn run(&self, arguments: &[&str]) -> Finished {
        let output = self.command(arguments).stdin(Stdio::null()).output().expect("plimsoll starts");
        Finished::new(output, self)
    }

    /// Starts a command whose stdout is read line by line.
    #[must_use]
    pub fn start(&self, arguments: &[&str]) -> Running {
        Running::start(self.command(arguments))
    }

    /// The database of a SQLite environment.
    #[must_use]
    pub fn sqlite(&self, environment: &str) -> DatabaseUrl {
        let file = self.sqlite_file(environment);
        DatabaseUrl::parse(&format!("sqlite:{}", file.display()), Path::new("/")).expect("a good URL")
    }

    /// Its file.
    #[must_use]
    pub fn sqlite_file(&self, environment: &str) -> PathBuf {
        let has = |file: &str| self.root.join(file).exists();
        let name = match (has("launch.sh"), has("environments/guarded.toml")) {
            (true, _) => "harbour",
            (_, true) => "quay",
            _ => "caller-coaching",
        };
        self.root.join(format!(".plimsoll/{environment}/{name}.db"))
    }

    /// The revision that answers on the stable port, `None` when nobody does.
    #[must_use]
    pub fn answering(&self) -> Option<String> {
        let answer = http::get(self.port, "/api/health")?;
        let answer: serde_json::Value = serde_json::from_str(&answer).expect("the service answers in JSON");
        Some(answer["revision"].as_str().expect("it names its revision").to_owned())
    }

    /// The processes that were released from this folder and still run.
    #[must_use]
    pub fn released(&self) -> Vec<i32> {
        let mark = format!("PLIMSOLL_RELEASE={}/", self.root.display());
        let entries = fs::read_dir("/proc").expect("a system with /proc");
        let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
        let marked = |pid: &i32| {
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|variable| variable.starts_with(mark.as_bytes()))
        };
        pids.filter(marked).collect()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary::plimsoll());
        command
            .args(arguments)
            .arg("--project")
            .arg(&self.root)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("USER", "ada")
            .env("HOSTNAME", "quay")
            .env("NO_COLOR", "1")
            .envs(&self.env)
            .current_dir(self.folder.path());
        let own = [("PORT", self.port.to_string()), ("service_bin", binary::service().display().to_string())];
        for (name, value) in own {
            if self.releases && !self.set.contains_key(name) {
                command.arg("--set").arg(format!("{name}={value}"));
            }
        }
        for (name, value) in &self.set {
            command.arg("--set").arg(format!("{name}={value}"));
        }
        command
    }
}

impl Drop for Deployment {
    fn drop(&mut self) {
        for pid in self.released() {
            if let Some(pid) = Pid::from_raw(pid) {
                // One that is gone by itself is as good.
                kill_process(pid, Signal::KILL).ok();
            }
        }
    }
}

/// Copies a project without what its deployments left in it, without the sources of its service, and without what a person
/// configured for this machine.
fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the folder is made");
    for entry in fs::read_dir(from).expect("the project is there").flatten() {
        let (name, path) = (entry.file_name(), entry.path());
        if name == ".plimsoll" || name == "service" || name.to_string_lossy().starts_with(".env.") {
            continue;
        }
        if path.is_dir() {
            copy_folder(&path, &to.join(name));
        } else {
            fs::copy(&path, to.join(name)).expect("the file is copied");
        }
    }
}
