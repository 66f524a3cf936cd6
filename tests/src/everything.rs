//! The whole content of a database as lines of text: the catalogue in the engine's own words, and every row. Which
//! databases have to be equal is the tests'.

use plimsoll_core::db::{Engine, quoted};

use crate::TestDatabase;

/// All there is, in order. Of the ledger only what two runs have in common.
#[track_caller]
#[must_use]
pub fn everything(db: &mut TestDatabase) -> Vec<String> {
    let queries: &[&str] = match db.engine() {
        Engine::Postgres => &POSTGRES,
        Engine::Mysql => &MYSQL,
        Engine::Sqlite => &[
            "SELECT type || ' ' || name || ': ' || sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE '%plimsoll_%' ORDER BY 1",
        ],
    };
    let mut lines: Vec<String> = queries.iter().flat_map(|query| db.texts(query)).collect();
    for table in db.tables() {
        let name = quoted(db.engine(), &table);
        if db.engine() == Engine::Mysql {
            let shown = db.rows(&format!("SHOW CREATE TABLE {name}"));
            lines.extend(shown.iter().map(|row| row.text(1).to_owned()));
        }
        let mut rows: Vec<String> =
            db.rows(&format!("SELECT * FROM {name}")).iter().map(|row| format!("{table} {row:?}")).collect();
        rows.sort();
        lines.extend(rows);
    }
    lines.extend(db.texts("SELECT version FROM __diesel_schema_migrations ORDER BY version"));
    let ledger = plimsoll_core::ledger::table(db.engine(), plimsoll_core::ledger::LedgerTable::Migration);
    let records =
        format!("SELECT version, checksum_lexical, state, statements_done, intent FROM {ledger} ORDER BY version");
    lines.extend(db.rows(&records).iter().map(|row| format!("{row:?}")));
    lines
}

const POSTGRES: [&str; 6] = [
    "SELECT concat_ws(' ', 'column', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, \
     pg_get_expr(d.adbin, d.adrelid)) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d \
     ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0 \
     AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm') ORDER BY c.relname, a.attnum",
    "SELECT concat_ws(' ', 'index', pg_get_indexdef(i.indexrelid), i.indisvalid) FROM pg_index i JOIN pg_class c \
     ON c.oid = i.indexrelid WHERE c.relnamespace = 'public'::regnamespace ORDER BY 1",
    "SELECT concat_ws(' ', 'constraint', conname, pg_get_constraintdef(oid), convalidated) FROM pg_constraint \
     WHERE connamespace = 'public'::regnamespace ORDER BY 1",
    "SELECT concat_ws(' ', 'view', viewname, definition) FROM pg_views WHERE schemaname = 'public' ORDER BY 1",
    "SELECT concat_ws(' ', 'trigger', pg_get_triggerdef(oid)) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1",
    "SELECT concat_ws(' ', 'routine', pg_get_functiondef(oid)) FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1",
];

const MYSQL: [&str; 3] = [
    "SELECT CONCAT_WS(' ', 'view', TABLE_NAME, REPLACE(VIEW_DEFINITION, DATABASE(), '')) FROM information_schema.VIEWS \
     WHERE TABLE_SCHEMA = DATABASE() ORDER BY 1",
    "SELECT CONCAT_WS(' ', 'trigger', TRIGGER_NAME, EVENT_MANIPULATION, EVENT_OBJECT_TABLE, ACTION_STATEMENT) \
     FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() ORDER BY 1",
    "SELECT CONCAT_WS(' ', 'routine', ROUTINE_NAME, ROUTINE_DEFINITION) FROM information_schema.ROUTINES \
     WHERE ROUTINE_SCHEMA = DATABASE() ORDER BY 1",
];
