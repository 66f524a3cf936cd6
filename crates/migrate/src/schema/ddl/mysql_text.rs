//! Takes apart what `SHOW CREATE TABLE` of MySQL and MariaDB says: one line an item. What is done with the items is `mysql`'s.

use plimsoll_core::db::Engine;

use crate::schema::text::normalized;

/// A table's text. Bodies are what follows the name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct TableText<'a> {
    /// Names and clauses, in order.
    pub(super) columns: Vec<(String, &'a str)>,
    /// Names and whole lines of indexes.
    pub(super) indexes: Vec<(String, &'a str)>,
    /// The line of the primary key.
    pub(super) primary: Option<&'a str>,
    /// Names and conditions of checks, without the outer parentheses.
    pub(super) checks: Vec<(String, &'a str)>,
    /// Names, columns as they are listed, and bodies of foreign keys.
    pub(super) foreign: Vec<(String, &'a str)>,
    /// Lines that are none of these.
    others: Vec<&'a str>,
    /// What follows the closing parenthesis, without partitions.
    options: &'a str,
    /// How it is partitioned.
    pub(super) partitions: Option<&'a str>,
}

impl<'a> TableText<'a> {
    pub(super) fn parse(text: &'a str) -> Self {
        let mut table = Self::default();
        let Some((_, body)) = text.split_once("(\n") else { return table };
        let Some((items, tail)) = body.rsplit_once("\n) ").or_else(|| body.rsplit_once("\n)")) else { return table };
        for line in items.lines() {
            table.item(line.trim().trim_end_matches(','));
        }
        let at = tail.find("PARTITION BY").filter(|at| !tail[..*at].contains("COMMENT='PARTITION"));
        table.options =
            tail[..at.unwrap_or(tail.len())].trim().trim_end_matches("/*!50100").trim_end_matches("/*!50500").trim();
        table.partitions = at.map(|at| tail[at..].trim().trim_end_matches("*/").trim());
        table
    }

    fn item(&mut self, line: &'a str) {
        let named = |line: &'a str| {
            let rest = line.split_once('`')?.1;
            let end = end_of_name(rest)?;
            Some((rest[..end].replace("``", "`"), rest[end + 1..].trim()))
        };
        if line.starts_with('`') {
            self.columns.extend(named(line));
        } else if line.starts_with("PRIMARY KEY") {
            self.primary = Some(line);
        } else if line.starts_with("CONSTRAINT") {
            match named(line) {
                Some((name, body)) if body.starts_with("FOREIGN KEY") => self.foreign.push((name, body)),
                Some((name, body)) if body.starts_with("CHECK") => {
                    let condition = body["CHECK".len()..].trim();
                    let condition = condition.strip_prefix('(').unwrap_or(condition);
                    self.checks.push((name, condition.strip_suffix(')').unwrap_or(condition)));
                }
                _ => self.others.push(line),
            }
        } else if ["KEY ", "UNIQUE KEY ", "FULLTEXT KEY ", "SPATIAL KEY "].iter().any(|word| line.starts_with(word)) {
            self.indexes.extend(named(line).map(|(name, _)| (name, line)));
        } else {
            self.others.push(line);
        }
    }

    pub(super) fn column(&self, name: &str) -> Option<&'a str> {
        self.columns.iter().find(|(known, _)| known == name).map(|(_, body)| *body)
    }

    pub(super) fn index(&self, name: &str) -> Option<&'a str> {
        self.indexes.iter().find(|(known, _)| known == name).map(|(_, line)| *line)
    }

    /// The name of a check, by the name of its object or else by its condition.
    pub(super) fn check_name(&self, object_name: &str, expression: &str) -> Option<&str> {
        let by_name = self.checks.iter().find(|(name, _)| name == object_name);
        let says = |condition: &str| normalized(Engine::Mysql, condition) == expression;
        by_name.or_else(|| self.checks.iter().find(|(_, condition)| says(condition))).map(|(name, _)| name.as_str())
    }

    /// The name of a foreign key, by the name of its object or else by its columns.
    pub(super) fn foreign_name(&self, object_name: &str, columns: &str) -> Option<&str> {
        let by_name = self.foreign.iter().find(|(name, _)| name == object_name);
        let columns = format!("FOREIGN KEY ({columns})");
        by_name
            .or_else(|| self.foreign.iter().find(|(_, body)| body.starts_with(&columns)))
            .map(|(name, _)| name.as_str())
    }

    /// The statement that makes the table, without its foreign keys and without how far it has counted.
    pub(super) fn create(&self, name: &str) -> String {
        let quoted = |name: &str| plimsoll_core::db::quoted(Engine::Mysql, name);
        let mut lines: Vec<String> =
            self.columns.iter().map(|(name, body)| format!("{} {body}", quoted(name))).collect();
        lines.extend(self.primary.map(str::to_owned));
        lines.extend(self.indexes.iter().map(|(_, line)| (*line).to_owned()));
        for (name, condition) in &self.checks {
            lines.push(format!("CONSTRAINT {} CHECK ({condition})", quoted(name)));
        }
        lines.extend(self.others.iter().map(|line| (*line).to_owned()));
        let mut sql = format!("CREATE TABLE {} (\n    {}\n) {}", quoted(name), lines.join(",\n    "), self.uncounted());
        if let Some(partitions) = self.partitions {
            sql.push('\n');
            sql.push_str(partitions);
        }
        sql
    }

    fn uncounted(&self) -> String {
        const WORD: &str = " AUTO_INCREMENT=";
        let at = self.options.find(WORD).filter(|at| !self.options[..*at].contains("COMMENT="));
        let Some(at) = at else { return self.options.to_owned() };
        let rest = self.options[at + WORD.len()..].trim_start_matches(|c: char| c.is_ascii_digit());
        format!("{}{rest}", &self.options[..at])
    }
}

