//! What MySQL and MariaDB are asked about objects that are one row each. Keys, checks and privileges, which are lists of rows,
//! are `mysql_lists`'.

use std::collections::BTreeSet;

use plimsoll_core::db::{Db, DbError, Engine, Stmt, dialect, quoted, scalar};

use super::{Object, ObjectKind, Query, mysql_lists, objects, text};
use crate::schema::text::normalized;

pub(super) fn read(db: &mut dyn Db) -> Result<Vec<Object>, DbError> {
    let version = scalar(db, &Stmt::new("SELECT VERSION()"))?;
    let mariadb = version.as_str().is_some_and(|version| version.contains("MariaDB"));
    let name = text(&scalar(db, &Stmt::new("SELECT DATABASE()"))?).unwrap_or_default();
    let mut found = objects(db, tables(mariadb))?;
    mysql_lists::partitions(db, &mut found)?;
    let known: BTreeSet<String> = found.iter().map(|table| table.key.name.clone()).collect();
    let mut columns = objects(db, columns(mariadb))?;
    // The columns of views and sequences follow from what these are.
    columns.retain(|column| column.key.table.as_ref().is_some_and(|table| known.contains(table)));
    found.extend(columns);
    found.extend(mysql_lists::indexes(db, mariadb)?);
    found.extend(mysql_lists::foreign_keys(db)?);
    found.extend(mysql_lists::checks(db, mariadb)?);
    found.extend(views(db, mariadb, &name)?);
    found.extend(routines(db)?);
    found.extend(bodies(db, triggers())?);
    found.extend(bodies(db, events())?);
    if mariadb {
        found.extend(sequences(db)?);
    }
    found.extend(mysql_lists::grants(db)?);
    Ok(found)
}

fn tables(mariadb: bool) -> Query {
    // System-versioned tables are MariaDB's, and have a kind of their own.
    let versioned = if mariadb { "IF(TABLE_TYPE = 'SYSTEM VERSIONED', 'system versioned', NULL)" } else { "NULL" };
    Query {
        kind: ObjectKind::Table,
        attributes: &["engine", "collation", "options", "versioning", "comment"],
        sql: format!(
            "SELECT NULL, NULL, TABLE_NAME, ENGINE, TABLE_COLLATION, \
             NULLIF(TRIM(REPLACE(CREATE_OPTIONS, 'partitioned', '')), ''), {versioned}, NULLIF(TABLE_COMMENT, '') \
             FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')"
        ),
    }
}

fn columns(mariadb: bool) -> Query {
    // MariaDB writes the keyword where there is no default, and quotes texts; MySQL marks expressions.
    let default = if mariadb {
        "IF(COLUMN_DEFAULT = 'NULL', NULL, COLUMN_DEFAULT)"
    } else {
        "CONCAT(IF(EXTRA LIKE '%DEFAULT_GENERATED%', 'expression ', ''), COLUMN_DEFAULT)"
    };
    Query {
        kind: ObjectKind::Column,
        attributes: &["type", "nullability", "default", "generated", "extra", "collation", "comment", "position"],
        sql: format!(
            "SELECT NULL, TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, IF(IS_NULLABLE = 'YES', 'nullable', 'not null'), {default}, \
             IF(EXTRA LIKE '%GENERATED%' AND EXTRA NOT LIKE '%DEFAULT_GENERATED%', \
             CONCAT(GENERATION_EXPRESSION, IF(EXTRA LIKE '%STORED%', ' stored', ' virtual')), NULL), \
             NULLIF(TRIM(REPLACE(REPLACE(REPLACE(EXTRA, 'STORED GENERATED', ''), 'VIRTUAL GENERATED', ''), \
             'DEFAULT_GENERATED', '')), ''), COLLATION_NAME, NULLIF(COLUMN_COMMENT, ''), CAST(ORDINAL_POSITION AS CHAR) \
             FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()"
        ),
    }
}

