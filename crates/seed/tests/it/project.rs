//! A project in a temporary folder with a database of its own. What is seeded into it is each test's.

use std::path::{Path, PathBuf};

use plimsoll_core::Coded;
use plimsoll_core::db::{Access, Catalog, DatabaseUrl, Db, Stmt, connect};
use plimsoll_seed::{ApplyOptions, SeedError, SeedOptions, SeedPlan, SeedReport, Seeds, apply, load, observe, plan};

pub(crate) struct Project {
    folder: tempfile::TempDir,
    pub(crate) db: Box<dyn Db>,
    pub(crate) with: Vec<String>,
}

impl Project {
    /// A project of these files, on an empty database.
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::parse("sqlite:test.db", folder.path()).unwrap();
        let project = Self { db: connect(&url, Access::Write).unwrap(), folder, with: Vec::new() };
        for (path, text) in files {
            project.write(path, text);
        }
        project
    }

    /// A copy of the fixture, with its tables.
    pub(crate) fn course() -> Self {
        let mut project = Self::course_without_tables();
        let schema = std::fs::read_to_string(project.root().join("schema.sql")).unwrap();
        project.db.batch(&schema).unwrap();
        project
    }

    pub(crate) fn course_without_tables() -> Self {
        let project = Self::of(&[]);
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/course"), project.root());
        project
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let file = self.root().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }

    /// Replaces a text in a file; it has to be there.
    pub(crate) fn edit(&self, path: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.root().join(path)).unwrap();
        assert!(text.contains(from), "{path} has no {from}");
        self.write(path, &text.replace(from, to));
    }

    pub(crate) fn load(&self) -> Result<Seeds, SeedError> {
        load(&SeedOptions {
            root: self.root().to_owned(),
            path: PathBuf::from("seeds"),
            with: self.with.clone(),
            user_data: vec!["learner".to_owned()],
            profile: None,
            top_up: false,
            names: minijinja::context! { engine => "sqlite", topics => "topics" },
        })
    }

    pub(crate) fn plan(&mut self) -> Result<SeedPlan, SeedError> {
        let seeds = self.load()?;
        let catalog = Catalog::read(&mut *self.db)?;
        plan(&seeds, &observe(&mut *self.db, &seeds, &catalog)?)
    }

    pub(crate) fn apply(&mut self) -> Result<SeedReport, SeedError> {
        self.apply_with(&ApplyOptions::default())
    }

    pub(crate) fn apply_with(&mut self, options: &ApplyOptions) -> Result<SeedReport, SeedError> {
        let plan = self.plan()?;
        let seeds = self.load()?;
        apply(&mut *self.db, &seeds, &plan, options, &mut |_| ())
    }

    /// The rows of a query, one per line.
    pub(crate) fn rows(&mut self, sql: &str) -> String {
        let rows = self.db.rows(&Stmt::new(sql)).unwrap().into_iter().map(|row| {
            let values = row.into_values().map(|value| match value {
                plimsoll_core::db::Value::Null => "-".to_owned(),
                plimsoll_core::db::Value::Int(number) => number.to_string(),
                plimsoll_core::db::Value::Float(number) => number.to_string(),
                plimsoll_core::db::Value::Text(text) => text,
                other => format!("{other:?}"),
            });
            values.collect::<Vec<_>>().join("|")
        });
        rows.collect::<Vec<_>>().join("\n")
    }

    /// Loading or planning fails; every problem on its line, with code and place.
    pub(crate) fn problems(&mut self) -> String {
        told(&self.plan().expect_err("something is wrong"))
    }
}

/// An error as the command line gets it: code, place, text and causes of each part.
pub(crate) fn told(error: &SeedError) -> String {
    let parts = error.parts();
    let parts: Vec<&dyn Coded> = if parts.is_empty() { vec![error] } else { parts };
    let lines = parts.into_iter().map(|one| {
        let place = one.location().map(|at| format!("{at}: ")).unwrap_or_default();
        let mut text = format!("[{}] {place}{one}", one.code().as_str());
        let mut cause = one.source();
        while let Some(error) = cause {
            text.push_str(&format!("\n  because: {error}"));
            cause = error.source();
        }
        text
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
