//! Tables of MySQL and MariaDB with all that stands in their text. What has a statement of its own is the file's above.

use std::collections::BTreeSet;

use plimsoll_core::db::{Engine, dialect};

use super::super::mysql_text::TableText;
use super::super::order::mentions;
use super::super::{Described, Draft, Phase, of_kind, rows_of, table_of, values_of};
use super::quote;
use crate::schema::{AttributeChange, Change, Difference, Object, ObjectKey, ObjectKind};

/// The two texts of a table, and what differs.
struct Way<'a> {
    from: &'a Described,
    to: &'a Described,
    differences: &'a [Difference],
    table: &'a ObjectKey,
    before: TableText<'a>,
    after: TableText<'a>,
}

pub(super) fn write(from: &Described, to: &Described, differences: &[Difference], draft: &mut Draft) {
    foreign_keys(from, to, differences, draft);
    for difference in of_kind(differences, ObjectKind::Table) {
        let key = &difference.key;
        match difference.change {
            Change::Added => match to.texts.get(key) {
                Some(text) => draft.add(Phase::Tables, key, TableText::parse(text).create(&key.name)),
                None => draft.cannot(key, "its text is not known"),
            },
            Change::Removed => {
                draft.losing(Phase::DropTables, key, format!("DROP TABLE {}", quote(&key.name)), rows_of(key));
            }
            Change::Changed(_) => {}
        }
    }
    let tables = to.texts.keys().filter(|key| key.kind == ObjectKind::Table && from.texts.contains_key(*key));
    for table in tables {
        let (before, after) = (TableText::parse(&from.texts[table]), TableText::parse(&to.texts[table]));
        let way = Way { from, to, differences, table, before, after };
        way.options(draft);
        way.alter(draft);
    }
}

