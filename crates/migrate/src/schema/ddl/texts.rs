//! Reads the texts that engines make or keep of their objects: all of SQLite's, tables and bodies of MySQL. What
//! they are good for is known to the writers of each engine.

use std::collections::BTreeMap;

use plimsoll_core::db::{Db, DbError, Engine, Stmt, quoted, scalar};

use crate::schema::{ObjectKey, ObjectKind, Schema};

/// Texts by object. PostgreSQL says all in its catalogue and has none.
pub(crate) type Texts = BTreeMap<ObjectKey, String>;

pub(super) fn read(db: &mut dyn Db, schema: &Schema) -> Result<Texts, DbError> {
    match schema.engine {
        Engine::Postgres => Ok(Texts::new()),
        Engine::Sqlite => sqlite(db, schema),
        Engine::Mysql => mysql(db, schema),
    }
}

fn sqlite(db: &mut dyn Db, schema: &Schema) -> Result<Texts, DbError> {
    let sql = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL";
    let mut texts = Texts::new();
    for row in db.rows(&Stmt::new(sql))? {
        let (kind, has_table) = match row.text(0) {
            "table" => (ObjectKind::Table, false),
            "index" => (ObjectKind::Index, true),
            "view" => (ObjectKind::View, false),
            _ => (ObjectKind::Trigger, true),
        };
        let table = has_table.then(|| row.text(2).to_owned());
        let key = ObjectKey { kind, schema: None, table, name: row.text(1).to_owned() };
        if let Some(found) = schema.objects.keys().find(|known| same(known, &key)) {
            texts.insert(found.clone(), row.text(3).trim().to_owned());
        }
    }
    Ok(texts)
}

/// An index says the table's name as it was typed.
fn same(known: &ObjectKey, key: &ObjectKey) -> bool {
    let table = |key: &ObjectKey| key.table.as_ref().map(|table| table.to_lowercase());
    known.kind == key.kind && known.name == key.name && table(known) == table(key)
}

fn mysql(db: &mut dyn Db, schema: &Schema) -> Result<Texts, DbError> {
    let mut texts = Texts::new();
    let name = scalar(db, &Stmt::new("SELECT DATABASE()"))?;
    let here = format!("{}.", quoted(Engine::Mysql, name.as_str().unwrap_or_default()));
    for key in schema.objects.keys().filter(|key| key.kind == ObjectKind::Table) {
        let rows = db.rows(&Stmt::new(format!("SHOW CREATE TABLE {}", quoted(Engine::Mysql, &key.name))))?;
        let text = rows.first().map(|row| row.text(1)).unwrap_or_default();
        texts.insert(key.clone(), text.replace(&here, ""));
    }
    for query in [ROUTINES, TRIGGERS, EVENTS] {
        for row in db.rows(&Stmt::new(query))? {
            let (head, body) = (row.text(3), row.text(4));
            let is_it = |key: &&ObjectKey| key.name == row.text(1) && key.kind.name() == row.text(0);
            if let Some(key) = schema.objects.keys().find(is_it).filter(|_| !body.is_empty()) {
                texts.insert(key.clone(), format!("{head}\n{body}"));
            }
        }
    }
    Ok(texts)
}

/// The kind, the name, nothing, the head and the body of functions and procedures. `SHOW CREATE` cannot be prepared.
const ROUTINES: &str = "SELECT LOWER(r.ROUTINE_TYPE), r.ROUTINE_NAME, '', CONCAT('CREATE ', r.ROUTINE_TYPE, ' `', \
     REPLACE(r.ROUTINE_NAME, '`', '``'), '`(', COALESCE((SELECT GROUP_CONCAT(CONCAT(\
     IF(r.ROUTINE_TYPE = 'FUNCTION', '', CONCAT(p.PARAMETER_MODE, ' ')), '`', REPLACE(p.PARAMETER_NAME, '`', '``'), '` ', \
     p.DTD_IDENTIFIER, IF(p.CHARACTER_SET_NAME IS NULL, '', CONCAT(' CHARSET ', p.CHARACTER_SET_NAME))) \
     ORDER BY p.ORDINAL_POSITION SEPARATOR ', ') FROM information_schema.PARAMETERS p \
     WHERE p.SPECIFIC_SCHEMA = r.ROUTINE_SCHEMA AND p.SPECIFIC_NAME = r.SPECIFIC_NAME AND p.ROUTINE_TYPE = r.ROUTINE_TYPE \
     AND p.ORDINAL_POSITION > 0), ''), ')', IF(r.ROUTINE_TYPE = 'FUNCTION', CONCAT(' RETURNS ', r.DTD_IDENTIFIER, \
     IF(r.CHARACTER_SET_NAME IS NULL, '', CONCAT(' CHARSET ', r.CHARACTER_SET_NAME))), ''), \
     IF(r.IS_DETERMINISTIC = 'YES', ' DETERMINISTIC', ''), ' ', r.SQL_DATA_ACCESS, ' SQL SECURITY ', r.SECURITY_TYPE, \
     IF(r.ROUTINE_COMMENT = '', '', CONCAT(' COMMENT ', QUOTE(r.ROUTINE_COMMENT)))), r.ROUTINE_DEFINITION \
     FROM information_schema.ROUTINES r WHERE r.ROUTINE_SCHEMA = DATABASE()";

/// As [`ROUTINES`], of triggers.
const TRIGGERS: &str = "SELECT 'trigger', TRIGGER_NAME, '', CONCAT('CREATE TRIGGER `', REPLACE(TRIGGER_NAME, '`', '``'), '` ', \
     ACTION_TIMING, ' ', EVENT_MANIPULATION, ' ON `', REPLACE(EVENT_OBJECT_TABLE, '`', '``'), '` FOR EACH ROW'), \
     ACTION_STATEMENT FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()";

/// As [`ROUTINES`], of events. One that comes again begins when it is made.
const EVENTS: &str = "SELECT 'event', EVENT_NAME, '', CONCAT('CREATE EVENT `', REPLACE(EVENT_NAME, '`', '``'), '` ON SCHEDULE ', \
     IF(EVENT_TYPE = 'ONE TIME', CONCAT('AT ', QUOTE(CAST(EXECUTE_AT AS CHAR))), \
     CONCAT('EVERY ', IF(INTERVAL_VALUE REGEXP '^[0-9]+$', INTERVAL_VALUE, QUOTE(INTERVAL_VALUE)), ' ', INTERVAL_FIELD, \
     IF(ENDS IS NULL, '', CONCAT(' ENDS ', QUOTE(CAST(ENDS AS CHAR)))))), ' ON COMPLETION ', ON_COMPLETION, \
     CASE STATUS WHEN 'ENABLED' THEN ' ENABLE' WHEN 'DISABLED' THEN ' DISABLE' ELSE ' DISABLE ON SLAVE' END, \
     IF(EVENT_COMMENT = '', '', CONCAT(' COMMENT ', QUOTE(EVENT_COMMENT))), ' DO'), EVENT_DEFINITION \
     FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()";
