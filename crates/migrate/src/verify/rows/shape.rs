//! Tables as far as rows have to fit them, told from a schema. Which values fit is `value`'s.

use std::collections::BTreeMap;

use plimsoll_core::db::Engine;

use super::TableName;
use crate::schema::{Object, ObjectKind, Schema};

/// A table that rows can be written to.
pub(super) struct Shape {
    pub(super) table: TableName,
    /// The columns that the database does not compute.
    pub(super) columns: Vec<Column>,
    pub(super) references: Vec<Reference>,
}

pub(super) struct Column {
    pub(super) name: String,
    /// In lower case.
    pub(super) type_text: String,
    pub(super) nullable: bool,
    pub(super) has_default: bool,
    /// The database counts, so that nothing has to be given.
    pub(super) counts: bool,
    /// The values of an enumeration.
    pub(super) values: Vec<String>,
    /// The conditions of checks that name it.
    pub(super) checks: Vec<String>,
}

/// A foreign key.
pub(super) struct Reference {
    pub(super) columns: Vec<String>,
    pub(super) table: TableName,
    pub(super) target: Vec<String>,
}

impl Column {
    pub(super) fn is_number(&self) -> bool {
        const NUMBERS: [&str; 12] = [
            "int",
            "integer",
            "bigint",
            "smallint",
            "tinyint",
            "mediumint",
            "decimal",
            "numeric",
            "float",
            "double",
            "real",
            "year",
        ];
        NUMBERS.contains(&self.base())
    }

    /// The type's first word.
    pub(super) fn base(&self) -> &str {
        self.type_text.split(['(', ' ', '[']).next().unwrap_or_default()
    }
}

/// The tables of a schema whose rows are their own: partitions and what other servers hold are not among them.
pub(super) fn shapes(schema: &Schema) -> Vec<Shape> {
    let types = Types::of(schema);
    let of_kind = |kind| schema.objects.values().filter(move |object: &&Object| object.key.kind == kind);
    let has_own_rows = |table: &&Object| {
        let foreign = ["partition", "foreign server", "definition"];
        foreign.iter().all(|name| table.attribute(name).is_none())
    };
    of_kind(ObjectKind::Table).filter(has_own_rows).map(|table| shape(schema, &types, table)).collect()
}

fn shape(schema: &Schema, types: &Types, table: &Object) -> Shape {
    let name = TableName { schema: table.key.schema.clone(), name: table.key.name.clone() };
    let belongs: Vec<&Object> = schema.of_table(name.schema.as_deref(), &name.name).collect();
    let checks: Vec<&str> = belongs
        .iter()
        .filter(|object| object.key.kind == ObjectKind::Check)
        .filter_map(|object| object.attribute("expression"))
        .collect();
    let mut columns: Vec<(u32, Column)> = belongs
        .iter()
        .filter(|object| object.key.kind == ObjectKind::Column && object.attribute("generated").is_none())
        .map(|object| {
            let position = object.attribute("position").and_then(|text| text.parse().ok()).unwrap_or_default();
            (position, column(schema.engine, types, object, &checks))
        })
        .collect();
    columns.sort_by_key(|(position, _)| *position);
    let bounds = bounds(schema, table);
    for (_, column) in &mut columns {
        if table.attribute("partitioned by").is_some_and(|key| names(key, &column.name)) {
            column.checks.extend(bounds.iter().cloned());
        }
    }
    let references = belongs
        .iter()
        .filter(|object| object.key.kind == ObjectKind::ForeignKey)
        .filter_map(|object| reference(object, name.schema.as_ref()))
        .collect();
    Shape { table: name, columns: columns.into_iter().map(|(_, column)| column).collect(), references }
}

/// Which values the partitions of a table of PostgreSQL take.
fn bounds(schema: &Schema, table: &Object) -> Vec<String> {
    let is_part = |object: &&Object| {
        let parent = object.attribute("parents").and_then(|parents| parts(parents, '.').pop());
        object.key.kind == ObjectKind::Table && parent.as_ref() == Some(&table.key.name)
    };
    schema.objects.values().filter(is_part).filter_map(|part| part.attribute("partition").map(str::to_owned)).collect()
}

fn column(engine: Engine, types: &Types, object: &Object, checks: &[&str]) -> Column {
    let name = object.key.name.clone();
    let declared = object.attribute("type").unwrap_or_default();
    let (type_text, of_domain) = types.base(declared, object.key.schema.as_deref());
    let default = object.attribute("default");
    let says = |attribute: &str, text: &str| object.attribute(attribute).is_some_and(|value| value.contains(text));
    let counts = object.attribute("identity").is_some()
        || says("extra", "auto_increment")
        || (engine == Engine::Postgres && says("default", "nextval("));
    let mut checks: Vec<String> =
        checks.iter().filter(|check| names(check, &name)).map(|check| (*check).to_owned()).collect();
    checks.extend(of_domain);
    let mut values = types.values(declared, object.key.schema.as_deref());
    if let Some(list) = type_text.strip_prefix("enum(").or_else(|| type_text.strip_prefix("set(")) {
        // In lower case it would be another value.
        let list = &declared[declared.len() - list.len()..];
        values = literals(list);
    }
    Column {
        name,
        type_text,
        nullable: object.attribute("nullability") == Some("nullable"),
        has_default: default.is_some(),
        counts,
        values,
        checks,
    }
}

