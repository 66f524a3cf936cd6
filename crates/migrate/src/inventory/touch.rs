//! What statements make, change and take away, as a list of single objects. What of it is there in the end is `standing`'s.

use serde::{Deserialize, Serialize};

use crate::operation::{
    AlterAction, ColumnDef, ConstraintDef, ConstraintKind, CreateTable, IndexDef, Name, Object, Operation,
};

/// One object that a statement makes, changes or takes away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touch {
    /// What happens to it.
    pub action: TouchAction,
    /// What it is.
    pub kind: TouchKind,
    /// Its name, with its schema if the statement says one; empty where the engine is left to choose it.
    pub name: String,
    /// The table it belongs to, for what belongs to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// The columns or expressions of a key, constraint or index.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// How an index works, such as `hnsw` or `gin`, where it is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Its new name, or the table that a foreign key refers to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// What happens to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TouchAction {
    /// It is made.
    Create,
    /// It stays and becomes another.
    Alter,
    /// It gets another name.
    Rename,
    /// It is taken away.
    Drop,
}

/// What is touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TouchKind {
    /// A schema of PostgreSQL.
    Schema,
    /// An extension of PostgreSQL.
    Extension,
    /// An enumeration of PostgreSQL.
    Enum,
    /// A domain of PostgreSQL.
    Domain,
    /// Any other type of PostgreSQL.
    Type,
    /// A sequence.
    Sequence,
    /// A table.
    Table,
    /// A column.
    Column,
    /// A primary key.
    PrimaryKey,
    /// A unique constraint.
    Unique,
    /// A unique index.
    UniqueIndex,
    /// Any other index.
    Index,
    /// A foreign key.
    ForeignKey,
    /// A check.
    Check,
    /// An exclusion constraint.
    Exclusion,
    /// A constraint whose kind the statement does not say.
    Constraint,
    /// A view.
    View,
    /// A materialized view.
    MaterializedView,
    /// A function.
    Function,
    /// A procedure.
    Procedure,
    /// A trigger.
    Trigger,
    /// A rule.
    Rule,
    /// A row security policy.
    Policy,
    /// An event of MySQL.
    Event,
    /// Anything else, such as a collation, a role or a database.
    Other,
}

impl TouchKind {
    /// The kind as people call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Schema => "schema",
            Self::Extension => "extension",
            Self::Enum => "enum",
            Self::Domain => "domain",
            Self::Type => "type",
            Self::Sequence => "sequence",
            Self::Table => "table",
            Self::Column => "column",
            Self::PrimaryKey => "primary key",
            Self::Unique => "unique constraint",
            Self::UniqueIndex => "unique index",
            Self::Index => "index",
            Self::ForeignKey => "foreign key",
            Self::Check => "check",
            Self::Exclusion => "exclusion constraint",
            Self::Constraint => "constraint",
            Self::View => "view",
            Self::MaterializedView => "materialized view",
            Self::Function => "function",
            Self::Procedure => "procedure",
            Self::Trigger => "trigger",
            Self::Rule => "rule",
            Self::Policy => "policy",
            Self::Event => "event",
            Self::Other => "object",
        }
    }
}

impl Touch {
    fn new(action: TouchAction, kind: TouchKind, name: impl Into<String>) -> Self {
        Self { action, kind, name: name.into(), table: None, columns: Vec::new(), method: None, to: None }
    }

    fn of(mut self, table: &Name) -> Self {
        self.table = Some(said(table));
        self
    }

    fn to(mut self, to: impl Into<String>) -> Self {
        self.to = Some(to.into());
        self
    }
}

