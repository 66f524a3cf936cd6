//! Names of PostgreSQL as its own printing has them: in quotes only where they need them. What is named is not known here.

use plimsoll_core::db::{Engine, dialect, quoted};

use crate::schema::ObjectKey;

/// Words that cannot be a name of everything without quotes.
const RESERVED: &[&str] = &[
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "authorization",
    "between",
    "bigint",
    "binary",
    "bit",
    "boolean",
    "both",
    "case",
    "cast",
    "char",
    "character",
    "check",
    "coalesce",
    "collate",
    "collation",
    "column",
    "concurrently",
    "constraint",
    "create",
    "cross",
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "dec",
    "decimal",
    "default",
    "deferrable",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "exists",
    "extract",
    "false",
    "fetch",
    "float",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "grant",
    "greatest",
    "group",
    "grouping",
    "having",
    "ilike",
    "in",
    "initially",
    "inner",
    "inout",
    "int",
    "integer",
    "intersect",
    "interval",
    "into",
    "is",
    "isnull",
    "join",
    "lateral",
    "leading",
    "least",
    "left",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "national",
    "natural",
    "nchar",
    "none",
    "normalize",
    "not",
    "notnull",
    "null",
    "nullif",
    "numeric",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "out",
    "outer",
    "overlaps",
    "overlay",
    "placing",
    "position",
    "precision",
    "primary",
    "real",
    "references",
    "returning",
    "right",
    "row",
    "select",
    "session_user",
    "setof",
    "similar",
    "smallint",
    "some",
    "substring",
    "symmetric",
    "system_user",
    "table",
    "tablesample",
    "then",
    "time",
    "timestamp",
    "to",
    "trailing",
    "treat",
    "trim",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "values",
    "varchar",
    "variadic",
    "verbose",
    "when",
    "where",
    "window",
    "with",
    "xmlattributes",
    "xmlconcat",
    "xmlelement",
    "xmlexists",
    "xmlforest",
    "xmlnamespaces",
    "xmlparse",
    "xmlpi",
    "xmlroot",
    "xmlserialize",
    "xmltable",
];

/// A name.
pub(super) fn name(text: &str) -> String {
    let simple = text.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if simple && !RESERVED.contains(&text) { text.to_owned() } else { quoted(Engine::Postgres, text) }
}

/// The name of a table or of anything else that has a schema and no table, with the schema.
pub(super) fn table(key: &ObjectKey) -> String {
    match &key.schema {
        Some(schema) => format!("{}.{}", name(schema), name(&key.name)),
        None => name(&key.name),
    }
}

/// A function: its name and, as they are, its arguments.
pub(super) fn function(key: &ObjectKey) -> String {
    let (bare, arguments) = key.name.split_once('(').unwrap_or((&key.name, ")"));
    let schema = key.schema.as_deref().map(|schema| format!("{}.", name(schema))).unwrap_or_default();
    format!("{schema}{}({arguments}", name(bare))
}

/// A role, of which one is a keyword.
pub(super) fn role(text: &str) -> String {
    if text == "PUBLIC" { text.to_owned() } else { name(text) }
}

/// A text or `NULL`.
pub(super) fn literal(text: Option<&str>) -> String {
    text.map_or_else(|| "NULL".to_owned(), |text| dialect::literal(Engine::Postgres, text))
}
