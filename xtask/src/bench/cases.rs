//! The benchmarks: what is run on both sides, on copies of the example in a folder of their own. Timing is `measure`'s.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::documents;
use super::measure::{Side, finish};
use crate::cargo::{cargo, cargo_in_profile, run};
use crate::failure::Failure;
use crate::workspace;

/// What they are called and what they measure.
pub(super) const NAMES: [&str; 6] = [
    "help: `plimsoll --help`",
    "unchanged: `cargo xtask deploy dev` when nothing changed",
    "first: the first deployment of the example on SQLite",
    "migrate: 29 migrations on an empty SQLite file",
    "seed: the example's rows into a migrated SQLite file",
    "seed-documents: a plan of 10,000 spec documents",
];

/// What Plimsoll's connections are set to; foreign keys off, because the rows of a dump come in any order.
const DURABILITY: &str = "PRAGMA journal_mode = WAL;\nPRAGMA synchronous = NORMAL;\nPRAGMA foreign_keys = OFF;\n";

/// The folder with everything the benchmarks need; removed at the end.
pub(super) struct Bench {
    folder: PathBuf,
    bin: PathBuf,
    port: u16,
}

/// A benchmark and its other side.
pub(super) struct Case<'a> {
    pub(super) name: &'static str,
    pub(super) ours: Side<'a>,
    pub(super) peer: Side<'a>,
    /// What the median of ours must stay under, where the product promises a time.
    pub(super) budget: Option<Duration>,
    /// What the ratio must stay under, where the product promises one.
    pub(super) ratio: Option<f64>,
}

impl Bench {
    /// Builds the binaries, copies the example and makes the SQL that the peers load.
    pub(super) fn prepare() -> Result<Self, Failure> {
        let mut build = cargo_in_profile("build");
        build.args(["--quiet", "-p", "plimsoll-cli", "-p", "caller-coaching"]);
        run(build)?;
        let folder = std::env::temp_dir().join(format!("plimsoll-bench-{}", std::process::id()));
        fs::create_dir_all(&folder).map_err(Failure::because("cannot make a folder"))?;
        let port = TcpListener::bind(("127.0.0.1", 0))
            .and_then(|listener| listener.local_addr())
            .map_err(Failure::because("no free port"))?
            .port();
        let bench = Self { folder, bin: workspace::bin_dir()?, port };
        for name in ["served", "fresh", "migrated", "documents"] {
            bench.copy_example(name)?;
        }
        documents::multiply(&bench.folder.join("documents/specs"))?;
        finish(bench.plimsoll("documents", &["migrate", "up", "dev"]))?;
        finish(bench.plimsoll("served", &["deploy", "dev"]))?;
        // A transaction for each file and the same durability as ours: a peer that syncs every statement would be no peer.
        let sql: String = migration_files(&bench.folder.join("served"))?
            .iter()
            .map(|file| format!("BEGIN;\n.read '{}'\nCOMMIT;\n", file.display()))
            .collect();
        let sql = format!("{DURABILITY}{sql}");
        bench.write("schema.sql", &sql)?;
        bench.write("runbook.sh", &bench.runbook())?;
        Ok(bench)
    }

