//! `cargo xtask bench`: each benchmark beside its peer or its limit in one run, as a ratio. The commands are in `cases`.

mod cases;
mod measure;

use crate::failure::Failure;

const RUNS: usize = 9;

/// Runs the benchmarks whose names contain an argument, all when there is none.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    if let Some(flag) = arguments.iter().find(|argument| argument.starts_with('-')) {
        return Err(Failure::usage(format!("bench takes names of benchmarks, not `{flag}`")));
    }
    let bench = cases::Bench::prepare()?;
    let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
    println!("{RUNS} runs each, alternating, {profile} build; ratio = median of ours / median of the other side\n");
    let mut unmeasured = Vec::new();
    let mut over = Vec::new();
    for case in bench.cases() {
        if !arguments.is_empty() && !arguments.iter().any(|name| case.name.contains(name.as_str())) {
            continue;
        }
        println!("{}", case.name);
        let (mut ours, mut peer) = (case.ours, case.peer);
        match measure::compare(&mut ours, &mut peer, RUNS) {
            Ok((our_times, peer_times)) => {
                let ratio = our_times.median().as_secs_f64() / peer_times.median().as_secs_f64();
                println!("  {:<34} {}", ours.name, our_times.show());
                println!("  {:<34} {}", peer.name, peer_times.show());
                println!("  ratio {ratio:.2}");
                if let Some(budget) = case.budget {
                    let kept = our_times.median() <= budget;
                    let word = if kept { "kept" } else { "EXCEEDED" };
                    println!("  budget {} ms: {word}", budget.as_millis());
                    if !kept {
                        over.push(case.name);
                    }
                }
            }
            Err(failure) => {
                println!("  NOT MEASURED: {}", failure.message().unwrap_or("a command failed"));
                unmeasured.push(case.name);
            }
        }
        println!();
    }
    match (unmeasured.is_empty(), over.is_empty()) {
        (true, true) => Ok(()),
        (false, _) => Err(Failure::new(format!("not measured: {}", unmeasured.join(", ")))),
        (true, false) => Err(Failure::new(format!("over budget: {}", over.join(", ")))),
    }
}
