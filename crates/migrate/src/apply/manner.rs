//! In which manner each statement of a stepwise migration is run, so that a kill at any moment can be judged later. Running
//! it is `stepwise`'s, judging `reconcile`'s.

use plimsoll_core::db::Engine;

use crate::classify;
use crate::split::Statement;

/// How a statement is run, and what a run after a kill can know about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// In one transaction with its entry: both are there or neither is.
    Together,
    /// Doing it twice is the same as doing it once.
    Repeatable,
    /// The engine would not undo it, and the catalogue shows whether it happened.
    Catalogue,
    /// It may do anything, commit included.
    Unknown,
    /// It begins or ends a transaction of the script's own.
    Control,
}

/// The manner of a statement by its leading words. What is not known is [`Manner::Unknown`], where engines commit by
/// themselves, and takes part in a transaction where they do not.
pub(super) fn manner(engine: Engine, statement: &Statement) -> Manner {
    let words = statement.words();
    let first = words.first().map_or("", String::as_str);
    if classify::controls_transaction(engine, statement) {
        return Manner::Control;
    }
    match engine {
        Engine::Sqlite if matches!(first, "PRAGMA" | "VACUUM" | "ATTACH" | "DETACH") => Manner::Repeatable,
        Engine::Sqlite => Manner::Together,
        Engine::Postgres => postgres(first, &words, statement),
        Engine::Mysql => mysql(first, &words),
    }
}

fn postgres(first: &str, words: &[String], statement: &Statement) -> Manner {
    let session = ["SET", "RESET", "DISCARD", "DEALLOCATE", "PREPARE", "LISTEN", "UNLISTEN", "LOAD", "SHOW"];
    match first {
        "CALL" | "DO" => Manner::Unknown,
        _ if session.contains(&first) => Manner::Repeatable,
        "CHECKPOINT" => Manner::Repeatable,
        _ if !classify::refuses_transaction(Engine::Postgres, statement) => Manner::Together,
        "VACUUM" | "REINDEX" | "CLUSTER" => Manner::Repeatable,
        "ALTER" if words.get(1).is_some_and(|second| second == "SYSTEM") => Manner::Repeatable,
        _ => Manner::Catalogue,
    }
}

fn mysql(first: &str, words: &[String]) -> Manner {
    let rows =
        ["INSERT", "UPDATE", "DELETE", "REPLACE", "WITH", "LOAD", "SELECT", "VALUES", "TABLE", "DO", "SAVEPOINT"];
    let again = [
        "TRUNCATE",
        "ANALYZE",
        "OPTIMIZE",
        "CHECK",
        "REPAIR",
        "FLUSH",
        "GRANT",
        "SET",
        "USE",
        "RESET",
        "LOCK",
        "UNLOCK",
        "SHOW",
        "DESC",
        "DESCRIBE",
        "EXPLAIN",
        "PREPARE",
        "DEALLOCATE",
    ];
    let accounts = ["USER", "ROLE", "SERVER", "INSTANCE", "LOGFILE", "RESOURCE"];
    let has = |names: &[&str]| words.iter().skip(1).take(3).any(|word| names.contains(&word.as_str()));
    match first {
        _ if rows.contains(&first) => Manner::Together,
        _ if again.contains(&first) => Manner::Repeatable,
        // These are gone with the session, and commit nothing.
        "CREATE" | "DROP" if words.iter().take(4).any(|word| word == "TEMPORARY") => Manner::Together,
        "CREATE" | "ALTER" | "DROP" | "RENAME" if !has(&accounts) => Manner::Catalogue,
        "ROLLBACK" | "RELEASE" => Manner::Together,
        _ => Manner::Unknown,
    }
}

/// Follows the transactions that a script begins and ends by itself.
#[derive(Debug, Clone)]
pub(super) struct Tracker {
    engine: Engine,
    /// Where the open transaction began.
    began: Option<usize>,
    /// After `SET autocommit = 0` there is always one.
    implicit: bool,
}

impl Tracker {
    pub(super) fn new(engine: Engine) -> Self {
        Self { engine, began: None, implicit: false }
    }

    /// The statement that began the open transaction.
    pub(super) fn began(&self) -> Option<usize> {
        self.began
    }

    /// Takes notice of a statement that was run.
    pub(super) fn follow(&mut self, index: usize, statement: &Statement) {
        let words = statement.words();
        match manner(self.engine, statement) {
            Manner::Control if begins(&words) => self.began = Some(index),
            Manner::Control => self.began = self.implicit.then_some(index + 1),
            // It has committed what was open.
            Manner::Catalogue if self.engine == Engine::Mysql => self.began = self.implicit.then_some(index + 1),
            _ => {}
        }
        if let Some(on) = autocommit(self.engine, statement) {
            self.implicit = !on;
            self.began = self.implicit.then_some(index + 1);
        }
    }

