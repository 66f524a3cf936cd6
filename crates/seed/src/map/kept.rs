//! Which rows are staged for good, so that those that lose against them need not be made. Who wins is settled by `staged`.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// The keys that were staged by blocks whose first row of a key is the one that is kept.
#[derive(Default)]
pub(super) struct Kept {
    /// By table and key, the first block that stages it: rows are in the order of blocks, and then of documents.
    first: HashMap<Vec<u8>, usize>,
    /// What the document at hand added, and what was there before.
    newest: Vec<(Vec<u8>, Option<usize>)>,
}

impl Kept {
    /// Whether a row of this block with this key comes after one that is staged.
    pub(super) fn loses(&self, key: &[u8], block: usize) -> bool {
        self.first.get(key).is_some_and(|first| *first <= block)
    }

    pub(super) fn add(&mut self, key: Vec<u8>, block: usize) {
        let before = match self.first.entry(key.clone()) {
            Entry::Occupied(mut known) => Some(known.insert(block)),
            Entry::Vacant(new) => {
                new.insert(block);
                None
            }
        };
        self.newest.push((key, before));
    }

    /// Adds what later documents kept.
    pub(super) fn extend(&mut self, later: Self) {
        if self.first.is_empty() {
            self.first = later.first;
            return;
        }
        for (key, block) in later.first {
            self.first.entry(key).and_modify(|first| *first = block.min(*first)).or_insert(block);
        }
    }

    /// The document at hand is staged.
    pub(super) fn keep(&mut self) {
        self.newest.clear();
    }

    /// The document at hand does not fit: nothing of it is staged.
    pub(super) fn forget(&mut self) {
        for (key, before) in self.newest.drain(..).rev() {
            match before {
                Some(block) => self.first.insert(key, block),
                None => self.first.remove(&key),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_document_added_is_forgotten_with_it() {
        let mut kept = Kept::default();
        kept.add(b"a".to_vec(), 3);
        kept.keep();
        kept.add(b"a".to_vec(), 1);
        kept.add(b"b".to_vec(), 2);
        assert!(kept.loses(b"a", 1) && kept.loses(b"b", 2));
        kept.forget();
        assert!(kept.loses(b"a", 3) && !kept.loses(b"a", 2) && !kept.loses(b"b", 2));
    }
}
