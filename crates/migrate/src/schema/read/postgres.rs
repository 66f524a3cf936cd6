//! What is asked of PostgreSQL, and under which search path. The tables' queries are in `postgres_tables`, those for what has
//! no table in `postgres_types`.

use plimsoll_core::db::{Db, DbError, Stmt, scalar};

use super::{Object, objects, postgres_tables, postgres_types};

pub(super) fn read(db: &mut dyn Db) -> Result<Vec<Object>, DbError> {
    // PostgreSQL leaves out the schemas of a search path when it prints; with an empty one, equal means equal.
    let path = scalar(db, &Stmt::new("SELECT current_setting('search_path')"))?;
    set_path(db, "")?;
    let found = read_all(db);
    let restored = set_path(db, path.as_str().unwrap_or_default());
    let found = found?;
    restored?;
    Ok(found)
}

fn read_all(db: &mut dyn Db) -> Result<Vec<Object>, DbError> {
    let mut found = Vec::new();
    for query in postgres_types::queries().into_iter().chain(postgres_tables::queries()) {
        found.extend(objects(db, query)?);
    }
    Ok(found)
}

fn set_path(db: &mut dyn Db, path: &str) -> Result<(), DbError> {
    db.rows(&Stmt::new("SELECT set_config('search_path', ").bind(path).sql(", false)")).map(drop)
}

/// The condition that an object is the project's: in a schema of the project (`n`), and of no extension.
pub(super) fn ours(catalogue: &str, alias: &str) -> String {
    format!(
        "{} AND NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.classid = '{catalogue}'::regclass \
         AND e.objid = {alias}.oid AND e.deptype = 'e')",
        our_schema()
    )
}

pub(super) fn our_schema() -> &'static str {
    "n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'plimsoll')"
}

/// The privileges of others than the owner, in a text. `acl` is the list, `owner` the column that names the owner.
pub(super) fn granted(acl: &str, owner: &str) -> String {
    format!(
        "(SELECT string_agg(g.line, ', ' ORDER BY g.line) FROM (SELECT coalesce(r.rolname, 'PUBLIC') || ': ' || x.privilege_type \
         || CASE WHEN x.is_grantable THEN ' with grant option' ELSE '' END AS line \
         FROM aclexplode({acl}) x LEFT JOIN pg_roles r ON r.oid = x.grantee WHERE x.grantee <> {owner}) g)"
    )
}
