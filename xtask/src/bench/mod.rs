//! `cargo xtask bench`: each benchmark beside its peer or its limit in one run, as a ratio. The commands are in `cases`.

mod bulk;
mod cases;
mod documents;
mod erp;
mod history;
mod measure;

use crate::failure::Failure;
use cases::Case;

const RUNS: usize = 9;

/// Fewer where one takes many seconds.
const LONG_RUNS: usize = 3;

/// Runs the benchmarks whose names contain an argument, all when there is none.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    if let Some(flag) = arguments.iter().find(|argument| argument.starts_with('-')) {
        return Err(Failure::usage(format!("bench takes names of benchmarks, not `{flag}`")));
    }
    let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
    println!("{RUNS} runs each, alternating, {profile} build; ratio = median of ours / median of the other side\n");
    let wanted =
        |case: &Case<'_>| arguments.is_empty() || arguments.iter().any(|name| case.name.contains(name.as_str()));
    let mut outcome = Outcome::default();
    // Each part needs preparations of its own, which take longer than many a benchmark.
    let parts = [history::PREFIX, bulk::PREFIX, erp::PREFIX];
    let of_a_part = |name: &String| parts.iter().any(|prefix| name.starts_with(prefix));
    if arguments.is_empty() || !arguments.iter().all(of_a_part) {
        let bench = cases::Bench::prepare()?;
        bench.cases().into_iter().filter(wanted).for_each(|case| outcome.run(case, RUNS));
    }
    if arguments.is_empty() || arguments.iter().any(|name| name.starts_with(history::PREFIX)) {
        let bench = history::History::prepare()?;
        bench.cases().into_iter().filter(wanted).for_each(|case| outcome.run(case, RUNS));
    }
    if arguments.is_empty() || arguments.iter().any(|name| name.starts_with(bulk::PREFIX)) {
        let bench = bulk::Bulk::prepare()?;
        bench.cases().into_iter().filter(wanted).for_each(|case| outcome.run(case, LONG_RUNS));
        outcome.memory("seed-bulk-memory: what a first load on PostgreSQL needs", bench.memory(), bulk::MEMORY);
    }
    if arguments.is_empty() || arguments.iter().any(|name| name.starts_with(erp::PREFIX)) {
        let bench = erp::Erp::prepare()?;
        bench.cases().into_iter().filter(wanted).for_each(|case| outcome.run(case, LONG_RUNS));
    }
    let Outcome { unmeasured, over } = outcome;
    match (unmeasured.is_empty(), over.is_empty()) {
        (true, true) => Ok(()),
        (false, _) => Err(Failure::new(format!("not measured: {}", unmeasured.join(", ")))),
        (true, false) => Err(Failure::new(format!("over budget: {}", over.join(", ")))),
    }
}

/// What could not be measured, and what took longer than it may.
#[derive(Default)]
struct Outcome {
    unmeasured: Vec<&'static str>,
    over: Vec<&'static str>,
}

impl Outcome {
    fn run(&mut self, case: Case<'_>, runs: usize) {
        println!("{}", case.name);
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