impl Way<'_> {
    /// The differences of a kind in this table.
    fn of(&self, kind: ObjectKind) -> impl Iterator<Item = &Difference> {
        of_kind(self.differences, kind).filter(|each| table_of(&each.key) == *self.table)
    }

    fn alter(&self, draft: &mut Draft) {
        let mut specs: Vec<String> = Vec::new();
        let mut lost = Vec::new();
        let mut modified = BTreeSet::new();
        for difference in self.of(ObjectKind::Check) {
            let key = &difference.key;
            if let Some(column) = key.name.strip_prefix("(of column ").and_then(|name| name.strip_suffix(')')) {
                modified.insert(column.to_owned());
                continue;
            }
            let expression = self.from.schema.objects.get(key).and_then(|check| check.attribute("expression"));
            if let Some(expression) = expression.filter(|_| difference.change != Change::Added) {
                match self.before.check_name(&key.name, expression) {
                    Some(name) => specs.push(format!("DROP CONSTRAINT {}", quote(name))),
                    None => draft.cannot(key, "the name that the server gave it cannot be told; drop it by hand"),
                }
            }
        }
        for difference in self.of(ObjectKind::Index).filter(|each| each.change != Change::Added) {
            let name = quote(&difference.key.name);
            specs.push(match seen(difference) {
                Some(word) => format!("ALTER INDEX {name} {word}"),
                None => format!("DROP INDEX {name}"),
            });
        }
        if self.of(ObjectKind::PrimaryKey).any(|each| each.change != Change::Added) {
            specs.push("DROP PRIMARY KEY".to_owned());
        }
        for difference in self.of(ObjectKind::Column) {
            match &difference.change {
                Change::Removed => {
                    specs.push(format!("DROP COLUMN {}", quote(&difference.key.name)));
                    lost.push(values_of(&difference.key));
                }
                Change::Changed(changes) if is_remade(changes) => {
                    specs.push(format!("DROP COLUMN {}", quote(&difference.key.name)));
                    if changes.iter().any(|change| change.name == "generated" && change.from.is_none()) {
                        lost.push(values_of(&difference.key));
                    }
                }
                Change::Changed(_) => {
                    modified.insert(difference.key.name.clone());
                }
                Change::Added => {}
            }
        }
        specs.extend(self.columns(&modified));
        self.keys(&mut specs);
        if specs.is_empty() {
            return;
        }
        let sql = format!("ALTER TABLE {}\n    {}", quote(&self.table.name), specs.join(",\n    "));
        match lost.is_empty() {
            true => draft.add(Phase::Columns, self.table, sql),
            false => draft.losing(Phase::Columns, self.table, sql, lost.join(", ")),
        }
    }

    /// Adds, changes and moves columns, going through them in the order in which they should stand.
    fn columns(&self, modified: &BTreeSet<String>) -> Vec<String> {
        let mut specs = Vec::new();
        let is_new = |name: &str| {
            self.of(ObjectKind::Column).any(|each| {
                each.key.name == name
                    && match &each.change {
                        Change::Added => true,
                        Change::Changed(changes) => is_remade(changes),
                        Change::Removed => false,
                    }
            })
        };
        let stays = |name: &&String| self.after.column(name).is_some() && !is_new(name);
        let mut now: Vec<String> = self.before.columns.iter().map(|(name, _)| name).filter(stays).cloned().collect();
        let mut previous: Option<&str> = None;
        for (at, (name, body)) in self.after.columns.iter().enumerate() {
            let place = previous.map_or_else(|| "FIRST".to_owned(), |name| format!("AFTER {}", quote(name)));
            let stands = now.get(at) == Some(name);
            if is_new(name) {
                let place = if at == now.len() { String::new() } else { format!(" {place}") };
                specs.push(format!("ADD COLUMN {} {body}{place}", quote(name)));
                now.insert(at.min(now.len()), name.clone());
            } else if !stands {
                now.retain(|other| other != name);
                now.insert(at.min(now.len()), name.clone());
                specs.push(format!("MODIFY COLUMN {} {body} {place}", quote(name)));
            } else if modified.contains(name) {
                specs.push(format!("MODIFY COLUMN {} {body}", quote(name)));
            }
            previous = Some(name);
        }
        specs
    }

    fn keys(&self, specs: &mut Vec<String>) {
        if self.of(ObjectKind::PrimaryKey).any(|each| each.change != Change::Removed) {
            specs.extend(self.after.primary.map(|line| format!("ADD {line}")));
        }
        for difference in self.of(ObjectKind::Index).filter(|each| each.change != Change::Removed) {
            let hidden = self.to.schema.objects.get(&difference.key).and_then(|index| index.attribute("visibility"));
            let hidden = hidden.map(|word| format!(" {}", word.to_uppercase())).unwrap_or_default();
            if let Some(line) = self.after.index(&difference.key.name).filter(|_| seen(difference).is_none()) {
                // MySQL shows it in the line, MariaDB does not.
                let hidden = if line.contains(hidden.as_str()) { "" } else { hidden.as_str() };
                specs.push(format!("ADD {line}{hidden}"));
            }
        }
        for difference in self.of(ObjectKind::Check).filter(|each| each.change != Change::Removed) {
            let Some(check) = self.to.schema.objects.get(&difference.key) else { continue };
            let name = &check.key.name;
            if name.starts_with("(of column ") {
                continue;
            }
            let named = if name.starts_with('(') { String::new() } else { format!("CONSTRAINT {} ", quote(name)) };
            let enforced = if check.attribute("enforcement").is_some() { " NOT ENFORCED" } else { "" };
            let expression = check.attribute("expression").unwrap_or_default();
            specs.push(format!("ADD {named}CHECK ({expression}){enforced}"));
        }
    }

    fn options(&self, draft: &mut Draft) {
        let key = self.table;
        let changed = self.of(ObjectKind::Table).find_map(|each| match &each.change {
            Change::Changed(changes) => Some(changes),
            Change::Added | Change::Removed => None,
        });
        let alter = |draft: &mut Draft, phase: Phase, what: &str| {
            draft.add(phase, key, format!("ALTER TABLE {} {what}", quote(&key.name)));
        };
        let mut repartitioned = false;
        for AttributeChange { name, from, to } in changed.into_iter().flatten() {
            let (from, to) = (from.as_deref().unwrap_or_default(), to.as_deref().unwrap_or_default());
            match name.as_str() {
                "engine" => alter(draft, Phase::Tables, &format!("ENGINE = {to}")),
                "collation" => {
                    let charset = to.split('_').next().unwrap_or_default();
                    // Of new columns only: those that are there keep theirs.
                    alter(draft, Phase::Tables, &format!("DEFAULT CHARACTER SET {charset} COLLATE {to}"));
                }
                "comment" => {
                    let text = dialect::literal(Engine::Mysql, to);
                    alter(draft, Phase::Tables, &format!("COMMENT = {text}"));
                }
                "options" => {
                    let option = |item: &str| item.split('=').next().unwrap_or_default().to_lowercase();
                    let kept: Vec<String> = to.split_whitespace().map(option).collect();
                    for item in from.split_whitespace().map(option).filter(|item| !kept.contains(item)) {
                        match item.as_str() {
                            "row_format" | "stats_persistent" | "stats_auto_recalc" | "pack_keys" => {
                                alter(draft, Phase::Tables, &format!("{item} = DEFAULT"));
                            }
                            "key_block_size" | "checksum" | "delay_key_write" => {
                                alter(draft, Phase::Tables, &format!("{item} = 0"));
                            }
                            _ => draft.cannot(key, format!("the option `{item}` has to be taken away by hand")),
                        }
                    }
                    for item in to.split_whitespace() {
                        alter(draft, Phase::Tables, item);
                    }
                }
                "versioning" if to.is_empty() => {
                    let history = format!("the history of {key}");
                    let sql = format!("ALTER TABLE {} DROP SYSTEM VERSIONING", quote(&key.name));
                    draft.losing(Phase::Tables, key, sql, history);
                }
                "versioning" => alter(draft, Phase::Partitions, "ADD SYSTEM VERSIONING"),
                "partitioned by" | "partitions" => repartitioned = true,
                _ => {}
            }
        }
        if repartitioned {
            // The rows are sorted into the new partitions; one that fits into none is an error, and nothing happens.
            match self.after.partitions {
                Some(partitions) => alter(draft, Phase::Partitions, &format!("\n{partitions}")),
                None => alter(draft, Phase::Partitions, "REMOVE PARTITIONING"),
            }
        }
    }
}

