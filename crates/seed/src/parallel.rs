//! Work on many items at once, with the result of doing it one after the other. What the work is, is the callers'.

/// Fewer than this are done before a thread has started.
const WORTH_A_THREAD: usize = 32;

/// Applies a function to all items, several at a time, and keeps their order.
pub(crate) fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    in_chunks(items, |chunk| chunk.iter().map(&work).collect::<Vec<R>>()).into_iter().flatten().collect()
}

/// Applies a function to one part of the items for each processor; what each of them gave, in the order of the items.
pub(crate) fn in_chunks<T: Sync, R: Send>(items: &[T], work: impl Fn(&[T]) -> R + Sync) -> Vec<R> {
    let chunks: Vec<&[T]> = items.chunks(items.len().div_ceil(workers(items.len())).max(1)).collect();
    if let [only] = chunks.as_slice() {
        return vec![work(only)];
    }
    std::thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> = chunks.iter().map(|chunk| scope.spawn(move || work(chunk))).collect();
        let done = threads.into_iter().map(|thread| match thread.join() {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        done.collect()
    })
}

fn workers(items: usize) -> usize {
    let available = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    available.min(items / WORTH_A_THREAD).max(1)
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
