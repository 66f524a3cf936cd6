//! A project folder of a test's own, written file by file and loaded as the command line would. What is in it is the tests'.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use plimsoll_core::project::{Inputs, Project, load};
use tempfile::TempDir;

use crate::TestDatabase;

/// The environment that tests load.
pub const ENVIRONMENT: &str = "test";

const PROJECT: &str = r#"
[project]
name = "test"

[migrations]
path = "migrations"

[seed]
path = "seeds"
user_data = ["caller"]

[variables.DATABASE_URL]
required = true
secret = true
type = "dsn"
"#;

/// A folder with a `plimsoll.toml` and an environment `test`.
#[derive(Debug)]
pub struct TestProject {
    folder: TempDir,
}

impl Default for TestProject {
    fn default() -> Self {
        Self::new()
    }
}

impl TestProject {
    /// A project with migrations in `migrations`, datasets in `seeds`, and the user data table `caller`.
    #[must_use]
    pub fn new() -> Self {
        let project = Self { folder: TempDir::with_prefix("plimsoll-project-").expect("a temporary folder") };
        project.file("plimsoll.toml", PROJECT).file("environments/test.toml", "")
    }

    /// Its folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file, and the folders above it.
    #[must_use]
    pub fn file(self, path: &str, text: &str) -> Self {
        self.write(path, text);
        self
    }

    /// Writes or overwrites a file of a project that is in use already.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().expect("inside of the project")).expect("the folder is made");
        fs::write(path, text).expect("the file is written");
    }

    /// Removes a file.
    pub fn remove(&self, path: &str) {
        fs::remove_file(self.path().join(path)).expect("the file is removed");
    }

    /// Adds to `plimsoll.toml`.
    #[must_use]
    pub fn setting(self, toml: &str) -> Self {
        let text = fs::read_to_string(self.path().join("plimsoll.toml")).expect("it was written");
        self.file("plimsoll.toml", &format!("{text}\n{toml}\n"))
    }

    /// Loads the environment `test` on a database.
    #[must_use]
    pub fn load(&self, db: &TestDatabase) -> Project {
        open(self.path(), ENVIRONMENT, db, &[], &[])
    }
}

/// Loads any project on a database, with optional datasets and variables. The process environment is not looked at.
#[must_use]
pub fn open(root: &Path, environment: &str, db: &TestDatabase, with: &[&str], set: &[(&str, &str)]) -> Project {
    let own = ("DATABASE_URL", db.url_text());
    let inputs = Inputs {
        root: root.to_owned(),
        current_dir: root.to_owned(),
        environment: environment.to_owned(),
        process: BTreeMap::new(),
        set: set.iter().chain([&own]).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        with: with.iter().map(|dataset| (*dataset).to_owned()).collect(),
        profile: None,
        top_up: false,
    };
    load(&inputs).unwrap_or_else(|error| panic!("the project loads: {error:?}"))
}

/// The folder of an example.
#[must_use]
pub fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(name).canonicalize().expect("the example is there")
}
