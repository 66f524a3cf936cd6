//! What the environment says to each role, with the defaults of the voice reader's `dev`. What is done with it is the roles'.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use plimsoll_core::Secret;

/// The variables of the process that are text. An empty one counts as one that is not set.
pub(crate) struct Variables(BTreeMap<String, String>);

/// What every role that listens needs.
#[derive(Debug, Clone)]
pub(crate) struct Listening {
    pub(crate) role: &'static str,
    pub(crate) port: u16,
    pub(crate) revision: String,
}

/// The configuration of the API.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    pub(crate) listening: Listening,
    pub(crate) database_url: Secret,
    pub(crate) broker_url: Secret,
    /// The folder that stands for the storage; buckets are folders in it.
    pub(crate) storage: PathBuf,
    pub(crate) bucket: String,
    pub(crate) fault: Option<Fault>,
}

/// The configuration of the worker.
#[derive(Debug, Clone)]
pub(crate) struct Worker {
    pub(crate) broker_url: Secret,
}

/// The configuration of the bot.
#[derive(Debug, Clone)]
pub(crate) struct Bot {
    pub(crate) listening: Listening,
    pub(crate) redis_url: Secret,
    /// Where rooms are, without a `/` at the end.
    pub(crate) rooms: String,
    pub(crate) fault: Option<Fault>,
}

/// The configuration of the client.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) listening: Listening,
    /// The bot's `/start`.
    pub(crate) bot_start: String,
    /// Where browsers find the API.
    pub(crate) api: String,
}

/// What the stack starts, and where.
#[derive(Debug, Clone)]
pub(crate) struct Stack {
    pub(crate) redis_config: PathBuf,
    pub(crate) logs: PathBuf,
    /// Variables of each role beside the process's own.
    pub(crate) roles: Vec<(&'static str, Vec<(&'static str, String)>)>,
    pub(crate) redis_address: String,
}

/// A fault to rehearse smoke checks with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Health answers 200 with `{"ok": false}`.
    Unwell,
    /// Uploads are accepted and never enqueued.
    NotEnqueued,
    /// The state of a call has no end.
    NoTtl,
}

/// A variable that is missing or cannot be understood.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("{0} is required and is not set")]
    Missing(&'static str),
    #[error("{0} is no port: `{1}`")]
    Port(&'static str, String),
    #[error("{0} is not the URL of a Redis: write `redis://user:password@host:6379/0`")]
    Redis(&'static str),
    #[error("BOT_START_URL does not end with `/start`: `{0}`")]
    BotStart(String),
    #[error("STORAGE_BUCKET has letters, digits, `_` and `-` only, not `{0}`")]
    Bucket(String),
    #[error("VOICE_READER_FAULT knows no `{0}`: unwell, not-enqueued, no-ttl")]
    Fault(String),
}

impl Variables {
    /// Takes those of the process.
    pub(crate) fn new(all: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let pair = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
        Self(all.into_iter().filter_map(pair).filter(|(_, value)| !value.is_empty()).collect())
    }

    fn required(&self, name: &'static str) -> Result<String, ConfigError> {
        self.0.get(name).cloned().ok_or(ConfigError::Missing(name))
    }

    fn or(&self, name: &str, default: &str) -> String {
        self.0.get(name).cloned().unwrap_or_else(|| default.to_owned())
    }

    fn port(&self, name: &'static str, default: &str) -> Result<u16, ConfigError> {
        let port = self.or(name, default);
        port.parse().map_err(|_| ConfigError::Port(name, port))
    }

    fn redis(&self, name: &'static str) -> Result<Secret, ConfigError> {
        let url = self.required(name)?;
        redis::parse_redis_url(&url).ok_or(ConfigError::Redis(name))?;
        Ok(Secret::new(url))
    }

    fn listening(&self, role: &'static str) -> Result<Listening, ConfigError> {
        Ok(Listening { role, port: self.port("PORT", "0")?, revision: self.or("REVISION", "unversioned") })
    }

    fn fault(&self) -> Result<Option<Fault>, ConfigError> {
        Ok(Some(match self.or("VOICE_READER_FAULT", "").as_str() {
            "" => return Ok(None),
            "unwell" => Fault::Unwell,
            "not-enqueued" => Fault::NotEnqueued,
            "no-ttl" => Fault::NoTtl,
            other => return Err(ConfigError::Fault(other.to_owned())),
        }))
    }
}

pub(crate) fn api(variables: &Variables) -> Result<Api, ConfigError> {
    let bucket = variables.required("STORAGE_BUCKET")?;
    // It becomes a folder: what could lead elsewhere is no name of a bucket.
    if !bucket.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)) {
        return Err(ConfigError::Bucket(bucket));
    }
    Ok(Api {
        listening: variables.listening("api")?,
        database_url: Secret::new(variables.required("DATABASE_URL")?),
        broker_url: variables.redis("DRAMATIQ_BROKER_URL")?,
        storage: PathBuf::from(variables.required("STORAGE_DIR")?),
        bucket,
        fault: variables.fault()?,
    })
}

