//! Which rows are staged for good, so that those that lose against them need not be made. Who wins is settled by `staged`.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, PoisonError, RwLock};

/// The keys that were staged by blocks whose first row of a key is the one that is kept.
#[derive(Default)]
pub(super) struct Kept {
    /// By table and key, the first block that stages it: rows are in the order of blocks, and then of documents.
    first: HashMap<Vec<u8>, usize>,
    /// What the document at hand added, and what was there before.
    newest: Vec<(Vec<u8>, Option<usize>)>,
    /// Which part of the documents this is, and what the others have kept.
    among: Option<(usize, Arc<Parts>)>,
}

/// What the parts of the documents have kept so far, to spare later ones the work. It may lack anything: what loses against rows
/// of an earlier part is found out when all of it is there.
#[derive(Default)]
pub(super) struct Parts(RwLock<HashMap<Vec<u8>, (usize, usize)>>);

impl Parts {
    /// Whether an earlier part keeps a row of this key that comes before those of the block.
    fn have(&self, key: &[u8], block: usize, part: usize) -> bool {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.get(key).is_some_and(|(first, of)| *first <= block && *of < part)
    }

    fn add(&self, keys: impl Iterator<Item = (Vec<u8>, usize)>, part: usize) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for (key, block) in keys {
            let entry = known.entry(key).or_insert((block, part));
            if block <= entry.0 && part <= entry.1 {
                *entry = (block, part);
            }
        }
    }
}

impl Kept {
    /// For one of several parts.
    pub(super) fn among(part: usize, parts: &Arc<Parts>) -> Self {
        Self { among: Some((part, Arc::clone(parts))), ..Self::default() }
    }

    /// Whether a row of this block with this key comes after one that is staged.
    pub(super) fn loses(&self, key: &[u8], block: usize) -> bool {
        self.first.get(key).is_some_and(|first| *first <= block)
            || self.among.as_ref().is_some_and(|(part, parts)| parts.have(key, block, *part))
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
        let newest = std::mem::take(&mut self.newest);
        if let Some((part, parts)) = self.among.as_ref().filter(|_| !newest.is_empty()) {
            let keys = newest.into_iter();
            parts.add(keys.filter_map(|(key, _)| self.first.get(&key).copied().map(|block| (key, block))), *part);
        }
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

    #[test]
    fn later_parts_learn_what_earlier_ones_keep_and_not_the_other_way_round() {
        let parts = Arc::default();
        let (mut early, mut late) = (Kept::among(0, &parts), Kept::among(512, &parts));
        early.add(b"a".to_vec(), 3);
        assert!(!late.loses(b"a", 3));
        early.keep();
        assert!(late.loses(b"a", 3) && !late.loses(b"a", 2));
        late.add(b"b".to_vec(), 1);
        late.keep();
        assert!(late.loses(b"b", 1) && !early.loses(b"b", 1));
    }
}
