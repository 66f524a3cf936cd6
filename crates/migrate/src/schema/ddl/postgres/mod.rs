//! Goes through the differences of two schemas of PostgreSQL, and decides what has to be made anew because of them. The
//! statements for each kind of object are in the files beside.

mod columns;
mod names;
mod objects;
mod sequences;
mod tables;
mod types;

use std::collections::BTreeSet;

use super::order::{mentions, sorted};
use super::{Draft, Phase, of_kind, table_of};
use crate::schema::{Change, Difference, Object, ObjectKey, ObjectKind, Schema, compare};

/// What is there and what should be there.
struct Way<'a> {
    from: &'a Schema,
    to: &'a Schema,
    differences: Vec<Difference>,
    /// What is alike and has to be dropped and made again, because something that it stands on changes.
    rebuilt: BTreeSet<ObjectKey>,
}

pub(super) fn write(from: &Schema, to: &Schema, draft: &mut Draft) {
    let differences = without_inherited(from, to, compare(from, to));
    let mut way = Way { from, to, differences, rebuilt: BTreeSet::new() };
    way.find_rebuilt();
    types::write(&way, draft);
    sequences::write(&way, draft);
    objects::write(&way, draft);
    tables::write(&way, draft);
    for difference in of_kind(&way.differences, ObjectKind::Column) {
        columns::write(&way, difference, draft);
    }
    views(&way, draft);
}

impl<'a> Way<'a> {
    /// How an object is dealt with as a whole: dropped, made, or both, for what cannot be altered.
    fn change(&self, key: &ObjectKey) -> Option<&Change> {
        self.differences.iter().find(|difference| difference.key == *key).map(|difference| &difference.change)
    }

    fn object(&self, key: &ObjectKey) -> Option<&'a Object> {
        self.to.objects.get(key)
    }

    fn tables_with(&self, change: &Change) -> Vec<&ObjectKey> {
        let tables = of_kind(&self.differences, ObjectKind::Table).filter(|each| each.change == *change);
        tables.map(|difference| &difference.key).collect()
    }

    /// The objects of a kind that are dropped: those that should not be there, those that are not as they should be and
    /// cannot be altered, and those that stand on something that changes.
    fn dropped(&self, kind: ObjectKind, is_replaced: impl Fn(&Difference) -> bool) -> Vec<ObjectKey> {
        let gone = of_kind(&self.differences, kind).filter(|each| match &each.change {
            Change::Removed => true,
            Change::Changed(_) => is_replaced(each),
            Change::Added => false,
        });
        let rebuilt = self.rebuilt.iter().filter(|key| key.kind == kind && self.change(key).is_none());
        gone.map(|difference| &difference.key).chain(rebuilt).cloned().collect()
    }

    /// The objects of a kind that are made, as [`Way::dropped`]. What goes with a table that is made is not among them.
    fn made(&self, kind: ObjectKind, is_replaced: impl Fn(&Difference) -> bool) -> Vec<&'a Object> {
        let come = of_kind(&self.differences, kind).filter(|each| match &each.change {
            Change::Added => true,
            Change::Changed(_) => is_replaced(each),
            Change::Removed => false,
        });
        let rebuilt = self.rebuilt.iter().filter(|key| key.kind == kind && self.change(key).is_none());
        come.map(|difference| &difference.key).chain(rebuilt).filter_map(|key| self.object(key)).collect()
    }

    /// What stands on columns whose type changes or that go, on keys and on views that do.
    fn find_rebuilt(&mut self) {
        let mut rebuilt = BTreeSet::new();
        let enums: Vec<&Difference> =
            of_kind(&self.differences, ObjectKind::Enum).filter(|each| types::is_remade(each)).collect();
        for column in self.from.objects.values().filter(|object| object.key.kind == ObjectKind::Column) {
            let of_enum = enums.iter().any(|each| types::is_of(column, &each.key));
            let is_touched = match self.change(&column.key) {
                Some(Change::Removed) => true,
                Some(Change::Changed(changes)) => columns::touches_dependents(changes),
                Some(Change::Added) | None => of_enum,
            };
            if is_touched && self.to.objects.contains_key(&table_of(&column.key)) {
                self.stand_on(column, &mut rebuilt);
            }
        }
        for key in
            self.differences.iter().filter(|each| matches!(each.key.kind, ObjectKind::PrimaryKey | ObjectKind::Unique))
        {
            if key.change != Change::Added {
                let table = names::table(&table_of(&key.key));
                let refers = |object: &&Object| {
                    object.attribute("references").is_some_and(|to| to.starts_with(&format!("{table} ")))
                };
                rebuilt.extend(self.from.objects.values().filter(refers).map(|object| object.key.clone()));
            }
        }
        self.stand_on_views(&mut rebuilt);
        // What is dropped for good or was not there is dealt with by its difference.
        rebuilt.retain(|key| self.to.objects.contains_key(key) && self.from.objects.contains_key(key));
        self.rebuilt = rebuilt;
    }

    fn stand_on(&self, column: &Object, rebuilt: &mut BTreeSet<ObjectKey>) {
        let table = table_of(&column.key);
        for object in self.from.objects.values() {
            let says = |name: &str| object.attributes.values().any(|value| mentions(value, name));
            let belongs = object.key.schema == table.schema && object.key.table.as_ref() == Some(&table.name);
            let stands = match object.key.kind {
                ObjectKind::View | ObjectKind::MaterializedView => says(&table.name),
                ObjectKind::Trigger | ObjectKind::Rule | ObjectKind::Policy => belongs && says(&column.key.name),
                // Dropping a column takes these along, so they have to come back where the column does.
                ObjectKind::Index | ObjectKind::Unique | ObjectKind::Check | ObjectKind::Exclusion => {
                    belongs && says(&column.key.name) && self.is_remade(&column.key)
                }
                _ => false,
            };
            if stands {
                rebuilt.insert(object.key.clone());
            }
        }
    }

    /// Whether something belongs to a materialized view that is dropped, and goes with it.
    fn goes_with_view(&self, key: &ObjectKey) -> bool {
        let view = ObjectKey { kind: ObjectKind::MaterializedView, ..table_of(key) };
        self.rebuilt.contains(&view) || self.change(&view).is_some_and(|change| *change != Change::Added)
    }

    fn is_remade(&self, column: &ObjectKey) -> bool {
        matches!(self.change(column), Some(Change::Changed(changes)) if columns::is_remade(changes))
    }

    /// Views that stand on views that go or change, and what belongs to them.
    fn stand_on_views(&self, rebuilt: &mut BTreeSet<ObjectKey>) {
        let views: Vec<&Object> = self.from.objects.values().filter(|object| is_view(object.key.kind)).collect();
        loop {
            let goes = |view: &&&Object| {
                rebuilt.contains(&view.key) || self.change(&view.key).is_some_and(|change| *change != Change::Added)
            };
            let going: Vec<String> = views.iter().filter(goes).map(|view| view.key.name.clone()).collect();
            let stands = |view: &&&Object| {
                !rebuilt.contains(&view.key)
                    && self.change(&view.key).is_none()
                    && view.attribute("definition").is_some_and(|text| going.iter().any(|name| mentions(text, name)))
            };
            let more: Vec<ObjectKey> = views.iter().filter(stands).map(|view| view.key.clone()).collect();
            if more.is_empty() {
                break;
            }
            rebuilt.extend(more);
        }
    }
}

