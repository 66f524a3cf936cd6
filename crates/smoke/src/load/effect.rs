//! Whether what is looked at may be changed by looking. What a check has to say about that is `check.rs`'s.

use crate::model::{Probe, RedisAction};

/// Commands of Redis that only read.
const READING: &str = "BITCOUNT BITFIELD_RO BITPOS COMMAND DBSIZE DUMP ECHO EVALSHA_RO EVAL_RO EXISTS EXPIRETIME FCALL_RO GEODIST \
    GEOHASH GEOPOS GEOSEARCH GET GETBIT GETRANGE HEXISTS HEXPIRETIME HGET HGETALL HKEYS HLEN HMGET HPEXPIRETIME \
    HPTTL HRANDFIELD HSCAN HSTRLEN HTTL HVALS INFO LASTSAVE LCS LINDEX LLEN LPOS LRANGE MGET PEXPIRETIME PFCOUNT \
    PING PTTL RANDOMKEY ROLE SCAN SCARD SDIFF SINTER SINTERCARD SISMEMBER SMEMBERS SMISMEMBER SORT_RO \
    SRANDMEMBER SSCAN STRLEN SUBSTR SUNION TIME TTL TYPE XLEN XPENDING XRANGE XREAD XREVRANGE ZCARD ZCOUNT ZDIFF \
    ZINTER ZINTERCARD ZLEXCOUNT ZMSCORE ZRANDMEMBER ZRANGE ZRANGEBYLEX ZRANGEBYSCORE ZRANK ZREVRANGE \
    ZREVRANGEBYLEX ZREVRANGEBYSCORE ZREVRANK ZSCAN ZSCORE ZUNION";

/// The same for commands of two words.
const READING_OF_TWO: &[(&str, &[&str])] = &[
    ("ACL", &["CAT", "DRYRUN", "GETUSER", "LIST", "USERS", "WHOAMI"]),
    ("CLIENT", &["GETNAME", "ID", "INFO", "LIST"]),
    ("CLUSTER", &["INFO", "KEYSLOT", "MYID", "NODES", "SHARDS", "SLOTS"]),
    ("CONFIG", &["GET"]),
    ("FUNCTION", &["LIST", "STATS"]),
    ("MEMORY", &["STATS", "USAGE"]),
    ("MODULE", &["LIST"]),
    ("OBJECT", &["ENCODING", "FREQ", "IDLETIME", "REFCOUNT"]),
    ("PUBSUB", &["CHANNELS", "NUMPAT", "NUMSUB"]),
    ("SCRIPT", &["EXISTS"]),
    ("SLOWLOG", &["GET", "LEN"]),
    ("XINFO", &["CONSUMERS", "GROUPS", "STREAM"]),
];

/// What may change something, in words; `None` for what only reads.
pub(super) fn may_change(probe: &Probe) -> Option<String> {
    match probe {
        Probe::Http(request) if request.method.is_safe() => None,
        Probe::Http(request) => Some(request.method.as_str().to_owned()),
        Probe::Redis(probe) => match &probe.action {
            RedisAction::Command(words) if !reads(words) => {
                Some(words.first().map_or_else(|| "a command".to_owned(), |name| format!("`{name}`")))
            }
            RedisAction::Command(_) | RedisAction::Keys(_) => None,
        },
        Probe::Command(_) => Some("a command".to_owned()),
        // A log is shown, a query runs in a transaction that cannot write, and nothing is said over a connection.
        Probe::Log(_) | Probe::Sql(_) | Probe::Tcp(_) | Probe::Dns(_) => None,
    }
}

fn reads(words: &[String]) -> bool {
    let word = |index: usize| words.get(index).map(|word| word.to_ascii_uppercase()).unwrap_or_default();
    let (first, second) = (word(0), word(1));
    READING.split_whitespace().any(|name| name == first)
        || READING_OF_TWO.iter().any(|(name, reading)| *name == first && reading.contains(&second.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_of_redis_reads_only_when_it_is_known_to() {
        let reads = |text: &str| reads(&text.split(' ').map(str::to_owned).collect::<Vec<_>>());
        for text in ["TTL a", "hgetall a", "ACL whoami", "CONFIG GET a", "PING"] {
            assert!(reads(text), "{text}");
        }
        for text in ["FLUSHALL", "CONFIG SET a b", "ACL", "ACL SETUSER a", "{{ x }}", "GETDEL a", "EVAL x 0", ""] {
            assert!(!reads(text), "{text}");
        }
    }
}
