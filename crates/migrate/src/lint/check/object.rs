//! PostgreSQL's other objects and maintenance: enums, domains, partitions, views that are filled, rewrites. Tables are elsewhere.

use plimsoll_core::db::Engine;

use super::rename::is_new_enum;
use crate::lint::rule::Rule;
use crate::lint::scene::{Hits, Scene};
use crate::lint::state::Domain;
use crate::operation::{AlterAction, Operation, Placed};

pub(super) fn check(scene: &Scene<'_>, placed: &Placed, hits: &mut Hits) {
    if scene.engine != Engine::Postgres {
        return;
    }
    let span = placed.span;
    match &placed.operation {
        Operation::AddEnumValue { name, value, neighbour: None, .. } if !is_new_enum(scene, name) => {
            let written = scene.text(name.span);
            let message = format!("`{value}` comes last in `{written}`, and comparisons and ORDER BY follow that");
            let instead = format!("ALTER TYPE {written} ADD VALUE '{value}' BEFORE '..', or AFTER '..'");
            hits.push(Rule::EnumValueOrdering, span, message, Some(instead));
        }
        Operation::AlterDomain { name, add_constraint: true, not_valid: false } => {
            let known = scene.state.domains.iter().find(|domain| domain.name.name == name.name);
            if known.is_some_and(|domain| scene.is_fresh(Some(domain.born))) {
                return;
            }
            let written = scene.text(name.span);
            let message = format!("every table that uses `{written}` is read while nobody can write");
            let instead = format!(
                "ALTER DOMAIN {written} ADD CONSTRAINT .. NOT VALID, and VALIDATE CONSTRAINT in a later migration"
            );
            hits.push(Rule::DomainConstraint, span, message, Some(instead));
        }
        Operation::AlterTable { table, action: AlterAction::AddColumn { column, .. }, .. } if !scene.is_new(table) => {
            let is = |domain: &&Domain| domain.constrained && is_named(&column.type_text, &domain.name.name);
            if let Some(domain) = scene.state.domains.iter().find(is) {
                let written = scene.text(table.span);
                let message = format!(
                    "`{}` has a constraint: every row of `{written}` is written anew, while nobody can read or write",
                    domain.name.name
                );
                let instead = "a column of the domain's own type, with a CHECK that is NOT VALID at first".to_owned();
                hits.push(Rule::DomainConstraint, span, message, Some(instead));
            }
        }
        Operation::RefreshMaterializedView { name, concurrently: false } if !scene.is_new(name) => {
            let written = scene.text(name.span);
            let message = format!("nobody can read `{written}` until it is filled");
            let instead = format!("REFRESH MATERIALIZED VIEW CONCURRENTLY {written}, which needs a unique index on it");
            hits.push(Rule::RefreshNotConcurrent, span, message, Some(instead));
        }
        Operation::Reindex { target, name, concurrently: false } => {
            let (target, written) =
                (target.as_deref().unwrap_or("INDEX"), name.as_ref().map_or("", |name| scene.text(name.span)));
            let fresh = name.as_ref().is_some_and(|name| {
                scene.is_new(name)
                    || scene.state.owner(scene.engine, &name.name).is_some_and(|table| scene.is_fresh(table.born))
            });
            if fresh {
                return;
            }
            let message = format!("nobody can write to what `{written}` belongs to until it is built");
            hits.push(
                Rule::ReindexNotConcurrent,
                span,
                message,
                Some(format!("REINDEX {target} CONCURRENTLY {written}, in a file of its own")),
            );
        }
        Operation::AlterTable {
            table,
            action: AlterAction::DetachPartition { partition, concurrently: false },
            ..
        } => {
            if scene.is_new(table) || scene.is_new(partition) {
                return;
            }
            let (written, part) = (scene.text(table.span), scene.text(partition.span));
            let message = format!("nobody can read or write `{written}` meanwhile");
            let instead = format!("ALTER TABLE {written} DETACH PARTITION {part} CONCURRENTLY, in a file of its own");
            hits.push(Rule::DetachNotConcurrent, span, message, Some(instead));
        }
        Operation::Vacuum { full: true } => {
            hits.push(
                Rule::VacuumFullOrCluster,
                span,
                "the table is written anew while nobody can read or write",
                None,
            );
        }
        Operation::Cluster { table } => {
            let written = table.as_ref().map_or("every clustered table", |table| scene.text(table.span));
            if table.as_ref().is_some_and(|table| scene.is_new(table)) {
                return;
            }
            hits.push(
                Rule::VacuumFullOrCluster,
                span,
                format!("`{written}` is written anew while nobody can read or write"),
                None,
            );
        }
        _ => {}
    }
}

/// Whether a type is a domain of this name, quoted or with a schema.
fn is_named(type_text: &str, name: &str) -> bool {
    let last = type_text.rsplit('.').next().unwrap_or_default();
    last == name || last.trim_matches('"') == name
}
