//! What the environment says, with the defaults of the caller-coaching system. Whether the database has it is `readiness`'s.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// The configuration of a running service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Config {
    /// The database URL; may hold a password, so it is never printed.
    pub(crate) database_url: Hidden,
    pub(crate) port: u16,
    pub(crate) revision: String,
    pub(crate) onboarding_spec: String,
    pub(crate) pipeline_spec: String,
    pub(crate) pipeline_fallback_spec: String,
    pub(crate) compose_spec: String,
    pub(crate) voice_spec_pattern: String,
    pub(crate) onboarding_slug_prefix: String,
    /// What opens the admin API; nothing opens it when there is none.
    pub(crate) superadmin_token: Option<Hidden>,
    /// The project that is seeded from, when the service may seed at all.
    pub(crate) project: Option<ProjectPlace>,
    pub(crate) fault: Option<Fault>,
}

/// Where the project is that the admin API seeds from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProjectPlace {
    pub(crate) folder: PathBuf,
    pub(crate) environment: String,
    /// The process environment: the layer of variables that wins over the project's files.
    pub(crate) variables: BTreeMap<String, Hidden>,
}

pub(crate) use plimsoll_core::Secret as Hidden;

/// A fault to rehearse a deployment with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    DieAtStart,
    NoSpecs,
    WrongRevision,
    NeverAnswers,
}

/// A variable that is missing or cannot be understood.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("DATABASE_URL is required and is not set")]
    NoDatabase,
    #[error("PORT is no port: `{0}`")]
    Port(String),
    #[error("CALLER_COACHING_FAULT knows no `{0}`: die-at-start, no-specs, wrong-revision, never-answers")]
    Fault(String),
}

impl Config {
    /// Reads the configuration. An empty variable counts as one that is not set.
    pub(crate) fn read(variables: &BTreeMap<String, String>) -> Result<Self, ConfigError> {
        let set = |name: &str| variables.get(name).filter(|value| !value.is_empty()).cloned();
        let or = |name: &str, default: &str| set(name).unwrap_or_else(|| default.to_owned());
        let port = or("PORT", "3000");
        Ok(Self {
            database_url: Hidden::new(set("DATABASE_URL").ok_or(ConfigError::NoDatabase)?),
            port: port.parse().map_err(|_| ConfigError::Port(port))?,
            revision: or("REVISION", "unversioned"),
            onboarding_spec: or("ONBOARDING_SPEC_SLUG", "INIT-001"),
            pipeline_spec: or("PIPELINE_SPEC_SLUG", "PIPELINE-001"),
            pipeline_fallback_spec: or("PIPELINE_FALLBACK_SPEC_SLUG", "GUARD-001"),
            compose_spec: or("COMPOSE_SPEC_SLUG", "system-compose-next-prompt"),
            voice_spec_pattern: or("VOICE_SPEC_SLUG_PATTERN", "voice"),
            onboarding_slug_prefix: or("ONBOARDING_SLUG_PREFIX", "init."),
            superadmin_token: set("HF_SUPERADMIN_TOKEN").map(Hidden::new),
            project: set("ENVIRONMENT").map(|environment| ProjectPlace {
                folder: PathBuf::from(or("PROJECT", ".")),
                environment,
                variables: variables.iter().map(|(name, value)| (name.clone(), Hidden::new(value))).collect(),
            }),
            fault: set("CALLER_COACHING_FAULT").map(Fault::parse).transpose()?,
        })
    }
}

impl Fault {
    fn parse(name: String) -> Result<Self, ConfigError> {
        Ok(match name.as_str() {
            "die-at-start" => Self::DieAtStart,
            "no-specs" => Self::NoSpecs,
            "wrong-revision" => Self::WrongRevision,
            "never-answers" => Self::NeverAnswers,
            _ => return Err(ConfigError::Fault(name)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::read(&pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn only_the_database_has_no_default() {
        assert_eq!(read(&[]), Err(ConfigError::NoDatabase));
        let config = read(&[("DATABASE_URL", "sqlite:a.db"), ("PORT", "")]).expect("enough");
        assert_eq!((config.port, config.revision.as_str(), config.fault), (3000, "unversioned", None));
    }

    #[test]
    fn the_token_and_other_values_are_never_shown() {
        let config =
            read(&[("DATABASE_URL", "sqlite:a.db"), ("HF_SUPERADMIN_TOKEN", "s3cret"), ("ENVIRONMENT", "dev")]);
        assert!(!format!("{config:?}").contains("s3cret"), "{config:?}");
    }

    #[test]
    fn what_is_no_port_or_no_fault_is_told() {
        let error = |name, value| read(&[("DATABASE_URL", "sqlite:a.db"), (name, value)]).expect_err("it is wrong");
        assert_eq!(error("PORT", "eighty"), ConfigError::Port("eighty".to_owned()));
        assert_eq!(error("CALLER_COACHING_FAULT", "boredom"), ConfigError::Fault("boredom".to_owned()));
    }

    #[test]
    fn every_variable_is_in_the_help() {
        let names = [
            "DATABASE_URL",
            "PORT",
            "REVISION",
            "ONBOARDING_SPEC_SLUG",
            "PIPELINE_SPEC_SLUG",
            "PIPELINE_FALLBACK_SPEC_SLUG",
            "COMPOSE_SPEC_SLUG",
            "VOICE_SPEC_SLUG_PATTERN",
            "ONBOARDING_SLUG_PREFIX",
            "HF_SUPERADMIN_TOKEN",
            "ENVIRONMENT",
            "PROJECT",
            "CALLER_COACHING_FAULT",
        ];
        for name in names {
            assert!(crate::HELP.contains(name), "{name}");
        }
    }
}
