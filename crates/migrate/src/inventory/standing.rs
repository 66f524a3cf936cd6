//! What stands after all migrations, told from what they touch and without a database. What a database really has is counted
//! by [`SchemaStatistics::of`].

use plimsoll_core::db::Engine;
use serde::{Deserialize, Serialize};

use super::touch::{Touch, TouchAction, TouchKind};
use crate::schema::{ObjectKind, Schema};

/// How many objects of the kinds that people ask for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemaStatistics {
    /// Tables.
    pub tables: usize,
    /// Columns of tables.
    pub columns: usize,
    /// Enumerations of PostgreSQL.
    pub enums: usize,
    /// Foreign keys.
    pub foreign_keys: usize,
    /// Indexes that belong to no constraint. Those that MySQL makes for a foreign key are counted in a database only.
    pub indexes: usize,
    /// Unique constraints; on MySQL, which does not tell them apart, unique indexes.
    pub unique_constraints: usize,
    /// Checks.
    pub checks: usize,
    /// Views, materialized ones too.
    pub views: usize,
    /// Functions and procedures.
    pub functions: usize,
    /// Triggers.
    pub triggers: usize,
    /// Extensions.
    pub extensions: usize,
}

impl SchemaStatistics {
    /// Counts what a database has.
    #[must_use]
    pub fn of(schema: &Schema) -> Self {
        let mut counted = Self::default();
        for object in schema.objects.values() {
            let unique = schema.engine == Engine::Mysql && object.attribute("uniqueness") == Some("unique");
            match object.key.kind {
                ObjectKind::Table => counted.tables += 1,
                ObjectKind::Column => counted.columns += 1,
                ObjectKind::Enum => counted.enums += 1,
                ObjectKind::ForeignKey => counted.foreign_keys += 1,
                ObjectKind::Index if unique => counted.unique_constraints += 1,
                ObjectKind::Index => counted.indexes += 1,
                ObjectKind::Unique => counted.unique_constraints += 1,
                ObjectKind::Check => counted.checks += 1,
                ObjectKind::View | ObjectKind::MaterializedView => counted.views += 1,
                ObjectKind::Function | ObjectKind::Procedure => counted.functions += 1,
                ObjectKind::Trigger => counted.triggers += 1,
                // There in every database of PostgreSQL, and not made by anybody.
                ObjectKind::Extension if object.key.name == "plpgsql" => {}
                ObjectKind::Extension => counted.extensions += 1,
                ObjectKind::Schema
                | ObjectKind::Domain
                | ObjectKind::CompositeType
                | ObjectKind::RangeType
                | ObjectKind::Sequence
                | ObjectKind::PrimaryKey
                | ObjectKind::Exclusion
                | ObjectKind::Rule
                | ObjectKind::Policy
                | ObjectKind::EventTrigger
                | ObjectKind::Event
                | ObjectKind::Grant => {}
            }
        }
        counted
    }
}

/// The objects that are there so far.
pub(super) struct Standing {
    engine: Engine,
    objects: Vec<Touch>,
}

impl Standing {
    pub(super) fn new(engine: Engine) -> Self {
        Self { engine, objects: Vec::new() }
    }

    pub(super) fn apply(&mut self, touch: &Touch) {
        match touch.action {
            TouchAction::Create => {
                // What is there already, `IF NOT EXISTS` and `OR REPLACE` leave or replace.
                let again = !touch.name.is_empty() && self.objects.iter().any(|each| self.is_same(each, touch));
                if !again {
                    // From here on it has its name, whatever the table will be called.
                    let name = Some(touch.name.clone()).filter(|name| !name.is_empty());
                    let name = name.or_else(|| default_name(self.engine, touch)).unwrap_or_default();
                    self.objects.push(Touch { name, ..touch.clone() });
                }
            }
            TouchAction::Alter => {}
            TouchAction::Rename => self.rename(touch),
            TouchAction::Drop => self.drop(touch),
        }
    }

    pub(super) fn counted(&self) -> SchemaStatistics {
        let count = |kinds: &[TouchKind]| self.objects.iter().filter(|each| kinds.contains(&each.kind)).count();
        let (mut indexes, mut unique) = (count(&[TouchKind::Index]), count(&[TouchKind::Unique]));
        match self.engine {
            Engine::Mysql => unique += count(&[TouchKind::UniqueIndex]),
            Engine::Postgres | Engine::Sqlite => indexes += count(&[TouchKind::UniqueIndex]),
        }
        SchemaStatistics {
            tables: count(&[TouchKind::Table]),
            columns: count(&[TouchKind::Column]),
            enums: count(&[TouchKind::Enum]),
            foreign_keys: count(&[TouchKind::ForeignKey]),
            indexes,
            unique_constraints: unique,
            checks: count(&[TouchKind::Check]),
            views: count(&[TouchKind::View, TouchKind::MaterializedView]),
            functions: count(&[TouchKind::Function, TouchKind::Procedure]),
            triggers: count(&[TouchKind::Trigger]),
            extensions: count(&[TouchKind::Extension]),
        }
    }