fn reference(object: &Object, schema: Option<&String>) -> Option<Reference> {
    let columns = listed(object.attribute("columns").or_else(|| {
        // SQLite names foreign keys by their columns.
        object.key.name.strip_prefix('(')?.strip_suffix(')')
    })?);
    let (table, target) = object.attribute("references")?.split_once(" (")?;
    let target = listed(target.strip_suffix(')')?);
    let mut path = parts(table, '.');
    let name = path.pop()?;
    // What PostgreSQL finds without a schema is in `public`, as long as nobody changed where it looks.
    let schema = path.pop().or_else(|| schema.map(|_| "public".to_owned()));
    Some(Reference { columns, table: TableName { schema, name }, target })
}

/// The types that a schema defines, by their names with and without schema.
struct Types {
    enums: BTreeMap<String, Vec<String>>,
    domains: BTreeMap<String, (String, Option<String>)>,
}

impl Types {
    fn of(schema: &Schema) -> Self {
        let mut types = Self { enums: BTreeMap::new(), domains: BTreeMap::new() };
        for object in schema.objects.values() {
            let full = format!("{}.{}", object.key.schema.as_deref().unwrap_or_default(), object.key.name);
            match object.key.kind {
                ObjectKind::Enum => {
                    types.enums.insert(full, literals(object.attribute("values").unwrap_or_default()));
                }
                ObjectKind::Domain => {
                    let base = object.attribute("type").unwrap_or_default().to_owned();
                    types.domains.insert(full, (base, object.attribute("checks").map(str::to_owned)));
                }
                _ => {}
            }
        }
        types
    }

    /// The type in lower case, and the checks of the domain that it was.
    fn base(&self, declared: &str, schema: Option<&str>) -> (String, Option<String>) {
        match find(&self.domains, declared, schema) {
            Some((base, checks)) => (base.to_lowercase(), checks.clone()),
            None => (declared.to_lowercase(), None),
        }
    }

    fn values(&self, declared: &str, schema: Option<&str>) -> Vec<String> {
        let declared = self.domain(declared, schema);
        find(&self.enums, declared, schema).cloned().unwrap_or_default()
    }

    fn domain<'a>(&'a self, declared: &'a str, schema: Option<&str>) -> &'a str {
        find(&self.domains, declared, schema).map_or(declared, |(base, _)| base)
    }
}

/// A type is written with its schema unless it is found without.
fn find<'a, T>(types: &'a BTreeMap<String, T>, declared: &str, schema: Option<&str>) -> Option<&'a T> {
    let path = parts(declared, '.').join(".");
    let candidates = [path.clone(), format!("public.{path}"), format!("{}.{path}", schema.unwrap_or_default())];
    candidates.iter().find_map(|name| types.get(name))
}

/// The names of a list, without quotes.
fn listed(text: &str) -> Vec<String> {
    parts(text, ',')
}

/// Names with a symbol between them, without quotes. What is in quotes is not looked at.
fn parts(text: &str, symbol: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quote = None;
    for c in text.chars() {
        match (c, quote) {
            ('"' | '`', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            (c, None) if c == symbol => parts.push(String::new()),
            (' ', None) if parts.last().is_some_and(String::is_empty) => {}
            (c, _) => parts.last_mut().expect("it begins with one").push(c),
        }
    }
    parts
}

/// The string literals of a text.
pub(super) fn literals(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find('\'') {
        let mut value = String::new();
        let mut inner = rest[open + 1..].chars().peekable();
        let mut length = open + 1;
        while let Some(c) = inner.next() {
            length += c.len_utf8();
            if c == '\'' {
                if inner.peek() != Some(&'\'') {
                    break;
                }
                inner.next();
                length += 1;
            }
            value.push(c);
        }
        found.push(value);
        rest = &rest[length..];
    }
    found
}

/// Whether an expression names a column.
fn names(expression: &str, column: &str) -> bool {
    expression.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word.eq_ignore_ascii_case(column))
        || expression.contains(column) && column.contains(|c: char| !c.is_alphanumeric() && c != '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_literals_are_read_with_their_quotes() {
        assert_eq!(listed("a, \"B, c\", `d`"), ["a", "B, c", "d"]);
        assert_eq!(parts("app.\"T.x\"", '.'), ["app", "T.x"]);
        assert_eq!(literals("x IN ('a', 'it''s') OR y = ''"), ["a", "it's", ""]);
        assert!(names("((age > 0))", "age") && !names("(page > 0)", "age"));
    }
}
