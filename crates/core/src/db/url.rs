//! Database URLs: which engine, which file or server, normalised for the driver. An unknown scheme or parameter is an error.

use std::fmt;
use std::path::{Path, PathBuf};

use url::Url;

use super::Engine;
use crate::toml_file::nearest;
use crate::{Coded, ErrorCode, Secret};

/// The parameters that libpq understands, as far as a URL may sensibly carry them.
const LIBPQ: &[&str] = &[
    "application_name",
    "channel_binding",
    "connect_timeout",
    "gssencmode",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "options",
    "passfile",
    "port",
    "sslcert",
    "sslcrl",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "sslsni",
    "target_session_attrs",
    "tcp_user_timeout",
];

/// Parameters that other tools put into PostgreSQL URLs. They are understood or have no meaning here, and libpq refuses them.
const FOREIGN: &[&str] =
    &["schema", "connection_limit", "pool_timeout", "pgbouncer", "socket_timeout", "statement_cache_size"];

/// What a URL gets unless it says otherwise. libpq would wait for the system's own time-outs, minutes to connect and hours for
/// a peer that vanished while a migration ran.
const DEFAULTS: &[(&str, &str)] =
    &[("connect_timeout", "10"), ("keepalives_idle", "30"), ("keepalives_interval", "10"), ("keepalives_count", "3")];

/// The parameters that diesel's MySQL connection understands.
const MYSQL: &[&str] = &["unix_socket", "ssl_mode", "ssl_ca", "ssl_cert", "ssl_key"];

/// A checked database URL. Printing it masks the password.
#[derive(Clone)]
pub struct DatabaseUrl {
    engine: Engine,
    target: Target,
}

#[derive(Clone)]
pub(super) enum Target {
    File(PathBuf),
    Server { url: Secret, search_path: Option<String>, shown: String, pooled: bool },
}

/// A database URL that Plimsoll does not understand. The text never repeats the URL itself.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct UrlError {
    message: String,
}

impl Coded for UrlError {
    fn code(&self) -> ErrorCode {
        ErrorCode::UrlInvalid
    }
}

impl DatabaseUrl {
    /// Checks a URL. A relative SQLite path starts at `base`.
    ///
    /// Schemes: `sqlite:path` (also `sqlite:///absolute`), `postgresql:` or `postgres:`, `mysql:` or `mariadb:`.
    ///
    /// # Errors
    /// [`UrlError`] for another scheme, an unknown parameter, or a server URL without a host or database.
    pub fn parse(text: &str, base: &Path) -> Result<Self, UrlError> {
        let text = text.trim();
        let Some((scheme, rest)) = text.split_once(':').filter(|(scheme, _)| is_scheme(scheme)) else {
            return Err(UrlError::new(
                "the database URL has no scheme: write `sqlite:path/to/file.db`, `postgresql://..` or `mysql://..`",
            ));
        };
        match scheme {
            "sqlite" => sqlite(rest, base),
            "postgres" | "postgresql" => postgres(text),
            "mysql" | "mariadb" => mysql(text),
            other => {
                let known = ["sqlite", "postgresql", "postgres", "mysql", "mariadb"];
                let hint = nearest(other, known).map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
                Err(UrlError::new(format!("unknown database scheme `{other}`{hint}")))
            }
        }
    }

