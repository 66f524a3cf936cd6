//! The server's version, as far as rules ask for it. Finding it out is left to the caller.

use plimsoll_core::db::Engine;

/// What is known of the server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Server {
    /// Whether it is MariaDB.
    pub(super) mariadb: bool,
    /// Its numbers, when they are known.
    numbers: Option<(u32, u32, u32)>,
}

impl Server {
    /// Reads what a server says of itself.
    pub(super) fn of(engine: Engine, text: Option<&str>) -> Self {
        let Some(text) = text else { return Self::default() };
        let mariadb = engine == Engine::Mysql && text.to_ascii_lowercase().contains("mariadb");
        // `PostgreSQL 15.4 on ..`, and what old clients are told: `5.5.5-10.11.6-MariaDB`.
        let text = text.strip_prefix("5.5.5-").unwrap_or(text);
        let start = text.find(|c: char| c.is_ascii_digit()).unwrap_or(text.len());
        let head = text[start..].split(|c: char| !c.is_ascii_digit() && c != '.').next().unwrap_or_default();
        let mut numbers = head.split('.').filter_map(|part| part.parse().ok());
        let numbers = numbers.next().map(|major| (major, numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)));
        Self { mariadb, numbers }
    }

    /// Whether it is known to be at least this version of MySQL or PostgreSQL.
    pub(super) fn is_at_least(&self, major: u32, minor: u32, patch: u32) -> bool {
        !self.mariadb && self.numbers.is_some_and(|numbers| numbers >= (major, minor, patch))
    }

    /// Whether it is known to be at least this version of MariaDB.
    pub(super) fn is_mariadb(&self, major: u32, minor: u32) -> bool {
        self.mariadb && self.numbers.is_some_and(|numbers| numbers >= (major, minor, 0))
    }

    /// Whether it is known to be older than this major version.
    pub(super) fn is_before(&self, major: u32) -> bool {
        self.numbers.is_some_and(|numbers| numbers.0 < major)
    }

    /// The version with dots.
    #[cfg(feature = "squawk")]
    pub(super) fn dotted(&self) -> Option<String> {
        self.numbers.map(|(major, minor, _)| format!("{major}.{minor}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_tell_their_version_in_their_own_ways() {
        let of = |engine, text| Server::of(engine, Some(text));
        assert!(of(Engine::Mysql, "5.5.5-10.11.6-MariaDB-1").is_mariadb(10, 11));
        assert!(of(Engine::Mysql, "8.0.36").is_at_least(8, 0, 29));
        assert!(!of(Engine::Mysql, "10.11.6-MariaDB").is_at_least(8, 0, 29));
        assert!(of(Engine::Postgres, "PostgreSQL 10.4 on x86_64").is_before(11));
        assert!(!Server::of(Engine::Postgres, None).is_before(11));
    }
}