/// The word that makes an index seen or not, where that is all that changes.
fn seen(difference: &Difference) -> Option<&'static str> {
    let Change::Changed(changes) = &difference.change else { return None };
    let [AttributeChange { name, from, to }] = changes.as_slice() else { return None };
    match (name.as_str(), from.as_deref(), to.as_deref()) {
        ("visibility", _, Some("ignored")) => Some("IGNORED"),
        ("visibility", Some("ignored"), None) => Some("NOT IGNORED"),
        ("visibility", _, Some(_)) => Some("INVISIBLE"),
        ("visibility", _, None) => Some("VISIBLE"),
        _ => None,
    }
}

/// Whether a column cannot be changed into what it should be: the server does not turn stored into computed values.
fn is_remade(changes: &[AttributeChange]) -> bool {
    let kind = |text: Option<&String>| text.and_then(|text| text.rsplit(' ').next().map(str::to_owned));
    changes.iter().any(|change| change.name == "generated" && kind(change.from.as_ref()) != kind(change.to.as_ref()))
}

fn foreign_keys(from: &Described, to: &Described, differences: &[Difference], draft: &mut Draft) {
    let change = |key: &ObjectKey| differences.iter().find(|each| each.key == *key).map(|each| &each.change);
    // The server does not change a column under a key, and does not drop a table that one refers to.
    let touched: Vec<&ObjectKey> = of_kind(differences, ObjectKind::Column)
        .filter(|each| match &each.change {
            Change::Changed(changes) => {
                changes.iter().any(|change| ["type", "collation", "nullability"].contains(&change.name.as_str()))
            }
            Change::Removed => true,
            Change::Added => false,
        })
        .map(|each| &each.key)
        .collect();
    let stands_on = |object: &Object, column: &ObjectKey| {
        let (columns, target) =
            (object.attribute("columns").unwrap_or_default(), object.attribute("references").unwrap_or_default());
        let table = column.table.clone().unwrap_or_default();
        (object.key.table.as_ref() == Some(&table) && mentions(columns, &column.name))
            || (mentions(target, &table) && mentions(target, &column.name))
    };
    let keys = |described: &Described| {
        let objects = described.schema.objects.values().filter(|object| object.key.kind == ObjectKind::ForeignKey);
        objects.cloned().collect::<Vec<_>>()
    };
    let is_rebuilt =
        |object: &Object| change(&object.key).is_none() && touched.iter().any(|column| stands_on(object, column));
    for object in keys(from) {
        let table = table_of(&object.key);
        let gone = change(&table) == Some(&Change::Removed);
        let changes = change(&object.key).is_some_and(|change| *change != Change::Added);
        if !(gone || changes || is_rebuilt(&object)) {
            continue;
        }
        let text = from.texts.get(&table).map(String::as_str).unwrap_or_default();
        let columns = object.attribute("columns").unwrap_or_default().replace(", ", ",");
        let parsed = TableText::parse(text);
        let spaced = object.attribute("columns").unwrap_or_default();
        match parsed.foreign_name(&object.key.name, spaced).or_else(|| parsed.foreign_name(&object.key.name, &columns))
        {
            Some(name) => {
                let sql = format!("ALTER TABLE {} DROP FOREIGN KEY {}", quote(&table.name), quote(name));
                draft.add(Phase::DropForeignKeys, &object.key, sql);
            }
            None => draft.cannot(&object.key, "the name that the server gave it cannot be told; drop it by hand"),
        }
    }
    for object in keys(to) {
        let is_new = change(&table_of(&object.key)) == Some(&Change::Added);
        let changes = change(&object.key).is_some_and(|change| *change != Change::Removed);
        if is_new || changes || is_rebuilt(&object) {
            let of = |attribute: &str| object.attribute(attribute).unwrap_or_default();
            let name = &object.key.name;
            let named = if name.starts_with('(') { String::new() } else { format!("CONSTRAINT {} ", quote(name)) };
            let mut sql = format!(
                "ALTER TABLE {} ADD {named}FOREIGN KEY ({}) REFERENCES {}",
                quote(&table_of(&object.key).name),
                of("columns"),
                of("references")
            );
            for (attribute, word) in [("on delete", "ON DELETE"), ("on update", "ON UPDATE")] {
                if of(attribute) != "restrict" {
                    sql.push_str(&format!(" {word} {}", of(attribute).to_uppercase()));
                }
            }
            draft.add(Phase::ForeignKeys, &object.key, sql);
        }
    }
}
