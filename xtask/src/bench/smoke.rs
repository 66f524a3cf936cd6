//! Many small checks beside curl asking for the same: one process with all addresses, and one process for each. Timing is `measure`'s.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::thread;

use super::cases::{Case, need, side};
use crate::cargo::{cargo_in_profile, run};
use crate::failure::Failure;
use crate::workspace;

/// What they are called and what they measure.
pub(super) const NAMES: [&str; 3] = [
    "smoke-kept: 500 GET checks, one after the other (--jobs 1), beside one curl with 500 addresses on a kept connection",
    "smoke-jobs: the same 500 checks, four at a time as they are run, beside the same curl",
    "smoke-each: the same 500 checks beside 500 curl processes",
];

/// How many checks there are.
const MANY: usize = 500;

const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 25\r\n\r\n{\"ok\": true, \"count\": 12}";

/// A project with the checks, the same addresses for curl, and a server that answers both.
pub(super) struct Smoke {
    folder: PathBuf,
    bin: PathBuf,
    curl: PathBuf,
    base_url: String,
}

impl Smoke {
    /// Builds plimsoll, starts the server and writes the files.
    pub(super) fn prepare() -> Result<Self, Failure> {
        let mut build = cargo_in_profile("build");
        build.args(["--quiet", "-p", "plimsoll-cli"]);
        run(build)?;
        let base_url = serve().map_err(Failure::because("cannot serve on the loopback"))?;
        let folder = std::env::temp_dir().join(format!("plimsoll-bench-smoke-{}", std::process::id()));
        let bench = Self { folder, bin: workspace::bin_dir()?, curl: need("curl")?, base_url };
        bench.files().map_err(Failure::because("cannot write the files"))?;
        Ok(bench)
    }

    /// The benchmarks.
    pub(super) fn cases(&self) -> Vec<Case<'_>> {
        let [kept, jobs, each] = NAMES;
        vec![
            Case {
                name: kept,
                ours: side("plimsoll smoke run --jobs 1", || {
                    let mut command = self.checks();
                    command.args(["--jobs", "1"]);
                    Ok(command)
                }),
                peer: side("peer: curl --config, one process", || Ok(self.one_curl())),
                budget: None,
                // What is promised is how checks are run; this one is there to be seen.
                ratio: None,
            },
            Case {
                name: jobs,
                ours: side("plimsoll smoke run", || Ok(self.checks())),
                peer: side("peer: curl --config, one process", || Ok(self.one_curl())),
                budget: None,
                ratio: Some(1.0),
            },
            Case {
                name: each,
                ours: side("plimsoll smoke run", || Ok(self.checks())),
                peer: side("peer: curl, a process each", || {
                    let mut command = Command::new("sh");
                    let text = "i=0; while [ $i -lt $1 ]; do \"$2\" --silent --fail --output /dev/null \"$3/$i\" || exit 1; i=$((i + 1)); done";
                    command.args(["-c", text, "sh", &MANY.to_string()]).arg(&self.curl).arg(&self.base_url);
                    Ok(command)
                }),
                budget: None,
                ratio: Some(0.2),
            },
        ]
    }

    fn checks(&self) -> Command {
        let mut command = Command::new(self.bin.join("plimsoll"));
        command.args(["smoke", "run", "dev", "--base-url", &self.base_url, "--project"]);
        command.arg(self.folder.join("project"));
        command
    }

    fn one_curl(&self) -> Command {
        let mut command = Command::new(&self.curl);
        command.args(["--silent", "--fail", "--config"]).arg(self.folder.join("addresses"));
        command
    }

    fn files(&self) -> std::io::Result<()> {
        let (mut checks, mut addresses) = (String::new(), String::new());
        for number in 0..MANY {
            write!(
                checks,
                "[[check]]\nname = \"check {number}\"\nrequest = {{ path = \"/{number}\" }}\n\
                 expect = {{ status = 200, json = {{ \"$.ok\" = true, \"$.count\" = {{ at_least = 1 }} }} }}\n\n"
            )
            .map_err(std::io::Error::other)?;
            writeln!(addresses, "url = \"{}/{number}\"\noutput = \"/dev/null\"", self.base_url)
                .map_err(std::io::Error::other)?;
        }
        let project = self.folder.join("project");
        fs::create_dir_all(project.join("smoke"))?;
        fs::create_dir_all(project.join("environments"))?;
        let declared = "[project]\nname = \"many\"\n\n[variables.DATABASE_URL]\ndefault = \"sqlite:many.db\"\n\n\
                        [smoke]\npath = \"smoke\"\n";
        fs::write(project.join("plimsoll.toml"), declared)?;
        fs::write(project.join("environments/dev.toml"), "")?;
        fs::write(project.join("smoke/many.toml"), checks)?;
        fs::write(self.folder.join("addresses"), addresses)
    }
}

impl Drop for Smoke {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.folder));
    }
}

/// A server that answers everything alike, on connections that it keeps, for as long as this process lives.
fn serve() -> std::io::Result<String> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || answer(stream));
        }
    });
    Ok(format!("http://{address}"))
}

fn answer(stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    loop {
        line.clear();
        match reader.read_line(&mut line)? {
            0 => return Ok(()),
            // The end of a head: none of the requests has a body.
            2 => reader.get_mut().write_all(ANSWER)?,
            _ => {}
        }
    }
}