    /// All benchmarks.
    pub(super) fn cases(&self) -> Vec<Case<'_>> {
        let [help, unchanged, first, migrate, seed, seed_documents] = NAMES;
        vec![
            Case {
                name: help,
                ours: side("plimsoll --help", || {
                    let mut command = Command::new(self.bin.join("plimsoll"));
                    command.arg("--help");
                    Ok(command)
                }),
                peer: side("limit: starting a process (true)", || Ok(Command::new("true"))),
                budget: Some(Duration::from_millis(20)),
                ratio: None,
            },
            Case {
                name: unchanged,
                ours: side("cargo xtask deploy dev", || {
                    let mut command = cargo("xtask");
                    command.args(["deploy", "dev"]);
                    self.aim(&mut command, "served");
                    Ok(command)
                }),
                peer: side("limit: cargo starting xtask (help)", || {
                    let mut command = cargo("xtask");
                    command.arg("help");
                    Ok(command)
                }),
                budget: Some(Duration::from_secs(1)),
                ratio: None,
            },
            Case {
                name: first,
                ours: Side {
                    name: "plimsoll deploy dev",
                    prepare: Box::new(|| {
                        self.stop("served");
                        self.reset("fresh")?;
                        Ok(self.plimsoll("fresh", &["deploy", "dev"]))
                    }),
                    after: Box::new(|| self.stop("fresh")),
                },
                peer: side("runbook: sqlite3, service, curl", || {
                    self.data_sql()?;
                    self.script("runbook.sh")
                }),
                budget: Some(Duration::from_secs(5)),
                ratio: None,
            },
            Case {
                name: migrate,
                ours: side("plimsoll migrate up", || {
                    self.reset("fresh")?;
                    Ok(self.plimsoll("fresh", &["migrate", "up", "dev"]))
                }),
                peer: side("sqlite3 < the same files", || self.sqlite("schema.sql", None)),
                budget: None,
                ratio: None,
            },
            Case {
                name: seed,
                ours: side("plimsoll seed apply", || {
                    self.reset("migrated")?;
                    finish(self.plimsoll("migrated", &["migrate", "up", "dev"]))?;
                    Ok(self.plimsoll("migrated", &["seed", "apply", "dev"]))
                }),
                peer: side("sqlite3 < INSERTs of the same rows", || {
                    self.data_sql()?;
                    self.sqlite("data.sql", Some("schema.sql"))
                }),
                budget: None,
                ratio: None,
            },
            Case {
                name: seed_documents,
                ours: side("plimsoll seed plan", || Ok(self.plimsoll("documents", &["seed", "plan", "dev"]))),
                peer: side("limit: reading the same files (cat)", || {
                    let mut command = Command::new("sh");
                    let folder = self.folder.join("documents/specs");
                    command.arg("-c").arg(format!("find '{}' -type f -exec cat {{}} + >/dev/null", folder.display()));
                    Ok(command)
                }),
                budget: Some(Duration::from_secs(2)),
                ratio: None,
            },
        ]
    }

    fn plimsoll(&self, project: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.bin.join("plimsoll"));
        command.args(arguments);
        self.aim(&mut command, project);
        command
    }

    fn aim(&self, command: &mut Command, project: &str) {
        command
            .arg("--project")
            .arg(self.folder.join(project))
            .arg("--set")
            .arg(format!("service_bin={}", self.bin.join("caller-coaching").display()))
            .args(["--set", &format!("PORT={}", self.port)])
            .arg("--set")
            .arg(format!("DATABASE_URL=sqlite:{}", self.database(project).display()));
    }

    fn database(&self, project: &str) -> PathBuf {
        self.folder.join(project).join(".plimsoll/dev/caller-coaching.db")
    }

    fn copy_example(&self, name: &str) -> Result<(), Failure> {
        let example = workspace::root().join("examples/caller-coaching");
        copy(&example, &self.folder.join(name)).map_err(Failure::because("cannot copy the example"))
    }

    fn reset(&self, project: &str) -> Result<(), Failure> {
        let state = self.folder.join(project).join(".plimsoll");
        match fs::remove_dir_all(&state) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Failure::new(format!("cannot remove {}: {error}", state.display())))
            }
            _ => Ok(()),
        }
    }

    fn stop(&self, project: &str) {
        // Nothing to stop is as good.
        drop(self.plimsoll(project, &["stop", "dev"]).output());
    }

    /// Runs a command that only prepares; its output is shown when it fails.
    fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        fs::write(self.folder.join(name), text).map_err(Failure::because(format!("cannot write {name}")))
    }

    /// sqlite3 loading a file into an empty database, after loading another one unmeasured.
    fn sqlite(&self, file: &str, before: Option<&str>) -> Result<Command, Failure> {
        let sqlite3 = need("sqlite3")?;
        let database = self.folder.join("peer.db");
        drop(fs::remove_file(&database));
        let load = |file: &str| {
            let mut command = Command::new(&sqlite3);
            command.arg("-bail").arg(&database).arg(format!(".read '{}'", self.folder.join(file).display()));
            command
        };
        if let Some(before) = before {
            finish(load(before))?;
        }
        Ok(load(file))
    }

    /// The rows of a deployed database as INSERT statements in one transaction, made once.
    fn data_sql(&self) -> Result<(), Failure> {
        if self.folder.join("data.sql").is_file() {
            return Ok(());
        }
        let output = Command::new(need("sqlite3")?)
            .arg(self.database("served"))
            .arg(".dump --data-only")
            .stderr(Stdio::inherit())
            .output()
            .map_err(Failure::because("cannot start sqlite3"))?;
        let dump = String::from_utf8_lossy(&output.stdout).into_owned();
        // Only the project's own rows: the ledgers of both tools are left out.
        let rows: Vec<&str> = split_statements(&dump)
            .into_iter()
            .filter(|statement| statement.starts_with("INSERT INTO"))
            .filter(|statement| !statement.contains("INTO plimsoll_") && !statement.contains("INTO __diesel"))
            .collect();
        self.write("data.sql", &format!("{DURABILITY}BEGIN;\n{}COMMIT;\n", rows.concat()))
    }

    fn script(&self, name: &str) -> Result<Command, Failure> {
        for program in ["sqlite3", "curl"] {
            need(program)?;
        }
        let mut command = Command::new("sh");
        command.arg("-eu").arg(self.folder.join(name));
        Ok(command)
    }

    /// What a careful person would type instead, without the typing.
    fn runbook(&self) -> String {
        let (folder, port) = (self.folder.display(), self.port);
        let service = self.bin.join("caller-coaching");
        let service = service.display();
        format!(
            "cd '{folder}'\nrm -f peer.db*\nsqlite3 -bail peer.db \".read schema.sql\"\n\
             sqlite3 -bail peer.db \"CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL, run_on TIMESTAMP);\
             INSERT INTO __diesel_schema_migrations (version) SELECT '20260211093000'\"\n\
             sqlite3 -bail peer.db \".read data.sql\"\n\
             DATABASE_URL=sqlite:{folder}/peer.db PORT={port} REVISION=runbook '{service}' >/dev/null 2>&1 &\nservice=$!\n\
             trap 'kill $service' EXIT\n\
             curl -sf --retry 50 --retry-delay 0 --retry-max-time 5 --retry-connrefused http://127.0.0.1:{port}/api/health >/dev/null\n\
             for path in ready system/readiness onboarding parameters/display-config; do\n\
             curl -sf http://127.0.0.1:{port}/api/$path >/dev/null\ndone\n"
        )
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        for project in ["served", "fresh", "migrated", "documents"] {
            self.stop(project);
        }
        drop(fs::remove_dir_all(&self.folder));
    }
}

