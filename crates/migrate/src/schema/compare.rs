//! Compares two schemas, and says each difference in a sentence. Where the schemas come from is `read`'s.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Object, ObjectKey, ObjectKind, Schema};

/// One difference between what is and what should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The object.
    pub key: ObjectKey,
    /// What about it.
    pub change: Change,
}

/// What has to happen to an object, to come from the first schema to the second.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Only the second schema has it.
    Added,
    /// Only the first schema has it.
    Removed,
    /// Both have it, but not alike.
    Changed(Vec<AttributeChange>),
}

/// One attribute that is not alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttributeChange {
    /// The attribute's name.
    pub name: String,
    /// Its value in the first schema.
    pub from: Option<String>,
    /// Its value in the second schema.
    pub to: Option<String>,
}

/// The attribute that holds where a column stands. Only the order of columns that both schemas have is compared.
pub(super) const POSITION: &str = "position";

/// The attributes whose values are said by themselves.
pub(super) const NULLABILITY: &str = "nullability";
pub(super) const VALIDITY: &str = "validity";
pub(super) const UNIQUENESS: &str = "uniqueness";
pub(super) const STATE: &str = "state";

/// All differences, in an order in which objects can depend on each other: what is (`from`), what should be (`to`).
///
/// A table that only one of them has is one difference, whatever belongs to it.
#[must_use]
pub fn compare(from: &Schema, to: &Schema) -> Vec<Difference> {
    let keys: BTreeSet<&ObjectKey> = from.objects.keys().chain(to.objects.keys()).collect();
    let mut differences = Vec::new();
    let mut orders = changed_orders(from, to);
    for key in keys {
        let change = match (from.objects.get(key), to.objects.get(key)) {
            (Some(before), Some(after)) => {
                let mut changes = changed(before, after);
                changes.extend(orders.remove(key));
                if changes.is_empty() {
                    continue;
                }
                Change::Changed(changes)
            }
            (None, _) if goes_with_its_table(key, to, from) => continue,
            (_, None) if goes_with_its_table(key, from, to) => continue,
            (None, _) => Change::Added,
            (_, None) => Change::Removed,
        };
        differences.push(Difference { key: key.clone(), change });
    }
    differences
}

/// Whether the table is there, or not there, just as the object is. Materialized views have columns and indexes, too.
fn goes_with_its_table(key: &ObjectKey, with: &Schema, without: &Schema) -> bool {
    let Some(table) = &key.table else { return false };
    [ObjectKind::Table, ObjectKind::View, ObjectKind::MaterializedView, ObjectKind::Sequence].into_iter().any(|kind| {
        let owner = ObjectKey { kind, schema: key.schema.clone(), table: None, name: table.clone() };
        with.objects.contains_key(&owner) && !without.objects.contains_key(&owner)
    })
}

fn changed(before: &Object, after: &Object) -> Vec<AttributeChange> {
    let names: BTreeSet<&String> = before.attributes.keys().chain(after.attributes.keys()).collect();
    let differs = |name: &&String| before.attributes.get(*name) != after.attributes.get(*name);
    let is_compared = |name: &&String| before.key.kind != ObjectKind::Column || name.as_str() != POSITION;
    let change = |name: &String| AttributeChange {
        name: name.clone(),
        from: before.attributes.get(name).cloned(),
        to: after.attributes.get(name).cloned(),
    };
    names.into_iter().filter(is_compared).filter(differs).map(change).collect()
}

/// The tables whose columns stand in another order, as far as both have them.
fn changed_orders(from: &Schema, to: &Schema) -> BTreeMap<ObjectKey, AttributeChange> {
    let is_common = |object: &&Object| from.objects.contains_key(&object.key) && to.objects.contains_key(&object.key);
    let orders = |schema: &Schema| {
        let mut orders: BTreeMap<ObjectKey, Vec<(u32, String)>> = BTreeMap::new();
        for column in schema.objects.values().filter(|object| object.key.kind == ObjectKind::Column).filter(is_common) {
            let position = column.attribute(POSITION).and_then(|text| text.parse().ok()).unwrap_or_default();
            let key = ObjectKey {
                kind: ObjectKind::Table,
                schema: column.key.schema.clone(),
                table: None,
                name: column.key.table.clone().unwrap_or_default(),
            };
            orders.entry(key).or_default().push((position, column.key.name.clone()));
        }
        orders
    };
    let mut after = orders(to);
    let mut changes = BTreeMap::new();
    for (key, before) in orders(from) {
        let (before, after) = (in_order(before), in_order(after.remove(&key).unwrap_or_default()));
        if before != after {
            let name = "column order".to_owned();
            let change = AttributeChange { name, from: Some(before.join(", ")), to: Some(after.join(", ")) };
            changes.insert(key, change);
        }
    }
    changes
}

fn in_order(mut columns: Vec<(u32, String)>) -> Vec<String> {
    columns.sort();
    columns.into_iter().map(|(_, name)| name).collect()
}

