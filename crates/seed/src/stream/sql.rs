//! The SQL in which staged rows are joined and compared, as text for each engine. Which rows that is about is the callers'.

use plimsoll_core::db::{Column, ColumnKind, Engine, dialect, quoted};

/// The column of staged rows that says which row it is, from 0.
pub(super) const ROW: &str = "plimsoll_row";

/// The column of base rows that says whether the row was there before anybody seeded it.
pub(super) const ADOPTED: &str = "plimsoll_adopted";

/// A staged table as its target has it: the declared columns, and which of them are the key.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shape {
    pub(crate) table: String,
    pub(crate) columns: Vec<Column>,
    /// Positions in `columns`.
    pub(crate) key: Vec<usize>,
}

impl Shape {
    pub(super) fn key_columns(&self) -> impl Iterator<Item = &Column> {
        self.key.iter().map(|position| &self.columns[*position])
    }

    /// Positions of the columns that are compared: a row is found by its key, whatever its spelling.
    pub(super) fn compared(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.columns.len()).filter(|position| !self.key.contains(position))
    }

    /// `a.k = b.k AND ..`, where the collation of `a` counts: keys are never NULL in a file.
    pub(super) fn same_key(&self, engine: Engine, a: &str, b: &str) -> String {
        let parts: Vec<String> = self
            .key_columns()
            .map(|column| format!("{} = {}", of(engine, a, &column.name), of(engine, b, &column.name)))
            .collect();
        parts.join(" AND ")
    }

    /// A key column of `a`, for telling whether an outer join found a row.
    pub(super) fn found(&self, engine: Engine, a: &str) -> String {
        self.key.first().map(|first| of(engine, a, &self.columns[*first].name)).unwrap_or_default()
    }

    /// The quoted names of all columns, from one side of a join where that is given.
    pub(super) fn list(&self, engine: Engine, from: Option<&str>) -> String {
        let names: Vec<String> = self
            .columns
            .iter()
            .map(|column| from.map_or_else(|| quoted(engine, &column.name), |from| of(engine, from, &column.name)))
            .collect();
        names.join(", ")
    }

    pub(super) fn key_list(&self, engine: Engine, from: &str) -> String {
        self.key_columns().map(|column| of(engine, from, &column.name)).collect::<Vec<_>>().join(", ")
    }
}

/// A column of one side of a join.
pub(super) fn of(engine: Engine, side: &str, column: &str) -> String {
    format!("{side}.{}", quoted(engine, column))
}

/// Whether two values of a column are different: never NULL, to the byte for texts, by meaning for documents.
pub(super) fn differs(engine: Engine, column: &Column, a: &str, b: &str) -> String {
    let (a, b) = (of(engine, a, &column.name), of(engine, b, &column.name));
    match (engine, column.kind) {
        (Engine::Postgres, ColumnKind::Text) => {
            format!("({a}::text COLLATE \"C\") IS DISTINCT FROM ({b}::text COLLATE \"C\")")
        }
        (Engine::Postgres, ColumnKind::Json) => format!("{a}::jsonb IS DISTINCT FROM {b}::jsonb"),
        // Some types have no equality: their texts do.
        (Engine::Postgres, ColumnKind::Other) => format!("{a}::text IS DISTINCT FROM {b}::text"),
        (Engine::Postgres, _) => format!("{a} IS DISTINCT FROM {b}"),
        (Engine::Mysql, ColumnKind::Json) if column.declared.eq_ignore_ascii_case("json") => {
            format!("NOT ({a} <=> {b})")
        }
        (Engine::Mysql, ColumnKind::Json) => {
            // MariaDB keeps documents as texts.
            format!("NOT (({a} IS NULL AND {b} IS NULL) OR coalesce(json_equals({a}, {b}), 0) = 1)")
        }
        (Engine::Mysql, ColumnKind::Text | ColumnKind::Other) => format!("NOT (BINARY {a} <=> BINARY {b})"),
        (Engine::Mysql, _) => format!("NOT ({a} <=> {b})"),
        (Engine::Sqlite, ColumnKind::Json) => {
            let normal = |side: &str| format!("CASE WHEN json_valid({side}) THEN json({side}) ELSE {side} END");
            format!("({}) IS NOT ({})", normal(&a), normal(&b))
        }
        (Engine::Sqlite, _) => format!("{a} IS NOT ({b} COLLATE BINARY)"),
    }
}

/// Expressions that read a column of a side in the common form need its plain name: this gives it another one first.
pub(super) fn renamed(column: &Column, name: String) -> Column {
    Column { name, ..column.clone() }
}

