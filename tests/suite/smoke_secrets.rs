//! Random secrets on every way into smoke checks and out of a service: they are on no surface, in no encoding. What one
//! redactor does is tested beside it.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use plimsoll_core::secret::base64_digits;
use plimsoll_tests::answering::{Answer, Service};
use plimsoll_tests::{Deployment, dump};

/// Names a seed to repeat.
const SEED: &str = "PLIMSOLL_TEST_SEED";

/// SplitMix64: as random as a test needs, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn word(&mut self, length: usize) -> String {
        const LETTERS: &[u8] = b"abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
        let mut letter = || char::from(LETTERS[usize::try_from(self.next() % 57).expect("it is small")]);
        (0..length).map(|_| letter()).collect()
    }
}

/// A secret, and words in it that nothing else has.
struct Sentinel {
    value: String,
    words: Vec<String>,
}

/// How two words become a secret.
type Form = fn(&str, &str) -> String;

fn sentinels(random: &mut Random) -> Vec<Sentinel> {
    let forms: [Form; 17] = [
        |a, _| a.to_owned(),
        |a, b| format!("\"{a}' \"\" ''{b}\""),
        |a, b| format!("  {a}   {b} "),
        |a, b| format!("{a}\n{b}\r\n\tand so on"),
        |a, b| format!("%25{a}%2F%{b}%"),
        |a, b| format!("<{a}>&amp;&#39;</title>{b}"),
        |a, b| format!("ключ-{a}-é😀\u{a0}{b}"),
        |a, b| format!("{a}{}{b}", "0123456789abcdef=".repeat(180)),
        |a, b| format!("\\{a}\\n\\\\{b}\\"),
        |a, b| format!("https://{a}:{b}@secret.example/x?y=z#f"),
        |a, b| format!("{{\"{a}\": [\"{b}\", 1]}}"),
        |a, b| format!("$({a}) `{b}` ${{HOME}} !"),
        |a, b| format!("{a}+/=={b}=="),
        |a, b| format!("{{{{ {a} }}}} {{% {b} %}}"),
        |a, b| format!("a\u{1}{a}\u{7f}{b}\u{b}c"),
        |a, b| format!("ann:{a}:{b}"),
        |a, b| format!("-----BEGIN KEY-----\n{a}\n{b}\n-----END KEY-----\n"),
    ];
    let mut sentinels: Vec<_> = forms
        .iter()
        .map(|form| {
            let words = [random.word(14), random.word(14)];
            let value = form(&words[0], &words[1]);
            let words = words.into_iter().filter(|word| value.contains(word.as_str())).collect();
            Sentinel { value, words }
        })
        .collect();
    // The shortest that is masked, and a number.
    let short = format!("{}!{}", random.word(1), random.word(2));
    let number = format!("8{:015}", random.next() % 1_000_000_000_000_000);
    sentinels.extend([short, number].map(|value| Sentinel { words: vec![value.clone()], value }));
    sentinels
}

fn percent(text: &str, keep: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte.is_ascii_alphanumeric() || keep.as_bytes().contains(&byte) {
            true => out.push(char::from(byte)),
            false => write!(out, "%{byte:02X}").expect("a text takes all"),
        }
    }
    out
}

