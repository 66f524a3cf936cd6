//! How statements stand to transactions: begun by hand, refused inside, without effect there, or left half done. Rows are `rows`'s.

use plimsoll_core::db::Engine;

use crate::lexer::TokenKind;
use crate::lint::rule::Rule;
use crate::lint::scene::{Hits, Scene, is_off};
use crate::operation::{AlterAction, Operation, Placed, Transaction};

/// Pragmas that a transaction turns into nothing, or refuses.
const INERT: [&str; 5] = ["foreign_keys", "journal_mode", "synchronous", "page_size", "auto_vacuum"];

pub(in crate::lint) fn check(scene: &Scene<'_>, hits: &mut Hits) {
    for placed in scene.operations() {
        match &placed.operation {
            Operation::Transaction(found) => own_transaction(scene, placed, *found, hits),
            Operation::Pragma { name, value: Some(_) } if scene.in_transaction() && INERT.contains(&name.as_str()) => {
                let message =
                    format!("`{name}` cannot be changed inside of a transaction: SQLite ignores or refuses it");
                let instead = format!(
                    "begin the file with `-- plimsoll: no-transaction`, and set {name} outside of BEGIN and COMMIT"
                );
                hits.push(Rule::PragmaInTransaction, placed.span, message, Some(instead));
            }
            Operation::Set { name, value: Some(value), .. } if name.ends_with("autocommit") && is_off(value) => {
                let commits = |operation: &Operation| matches!(operation, Operation::Transaction(Transaction::Commit));
                let ended = scene.all().any(|(at, operation)| at > scene.at && commits(operation));
                if scene.engine == Engine::Mysql && !ended {
                    never_ended(placed, hits);
                }
            }
            operation => {
                if scene.engine == Engine::Postgres && scene.in_transaction() && refuses(operation) {
                    let message = "PostgreSQL refuses to run it inside of a transaction".to_owned();
                    hits.push(
                        Rule::ConcurrentInTransaction,
                        placed.span,
                        message,
                        Some("a file of its own, that begins with `-- plimsoll: no-transaction`".to_owned()),
                    );
                }
                not_rerunnable(scene, placed, hits);
            }
        }
    }
    new_enum_value(scene, hits);
    long_names(scene, hits);
}

fn refuses(operation: &Operation) -> bool {
    match operation {
        Operation::CreateIndex { index, .. } => index.concurrently,
        Operation::DropIndex { concurrently, .. } | Operation::Reindex { concurrently, .. } => *concurrently,
        Operation::AlterTable { action: AlterAction::DetachPartition { concurrently, .. }, .. } => *concurrently,
        _ => false,
    }
}

fn own_transaction(scene: &Scene<'_>, placed: &Placed, found: Transaction, hits: &mut Hits) {
    let ends = matches!(found, Transaction::Commit | Transaction::Rollback | Transaction::Prepare);
    if !ends && found != Transaction::Begin {
        return;
    }
    let word = scene.statement().words().into_iter().next().unwrap_or_default();
    match scene.engine {
        Engine::Postgres | Engine::Sqlite if scene.file.transactional => {
            let message = format!("`{word}` in a file that runs in a transaction already");
            hits.push(Rule::TransactionInFile, placed.span, message, Some(format!("the file without `{word}`")));
        }
        Engine::Postgres | Engine::Sqlite => {
            let closed = scene.all().any(|(at, operation)| {
                at > scene.at
                    && matches!(
                        operation,
                        Operation::Transaction(Transaction::Commit | Transaction::Rollback | Transaction::Prepare)
                    )
            });
            if found == Transaction::Begin && !closed {
                never_ended(placed, hits);
            }
        }
        Engine::Mysql if found == Transaction::Begin => {
            let ddl = |operation: &Operation| {
                !matches!(
                    operation,
                    Operation::Insert { .. }
                        | Operation::Update { .. }
                        | Operation::Delete { .. }
                        | Operation::Merge { .. }
                        | Operation::Select { .. }
                        | Operation::Set { .. }
                        | Operation::Transaction(_)
                )
            };
            let ended = scene.all().any(|(at, operation)| {
                at > scene.at
                    && matches!(operation, Operation::Transaction(Transaction::Commit | Transaction::Rollback))
            });
            if !ended {
                never_ended(placed, hits);
            }
            let inside = scene.all().skip_while(|(at, _)| *at <= scene.at);
            let mut inside = inside.take_while(|(_, operation)| {
                !matches!(operation, Operation::Transaction(Transaction::Commit | Transaction::Rollback))
            });
            if inside.any(|(_, operation)| ddl(operation)) {
                let message =
                    "changes of the schema commit by themselves: this transaction does not keep them together"
                        .to_owned();
                hits.push(Rule::TransactionInFile, placed.span, message, None);
            }
        }
        Engine::Mysql => {}
    }
}

