//! Benchmarks of schema history on PostgreSQL, beside psql and diesel's own command line. Timing is `measure`'s.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::Duration;

use super::cases::{Case, need, side};
use super::measure::finish;
use crate::cargo;
use crate::client_libraries;
use crate::failure::Failure;
use crate::packages::{self, Need};
use crate::servers::{self, Kind, Purpose, process};
use crate::workspace;

/// What they are called and what they measure.
pub(super) const NAMES: [&str; 3] = [
    "history-psql: 500 small migrations on an empty PostgreSQL database",
    "history-diesel: the same 500 with diesel's own command line",
    "history-status: the status of 1,000 applied migrations",
];

/// How many small migrations are applied.
const MANY: usize = 500;

/// How many are applied already when their status is asked.
const APPLIED: usize = 1_000;

/// The version of diesel's command line that is compared with; the one of the workspace's diesel.
const DIESEL_CLI: &str = "2.3.14";

/// A server of its own without durability: nobody's waiting for the disk hides the work of the programs compared.
pub(super) struct History {
    folder: PathBuf,
    bin: PathBuf,
    psql: PathBuf,
    port: u16,
    server: Child,
}

impl History {
    /// Builds plimsoll with PostgreSQL and starts the server.
    pub(super) fn prepare() -> Result<Self, Failure> {
        packages::ensure(&[Need::Server(Kind::Postgres)])?;
        let url = Kind::Postgres.url(&Purpose::ThrowAway, 0);
        let mut build = cargo::cargo_in_profile("build");
        build.args(["--quiet", "-p", "plimsoll-cli"]);
        cargo::run(cargo::with_features(build, &client_libraries::features_for(&url)))?;
        let psql = need("psql")?;
        let folder = std::env::temp_dir().join(format!("plimsoll-bench-history-{}", std::process::id()));
        servers::make_folder(&folder)?;
        let port = servers::free_port()?;
        let server = servers::start(Kind::Postgres, &folder, port, &Purpose::ThrowAway)?;
        let bench = Self { folder, bin: workspace::bin_dir()?, psql, port, server };
        bench.project("many", MANY)?;
        bench.project("applied", APPLIED)?;
        bench.empty("applied")?;
        finish(bench.plimsoll("applied", "up"))?;
        let session: String = (0..MANY)
            .map(|number| format!("BEGIN;\n\\i '{}'\nCOMMIT;\n", bench.file("many", number).display()))
            .collect();
        let script = bench.folder.join("session.sql");
        fs::write(&script, session).map_err(Failure::because("cannot write the script for psql"))?;
        Ok(bench)
    }

    /// The benchmarks.
    pub(super) fn cases(&self) -> Vec<Case<'_>> {
        let [psql, diesel, status] = NAMES;
        let ours = || {
            side("plimsoll migrate up", || {
                self.empty("many")?;
                Ok(self.plimsoll("many", "up"))
            })
        };
        vec![
            Case {
                name: psql,
                ours: ours(),
                peer: side("psql, one session, a transaction each", || {
                    self.empty("many")?;
                    let mut command = self.psql("many");
                    command.args(["-v", "ON_ERROR_STOP=1", "-f"]).arg(self.folder.join("session.sql"));
                    Ok(command)
                }),
                budget: None,
                ratio: Some(1.3),
            },
            Case {
                name: diesel,
                ours: ours(),
                peer: side("diesel migration run", || {
                    self.empty("many")?;
                    let mut command = Command::new(diesel_cli()?);
                    command
                        .args(["migration", "run", "--migration-dir"])
                        .arg(self.folder.join("many/migrations"))
                        .arg(format!("--database-url={}", self.url("many")))
                        .current_dir(&self.folder);
                    Ok(command)
                }),
                budget: None,
                ratio: Some(1.0),
            },
            Case {
                name: status,
                ours: side("plimsoll migrate status", || Ok(self.plimsoll("applied", "status"))),
                peer: side("limit: psql reading one row", || {
                    let mut command = self.psql("applied");
                    command.args(["-c", "SELECT 1"]);
                    Ok(command)
                }),
                budget: Some(Duration::from_millis(50)),
                ratio: None,
            },
        ]
    }

    /// A project with small migrations in diesel's layout, which all sides can read.
    fn project(&self, name: &str, migrations: usize) -> Result<(), Failure> {
        let failed = || Failure::because(format!("cannot write the project `{name}`"));
        let folder = self.folder.join(name);
        fs::create_dir_all(folder.join("environments")).map_err(failed())?;
        let declared = "[project]\nname = \"bench\"\n\n[migrations]\npath = \"migrations\"\n\n\
                        [variables.DATABASE_URL]\nrequired = true\nsecret = true\ntype = \"dsn\"\n";
        fs::write(folder.join("plimsoll.toml"), declared).map_err(failed())?;
        fs::write(folder.join("environments/dev.toml"), "").map_err(failed())?;
        for number in 0..migrations {
            let file = self.file(name, number);
            fs::create_dir_all(file.parent().unwrap_or(&file)).map_err(failed())?;
            let sql = format!(
                "CREATE TABLE thing_{number} (\n    id BIGINT PRIMARY KEY,\n    name TEXT NOT NULL,\n    \
                 made_at TIMESTAMPTZ NOT NULL DEFAULT now()\n);\nCREATE INDEX thing_{number}_name ON thing_{number} (name);\n"
            );
            fs::write(&file, sql).map_err(failed())?;
        }
        Ok(())
    }

    fn file(&self, project: &str, number: usize) -> PathBuf {
        self.folder.join(project).join(format!("migrations/{:014}_thing_{number}/up.sql", number + 1))
    }

    /// Drops the database of a project and makes it again.
    fn empty(&self, database: &str) -> Result<(), Failure> {
        for sql in [format!("DROP DATABASE IF EXISTS {database}"), format!("CREATE DATABASE {database}")] {
            let mut command = self.psql("postgres");
            command.args(["-c", &sql]);
            finish(command)?;
        }
        Ok(())
    }

    fn url(&self, database: &str) -> String {
        format!("postgresql://postgres@127.0.0.1:{}/{database}", self.port)
    }

    fn psql(&self, database: &str) -> Command {
        let mut command = Command::new(&self.psql);
        command.args(["-X", "-q"]).arg(self.url(database));
        command
    }

    fn plimsoll(&self, project: &str, verb: &str) -> Command {
        let mut command = Command::new(self.bin.join("plimsoll"));
        command
            .args(["migrate", verb, "dev", "--project"])
            .arg(self.folder.join(project))
            .arg("--set")
            .arg(format!("DATABASE_URL={}", self.url(project)));
        command
    }
}

impl Drop for History {
    fn drop(&mut self) {
        process::signal(self.server.id(), "QUIT");
        drop(self.server.wait());
        drop(fs::remove_dir_all(&self.folder));
    }
}

/// diesel's command line: one that is installed, else built into the target folder once.
fn diesel_cli() -> Result<PathBuf, Failure> {
    if let Some(installed) = workspace::find_program("diesel") {
        return Ok(installed);
    }
    let root = workspace::root().join("target/bench-peers");
    let program = root.join("bin/diesel");
    if !program.is_file() {
        eprintln!("building diesel_cli {DIESEL_CLI} for the comparison, once");
        let mut install = cargo::cargo("install");
        install
            .args(["--quiet", "--locked", "--no-default-features", "--features", "postgres", "--root"])
            .arg(&root)
            .args(["diesel_cli", "--version", DIESEL_CLI]);
        cargo::run(install)?;
    }
    Ok(program)
}
