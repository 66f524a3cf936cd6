//! Numbers that depend on nothing but seed, table, column and row: a keyed hash, and a permutation. What they pick is others'.

use std::hash::Hasher;

use siphasher::sip::SipHasher13;
use siphasher::sip128::{Hasher128, SipHasher24};

/// Part of every key. The same version gives the same rows for ever; whatever changes a value needs a new one.
pub(crate) const VERSION: u64 = 1;

/// The key of one column of one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    low: u64,
    high: u64,
}

impl Key {
    /// The key of a column.
    pub(crate) fn of(seed: u64, table: &str, column: &str) -> Self {
        let mut hasher = SipHasher24::new_with_keys(seed, VERSION);
        for name in [table, column] {
            // Lengths keep ("a", "bc") and ("ab", "c") apart.
            hasher.write(&(name.len() as u64).to_le_bytes());
            hasher.write(name.as_bytes());
        }
        let key = hasher.finish128();
        Self { low: key.h1, high: key.h2 }
    }

    /// The number of a row, for one place in the column's expression and one of several tries.
    pub(crate) fn draw(self, row: u64, site: u32, attempt: u32) -> u64 {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&row.to_le_bytes());
        bytes[8..12].copy_from_slice(&site.to_le_bytes());
        bytes[12..].copy_from_slice(&attempt.to_le_bytes());
        SipHasher13::new_with_keys(self.low, self.high).hash(&bytes)
    }

    /// A number below `size`; 0 when there is none.
    pub(crate) fn below(self, row: u64, site: u32, attempt: u32, size: u64) -> u64 {
        scaled(self.draw(row, site, attempt), size)
    }

    /// The place of `index` in a permutation of all numbers below `size`: different for every index.
    pub(crate) fn permuted(self, index: u64, site: u32, size: u64) -> u64 {
        // A Feistel network permutes a power of four; walking on until it is below `size` permutes those.
        let half = (64 - size.saturating_sub(1).leading_zeros()).div_ceil(2).max(1);
        let mask = (1_u64 << half) - 1;
        let mut place = index;
        loop {
            let (mut left, mut right) = (place >> half, place & mask);
            for round in 0..ROUNDS {
                (left, right) = (right, left ^ (self.draw(right, site, round) & mask));
            }
            place = (left << half) | right;
            if place < size {
                return place;
            }
        }
    }
}

/// Four are enough for any permutation to look like none; two more cost nothing that could be measured.
const ROUNDS: u32 = 6;

/// Maps 64 even bits to a number below `size`.
fn scaled(draw: u64, size: u64) -> u64 {
    u64::try_from((u128::from(draw) * u128::from(size)) >> 64).expect("the upper half of 128 bits has 64")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_numbers_of_this_version_never_change() {
        let key = Key::of(42, "orders", "total");
        assert_eq!(
            [key.draw(0, 0, 0), key.draw(1, 0, 0), key.draw(0, 1, 0), key.permuted(3, 0, 1000)],
            [18_026_273_312_918_190_452, 5_140_533_631_134_294_363, 6_653_308_700_413_303_208, 929]
        );
    }

    #[test]
    fn names_that_run_together_have_keys_of_their_own() {
        assert_ne!(Key::of(0, "a", "bc"), Key::of(0, "ab", "c"));
        assert_ne!(Key::of(0, "a", "b"), Key::of(1, "a", "b"));
    }

    proptest! {
        #[test]
        fn a_permutation_hits_every_number_once(seed: u64, size in 1_u64..3000) {
            let key = Key::of(seed, "t", "c");
            let hit: HashSet<u64> = (0..size).map(|index| key.permuted(index, 0, size)).collect();
            prop_assert_eq!(hit.len() as u64, size);
            prop_assert!(hit.iter().all(|place| *place < size));
        }

        #[test]
        fn numbers_stay_below_their_bound(seed: u64, row: u64, size in 1_u64..) {
            prop_assert!(Key::of(seed, "t", "c").below(row, 0, 0, size) < size);
        }
    }
}
