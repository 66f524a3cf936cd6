//! Replays operations into the state, so that later statements are judged by what earlier ones built. Judging is `check`'s.

use plimsoll_core::db::Engine;

use super::{Column, Constraint, Domain, EnumType, Index, State, Table, same};
use crate::operation::{
    AlterAction, ColumnDef, ConstraintDef, ConstraintKind, CreateTable, IndexDef, Name, Object, Operation, References,
};

/// Lets an operation take effect. `migration` is its place in the set, `statement` that in the file, `at` the byte there.
pub(in crate::lint) fn replay(
    engine: Engine,
    state: &mut State,
    operation: &Operation,
    migration: usize,
    (statement, at): (usize, usize),
) {
    let mut place = Place { engine, state, migration, at: (statement, at) };
    match operation {
        Operation::CreateTable(table) => place.create(table),
        Operation::CreateIndex { table, index } => place.table(table).indexes.push(index_of(index)),
        Operation::DropIndex { names, .. } => {
            for name in names {
                for table in &mut place.state.tables {
                    drop_index(engine, table, &name.name);
                }
            }
        }
        Operation::DropTable { names, .. } => {
            let dropped = |table: &Table| names.iter().any(|name| table.is(engine, name));
            place.state.tables.retain(|table| !dropped(table));
        }
        Operation::AlterTable { table, action, .. } => place.alter(table, action),
        Operation::RenameTable { from, to } => place.rename(from, to),
        Operation::Create { object: Object::MaterializedView, name, .. } => {
            let born = Some(migration);
            let table = Table { schema: name.schema.clone(), name: name.name.clone(), born, ..Table::default() };
            place.state.tables.push(table);
        }
        Operation::Select { into: Some(name), .. } => {
            let born = Some(migration);
            let table = Table { schema: name.schema.clone(), name: name.name.clone(), born, ..Table::default() };
            place.state.tables.push(table);
        }
        Operation::CreateEnum { name, .. } => {
            place.state.enums.push(EnumType { name: name.clone(), born: Some(migration) });
        }
        Operation::Create { object: Object::Schema, name, .. } => {
            place.state.schemas.push((name.name.clone(), migration));
        }
        Operation::CreateDomain { name, constrained, .. } => {
            place.state.domains.push(Domain { name: name.clone(), born: migration, constrained: *constrained });
        }
        Operation::AlterDomain { name, add_constraint: true, .. } => {
            let own = place.state.domains.iter_mut().filter(|domain| domain.name.name == name.name);
            own.for_each(|domain| domain.constrained = true);
        }
        Operation::Rename { object: Object::Index, from, to } => {
            for index in place.state.tables.iter_mut().flat_map(|table| &mut table.indexes) {
                if index.name.as_ref().is_some_and(|own| same(engine, own, &from.name)) {
                    index.name = Some(to.clone());
                }
            }
        }
        Operation::Update { table: Some(table), .. }
        | Operation::Insert { table: Some(table) }
        | Operation::Merge { table: Some(table) } => {
            place.table(table).columns.iter_mut().for_each(|column| column.blank = false);
        }
        _ => {}
    }
}

struct Place<'a> {
    engine: Engine,
    state: &'a mut State,
    migration: usize,
    at: (usize, usize),
}

