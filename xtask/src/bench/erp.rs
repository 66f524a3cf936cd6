//! The full profile of the ERP example, 150,000 rows and more, beside inserting the same rows by hand. Timing is `measure`'s.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::cases::{Case, copy, need, side};
use super::measure::finish;
use crate::cargo::{cargo_in_profile, run};
use crate::failure::Failure;
use crate::workspace;

/// What they are called and what they measure.
pub(super) const NAMES: [&str; 2] = [
    "erp-full: the full profile times 50, generated into an empty SQLite database",
    "erp-again: the same rows again, nothing to write",
];

/// Times 400 orders with everything that belongs to them.
const SCALE: &str = "scale=50";

/// A copy of the example, and its rows as SQL.
pub(super) struct Erp {
    folder: PathBuf,
    bin: PathBuf,
    sqlite3: PathBuf,
}

impl Erp {
    /// Builds plimsoll, seeds one database and dumps it.
    pub(super) fn prepare() -> Result<Self, Failure> {
        let mut build = cargo_in_profile("build");
        build.args(["--quiet", "-p", "plimsoll-cli"]);
        run(build)?;
        let folder = std::env::temp_dir().join(format!("plimsoll-bench-erp-{}", std::process::id()));
        let bench = Self { folder, bin: workspace::bin_dir()?, sqlite3: need("sqlite3")? };
        copy(&workspace::root().join("examples/erp"), &bench.folder.join("project"))
            .map_err(Failure::because("cannot copy the example"))?;
        bench.empty("seeded")?;
        fs::copy(bench.database("seeded"), bench.database("schema")).map_err(Failure::because("cannot copy"))?;
        finish(bench.seed("seeded"))?;
        let dump =
            fs::File::create(bench.folder.join("rows.sql")).map_err(Failure::because("cannot write rows.sql"))?;
        let mut command = Command::new(&bench.sqlite3);
        let tables = "vendors clients products batches orders order_line_items invoices invoice_line_items payments";
        command.arg(bench.database("seeded")).arg(format!(".dump --data-only {tables}")).stdout(Stdio::from(dump));
        finish(command)?;
        Ok(bench)
    }

    /// The benchmarks.
    pub(super) fn cases(&self) -> Vec<Case<'_>> {
        let [full, again] = NAMES;
        vec![
            Case {
                name: full,
                ours: side("plimsoll seed apply --profile full", || {
                    self.schema("fresh")?;
                    Ok(self.seed("fresh"))
                }),
                peer: side("limit: sqlite3 < INSERTs of the same rows", || {
                    self.schema("peer")?;
                    let mut command = Command::new(&self.sqlite3);
                    command.arg("-bail").arg(self.database("peer"));
                    command.arg(format!(".read '{}'", self.folder.join("rows.sql").display()));
                    Ok(command)
                }),
                budget: None,
                ratio: None,
            },
            Case {
                name: again,
                ours: side("plimsoll seed apply --profile full", || Ok(self.seed("seeded"))),
                peer: side("limit: sqlite3 reading them (.dump)", || {
                    let mut command = Command::new(&self.sqlite3);
                    command.arg(self.database("seeded")).arg(".dump --data-only");
                    Ok(command)
                }),
                budget: None,
                ratio: None,
            },
        ]
    }

    fn database(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.db"))
    }

    fn plimsoll(&self, database: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.bin.join("plimsoll"));
        command.args(arguments).arg("--project").arg(self.folder.join("project"));
        command.arg("--set").arg(format!("DATABASE_URL=sqlite:{}", self.database(database).display()));
        command
    }

    fn seed(&self, database: &str) -> Command {
        self.plimsoll(database, &["seed", "apply", "dev", "--profile", "full", "--set", SCALE])
    }

    /// A database with tables and without rows.
    fn empty(&self, database: &str) -> Result<(), Failure> {
        finish(self.plimsoll(database, &["migrate", "up", "dev"]))
    }

    /// The same, copied.
    fn schema(&self, database: &str) -> Result<(), Failure> {
        for ending in ["-wal", "-shm"] {
            drop(fs::remove_file(self.folder.join(format!("{database}.db{ending}"))));
        }
        fs::copy(self.database("schema"), self.database(database)).map_err(Failure::because("cannot copy"))?;
        Ok(())
    }
}

impl Drop for Erp {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.folder));
    }
}
