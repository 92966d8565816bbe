//! Many of something: so many that a test in which each costs as much as there are does not end.

/// With a comparison for every two of them a test takes minutes, with the few that each needs a second.
pub(crate) const MANY: usize = 50_000;

/// The numbers below `n` in the orders that a list is slow in: from the front, from the back, from anywhere.
pub(crate) fn orders(n: usize) -> [Vec<usize>; 3] {
    // Only looks random: every run of the tests has the same.
    let mut any: Vec<usize> = (0..n).collect();
    any.sort_by_key(|&number| (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    [(0..n).collect(), (0..n).rev().collect(), any]
}
