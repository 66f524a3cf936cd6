//! What migrations have built so far, as far as their text tells. Which statement changes what is `replay`'s.

mod replay;

use plimsoll_core::db::Engine;

use crate::operation::{ColumnDef, ConstraintKind, Name};

pub(super) use replay::replay;

/// The tables and types that the migrations before have made.
#[derive(Debug, Clone, Default)]
pub(super) struct State {
    pub(super) tables: Vec<Table>,
    pub(super) enums: Vec<EnumType>,
    pub(super) domains: Vec<Domain>,
    /// Schemas by name, with the migration that made each.
    pub(super) schemas: Vec<(String, usize)>,
}

/// A table, or a view that is filled. Without `complete` it has columns that are not known.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    pub(super) schema: Option<String>,
    pub(super) name: String,
    /// The migration that made it, by its place in the set; none for one that the files only use.
    pub(super) born: Option<usize>,
    pub(super) temporary: bool,
    pub(super) complete: bool,
    pub(super) columns: Vec<Column>,
    pub(super) indexes: Vec<Index>,
    pub(super) constraints: Vec<Constraint>,
    pub(super) options: String,
}

/// A column. `blank` as long as no row can have a value in it.
#[derive(Debug, Clone, Default)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) type_text: String,
    pub(super) not_null: bool,
    pub(super) virtual_: bool,
    pub(super) blank: bool,
    pub(super) born: Option<usize>,
    /// What else the definition says, for example a character set.
    pub(super) other: Option<String>,
}

#[derive(Debug, Clone)]
pub(super) struct Index {
    pub(super) name: Option<String>,
    pub(super) columns: Vec<Option<String>>,
    pub(super) unique: bool,
    pub(super) partial: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Constraint {
    pub(super) name: Option<String>,
    pub(super) kind: ConstraintKind,
    pub(super) columns: Vec<String>,
    /// The other table of a foreign key.
    pub(super) references: Option<Name>,
    pub(super) on_delete: Option<String>,
    pub(super) check: Option<String>,
    pub(super) valid: bool,
    pub(super) born: Option<usize>,
    /// Where a migration adds it: a byte of its statement, and which one.
    pub(super) at: (usize, usize),
}

#[derive(Debug, Clone)]
pub(super) struct EnumType {
    pub(super) name: Name,
    pub(super) born: Option<usize>,
}

#[derive(Debug, Clone)]
pub(super) struct Domain {
    pub(super) name: Name,
    pub(super) born: usize,
    pub(super) constrained: bool,
}

/// Whether two names are one for the engine.
pub(super) fn same(engine: Engine, left: &str, right: &str) -> bool {
    match engine {
        Engine::Postgres => left == right,
        Engine::Mysql | Engine::Sqlite => left.eq_ignore_ascii_case(right),
    }
}

impl State {
    pub(super) fn table(&self, engine: Engine, name: &Name) -> Option<&Table> {
        self.tables.iter().rev().find(|table| table.is(engine, name))
    }

    /// The table that has an index of this name.
    pub(super) fn owner(&self, engine: Engine, index: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.index(engine, index).is_some())
    }

    /// The foreign keys of other tables that refer to one.
    pub(super) fn references_to<'a>(&'a self, engine: Engine, name: &'a Name) -> Vec<(&'a Table, &'a Constraint)> {
        let mut found = Vec::new();
        for table in self.tables.iter().filter(|table| !table.is(engine, name)) {
            let refers = |constraint: &&Constraint| {
                constraint.references.as_ref().is_some_and(|other| same(engine, &other.name, &name.name))
            };
            found.extend(table.constraints.iter().filter(refers).map(|constraint| (table, constraint)));
        }
        found
    }
}

impl Table {
    pub(super) fn is(&self, engine: Engine, name: &Name) -> bool {
        let schemas = match (&self.schema, &name.schema) {
            (Some(own), Some(other)) => same(engine, own, other),
            // Without a schema it is the default one, as long as nobody changes the search path.
            (Some(one), None) | (None, Some(one)) => engine != Engine::Postgres || one == "public",
            (None, None) => true,
        };
        schemas && same(engine, &self.name, &name.name)
    }

    pub(super) fn column(&self, engine: Engine, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| same(engine, &column.name, name))
    }

    pub(super) fn index(&self, engine: Engine, name: &str) -> Option<&Index> {
        self.indexes.iter().find(|index| index.name.as_ref().is_some_and(|own| same(engine, own, name)))
    }

    pub(super) fn constraint(&self, engine: Engine, name: &str) -> Option<&Constraint> {
        self.constraints.iter().find(|constraint| constraint.name.as_ref().is_some_and(|own| same(engine, own, name)))
    }

    /// Whether a key or unique index makes rows with these columns unique already.
    pub(super) fn is_unique(&self, engine: Engine, columns: &[String]) -> bool {
        let within = |name: &str| columns.iter().any(|column| same(engine, column, name));
        let index = |index: &Index| {
            index.unique
                && !index.partial
                && !index.columns.is_empty()
                && index.columns.iter().all(|part| part.as_ref().is_some_and(|name| within(name)))
        };
        self.indexes.iter().any(index)
    }

    /// Whether an index begins with these columns, in any order.
    pub(super) fn is_indexed(&self, engine: Engine, columns: &[String]) -> bool {
        self.indexes.iter().any(|index| {
            let first: Vec<_> = index.columns.iter().take(columns.len()).flatten().collect();
            !index.partial
                && !columns.is_empty()
                && columns.iter().all(|column| first.iter().any(|part| same(engine, part, column)))
        })
    }

    /// Whether a validated check keeps NULL out of a column.
    pub(super) fn is_checked_not_null(&self, engine: Engine, column: &str) -> bool {
        self.constraints.iter().filter(|constraint| constraint.valid).any(|constraint| {
            constraint.kind == ConstraintKind::NotNull && constraint.columns.iter().any(|own| same(engine, own, column))
                || constraint.check.as_ref().is_some_and(|check| says_not_null(engine, check, column))
        })
    }
}

/// Whether a condition is `column IS NOT NULL`, perhaps with more that must hold too.
fn says_not_null(engine: Engine, check: &str, column: &str) -> bool {
    let text = check.to_lowercase().replace(['(', ')'], " ");
    !text.contains(" or ")
        && text.split(" and ").any(|part| {
            let words: Vec<_> = part.split_whitespace().collect();
            matches!(words.as_slice(), [name, "is", "not", "null"] if same(engine, name.trim_matches(['"', '`']), &column.to_lowercase()))
        })
}

impl Column {
    pub(super) fn of(definition: &ColumnDef, born: usize, blank: bool) -> Self {
        Self {
            name: definition.name.clone(),
            type_text: definition.type_text.clone(),
            not_null: definition.not_null || definition.primary_key,
            virtual_: definition.generated == Some(crate::operation::Generated::Virtual),
            blank: blank && definition.default.is_none() && definition.generated.is_none(),
            born: Some(born),
            other: definition.other.clone(),
        }
    }
}