/// Where a name in backticks ends; two of them are one inside of the name.
fn end_of_name(text: &str) -> Option<usize> {
    let mut characters = text.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        if c == '`' && characters.next_if(|(_, next)| *next == '`').is_none() {
            return Some(at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "CREATE TABLE `visit` (\n  `id` int(11) NOT NULL AUTO_INCREMENT,\n  `a``b` text DEFAULT 'x, y' COMMENT '(',\n  \
        PRIMARY KEY (`id`),\n  UNIQUE KEY `one` (`a``b`(10)),\n  CONSTRAINT `visit_ibfk_1` FOREIGN KEY (`id`) REFERENCES `ship` (`id`),\n  \
        CONSTRAINT `CONSTRAINT_1` CHECK (`id` > 0)\n) ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4 COMMENT='AUTO_INCREMENT=3'\n \
        PARTITION BY HASH (`id`)\nPARTITIONS 4";

    #[test]
    fn the_items_of_a_table_are_found_by_name() {
        let table = TableText::parse(TEXT);
        assert_eq!(table.column("a`b"), Some("text DEFAULT 'x, y' COMMENT '('"));
        assert_eq!(table.index("one"), Some("UNIQUE KEY `one` (`a``b`(10))"));
        assert_eq!(table.foreign_name("(id)", "`id`"), Some("visit_ibfk_1"));
        assert_eq!(table.check_name("(id > 0)", "`id` > 0"), Some("CONSTRAINT_1"));
        assert_eq!(table.partitions, Some("PARTITION BY HASH (`id`)\nPARTITIONS 4"));
    }

    #[test]
    fn a_table_is_made_without_foreign_keys_and_without_its_counter() {
        let sql = TableText::parse(TEXT).create("visit");
        assert!(!sql.contains("FOREIGN") && sql.contains("COMMENT='AUTO_INCREMENT=3'") && !sql.contains("=7"), "{sql}");
        assert!(sql.ends_with("PARTITIONS 4") && sql.contains("CHECK (`id` > 0)"), "{sql}");
    }
}
