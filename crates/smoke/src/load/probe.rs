//! Reads what a check looks at: exactly one probe, each kind in a function of its own. Measuring is `probe`'s.

use plimsoll_core::db::named;
use plimsoll_core::template;
use serde_json::Value;
use toml::Spanned;

use super::confine::confined_or_new;
use super::reader::Reader;
use crate::file::{FileCommand, FileDns, FileLog, FileProbes, FileRedis, FileSql, FileTcp, in_file_order};
use crate::model::{CommandProbe, DnsProbe, LogProbe, LogSource, Probe, RedisAction, RedisProbe, SqlProbe, TcpProbe};
use crate::probe::redis;
use crate::problem::Invalid;

impl Reader<'_> {
    /// The probe and its place. Where there is none or are several the place is that of the check or of the second one.
    pub(super) fn probe(&mut self, at: usize, raw: FileProbes) -> (Probe, usize) {
        let mut found: Vec<(usize, Probe)> = Vec::new();
        macro_rules! read {
            ($($field:ident => $variant:expr),+ $(,)?) => {$(
                if let Some(raw) = raw.$field {
                    let at = raw.span().start;
                    found.push((at, $variant(self.$field(raw.into_inner()))));
                }
            )+};
        }
        read!(
            request => |request| Probe::Http(Box::new(request)),
            log => Probe::Log,
            sql => Probe::Sql,
            redis => Probe::Redis,
            tcp => Probe::Tcp,
            dns => Probe::Dns,
            command => Probe::Command,
        );
        found.sort_by_key(|(at, _)| *at);
        match &found[..] {
            [] => self.wrong(at, Invalid::NoProbe),
            [_] => {}
            [_, (second, _), ..] => self.wrong(*second, Invalid::TwoProbes),
        }
        let first = found.into_iter().next();
        first.map_or_else(|| (Probe::Http(Box::default()), at), |(at, probe)| (probe, at))
    }

    fn log(&mut self, raw: FileLog) -> LogProbe {
        let at = raw.file.as_ref().map(|file| file.span().start);
        let at = at.or_else(|| raw.command.as_ref().map(|command| command.span().start)).unwrap_or_default();
        let source = match (raw.file, raw.command) {
            // It may appear with its first line.
            (Some(file), None) => LogSource::File(self.log_file(file)),
            (None, Some(command)) => LogSource::Command(self.words(command)),
            _ => {
                self.wrong(at, Invalid::LogSource);
                LogSource::File(String::new())
            }
        };
        if raw.contains.is_none() && raw.matches.is_none() {
            self.wrong(at, Invalid::LogLine);
        }
        if let Some(pattern) = &raw.matches {
            self.pattern(pattern.span().start, pattern.get_ref());
        }
        if let (Some(from_start), LogSource::Command(_)) = (&raw.from_start, &source) {
            self.wrong(from_start.span().start, Invalid::CommandFromStart);
        }
        LogProbe {
            from_start: raw.from_start.is_some_and(Spanned::into_inner),
            source,
            contains: raw.contains.map(|text| self.placed_text(text)),
            matches: raw.matches.map(|text| self.placed_text(text)),
        }
    }

    fn sql(&mut self, raw: FileSql) -> SqlProbe {
        let at = raw.query.span().start;
        let query = raw.query.into_inner();
        if template::is_template(&query) {
            self.wrong(at, Invalid::QueryTemplate);
        }
        let wanted = named::names(&query);
        let mut binds = Vec::new();
        for (name, mut value) in in_file_order(raw.binds) {
            let at = name.span().start;
            if matches!(value, Value::Array(_) | Value::Object(_)) {
                self.wrong(at, Invalid::BindShape { name: name.get_ref().clone() });
            }
            if !wanted.contains(name.get_ref()) {
                self.wrong(at, Invalid::UnusedBind { name: name.get_ref().clone() });
            }
            self.templates(at, &mut value);
            binds.push((name.into_inner(), value));
        }
        for name in wanted {
            if binds.iter().all(|(known, _)| *known != name) {
                self.wrong(at, Invalid::Unbound { name });
            }
        }
        let timeout_ms = raw.timeout.and_then(|timeout| self.duration(&timeout));
        SqlProbe { query, binds, url: raw.url.map(|url| self.placed_text(url)), timeout_ms }
    }

    fn redis(&mut self, raw: FileRedis) -> RedisProbe {
        let at = raw.url.span().start;
        let timeout_ms = raw.timeout.and_then(|timeout| self.duration(&timeout));
        let action = match (raw.command, raw.keys) {
            (Some(command), None) => {
                let at = command.span().start;
                if command.get_ref().first().is_some_and(|word| word.eq_ignore_ascii_case("KEYS")) {
                    self.wrong(at, Invalid::RedisKeys);
                }
                RedisAction::Command(self.words(command))
            }
            (None, Some(keys)) => RedisAction::Keys(self.placed_text(keys)),
            _ => {
                self.wrong(at, Invalid::RedisAction);
                RedisAction::Keys(String::new())
            }
        };
        let url = self.placed_text(raw.url);
        if !template::is_template(&url)
            && let Some(why) = redis::wrong_with(&url)
        {
            self.wrong(at, Invalid::RedisUrl { why });
        }
        RedisProbe { url, action, timeout_ms }
    }

    fn tcp(&mut self, raw: FileTcp) -> TcpProbe {
        let at = raw.address.span().start;
        let address = self.placed_text(raw.address);
        let port =
            address.rsplit_once(':').and_then(|(host, port)| port.parse::<u16>().ok().filter(|_| !host.is_empty()));
        if port.is_none() && !template::is_template(&address) {
            self.wrong(at, Invalid::HostAndPort { text: address.clone() });
        }
        let resolve = raw.resolve.map(|resolve| self.resolve(resolve));
        let timeout_ms = raw.timeout.and_then(|timeout| self.duration(&timeout));
        TcpProbe { address, resolve, timeout_ms }
    }

    fn dns(&mut self, raw: FileDns) -> DnsProbe {
        DnsProbe { name: self.placed_text(raw.name), record: raw.record }
    }

    fn command(&mut self, raw: FileCommand) -> CommandProbe {
        let mut env = Vec::new();
        for (name, mut value) in in_file_order(raw.env) {
            let at = name.span().start;
            if name.get_ref().is_empty() || name.get_ref().contains(['=', '\0']) {
                self.wrong(at, Invalid::EnvironmentName { name: name.get_ref().clone() });
            }
            self.templates(at, &mut value);
            env.push((name.into_inner(), value));
        }
        let timeout_ms = raw.timeout.and_then(|timeout| self.duration(&timeout));
        CommandProbe { run: self.words(raw.run), env, timeout_ms }
    }

    /// A file of the project that need not be there yet.
    fn log_file(&mut self, file: Spanned<String>) -> String {
        let at = file.span().start;
        let path = self.placed_text(file);
        if !template::is_template(&path)
            && let Some(root) = self.root
            && let Err(source) = confined_or_new(root, &path)
        {
            self.wrong(at, Invalid::File { path: path.clone(), source });
        }
        path
    }
}