pub(super) fn side<'a>(name: &'static str, prepare: impl FnMut() -> Result<Command, Failure> + 'a) -> Side<'a> {
    Side { name, prepare: Box::new(prepare), after: Box::new(|| {}) }
}

/// A peer that is not installed is said so: a benchmark without its other side measures nothing.
pub(super) fn need(program: &str) -> Result<PathBuf, Failure> {
    workspace::find_program(program)
        .ok_or_else(|| Failure::new(format!("the peer `{program}` is not installed: apt-get install {program}")))
}

fn migration_files(project: &Path) -> Result<Vec<PathBuf>, Failure> {
    let folder = project.join("migrations/sqlite");
    let entries = fs::read_dir(&folder).map_err(Failure::because(format!("cannot read {}", folder.display())))?;
    let mut files: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path().join("migration.sql")).filter(|file| file.is_file()).collect();
    files.sort();
    Ok(files)
}

/// Statements of a dump with their line ends: a `;` that ends a line outside of a string.
fn split_statements(dump: &str) -> Vec<&str> {
    let mut statements = Vec::new();
    let (mut start, mut quoted) = (0, false);
    for (index, byte) in dump.bytes().enumerate() {
        match byte {
            b'\'' => quoted = !quoted,
            b'\n' if !quoted && dump[..index].ends_with(';') => {
                statements.push(&dump[start..=index]);
                start = index + 1;
            }
            _ => {}
        }
    }
    statements.push(&dump[start..]);
    statements
}

/// Copies a project without what it keeps beside itself.
pub(super) fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        if name == ".plimsoll" || name == "service" || name == "target" {
            continue;
        }
        let target = to.join(&name);
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_semicolon_inside_a_string_ends_no_statement() {
        let dump = "BEGIN;\nINSERT INTO a VALUES('x;\ny''z');\nCOMMIT;\n";
        assert_eq!(split_statements(dump).len(), 4);
        assert_eq!(split_statements(dump)[1], "INSERT INTO a VALUES('x;\ny''z');\n");
    }
}