fn views(db: &mut dyn Db, mariadb: bool, database: &str) -> Result<Vec<Object>, DbError> {
    let algorithm = if mariadb { "NULLIF(ALGORITHM, 'UNDEFINED')" } else { "NULL" };
    let mut views = objects(
        db,
        Query {
            kind: ObjectKind::View,
            attributes: &["definition", "check option", "security", "algorithm"],
            sql: format!(
                "SELECT NULL, NULL, TABLE_NAME, VIEW_DEFINITION, NULLIF(CHECK_OPTION, 'NONE'), SECURITY_TYPE, {algorithm} \
                 FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE()"
            ),
        },
    )?;
    let here = format!("{}.", quoted(Engine::Mysql, database));
    for view in &mut views {
        // The same view in a database of another name is the same view.
        if let Some(definition) = view.attributes.get_mut("definition") {
            *definition = definition.replace(&here, "");
        }
    }
    Ok(views)
}

fn routines(db: &mut dyn Db) -> Result<Vec<Object>, DbError> {
    let query = |kind, name: &str| Query {
        kind,
        attributes: &["definition", "returns", "deterministic", "data access", "security", "comment"],
        sql: format!(
            "SELECT NULL, NULL, ROUTINE_NAME, ROUTINE_DEFINITION, DTD_IDENTIFIER, IS_DETERMINISTIC, SQL_DATA_ACCESS, \
             SECURITY_TYPE, NULLIF(ROUTINE_COMMENT, '') FROM information_schema.ROUTINES \
             WHERE ROUTINE_SCHEMA = DATABASE() AND ROUTINE_TYPE = '{name}'"
        ),
    };
    let mut routines = bodies(db, query(ObjectKind::Function, "FUNCTION"))?;
    routines.extend(bodies(db, query(ObjectKind::Procedure, "PROCEDURE"))?);
    mysql_lists::parameters(db, &mut routines)?;
    Ok(routines)
}

fn triggers() -> Query {
    Query {
        kind: ObjectKind::Trigger,
        attributes: &["definition", "time", "order"],
        sql: "SELECT NULL, EVENT_OBJECT_TABLE, TRIGGER_NAME, ACTION_STATEMENT, \
              CONCAT_WS(' ', ACTION_TIMING, EVENT_MANIPULATION), CAST(ACTION_ORDER AS CHAR) \
              FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()"
            .to_owned(),
    }
}

/// Without the moments at which an event begins, ends or runs: most are counted from when it was made.
fn events() -> Query {
    Query {
        kind: ObjectKind::Event,
        attributes: &["definition", "schedule", "state", "on completion", "comment"],
        sql: "SELECT NULL, NULL, EVENT_NAME, EVENT_DEFINITION, \
              IF(EVENT_TYPE = 'ONE TIME', 'once', CONCAT_WS(' ', 'every', INTERVAL_VALUE, INTERVAL_FIELD)), LOWER(STATUS), \
              LOWER(ON_COMPLETION), NULLIF(EVENT_COMMENT, '') FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()"
            .to_owned(),
    }
}

/// Objects with a body, which the server keeps as it was written.
fn bodies(db: &mut dyn Db, query: Query) -> Result<Vec<Object>, DbError> {
    let mut found = objects(db, query)?;
    for object in &mut found {
        if let Some(definition) = object.attributes.get_mut("definition") {
            *definition = normalized(Engine::Mysql, definition);
        }
    }
    Ok(found)
}

/// The sequences of MariaDB are tables of one row each, so all of them are one query.
fn sequences(db: &mut dyn Db) -> Result<Vec<Object>, DbError> {
    let names =
        "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'SEQUENCE'";
    let selects: Vec<String> = db
        .rows(&Stmt::new(names))?
        .iter()
        .map(|row| {
            let (name, table) = (dialect::literal(Engine::Mysql, row.text(0)), quoted(Engine::Mysql, row.text(0)));
            format!(
                "SELECT NULL, NULL, {name}, CAST(start_value AS CHAR), CAST(increment AS CHAR), CAST(minimum_value AS CHAR), \
                 CAST(maximum_value AS CHAR), CAST(cache_size AS CHAR), IF(cycle_option, 'yes', NULL) FROM {table}"
            )
        })
        .collect();
    if selects.is_empty() {
        return Ok(Vec::new());
    }
    objects(
        db,
        Query {
            kind: ObjectKind::Sequence,
            attributes: &["start", "increment", "minimum", "maximum", "cache", "cycling"],
            sql: selects.join(" UNION ALL "),
        },
    )
}