pub(crate) fn worker(variables: &Variables) -> Result<Worker, ConfigError> {
    Ok(Worker { broker_url: variables.redis("DRAMATIQ_BROKER_URL")? })
}

pub(crate) fn bot(variables: &Variables) -> Result<Bot, ConfigError> {
    Ok(Bot {
        listening: variables.listening("bot")?,
        redis_url: variables.redis("REDIS_URL")?,
        rooms: variables.or("ROOM_BASE_URL", "http://127.0.0.1:4339/rooms").trim_end_matches('/').to_owned(),
        fault: variables.fault()?,
    })
}

pub(crate) fn client(variables: &Variables) -> Result<Client, ConfigError> {
    let bot_start = variables.required("BOT_START_URL")?;
    if !bot_start.ends_with("/start") {
        return Err(ConfigError::BotStart(bot_start));
    }
    Ok(Client {
        listening: variables.listening("client")?,
        bot_start,
        api: variables.or("NEXT_PUBLIC_API_BASE_URL", "http://127.0.0.1:4330"),
    })
}

/// The addresses and passwords are those of `environments/dev.toml` and `redis/dev.acl`.
pub(crate) fn stack(variables: &Variables) -> Result<Stack, ConfigError> {
    let redis_address = variables.or("REDIS_ADDRESS", "127.0.0.1:4340");
    let bot = variables.port("BOT_PORT", "4331")?;
    let client = variables.port("CLIENT_PORT", "4332")?;
    let redis = |name, user| variables.or(name, &format!("redis://{user}:dev-only-{user}@{redis_address}/0"));
    let worker = vec![("DRAMATIQ_BROKER_URL", redis("DRAMATIQ_BROKER_URL", "broker"))];
    let bot_variables = vec![("REDIS_URL", redis("REDIS_URL", "app")), ("PORT", bot.to_string())];
    let start = variables.or("BOT_START_URL", &format!("http://127.0.0.1:{bot}/start"));
    let client = vec![("BOT_START_URL", start), ("PORT", client.to_string())];
    Ok(Stack {
        redis_config: PathBuf::from(variables.or("REDIS_CONFIG", "redis/dev.conf")),
        logs: PathBuf::from(variables.or("LOG_DIR", ".plimsoll/dev/logs")),
        roles: vec![("worker", worker), ("bot", bot_variables), ("client", client)],
        redis_address,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&str, &str)]) -> Variables {
        Variables::new(pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())))
    }

    const API: [(&str, &str); 4] = [
        ("DATABASE_URL", "sqlite:a.db"),
        ("DRAMATIQ_BROKER_URL", "redis://broker:hushed@host/0"),
        ("STORAGE_DIR", "storage"),
        ("STORAGE_BUCKET", "readme_dev"),
    ];

    #[test]
    fn what_the_api_cannot_do_without_is_named() {
        for missing in API {
            let rest: Vec<_> = API.into_iter().filter(|pair| *pair != missing).collect();
            assert_eq!(api(&of(&rest)).expect_err("one is missing"), ConfigError::Missing(missing.0));
        }
        let config = api(&of(&API)).expect("enough");
        assert_eq!((config.listening.port, config.listening.revision.as_str()), (0, "unversioned"));
        assert!(!format!("{config:?}").contains("hushed"), "{config:?}");
    }

    #[test]
    fn what_is_no_port_url_bucket_or_fault_is_told() {
        let with = |name, value| api(&of(&[&API[..], &[(name, value)]].concat())).expect_err("it is wrong");
        assert_eq!(with("PORT", "eighty"), ConfigError::Port("PORT", "eighty".to_owned()));
        assert_eq!(with("DRAMATIQ_BROKER_URL", "host:6379"), ConfigError::Redis("DRAMATIQ_BROKER_URL"));
        assert_eq!(with("STORAGE_BUCKET", "../prod"), ConfigError::Bucket("../prod".to_owned()));
        assert_eq!(with("VOICE_READER_FAULT", "boredom"), ConfigError::Fault("boredom".to_owned()));
        let start = client(&of(&[("BOT_START_URL", "http://bot/")])).expect_err("it is wrong");
        assert_eq!(start, ConfigError::BotStart("http://bot/".to_owned()));
    }

    #[test]
    fn every_variable_is_in_the_help() {
        let source = include_str!("config.rs");
        let calls = ["required(\"", "or(\"", "redis(\"", "port(\""];
        let names = calls.iter().flat_map(|call| source.split(call).skip(1));
        let names: Vec<&str> = names.filter_map(|rest| rest.split('"').next()).collect();
        assert!(names.len() > 12);
        for name in names.iter().filter(|name| name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')) {
            assert!(crate::HELP.contains(name), "{name}");
        }
    }
}
