//! Reads what a check looks at: exactly one probe, each kind in a function of its own. Measuring is `probe`'s.

use plimsoll_core::template;

use super::reader::Reader;
use crate::file::{FileCommand, FileDns, FileLog, FileProbes, FileRedis, FileSql, FileTcp, in_file_order};
use crate::model::{CommandProbe, DnsProbe, LogProbe, LogSource, Probe, RedisAction, RedisProbe, SqlProbe, TcpProbe};
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
            (Some(file), None) => LogSource::File(self.placed_text(file)),
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
        LogProbe {
            source,
            contains: raw.contains.map(|text| self.placed_text(text)),
            matches: raw.matches.map(|text| self.placed_text(text)),
        }
    }

    fn sql(&mut self, raw: FileSql) -> SqlProbe {
        if template::is_template(raw.query.get_ref()) {
            self.wrong(raw.query.span().start, Invalid::QueryTemplate);
        }
        let mut binds = Vec::new();
        for (name, mut value) in in_file_order(raw.binds) {
            self.templates(name.span().start, &mut value);
            binds.push((name.into_inner(), value));
        }
        SqlProbe { query: raw.query.into_inner(), binds, url: raw.url.map(|url| self.placed_text(url)) }
    }

    fn redis(&mut self, raw: FileRedis) -> RedisProbe {
        let at = raw.url.span().start;
        let action = match (raw.command, raw.keys) {
            (Some(command), None) => RedisAction::Command(self.words(command)),
            (None, Some(keys)) => RedisAction::Keys(self.placed_text(keys)),
            _ => {
                self.wrong(at, Invalid::RedisAction);
                RedisAction::Keys(String::new())
            }
        };
        RedisProbe { url: self.placed_text(raw.url), action }
    }

    fn tcp(&mut self, raw: FileTcp) -> TcpProbe {
        let at = raw.address.span().start;
        let address = self.placed_text(raw.address);
        let port =
            address.rsplit_once(':').and_then(|(host, port)| port.parse::<u16>().ok().filter(|_| !host.is_empty()));
        if port.is_none() && !template::is_template(&address) {
            self.wrong(at, Invalid::HostAndPort { text: address.clone() });
        }
        TcpProbe { address }
    }

    fn dns(&mut self, raw: FileDns) -> DnsProbe {
        DnsProbe { name: self.placed_text(raw.name), record: raw.record }
    }

    fn command(&mut self, raw: FileCommand) -> CommandProbe {
        let mut env = Vec::new();
        for (name, mut value) in in_file_order(raw.env) {
            self.templates(name.span().start, &mut value);
            env.push((name.into_inner(), value));
        }
        CommandProbe { run: self.words(raw.run), env }
    }
}
