//! What an error of a database means to those who operate it, and its code. What to do about it is the command line's to say.

use super::{DbError, DbErrorKind, Engine};
use crate::ErrorCode;

/// What an engine says and what it means. diesel hands over neither SQLSTATE nor errno beyond a few kinds of constraints, so their
/// fixed texts are what is left; each belongs to one engine, and the first that fits counts.
type Symptom = (Engine, &'static str, ErrorCode);

/// Of connecting, and of nothing else: a statement may connect to another server itself, or open a file.
const CONNECTING: &[Symptom] = {
    use Engine::{Mysql, Postgres};
    use ErrorCode as Code;
    &[
        (Postgres, "Connection refused", Code::DatabaseRefused),
        (Postgres, "No such file or directory", Code::DatabaseRefused),
        (Postgres, "timeout expired", Code::DatabaseRefused),
        (Postgres, "No route to host", Code::DatabaseRefused),
        (Postgres, "could not translate host name", Code::DatabaseHost),
        (Postgres, "password authentication failed", Code::DatabasePassword),
        (Postgres, "no password supplied", Code::DatabasePassword),
        (Postgres, "no encryption", Code::DatabaseTls),
        (Postgres, "SSL off", Code::DatabaseTls),
        (Postgres, "does not support SSL", Code::DatabaseTls),
        (Postgres, "sslmode value \"require\" invalid", Code::DatabaseTls),
        (Postgres, "too many clients already", Code::DatabaseFull),
        (Postgres, "remaining connection slots are reserved", Code::DatabaseFull),
        (Postgres, "too many connections for", Code::DatabaseFull),
        (Mysql, "Can't connect to", Code::DatabaseRefused),
        (Mysql, "Unknown server host", Code::DatabaseHost),
        (Mysql, "Unknown MySQL server host", Code::DatabaseHost),
        (Mysql, "insecure transport are prohibited", Code::DatabaseTls),
        (Mysql, "SSL connection error", Code::DatabaseTls),
        (Mysql, "SSL is required", Code::DatabaseTls),
        (Mysql, "Unknown database", Code::DatabaseMissing),
        (Mysql, "Too many connections", Code::DatabaseFull),
        (Mysql, "max_user_connections", Code::DatabaseFull),
        // The account is right, and has no rights in this database.
        (Mysql, "to database", Code::PermissionDenied),
        (Mysql, "Access denied for user", Code::DatabasePassword),
    ]
};

/// Of statements, and of connecting as well.
const RUNNING: &[Symptom] = {
    use Engine::{Mysql, Postgres, Sqlite};
    use ErrorCode as Code;
    &[
        (Postgres, "in a read-only transaction", Code::DatabaseReadOnly),
        (Postgres, "No space left on device", Code::DiskFull),
        (Postgres, "out of memory", Code::OutOfMemory),
        (Postgres, "due to lock timeout", Code::LockTimeout),
        (Postgres, "deadlock detected", Code::Deadlock),
        (Postgres, "due to statement timeout", Code::StatementTimeout),
        (Postgres, "permission denied", Code::PermissionDenied),
        (Postgres, "must be owner of", Code::PermissionDenied),
        (Mysql, "read-only option", Code::DatabaseReadOnly),
        (Mysql, "READ ONLY transaction", Code::DatabaseReadOnly),
        (Mysql, "No space left on device", Code::DiskFull),
        (Mysql, "is full", Code::DiskFull),
        (Mysql, "Out of memory", Code::OutOfMemory),
        (Mysql, "Lock wait timeout exceeded", Code::LockTimeout),
        (Mysql, "Deadlock found", Code::Deadlock),
        (Mysql, "max_statement_time exceeded", Code::StatementTimeout),
        (Mysql, "maximum statement execution time exceeded", Code::StatementTimeout),
        // diesel knows their numbers where it prepares a statement, and not where it sends text.
        (Mysql, "Duplicate entry", Code::Duplicate),
        (Mysql, "foreign key constraint fails", Code::ForeignKeyFails),
        (Mysql, "command denied to user", Code::PermissionDenied),
        (Mysql, "Access denied", Code::PermissionDenied),
        (Sqlite, "database or disk is full", Code::DiskFull),
        (Sqlite, "out of memory", Code::OutOfMemory),
        (Sqlite, "is locked", Code::LockTimeout),
        (Sqlite, "attempt to write a readonly database", Code::DatabaseReadOnly),
    ]
};

impl DbError {
    /// The code of what is the case, where the error tells more than its kind does.
    #[must_use]
    pub fn symptom(&self) -> Option<ErrorCode> {
        match self.kind {
            DbErrorKind::Unique => return Some(ErrorCode::Duplicate),
            DbErrorKind::ForeignKey => return Some(ErrorCode::ForeignKeyFails),
            DbErrorKind::BackendMissing | DbErrorKind::LedgerNewer | DbErrorKind::LeaseLost | DbErrorKind::Lost => {
                return None;
            }
            _ => {}
        }
        let message = &self.message;
        let connecting = self.kind == DbErrorKind::Unreachable;
        // Both names come before the words, so that a text of its own does not fit.
        if self.engine == Engine::Postgres && connecting && message.contains("does not exist") {
            let password = message.contains("role \"");
            return Some(if password { ErrorCode::DatabasePassword } else { ErrorCode::DatabaseMissing });
        }
        let fits = |(engine, text, _): &&Symptom| *engine == self.engine && message.contains(*text);
        let only = if connecting { CONNECTING } else { &[] };
        only.iter().chain(RUNNING).find(fits).map(|(_, _, code)| *code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symptom(engine: Engine, kind: DbErrorKind, message: &str) -> Option<ErrorCode> {
        DbError::new(engine, kind, message).symptom()
    }

    #[test]
    fn what_cannot_be_provoked_on_a_shared_server_is_known_by_its_text() {
        let refused = |engine, message| symptom(engine, DbErrorKind::Refused, message);
        let away = |engine, message| symptom(engine, DbErrorKind::Unreachable, message);
        for (found, expected) in [
            (
                refused(Engine::Postgres, "could not extend file \"base/5/1\": No space left on device"),
                ErrorCode::DiskFull,
            ),
            (refused(Engine::Mysql, "The table 'domain' is full"), ErrorCode::DiskFull),
            (refused(Engine::Postgres, "out of memory"), ErrorCode::OutOfMemory),
            (
                refused(
                    Engine::Mysql,
                    "The MariaDB server is running with the --read-only option so it cannot execute this statement",
                ),
                ErrorCode::DatabaseReadOnly,
            ),
            (away(Engine::Postgres, "FATAL:  sorry, too many clients already"), ErrorCode::DatabaseFull),
            (away(Engine::Mysql, "Too many connections"), ErrorCode::DatabaseFull),
            (
                away(
                    Engine::Mysql,
                    "Connections using insecure transport are prohibited while --require_secure_transport=ON.",
                ),
                ErrorCode::DatabaseTls,
            ),
            (
                away(
                    Engine::Postgres,
                    "FATAL:  no pg_hba.conf entry for host \"10.0.0.7\", user \"app\", database \"app\", no encryption",
                ),
                ErrorCode::DatabaseTls,
            ),
        ] {
            assert_eq!(found, Some(expected));
        }
    }

    #[test]
    fn a_statement_that_speaks_of_files_or_other_servers_does_not_say_that_this_one_is_away() {
        for (engine, message) in [
            (Engine::Postgres, "could not access file \"$libdir/x\": No such file or directory"),
            (Engine::Postgres, "could not establish connection: connection to server failed: Connection refused"),
            (Engine::Postgres, "password authentication failed for user \"elsewhere\""),
            (Engine::Mysql, "Can't connect to server on 'elsewhere' (115)"),
            (Engine::Mysql, "Unknown database 'elsewhere'"),
        ] {
            assert_eq!(symptom(engine, DbErrorKind::Refused, message), None, "{message}");
            assert!(symptom(engine, DbErrorKind::Unreachable, message).is_some(), "{message}");
        }
        // MySQL says of LOAD DATA without the right to it what it says of a wrong password.
        let denied = "Access denied for user 'app'@'%' (using password: YES)";
        assert_eq!(symptom(Engine::Mysql, DbErrorKind::Refused, denied), Some(ErrorCode::PermissionDenied));
        assert_eq!(symptom(Engine::Mysql, DbErrorKind::Unreachable, denied), Some(ErrorCode::DatabasePassword));
        let rights = "Access denied for user 'app'@'%' to database 'app'";
        assert_eq!(symptom(Engine::Mysql, DbErrorKind::Unreachable, rights), Some(ErrorCode::PermissionDenied));
    }

    #[test]
    fn what_says_no_more_than_its_kind_has_no_symptom() {
        assert_eq!(symptom(Engine::Postgres, DbErrorKind::Refused, "syntax error at or near \"SELEC\""), None);
        assert_eq!(symptom(Engine::Postgres, DbErrorKind::Refused, "relation \"a\" does not exist"), None);
        assert_eq!(symptom(Engine::Mysql, DbErrorKind::Lost, "Lost connection to server during query"), None);
    }
}