    /// The engine the URL names.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// The file of an embedded database.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match &self.target {
            Target::File(path) => Some(path),
            Target::Server { .. } => None,
        }
    }

    /// Another database on the same server, with the same credentials. `None` for an embedded database, which has no server.
    #[must_use]
    pub fn sibling(&self, database: &str) -> Option<Self> {
        let Target::Server { url, search_path, pooled, .. } = &self.target else { return None };
        let mut url = Url::parse(url.expose()).ok()?;
        url.set_path(database);
        let (shown, search_path) = (shown(&url), search_path.clone());
        Some(Self {
            engine: self.engine,
            target: Target::Server { url: Secret::new(url.as_str()), search_path, shown, pooled: *pooled },
        })
    }

    /// Whether the URL says that a transaction pooler is in between: `pgbouncer=true`, as Prisma writes it.
    #[must_use]
    pub fn is_pooled(&self) -> bool {
        matches!(&self.target, Target::Server { pooled: true, .. })
    }

    /// The same database, known to be behind a transaction pooler: what belongs together is kept on one of its sessions.
    #[must_use]
    pub fn pooled(mut self) -> Self {
        if let Target::Server { pooled, .. } = &mut self.target {
            *pooled = true;
        }
        self
    }

    pub(super) fn target(&self) -> &Target {
        &self.target
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.target {
            Target::File(path) => write!(f, "sqlite:{}", path.display()),
            Target::Server { shown, .. } => f.write_str(shown),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl UrlError {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

fn is_scheme(text: &str) -> bool {
    // One letter is a Windows drive, not a scheme.
    text.len() > 1 && text.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

fn sqlite(rest: &str, base: &Path) -> Result<DatabaseUrl, UrlError> {
    let path = rest.strip_prefix("//").unwrap_or(rest);
    if let Some((_, query)) = path.split_once('?') {
        let name = query.split('=').next().unwrap_or_default();
        return Err(UrlError::new(format!("a SQLite URL takes no parameters, found `{name}`")));
    }
    if path.is_empty() {
        return Err(UrlError::new("the SQLite URL names no file"));
    }
    if path == ":memory:" {
        return Err(UrlError::new("a database in memory ends with the command; name a file: `sqlite:path/to/file.db`"));
    }
    let path = Path::new(path);
    // `components` drops the `./` that would otherwise show up in every message.
    let full: PathBuf = base.join(path).components().collect();
    Ok(DatabaseUrl { engine: Engine::Sqlite, target: Target::File(full) })
}

fn postgres(text: &str) -> Result<DatabaseUrl, UrlError> {
    let mut url = parse_server(text)?;
    let mut search_path = None;
    let mut pooled = false;
    let mut kept = Vec::new();
    for (name, value) in url.query_pairs() {
        match name.as_ref() {
            "schema" => search_path = Some(value.into_owned()),
            "pgbouncer" => pooled = value == "true" || value == "1",
            name if FOREIGN.contains(&name) => {}
            name if LIBPQ.contains(&name) => kept.push((name.to_owned(), value.into_owned())),
            name => return Err(unknown_parameter(name, LIBPQ.iter().chain(FOREIGN))),
        }
    }
    for (name, value) in DEFAULTS {
        if !kept.iter().any(|(kept, _)| kept == name) {
            kept.push(((*name).to_owned(), (*value).to_owned()));
        }
    }
    url.query_pairs_mut().clear().extend_pairs(&kept);
    let shown = shown(&url);
    // libpq does not decode `+`, which is how query_pairs_mut writes a space; elsewhere a plus is a plus.
    let query = url.query().map(|query| query.replace('+', "%20"));
    url.set_query(query.as_deref());
    let url = Secret::new(url.as_str());
    Ok(DatabaseUrl { engine: Engine::Postgres, target: Target::Server { url, search_path, shown, pooled } })
}

fn mysql(text: &str) -> Result<DatabaseUrl, UrlError> {
    // diesel takes only `mysql`.
    let url = parse_server(&text.replacen("mariadb:", "mysql:", 1))?;
    for (name, _) in url.query_pairs() {
        if !MYSQL.contains(&name.as_ref()) {
            return Err(unknown_parameter(&name, MYSQL));
        }
    }
    let shown = shown(&url);
    Ok(DatabaseUrl {
        engine: Engine::Mysql,
        target: Target::Server { url: Secret::new(url.as_str()), search_path: None, shown, pooled: false },
    })
}

fn parse_server(text: &str) -> Result<Url, UrlError> {
    let url = Url::parse(text).map_err(|error| UrlError::new(format!("the database URL does not parse: {error}")))?;
    if url.cannot_be_a_base() || url.path().trim_start_matches('/').is_empty() {
        return Err(UrlError::new(
            "the database URL names no database: write `scheme://user:password@host:port/database`",
        ));
    }
    Ok(url)
}

fn unknown_parameter<'a>(name: &str, known: impl IntoIterator<Item = &'a &'a str>) -> UrlError {
    let hint =
        nearest(name, known.into_iter().copied()).map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
    UrlError::new(format!("unknown database URL parameter `{name}`{hint}"))
}

fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    let text = url.as_str().to_owned();
    match url.password() {
        Some(password) => text.replacen(&format!(":{password}@"), ":***@", 1),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<DatabaseUrl, UrlError> {
        DatabaseUrl::parse(text, Path::new("/project"))
    }

    fn message(text: &str) -> String {
        parse(text).expect_err("the URL is wrong").to_string()
    }

    #[test]
    fn a_misspelt_scheme_is_an_error_and_not_a_file() {
        assert_eq!(message("postgress://u:p@h/db"), "unknown database scheme `postgress`, did you mean `postgres`?");
        assert!(message("app.db").contains("no scheme"));
    }

    #[test]
    fn a_relative_sqlite_path_starts_at_the_project() {
        let url = parse("sqlite:.plimsoll/dev/app.db").expect("a good URL");
        assert_eq!(url.file(), Some(Path::new("/project/.plimsoll/dev/app.db")));
        assert_eq!(parse("sqlite:///tmp/a.db").expect("a good URL").file(), Some(Path::new("/tmp/a.db")));
    }

    #[test]
    fn a_shown_url_holds_no_password() {
        let url = parse("postgresql://app:s3cr3t@db:5432/app?schema=public&sslmode=require").expect("a good URL");
        assert_eq!(url.to_string(), "postgresql://app:***@db:5432/app");
        assert_eq!(format!("{url:?}"), url.to_string());
    }

    #[test]
    fn a_plus_stays_in_a_password_and_a_space_reaches_the_driver_encoded() {
        let url = parse("postgres://app:p+ss@db/app?application_name=a+b&schema=x").expect("a good URL");
        let Target::Server { url, search_path, .. } = url.target() else { panic!("a server") };
        let query =
            "application_name=a%20b&connect_timeout=10&keepalives_idle=30&keepalives_interval=10&keepalives_count=3";
        assert_eq!(url.expose(), format!("postgres://app:p+ss@db/app?{query}"));
        assert_eq!(search_path.as_deref(), Some("x"));
    }

    #[test]
    fn a_url_can_say_that_a_pooler_is_in_between() {
        assert!(parse("postgres://db/app?pgbouncer=true").expect("a good URL").is_pooled());
        assert!(!parse("postgres://db/app?pgbouncer=false").expect("a good URL").is_pooled());
        assert!(parse("postgres://db/app").expect("a good URL").pooled().is_pooled());
    }

    #[test]
    fn parameters_nobody_knows_are_refused_with_the_nearest() {
        assert_eq!(
            message("postgres://h/db?sslmod=require"),
            "unknown database URL parameter `sslmod`, did you mean `sslmode`?"
        );
        assert!(message("sqlite:a.db?mode=ro").contains("no parameters"));
        assert!(message("mysql://h").contains("names no database"));
    }
}