/// What an operation touches. Rows are not among it.
pub(crate) fn touches(operation: &Operation) -> Vec<Touch> {
    use TouchAction::{Alter, Create, Drop, Rename};
    let each = |action, kind, names: &[Name]| names.iter().map(|name| Touch::new(action, kind, said(name))).collect();
    match operation {
        Operation::CreateTable(table) if table.temporary => Vec::new(),
        Operation::CreateTable(table) => create_table(table),
        Operation::CreateIndex { table, index } => vec![create_index(table, index)],
        Operation::DropIndex { names, table, .. } => {
            let on = |touch: Touch| table.iter().fold(touch, Touch::of);
            names.iter().map(|name| on(Touch::new(Drop, TouchKind::Index, said(name)))).collect()
        }
        Operation::DropTable { temporary: true, .. } => Vec::new(),
        Operation::DropTable { names, .. } => each(Drop, TouchKind::Table, names),
        Operation::AlterTable { table, action, .. } => alter_table(table, action),
        Operation::RenameTable { from, to } => vec![Touch::new(Rename, TouchKind::Table, said(from)).to(said(to))],
        Operation::Create { object, name, on, .. } => {
            let touch = Touch::new(Create, kind(*object), said(name));
            vec![on.iter().fold(touch, Touch::of)]
        }
        Operation::Drop { object, names, on, .. } => {
            let on = |touch: Touch| on.iter().fold(touch, Touch::of);
            names.iter().map(|name| on(Touch::new(Drop, kind(*object), said(name)))).collect()
        }
        Operation::Alter { object, name, .. } => vec![Touch::new(Alter, kind(*object), said(name))],
        Operation::Rename { object, from, to } => vec![Touch::new(Rename, kind(*object), said(from)).to(to)],
        Operation::CreateEnum { name, .. } => vec![Touch::new(Create, TouchKind::Enum, said(name))],
        Operation::AddEnumValue { name, .. } | Operation::RenameEnumValue { name, .. } => {
            vec![Touch::new(Alter, TouchKind::Enum, said(name))]
        }
        Operation::CreateDomain { name, .. } => vec![Touch::new(Create, TouchKind::Domain, said(name))],
        Operation::AlterDomain { name, .. } => vec![Touch::new(Alter, TouchKind::Domain, said(name))],
        Operation::CreateExtension { name, .. } => vec![Touch::new(Create, TouchKind::Extension, name)],
        Operation::Select { into: Some(table), .. } => vec![Touch::new(Create, TouchKind::Table, said(table))],
        Operation::RefreshMaterializedView { .. }
        | Operation::Reindex { .. }
        | Operation::Vacuum { .. }
        | Operation::Analyze
        | Operation::Cluster { .. }
        | Operation::Truncate { .. }
        | Operation::AlterSystem
        | Operation::Comment
        | Operation::Grant
        | Operation::Revoke
        | Operation::Set { .. }
        | Operation::Pragma { .. }
        | Operation::Transaction(_)
        | Operation::LockTables { .. }
        | Operation::UnlockTables
        | Operation::Insert { .. }
        | Operation::Update { .. }
        | Operation::Delete { .. }
        | Operation::Merge { .. }
        | Operation::Select { into: None, .. }
        | Operation::Copy
        | Operation::Do
        | Operation::Call
        | Operation::Use { .. }
        | Operation::Attach
        | Operation::Detach
        | Operation::Unclassified { .. } => Vec::new(),
    }
}

fn create_table(table: &CreateTable) -> Vec<Touch> {
    let mut touches = vec![Touch::new(TouchAction::Create, TouchKind::Table, said(&table.name))];
    touches.extend(table.columns.iter().flat_map(|column| create_column(&table.name, column)));
    touches.extend(table.constraints.iter().filter_map(|constraint| create_constraint(&table.name, constraint)));
    touches.extend(table.indexes.iter().map(|index| create_index(&table.name, index)));
    touches
}

/// The column, and the constraints that are said with it.
fn create_column(table: &Name, column: &ColumnDef) -> Vec<Touch> {
    let make = |kind, name: &str| Touch::new(TouchAction::Create, kind, name).of(table);
    let with = |kind| Touch { columns: vec![column.name.clone()], ..make(kind, "") };
    let mut touches = vec![make(TouchKind::Column, &column.name)];
    if column.primary_key {
        touches.push(with(TouchKind::PrimaryKey));
    }
    if column.unique {
        touches.push(with(TouchKind::Unique));
    }
    if column.check.is_some() {
        touches.push(with(TouchKind::Check));
    }
    touches.extend(column.references.iter().map(|other| with(TouchKind::ForeignKey).to(said(&other.table))));
    touches
}

fn create_constraint(table: &Name, constraint: &ConstraintDef) -> Option<Touch> {
    let kind = match constraint.kind {
        ConstraintKind::PrimaryKey => TouchKind::PrimaryKey,
        ConstraintKind::Unique => TouchKind::Unique,
        ConstraintKind::ForeignKey => TouchKind::ForeignKey,
        ConstraintKind::Check => TouchKind::Check,
        ConstraintKind::Exclude => TouchKind::Exclusion,
        // A property of the column, as everywhere else.
        ConstraintKind::NotNull => return None,
    };
    let touch = Touch::new(TouchAction::Create, kind, constraint.name.clone().unwrap_or_default()).of(table);
    let touch = constraint.references.iter().fold(touch, |touch, other| touch.to(said(&other.table)));
    Some(Touch { columns: constraint.columns.clone(), ..touch })
}