impl Place<'_> {
    /// The table of a name. One that no migration has made is noted, since a statement uses it.
    fn table(&mut self, name: &Name) -> &mut Table {
        let engine = self.engine;
        let found = self.state.tables.iter().rposition(|table| table.is(engine, name));
        let index = found.unwrap_or_else(|| {
            let table = Table { schema: name.schema.clone(), name: name.name.clone(), ..Table::default() };
            self.state.tables.push(table);
            self.state.tables.len() - 1
        });
        &mut self.state.tables[index]
    }

    fn create(&mut self, create: &CreateTable) {
        let engine = self.engine;
        if create.if_not_exists && self.state.table(engine, &create.name).is_some() {
            return;
        }
        self.state.tables.retain(|table| !table.is(engine, &create.name));
        let mut table = Table {
            schema: create.name.schema.clone(),
            name: create.name.name.clone(),
            born: Some(self.migration),
            temporary: create.temporary,
            complete: create.like.is_empty() && create.partition_of.is_none() && !create.as_select,
            options: create.options.clone(),
            ..Table::default()
        };
        for other in create.like.iter().chain(&create.partition_of) {
            if let Some(other) = self.state.table(engine, other) {
                table.columns.extend(other.columns.iter().cloned());
                table.complete |= other.complete;
            }
        }
        for column in &create.columns {
            self.add_column(&mut table, column, false);
        }
        for constraint in &create.constraints {
            self.add_constraint(&mut table, constraint);
        }
        table.indexes.extend(create.indexes.iter().map(index_of));
        self.state.tables.push(table);
    }

    fn rename(&mut self, from: &Name, to: &Name) {
        let engine = self.engine;
        let table = self.table(from);
        table.name.clone_from(&to.name);
        if to.schema.is_some() {
            table.schema.clone_from(&to.schema);
        }
        for constraint in self.state.tables.iter_mut().flat_map(|table| &mut table.constraints) {
            if let Some(other) = constraint.references.as_mut().filter(|other| same(engine, &other.name, &from.name)) {
                other.name.clone_from(&to.name);
            }
        }
    }

    fn alter(&mut self, name: &Name, action: &AlterAction) {
        let engine = self.engine;
        match action {
            AlterAction::RenameTable { to } => return self.rename(name, to),
            AlterAction::AddColumn { column, if_not_exists, .. } => {
                let mut table = std::mem::take(self.table(name));
                if !*if_not_exists || table.column(engine, &column.name).is_none() {
                    self.add_column(&mut table, column, true);
                }
                return self.put_back(table);
            }
            AlterAction::AddConstraint(add) => {
                let mut table = std::mem::take(self.table(name));
                self.add_constraint(&mut table, &add.constraint);
                return self.put_back(table);
            }
            _ => {}
        }
        let table = self.table(name);
        let change = |table: &mut Table, column: &str, change: &dyn Fn(&mut Column)| {
            table.columns.iter_mut().filter(|own| same(engine, &own.name, column)).for_each(change);
        };
        match action {
            AlterAction::DropColumn { column, .. } => {
                table.columns.retain(|own| !same(engine, &own.name, column));
                let has = |name: &String| same(engine, name, column);
                table.indexes.retain(|index| !index.columns.iter().flatten().any(has));
                table.constraints.retain(|constraint| !constraint.columns.iter().any(has));
            }
            AlterAction::RenameColumn { from, to } => rename_column(engine, table, from, to),
            AlterAction::SetSchema { schema } => table.schema = Some(schema.clone()),
            AlterAction::AlterColumnType { column, type_text, .. } => {
                change(table, column, &|own| own.type_text.clone_from(type_text));
            }
            AlterAction::SetNotNull { column } => {
                if table.column(engine, column).is_none() {
                    table.columns.push(Column { name: column.clone(), ..Column::default() });
                }
                change(table, column, &|own| own.not_null = true);
            }
            AlterAction::DropNotNull { column } => change(table, column, &|own| own.not_null = false),
            AlterAction::ModifyColumn { column, .. } => redefine(engine, table, &column.name, column),
            AlterAction::ChangeColumn { from, column, .. } => {
                rename_column(engine, table, from, &column.name);
                redefine(engine, table, &column.name, column);
            }
            AlterAction::ValidateConstraint { name } => {
                let named = |own: &&mut Constraint| own.name.as_ref().is_some_and(|own| same(engine, own, name));
                table.constraints.iter_mut().filter(named).for_each(|constraint| constraint.valid = true);
            }
            AlterAction::DropConstraint { name, .. } | AlterAction::DropForeignKey { name, .. } => {
                table.constraints.retain(|own| own.name.as_ref().is_none_or(|own| !same(engine, own, name)));
                drop_index(engine, table, name);
            }
            AlterAction::RenameConstraint { from, to } => {
                let named = |own: &&mut Constraint| own.name.as_ref().is_some_and(|own| same(engine, own, from));
                table.constraints.iter_mut().filter(named).for_each(|own| own.name = Some(to.clone()));
            }
            AlterAction::DropPrimaryKey => {
                table.constraints.retain(|own| own.kind != ConstraintKind::PrimaryKey);
                drop_index(engine, table, "primary");
            }
            AlterAction::AddIndex(index) => table.indexes.push(index_of(index)),
            AlterAction::DropIndex { name, .. } => drop_index(engine, table, name),
            AlterAction::RenameIndex { from, to } => {
                let named = |own: &&mut Index| own.name.as_ref().is_some_and(|own| same(engine, own, from));
                table.indexes.iter_mut().filter(named).for_each(|own| own.name = Some(to.clone()));
            }
            AlterAction::ConvertCharset { charset, .. } => table.options = format!("charset={charset}"),
            _ => {}
        }
    }

    /// Puts back a table that was taken out to be changed.
    fn put_back(&mut self, table: Table) {
        // What was taken left an empty one in its place.
        match self.state.tables.iter_mut().find(|own| own.name.is_empty()) {
            Some(place) => *place = table,
            None => self.state.tables.push(table),
        }
    }

    fn add_column(&self, table: &mut Table, column: &ColumnDef, blank: bool) {
        table.columns.push(Column::of(column, self.migration, blank));
        let one = || vec![column.name.clone()];
        let (kinds, own) = (table.name.clone(), &column.name);
        if column.primary_key {
            self.key(table, Some(format!("{kinds}_pkey")), ConstraintKind::PrimaryKey, one());
        }
        if column.unique {
            self.key(table, Some(format!("{kinds}_{own}_key")), ConstraintKind::Unique, one());
        }
        // MySQL before 9 forgets it; to be on the safe side the others are not told of it either.
        if let Some(references) = column.references.as_ref().filter(|_| self.engine != Engine::Mysql) {
            let name = Some(format!("{kinds}_{own}_fkey"));
            self.foreign_key(table, name, one(), references, true, column.span.start);
        }
        if let Some(check) = &column.check {
            let name = Some(format!("{kinds}_{own}_check"));
            let check =
                Constraint { check: Some(check.clone()), ..self.constraint(name, ConstraintKind::Check, one()) };
            table.constraints.push(check);
        }
    }

    fn add_constraint(&self, table: &mut Table, constraint: &ConstraintDef) {
        let columns = constraint.columns.clone();
        let mut name = constraint.name.clone();
        match constraint.kind {
            ConstraintKind::PrimaryKey | ConstraintKind::Unique => {
                let columns = match &constraint.using_index {
                    Some(index) => {
                        let found = table.index(self.engine, index).map(|index| index.columns.clone());
                        found.unwrap_or_default().into_iter().flatten().collect()
                    }
                    None => columns,
                };
                if constraint.kind == ConstraintKind::PrimaryKey {
                    name = name.or(Some(format!("{}_pkey", table.name)));
                    for column in &mut table.columns {
                        column.not_null |= columns.iter().any(|key| same(self.engine, key, &column.name));
                    }
                }
                self.key(table, name, constraint.kind, columns);
            }
            ConstraintKind::ForeignKey => {
                if let Some(references) = &constraint.references {
                    let fkey = || format!("{}_{}_fkey", table.name, columns.join("_"));
                    let name = name.or_else(|| (self.engine == Engine::Postgres).then(fkey));
                    let valid = !constraint.not_valid && !constraint.not_enforced;
                    self.foreign_key(table, name, columns, references, valid, constraint.span.start);
                }
            }
            ConstraintKind::Check | ConstraintKind::NotNull | ConstraintKind::Exclude => {
                let valid = !constraint.not_valid && !constraint.not_enforced;
                let found = self.constraint(name, constraint.kind, columns);
                table.constraints.push(Constraint { check: constraint.check.clone(), valid, ..found });
            }
        }
    }

    /// A key: a constraint and its index.
    fn key(&self, table: &mut Table, name: Option<String>, kind: ConstraintKind, columns: Vec<String>) {
        let index = match (self.engine, kind) {
            (Engine::Mysql, ConstraintKind::PrimaryKey) => Some("primary".to_owned()),
            _ => name.clone(),
        };
        let parts = columns.iter().cloned().map(Some).collect();
        table.indexes.push(Index { name: index, columns: parts, unique: true, partial: false });
        table.constraints.push(self.constraint(name, kind, columns));
    }

    fn foreign_key(
        &self,
        table: &mut Table,
        name: Option<String>,
        columns: Vec<String>,
        references: &References,
        valid: bool,
        at: usize,
    ) {
        if self.engine == Engine::Mysql && !table.is_indexed(self.engine, &columns) {
            // MySQL makes the index by itself.
            let parts = columns.iter().cloned().map(Some).collect();
            table.indexes.push(Index { name: name.clone(), columns: parts, unique: false, partial: false });
        }
        let found = self.constraint(name, ConstraintKind::ForeignKey, columns);
        table.constraints.push(Constraint {
            references: Some(references.table.clone()),
            on_delete: references.on_delete.clone(),
            valid,
            at: (self.at.0, at),
            ..found
        });
    }

    fn constraint(&self, name: Option<String>, kind: ConstraintKind, columns: Vec<String>) -> Constraint {
        Constraint {
            name,
            kind,
            columns,
            references: None,
            on_delete: None,
            check: None,
            valid: true,
            born: Some(self.migration),
            at: self.at,
        }
    }
}

