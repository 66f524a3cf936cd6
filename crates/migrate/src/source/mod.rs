//! Migrations as they stand in files or are embedded in a binary. What a database already has of them is `history`'s.

mod detect;
mod draft;
mod files;
mod flyway;
mod folders;
mod name;
mod order;
mod prisma;
mod sections;
mod sqitch;
mod stock;

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

use plimsoll_core::template::sha256_hex;
use serde::{Deserialize, Serialize};

use crate::classify;
use crate::error::{MigrateError, Problem, ProblemKind};
use crate::verify::declared;

pub use draft::create_next;
pub(crate) use order::Position;
pub use prisma::check_prisma_provider;

/// How a folder keeps its migrations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// `<version>_name/up.sql`, with `down.sql` and `metadata.toml` beside it.
    Diesel,
    /// `<timestamp>_name/migration.sql`, and one `migration_lock.toml`.
    Prisma,
    /// `0001_name.sql`, or `0001_name.up.sql` and `0001_name.down.sql`, not all of them in pairs.
    Flat,
    /// Text inside of the binary.
    Embedded,
    /// `V1.2__name.sql`, `U1.2__name.sql` to take back, `R__name.sql` to run again whenever it changes.
    Flyway,
    /// Flat files of which one begins with sqlx's comment `-- no-transaction`.
    Sqlx,
    /// Nothing but `1_name.up.sql` and `1_name.down.sql`. sqlx's pairs look the same and mean the same.
    GolangMigrate,
    /// Flat files with the sections `-- migrate:up` and `-- migrate:down`.
    Dbmate,
    /// Flat files with the sections `-- +goose Up` and `-- +goose Down`.
    Goose,
    /// `sqitch.plan`, with scripts in `deploy`, `revert` and `verify`.
    Sqitch,
}

/// When a migration is applied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MigrationKind {
    /// Once, in its order.
    #[default]
    Versioned,
    /// After all versioned ones, and again whenever what it means has changed.
    Repeatable,
}

/// All migrations of one project, in the order in which they are applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationSet {
    /// How they are kept.
    pub layout: Layout,
    /// The folder; empty for embedded ones.
    pub path: PathBuf,
    /// The migrations in the order of the tool whose layout it is; repeatable ones come last. Never empty.
    pub migrations: Vec<Migration>,
    /// Files that are no migrations and are left alone, like a README.
    pub strays: Vec<PathBuf>,
    /// The provider that Prisma's `migration_lock.toml` names.
    pub provider: Option<String>,
}

/// One migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// By the rule of its layout; `R__name` for repeatable ones.
    pub version: String,
    /// The folder's or file's name, without endings.
    pub name: String,
    /// When it is applied.
    pub kind: MigrationKind,
    /// The file with the SQL.
    pub file: PathBuf,
    /// The SQL without a byte order mark. Lines of the file that belong to another section are empty here, so that lines are
    /// counted as in the file.
    pub sql: String,
    /// The SHA-256 of the bytes of the file.
    pub checksum: String,
    /// The script that takes it back.
    pub down: Option<Down>,
    /// The script that checks it, which only Sqitch has.
    pub verify: Option<Verify>,
    /// What its author said about running it in a transaction, in the way of its layout or in a leading comment.
    pub declared_transaction: Option<bool>,
}

/// The script that takes a migration back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Down {
    /// The file.
    pub file: PathBuf,
    /// The SQL, as [`Migration::sql`].
    pub sql: String,
    /// What its author said about running it in a transaction, in the way of its layout or in a leading comment.
    pub declared_transaction: Option<bool>,
}

/// The script that fails when a migration did not do what it should have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verify {
    /// The file.
    pub file: PathBuf,
    /// The SQL, as [`Migration::sql`].
    pub sql: String,
}

impl MigrationSet {
    /// Reads a folder, whose layout is detected.
    ///
    /// # Errors
    /// [`Problem`]s, all at once: a missing or empty folder, mixed layouts, files that belong to none, versions twice or too
    /// long, empty or unreadable files.
    pub fn load(path: &Path) -> Result<Self, MigrateError> {
        let mut problems = Vec::new();
        let found = detect::read(path, &mut problems);
        let Some(mut set) = found else { return Err(MigrateError::of(problems)) };
        set.check(&mut problems);
        if problems.is_empty() { Ok(set) } else { Err(MigrateError::of(problems)) }
    }

