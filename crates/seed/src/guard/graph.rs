//! All foreign keys that point at the tables of the current schema, from wherever they come. What a deletion makes of them is `closure`'s.

use plimsoll_core::db::{Catalog, Db, DbError, Engine, OnDelete, Stmt, quoted};

/// One foreign key, seen from the table that is referred to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Edge {
    /// The schema of the table that refers, where it is not the current one.
    pub(crate) schema: Option<String>,
    /// The table that refers.
    pub(crate) table: String,
    name: String,
    pub(crate) columns: Vec<String>,
    /// The table referred to, in the current schema.
    pub(crate) parent: String,
    pub(crate) references: Vec<String>,
    pub(crate) on_delete: OnDelete,
    pub(crate) on_update: OnDelete,
    /// Whether the database hides rows of the table that refers from this session, so that none can be counted.
    pub(crate) hidden: bool,
}

impl Edge {
    /// The table that refers, for people.
    pub(crate) fn shown(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{schema}.{}", self.table),
            None => self.table.clone(),
        }
    }

    /// The table that refers, for SQL.
    pub(crate) fn quoted(&self, engine: Engine) -> String {
        match &self.schema {
            Some(schema) => format!("{}.{}", quoted(engine, schema), quoted(engine, &self.table)),
            None => quoted(engine, &self.table),
        }
    }
}

/// Reads the foreign keys.
pub(crate) fn read(db: &mut dyn Db, catalog: &Catalog) -> Result<Vec<Edge>, DbError> {
    let mut edges: Vec<Edge> = Vec::new();
    for row in db.rows(&Stmt::new(query(db.engine())))? {
        let schema = Some(row.text(0).to_owned()).filter(|schema| !schema.is_empty());
        let (table, name) = (row.text(1).to_owned(), row.text(2).to_owned());
        let referred = row.at(5).as_str().map(str::to_owned);
        let known = edges.last_mut().filter(|edge| edge.schema == schema && edge.table == table && edge.name == name);
        if let Some(edge) = known {
            edge.columns.push(row.text(3).to_owned());
            edge.references.extend(referred);
            continue;
        }
        let parent = row.text(4);
        // SQLite finds tables whatever the case of their letters, and lets a key leave out the columns it means.
        let parent =
            catalog.tables.keys().find(|name| name.eq_ignore_ascii_case(parent)).map_or(parent, String::as_str);
        edges.push(Edge {
            schema,
            table,
            name,
            columns: vec![row.text(3).to_owned()],
            parent: parent.to_owned(),
            references: referred.into_iter().collect(),
            on_delete: action(row.text(6)),
            on_update: action(row.text(7)),
            hidden: row.int(8) != 0,
        });
    }
    for edge in edges.iter_mut().filter(|edge| edge.references.is_empty()) {
        edge.references = catalog.tables.get(&edge.parent).map(|table| table.primary_key.clone()).unwrap_or_default();
    }
    Ok(edges)
}

fn action(text: &str) -> OnDelete {
    match text {
        "CASCADE" | "c" => OnDelete::Cascade,
        "SET NULL" | "n" => OnDelete::SetNull,
        "SET DEFAULT" | "d" => OnDelete::SetDefault,
        _ => OnDelete::Refuse,
    }
}

/// Schema, table, key, column, table and column referred to, on delete, on update, whether rows are hidden.
fn query(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => {
            "SELECT '', m.name, CAST(f.id AS TEXT), f.\"from\", f.\"table\", f.\"to\", f.on_delete, f.on_update, 0 \
             FROM sqlite_schema m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table' ORDER BY m.name, f.id, f.seq"
        }
        Engine::Postgres => {
            "SELECT CASE WHEN c.relnamespace = quote_ident(current_schema())::regnamespace THEN '' ELSE n.nspname::text END, \
             c.relname::text, k.oid::text, a.attname::text, p.relname::text, b.attname::text, k.confdeltype::text, \
             k.confupdtype::text, row_security_active(c.oid) FROM pg_constraint k \
             JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
             JOIN pg_class p ON p.oid = k.confrelid \
             CROSS JOIN LATERAL unnest(k.conkey, k.confkey) WITH ORDINALITY u(child, parent, position) \
             JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.child \
             JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = u.parent \
             WHERE k.contype = 'f' AND k.conparentid = 0 AND p.relnamespace = quote_ident(current_schema())::regnamespace \
             ORDER BY k.oid, u.position"
        }
        Engine::Mysql => {
            "SELECT CASE WHEN k.TABLE_SCHEMA = DATABASE() THEN '' ELSE k.TABLE_SCHEMA END, k.TABLE_NAME, \
             k.CONSTRAINT_NAME, k.COLUMN_NAME, k.REFERENCED_TABLE_NAME, k.REFERENCED_COLUMN_NAME, r.DELETE_RULE, \
             r.UPDATE_RULE, 0 FROM information_schema.KEY_COLUMN_USAGE k \
             JOIN information_schema.REFERENTIAL_CONSTRAINTS r ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA \
             AND r.TABLE_NAME = k.TABLE_NAME AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME \
             WHERE k.REFERENCED_TABLE_SCHEMA = DATABASE() AND k.REFERENCED_TABLE_NAME IS NOT NULL \
             ORDER BY k.TABLE_SCHEMA, k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION"
        }
    }
}
