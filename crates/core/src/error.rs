//! The stable error codes of the whole product and what each exits with. Causes and remedies are the command line's.

use crate::{Exit, Location};

/// An error that carries a stable code, and a place in a file where there is one.
pub trait Coded: std::error::Error {
    /// The stable code, for documentation and scripts.
    fn code(&self) -> ErrorCode;

    /// Where in the user's files the error is, if it is in one.
    fn location(&self) -> Option<&Location> {
        None
    }

    /// The single problems this error stands for, when loading or planning collected several; none when it is one itself.
    fn parts(&self) -> Vec<&dyn Coded> {
        Vec::new()
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal => $exit:ident,)*) => {
        /// Every way an operation can fail, named once; the text form (`migrate::failed`) never changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorCode { $($(#[$doc])* $name,)* }

        impl ErrorCode {
            /// All codes, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable text form.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// What the process exits with when this error ends it.
            #[must_use]
            pub fn exit(self) -> Exit {
                match self { $(Self::$name => Exit::$exit,)* }
            }
        }
    };
}

codes! {
    /// A file the project names cannot be read.
    FileUnreadable = "project::file_unreadable" => Usage,
    /// A file or folder could not be written.
    FileUnwritable = "project::file_unwritable" => Unexpected,
    /// No `plimsoll.toml` where the project should be.
    ProjectMissing = "project::missing" => Usage,
    /// A file does not parse.
    Syntax = "project::syntax" => Usage,
    /// A key nobody knows, usually a misspelling.
    UnknownKey = "project::unknown_key" => Usage,
    /// A key that is understood, with a value that is not.
    InvalidValue = "project::invalid_value" => Usage,
    /// The named environment has no file.
    EnvironmentUnknown = "project::environment_unknown" => Usage,
    /// Required variables have no value.
    VariablesMissing = "env::missing" => Usage,
    /// Variables have values of the wrong type, or outside the allowed ones.
    VariablesInvalid = "env::invalid" => Usage,
    /// A `--set` name or an environment file's variable is not in the contract.
    VariableUnknown = "env::unknown" => Usage,
    /// A template or an expression does not compile or cannot be evaluated.
    Template = "project::template" => Usage,
    /// The database belongs to another environment.
    EnvironmentMismatch = "env::other_environment" => GateRefused,
    /// The database URL is not one Plimsoll understands.
    UrlInvalid = "db::url_invalid" => Usage,
    /// The engine of the URL is not compiled into this binary.
    BackendMissing = "db::backend_missing" => Usage,
    /// The database could not be reached or refused the login.
    DatabaseUnreachable = "db::unreachable" => CouldNotMeasure,
    /// Nobody listens where the database should be.
    DatabaseRefused = "db::connection_refused" => CouldNotMeasure,
    /// The host of the URL has no address.
    DatabaseHost = "db::host_unknown" => CouldNotMeasure,
    /// The server does not know the account, or the password is wrong.
    DatabasePassword = "db::password_wrong" => CouldNotMeasure,
    /// The server has no database of that name.
    DatabaseMissing = "db::database_missing" => CouldNotMeasure,
    /// The server and this program do not agree on encryption.
    DatabaseTls = "db::tls" => CouldNotMeasure,
    /// The server takes no more connections.
    DatabaseFull = "db::too_many_connections" => CouldNotMeasure,
    /// The server takes no writes, as a replica does.
    DatabaseReadOnly = "db::read_only" => GateRefused,
    /// The account may not do this.
    PermissionDenied = "db::permission_denied" => GateRefused,
    /// The server, or the file, has no room left.
    DiskFull = "db::disk_full" => CouldNotMeasure,
    /// The server has no memory left.
    OutOfMemory = "db::out_of_memory" => CouldNotMeasure,
    /// Another session held what a statement needed for too long.
    LockTimeout = "db::lock_timeout" => CouldNotMeasure,
    /// Two sessions waited for each other, and the server chose this one to give way.
    Deadlock = "db::deadlock" => CouldNotMeasure,
    /// The server stopped a statement that took too long.
    StatementTimeout = "db::statement_timeout" => CouldNotMeasure,
    /// A row is there already that must be there once.
    Duplicate = "db::duplicate" => Unexpected,
    /// A row refers to one that is not there, or is referred to.
    ForeignKeyFails = "db::foreign_key" => Unexpected,
    /// The connection was lost in the middle of the work.
    DatabaseLost = "db::connection_lost" => NeedsPerson,
    /// A statement failed.
    Statement = "db::statement" => Unexpected,
    /// A statement that should only read would write.
    QueryWrites = "query::writes" => Usage,
    /// A query took longer than it was allowed to.
    QueryTimeout = "query::timeout" => CouldNotMeasure,
    /// A table that was named does not exist.
    TableUnknown = "db::no_such_table" => Usage,
    /// The session that should be ended is not there.
    SessionUnknown = "lock::no_such_session" => Usage,
    /// Nobody confirmed that a session is to be ended.
    SessionKept = "lock::not_confirmed" => GateRefused,
    /// A session was told to end and is still there.
    SessionEnding = "lock::still_ending" => CouldNotMeasure,
    /// Another deployment holds the lock of this database.
    LockHeld = "lock::held" => LockHeld,
    /// Another deployment took the lock over while this one held it.
    LeaseLost = "lock::lost" => NeedsPerson,
    /// The ledger was written by a newer version of Plimsoll.
    LedgerNewer = "ledger::newer" => Usage,
    /// The migrations folder is missing or holds nothing.
    MigrationsEmpty = "migrate::empty" => Usage,
    /// The migrations folder mixes layouts, or holds something that fits none.
    MigrationsLayout = "migrate::layout" => Usage,
    /// Two migrations have the same version.
    MigrationsDuplicate = "migrate::duplicate_version" => Usage,
    /// A migration file cannot be split into statements, or holds what a server cannot run.
    MigrationUnreadable = "migrate::unreadable" => Usage,
    /// An applied migration is no longer in the folder.
    MigrationMissing = "migrate::missing_file" => GateRefused,
    /// An applied migration was edited afterwards.
    MigrationChanged = "migrate::checksum_mismatch" => GateRefused,
    /// A pending migration is older than an applied one.
    MigrationOutOfOrder = "migrate::out_of_order" => GateRefused,
    /// A pending migration creates an extension that the server does not have.
    ExtensionMissing = "migrate::extension_missing" => GateRefused,
    /// A migration failed and left nothing behind.
    MigrationFailed = "migrate::failed" => RolledBack,
    /// A migration outside a transaction failed part of the way.
    MigrationPartial = "migrate::partially_applied" => NeedsPerson,
    /// A migration is half applied or half taken back, and has to be finished first.
    MigrationUnfinished = "migrate::unfinished" => GateRefused,
    /// A migration that should be taken back has no down script.
    MigrationIrreversible = "migrate::irreversible" => GateRefused,
    /// Taking migrations back would lose data.
    RevertLoses = "migrate::would_lose_data" => GateRefused,
    /// The migration to go back to is not applied.
    MigrationNotApplied = "migrate::not_applied" => Usage,
    /// Nobody can tell but a person whether the statement that a run was killed in happened.
    MigrationUndecided = "migrate::undecided" => NeedsPerson,
    /// Migrations cannot be replayed in a scratch database, so nothing can be said about the schema.
    CannotReplay = "migrate::cannot_replay" => CouldNotMeasure,
    /// The schema of the database is not what its migrations make.
    DriftFound = "migrate::drift" => CheckFailed,
    /// SQL that would take drift back or into a migration did not do so in a scratch database.
    DriftUnproven = "migrate::drift_unproven" => CouldNotMeasure,
    /// A baseline does not make what the migrations make that it would replace.
    SquashDiffers = "migrate::squash_differs" => CheckFailed,
    /// Migrations cannot be folded into a baseline.
    SquashRefused = "migrate::cannot_squash" => Usage,
    /// Only some of the migrations that a baseline replaces are applied.
    BaselineHalfApplied = "migrate::baseline_half_applied" => GateRefused,
    /// The database is behind the schema that a service needs.
    SchemaBehind = "migrate::schema_behind" => CheckFailed,
    /// No other tool left a history that could be adopted.
    AdoptNothing = "adopt::nothing_found" => Usage,
    /// Several tools left a history, and none of them was chosen.
    AdoptAmbiguous = "adopt::several_tools" => Usage,
    /// A migration's file is not what the other tool applied.
    AdoptChanged = "adopt::checksum_mismatch" => GateRefused,
    /// A migration failed or was interrupted under the other tool.
    AdoptUnfinished = "adopt::unfinished" => GateRefused,
    /// Migrations cannot be judged, as the parser of this engine's grammar is not built in.
    LinterMissing = "migrate::linter_missing" => CouldNotMeasure,
    /// A document or record is not what its dataset or schema asks for.
    DocumentInvalid = "seed::document_invalid" => Usage,
    /// A mapping's expression could not be evaluated for a document.
    SeedExpression = "seed::expression" => Usage,
    /// A dataset writes a table that holds user data.
    UserDataTarget = "seed::user_data" => GateRefused,
    /// The same row is declared twice.
    SeedDuplicate = "seed::duplicate_row" => Usage,
    /// A reference names a row that neither the files nor the database have.
    ReferenceMissing = "seed::reference_missing" => Usage,
    /// Datasets or tables refer to each other in a circle.
    SeedCycle = "seed::cycle" => Usage,
    /// A table or column that a dataset names does not exist.
    SeedTarget = "seed::target_missing" => Usage,
    /// A value does not fit its column.
    SeedValue = "seed::value" => Usage,
    /// A value that has to be unique is another row's.
    SeedTaken = "seed::value_taken" => Usage,
    /// A column that needs a value is given none.
    SeedRequired = "seed::value_missing" => Usage,
    /// A row does not pass a check of its table.
    SeedCheck = "seed::check_violated" => Usage,
    /// The key of a declared row means several rows of the database.
    SeedKey = "seed::key" => Usage,
    /// Row-level security keeps rows of a table from the user who seeds.
    SeedHidden = "seed::rows_hidden" => GateRefused,
    /// A row was edited in the database and the dataset says that this is an error.
    SeedEdited = "seed::edited" => GateRefused,
    /// Seeding would have changed a table of user data, by a trigger or a cascade; the transaction was rolled back.
    UserDataTouched = "seed::user_data_touched" => RolledBack,
    /// Deleting a row that is gone from the files would reach rows that stay.
    SeedPruneBlocked = "seed::prune_blocked" => GateRefused,
    /// A run cannot be taken back as it was.
    SeedUndoBlocked = "seed::undo_blocked" => GateRefused,
    /// A row in a state in which it does not change would be changed or deleted.
    RowImmutable = "seed::immutable" => GateRefused,
    /// A row's life cycle has no way to the state that is asked for.
    TransitionMissing = "seed::transition" => Usage,
    /// A row is not as its audit says, so nothing may be built on it.
    AuditDisagrees = "seed::audit_disagrees" => GateRefused,
    /// The audit was tampered with, or a row behind its back.
    AuditBroken = "seed::audit_broken" => CheckFailed,
    /// Writing the rows failed; the transaction was rolled back.
    SeedFailed = "seed::failed" => RolledBack,
    /// After seeding, an expectation did not hold; the transaction was rolled back.
    ExpectationFailed = "seed::expectation" => RolledBack,
    /// The data of the database is not what it should be.
    VerifyFailed = "seed::verify_failed" => CheckFailed,
    /// A check of the data could not be made.
    VerifyUnmeasured = "seed::verify_could_not_check" => CouldNotMeasure,
    /// No smoke check is declared or selected, so nothing would be proved.
    SmokeEmpty = "smoke::nothing_selected" => Usage,
    /// All selected smoke checks change something, which the environment does not allow, so nothing would be proved.
    SmokeReadOnly = "smoke::only_changes_selected" => Usage,
    /// Another run has the journal of what smoke checks have to take back.
    SmokeJournalBusy = "smoke::journal_busy" => CouldNotMeasure,
    /// The journal of what smoke checks have to take back holds something else.
    SmokeJournalBroken = "smoke::journal_broken" => Usage,
    /// A smoke check failed.
    SmokeFailed = "smoke::failed" => CheckFailed,
    /// A smoke check could not measure what it should.
    SmokeUnmeasured = "smoke::could_not_measure" => CouldNotMeasure,
    /// The answering service is not the revision that was released.
    RevisionMismatch = "smoke::revision_mismatch" => CheckFailed,
    /// The artifact of a release does not exist.
    ArtifactMissing = "release::artifact_missing" => Usage,
    /// The stable port of a release is taken by something else.
    PortInUse = "release::port_in_use" => CheckFailed,
    /// The released process could not be started.
    ReleaseSpawn = "release::cannot_start" => RolledBack,
    /// The released process ended before it answered.
    ReleaseDied = "release::died_at_start" => RolledBack,
    /// The released process did not answer with its revision in time.
    ReleaseSilent = "release::no_answer" => RolledBack,
    /// A deployment failed and its releases were undone.
    DeployRolledBack = "deploy::rolled_back" => RolledBack,
    /// A deployment failed and could not be undone completely.
    DeployStuck = "deploy::needs_attention" => NeedsPerson,
    /// The target moved between plan and apply.
    PlanStale = "deploy::plan_stale" => PlanStale,
    /// A protected environment was not confirmed.
    NotConfirmed = "deploy::not_confirmed" => GateRefused,
    /// The environment was not released yet, so there is nothing to act on.
    NothingReleased = "deploy::nothing_released" => Usage,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_own_text() {
        let mut texts: Vec<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), ErrorCode::ALL.len());
    }
}
