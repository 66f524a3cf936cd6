//! Sequences of PostgreSQL: those that stand alone, those that columns own, and those inside of identity columns.

use super::super::{Draft, Phase, of_kind, table_of};
use super::{Way, names};
use crate::schema::{AttributeChange, Change, Object, ObjectKind};

/// What a column says of the sequence that it owns.
struct Owned<'a> {
    type_name: &'a str,
    start: &'a str,
    increment: &'a str,
    minimum: &'a str,
    maximum: &'a str,
    cache: &'a str,
    cycles: bool,
}

impl<'a> Owned<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (type_name, rest) = text.split_once(" from ")?;
        let (start, rest) = rest.split_once(" by ")?;
        let (increment, rest) = rest.split_once(", minimum ")?;
        let (minimum, rest) = rest.split_once(", maximum ")?;
        let (maximum, rest) = rest.split_once(", cache ")?;
        let cycles = rest.ends_with("yes");
        Some(Self { type_name, start, increment, minimum, maximum, cache: rest.trim_end_matches("yes"), cycles })
    }

    fn is_usual(&self) -> bool {
        let highest = match self.type_name {
            "smallint" => "32767",
            "integer" => "2147483647",
            _ => "9223372036854775807",
        };
        [self.start, self.increment, self.minimum, self.cache] == ["1"; 4] && self.maximum == highest && !self.cycles
    }

    fn options(&self) -> String {
        let Self { start, increment, minimum, maximum, cache, .. } = self;
        let cycle = if self.cycles { "CYCLE" } else { "NO CYCLE" };
        format!(
            "START WITH {start} INCREMENT BY {increment} MINVALUE {minimum} MAXVALUE {maximum} CACHE {cache} {cycle}"
        )
    }
}

/// The options of an identity column, unless they are the usual ones.
pub(super) fn identity_options(column: &Object) -> String {
    let owned = column.attribute("sequence").and_then(Owned::parse);
    owned.filter(|owned| !owned.is_usual()).map(|owned| format!(" ({})", owned.options())).unwrap_or_default()
}

/// Makes the sequence of a `serial` column, before the column, and lets the column own it, afterwards.
pub(super) fn make_owned(column: &Object, before: Phase, after: Phase, draft: &mut Draft) {
    if column.attribute("identity").is_some() {
        return;
    }
    let Some(owned) = column.attribute("sequence").and_then(Owned::parse) else { return };
    let Some(name) = column.attribute("default").and_then(of_default) else {
        draft.cannot(&column.key, "it owns a sequence that its default does not use, which has to be made by hand");
        return;
    };
    let options = if owned.is_usual() { String::new() } else { format!(" {}", owned.options()) };
    draft.add(before, &column.key, format!("CREATE SEQUENCE {name} AS {}{options}", owned.type_name));
    let (table, column_name) = (names::table(&table_of(&column.key)), names::name(&column.key.name));
    draft.add(after, &column.key, format!("ALTER SEQUENCE {name} OWNED BY {table}.{column_name}"));
}