    /// Takes notice of what an earlier run did. Its transactions are over, what it had set was set again.
    pub(super) fn resume(&mut self, done: &[Statement]) {
        for (index, statement) in done.iter().enumerate() {
            self.follow(index, statement);
        }
        self.began = self.implicit.then_some(done.len());
    }

    /// The transaction is over without the script's doing.
    pub(super) fn reset(&mut self) {
        self.began = None;
    }
}

/// Whether a script has transactions of its own.
pub(super) fn has_own_transaction(engine: Engine, statements: &[Statement]) -> bool {
    statements
        .iter()
        .any(|statement| manner(engine, statement) == Manner::Control || autocommit(engine, statement) == Some(false))
}

/// The statement that begins a transaction which the script never ends.
pub(super) fn left_open(engine: Engine, statements: &[Statement]) -> Option<usize> {
    let mut tracker = Tracker::new(engine);
    for (index, statement) in statements.iter().enumerate() {
        tracker.follow(index, statement);
    }
    // Without autocommit, what comes after the last COMMIT is committed with the history's own entry.
    tracker.began.filter(|_| !tracker.implicit)
}

/// Whether the statement takes back what the transaction did.
pub(super) fn rolls_back(statement: &Statement) -> bool {
    matches!(statement.words().first().map(String::as_str), Some("ROLLBACK" | "ABORT"))
}

fn begins(words: &[String]) -> bool {
    matches!(words.first().map(String::as_str), Some("BEGIN" | "START"))
}

fn autocommit(engine: Engine, statement: &Statement) -> Option<bool> {
    let words = statement.words();
    let sets = engine == Engine::Mysql && words.first().is_some_and(|word| word == "SET");
    let at = words.iter().position(|word| word == "AUTOCOMMIT").filter(|_| sets)?;
    let value = words[at + 1..].iter().find(|word| *word != "TO")?;
    Some(!matches!(value.as_str(), "0" | "OFF" | "FALSE"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::split::split;

    fn of(engine: Engine, sql: &str) -> Manner {
        manner(engine, &split(engine, "m.sql".as_ref(), sql).expect("splits")[0])
    }

    fn open(engine: Engine, sql: &str) -> Option<usize> {
        left_open(engine, &split(engine, "m.sql".as_ref(), sql).expect("splits"))
    }

    #[test]
    fn what_commits_by_itself_is_never_put_into_a_transaction_with_its_entry() {
        for (sql, expected) in [
            ("ALTER TABLE a ADD COLUMN b INT", Manner::Catalogue),
            ("/*!50003 CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET NEW.b = 1 */", Manner::Catalogue),
            ("CREATE OR REPLACE VIEW v AS SELECT 1", Manner::Catalogue),
            ("CREATE TEMPORARY TABLE t (a INT)", Manner::Together),
            ("CREATE USER u", Manner::Unknown),
            ("UPDATE a SET b = 1", Manner::Together),
            ("TRUNCATE a", Manner::Repeatable),
            ("CALL p()", Manner::Unknown),
            ("BEGIN NOT ATOMIC SELECT 1; END", Manner::Unknown),
            ("START TRANSACTION", Manner::Control),
        ] {
            assert_eq!(of(Engine::Mysql, sql), expected, "{sql}");
        }
    }

    #[test]
    fn postgres_shares_transactions_with_all_but_a_few() {
        for (sql, expected) in [
            ("CREATE INDEX CONCURRENTLY i ON a (b)", Manner::Catalogue),
            ("DROP INDEX CONCURRENTLY i", Manner::Catalogue),
            ("REINDEX TABLE CONCURRENTLY a", Manner::Repeatable),
            ("REFRESH MATERIALIZED VIEW m", Manner::Together),
            ("COPY a FROM '/x'", Manner::Together),
            ("VACUUM a", Manner::Repeatable),
            ("DO $$ BEGIN COMMIT; END $$", Manner::Unknown),
        ] {
            assert_eq!(of(Engine::Postgres, sql), expected, "{sql}");
        }
    }

    #[test]
    fn a_transaction_that_a_script_never_ends_is_found() {
        assert_eq!(open(Engine::Postgres, "SELECT 1; BEGIN; SELECT 2"), Some(1));
        assert_eq!(open(Engine::Postgres, "BEGIN; SELECT 2; COMMIT"), None);
        assert_eq!(open(Engine::Mysql, "START TRANSACTION; CREATE TABLE a (b INT)"), None);
        assert_eq!(open(Engine::Mysql, "SET autocommit = 0; INSERT INTO a VALUES (1); COMMIT"), None);
        assert_eq!(open(Engine::Sqlite, "BEGIN IMMEDIATE; SELECT 1"), Some(0));
    }
}