/// A number of any size as text.
pub(super) fn as_text(engine: Engine, expression: &str) -> String {
    match engine {
        Engine::Sqlite => format!("CAST({expression} AS TEXT)"),
        Engine::Postgres => format!("({expression})::text"),
        Engine::Mysql => format!("CAST({expression} AS CHAR)"),
    }
}

/// The statements that make an empty temporary table with a number for each row and the target's own types.
pub(super) fn create(engine: Engine, name: &str, shape: &Shape, extra: &[&str], indexed: bool) -> String {
    let (name, table) = (quoted(engine, name), quoted(engine, &shape.table));
    let list = shape.list(engine, None);
    match engine {
        Engine::Sqlite => {
            let columns: Vec<String> = shape
                .columns
                .iter()
                .map(|column| {
                    // Keys that are the same to the table have to be the same here.
                    let collation = column.collation.as_ref().map(|name| format!(" COLLATE {}", quoted(engine, name)));
                    format!("{} {}{}", quoted(engine, &column.name), column.declared, collation.unwrap_or_default())
                })
                .chain(extra.iter().map(|extra| format!("{extra} INTEGER")))
                .collect();
            format!("CREATE TEMP TABLE {name} ({ROW} INTEGER PRIMARY KEY, {})", columns.join(", "))
        }
        Engine::Postgres => {
            let extra: String = extra.iter().map(|extra| format!(", 0::bigint AS {extra}")).collect();
            format!("CREATE TEMP TABLE {name} AS SELECT 0::bigint AS {ROW}, {list}{extra} FROM {table} WITH NO DATA")
        }
        Engine::Mysql => {
            let index = if indexed { format!(", KEY plimsoll_key ({})", key_parts(shape)) } else { String::new() };
            let columns: String = extra.iter().map(|extra| format!(", {extra} BIGINT NOT NULL")).collect();
            let values: String = extra.iter().map(|extra| format!(", 0 AS {extra}")).collect();
            // From the far side of an outer join, columns may be NULL whatever the table says of them: rows of before a column
            // was added have none.
            format!(
                "CREATE TEMPORARY TABLE {name} ({ROW} BIGINT NOT NULL PRIMARY KEY{columns}{index}) ENGINE=InnoDB \
                 SELECT 0 AS {ROW}, {}{values} FROM (SELECT 1 AS one) o LEFT JOIN {table} t ON FALSE WHERE FALSE",
                shape.list(engine, Some("t"))
            )
        }
    }
}

/// Makes a second copy of a temporary table with its key, which MySQL needs to ask it twice in one statement.
pub(super) fn copy(name: &str, of: &str, shape: &Shape) -> String {
    let (name, of) = (quoted(Engine::Mysql, name), quoted(Engine::Mysql, of));
    format!(
        "CREATE TEMPORARY TABLE {name} ({ROW} BIGINT NOT NULL PRIMARY KEY, KEY plimsoll_key ({})) ENGINE=InnoDB \
         SELECT * FROM {of}",
        key_parts(shape)
    )
}

/// Makes a temporary table of what a query gives.
pub(super) fn create_as(engine: Engine, name: &str, query: &str) -> String {
    let name = quoted(engine, name);
    match engine {
        Engine::Sqlite | Engine::Postgres => format!("CREATE TEMP TABLE {name} AS {query}"),
        Engine::Mysql => {
            format!("CREATE TEMPORARY TABLE {name} ({ROW} BIGINT NOT NULL PRIMARY KEY) ENGINE=InnoDB {query}")
        }
    }
}

pub(super) fn drop_table(engine: Engine, name: &str) -> String {
    let quoted = quoted(engine, name);
    match engine {
        Engine::Sqlite => format!("DROP TABLE IF EXISTS temp.{quoted}"),
        Engine::Postgres => format!("DROP TABLE IF EXISTS pg_temp.{quoted}"),
        Engine::Mysql => format!("DROP TEMPORARY TABLE IF EXISTS {quoted}"),
    }
}

/// Texts without a length are indexed by their beginnings.
fn key_parts(shape: &Shape) -> String {
    let part = |column: &Column| {
        let long = column.declared.to_lowercase();
        let long = long.ends_with("text") || long.ends_with("blob");
        format!("{}{}", quoted(Engine::Mysql, &column.name), if long { "(100)" } else { "" })
    };
    shape.key_columns().map(part).collect::<Vec<_>>().join(", ")
}

/// The expression that reads a renamed column.
pub(super) fn read(engine: Engine, column: &Column, name: &str) -> String {
    dialect::read_expr(engine, &renamed(column, name.to_owned()))
}
