//! Work on many items at once, with the result of doing it one after the other. What the work is, is the callers'.

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

/// Fewer than this are done before a thread has started.
pub(crate) const WORTH_A_THREAD: usize = 32;

/// Parts for each processor: one that has easy items goes on with those of another.
const CHUNKS: usize = 4;

/// Applies a function to all items, several at a time, and keeps their order.
pub(crate) fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let size = items.len().div_ceil(processors() * CHUNKS).max(WORTH_A_THREAD);
    in_chunks(items, size, |chunk| chunk.iter().map(&work).collect::<Vec<R>>()).into_iter().flatten().collect()
}

/// Applies a function to parts of so many items, several at a time; what it gave for each part, in the order of the items.
pub(crate) fn in_chunks<T: Sync, R: Send>(items: &[T], size: usize, work: impl Fn(&[T]) -> R + Sync) -> Vec<R> {
    let chunks: Vec<&[T]> = items.chunks(size).collect();
    let workers = processors().min(chunks.len());
    if workers < 2 {
        return chunks.into_iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let some = || {
        let mut done = Vec::new();
        loop {
            let number = next.fetch_add(1, Relaxed);
            let Some(chunk) = chunks.get(number) else { return done };
            done.push((number, work(chunk)));
        }
    };
    let mut done: Vec<(usize, R)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(some)).collect();
        let done = threads.into_iter().flat_map(|thread| match thread.join() {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        done.collect()
    });
    done.sort_unstable_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, done)| done).collect()
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_in_parallel_keeps_its_order() {
        let items: Vec<usize> = (0..1000).collect();
        assert_eq!(in_parallel(&items, |item| item * 2), (0..1000).map(|item| item * 2).collect::<Vec<_>>());
        assert_eq!(in_parallel(&Vec::<usize>::new(), |item| *item), Vec::<usize>::new());
    }
}