    /// Takes migrations out of the binary: names as folders or files would have them, and `include_str!` texts. A name that
    /// ends in `.down` or `.down.sql` is the script that takes the one of the same name back.
    ///
    /// # Errors
    /// As [`MigrationSet::load`], as far as it applies.
    pub fn from_embedded(migrations: &[(&str, &str)]) -> Result<Self, MigrateError> {
        let mut problems = Vec::new();
        let mut set = Self::new(Layout::Embedded, Path::new(""));
        let mut downs = Vec::new();
        for (name, sql) in migrations {
            let stem = name.strip_suffix(".sql").unwrap_or(name);
            let file = PathBuf::from(if stem == *name { format!("{name}.sql") } else { (*name).to_owned() });
            if let Some(stem) = stem.strip_suffix(".down") {
                downs.push((stem.to_owned(), Down::new(file, sql)));
                continue;
            }
            let stem = stem.strip_suffix(".up").unwrap_or(stem);
            if name::is_repeatable(stem) {
                set.migrations.push(Migration::repeatable(stem, file, sql.as_bytes(), sql));
                continue;
            }
            match name::flat_version(stem).or_else(|| name::version(stem)) {
                Some(version) => set.migrations.push(Migration::new(version, stem, file, sql.as_bytes(), sql)),
                None => problems.push(name::problem(Path::new(name))),
            }
        }
        set.take_downs(downs, &mut problems);
        set.check(&mut problems);
        if problems.is_empty() { Ok(set) } else { Err(MigrateError::of(problems)) }
    }

    /// The migration with a version. A Prisma folder is also known by what comes before the first `_`, as histories of
    /// earlier releases have it, as long as no other folder shares that; an embedded text also by its whole name.
    #[must_use]
    pub fn get(&self, version: &str) -> Option<&Migration> {
        let exact = self.migrations.iter().find(|migration| migration.version == version);
        exact.or_else(|| {
            let mut known = self.migrations.iter().filter(|migration| self.alias(migration) == Some(version));
            known.next().filter(|_| known.next().is_none())
        })
    }

    /// The version of the last versioned migration: what a service built with this set needs.
    #[must_use]
    pub fn newest(&self) -> &str {
        let mut versioned = self.migrations.iter().filter(|migration| migration.kind == MigrationKind::Versioned);
        versioned.next_back().map_or("", |migration| migration.version.as_str())
    }

    /// The other version by which a database may know a migration. Of a Prisma folder that is what comes before the first `_`,
    /// as earlier releases had it; of an embedded text its name, since it may be a Prisma folder's.
    pub(crate) fn alias<'a>(&self, migration: &'a Migration) -> Option<&'a str> {
        let alias = match self.layout {
            Layout::Prisma => migration.name.split('_').next().filter(|short| !short.contains('-'))?,
            Layout::Embedded => migration.name.as_str(),
            _ => return None,
        };
        (alias != migration.version).then_some(alias)
    }

    /// Where versions stand among each other, those that have no file any more included.
    pub(crate) fn positions(&self) -> impl Fn(&str) -> Position {
        let versions = self.migrations.iter().enumerate().map(|(index, migration)| (migration.version.as_str(), index));
        let versions: HashMap<&str, usize> = versions.collect();
        move |version| {
            let index = versions.get(version).map(|index| (*index, &self.migrations[*index]));
            match index.or_else(|| Some((0, self.get(version)?))) {
                Some((index, migration)) => Position::of(self.layout, index, migration),
                None => Position::of_version(self.layout, version),
            }
        }
    }

    fn new(layout: Layout, path: &Path) -> Self {
        Self { layout, path: path.to_owned(), migrations: Vec::new(), strays: Vec::new(), provider: None }
    }

    /// Gives scripts that take back to the migrations of the same name.
    fn take_downs(&mut self, downs: Vec<(String, Down)>, problems: &mut Vec<Problem>) {
        self.take_downs_by(downs, |migration| migration.name.as_str(), problems);
    }

    /// As [`Self::take_downs`], by whatever they name their migration with. Of several with that, the first is meant.
    fn take_downs_by(
        &mut self,
        downs: Vec<(String, Down)>,
        named: impl Fn(&Migration) -> &str,
        problems: &mut Vec<Problem>,
    ) {
        let mut indexes: HashMap<String, usize> = HashMap::new();
        if !downs.is_empty() {
            for (index, migration) in self.migrations.iter().enumerate() {
                indexes.entry(named(migration).to_owned()).or_insert(index);
            }
        }
        for (name, down) in downs {
            match indexes.get(&name) {
                Some(index) => self.migrations[*index].down = Some(down).filter(|down| !says_nothing(&down.sql)),
                None => problems.push(takes_back_nothing(&down.file)),
            }
        }
    }

    /// Orders the migrations and finds what is wrong with them as a set.
    fn check(&mut self, problems: &mut Vec<Problem>) {
        let layout = self.layout;
        let mut sorted: Vec<_> = std::mem::take(&mut self.migrations)
            .into_iter()
            .enumerate()
            .map(|(index, migration)| (Position::of(layout, index, &migration), migration))
            .collect();
        sorted.sort_by(|(a, one), (b, two)| a.cmp(b).then_with(|| one.name.cmp(&two.name)));
        self.strays.sort();
        for pair in sorted.windows(2) {
            let ((a, one), (b, two)) = (&pair[0], &pair[1]);
            if a == b || one.version == two.version {
                let (first, second) = (one.file.display(), two.file.display());
                let message = format!("`{first}` and `{second}` have the same version {}", two.version);
                problems.push(Problem::new(ProblemKind::Duplicate, message));
            }
        }
        self.migrations = sorted.into_iter().map(|(_, migration)| migration).collect();
        for migration in &self.migrations {
            problems.extend(migration.check());
        }
        if self.migrations.is_empty() && problems.is_empty() {
            let message = match self.layout {
                Layout::Embedded => "no migrations are embedded".to_owned(),
                _ => format!("the migrations folder `{}` holds no migrations", self.path.display()),
            };
            problems.push(Problem::new(ProblemKind::Empty, message));
        }
    }
}

