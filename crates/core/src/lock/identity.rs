//! Which database this is, so that a lease which came along with a dump or a copy is not believed. What leases say is `lease`'s.

use std::path::Path;

use crate::db::{Db, DbError, Engine, Stmt, scalar};

/// Names a server's database: the same for everybody who reaches it, another one for its restored or cloned copies.
pub(super) fn of_server(db: &mut dyn Db) -> Result<String, DbError> {
    match db.engine() {
        Engine::Sqlite => Ok(String::new()),
        Engine::Postgres => postgres(db),
        Engine::Mysql => mysql(db),
    }
}

/// Names a database file by its place in the file system: a copy is another file.
pub(super) fn of_file(path: &Path) -> String {
    #[cfg(unix)]
    if let Ok(metadata) = std::fs::metadata(path) {
        use std::os::unix::fs::MetadataExt;
        return format!("file:{}:{}", metadata.dev(), metadata.ino());
    }
    format!("file:{}", path.display())
}

/// The cluster's own number, made when it was initialised, and the number of the database in it.
fn postgres(db: &mut dyn Db) -> Result<String, DbError> {
    let database = "SELECT oid::bigint::text || ':' || datname FROM pg_database WHERE datname = current_database()";
    let database = scalar(db, &Stmt::new(database))?;
    // CockroachDB has no such function, and an administrator can withdraw it.
    let allowed =
        "SELECT count(*) FROM pg_proc WHERE proname = 'pg_control_system' AND has_function_privilege(oid, 'execute')";
    let cluster = if scalar(db, &Stmt::new(allowed))?.as_int() == Some(1) {
        scalar(db, &Stmt::new("SELECT system_identifier::text FROM pg_control_system()"))?
    } else {
        crate::db::Value::Null
    };
    Ok(format!("postgres:{}:{}", cluster.as_str().unwrap_or("unknown"), database.as_str().unwrap_or_default()))
}

/// MySQL has `server_uuid`, newer MariaDB `server_uid`; the nodes of a Galera cluster have only its name in common.
fn mysql(db: &mut dyn Db) -> Result<String, DbError> {
    let rows = db.rows(&Stmt::new(
        "SHOW GLOBAL VARIABLES WHERE Variable_name IN \
         ('server_uuid', 'server_uid', 'hostname', 'port', 'datadir', 'wsrep_on', 'wsrep_cluster_name')",
    ))?;
    let find =
        |name: &str| rows.iter().find(|row| row.text(0) == name).map(|row| row.text(1)).filter(|it| !it.is_empty());
    let clustered = find("wsrep_on").is_some_and(|on| on.eq_ignore_ascii_case("on") || on == "1");
    let server = match find("wsrep_cluster_name").filter(|_| clustered) {
        Some(name) => format!("cluster:{name}"),
        None => find("server_uuid").or_else(|| find("server_uid")).map_or_else(
            || {
                let part = |name| find(name).unwrap_or_default();
                format!("{}:{}:{}", part("hostname"), part("port"), part("datadir"))
            },
            str::to_owned,
        ),
    };
    let database = scalar(db, &Stmt::new("SELECT DATABASE()"))?;
    Ok(format!("mysql:{server}:{}", database.as_str().unwrap_or_default()))
}
