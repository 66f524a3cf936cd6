//! What squawk knows of PostgreSQL's grammar: statements that do not parse, names that are cut, and rules that one statement alone
//! decides. What depends on other statements or files is left to `check`.

use squawk_linter::{Linter, LinterSettings, Rule as Theirs, Version};
use squawk_syntax::SourceFile;

use super::LintOptions;
use super::file::File;
use super::report::Unclassified;
use super::rule::Rule;
use super::scene::Hits;
use super::server::Server;
use crate::operation::{Operation, Span};

/// Rules that are asked for in any statement.
const ALWAYS: [(Theirs, Rule); 6] = [
    (Theirs::IdentifierTooLong, Rule::LongIdentifier),
    (Theirs::RequireTableSchema, Rule::RequireTableSchema),
    (Theirs::PreferIdentity, Rule::PreferIdentity),
    (Theirs::PreferTextField, Rule::PreferText),
    (Theirs::BanCharField, Rule::PreferText),
    (Theirs::PreferTimestampTz, Rule::PreferTimestamptz),
];

/// Rules that are asked for in statements of which the operations tell nothing: better their answer than none.
const INSTEAD: [(Theirs, Rule); 18] = [
    (Theirs::RequireConcurrentIndexCreation, Rule::IndexNotConcurrent),
    (Theirs::RequireConcurrentIndexDeletion, Rule::DropIndexNotConcurrent),
    (Theirs::RequireConcurrentReindex, Rule::ReindexNotConcurrent),
    (Theirs::RequireConcurrentPartitionDetach, Rule::DetachNotConcurrent),
    (Theirs::ConstraintMissingNotValid, Rule::CheckNotValid),
    (Theirs::AddingFieldWithDefault, Rule::VolatileDefault),
    (Theirs::AddingForeignKeyConstraint, Rule::ForeignKeyNotValid),
    (Theirs::AddingNotNullableField, Rule::SetNotNull),
    (Theirs::AddingRequiredField, Rule::RequiredField),
    (Theirs::ChangingColumnType, Rule::AlterTypeRewrite),
    (Theirs::RenamingColumn, Rule::RenameColumn),
    (Theirs::RenamingTable, Rule::RenameTable),
    (Theirs::DisallowedUniqueConstraint, Rule::AddUniqueConstraint),
    (Theirs::BanDropDatabase, Rule::DropDatabase),
    (Theirs::BanDropTable, Rule::DropTable),
    (Theirs::BanDropColumn, Rule::DropColumn),
    (Theirs::BanDropNotNull, Rule::DropNotNull),
    (Theirs::BanTruncateCascade, Rule::TruncateCascade),
];

/// Adds to the hits of a file, and gives the statements that squawk cannot parse.
pub(super) fn file(file: &File<'_>, server: &Server, options: &LintOptions, hits: &mut Hits) -> Vec<Unclassified> {
    let mut problems = Vec::new();
    for (at, statement) in file.statements.iter().enumerate() {
        // By itself, so that places are the statement's and no comment around it counts.
        let parsed = SourceFile::parse(&statement.text);
        let unknown =
            file.operations[at].iter().any(|placed| matches!(placed.operation, Operation::Unclassified { .. }));
        if let Some(error) = parsed.errors().first().filter(|_| !unknown) {
            let start = usize::from(error.range().start()).min(statement.text.len());
            let span = Span { start, end: usize::from(error.range().end()).clamp(start, statement.text.len()) };
            problems.push(Unclassified {
                migration: file.migration.name.clone(),
                location: file.location(at, span),
                statement: at + 1,
                what: format!("PostgreSQL's grammar has no place for it: {}", error.message().trim_end_matches('.')),
                accepted: None,
            });
        }
        if file.operations[at].iter().all(|placed| is_about_rows(&placed.operation)) {
            continue;
        }
        let asked = |(_, ours): &&(Theirs, Rule)| !ours.info().opt_in || options.opt_in.contains(ours);
        let mut rules: Vec<_> = ALWAYS.iter().filter(asked).collect();
        if unknown {
            rules.extend(&INSTEAD);
        }
        let mut linter = Linter::from(rules.iter().map(|(theirs, _)| *theirs));
        linter.settings = LinterSettings { pg_version: version(server), assume_in_transaction: file.transactional };
        for violation in linter.lint(&parsed, &statement.text) {
            let Some((_, ours)) = rules.iter().find(|(theirs, _)| *theirs == violation.code) else { continue };
            let start = usize::from(violation.text_range.start());
            hits.at = Some(at);
            // They end no sentence with a mark that ours would not have.
            let message = violation.message.trim_end_matches('.').to_owned();
            hits.push(*ours, Span { start, end: usize::from(violation.text_range.end()) }, message, None);
        }
    }
    problems
}

fn version(server: &Server) -> Version {
    server.dotted().and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// Statements that make no names and no types; files can have very many of them.
fn is_about_rows(operation: &Operation) -> bool {
    matches!(
        operation,
        Operation::Insert { .. }
            | Operation::Update { .. }
            | Operation::Delete { .. }
            | Operation::Merge { .. }
            | Operation::Set { .. }
    )
}