fn hexadecimal(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// As other writers of JSON do it: nothing but ASCII, and no markup.
fn ascii_json(text: &str) -> String {
    let mut out = String::new();
    for unit in text.encode_utf16() {
        match u8::try_from(unit).ok().filter(|byte| byte.is_ascii_alphanumeric() || *byte == b' ') {
            Some(byte) => out.push(char::from(byte)),
            None => write!(out, "\\u{unit:04x}").expect("a text takes all"),
        }
    }
    out
}

fn html(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;")
}

/// The ways in which the service writes a secret.
const WRITTEN: [fn(&str) -> String; 12] = [
    str::to_owned,
    |text| base64_digits(text.as_bytes()),
    hexadecimal,
    |text| percent(text, "-._~"),
    |text| percent(text, "-._*").replace("%20", "+"),
    json,
    ascii_json,
    html,
    |text| base64_digits(format!("ann:{text}").as_bytes()).replace('+', "-").replace('/', "_"),
    |text| percent(&percent(text, "").replace("%C3", "%c3"), ""),
    |text| hexadecimal(text).to_uppercase(),
    |text| format!("{text:?}"),
];

/// In what of it the texts of a run are searched: whole, and by its words in every form and place.
fn traces(sentinel: &Sentinel) -> Vec<String> {
    let mut traces: Vec<String> = WRITTEN[..11].iter().map(|write| write(&sentinel.value)).collect();
    for word in &sentinel.words {
        traces.extend([word.clone(), hexadecimal(word), hexadecimal(word).to_uppercase()]);
        for before in 0..3 {
            let digits = base64_digits(format!("{}{word}", &"xyz"[..before]).as_bytes());
            traces.push(digits[(before * 8).div_ceil(6)..(before + word.len()) * 8 / 6].to_owned());
        }
    }
    // The ends of some forms depend on what stands beside them, and single letters of short ones are everywhere.
    traces.retain(|trace| trace.len() > 5 || *trace == sentinel.value);
    traces
}

fn service(secrets: Vec<String>) -> Service {
    Service::start(move |asked| {
        let mut parts = asked.path.split(['/', '?']).skip(1);
        let (what, at, how) =
            (parts.next()?, parts.next()?.parse::<usize>().ok()?, parts.next()?.parse::<usize>().ok()?);
        let plain = &secrets[at];
        let written = WRITTEN[how % WRITTEN.len()](plain);
        // A header is one line of printable characters, and some of them end a cookie or a URL.
        let fits = |c: char| ('!'..='~').contains(&c) && !matches!(c, ';' | '#' | '"' | ',' | '\\');
        let line = if written.chars().all(fits) { written.clone() } else { percent(plain, "") };
        let page = format!("<html><head><title>{}</title></head>{}</html>", html(plain), written);
        Some(match what {
            "json" => Answer::json(serde_json::json!({ "secret": written, "state": "open" }).to_string()),
            "ascii" => Answer::json(format!("{{\"secret\": \"{}\"}}", ascii_json(plain))),
            "text" => Answer::new(200, "text/plain", format!("one\ntwo\nthree {written}\nfour\n{plain}\n")),
            "broken" => Answer::new(500, "text/plain", written),
            "header" => Answer::json("{}").with("x-echo", &line).with("set-cookie", &format!("echo={line}")),
            "away" => Answer::new(302, "text/plain", "").with("location", &format!("/json/{at}/{how}?at={line}")),
            "page" => Answer::new(200, "text/html", page),
            "short" => Answer { cut_short: true, ..Answer::json(written) },
            "token" => Answer::json(serde_json::json!({ "token": plain, "id": 7 }).to_string())
                .with("x-token", &line)
                .with("set-cookie", &format!("token={line}")),
            _ => return None,
        })
    })
}

/// How a secret gets into a request.
fn entry(way: usize, name: &str) -> String {
    let value = format!("\"{{{{ {name} }}}}\"");
    match way % 12 {
        0 => format!("query = {{ q = {value} }}"),
        1 => format!("headers = {{ x-key = {value} }}"),
        2 => format!("cookies = {{ c = {value} }}"),
        3 => format!("method = \"POST\", json = {{ a = {value}, b = [\"x {{{{ {name} }}}} y\"] }}"),
        4 => format!("method = \"POST\", form = {{ f = {value} }}"),
        5 => format!("method = \"POST\", body = \"it is {{{{ {name} }}}}.\""),
        6 => format!("method = \"POST\", multipart = {{ m = {value} }}"),
        7 => format!("auth = {{ basic = {{ user = \"ann\", password = {value} }} }}"),
        8 => format!("auth = {{ bearer = {value} }}"),
        9 => format!("method = \"POST\", idempotency_key = {value}"),
        10 => format!("method = \"PUT\", headers = {{ authorization = \"Token {{{{ {name} }}}}\" }}, body = \"\""),
        _ => format!("query = {{ {name} = \"a {{{{ {name} | trim }}}}\", q = {value} }}"),
    }
}

/// Otherwise a service that may be starting is waited for.
const ONCE: &str = "retry = { for = '1ms' }";

/// What is expected of the answer, and where it comes from.
fn expectation(number: usize, name: &str) -> (&'static str, String) {
    match number {
        0 => ("json", "expect = { json = { '$.secret' = 'another' } }".to_owned()),
        1 => ("text", "expect = { body = \"one\\ntwo\\nthree\\nfour\" }".to_owned()),
        2 => ("header", "expect = { headers = { x-echo = 'another' } }".to_owned()),
        3 => ("header", "expect = { cookies = { echo = { length = 1 } } }".to_owned()),
        4 => ("away", "expect = { url = '/another' }".to_owned()),
        5 => ("json", "expect = { json = { '$.secret' = { exists = true } } }".to_owned()),
        6 => ("silence", ONCE.to_owned()),
        7 => ("page", "expect = { json = { '$.secret' = { exists = true } } }".to_owned()),
        8 => ("broken", "level = 'warn'".to_owned()),
        9 => ("ascii", format!("expect = {{ json = {{ '$.secret' = 'no {{{{ {name} }}}}' }} }}")),
        10 => ("json", "expect = { schema = { properties = { secret = { type = 'integer' } } } }".to_owned()),
        11 => ("short", ONCE.to_owned()),
        12 => (
            "json",
            "retry = { for = '1s', until = { '$.state' = 'done' }, abort_if = { '$.secret' = { exists = true } } }"
                .to_owned(),
        ),
        _ => ("text", "expect = { body = { contains = 'five', matches = '^six' }, bytes = 1 }".to_owned()),
    }
}

/// The checks, with each secret on each way in and each way out, some of them at a time.
fn checks(count: usize, random: &mut Random) -> String {
    let mut text = String::new();
    for at in 0..count {
        let name = format!("S{at}");
        for number in 0..14 {
            // Half of the ways for each, others in the next run.
            if random.next().is_multiple_of(2) {
                continue;
            }
            let way = usize::try_from(random.next() % 12).expect("it is small");
            let how = random.next() % 12;
            let (from, expect) = expectation(number, &name);
            let redirects = if from == "away" { ", redirects = 1" } else { "" };
            let entry = entry(way, &name);
            writeln!(
                text,
                "[[check]]\nname = 'secret {at}, {number}, in {way}, out {how}'\neffect = 'read'\n\
                 request = {{ path = '/{from}/{at}/{how}', {entry}{redirects} }}\n{expect}"
            )
            .expect("a text takes all");
        }
        writeln!(
            text,
            "[[check]]\nname = 'command {at}'\neffect = 'read'\ncommand = {{ run = ['sh', '-c', 'printf %s \"$V\"; printf %s \"$V\" | base64 >&2; exit 3', '{{{{ {name} }}}}'], env = {{ V = '{{{{ {name} }}}}' }} }}\n\
             expect = {{ stdout = 'another', stderr = {{ contains = 'another' }} }}\n\
             [[check]]\nname = 'no command {at}'\neffect = 'read'\n{ONCE}\ncommand = {{ run = ['no-such-program-{{{{ {name} }}}}'] }}\n\
             [[check]]\nname = 'log {at}'\nlog = {{ file = 'logs/worker.log', from_start = true, contains = '{{{{ {name} }}}} was used' }}\nexpect = {{ body = {{ contains = 'another' }} }}\n\
             [[check]]\nname = 'sql {at}'\nsql = {{ query = 'SELECT :v AS v, hex(:v) AS h', binds = {{ v = '{{{{ {name} }}}}' }} }}\nexpect = {{ rows = 2, json = {{ '$[0].v' = 'another', '$[0].h' = 'another' }} }}\n\
             [[check]]\nname = 'redis {at}'\n{ONCE}\nredis = {{ url = 'redis://:{{{{ {name} | urlencode }}}}@127.0.0.1:1/', command = ['ECHO', '{{{{ {name} }}}}'] }}\n\
             [[check]]\nname = 'dns {at}'\n{ONCE}\ndns = {{ name = '{{{{ {name} }}}}.invalid', type = 'A' }}\n\
             [[check]]\nname = 'tcp {at}'\n{ONCE}\ntcp = {{ address = '{{{{ {name} }}}}.invalid:80' }}"
        )
        .expect("a text takes all");
    }
    text
}

/// Checks that learn secrets from answers, echo them, and cannot take back what they made.
const CAPTURED: &str = r#"
[[check]]
name = "a token is given"
effect = "mutate"
request = { method = "POST", path = "/token/AT/0", json = { password = "{{ S0 }}" } }
capture = { t_AT = { json = "$.token", secret = true }, id_AT = "$.id" }
cleanup = { request = { method = "DELETE", path = "/broken/AT/0?id={{ id_AT }}", headers = { x-key = "{{ S0 }}" }, query = { t = "{{ t_AT }}" } } }

[[check]]
name = "the token is echoed"
request = { path = "/json/AT/HOW", query = { t = "{{ t_AT }}" } }
expect = { json = { "$.secret" = "not {{ t_AT }}" } }

[[check]]
name = "the token is on a page"
request = { path = "/page/AT/HOW", query = { t = "{{ t_AT }}" } }
expect = { json = { "$.secret" = 1 } }

[[check]]
name = "the token is in a text"
request = { path = "/text/AT/HOW" }
expect = { body = "one\ntwo\nthree" }
"#;

#[test]
fn random_secrets_are_on_no_surface_in_no_encoding() {
    let given = std::env::var(SEED).ok().map(|seed| seed.parse().expect("a seed is a number"));
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_nanos();
    let seed = given.unwrap_or_else(|| u64::try_from(now() % 1_000_000_007).expect("it is small"));
    let mut random = Random(seed);
    let declared = sentinels(&mut random);
    let captured = sentinels(&mut random);
    let all: Vec<_> = declared.iter().chain(&captured).collect();
    let service = service(all.iter().map(|sentinel| sentinel.value.clone()).collect());
    let mut base = service.url();
    // A password in the URL that stands for no variable.
    let in_url = Sentinel { value: random.word(16), words: Vec::new() };
    base.insert_str("http://".len(), &format!("ann:{}@", in_url.value));

    let mut quay = Deployment::of_quay(&base).set("SERVICE_URL", &base);
    let mut project = std::fs::read_to_string(quay.root().join("plimsoll.toml")).expect("a project");
    project = project.replace("type = \"url\"", "type = \"url\"\nsecret = true");
    let mut dotenv = String::new();
    for (at, Sentinel { value, .. }) in declared.iter().enumerate() {
        write!(project, "\n[variables.S{at}]\nsecret = true\nrequired = true\n").expect("a text takes all");
        // In the file where its quotes can hold it, in the environment otherwise, and one on the command line.
        match at % 3 {
            _ if at == 4 => quay = quay.set("S4", value),
            0 if !value.contains(['\'', '\n', '\r']) => writeln!(dotenv, "S{at}='{value}'").expect("a text takes all"),
            _ => quay = quay.env(&format!("S{at}"), value),
        }
    }
    quay.write("plimsoll.toml", &project);
    quay.write(".env.test", &dotenv);
    quay.remove("smoke/berths.toml");
    let log: String = declared.iter().map(|sentinel| format!("{} was used\n", sentinel.value)).collect();
    quay.write("logs/worker.log", &log);
    quay.write("smoke/secrets.toml", &checks(declared.len(), &mut random));
    let captured_checks: String = (0..captured.len())
        .map(|index| {
            let (at, how) = ((declared.len() + index).to_string(), (random.next() % 12).to_string());
            let text = CAPTURED.replace("AT", &at).replace("HOW", &how);
            text.replace("name = \"", &format!("name = \"{index}: "))
        })
        .collect();
    quay.write("smoke/captured.toml", &captured_checks);

    let folder = quay.beside("out");
    let reports: Vec<String> = ["junit", "tap", "markdown", "html", "json"]
        .iter()
        .map(|format| format!("--report={format}={}", folder.join(format).display()))
        .collect();
    let reports: Vec<&str> = reports.iter().map(String::as_str).collect();
    let plan = quay.beside("plan.json").display().to_string();
    let mut surfaces = Vec::new();
    let runs: [(&[&str], i32); 9] = [
        (&["plan", "test"], 0),
        (&["plan", "test", "--format", "json", "-o", &plan], 0),
        (&["deploy", "test"], 7),
        (&[&["smoke", "run", "test"], reports.as_slice()].concat(), 3),
        (&["smoke", "run", "test", "--format", "json", "--jobs", "1"], 3),
        (&["status", "test"], 0),
        (&["history", "test", "--format", "json"], 0),
        (&["env", "show", "test", "--explain"], 0),
        (&["smoke", "run", "test", "--filter", "nothing-of-it"], 2),
    ];
    for (arguments, code) in runs {
        let ended = quay.run(arguments);
        let text = ended.text();
        surfaces.push((format!("{arguments:?}"), text.clone()));
        assert!(
            ended.code == code,
            "seed {seed}: {arguments:?} exits with {}, not {code}\n{:.3000}",
            ended.code,
            ended.stderr
        );
        if arguments.contains(&"json") {
            ended.json().iter().for_each(drop);
        }
    }
    let known = [quay.root().join(".env.test"), quay.root().join("logs/worker.log")];
    for path in files(quay.root()).into_iter().chain(files(&folder)).chain([plan.into()]) {
        if !known.contains(&path) {
            let bytes = std::fs::read(&path).expect("readable");
            surfaces.push((path.display().to_string(), String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
    for (table, rows) in dump::everything(&quay.sqlite("test")) {
        surfaces.push((format!("table {table}"), rows.join("\n")));
    }
    // The journal is there: what cleans up was answered with a 500.
    assert!(
        surfaces
            .iter()
            .any(|(place, text)| place.ends_with("smoke-journal.jsonl") && text.contains("a token is given"))
    );
    assert!(surfaces.iter().any(|(place, _)| place.ends_with("/html")), "reports were written");

    let mut leaks = Vec::new();
    for (index, sentinel) in all.into_iter().chain([&in_url]).enumerate() {
        let traces = traces(sentinel);
        for (place, text) in &surfaces {
            let found = traces.iter().find_map(|trace| Some((trace, text.find(trace.as_str())?)));
            if let Some((trace, at)) = found {
                let from = text[..at].char_indices().rev().nth(150).map_or(0, |(at, _)| at);
                let around: String = text[from..].chars().take(400).collect();
                leaks.push(format!("secret {index}, as {trace:.60}, in {place}:\n{around}\n"));
            }
        }
    }
    assert!(leaks.is_empty(), "{} leaks with {SEED}={seed}\n{}", leaks.len(), leaks[..leaks.len().min(40)].join("\n"));
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).expect("readable").flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