fn index_of(index: &IndexDef) -> Index {
    Index {
        name: index.name.as_ref().map(|name| name.name.clone()),
        columns: index.columns.iter().map(|part| part.column.clone()).collect(),
        unique: index.unique,
        partial: index.where_.is_some(),
    }
}

fn drop_index(engine: Engine, table: &mut Table, name: &str) {
    table.indexes.retain(|index| index.name.as_ref().is_none_or(|own| !same(engine, own, name)));
}

fn rename_column(engine: Engine, table: &mut Table, from: &str, to: &str) {
    let mut names: Vec<&mut String> = table.columns.iter_mut().map(|column| &mut column.name).collect();
    names.extend(table.indexes.iter_mut().flat_map(|index| index.columns.iter_mut().flatten()));
    names.extend(table.constraints.iter_mut().flat_map(|constraint| &mut constraint.columns));
    names.into_iter().filter(|name| same(engine, name, from)).for_each(|name| to.clone_into(name));
    for check in table.constraints.iter_mut().filter_map(|constraint| constraint.check.as_mut()) {
        *check = with_name(engine, check, from, to);
    }
}

/// A condition in which a column has got another name. Strings with that word are changed too, which no rule minds.
fn with_name(engine: Engine, condition: &str, from: &str, to: &str) -> String {
    let mut out = String::new();
    let mut rest = condition;
    while !rest.is_empty() {
        let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let (head, tail) = rest.split_at(word);
        // Without quotes PostgreSQL reads it in lower case.
        let is = same(engine, head, from) || (!out.ends_with('"') && same(engine, &head.to_lowercase(), from));
        out.push_str(if is { to } else { head });
        let between = tail.find(|c: char| c.is_alphanumeric() || c == '_').unwrap_or(tail.len());
        out.push_str(&tail[..between]);
        rest = &tail[between..];
    }
    out
}

fn redefine(engine: Engine, table: &mut Table, name: &str, definition: &ColumnDef) {
    let primary = table
        .constraints
        .iter()
        .any(|own| own.kind == ConstraintKind::PrimaryKey && own.columns.iter().any(|key| same(engine, key, name)));
    let Some(column) = table.columns.iter_mut().find(|own| same(engine, &own.name, name)) else {
        table.columns.push(Column { born: None, ..Column::of(definition, 0, false) });
        return;
    };
    let (born, blank) = (column.born, column.blank);
    *column = Column { born, blank, ..Column::of(definition, 0, false) };
    column.not_null |= primary;
}
