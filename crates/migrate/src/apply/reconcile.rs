//! Decides from the catalogue whether the statement that a run was killed in happened. What there is to compare is
//! `observe`'s; acting on the verdict is `stepwise`'s.

use std::collections::BTreeSet;
use std::path::Path;

use plimsoll_core::db::{Db, DbError, Engine};

use super::build;
use super::effect;
use super::inflight;
use super::manner::{Manner, manner};
use super::observe::{self, Things};
use crate::checksum;
use crate::journal::Intent;
use crate::split::{Statement, split};

/// What has to be done about a statement in flight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It happened; this says so.
    Landed(String),
    /// It did not happen, or doing it again is the same.
    Run,
    /// It happened in part; this text does the rest.
    Finish(String),
    /// These indexes are unfinished and of no use; then it has to be run.
    Rebuild(Vec<String>),
    /// Nothing tells; why.
    Undecided(String),
}

/// Waits until nobody works on the statement any more, looks, and decides. `statement` is what the file has in its place by
/// now.
pub(super) fn settle(
    db: &mut dyn Db,
    statement: Option<&Statement>,
    intent: &Intent,
    waiting: &mut dyn FnMut(),
) -> Result<Verdict, DbError> {
    let engine = db.engine();
    if let Some(session) = &intent.session {
        inflight::await_end(db, session, waiting)?;
    }
    // What the killed run did counts, and not what the file may say by now.
    let old = split(engine, Path::new("intent"), &intent.sql).ok().and_then(|statements| statements.into_iter().next());
    let Some(old) = old.as_ref().or(statement) else {
        return Ok(Verdict::Undecided("its text cannot be read any more".to_owned()));
    };
    let now = observe::observe(db, old)?;
    let verdict = match (engine, manner(engine, old)) {
        (_, Manner::Together | Manner::Unknown) => Ok(untold(intent)),
        (_, Manner::Repeatable | Manner::Control) | (Engine::Sqlite, Manner::Catalogue) => Ok(Verdict::Run),
        (Engine::Postgres, Manner::Catalogue) => postgres(db, old, &intent.before, &now),
        (Engine::Mysql, Manner::Catalogue) => Ok(mysql(old, &intent.before, &now)),
    }?;
    Ok(match verdict {
        Verdict::Landed(_) | Verdict::Finish(_) if !statement.is_some_and(|statement| means(old, statement)) => {
            Verdict::Undecided("it happened, and the file says something else by now: put back what it said".to_owned())
        }
        verdict => verdict,
    })
}

/// Whether two statements differ in nothing but line ends, comments and white space.
fn means(old: &Statement, statement: &Statement) -> bool {
    let sum = |statement: &Statement| checksum::lexical(std::slice::from_ref(statement));
    sum(old) == sum(statement)
}

/// Of a statement that may do anything: nothing of it is there unless something was committed inside of its transaction.
fn untold(intent: &Intent) -> Verdict {
    match intent.transaction {
        Some(false) => Verdict::Run,
        Some(true) => Verdict::Undecided("it committed something by itself before the run was killed".to_owned()),
        None => Verdict::Undecided("the run was killed while it was at work, outside of a transaction".to_owned()),
    }
}

fn postgres(db: &mut dyn Db, old: &Statement, before: &Things, now: &Things) -> Result<Verdict, DbError> {
    if let Some(build) = build::concurrent(old) {
        let built = now.iter().find(|(name, state)| {
            let wanted = build.name.as_ref().is_none_or(|wanted| is_named(name, wanted));
            wanted && state.starts_with("true") && before.get(*name).is_none_or(|state| state.starts_with("false"))
        });
        return Ok(match built {
            Some((name, _)) => Verdict::Landed(format!("{name} is there and ready")),
            None => Verdict::Rebuild(build::unfinished_since(db, &build, before)?),
        });
    }
    if old.words().first().is_some_and(|word| word == "DROP") {
        return Ok(match before.keys().next().filter(|_| now.is_empty()) {
            Some(name) => Verdict::Landed(format!("{name} is gone")),
            None => Verdict::Run,
        });
    }
    if build::detached(old).is_some() {
        return Ok(match now.values().next().map(String::as_str) {
            None => Verdict::Landed("the partition is detached".to_owned()),
            Some("true") => Verdict::Finish(finalize(&old.text)),
            Some(_) => Verdict::Run,
        });
    }
    Ok(if before == now { Verdict::Run } else { Verdict::Landed(difference(before, now)) })
}

