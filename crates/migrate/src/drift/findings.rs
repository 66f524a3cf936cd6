//! What is no difference from the migrations and needs a look all the same. Differences are `schema`'s.

use std::fmt;

use plimsoll_core::db::{Db, DbError, Engine, Stmt, dialect, scalar};
use serde::{Deserialize, Serialize};

use crate::schema::{ObjectKey, ObjectKind, Schema};

/// Something to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What kind.
    pub kind: FindingKind,
    /// The object.
    pub key: ObjectKey,
    /// How many rows, where it is about rows.
    pub rows: Option<u64>,
}

/// The kinds of [`Finding`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// An index that a concurrent build left unusable.
    InvalidIndex,
    /// A constraint that old rows may break.
    UnvalidatedConstraint,
    /// A trigger, rule or foreign key that does nothing.
    Disabled,
    /// Rows that refer to rows that are not there.
    Orphans,
    /// A table with a foreign key to columns that are no key, which every write to it will be refused for.
    Unreferable,
}

pub(super) fn find(db: &mut dyn Db, schema: &Schema) -> Result<Vec<Finding>, DbError> {
    let mut findings = Vec::new();
    for object in schema.objects.values() {
        let kind = match (object.key.kind, object.attribute("validity"), object.attribute("state")) {
            (ObjectKind::Index, Some("INVALID" | "not ready"), _) => FindingKind::InvalidIndex,
            (_, Some("not validated"), _) => FindingKind::UnvalidatedConstraint,
            (_, _, Some("disabled")) => FindingKind::Disabled,
            _ => continue,
        };
        findings.push(Finding { kind, key: object.key.clone(), rows: None });
    }
    if db.engine() == Engine::Sqlite {
        for key in schema.objects.keys().filter(|key| key.kind == ObjectKind::Table) {
            let table = dialect::literal(Engine::Sqlite, &key.name);
            // What cannot be referred to cannot be checked either, and that for one table only.
            match scalar(db, &Stmt::new(format!("SELECT count(*) FROM pragma_foreign_key_check({table})"))) {
                Ok(count) => {
                    let rows = count.as_int().and_then(|count| u64::try_from(count).ok()).filter(|rows| *rows > 0);
                    findings.extend(rows.map(|rows| Finding {
                        kind: FindingKind::Orphans,
                        key: key.clone(),
                        rows: Some(rows),
                    }));
                }
                Err(_) => findings.push(Finding { kind: FindingKind::Unreferable, key: key.clone(), rows: None }),
            }
        }
    }
    Ok(findings)
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, key, rows } = self;
        match kind {
            FindingKind::InvalidIndex => {
                write!(f, "{key}: INVALID, a concurrent build failed; no query uses it: drop it and build it again")
            }
            FindingKind::UnvalidatedConstraint => {
                write!(
                    f,
                    "{key}: not validated, rows from before it may break it: `VALIDATE CONSTRAINT` when they do not"
                )
            }
            FindingKind::Disabled => write!(f, "{key}: disabled"),
            FindingKind::Unreferable => write!(f, "{key}: a foreign key of it refers to columns that are no key"),
            FindingKind::Orphans => {
                let rows = rows.unwrap_or_default();
                write!(
                    f,
                    "{key}: {rows} {} to rows that are not there",
                    if rows == 1 { "row refers" } else { "rows refer" }
                )
            }
        }
    }
}
