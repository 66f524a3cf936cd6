//! Benchmarks of very large tables, beside the best that can be written by hand for each engine. Timing is `measure`'s.

use std::fs;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
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
pub(super) const NAMES: [&str; 6] = [
    "seed-bulk-first-postgres: 1,000,000 rows into an empty table",
    "seed-bulk-again-postgres: the same 1,000,000 rows again",
    "seed-bulk-first-sqlite: 1,000,000 rows into an empty table",
    "seed-bulk-again-sqlite: the same 1,000,000 rows again",
    "seed-bulk-first-mariadb: 1,000,000 rows into an empty table",
    "seed-bulk-again-mariadb: the same 1,000,000 rows again",
];

/// What is measured besides.
pub(super) const MEMORY_NAME: &str = "seed-bulk-memory: what a first load on PostgreSQL needs";

/// How many rows there are.
const ROWS: u32 = 1_000_000;

/// What one process may need at most, in kB.
pub(super) const MEMORY: u64 = 200 * 1024;

/// How often the memory of a process is looked at.
const LOOK: Duration = Duration::from_millis(20);

const COLUMNS: &str = "sku, name, price, stock, active, made_at";

/// Servers of its own without durability, and a project for each engine.
pub(super) struct Bulk {
    folder: PathBuf,
    bin: PathBuf,
    psql: PathBuf,
    sqlite3: PathBuf,
    mariadb: PathBuf,
    ports: [u16; 2],
    servers: Vec<(Kind, Child)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    Postgres,
    Sqlite,
    Mariadb,
}

impl Bulk {
    /// Builds plimsoll with all engines, writes the rows, and starts the servers.
    pub(super) fn prepare() -> Result<Self, Failure> {
        packages::ensure(&[Need::Server(Kind::Postgres), Need::Server(Kind::Mariadb)])?;
        let mut build = cargo::cargo_in_profile("build");
        build.args(["--quiet", "-p", "plimsoll-cli"]);
        cargo::run(cargo::with_features(build, &client_libraries::features_for_all_engines()))?;
        let (psql, sqlite3, mariadb) = (need("psql")?, need("sqlite3")?, need("mariadb")?);
        let folder = std::env::temp_dir().join(format!("plimsoll-bench-bulk-{}", std::process::id()));
        servers::make_folder(&folder)?;
        let ports = [servers::free_port()?, servers::free_port()?];
        let mut bench = Self { folder, bin: workspace::bin_dir()?, psql, sqlite3, mariadb, ports, servers: Vec::new() };
        for (kind, port) in [Kind::Postgres, Kind::Mariadb].into_iter().zip(ports) {
            let server = servers::start(kind, &bench.folder, port, &Purpose::ThrowAway)?;
            bench.servers.push((kind, server));
        }
        bench.files()?;
        for target in [Target::Postgres, Target::Sqlite, Target::Mariadb] {
            bench.empty(target, "seeded")?;
            finish(bench.plimsoll(target, "seeded"))?;
        }
        Ok(bench)
    }