/// Keys are `index name`, with schema and quotes where the name needs them.
fn is_named(key: &str, wanted: &str) -> bool {
    let name = key.trim_start_matches("index ");
    let quoted = format!("\"{}\"", wanted.replace('"', "\"\""));
    [wanted, quoted.as_str()].iter().any(|wanted| name == *wanted || name.ends_with(&format!(".{wanted}")))
}

fn finalize(text: &str) -> String {
    let end = text.to_ascii_lowercase().rfind("concurrently").unwrap_or(text.len());
    format!("{}FINALIZE", &text[..end])
}

/// Each statement of DDL happens as a whole or not at all, with the exceptions told here.
fn mysql(old: &Statement, before: &Things, now: &Things) -> Verdict {
    let words = old.words();
    let has = |wanted: &str| words.iter().any(|word| word == wanted);
    let first = words.first().map_or("", String::as_str);
    if first == "RENAME" {
        return renamed(old, before, now);
    }
    if before == now {
        // These change what no definition shows; anything else that changes no definition can be done again.
        let hidden = ["EXCHANGE", "DISCARD", "IMPORT"].into_iter().find(|word| first == "ALTER" && has(word));
        return match hidden {
            Some(word) => Verdict::Undecided(format!("`{word}` leaves no trace in the catalogue")),
            None => Verdict::Run,
        };
    }
    let whole = matches!(words.get(1).map(String::as_str), Some("TABLE" | "VIEW" | "TABLES" | "SEQUENCE"));
    if first == "DROP" && whole && before.len() > 1 && !now.is_empty() {
        // Several tables are dropped one after the other.
        return if has("EXISTS") { Verdict::Run } else { Verdict::Finish(with_if_exists(old)) };
    }
    // Somebody else may have changed the same thing since.
    match effect::missing(old, now) {
        Some(what) => Verdict::Undecided(format!("something has changed since, but not as it says: {what}")),
        None => Verdict::Landed(difference(before, now)),
    }
}

/// `RENAME TABLE a TO b, ..` is followed in thought: the names before, after it, have to be those of now.
fn renamed(old: &Statement, before: &Things, now: &Things) -> Verdict {
    let mut expected = before.clone();
    let list: Vec<Vec<String>> = pairs(old);
    for pair in &list {
        let [from, to] = pair.as_slice() else { continue };
        if let Some(definition) = expected.remove(&format!("table {from}")) {
            expected.insert(format!("table {to}"), definition);
        }
    }
    let names = |things: &Things| things.keys().cloned().collect::<BTreeSet<_>>();
    if &expected == before && before == now && !before.is_empty() {
        return Verdict::Undecided("tables of the same definition take each other's names".to_owned());
    }
    if before == now {
        return Verdict::Run;
    }
    if &expected == now || (names(&expected) == names(now) && names(before) != names(now)) {
        return Verdict::Landed(difference(before, now));
    }
    Verdict::Undecided("only some of the tables have their new names".to_owned())
}

/// The names on both sides of every `TO`.
fn pairs(statement: &Statement) -> Vec<Vec<String>> {
    let tokens: Vec<&str> = statement.tokens.iter().map(|token| statement.text_of(token)).collect();
    let plain = |text: &str| match text.strip_prefix('`').and_then(|text| text.strip_suffix('`')) {
        Some(inner) => inner.replace("``", "`"),
        None => text.to_owned(),
    };
    let pair = |(at, text): (usize, &&str)| {
        let to = text.eq_ignore_ascii_case("to");
        to.then(|| {
            [at.checked_sub(1), Some(at + 1)]
                .into_iter()
                .flatten()
                .filter_map(|at| tokens.get(at))
                .map(|text| plain(text))
                .collect()
        })
    };
    tokens.iter().enumerate().filter_map(pair).collect()
}

fn with_if_exists(statement: &Statement) -> String {
    // `DROP TABLE`: the second word is where it belongs.
    let at = statement.tokens.get(1).map_or(0, |token| token.end);
    format!("{} IF EXISTS{}", &statement.text[..at], &statement.text[at..])
}