/// Alters what a column says of its sequence and of being an identity.
pub(super) fn alter_owned(
    way: &Way<'_>,
    column: &Object,
    sequence: Option<&AttributeChange>,
    identity: Option<&AttributeChange>,
    draft: &mut Draft,
) {
    let key = &column.key;
    let (table, name) = (names::table(&table_of(key)), names::name(&key.name));
    match identity.map(|change| (change.from.as_deref(), change.to.as_deref())) {
        Some((None, Some(kind))) => {
            let (kind, options) = (kind.to_uppercase(), identity_options(column));
            let sql = format!("ALTER TABLE {table} ALTER COLUMN {name} ADD GENERATED {kind} AS IDENTITY{options}");
            draft.add(Phase::Columns, key, sql);
            return;
        }
        Some((Some(_), Some(kind))) => {
            let sql = format!("ALTER TABLE {table} ALTER COLUMN {name} SET GENERATED {}", kind.to_uppercase());
            draft.add(Phase::Columns, key, sql);
        }
        Some((_, None)) => return,
        None => {}
    }
    let Some(change) = sequence else { return };
    let before = way.from.objects.get(key).and_then(|column| column.attribute("default")).and_then(of_default);
    let after = column.attribute("default").and_then(of_default);
    match (change.from.as_deref(), change.to.as_deref().and_then(Owned::parse)) {
        (_, Some(owned)) if column.attribute("identity").is_some() => {
            let options = owned.options();
            let each = ["START WITH", "INCREMENT BY", "MINVALUE", "MAXVALUE", "CACHE"];
            let mut text = options.replacen("NO CYCLE", "SET NO CYCLE", 1);
            if owned.cycles {
                text = options.replacen("CYCLE", "SET CYCLE", 1);
            }
            for option in each {
                text = text.replacen(option, &format!("SET {option}"), 1);
            }
            draft.add(Phase::Columns, key, format!("ALTER TABLE {table} ALTER COLUMN {name} {text}"));
        }
        (None, Some(_)) => make_owned(column, Phase::Types, Phase::Keys, draft),
        (Some(_), Some(owned)) => match after.or(before) {
            Some(sequence) => {
                let sql = format!("ALTER SEQUENCE {sequence} AS {} {}", owned.type_name, owned.options());
                draft.add(Phase::Columns, key, sql);
            }
            None => draft.cannot(key, "its sequence is not told by its default and has to be altered by hand"),
        },
        (_, None) => match before {
            Some(sequence) => draft.add(Phase::DropOthers, key, format!("DROP SEQUENCE {sequence}")),
            None => {
                draft.cannot(key, "it owns a sequence that its default does not use, which has to be dropped by hand")
            }
        },
    }
}

/// The sequences that stand alone.
pub(super) fn write(way: &Way<'_>, draft: &mut Draft) {
    for difference in of_kind(&way.differences, ObjectKind::Sequence) {
        let key = &difference.key;
        let name = names::table(key);
        match &difference.change {
            Change::Removed => draft.losing(
                Phase::DropOthers,
                key,
                format!("DROP SEQUENCE {name}"),
                format!("how far {key} had counted"),
            ),
            Change::Added => {
                let Some(sequence) = way.object(key) else { continue };
                let unlogged = if sequence.attribute("persistence").is_some() { "UNLOGGED " } else { "" };
                draft.add(Phase::Types, key, format!("CREATE {unlogged}SEQUENCE {name}{}", standing_options(sequence)));
                comment(sequence, &name, draft);
            }
            Change::Changed(changes) => {
                let Some(sequence) = way.object(key) else { continue };
                let own = |change: &&AttributeChange| !["comment", "persistence"].contains(&change.name.as_str());
                if changes.iter().any(|change| own(&change)) {
                    draft.add(Phase::Types, key, format!("ALTER SEQUENCE {name}{}", standing_options(sequence)));
                }
                if changes.iter().any(|change| change.name == "persistence") {
                    let to = if sequence.attribute("persistence").is_some() { "UNLOGGED" } else { "LOGGED" };
                    draft.add(Phase::Types, key, format!("ALTER SEQUENCE {name} SET {to}"));
                }
                if changes.iter().any(|change| change.name == "comment") {
                    let text = names::literal(sequence.attribute("comment"));
                    draft.add(Phase::Types, key, format!("COMMENT ON SEQUENCE {name} IS {text}"));
                }
            }
        }
    }
}

fn standing_options(sequence: &Object) -> String {
    let of = |name: &str| sequence.attribute(name).unwrap_or_default();
    format!(
        " AS {} INCREMENT BY {} MINVALUE {} MAXVALUE {} START WITH {} CACHE {}{}",
        of("type"),
        of("increment"),
        of("minimum"),
        of("maximum"),
        of("start"),
        of("cache"),
        if sequence.attribute("cycling").is_some() { " CYCLE" } else { " NO CYCLE" }
    )
}

fn comment(sequence: &Object, name: &str, draft: &mut Draft) {
    if let Some(text) = sequence.attribute("comment") {
        draft.add(Phase::Types, &sequence.key, format!("COMMENT ON SEQUENCE {name} IS {}", names::literal(Some(text))));
    }
}

/// The sequence that a default takes its numbers from, as it is printed.
fn of_default(default: &str) -> Option<&str> {
    default.strip_prefix("nextval('")?.strip_suffix("'::regclass)")
}