impl Migration {
    fn new(version: String, name: &str, file: PathBuf, bytes: &[u8], text: &str) -> Self {
        let sql = without_mark(text).to_owned();
        let declared_transaction = classify::asks_for_no_transaction(&sql).then_some(false);
        Self {
            version,
            name: name.to_owned(),
            kind: MigrationKind::Versioned,
            file,
            checksum: sha256_hex(bytes),
            sql,
            down: None,
            verify: None,
            declared_transaction,
        }
    }

    fn repeatable(stem: &str, file: PathBuf, bytes: &[u8], text: &str) -> Self {
        Self { kind: MigrationKind::Repeatable, ..Self::new(stem.to_owned(), stem, file, bytes, text) }
    }

    fn check(&self) -> Vec<Problem> {
        let file = self.file.display();
        let mut problems = Vec::new();
        let (longest, table) = match self.kind {
            MigrationKind::Versioned => (name::LONGEST_VERSION, "diesel's history table"),
            MigrationKind::Repeatable => (name::LONGEST_REPEATABLE, "the ledger"),
        };
        if self.version.chars().count() > longest {
            let message = format!("the version of `{file}` is longer than the {longest} characters of {table}");
            problems.push(Problem::new(ProblemKind::Layout, message));
        }
        if self.sql.trim().is_empty() {
            problems.push(Problem::new(ProblemKind::Sql, format!("`{file}` is empty")));
        }
        problems
    }
}

impl Down {
    /// Whether it does anything, rather than only say why there is nothing to do.
    #[must_use]
    pub fn is_written(&self) -> bool {
        !is_comment(&self.sql)
    }

    fn new(file: PathBuf, text: &str) -> Self {
        let sql = without_mark(text).to_owned();
        let declared_transaction = classify::asks_for_no_transaction(&sql).then_some(false);
        Self { file, sql, declared_transaction }
    }
}

impl MigrationKind {
    /// The word in the ledger.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Versioned => "versioned",
            Self::Repeatable => "repeatable",
        }
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Diesel => "diesel's (`up.sql`)",
            Self::Prisma => "Prisma's (`migration.sql`)",
            Self::Flat => "flat (`0001_name.sql`)",
            Self::Embedded => "embedded",
            Self::Flyway => "Flyway's (`V1__name.sql`)",
            Self::Sqlx => "sqlx's (`-- no-transaction`)",
            Self::GolangMigrate => "golang-migrate's (`1_name.up.sql`)",
            Self::Dbmate => "dbmate's (`-- migrate:up`)",
            Self::Goose => "goose's (`-- +goose Up`)",
            Self::Sqitch => "Sqitch's (`sqitch.plan`)",
        })
    }
}

/// diesel's generator and ours leave a script that says only that something should be written there. One that says why there is
/// nothing to write says something.
fn says_nothing(sql: &str) -> bool {
    is_comment(sql) && declared(sql).is_none()
}

fn is_comment(sql: &str) -> bool {
    sql.lines().map(str::trim).all(|line| line.is_empty() || line.starts_with("--"))
}

fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

fn takes_back_nothing(file: &Path) -> Problem {
    let message = format!("`{}` takes back a migration that is not there", file.display());
    Problem::new(ProblemKind::Layout, message)
}

#[cfg(test)]
mod tests;