fn never_ended(placed: &Placed, hits: &mut Hits) {
    let message = "the transaction is begun and never ended: what follows is lost".to_owned();
    hits.push(Rule::TransactionInFile, placed.span, message, Some("`COMMIT` at the end".to_owned()));
}

/// A value of an enum that the same transaction has added.
fn new_enum_value(scene: &Scene<'_>, hits: &mut Hits) {
    if !scene.in_transaction() || scene.progress.new_values.is_empty() {
        return;
    }
    if scene
        .operations()
        .iter()
        .any(|placed| matches!(placed.operation, Operation::AddEnumValue { .. } | Operation::RenameEnumValue { .. }))
    {
        return;
    }
    let literal = scene.statement().tokens.iter().find(|token| {
        token.kind == TokenKind::Literal
            && scene
                .progress
                .new_values
                .iter()
                .any(|value| scene.statement().text_of(token).trim_matches('\'').replace("''", "'") == *value)
    });
    if let Some(token) = literal {
        let span = crate::operation::Span { start: token.start, end: token.end };
        let message = format!(
            "the enum's new value {} cannot be used before the transaction that adds it has ended",
            scene.text(span)
        );
        hits.push(
            Rule::EnumValueUsedInSameTransaction,
            span,
            message,
            Some("this statement in a later migration".to_owned()),
        );
    }
}

/// MySQL refuses names that are too long; for PostgreSQL squawk finds them.
fn long_names(scene: &Scene<'_>, hits: &mut Hits) {
    if scene.engine != Engine::Mysql {
        return;
    }
    let defines =
        scene.statement().words().first().is_some_and(|word| matches!(word.as_str(), "CREATE" | "ALTER" | "RENAME"));
    for token in scene.statement().tokens.iter().filter(|_| defines) {
        let piece = scene.statement().text_of(token);
        let quoted = token.kind == TokenKind::Quoted;
        let name = if quoted { piece.trim_matches(['`', '"']) } else { piece };
        if (quoted || token.kind == TokenKind::Word) && name.chars().count() > 64 {
            let span = crate::operation::Span { start: token.start, end: token.end };
            let message = format!("the name has {} characters, MySQL takes 64", name.chars().count());
            hits.push(Rule::LongIdentifier, span, message, None);
        }
    }
}

/// A statement that cannot be run twice, in a file of several that are applied one by one.
fn not_rerunnable(scene: &Scene<'_>, placed: &Placed, hits: &mut Hits) {
    let one_by_one = match scene.engine {
        Engine::Postgres => !scene.in_transaction(),
        Engine::Mysql => true,
        Engine::Sqlite => false,
    };
    // A concurrent build that fails leaves something behind, even alone.
    if !one_by_one || (scene.file.statements.len() < 2 && !refuses(&placed.operation)) {
        return;
    }
    let postgres = scene.engine == Engine::Postgres;
    // MySQL has no such words there, MariaDB has.
    let guarded = postgres || !scene.server.is_at_least(5, 0, 0);
    let (missing, guard) = match &placed.operation {
        Operation::CreateTable(create) => {
            (!create.if_not_exists && !create.or_replace && !create.temporary, "IF NOT EXISTS")
        }
        Operation::CreateIndex { index, .. } => (postgres && !index.if_not_exists, "IF NOT EXISTS"),
        Operation::DropTable { if_exists, temporary, .. } => (!if_exists && !temporary, "IF EXISTS"),
        Operation::DropIndex { if_exists, .. } => (postgres && !if_exists, "IF EXISTS"),
        Operation::AlterTable { action: AlterAction::AddColumn { if_not_exists, .. }, .. } => {
            (guarded && !if_not_exists, "IF NOT EXISTS")
        }
        Operation::AlterTable { action: AlterAction::DropColumn { if_exists, .. }, .. } => {
            (guarded && !if_exists, "IF EXISTS")
        }
        _ => return,
    };
    if missing {
        let message =
            "if a later statement fails, this one is there already and cannot be run again by hand".to_owned();
        hits.push(Rule::NotRerunnable, placed.span, message, Some(format!("{guard}, or a file of its own")));
    }
}
