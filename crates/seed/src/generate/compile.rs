//! From the blocks of all datasets to one model: everything that can be wrong with them is found here. Rows are `eval`'s.

use plimsoll_core::ErrorCode;

use crate::error::Problem;
use crate::generate::draft::{Declared, Draft, drafts};
use crate::generate::hash::Key;
use crate::generate::model::{Expression, Model, Slot, Table};
use crate::generate::profile::{Count, Profiles};
use crate::generate::resolve::{Resolver, circle};
use crate::generate::scalar::Scalar;

/// Compiles all blocks, or reports what is wrong with them.
pub(crate) fn compile(
    declared: &[Declared<'_>],
    names: &minijinja::Value,
    profile: Option<&str>,
    problems: &mut Vec<Problem>,
) -> Option<Model> {
    let before = problems.len();
    let drafts = drafts(declared, names, problems);
    let counts: Vec<(&str, Count)> = drafts.iter().map(|draft| (draft.name.as_str(), draft.count.clone())).collect();
    let profiles = match Profiles::new(&counts, profile) {
        // Wrong counts would only add follow-up errors.
        _ if problems.len() > before => return None,
        Ok(profiles) => profiles,
        Err(conflicts) => {
            for (table, message) in conflicts {
                let block = declared[table].block;
                let offset = block.count.as_ref().map_or(declared[table].offset, |count| count.span().start);
                let at = drafts[table].file.location(offset);
                problems.push(Problem::new(ErrorCode::InvalidValue, Some(at), message));
            }
            return None;
        }
    };
    let mut needs = Vec::with_capacity(drafts.len());
    let mut tables = Vec::with_capacity(drafts.len());
    for (index, draft) in drafts.iter().enumerate() {
        let (slots, of_slots) = slots(&drafts, index, names, problems);
        needs.push(of_slots);
        tables.push(Table {
            name: draft.name.clone(),
            file: std::sync::Arc::clone(&draft.file),
            offset: draft.offset,
            parent: draft.parent,
            rows: draft.rows.clone(),
            slots,
            columns: draft.columns.clone(),
            insert_only: draft.insert_only.clone(),
            when: draft.when,
        });
    }
    if let Some(circle) = circle(&needs) {
        let named =
            |(table, slot): &(usize, usize)| format!("{}.{}", drafts[*table].name, drafts[*table].slots[*slot].name);
        let names: Vec<String> = circle.iter().map(named).collect();
        let (table, slot) = circle[0];
        let at = drafts[table].file.location(drafts[table].slots[slot].offset);
        let message = format!("values need each other in a circle: {} -> {}", names.join(" -> "), names[0]);
        problems.push(Problem::new(ErrorCode::SeedCycle, Some(at), message));
    }
    (problems.len() == before).then_some(Model { tables, profiles })
}

/// The slots of a table, and what each of them needs.
fn slots(
    drafts: &[Draft],
    table: usize,
    names: &minijinja::Value,
    problems: &mut Vec<Problem>,
) -> (Vec<Slot>, Vec<Vec<(usize, usize)>>) {
    let draft = &drafts[table];
    let mut slots = Vec::with_capacity(draft.slots.len());
    let mut needs = Vec::with_capacity(draft.slots.len());
    for slot in &draft.slots {
        let mut resolver = Resolver { drafts, names, table, sites: 0, needs: Vec::new() };
        let expression = resolver.resolve(&slot.tree).unwrap_or_else(|wrong| {
            let at = draft.file.location(slot.offset);
            let message = format!("`{}` of `{}`: {wrong}", slot.name, draft.name);
            problems.push(Problem::new(ErrorCode::SeedExpression, Some(at), message));
            Expression::Constant(Scalar::None)
        });
        needs.push(resolver.needs);
        let key = Key::of(draft.seed, &draft.name, &slot.name);
        slots.push(Slot { name: std::sync::Arc::clone(&slot.name), offset: slot.offset, key, expression });
    }
    (slots, needs)
}