fn is_view(kind: ObjectKind) -> bool {
    matches!(kind, ObjectKind::View | ObjectKind::MaterializedView)
}

/// What a partition or an inheriting table gets from its parent changes there.
fn without_inherited(from: &Schema, to: &Schema, differences: Vec<Difference>) -> Vec<Difference> {
    let parents = |table: &ObjectKey| {
        let of = |schema: &Schema| schema.objects.get(table)?.attribute("parents").map(str::to_owned);
        of(from).filter(|before| of(to).as_ref() == Some(before)).unwrap_or_default()
    };
    // What an index is over, without the names of itself and of its table.
    let says = |key: &ObjectKey| {
        let object = to.objects.get(key).or_else(|| from.objects.get(key))?;
        let text = object.attribute("definition")?;
        Some(text.split_once(" USING ").map_or(text, |(_, rest)| rest).to_owned())
    };
    let is_inherited = |difference: &Difference| {
        let key = &difference.key;
        let parents = parents(&table_of(key));
        let is_same = |other: &ObjectKey| match key.kind {
            ObjectKind::Column | ObjectKind::Check | ObjectKind::ForeignKey => other.name == key.name,
            ObjectKind::Index | ObjectKind::PrimaryKey | ObjectKind::Unique => says(other) == says(key),
            _ => false,
        };
        !parents.is_empty()
            && differences.iter().any(|other| {
                other.key.kind == key.kind
                    && is_same(&other.key)
                    && std::mem::discriminant(&other.change) == std::mem::discriminant(&difference.change)
                    && parents.split(", ").any(|parent| parent == names::table(&table_of(&other.key)))
            })
    };
    differences.iter().filter(|difference| !is_inherited(difference)).cloned().collect()
}

/// Drops and makes views in an order in which they can stand on each other.
fn views(way: &Way<'_>, draft: &mut Draft) {
    let replaced = |_: &Difference| true;
    let depends =
        |one: &Object, other: &Object| one.attribute("definition").is_some_and(|text| mentions(text, &other.key.name));
    let kinds = [ObjectKind::View, ObjectKind::MaterializedView];
    let dropped = kinds.into_iter().flat_map(|kind| way.dropped(kind, replaced));
    let dropped: Vec<Object> = dropped.filter_map(|key| way.from.objects.get(&key).cloned()).collect();
    for view in sorted(dropped, depends).iter().rev() {
        let kind = if view.key.kind == ObjectKind::View { "VIEW" } else { "MATERIALIZED VIEW" };
        draft.add(Phase::DropViews, &view.key, format!("DROP {kind} {}", names::table(&view.key)));
    }
    let made: Vec<Object> = kinds.into_iter().flat_map(|kind| way.made(kind, replaced)).cloned().collect();
    for view in sorted(made, depends) {
        objects::make_view(&view, draft);
        for part in way.to.of_table(view.key.schema.as_deref(), &view.key.name) {
            // Those with a difference of their own are made by that.
            if way.change(&part.key).is_none() {
                objects::make_part(part, way.to, draft);
            }
        }
    }
}