fn create_index(table: &Name, index: &IndexDef) -> Touch {
    let kind = if index.unique { TouchKind::UniqueIndex } else { TouchKind::Index };
    let name = index.name.as_ref().map(said).unwrap_or_default();
    Touch {
        columns: index.columns.iter().map(|part| part.column.clone().unwrap_or_else(|| part.text.clone())).collect(),
        method: index.method.clone(),
        ..Touch::new(TouchAction::Create, kind, name).of(table)
    }
}

fn alter_table(table: &Name, action: &AlterAction) -> Vec<Touch> {
    use TouchAction::{Alter, Drop, Rename};
    let of = |action, kind, name: &str| Touch::new(action, kind, name).of(table);
    let table_itself = |action| Touch::new(action, TouchKind::Table, said(table));
    match action {
        AlterAction::AddColumn { column, .. } => create_column(table, column),
        AlterAction::DropColumn { column, .. } => vec![of(Drop, TouchKind::Column, column)],
        AlterAction::RenameColumn { from, to } => vec![of(Rename, TouchKind::Column, from).to(to)],
        AlterAction::RenameTable { to } => vec![table_itself(Rename).to(said(to))],
        AlterAction::SetSchema { schema } => vec![table_itself(Rename).to(format!("{schema}.{}", table.name))],
        AlterAction::AlterColumnType { column, .. }
        | AlterAction::SetNotNull { column }
        | AlterAction::DropNotNull { column }
        | AlterAction::SetDefault { column, .. }
        | AlterAction::DropDefault { column } => vec![of(Alter, TouchKind::Column, column)],
        AlterAction::ModifyColumn { column, .. } => vec![of(Alter, TouchKind::Column, &column.name)],
        AlterAction::ChangeColumn { from, column, .. } if *from == column.name => {
            vec![of(Alter, TouchKind::Column, from)]
        }
        AlterAction::ChangeColumn { from, column, .. } => {
            vec![of(Rename, TouchKind::Column, from).to(&column.name)]
        }
        AlterAction::AddConstraint(added) => create_constraint(table, &added.constraint).into_iter().collect(),
        AlterAction::ValidateConstraint { name } => vec![of(Alter, TouchKind::Constraint, name)],
        AlterAction::DropConstraint { name, .. } => vec![of(Drop, TouchKind::Constraint, name)],
        AlterAction::RenameConstraint { from, to } => vec![of(Rename, TouchKind::Constraint, from).to(to)],
        AlterAction::DropPrimaryKey => vec![of(Drop, TouchKind::PrimaryKey, "")],
        AlterAction::DropForeignKey { name, .. } => vec![of(Drop, TouchKind::ForeignKey, name)],
        AlterAction::AddIndex(index) => vec![create_index(table, index)],
        AlterAction::DropIndex { name, .. } => vec![of(Drop, TouchKind::Index, name)],
        AlterAction::RenameIndex { from, to } => vec![of(Rename, TouchKind::Index, from).to(to)],
        AlterAction::Trigger { name, .. } => vec![of(Alter, TouchKind::Trigger, name)],
        AlterAction::AttachPartition { .. }
        | AlterAction::DetachPartition { .. }
        | AlterAction::RowLevelSecurity { .. }
        | AlterAction::Engine { .. }
        | AlterAction::ConvertCharset { .. }
        | AlterAction::Other { .. } => vec![table_itself(Alter)],
        // How a change is made is no change.
        AlterAction::Algorithm { .. } | AlterAction::Lock { .. } => Vec::new(),
    }
}

fn kind(object: Object) -> TouchKind {
    match object {
        Object::Schema => TouchKind::Schema,
        Object::Extension => TouchKind::Extension,
        Object::Domain => TouchKind::Domain,
        Object::Type => TouchKind::Type,
        Object::Sequence => TouchKind::Sequence,
        Object::ForeignTable | Object::VirtualTable => TouchKind::Table,
        Object::Index => TouchKind::Index,
        Object::View => TouchKind::View,
        Object::MaterializedView => TouchKind::MaterializedView,
        Object::Function | Object::Aggregate => TouchKind::Function,
        Object::Procedure => TouchKind::Procedure,
        Object::Trigger => TouchKind::Trigger,
        Object::Rule => TouchKind::Rule,
        Object::Policy => TouchKind::Policy,
        Object::Event => TouchKind::Event,
        Object::Collation
        | Object::Database
        | Object::EventTrigger
        | Object::Publication
        | Object::Role
        | Object::Server
        | Object::Statistics
        | Object::Subscription
        | Object::Tablespace => TouchKind::Other,
    }
}

/// The name as people write it. `public` is where everything is that says nothing.
fn said(name: &Name) -> String {
    match name.schema.as_deref().filter(|schema| *schema != "public") {
        Some(schema) => format!("{schema}.{}", name.name),
        None => name.name.clone(),
    }
}
