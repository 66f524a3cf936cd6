//! Where migrations stand among each other, by the rule of the tool whose layout it is. What a version is, is `name`'s.

use super::{Layout, Migration, MigrationKind};

/// A place in the order. Equal places of two migrations are an error.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    /// After all versioned ones.
    repeatable: bool,
    /// Parts of a number: how many digits, and the digits, without leading zeros. Texts have none and come first.
    numbers: Vec<(usize, String)>,
    text: String,
}

impl Position {
    /// Of a migration; `index` is its place in the plan of a layout that has one.
    pub(super) fn of(layout: Layout, index: usize, migration: &Migration) -> Self {
        match (migration.kind, layout) {
            (MigrationKind::Repeatable, _) => Self { repeatable: true, ..Self::text(&migration.name) },
            // Both compare whole names, byte by byte.
            (MigrationKind::Versioned, Layout::Prisma | Layout::Dbmate) => Self::text(&migration.name),
            (MigrationKind::Versioned, Layout::Sqitch) => Self::number(&(index + 1).to_string()),
            (MigrationKind::Versioned, _) => Self::of_version(layout, &migration.version),
        }
    }

    /// Of a version whose file is gone. Sqitch's order is in its plan alone: there such a version comes before all others.
    pub(super) fn of_version(layout: Layout, version: &str) -> Self {
        match layout {
            Layout::Diesel | Layout::Prisma | Layout::Sqitch => Self::text(version),
            // What follows the number in nearly every name.
            Layout::Dbmate => Self::text(&format!("{version}_")),
            Layout::Flat | Layout::Embedded | Layout::Sqlx | Layout::GolangMigrate | Layout::Goose | Layout::Flyway => {
                Self::number(version)
            }
        }
    }

    fn text(text: &str) -> Self {
        Self { repeatable: false, numbers: Vec::new(), text: text.to_owned() }
    }

    /// Numbers by value, so that 10 comes after 9 and 1.10 after 1.9; `1.0` and `1` are the same.
    fn number(version: &str) -> Self {
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !version.split('.').all(digits) {
            return Self::text(version);
        }
        let part = |part: &str| {
            let digits = part.trim_start_matches('0');
            (digits.len(), digits.to_owned())
        };
        let mut numbers: Vec<_> = version.split('.').map(part).collect();
        while numbers.len() > 1 && numbers.last().is_some_and(|(digits, _)| *digits == 0) {
            numbers.pop();
        }
        Self { repeatable: false, numbers, text: String::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(layout: Layout, version: &str) -> Position {
        Position::of_version(layout, version)
    }

    #[test]
    fn numbers_are_compared_by_value_and_part_by_part() {
        assert!(at(Layout::Flat, "9") < at(Layout::Flat, "10"));
        assert_eq!(at(Layout::Flat, "01"), at(Layout::Flat, "1"));
        assert!(at(Layout::Flyway, "1.9") < at(Layout::Flyway, "1.10"));
        assert!(at(Layout::Flyway, "1.9.9") < at(Layout::Flyway, "2"));
        assert!(at(Layout::Flyway, "2") < at(Layout::Flyway, "2.0.1"));
        assert_eq!(at(Layout::Flyway, "2"), at(Layout::Flyway, "2.0"));
        assert_ne!(at(Layout::Flyway, "0"), at(Layout::Flyway, "0.1"));
    }

    #[test]
    fn texts_are_compared_as_their_tools_do() {
        assert!(at(Layout::Diesel, "9") > at(Layout::Diesel, "10"));
        assert!(at(Layout::Prisma, "9_a") > at(Layout::Prisma, "10_a"));
        assert!(at(Layout::Dbmate, "1") > at(Layout::Dbmate, "10"));
    }
}
