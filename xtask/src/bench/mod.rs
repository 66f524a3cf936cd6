//! `cargo xtask bench`: each benchmark beside its peer or its limit in one run, as a ratio. The commands are in `cases`.

mod bulk;
mod cases;
mod documents;
mod erp;
mod history;
mod measure;
mod smoke;

use crate::failure::Failure;
use cases::Case;

const RUNS: usize = 9;

/// Fewer where one takes many seconds.
const LONG_RUNS: usize = 3;

/// Runs the benchmarks that an argument means, all when there is none.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    if let Some(flag) = arguments.iter().find(|argument| argument.starts_with('-')) {
        return Err(Failure::usage(format!("bench takes names of benchmarks, not `{flag}`")));
    }
    let chosen = chosen(arguments)?;
    let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
    println!("alternating runs, {profile} build; ratio = median of ours / median of the other side\n");
    let wanted = |case: &Case<'_>| chosen.contains(&case.name);
    let any = |names: &[&str]| names.iter().any(|name| chosen.contains(name));
    let mut outcome = Outcome::default();
    // Each part needs preparations of its own, which take longer than many a benchmark.
    if any(&cases::NAMES) {
        let bench = cases::Bench::prepare()?;
        bench.cases().into_iter().filter(wanted).for_each(|case| outcome.run(case, RUNS));
    }
    if any(&history::NAMES) {
        let bench = history::History::prepare()?;
        bench.cases().into_iter().filter(wanted).for_each(|case| outcome.run(case, RUNS));
    }
    if any(&bulk::NAMES) || any(&[bulk::MEMORY_NAME]) {
        let bench = bulk::Bulk::prepare()?;
        bench.cases().into_iter().filter(wanted).for_each(|case| outcome.run(case, LONG_RUNS));
        if any(&[bulk::MEMORY_NAME]) {
            outcome.memory(bulk::MEMORY_NAME, bench.memory(), bulk::MEMORY);
        }
    }
    if any(&erp::NAMES) {
        let bench = erp::Erp::prepare()?;
        bench.cases().into_iter().filter(wanted).for_each(|case| outcome.run(case, LONG_RUNS));
    }
    if any(&smoke::NAMES) {
        let bench = smoke::Smoke::prepare()?;
        bench.cases().into_iter().filter(wanted).for_each(|case| outcome.run(case, RUNS));
    }
    let Outcome { unmeasured, over } = outcome;
    match (unmeasured.is_empty(), over.is_empty()) {
        (true, true) => Ok(()),
        (false, _) => Err(Failure::new(format!("not measured: {}", unmeasured.join(", ")))),
        (true, false) => Err(Failure::new(format!("over budget: {}", over.join(", ")))),
    }
}

/// The names that arguments mean: one as it is, or all that contain it.
fn chosen(arguments: &[String]) -> Result<Vec<&'static str>, Failure> {
    let parts = [&cases::NAMES[..], &history::NAMES, &bulk::NAMES, &[bulk::MEMORY_NAME], &erp::NAMES, &smoke::NAMES];
    let all: Vec<&'static str> = parts.concat();
    let short = |name: &'static str| name.split(':').next().unwrap_or(name);
    let mut chosen = Vec::new();
    for argument in arguments {
        let exact = |name: &&&'static str| short(name) == argument.as_str();
        let like = |name: &&&'static str| short(name).contains(argument.as_str());
        let meant: Vec<&str> = match all.iter().find(exact) {
            Some(name) => vec![name],
            None => all.iter().filter(like).copied().collect(),
        };
        if meant.is_empty() {
            let known: Vec<&str> = all.iter().map(|name| short(name)).collect();
            let message = format!("no benchmark is called `{argument}`; there are {}", known.join(", "));
            return Err(Failure::usage(message));
        }
        chosen.extend(meant);
    }
    Ok(if arguments.is_empty() { all } else { chosen })
}

/// What could not be measured, and what took longer than it may.
#[derive(Default)]
struct Outcome {
    unmeasured: Vec<&'static str>,
    over: Vec<&'static str>,
}

impl Outcome {
    fn run(&mut self, case: Case<'_>, runs: usize) {
        println!("{}, {runs} runs each", case.name);
        let (mut ours, mut peer) = (case.ours, case.peer);
        match measure::compare(&mut ours, &mut peer, runs) {
            Ok((our_times, peer_times)) => {
                let ratio = our_times.median().as_secs_f64() / peer_times.median().as_secs_f64();
                println!("  {:<38} {}", ours.name, our_times.show());
                println!("  {:<38} {}", peer.name, peer_times.show());
                println!("  ratio {ratio:.2}");
                let time =
                    case.budget.map(|budget| (format!("{} ms", budget.as_millis()), our_times.median() <= budget));
                let ratio = case.ratio.map(|most| (format!("ratio {most}"), ratio <= most));
                for (budget, kept) in time.into_iter().chain(ratio) {
                    println!("  budget {budget}: {}", if kept { "kept" } else { "EXCEEDED" });
                    if !kept {
                        self.over.push(case.name);
                    }
                }
            }
            Err(failure) => {
                println!("  NOT MEASURED: {}", failure.message().unwrap_or("a command failed"));
                self.unmeasured.push(case.name);
            }
        }
        println!();
    }

    fn memory(&mut self, name: &'static str, measured: Result<u64, Failure>, most: u64) {
        println!("{name}");
        match measured {
            Ok(kilobytes) => {
                let kept = kilobytes <= most;
                println!("  peak {} MB", kilobytes / 1024);
                println!("  budget {} MB: {}", most / 1024, if kept { "kept" } else { "EXCEEDED" });
                if !kept {
                    self.over.push(name);
                }
            }
            Err(failure) => {
                println!("  NOT MEASURED: {}", failure.message().unwrap_or("a command failed"));
                self.unmeasured.push(name);
            }
        }
        println!();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant(argument: &str) -> Vec<&'static str> {
        let chosen = chosen(&[argument.to_owned()]).expect("there are some");
        chosen.into_iter().map(|name| name.split(':').next().unwrap_or(name)).collect()
    }

    #[test]
    fn a_benchmark_is_meant_by_its_name_or_a_part_of_it() {
        assert_eq!(meant("seed"), ["seed"]);
        assert_eq!(meant("status"), ["history-status"]);
        assert_eq!(meant("bulk-first-sqlite"), ["seed-bulk-first-sqlite"]);
        assert_eq!(meant("again-").len(), 3);
        assert_eq!(meant("again").last(), Some(&"erp-again"));
        assert_eq!(meant("smoke"), ["smoke-kept", "smoke-jobs", "smoke-each"]);
        assert!(meant("seed-bulk").contains(&"seed-bulk-memory"));
        let parts =
            cases::NAMES.len() + history::NAMES.len() + bulk::NAMES.len() + erp::NAMES.len() + smoke::NAMES.len();
        assert_eq!(chosen(&[]).expect("there are some").len(), parts + 1, "and the memory");
    }

    #[test]
    fn a_name_that_means_none_is_not_taken_for_success() {
        for wrong in ["histroy", "rows"] {
            let failure = chosen(&[wrong.to_owned()]).expect_err("there is none");
            let message = failure.message().expect("it says which");
            assert!(message.starts_with(&format!("no benchmark is called `{wrong}`; there are help,")), "{message}");
        }
    }
}
