//! Which extensions pending migrations create, and whether the server could do that: known before anything runs. Creating them
//! is left to the migrations themselves.

use std::collections::BTreeSet;

use plimsoll_core::Location;
use plimsoll_core::db::{Db, DbError, Engine, Stmt};

use crate::error::{Problem, ProblemKind};
use crate::history::History;
use crate::lexer::{Token, TokenKind};
use crate::source::{Migration, MigrationSet};
use crate::split::{Statement, split};
use crate::status::Note;

/// What a PostgreSQL server says about the extensions that it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extensions {
    /// The server's version, such as `15.18`.
    pub server_version: String,
    /// The role of this connection.
    pub role: String,
    /// Whether that role is a superuser.
    pub superuser: bool,
    /// Whether that role has the CREATE privilege on this database.
    pub may_create: bool,
    /// What the server has files for: one entry for each version of an extension that it can create.
    pub available: Vec<AvailableExtension>,
    /// The names of all extensions that this database has already.
    pub installed: BTreeSet<String>,
}

/// One version of an extension that a server can create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AvailableExtension {
    /// The name, as in `CREATE EXTENSION`.
    pub name: String,
    /// The version.
    pub version: String,
    /// Whether creating it takes a superuser, or the trust below.
    pub superuser: bool,
    /// Whether the CREATE privilege on the database is enough.
    pub trusted: bool,
}

/// A `CREATE EXTENSION` of a migration.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wanted {
    name: String,
    version: Option<String>,
    if_not_exists: bool,
    /// Where the name stands, in bytes of the file.
    offset: usize,
}

/// Asks the server about the extensions that migrations of the set will create; none when there are none, and for servers that
/// speak PostgreSQL's protocol only.
pub(crate) fn observe(db: &mut dyn Db, set: &MigrationSet, history: &History) -> Result<Option<Extensions>, DbError> {
    let pending = set.migrations.iter().filter(|migration| !history.applied.contains(&migration.version));
    let names: BTreeSet<String> =
        pending.flat_map(|migration| wanted(history.engine, migration)).map(|wanted| wanted.name).collect();
    if names.is_empty() {
        return Ok(None);
    }
    let server = db.rows(&Stmt::new(
        "SELECT CASE WHEN version() LIKE 'PostgreSQL %' THEN 1 ELSE 0 END, current_setting('server_version'), \
         current_setting('server_version_num'), current_user::text, \
         CASE WHEN current_setting('is_superuser') = 'on' THEN 1 ELSE 0 END, \
         CASE WHEN has_database_privilege(current_database(), 'CREATE') THEN 1 ELSE 0 END",
    ))?;
    let Some(server) = server.first().filter(|row| row.int(0) == 1) else { return Ok(None) };
    // Trust came with version 13.
    let trusted = if server.text(2).parse().unwrap_or(0) >= 130_000 { "trusted" } else { "false" };
    let mut stmt = Stmt::new(format!(
        "SELECT name::text, version, CASE WHEN superuser THEN 1 ELSE 0 END, CASE WHEN {trusted} THEN 1 ELSE 0 END \
         FROM pg_available_extension_versions WHERE name::text IN ("
    ));
    for (index, name) in names.iter().enumerate() {
        stmt = if index == 0 { stmt } else { stmt.sql(", ") }.bind(name.as_str());
    }
    let available = db.rows(&stmt.sql(") ORDER BY name, version"))?;
    let installed = db.rows(&Stmt::new("SELECT extname::text FROM pg_extension"))?;
    Ok(Some(Extensions {
        server_version: server.text(1).split(' ').next().unwrap_or_default().to_owned(),
        role: server.text(3).to_owned(),
        superuser: server.int(4) == 1,
        may_create: server.int(5) == 1,
        available: available
            .iter()
            .map(|row| AvailableExtension {
                name: row.text(0).to_owned(),
                version: row.text(1).to_owned(),
                superuser: row.int(2) == 1,
                trusted: row.int(3) == 1,
            })
            .collect(),
        installed: installed.iter().map(|row| row.text(0).to_owned()).collect(),
    }))
}

/// What the server lacks for a migration, and what its role may not be allowed to. Each extension is told about once: `told`
/// has those of the migrations before.
pub(crate) fn judge(
    engine: Engine,
    migration: &Migration,
    extensions: &Extensions,
    told: &mut BTreeSet<(String, Option<String>)>,
) -> (Vec<Problem>, Vec<Note>) {
    let (mut problems, mut notes) = (Vec::new(), Vec::new());
    for wanted in wanted(engine, migration) {
        let there = wanted.if_not_exists && extensions.installed.contains(&wanted.name);
        if there || !told.insert((wanted.name.clone(), wanted.version.clone())) {
            continue;
        }
        let of_name = || extensions.available.iter().filter(|each| each.name == wanted.name);
        let found = of_name().find(|each| wanted.version.as_ref().is_none_or(|version| *version == each.version));
        match found {
            None => {
                let location = Location::of_offset(&migration.file, &migration.sql, wanted.offset);
                let message = match &wanted.version {
                    Some(version) if of_name().next().is_some() => {
                        let versions: Vec<&str> = of_name().map(|each| each.version.as_str()).collect();
                        let versions = versions.join(", ");
                        format!(
                            "PostgreSQL {} has the extension `{}` in the versions {versions}, not {version}",
                            extensions.server_version, wanted.name
                        )
                    }
                    _ => missing(&wanted.name, &extensions.server_version),
                };
                problems.push(Problem::new(ProblemKind::Extension, message).at(location));
            }
            Some(found) if found.superuser && !extensions.superuser && !(found.trusted && extensions.may_create) => {
                notes.push(Note::NotAllowed {
                    version: migration.version.clone(),
                    extension: wanted.name,
                    role: extensions.role.clone(),
                    trusted: found.trusted,
                });
            }
            Some(_) => {}
        }
    }
    (problems, notes)
}

