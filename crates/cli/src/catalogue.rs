//! The cause and the remedy of every error code, in one place. `docs/errors.md` is made from it; a new code does not compile without.

use plimsoll_core::ErrorCode;

/// What an error code means and what to do about it. `{program}` stands for how the program is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advice {
    /// What is the case.
    pub cause: &'static str,
    /// What to do next.
    pub remedy: &'static str,
}

/// The advice for a code.
#[must_use]
pub fn advice(code: ErrorCode) -> Advice {
    let (cause, remedy) = match code {
        ErrorCode::FileUnreadable => (
            "A file or folder that the project names cannot be read.",
            "check the path and its permissions; paths in project files start at the folder of plimsoll.toml",
        ),
        ErrorCode::FileUnwritable => (
            "A file or folder beside the project could not be written.",
            "make room and check the permissions of the `.plimsoll` folder, then run the command again",
        ),
        ErrorCode::ProjectMissing => {
            ("There is no plimsoll.toml in the folder.", "go to the project's folder, or name it with `--project DIR`")
        }
        ErrorCode::Syntax => (
            "A file is not valid TOML, JSON, YAML, CSV or dotenv, or is not UTF-8.",
            "correct the file at the place shown",
        ),
        ErrorCode::UnknownKey => (
            "A file has a key that nobody reads, usually a misspelling; ignoring it would drop what you meant.",
            "correct or remove the key at the place shown",
        ),
        ErrorCode::InvalidValue => ("A value has the wrong type or form.", "correct the value at the place shown"),
        ErrorCode::EnvironmentUnknown => (
            "The environment has no file in `environments/`.",
            "use one of the environments that exist, or add `environments/<name>.toml`",
        ),
        ErrorCode::VariablesMissing => (
            "Variables that the environment contract requires have no value. Nothing was written.",
            "set them in the process environment, in `.env.<environment>`, or with `--set NAME=VALUE`; `{program} env show <environment> --explain` lists all",
        ),
        ErrorCode::VariablesInvalid => (
            "A variable's value is not of the type that the environment contract asks for.",
            "correct the value where it comes from; `{program} env show <environment> --explain` says where that is",
        ),
        ErrorCode::VariableUnknown => (
            "A variable is set that the environment contract does not have.",
            "correct its name, or declare it as `[variables.NAME]` in plimsoll.toml",
        ),
        ErrorCode::Template => (
            "A template or expression does not compile, or uses a name without a value.",
            "correct it, or give the name a value; `name or 'fallback'` is allowed to be undefined",
        ),
        ErrorCode::EnvironmentMismatch => (
            "The database carries the stamp of another environment.",
            "check the database URL: `{program} env show <environment> --explain` says where it comes from",
        ),
        ErrorCode::UrlInvalid => (
            "The database URL is not one Plimsoll understands. No file was created and nothing was contacted.",
            "write `sqlite:path/to/file.db`, `postgresql://user:password@host:5432/database` or `mysql://user:password@host:3306/database`",
        ),
        ErrorCode::BackendMissing => (
            "The binary was built without the backend of this engine.",
            "build it in: `cargo build -p plimsoll-cli --features postgres` (or postgres-bundled, mysql, mysql-bundled); `cargo xtask deploy` does so by itself",
        ),
        ErrorCode::DatabaseUnreachable => (
            "The database did not accept a connection. Nothing was written.",
            "check that the server runs, and host, port, user and password of the URL; for a local PostgreSQL: `cargo xtask db up`",
        ),
        ErrorCode::DatabaseRefused => (
            "Nothing listens at the host and port of the database URL: the server is down, elsewhere, or a firewall is between. Nothing was written.",
            "start the server, or correct the URL: `{program} env show <environment> --explain` says where it comes from; a local one: `cargo xtask db up`",
        ),
        ErrorCode::DatabaseHost => (
            "The host of the database URL has no address: a misspelling, or a name that only another network knows. Nothing was written.",
            "correct the host: `{program} env show <environment> --explain` says where the URL comes from",
        ),
        ErrorCode::DatabasePassword => (
            "The server answers, but does not know the account, or the password is wrong. Nothing was written.",
            "correct user and password of the URL (`{program} env show <environment> --explain` says where it comes from); special characters of a password are written as %40 and the like",
        ),
        ErrorCode::DatabaseMissing => (
            "The server answers, but has no database of that name. Nothing was written.",
            "correct the name in the URL, or make the database once: `createdb NAME`, or `CREATE DATABASE NAME` as an administrator",
        ),
        ErrorCode::DatabaseTls => (
            "The server wants an encrypted connection and this one is not, or the other way round. Nothing was written.",
            "add `?sslmode=require` to a PostgreSQL URL, `?ssl_mode=REQUIRED` to a MySQL one, or take it away; a binary with bundled libraries needs the feature `postgres-tls`",
        ),
        ErrorCode::DatabaseFull => (
            "The server takes no more connections, or this account has all that it may have.",
            "see who has them: `{program} locks list <environment>`; end some, use smaller pools in the services, or raise the server's limit",
        ),
        ErrorCode::DatabaseReadOnly => (
            "The server takes no writes: it is a replica, or an administrator made it read-only.",
            "use the URL of the primary server: `{program} env show <environment> --explain` says where this one comes from",
        ),
        ErrorCode::PermissionDenied => (
            "The account may not do this.",
            "have the right granted by the owner or an administrator, or use an account that has it",
        ),
        ErrorCode::DiskFull => (
            "The database has no room left on its disk. What was being written was taken back.",
            "make room on the server's disk, then run the same command again: it goes on from what was committed",
        ),
        ErrorCode::OutOfMemory => (
            "The server had no memory left for the statement. What was being written was taken back.",
            "run it again when less is going on, seed a smaller profile or fewer datasets at once, or give the server more memory",
        ),
        ErrorCode::LockTimeout => (
            "Another session held a row or a table for longer than this one was to wait. What was being written was taken back.",
            "see who: `{program} locks list <environment>`; wait for it, or end it with `{program} locks release <environment> ID`, then run the same command again",
        ),
        ErrorCode::Deadlock => (
            "Two sessions waited for each other, and the server made this one give way. What was being written was taken back.",
            "run the same command again; if it happens often, see who writes at the same time: `{program} locks list <environment>`",
        ),
        ErrorCode::StatementTimeout => (
            "The server stopped a statement because it took longer than the account or the server allows.",
            "look whether it only waited for a lock: `{program} locks list <environment>`; else raise `statement_timeout` (`max_statement_time` on MariaDB) for the account",
        ),
        ErrorCode::Duplicate => (
            "A row with the same key is there already. The statement was taken back.",
            "see which row is meant in the message; a dataset finds rows by its `key`: let that be the columns that are unique in the database, and `{program} seed plan <environment>` updates the row instead of adding it",
        ),
        ErrorCode::ForeignKeyFails => (
            "A row refers to one that is not there, or one that others refer to was to be deleted. The statement was taken back.",
            "declare the row it means as well, with `ref(..)` so that it goes first; `{program} seed verify <environment>` says what is missing",
        ),
        ErrorCode::DatabaseLost => (
            "The connection to the database ended while a statement ran, so nobody knows whether it took effect.",
            "run the same command again when the server is back: it finds out how far this one came and goes on from there",
        ),
        ErrorCode::Statement => {
            ("The database refused a statement.", "read what it says; nothing of that statement took effect")
        }
        ErrorCode::QueryWrites => (
            "`query` runs what reads, and this statement would change something. Nothing was changed.",
            "change data with a migration or a dataset; for a look, begin with SELECT, WITH, VALUES, EXPLAIN or SHOW",
        ),
        ErrorCode::QueryTimeout => (
            "The database worked at a query for longer than it was allowed to, and was stopped.",
            "allow more with `--timeout 5m`, ask for less, or look whether it only waits: `{program} locks list <environment>`",
        ),
        ErrorCode::TableUnknown => (
            "The database has no table of that name in its current schema.",
            "correct the name; `{program} counts <environment>` lists the tables",
        ),
        ErrorCode::SessionUnknown => (
            "Nothing of the database has that number: it ended by itself, or is of another database.",
            "look again: `{program} locks list <environment>`",
        ),
        ErrorCode::SessionKept => (
            "Ending a session loses what it has not committed, and nobody confirmed that. Nothing was ended.",
            "type its number when asked, or pass `--yes` where nobody can be asked; a process that has a SQLite file open is ended by `kill`",
        ),
        ErrorCode::SessionEnding => (
            "The server was told to end the session, which takes back what it had done before it goes.",
            "wait, and look again: `{program} locks list <environment>`",
        ),
        ErrorCode::LockHeld => (
            "Another deployment of the same database is running.",
            "wait for it, or let this one wait: `--lock-wait 5m`; the lock of a process that died is free by itself",
        ),
        ErrorCode::LeaseLost => (
            "Another deployment took the lock over while this one worked: its session or its lease had ended.",
            "run it again once the other one has ended: what was recorded is kept, and the run goes on from there",
        ),
        ErrorCode::LedgerNewer => {
            ("A newer version of Plimsoll has written the ledger of this database.", "use that version, or a newer one")
        }
        ErrorCode::MigrationsEmpty => (
            "The migrations folder is missing or has no migrations, which is never the same as being up to date.",
            "check `[migrations] path` in plimsoll.toml",
        ),
        ErrorCode::MigrationsLayout => (
            "The migrations folder mixes layouts, holds a file that fits none, or is for another engine.",
            "keep one layout to a folder: diesel's, Prisma's, Flyway's, dbmate's, goose's, Sqitch's, or numbered files such as `0001_name.sql`",
        ),
        ErrorCode::MigrationsDuplicate => (
            "Two migrations have the same version, so their order is not defined.",
            "give one of them a version of its own",
        ),
        ErrorCode::MigrationUnreadable => (
            "A migration holds what a server cannot run, or what cannot be split into statements.",
            "correct it at the place shown; client commands such as psql's `\\i` or `COPY .. FROM stdin` are not SQL",
        ),
        ErrorCode::MigrationMissing => (
            "The database has a migration whose file is gone.",
            "bring the file back from version control: another checkout may be deployed than you think",
        ),
        ErrorCode::MigrationChanged => (
            "A migration was edited after it had been applied, so the file no longer says what the database has.",
            "restore the file and put the change into a new migration",
        ),
        ErrorCode::MigrationOutOfOrder => (
            "A pending migration comes before one that is applied already, usually after a merge.",
            "give it a newer version, or set `allow_out_of_order = true` under `[migrations]` if the two don't depend on each other",
        ),
        ErrorCode::ExtensionMissing => (
            "A pending migration creates an extension whose files the database server does not have. Nothing was written.",
            "install the package that brings it on the server, or ask whoever hosts it to enable it; `SELECT name FROM pg_available_extensions` lists what there is",
        ),
        ErrorCode::MigrationFailed => (
            "A statement of a migration or of its down script was refused. The whole script was rolled back, and the records say what they said before.",
            "correct the statement at the place shown and run the same command again",
        ),
        ErrorCode::MigrationPartial => (
            "A migration, or its down script, that cannot run in a transaction failed part of the way; what it did before is recorded.",
            "correct the failing statement, leave the ones before it as they are, and run the same command again: it goes on from there",
        ),
        ErrorCode::MigrationUnfinished => (
            "A migration is half applied or half taken back, so nobody may build on it or take away what is below it.",
            "finish it the way it was going: `{program} migrate up <environment>` or `{program} migrate down <environment>`; then run the command again",
        ),
        ErrorCode::MigrationIrreversible => (
            "A migration that should be taken back has no down script. Nothing was taken back.",
            "write its `down.sql`, stop before it with `--to`, or undo what it did in a new migration",
        ),
        ErrorCode::RevertLoses => (
            "Taking the migrations back would lose what people put into the database since. Nothing was taken back.",
            "make a backup of what is named and say `--lose-data`, or undo the change in a new migration that keeps it",
        ),
        ErrorCode::MigrationNotApplied => (
            "The migration to go back to is not applied in this database.",
            "choose one that is: `{program} migrate status <environment>` lists them",
        ),
        ErrorCode::MigrationUndecided => (
            "A run was killed while it ran a statement whose outcome leaves no trace in the catalogue, outside of a transaction.",
            "look for what the statement changes, then run `{program} migrate up <environment> --statement-happened yes` if it is there, or `no` if it is not",
        ),
        ErrorCode::CannotReplay => (
            "Migrations could not be replayed in a scratch database, so nothing can be said about the schema. The real database was only read.",
            "read what stands against it; where the server lacks something, or the account may not make databases, give another one: `--scratch URL`",
        ),
        ErrorCode::DriftFound => (
            "Somebody changed the schema of the database without a migration.",
            "take it into a new migration, `{program} migrate drift <environment> --sql adopt`, or take it back in the database, `--sql revert`; read the SQL first",
        ),
        ErrorCode::DriftUnproven => (
            "There is drift, and SQL that was made for it did not have exactly that effect in a scratch database, so it is not given out.",
            "write the change by hand; `{program} migrate drift <environment>` lists the differences and what stands against the SQL",
        ),
        ErrorCode::SquashDiffers => (
            "The baseline does not make the same schema and rows as the migrations that it would replace. No file was changed.",
            "read the differences; fold up to an earlier migration with `--to`, or take what cannot be expressed out of the migrations first",
        ),
        ErrorCode::SquashRefused => (
            "The migrations cannot be folded into one. No file was changed.",
            "read what stands against it and choose other migrations with `--to`",
        ),
        ErrorCode::BaselineHalfApplied => (
            "The database has only some of the migrations that a baseline in the folder replaces.",
            "check out the sources from before the baseline, run `{program} migrate up <environment>` with them, then come back",
        ),
        ErrorCode::SchemaBehind => (
            "The database lacks a migration that the service needs.",
            "migrate first: `{program} deploy <environment>` or `{program} migrate up <environment>`",
        ),
        ErrorCode::AdoptNothing => (
            "The database has no history of a tool whose history can be adopted. Nothing was written.",
            "check the database URL; if no tool has migrated this database yet, `{program} migrate up <environment>` applies the migrations",
        ),
        ErrorCode::AdoptAmbiguous => (
            "Several tools left a history in this database, and which one is true cannot be known. Nothing was written.",
            "name the tool: `{program} migrate adopt <environment> --from TOOL`",
        ),
        ErrorCode::AdoptChanged => (
            "A migration's file is not what the other tool applied: its own checksum says so. Nothing was written.",
            "restore the file as it was applied, from version control for instance, and put the change into a new migration",
        ),
        ErrorCode::AdoptUnfinished => (
            "A migration failed or was interrupted under the other tool, so that nobody knows what of it is there. Nothing was written.",
            "mend it with the tool that began it, as the message says, then adopt again",
        ),
        ErrorCode::LinterMissing => (
            "The binary was built without the parser that PostgreSQL's migrations are judged with. Nothing was judged.",
            "build it in: `cargo build -p plimsoll-cli --features squawk,postgres`; `cargo xtask migrate lint` does so by itself",
        ),
        ErrorCode::DocumentInvalid => (
            "A document or record does not fit the JSON Schema of its dataset, or a file has no records.",
            "correct it at the place shown, or the schema if it is right; `on_invalid = \"skip\"` leaves out what may be",
        ),
        ErrorCode::SeedExpression => (
            "An expression of a dataset could not be evaluated for a document.",
            "correct the expression; what may be missing is written as `doc.field or none`",
        ),
        ErrorCode::UserDataTarget => (
            "A dataset writes a table that the project declares as user data.",
            "seed another table; demonstration rows need `inserts_user_data` and `mode = \"insert\"`",
        ),
        ErrorCode::SeedDuplicate => (
            "The same row is declared twice, and nothing says which one counts.",
            "remove one, or say `on_duplicate = \"first\"` or `\"last\"` for the table",
        ),
        ErrorCode::ReferenceMissing => (
            "A row refers to one that neither the files nor the database have.",
            "correct the reference, or declare the row it means",
        ),
        ErrorCode::SeedCycle => (
            "Datasets or tables refer to each other in a circle, so none can come first.",
            "break the circle: leave one reference out, or remove an `after`",
        ),
        ErrorCode::SeedTarget => (
            "A dataset names a table or column that the database does not have.",
            "correct the name, or add the migration that creates it",
        ),
        ErrorCode::SeedValue => {
            ("A value does not fit its column.", "correct the value or expression at the place shown")
        }
        ErrorCode::SeedTaken => (
            "A column or a group of columns is unique, and another row has the value already.",
            "give one of the two rows another value; a row that no file declares can be declared, or taken away",
        ),
        ErrorCode::SeedRequired => (
            "A column is NOT NULL and has no default, and the dataset gives it no value.",
            "name the column in the dataset, or give it a default in a migration",
        ),
        ErrorCode::SeedCheck => (
            "A row does not pass a CHECK of its table.",
            "correct the row at the place shown; the check is part of the table's definition",
        ),
        ErrorCode::SeedKey => (
            "Several rows of the database have the key of a declared row, so nobody can tell which one is meant.",
            "choose a key that is unique, or take away the rows that are too many",
        ),
        ErrorCode::SeedHidden => (
            "Row-level security keeps rows of a table from this user, who would create again what is there.",
            "seed as a role with BYPASSRLS, or add a policy `FOR SELECT USING (true)` for this one",
        ),
        ErrorCode::SeedEdited => (
            "A row was edited in the database since it was seeded, and its dataset says `on_edit = \"fail\"`.",
            "take the edit over into the files, or choose `on_edit = \"keep\"` or `\"overwrite\"`",
        ),
        ErrorCode::UserDataTouched => (
            "Something that seeding wrote made the database change a table of user data, by a trigger or a cascade. The whole transaction was rolled back.",
            "look for triggers and foreign keys with actions on the tables that are seeded, and take the table out of `user_data` only if that is meant",
        ),
        ErrorCode::SeedPruneBlocked => (
            "A row is gone from its dataset's files, and deleting it would delete, change or orphan rows that stay. Nothing was written.",
            "point those rows elsewhere first, put the row back into the files, or say `mode = \"upsert\"` to leave rows that are gone alone",
        ),
        ErrorCode::SeedUndoBlocked => (
            "Rows are not as the run left them any more, so taking it back would lose what came since. Nothing was written.",
            "take back what is named first (`{program} seed runs <environment>` lists the runs), or put right what should change in the files",
        ),
        ErrorCode::RowImmutable => (
            "A row is in a state in which it does not change (`immutable` of its life cycle), and would be changed or deleted. Nothing was written.",
            "leave the row as it is and declare a new version under a key of its own; a column that has to change in this state is named in `except`",
        ),
        ErrorCode::TransitionMissing => (
            "No transition of the life cycle leads to the state that is asked for.",
            "take a declared step, or add the transition to `[[lifecycle]]`; a state that only the database decides about belongs into `insert_only`",
        ),
        ErrorCode::AuditDisagrees => (
            "A row was changed without Plimsoll: it is not as the last entry of its audit says. Nothing was written, as that would cover it up.",
            "look at it with `{program} audit verify <environment>`; put the row back, or record it as it is with `{program} audit accept <environment> TABLE ROW --note TEXT`",
        ),
        ErrorCode::AuditBroken => (
            "Entries of the audit were changed, removed or added, or rows were changed behind its back.",
            "find out who wrote to the database; restore the entries from a backup. A row that is right as it is: `{program} audit accept <environment> TABLE ROW --note TEXT`",
        ),
        ErrorCode::SeedFailed => (
            "A row could not be written. The whole transaction was rolled back.",
            "read what the database says, correct the row, and run the same command again",
        ),
        ErrorCode::ExpectationFailed => (
            "A table does not hold what the project expects, such as its specs or domains. Rows that were being written were rolled back.",
            "see what is missing: `{program} seed plan <environment>`, then `{program} seed apply <environment>`; if nothing is, correct the files, or the `[[expect]]` in plimsoll.toml",
        ),
        ErrorCode::VerifyFailed => (
            "The database does not hold what it should: an expectation, a foreign key or a counter does not hold.",
            "look at the rows that are named; rows of the files are written again by `{program} seed apply <environment>`",
        ),
        ErrorCode::VerifyUnmeasured => (
            "A check of the data could not be made, which is never a pass.",
            "correct the check in plimsoll.toml, or let the database user read what it is about",
        ),
        ErrorCode::SmokeFailed => (
            "A smoke check did not find what it expects.",
            "read what was found below the check, and look for yourself: a request is sent again by the curl line shown; then correct the system or the check",
        ),
        ErrorCode::SmokeUnmeasured => (
            "A smoke check could not measure anything, which is never a pass.",
            "read the reason below the check: what it asks (a service, a file, a database, Redis, a program) has to be there and to answer in time",
        ),
        ErrorCode::RevisionMismatch => (
            "Another revision answers than the one that was released.",
            "look for an older process or a balancer between; the service must name the revision it was started with",
        ),
        ErrorCode::SmokeEmpty => (
            "No smoke check was selected, so a run would prove nothing.",
            "check `--tag` and `--filter`, and `[smoke] path` in plimsoll.toml",
        ),
        ErrorCode::SmokeReadOnly => (
            "All selected smoke checks change something, and the environment is protected, so a run would prove nothing.",
            "select a check that only looks, or allow changes with `--allow-mutate`",
        ),
        ErrorCode::SmokeJournalBusy => (
            "Another run of smoke checks is using the journal of what has to be taken back. Nothing was sent.",
            "run the same command again when the other run has ended",
        ),
        ErrorCode::SmokeJournalBroken => (
            "A line of the journal of what smoke checks have to take back cannot be understood. Nothing was sent.",
            "take back by hand what the line names, then remove it from the file",
        ),
        ErrorCode::ArtifactMissing => (
            "The artifact of a release does not exist.",
            "build it first, or correct `artifact`; `cargo xtask deploy` builds the example's service by itself",
        ),
        ErrorCode::PortInUse => (
            "The stable port of a release is taken by a process that Plimsoll did not start. Nothing was written.",
            "stop that process, or choose another port: `--set PORT=4311`",
        ),
        ErrorCode::ReleaseSpawn => (
            "The released process could not be started.",
            "check `command` and `artifact` of the release: the file must exist and be executable",
        ),
        ErrorCode::ReleaseDied => (
            "The released process ended before it answered; its last log lines are shown.",
            "correct what the log says and deploy again",
        ),
        ErrorCode::ReleaseSilent => (
            "The released process runs but did not answer as its revision in time.",
            "check `health`, and that the service listens on the port it is given; raise `start_timeout` if it only needs longer",
        ),
        ErrorCode::DeployRolledBack => {
            ("The deployment failed and its releases were undone.", "correct the cause and deploy again")
        }
        ErrorCode::DeployStuck => (
            "The deployment failed and could not be undone completely.",
            "read what was not undone; `{program} status <environment>` says what serves",
        ),
        ErrorCode::PlanStale => (
            "Files, database or releases are no longer what the plan was made from. Nothing more was done.",
            "make the plan again: `{program} plan <environment>`",
        ),
        ErrorCode::NotConfirmed => (
            "The environment is protected and nobody confirmed. Nothing was written.",
            "type the environment's name when asked, or pass `--yes` where nobody can be asked",
        ),
        ErrorCode::NothingReleased => (
            "Nothing serves in this environment: nothing was released, or it was stopped.",
            "deploy first: `{program} deploy <environment>`",
        ),
    };
    Advice { cause, remedy }
}

impl Advice {
    /// The remedy with the program's name and the environment put in.
    #[must_use]
    pub fn remedy_for(&self, program: &str, environment: Option<&str>) -> String {
        let text = self.remedy.replace("{program}", program);
        environment.map_or(text.clone(), |name| text.replace("<environment>", name))
    }
}
