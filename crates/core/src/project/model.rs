//! The project's files as they are written. What the values mean together is `load`'s.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::secret::MASK;

/// `plimsoll.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProjectFile {
    pub(super) project: ProjectTable,
    pub(super) migrations: Option<MigrationsTable>,
    pub(super) seed: Option<SeedTable>,
    #[serde(default)]
    pub(super) expect: Vec<ExpectTable>,
    #[serde(default)]
    pub(super) variables: BTreeMap<Spanned<String>, VariableSpec>,
    pub(super) smoke: Option<SmokeTable>,
    #[serde(default)]
    pub(super) release: Vec<ReleaseSpec>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProjectTable {
    pub(super) name: String,
    /// The template of the database URL.
    #[serde(default = "default_database")]
    pub(super) database: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MigrationsTable {
    pub(super) path: Spanned<String>,
    pub(super) lock_timeout: Option<Spanned<String>>,
    pub(super) lock_retries: Option<u32>,
    #[serde(default)]
    pub(super) allow_out_of_order: bool,
    #[serde(default)]
    pub(super) lint: LintTable,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LintTable {
    #[serde(default)]
    pub(super) allow: Vec<String>,
    #[serde(default)]
    pub(super) warn: Vec<String>,
    #[serde(default)]
    pub(super) opt_in: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedTable {
    pub(super) path: Spanned<String>,
    #[serde(default)]
    pub(super) user_data: Vec<String>,
    pub(super) profile: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpectTable {
    pub(super) table: Option<Spanned<String>>,
    pub(super) r#where: Option<String>,
    pub(super) at_least: Option<Spanned<toml::Value>>,
    pub(super) at_most: Option<Spanned<toml::Value>>,
    pub(super) exactly: Option<Spanned<toml::Value>>,
    pub(super) not_null: Option<Spanned<Vec<String>>>,
    pub(super) unique: Option<Spanned<Vec<String>>>,
    pub(super) accepted: Option<Spanned<AcceptedTable>>,
    pub(super) relationship: Option<Spanned<RelationshipTable>>,
    pub(super) sql: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AcceptedTable {
    pub(super) column: String,
    pub(super) values: Vec<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RelationshipTable {
    pub(super) columns: Vec<String>,
    pub(super) table: String,
    pub(super) references: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SmokeTable {
    pub(super) path: Spanned<String>,
    pub(super) revision: Option<RevisionSource>,
}

/// Where an answer of the service names its revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "lowercase")]
pub enum RevisionSource {
    /// In a header.
    Header(String),
    /// In the JSON body, at a JSONPath.
    Json(String),
}

/// `environments/<name>.toml`. Without a Debug form, because its variables may be secrets.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EnvironmentFile {
    #[serde(default)]
    pub(super) protected: bool,
    #[serde(default)]
    pub(super) features: Vec<String>,
    pub(super) base_url: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) variables: BTreeMap<Spanned<String>, Spanned<toml::Value>>,
    #[serde(default)]
    pub(super) seed: EnvironmentSeedTable,
    #[serde(default)]
    pub(super) release: Vec<ReleaseSpec>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EnvironmentSeedTable {
    #[serde(default)]
    pub(super) with: Vec<String>,
    pub(super) profile: Option<String>,
}

/// One variable of the environment contract. Its Debug form hides the default of a secret.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VariableSpec {
    /// Whether a deployment needs a value.
    #[serde(default)]
    pub required: bool,
    /// The features of an environment that make it required.
    #[serde(default)]
    pub required_by: Vec<String>,
    /// Whether its value is never shown.
    #[serde(default)]
    pub secret: bool,
    /// The value when no layer has one; may be a template of other variables.
    pub default: Option<Spanned<toml::Value>>,
    /// What values it takes.
    #[serde(default, rename = "type")]
    pub kind: VariableType,
    /// The only values it takes.
    #[serde(default)]
    pub one_of: Vec<String>,
    /// What it is for.
    pub description: Option<String>,
    /// A value as it might look.
    pub example: Option<String>,
}

/// What values a variable takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VariableType {
    /// Any text.
    #[default]
    String,
    /// A database URL.
    Dsn,
    /// A URL with a host.
    Url,
    /// A file or folder; relative to the project, or to where the command was typed for `--set`.
    Path,
    /// A whole number.
    Int,
    /// A number.
    Float,
    /// `true` or `false`.
    Bool,
}

/// A `[[release]]`: what turns a revision into the one that serves. Strings are templates.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseSpec {
    /// The name, unique in an environment.
    pub name: String,
    /// The kind of release.
    pub kind: ReleaseKind,
    /// The file that makes the revision; a copy of it is kept.
    pub artifact: Option<String>,
    /// The arguments of the process, the program first.
    pub command: Vec<String>,
    /// The port of the serving revision.
    pub port: String,
    /// The path that answers once the process is up.
    pub health: String,
    /// How long the process may take until it answers.
    #[serde(default = "default_start_timeout")]
    pub start_timeout: String,
    /// The environment of the process, and all of it except `PATH` and `HOME`.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
}

/// The kinds of releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReleaseKind {
    /// A supervised local process.
    Process,
}

impl fmt::Debug for VariableSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let default = self.default.as_ref().map(|value| match self.secret {
            true => MASK.to_owned(),
            false => value.get_ref().to_string(),
        });
        f.debug_struct("VariableSpec")
            .field("required", &self.required)
            .field("required_by", &self.required_by)
            .field("secret", &self.secret)
            .field("default", &default)
            .field("kind", &self.kind)
            .field("one_of", &self.one_of)
            .finish_non_exhaustive()
    }
}

fn default_database() -> String {
    "{{ DATABASE_URL }}".to_owned()
}

fn default_start_timeout() -> String {
    "20s".to_owned()
}