    /// The benchmarks.
    pub(super) fn cases(&self) -> Vec<Case<'_>> {
        let [first_postgres, again_postgres, first_sqlite, again_sqlite, first_mariadb, again_mariadb] = NAMES;
        let first = |name, target, peer| Case {
            name,
            ours: side("plimsoll seed apply", move || {
                self.empty(target, "fresh")?;
                Ok(self.plimsoll(target, "fresh"))
            }),
            peer: side(peer, move || {
                self.empty(target, "fresh")?;
                self.by_hand(target, "fresh", true)
            }),
            budget: None,
            ratio: Some(1.5),
        };
        let again = |name, target, peer| Case {
            name,
            ours: side("plimsoll seed apply", move || Ok(self.plimsoll(target, "seeded"))),
            peer: side(peer, move || self.by_hand(target, "seeded", false)),
            budget: None,
            ratio: Some(1.2),
        };
        vec![
            first(first_postgres, Target::Postgres, "psql: COPY, INSERT .. ON CONFLICT"),
            again(again_postgres, Target::Postgres, "psql: COPY, join"),
            first(first_sqlite, Target::Sqlite, "sqlite3: .import, INSERT .. ON CONFLICT"),
            again(again_sqlite, Target::Sqlite, "sqlite3: .import, join"),
            first(first_mariadb, Target::Mariadb, "mariadb: LOAD DATA, INSERT .. ON DUPLICATE KEY"),
            again(again_mariadb, Target::Mariadb, "mariadb: LOAD DATA, join"),
        ]
    }

    /// The most memory that a first load needs, in kB.
    pub(super) fn memory(&self) -> Result<u64, Failure> {
        self.empty(Target::Postgres, "fresh")?;
        let mut child = self
            .plimsoll(Target::Postgres, "fresh")
            .stdout(Stdio::null())
            .spawn()
            .map_err(Failure::because("cannot start plimsoll"))?;
        let mut most = 0;
        loop {
            let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
            let peak =
                status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok());
            most = most.max(peak.unwrap_or(0));
            match child.try_wait().map_err(Failure::because("cannot wait for plimsoll"))? {
                Some(status) if status.success() && most > 0 => return Ok(most),
                Some(status) => return Err(Failure::new(format!("plimsoll ended with {status}"))),
                None => std::thread::sleep(LOOK),
            }
        }
    }

    /// The project and its rows.
    fn files(&self) -> Result<(), Failure> {
        let failed = || Failure::because("cannot write the project");
        for folder in ["environments", "seeds", "data"] {
            fs::create_dir_all(self.folder.join("project").join(folder)).map_err(failed())?;
        }
        let project = "[project]\nname = \"bench\"\n\n[seed]\npath = \"seeds\"\n\n\
                       [variables.DATABASE_URL]\nrequired = true\nsecret = true\ntype = \"dsn\"\n";
        let dataset = "[[table]]\nname = \"product\"\nkey = [\"sku\"]\nbulk = true\nfile = \"data/products.csv\"\n";
        for (name, text) in
            [("plimsoll.toml", project), ("environments/dev.toml", ""), ("seeds/products.toml", dataset)]
        {
            fs::write(self.folder.join("project").join(name), text).map_err(failed())?;
        }
        let file = fs::File::create(self.rows()).map_err(failed())?;
        let mut file = BufWriter::new(file);
        writeln!(file, "{}", COLUMNS.replace(' ', "")).map_err(failed())?;
        for number in 0..ROWS {
            // Spread over the key's range, as keys of other systems are.
            let mixed = number.wrapping_mul(2_654_435_761);
            writeln!(
                file,
                "SKU-{mixed:010}-{number:07},Product number {number} of kind {},{}.{:02},{},{},2024-0{}-1{} 08:30:00",
                mixed % 97,
                mixed % 5_000,
                mixed % 100,
                mixed % 1_000,
                u8::from(mixed % 3 != 0),
                1 + mixed % 9,
                mixed % 10
            )
            .map_err(failed())?;
        }
        file.flush().map_err(failed())
    }

    fn rows(&self) -> PathBuf {
        self.folder.join("project/data/products.csv")
    }

    fn database(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.db"))
    }

    fn url(&self, target: Target, name: &str) -> String {
        match target {
            Target::Postgres => format!("postgresql://postgres@127.0.0.1:{}/{name}", self.ports[0]),
            Target::Sqlite => format!("sqlite:{}", self.database(name).display()),
            Target::Mariadb => format!("mysql://root@127.0.0.1:{}/{name}", self.ports[1]),
        }
    }

    /// A new database with an empty table.
    fn empty(&self, target: Target, name: &str) -> Result<(), Failure> {
        let types = match target {
            Target::Postgres => {
                "sku TEXT PRIMARY KEY, name TEXT NOT NULL, price NUMERIC(10,2) NOT NULL, stock INTEGER NOT NULL, \
                active BOOLEAN NOT NULL, made_at TIMESTAMP NOT NULL"
            }
            Target::Sqlite | Target::Mariadb => {
                "sku VARCHAR(40) PRIMARY KEY NOT NULL, name VARCHAR(80) NOT NULL, \
                price DECIMAL(10,2) NOT NULL, stock INTEGER NOT NULL, active BOOLEAN NOT NULL, made_at DATETIME NOT NULL"
            }
        };
        let make = format!("CREATE TABLE product ({types})");
        if target == Target::Sqlite {
            for suffix in ["", "-wal", "-shm"] {
                drop(fs::remove_file(format!("{}{suffix}", self.database(name).display())));
            }
        } else {
            let admin = if target == Target::Postgres { "postgres" } else { "mysql" };
            for sql in [format!("DROP DATABASE IF EXISTS {name}"), format!("CREATE DATABASE {name}")] {
                finish(self.sql(target, admin, &sql))?;
            }
        }
        finish(self.sql(target, name, &make))
    }

    fn sql(&self, target: Target, name: &str, sql: &str) -> Command {
        let mut command;
        match target {
            Target::Postgres => {
                command = Command::new(&self.psql);
                command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1"]).arg(self.url(target, name)).args(["-c", sql]);
            }
            Target::Sqlite => {
                command = Command::new(&self.sqlite3);
                command.arg("-bail").arg(self.database(name)).arg(sql);
            }
            Target::Mariadb => {
                command = Command::new(&self.mariadb);
                command.args(["--no-defaults", "-h127.0.0.1", "-uroot", "--local-infile=1"]);
                command.arg(format!("-P{}", self.ports[1])).arg(name).args(["-e", sql]);
            }
        }
        command
    }

    /// What a careful person would write: into a table of the same types first, then what is new or different.
    fn by_hand(&self, target: Target, name: &str, first: bool) -> Result<Command, Failure> {
        let rows = self.rows();
        let rows = rows.display();
        let others: Vec<&str> = COLUMNS.split(", ").skip(1).collect();
        let joined = |word: &str| {
            others.iter().map(|column| format!("p.{column} {word} s.{column}")).collect::<Vec<_>>().join(" OR ")
        };
        let script = match target {
            Target::Postgres => {
                let set =
                    others.iter().map(|column| format!("{column} = excluded.{column}")).collect::<Vec<_>>().join(", ");
                let after = if first {
                    format!("INSERT INTO product SELECT * FROM stage ON CONFLICT (sku) DO UPDATE SET {set};")
                } else {
                    format!(
                        "SELECT count(*) FROM stage s LEFT JOIN product p ON p.sku = s.sku WHERE p.sku IS NULL OR {};",
                        joined("IS DISTINCT FROM")
                    )
                };
                format!(
                    "BEGIN;\nCREATE TEMP TABLE stage (LIKE product);\n\\copy stage from '{rows}' csv header\n{after}\nCOMMIT;\n"
                )
            }
            Target::Sqlite => {
                let set =
                    others.iter().map(|column| format!("{column} = excluded.{column}")).collect::<Vec<_>>().join(", ");
                let after = if first {
                    format!(
                        "INSERT INTO product SELECT * FROM temp.stage WHERE true ON CONFLICT (sku) DO UPDATE SET {set};"
                    )
                } else {
                    format!(
                        "SELECT count(*) FROM temp.stage s LEFT JOIN product p ON p.sku = s.sku WHERE p.sku IS NULL OR {};",
                        joined("IS NOT")
                    )
                };
                format!(
                    "PRAGMA journal_mode = WAL;\nPRAGMA synchronous = NORMAL;\nCREATE TEMP TABLE stage (sku VARCHAR(40), name VARCHAR(80), \
                     price DECIMAL(10,2), stock INTEGER, active BOOLEAN, made_at DATETIME);\nBEGIN;\n.import --csv --skip 1 --schema temp '{rows}' stage\n\
                     {after}\nCOMMIT;\n"
                )
            }
            Target::Mariadb => {
                let set =
                    others.iter().map(|column| format!("{column} = VALUES({column})")).collect::<Vec<_>>().join(", ");
                let after = if first {
                    format!("INSERT INTO product SELECT * FROM stage ON DUPLICATE KEY UPDATE {set};")
                } else {
                    let same = others
                        .iter()
                        .map(|column| format!("NOT (p.{column} <=> s.{column})"))
                        .collect::<Vec<_>>()
                        .join(" OR ");
                    format!(
                        "SELECT count(*) FROM stage s LEFT JOIN product p ON p.sku = s.sku WHERE p.sku IS NULL OR {same};"
                    )
                };
                format!(
                    "START TRANSACTION; CREATE TEMPORARY TABLE stage SELECT * FROM product WHERE FALSE; LOAD DATA LOCAL INFILE '{rows}' \
                     INTO TABLE stage FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"' IGNORE 1 LINES; {after} COMMIT"
                )
            }
        };
        let file = self.folder.join("by-hand.sql");
        fs::write(&file, &script).map_err(Failure::because("cannot write the script"))?;
        let mut command;
        match target {
            Target::Postgres => {
                command = Command::new(&self.psql);
                command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1"]).arg(self.url(target, name)).arg("-f").arg(file);
            }
            Target::Sqlite => {
                command = Command::new(&self.sqlite3);
                command.arg("-bail").arg(self.database(name)).arg(format!(".read '{}'", file.display()));
            }
            Target::Mariadb => command = self.sql(target, name, &script),
        }
        Ok(command)
    }

    fn plimsoll(&self, target: Target, name: &str) -> Command {
        let mut command = Command::new(self.bin.join("plimsoll"));
        command
            .args(["seed", "apply", "dev", "--project"])
            .arg(self.folder.join("project"))
            .arg("--set")
            .arg(format!("DATABASE_URL={}", self.url(target, name)));
        command
    }
}

impl Drop for Bulk {
    fn drop(&mut self) {
        for (kind, server) in &mut self.servers {
            process::signal(server.id(), if *kind == Kind::Postgres { "QUIT" } else { "TERM" });
            drop(server.wait());
        }
        drop(fs::remove_dir_all(&self.folder));
    }
}