    fn rename(&mut self, touch: &Touch) {
        let Some(to) = &touch.to else { return };
        for index in 0..self.objects.len() {
            if self.is_same(&self.objects[index], touch) {
                self.objects[index].name.clone_from(to);
            }
            let each = &mut self.objects[index];
            if touch.kind == TouchKind::Table && is_named(each.table.as_deref(), &touch.name) {
                each.table = Some(to.clone());
            }
            if touch.kind == TouchKind::Column && is_named(each.table.as_deref(), touch.table.as_deref().unwrap_or(""))
            {
                for column in each.columns.iter_mut().filter(|column| column.eq_ignore_ascii_case(&touch.name)) {
                    column.clone_from(to);
                }
            }
        }
    }

    fn drop(&mut self, touch: &Touch) {
        let objects = std::mem::take(&mut self.objects);
        self.objects = objects.into_iter().filter_map(|each| self.left_of(each, touch)).collect();
    }

    /// What is left of an object when another is dropped.
    fn left_of(&self, mut object: Touch, dropped: &Touch) -> Option<Touch> {
        let of_table = is_named(object.table.as_deref(), dropped.table.as_deref().unwrap_or(&dropped.name));
        let goes = match dropped.kind {
            TouchKind::Table => of_table || self.is_same(&object, dropped),
            TouchKind::Column
                if of_table && object.columns.iter().any(|each| each.eq_ignore_ascii_case(&dropped.name)) =>
            {
                object.columns.retain(|column| !column.eq_ignore_ascii_case(&dropped.name));
                // MySQL takes the column out of a key, the others drop the key.
                self.engine != Engine::Mysql || object.columns.is_empty()
            }
            _ => self.is_same(&object, dropped),
        };
        (!goes).then_some(object)
    }

    /// Whether a statement about one object means the other.
    fn is_same(&self, object: &Touch, meant: &Touch) -> bool {
        let table = match (&object.table, &meant.table) {
            (Some(one), Some(other)) => same(one, other),
            (_, None) => true,
            (None, Some(_)) => false,
        };
        let named = same(&object.name, &meant.name);
        table
            && match meant.kind {
                TouchKind::Constraint => {
                    let constraints = [
                        TouchKind::PrimaryKey,
                        TouchKind::Unique,
                        TouchKind::ForeignKey,
                        TouchKind::Check,
                        TouchKind::Exclusion,
                    ];
                    constraints.contains(&object.kind) && named
                }
                TouchKind::PrimaryKey => object.kind == TouchKind::PrimaryKey,
                TouchKind::Index | TouchKind::UniqueIndex => {
                    let unique = self.engine == Engine::Mysql && object.kind == TouchKind::Unique;
                    (unique || matches!(object.kind, TouchKind::Index | TouchKind::UniqueIndex)) && named
                }
                // `DROP TYPE` is about all of them.
                TouchKind::Type => {
                    matches!(object.kind, TouchKind::Type | TouchKind::Enum | TouchKind::Domain) && named
                }
                kind => object.kind == kind && named,
            }
    }
}

/// The name that the engine gives to a constraint or an index without one, as far as statements can be about it.
fn default_name(engine: Engine, object: &Touch) -> Option<String> {
    let table = object.table.as_deref()?.rsplit('.').next()?;
    let columns = object.columns.join("_");
    match (engine, object.kind) {
        (Engine::Postgres, TouchKind::PrimaryKey) => Some(format!("{table}_pkey")),
        (Engine::Postgres, TouchKind::Unique) => Some(format!("{table}_{columns}_key")),
        (Engine::Postgres, TouchKind::ForeignKey) => Some(format!("{table}_{columns}_fkey")),
        (Engine::Postgres, TouchKind::Check) if columns.is_empty() => Some(format!("{table}_check")),
        (Engine::Postgres, TouchKind::Check) => Some(format!("{table}_{columns}_check")),
        (Engine::Postgres, TouchKind::Index | TouchKind::UniqueIndex) => Some(format!("{table}_{columns}_idx")),
        (Engine::Mysql, TouchKind::Unique | TouchKind::Index | TouchKind::UniqueIndex) => {
            object.columns.first().cloned()
        }
        _ => None,
    }
}

fn is_named(table: Option<&str>, name: &str) -> bool {
    table.is_some_and(|table| same(table, name))
}

/// Names are compared without case, and without a schema where only one of them has it.
fn same(one: &str, other: &str) -> bool {
    let (one, other) = (one.to_lowercase(), other.to_lowercase());
    let ends = |long: &str, short: &str| long.strip_suffix(short).is_some_and(|rest| rest.ends_with('.'));
    one == other || (!one.is_empty() && !other.is_empty() && (ends(&one, &other) || ends(&other, &one)))
}
