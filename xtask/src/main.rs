//! `cargo xtask`: reads the verb and hands over to the file that knows it. What the product's own commands mean is
//! left to the `plimsoll` binary, which gets every verb that is not listed here.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a task runner talks to the person who called it")]

mod bench;
mod cargo;
mod client_libraries;
mod codegen;
mod corpus;
mod db;
mod failure;
mod forward;
mod fresh;
mod jsonpath;
mod packages;
mod servers;
mod test;
mod tidy;
mod workspace;

use std::process::ExitCode;

use failure::Failure;

const USAGE: &str = "\
usage: cargo xtask <verb> [arguments]

  deploy dev | plan | stop | status | history | migrate | seed | smoke | env | explain ...
                             build plimsoll and the example's service, then run that command of plimsoll
                             (on examples/caller-coaching unless --project names another folder)
  db up [postgres|mariadb]   start a local server for the staging environment; its data stays
  db up vector               start PostgreSQL with pgvector for examples/agent-platform; its data stays
  db status | db down        what runs, and stop it
  test [--keep] [--only fmt|clippy|tests|doc|tidy] [-- arguments for cargo test]
                             everything CI checks, on PostgreSQL, pgvector and MariaDB servers of its own
  tidy                       the rules of this repository that a program can see
  bench [name]               time the promises beside their peers, as ratios
  corpus                     judge the labelled migrations, with precision and recall of every rule
  jsonpath                   show how many of the public cases of RFC 9535 pass, and which do not
  codegen                    write docs/errors.md, docs/cli.md, docs/lint.md and the transcripts in README.md anew
  help                       this text; `cargo xtask --help` is the help of plimsoll
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (verb, rest) = match arguments.split_first() {
        Some((verb, rest)) => (verb.as_str(), rest),
        None => ("help", [].as_slice()),
    };
    let outcome = match verb {
        "help" => {
            print!("{USAGE}");
            Ok(())
        }
        "bench" => bench::run(rest),
        "db" => db::run(rest),
        "test" => test::run(rest),
        "tidy" => tidy::run(),
        "codegen" => codegen::run(rest),
        "corpus" => corpus::run(rest),
        "jsonpath" => jsonpath::run(rest),
        servers::keeper::VERB => servers::keeper::run(rest),
        _ => forward::run(&arguments),
    };
    outcome.map_or_else(Failure::report, |()| ExitCode::SUCCESS)
}