/// The extensions that a migration creates, in order. A file that cannot be split has none: the plan tells why.
fn wanted(engine: Engine, migration: &Migration) -> Vec<Wanted> {
    match engine {
        Engine::Sqlite | Engine::Mysql => Vec::new(),
        Engine::Postgres => {
            split(engine, &migration.file, &migration.sql).unwrap_or_default().iter().filter_map(created_by).collect()
        }
    }
}

/// `CREATE EXTENSION [IF NOT EXISTS] name [WITH] [SCHEMA schema] [VERSION version] [CASCADE]`
fn created_by(statement: &Statement) -> Option<Wanted> {
    let is = |token: &Token, word: &str| {
        token.kind == TokenKind::Word && statement.text_of(token).eq_ignore_ascii_case(word)
    };
    let mut tokens = statement.tokens.iter().peekable();
    for word in ["CREATE", "EXTENSION"] {
        tokens.next().filter(|token| is(token, word))?;
    }
    let mut if_not_exists = false;
    for word in ["IF", "NOT", "EXISTS"] {
        if_not_exists = tokens.next_if(|token| is(token, word)).is_some();
    }
    let name = tokens.next().filter(|token| matches!(token.kind, TokenKind::Word | TokenKind::Quoted))?;
    let version = tokens.skip_while(|token| !is(token, "VERSION")).nth(1);
    Some(Wanted {
        name: folded(statement, name),
        version: version.map(|token| folded(statement, token)),
        if_not_exists,
        offset: statement.offset + name.start,
    })
}

/// A name as the catalogue has it, and a version without its quotes.
fn folded(statement: &Statement, token: &Token) -> String {
    let text = statement.text_of(token);
    match token.kind {
        TokenKind::Quoted => text.trim_matches('"').replace("\"\"", "\""),
        TokenKind::Literal => text.trim_matches('\'').to_owned(),
        _ => text.to_lowercase(),
    }
}

fn missing(name: &str, server_version: &str) -> String {
    let major = server_version.split('.').next().unwrap_or_default();
    let what = format!("PostgreSQL {server_version} does not have the extension `{name}`");
    let hint = match name {
        "vector" => format!("it comes with pgvector, in Debian the package `postgresql-{major}-pgvector`"),
        "pgvector" => "the extension that pgvector brings is called `vector`".to_owned(),
        "postgis" | "postgis_raster" | "postgis_topology" | "postgis_tiger_geocoder" | "address_standardizer" => {
            format!("it comes with PostGIS, in Debian the package `postgresql-{major}-postgis-3`")
        }
        "pgrouting" | "rum" | "hll" | "ip4r" | "pgaudit" => {
            format!("Debian's package is `postgresql-{major}-{name}`")
        }
        "pg_cron" | "pg_partman" | "pg_repack" => {
            format!("Debian's package is `postgresql-{major}-{}`", name.trim_start_matches("pg_"))
        }
        "timescaledb" => "it comes with TimescaleDB, from its maker's own packages".to_owned(),
        _ if CONTRIB.contains(&name) => {
            format!(
                "it comes with PostgreSQL's additional modules: `postgresql-{major}` in Debian, `postgresql-contrib` elsewhere"
            )
        }
        _ => return what,
    };
    format!("{what}: {hint}")
}

/// The commonly used ones of PostgreSQL's additional modules.
const CONTRIB: &[&str] = &[
    "amcheck",
    "bloom",
    "btree_gin",
    "btree_gist",
    "citext",
    "cube",
    "dblink",
    "dict_int",
    "earthdistance",
    "file_fdw",
    "fuzzystrmatch",
    "hstore",
    "intarray",
    "isn",
    "lo",
    "ltree",
    "pg_buffercache",
    "pg_prewarm",
    "pg_stat_statements",
    "pg_trgm",
    "pg_walinspect",
    "pgcrypto",
    "pgrowlocks",
    "pgstattuple",
    "postgres_fdw",
    "seg",
    "sslinfo",
    "tablefunc",
    "tcn",
    "tsm_system_rows",
    "tsm_system_time",
    "unaccent",
    "uuid-ossp",
];

#[cfg(test)]
mod tests;
