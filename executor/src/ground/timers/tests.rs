//! The timers beside a list that is searched: whatever is done to both, they must agree.

use super::{NEWEST, TimerKey, Timers};
use crate::ground::time::Nanos;

/// Numbers that only look random: every run of the tests has the same.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }

    fn one_of<T: Copy>(&mut self, list: &[T]) -> Option<T> {
        (!list.is_empty()).then(|| list[self.below(list.len() as u64) as usize])
    }
}

/// The timers, and the list.
#[derive(Default)]
struct Both {
    /// What each is for is its number.
    timers: Timers<usize>,
    /// What is armed, in the order in which it was.
    list: Vec<(Nanos, usize)>,
    /// Every key there ever was, with its number.
    keys: Vec<TimerKey>,
}

impl Both {
    fn arm(&mut self, deadline: Nanos) {
        let number = self.keys.len();
        self.keys.push(self.timers.arm(deadline, number));
        self.list.push((deadline, number));
    }

    /// Whether it was armed still.
    fn cancel(&mut self, number_of_key: usize) -> bool {
        let armed = self.list.iter().position(|(_, number)| *number == number_of_key);
        let expected = armed.map(|at| self.list.remove(at).1);
        let cancelled = self.timers.cancel(self.keys[number_of_key]);
        assert_eq!(cancelled, expected);
        cancelled.is_some()
    }

    fn drop_cancelled(&mut self) {
        self.timers.drop_cancelled();
        let next = self.list.iter().min().map(|(deadline, _)| *deadline);
        assert_eq!(self.timers.earliest(), next.filter(|deadline| *deadline < Nanos::MAX));
        // Never more dead ones than live ones, among many.
        let heap = self.timers.heap.len();
        assert!(
            heap <= 100 || self.timers.cancelled * 2 <= heap,
            "{} of {heap}",
            self.timers.cancelled
        );
    }

    /// All that are due, first those with the earliest deadline, and of these the oldest.
    fn pop_due(&mut self, now: Nanos) {
        self.list.sort_unstable();
        let due = self
            .list
            .partition_point(|(deadline, _)| *deadline <= now && *deadline < Nanos::MAX);
        for expected in self.list.drain(..due) {
            let popped = self.timers.pop_due(now);
            assert_eq!(popped, Some(expected));
        }
        assert!(self.timers.pop_due(now).is_none());
    }

    fn check(&self) {
        let timers = &self.timers;
        let nodes = timers.heap.len() + timers.newest.len();
        assert!(timers.newest.len() <= NEWEST);
        assert_eq!(nodes - timers.cancelled, self.list.len());
        // A slot is named by one node.
        assert_eq!(timers.slots.len(), nodes);
        assert_eq!(timers.is_empty(), nodes == 0);
    }
}

/// Random programs of so many steps, with deadlines up to so far ahead. Of ten cancellations, so many are of a timer that is armed.
fn random_programs(steps: u64, deadlines: u64, cancels: u64) {
    for seed in 0..200 {
        let mut numbers = Numbers(seed);
        let mut both = Both::default();
        let mut now = 0;
        for _ in 0..steps {
            match numbers.below(20) {
                0..10 => {
                    let ahead = numbers.below(deadlines) as Nanos;
                    both.arm(if ahead == 0 { Nanos::MAX } else { now + ahead });
                }
                10 if numbers.below(5) == 0 => {
                    now += numbers.below(deadlines / 4 + 1) as Nanos;
                    both.pop_due(now);
                }
                10..12 => both.drop_cancelled(),
                _ if numbers.below(10) < cancels => {
                    let armed: Vec<usize> = both.list.iter().map(|(_, number)| *number).collect();
                    if let Some(number) = numbers.one_of(&armed) {
                        assert!(both.cancel(number));
                    }
                }
                // One that may be gone long since, and its slot another's.
                _ => {
                    let all: Vec<usize> = (0..both.keys.len()).collect();
                    numbers.one_of(&all).map(|number| both.cancel(number));
                }
            }
            both.check();
        }
        both.pop_due(Nanos::MAX);
        both.check();
        // What is left lies at infinity; it is not forgotten.
        let mut left: Vec<usize> = both.timers.into_entries().collect();
        left.sort_unstable();
        let mut expected: Vec<usize> = both.list.iter().map(|(_, number)| *number).collect();
        expected.sort_unstable();
        assert_eq!(left, expected);
    }
}

#[test]
fn few_deadlines_for_many_timers() {
    random_programs(200, 4, 3);
}

#[test]
fn scattered_deadlines() {
    random_programs(400, 1_000_000, 3);
}

#[test]
fn nearly_all_are_cancelled() {
    random_programs(2000, 1_000_000, 10);
}

#[test]
fn equal_deadlines_are_first_in_first_out_in_any_number() {
    for count in [1, NEWEST, NEWEST + 1, 100, 1000] {
        let mut both = Both::default();
        (0..count).for_each(|_| both.arm(7));
        // And some before and after, which change the shape of the heap.
        both.arm(6);
        both.arm(8);
        for number in (0..count).step_by(3) {
            both.cancel(number);
        }
        both.pop_due(6);
        both.pop_due(7);
        both.pop_due(8);
        assert!(both.timers.is_empty());
    }
}

#[test]
fn many_cancelled_timers_give_their_places_back() {
    let mut both = Both::default();
    (0..10_000).for_each(|n| both.arm(1_000_000 + n));
    assert_eq!(both.timers.slots.len(), 10_000);
    // Not the first ones: those would come off the top.
    (4000..8990).for_each(|number| assert!(both.cancel(number)));
    both.drop_cancelled();
    assert_eq!(both.timers.slots.len(), 10_000, "they are less than half");
    (8990..=9000).for_each(|number| assert!(both.cancel(number)));
    both.drop_cancelled();
    assert_eq!(both.timers.slots.len(), 4999);
    assert_eq!(both.timers.cancelled, 0);
    both.check();
    // Their places are used again, and their keys are worth nothing.
    (0..5001).for_each(|_| both.arm(5));
    assert_eq!(both.timers.slots.len(), 10_000);
    (4000..=9000).for_each(|number| assert!(!both.cancel(number)));
    both.pop_due(2_000_000);
    assert!(both.timers.is_empty());
}

#[test]
fn few_cancelled_timers_stay_until_they_come_to_the_top() {
    let mut both = Both::default();
    (0..90).for_each(|n| both.arm(n));
    (1..80).for_each(|number| assert!(both.cancel(number)));
    both.drop_cancelled();
    assert!(both.timers.cancelled > 0);
    both.pop_due(0);
    both.drop_cancelled();
    assert_eq!(both.timers.cancelled, 0);
    assert_eq!(both.timers.earliest(), Some(80));
    both.check();
}