fn difference(before: &Things, now: &Things) -> String {
    let names: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    let changed = names.into_iter().filter_map(|name| {
        let how = match (before.get(name), now.get(name)) {
            (Some(_), None) => "is gone",
            (None, Some(_)) => "is there",
            (before, now) if before != now => "has changed",
            _ => return None,
        };
        Some(format!("{name} {how}"))
    });
    changed.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(engine: Engine, sql: &str) -> Statement {
        split(engine, Path::new("m.sql"), sql).expect("splits").remove(0)
    }

    fn things(list: &[(&str, &str)]) -> Things {
        list.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    fn verdict(sql: &str, before: &[(&str, &str)], now: &[(&str, &str)]) -> Verdict {
        mysql(&statement(Engine::Mysql, sql), &things(before), &things(now))
    }

    #[test]
    fn a_definition_that_changed_is_proof_and_one_that_did_not_can_be_made_again() {
        let (one, two) = ([("table a", "`x` int")], [("table a", "`x` bigint")]);
        assert_eq!(verdict("ALTER TABLE a MODIFY x BIGINT", &one, &one), Verdict::Run);
        assert_eq!(
            verdict("ALTER TABLE a MODIFY x BIGINT", &one, &two),
            Verdict::Landed("table a has changed".to_owned())
        );
        // The table of the same name that an earlier statement of the script dropped is not in the way.
        assert_eq!(verdict("CREATE TABLE a (x INT)", &[], &[]), Verdict::Run);
        assert_eq!(verdict("CREATE TABLE a (x INT)", &[], &one), Verdict::Landed("table a is there".to_owned()));
        // Another change than the statement's is no proof of it.
        assert!(matches!(verdict("ALTER TABLE a ADD COLUMN y INT", &one, &two), Verdict::Undecided(_)));
    }

    #[test]
    fn what_no_definition_shows_is_left_to_a_person() {
        let same = [("table a", "x"), ("table b", "x")];
        let exchange = "ALTER TABLE a EXCHANGE PARTITION p WITH TABLE b";
        assert!(matches!(verdict(exchange, &same, &same), Verdict::Undecided(_)));
        let swap = "RENAME TABLE a TO tmp, b TO a, tmp TO b";
        assert!(matches!(verdict(swap, &same, &same), Verdict::Undecided(_)));
    }

    #[test]
    fn tables_that_swap_names_are_told_apart_by_their_definitions() {
        let (before, after) = ([("table a", "x"), ("table b", "y")], [("table a", "y"), ("table b", "x")]);
        let swap = "RENAME TABLE a TO tmp, `b` TO a, tmp TO b";
        assert_eq!(verdict(swap, &before, &before), Verdict::Run);
        assert!(matches!(verdict(swap, &before, &after), Verdict::Landed(_)));
        let half = [("table tmp", "x"), ("table b", "y")];
        assert!(matches!(verdict(swap, &before, &half), Verdict::Undecided(_)));
    }

    #[test]
    fn the_rest_of_several_tables_is_dropped() {
        let (both, one) = ([("table a", "x"), ("table b", "x")], [("table b", "x")]);
        assert_eq!(verdict("DROP TABLE a, b", &both, &one), Verdict::Finish("DROP TABLE IF EXISTS a, b".to_owned()));
        assert_eq!(verdict("DROP TABLE IF EXISTS a, b", &both, &one), Verdict::Run);
        assert!(matches!(verdict("DROP TABLE a, b", &both, &[]), Verdict::Landed(_)));
    }

    #[test]
    fn a_call_is_run_again_unless_it_committed_something() {
        let intent = |transaction| Intent {
            statement: 0,
            sql: String::new(),
            session: None,
            before: Things::new(),
            transaction,
        };
        assert_eq!(untold(&intent(Some(false))), Verdict::Run);
        assert!(matches!(untold(&intent(Some(true))), Verdict::Undecided(_)));
        assert!(matches!(untold(&intent(None)), Verdict::Undecided(_)));
    }

    #[test]
    fn a_statement_with_other_line_ends_is_still_the_same() {
        let one = statement(Engine::Mysql, "ALTER TABLE a\n  ADD COLUMN b INT");
        assert!(means(&one, &statement(Engine::Mysql, "ALTER TABLE a\r\n  ADD COLUMN b INT -- new")));
        assert!(!means(&one, &statement(Engine::Mysql, "ALTER TABLE a\n  ADD COLUMN c INT")));
    }

    #[test]
    fn names_of_indexes_are_found_with_schema_and_quotes() {
        assert!(is_named("index app.\"I x\"", "I x") && is_named("index i", "i"));
        assert!(!is_named("index xi", "i"));
    }
}
