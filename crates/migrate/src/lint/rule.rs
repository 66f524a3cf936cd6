//! The rules by name, and how grave each is. What a rule finds is in `table`, finding it is left to `check`.

use std::fmt;

use plimsoll_core::db::Engine;
use plimsoll_core::toml_file::nearest;
use serde::{Deserialize, Serialize};

use super::table;
use crate::error::MigrateError;

/// What a finding threatens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// Rows or whole objects are gone afterwards.
    DataLoss,
    /// The code that runs while the migration does, or until the next release, stops working.
    BreaksRunningCode,
    /// It fails on rows that are there, or in the way it is run.
    MayFailOnData,
    /// Others wait, for longer than a moment.
    Blocks,
    /// Nothing is lost, but it is less sturdy than it could be; opt-in matters of style among them.
    Robustness,
}

impl Grade {
    /// All of them, gravest first.
    pub const ALL: [Self; 5] =
        [Self::DataLoss, Self::BreaksRunningCode, Self::MayFailOnData, Self::Blocks, Self::Robustness];

    /// As people read it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DataLoss => "data loss",
            Self::BreaksRunningCode => "breaks running code",
            Self::MayFailOnData => "may fail",
            Self::Blocks => "blocks",
            Self::Robustness => "robustness",
        }
    }

    /// Whether a finding of this grade fails the check.
    #[must_use]
    pub fn is_error(self) -> bool {
        match self {
            Self::DataLoss | Self::BreaksRunningCode | Self::MayFailOnData | Self::Blocks => true,
            Self::Robustness => false,
        }
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

macro_rules! rules {
    ($($name:ident = $text:literal,)*) => {
        /// A rule. Its text form never changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[allow(missing_docs, reason = "what each finds is in its RuleInfo, where docs/lint.md has it from")]
        pub enum Rule { $(#[serde(rename = $text)] $name,)* }

        impl Rule {
            /// All rules, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name in reports, settings and comments.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

rules! {
    DropDatabase = "drop-database",
    DropSchema = "drop-schema",
    DropTable = "drop-table",
    DropColumn = "drop-column",
    Truncate = "truncate",
    TruncateCascade = "truncate-cascade",
    DropAndCreate = "drop-and-create",
    UpdateWithoutWhere = "update-without-where",
    RebuildCascade = "rebuild-cascade",
    DropForeignKey = "drop-foreign-key",
    DropNotNull = "drop-not-null",
    DropIndex = "drop-index",
    RenameTable = "rename-table",
    RenameColumn = "rename-column",
    RenameSchema = "rename-schema",
    RenameEnumValue = "rename-enum-value",
    EnumValueOrdering = "enum-value-ordering",
    JsonNotJsonb = "json-not-jsonb",
    RequiredField = "required-field",
    SetNotNull = "set-not-null",
    UniqueOnExisting = "unique-on-existing",
    ForeignKeyNotValid = "foreign-key-not-valid",
    CheckNotValid = "check-not-valid",
    NarrowingType = "narrowing-type",
    DropEnumValue = "drop-enum-value",
    SetNotNullWithoutStrict = "set-not-null-without-strict",
    ConcurrentInTransaction = "concurrent-in-transaction",
    EnumValueUsedInSameTransaction = "enum-value-used-in-same-transaction",
    TransactionInFile = "transaction-in-file",
    LongIdentifier = "long-identifier",
    InlineReferencesIgnored = "inline-references-ignored",
    PragmaInTransaction = "pragma-in-transaction",
    IndexNotConcurrent = "index-not-concurrent",
    DropIndexNotConcurrent = "drop-index-not-concurrent",
    ReindexNotConcurrent = "reindex-not-concurrent",
    DetachNotConcurrent = "detach-not-concurrent",
    RefreshNotConcurrent = "refresh-not-concurrent",
    AddPrimaryKey = "add-primary-key",
    AddUniqueConstraint = "add-unique-constraint",
    ExclusionConstraint = "exclusion-constraint",
    ValidateInSameTransaction = "validate-in-same-transaction",
    AlterTypeRewrite = "alter-type-rewrite",
    VolatileDefault = "volatile-default",
    AddSerialOrStored = "add-serial-or-stored",
    DomainConstraint = "domain-constraint",
    LockHeldAcrossStatements = "lock-held-across-statements",
    VacuumFullOrCluster = "vacuum-full-or-cluster",
    ForeignKeyWithoutIndex = "foreign-key-without-index",
    BackfillInSchemaTransaction = "backfill-in-schema-transaction",
    AlgorithmCopy = "algorithm-copy",
    PrimaryKeyChange = "primary-key-change",
    EngineOrCharsetConversion = "engine-or-charset-conversion",
    ColumnPosition = "column-position",
    ExpressionDefault = "expression-default",
    EnumReorder = "enum-reorder",
    AddForeignKeyBlocks = "add-foreign-key-blocks",
    AddCheckBlocks = "add-check-blocks",
    VarcharCrosses255Bytes = "varchar-crosses-255-bytes",
    StoredGenerated = "stored-generated",
    NotRerunnable = "not-rerunnable",
    NonLinearHistory = "non-linear-history",
    AllowWithoutReason = "allow-without-reason",
    UnusedAllow = "unused-allow",
    WithoutDown = "without-down",
    RequireTableSchema = "require-table-schema",
    PreferBigint = "prefer-bigint",
    PreferIdentity = "prefer-identity",
    PreferText = "prefer-text",
    PreferTimestamptz = "prefer-timestamptz",
    HasFloat = "has-float",
    HasEnum = "has-enum",
    MissingPrimaryKey = "missing-primary-key",
    NameCase = "name-case",
    WideIndex = "wide-index",
}

/// What there is to know about a rule.
#[derive(Debug, Clone, Copy)]
pub struct RuleInfo {
    /// The rule.
    pub rule: Rule,
    /// How grave what it finds is.
    pub grade: Grade,
    /// Where it applies.
    pub engines: &'static [Engine],
    /// Whether it is off until `opt_in` names it.
    pub opt_in: bool,
    /// What happens when nobody heeds it: one or more sentences.
    pub catches: &'static str,
    /// What to do instead: one or more sentences.
    pub instead: &'static str,
    /// The engine of the examples.
    pub engine: Engine,
    /// What earlier migrations of the examples did.
    pub before: &'static str,
    /// A migration that it finds.
    pub bad: &'static str,
    /// One that it does not, if SQL alone is enough for that.
    pub good: Option<&'static str>,
}

impl Rule {
    /// The rule with a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|rule| rule.as_str() == name)
    }

    /// The rule that a setting names.
    ///
    /// # Errors
    /// [`MigrateError::RuleUnknown`] with the nearest name there is.
    pub fn parse(name: &str) -> Result<Self, MigrateError> {
        Self::named(name).ok_or_else(|| MigrateError::RuleUnknown {
            name: name.to_owned(),
            near: nearest(name, Self::ALL.iter().map(|rule| rule.as_str())),
        })
    }

    /// What there is to know about it.
    #[must_use]
    pub fn info(self) -> &'static RuleInfo {
        table::ALL.iter().flat_map(|part| part.iter()).find(|info| info.rule == self).expect("every rule has its entry")
    }

    /// How grave what it finds is.
    #[must_use]
    pub fn grade(self) -> Grade {
        self.info().grade
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_exactly_one_entry_and_its_name_finds_it() {
        for rule in Rule::ALL {
            let entries = table::ALL.iter().flat_map(|part| part.iter()).filter(|info| info.rule == *rule).count();
            assert_eq!(entries, 1, "{rule}");
            assert_eq!(Rule::named(rule.as_str()), Some(*rule));
            assert!(rule.info().engines.contains(&rule.info().engine), "{rule}: the example is for another engine");
        }
    }
}