/// The first schema is what is, the second what should be: ``column `users.email`: nullable, should be not null``.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.key)?;
        match &self.change {
            Change::Added => f.write_str("is missing"),
            Change::Removed => f.write_str("should not be there"),
            Change::Changed(changes) => {
                for (index, change) in changes.iter().enumerate() {
                    if index > 0 {
                        f.write_str("; ")?;
                    }
                    write!(f, "{change}")?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for AttributeChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match (self.from.as_deref(), self.to.as_deref()) {
            (Some(from), Some(to)) if [NULLABILITY, VALIDITY, UNIQUENESS, STATE].contains(&name.as_str()) => {
                write!(f, "{from}, should be {to}")
            }
            (Some(from), Some(to)) => match first_difference(from, to) {
                Some((line, from, to)) => {
                    write!(f, "{name} in line {line} is {}, should be {}", quoted(from), quoted(to))
                }
                None => write!(f, "{name} is {}, should be {}", quoted(from), quoted(to)),
            },
            (Some(YES), None) => write!(f, "should not be {name}"),
            (None, Some(YES)) => write!(f, "should be {name}"),
            (Some(from), None) => write!(f, "{name} is {}, should be none", quoted(first_line(from))),
            (None, Some(to)) => write!(f, "no {name}, should be {}", quoted(first_line(to))),
            (None, None) => write!(f, "{name} is alike"),
        }
    }
}

/// The value of an attribute that is there or not.
const YES: &str = "yes";

/// In backticks, unless it has some itself.
fn quoted(value: &str) -> String {
    if value.contains('`') { value.to_owned() } else { format!("`{value}`") }
}

/// The first line that differs in texts of several lines, from 1.
fn first_difference<'a>(from: &'a str, to: &'a str) -> Option<(usize, &'a str, &'a str)> {
    if !from.contains('\n') && !to.contains('\n') {
        return None;
    }
    let (mut before, mut after) = (from.lines(), to.lines());
    (1..)
        .map_while(|line| {
            let pair = (before.next(), after.next());
            (pair != (None, None)).then(|| (line, pair.0.unwrap_or_default(), pair.1.unwrap_or_default()))
        })
        .find(|(_, from, to)| from != to)
        .map(|(line, from, to)| (line, from.trim(), to.trim()))
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use plimsoll_core::db::Engine;

    use super::*;

    /// A kind, a table, a name, and attributes.
    type Row<'a> = (ObjectKind, Option<&'a str>, &'a str, &'a [(&'a str, &'a str)]);

    fn schema(objects: &[Row<'_>]) -> Schema {
        let objects = objects.iter().map(|(kind, table, name, attributes)| {
            let key =
                ObjectKey { kind: *kind, schema: None, table: table.map(str::to_owned), name: (*name).to_owned() };
            let attributes = attributes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            (key.clone(), Object { key, attributes })
        });
        Schema { engine: Engine::Sqlite, objects: objects.collect() }
    }

    fn said(from: &Schema, to: &Schema) -> Vec<String> {
        compare(from, to).iter().map(ToString::to_string).collect()
    }

    use ObjectKind::{Check, Column, Function, Index, Table};

    #[test]
    fn each_difference_is_a_sentence_about_what_is_and_what_should_be() {
        let from = schema(&[
            (Table, None, "users", &[]),
            (Column, Some("users"), "email", &[(NULLABILITY, "nullable"), ("default", "'x'")]),
            (Index, Some("users"), "users_email", &[]),
            (Check, Some("users"), "(age > 0)", &[]),
            (Function, None, "f()", &[("definition", "BEGIN\n  RETURN 1;\nEND")]),
        ]);
        let to = schema(&[
            (Table, None, "users", &[("comment", "people")]),
            (Column, Some("users"), "email", &[(NULLABILITY, "not null")]),
            (Column, Some("users"), "name", &[]),
            (Function, None, "f()", &[("definition", "BEGIN\n  RETURN 2;\nEND")]),
        ]);
        let expected = [
            "table `users`: no comment, should be `people`",
            "column `users.email`: default is `'x'`, should be none; nullable, should be not null",
            "column `users.name`: is missing",
            "check `users (age > 0)`: should not be there",
            "index `users.users_email`: should not be there",
            "function `f()`: definition in line 2 is `RETURN 1;`, should be `RETURN 2;`",
        ];
        assert_eq!(said(&from, &to), expected);
    }

    #[test]
    fn a_missing_table_is_one_difference_with_all_that_belongs_to_it() {
        let to = schema(&[(Table, None, "a", &[]), (Column, Some("a"), "x", &[]), (Index, Some("a"), "i", &[])]);
        assert_eq!(said(&schema(&[]), &to), ["table `a`: is missing"]);
        assert_eq!(said(&to, &schema(&[])), ["table `a`: should not be there"]);
    }

    #[test]
    fn only_the_order_of_columns_that_both_have_is_compared() {
        let table = (Table, None, "t", &[] as &[_]);
        let column = |name, position| -> Row<'static> { (Column, Some("t"), name, position) };
        let from = schema(&[table, column("a", &[(POSITION, "1")]), column("b", &[(POSITION, "2")])]);
        let between =
            [column("a", &[(POSITION, "1")]), column("b", &[(POSITION, "3")]), column("c", &[(POSITION, "2")])];
        let to = schema(&[table, between[0], between[1], between[2]]);
        assert_eq!(said(&from, &to), ["column `t.c`: is missing"]);
        let swapped = schema(&[table, column("a", &[(POSITION, "2")]), column("b", &[(POSITION, "1")])]);
        assert_eq!(said(&from, &swapped), ["table `t`: column order is `a, b`, should be `b, a`"]);
    }

    #[test]
    fn a_schema_survives_being_kept_as_json() {
        let schema = schema(&[(Table, None, "t", &[("engine", "InnoDB")]), (Column, Some("t"), "a", &[])]);
        let json = serde_json::to_string(&schema).expect("is JSON");
        let again: Schema = serde_json::from_str(&json).expect("reads");
        assert_eq!((again.fingerprint(), &again), (schema.fingerprint(), &schema));
    }
}
