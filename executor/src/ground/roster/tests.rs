//! The roster beside a list that is searched, and how many comparisons it takes.

use std::cell::Cell;
use std::cmp::Ordering;

use super::Roster;
use crate::ground::crowd::Keyed;

thread_local! {
    static COMPARISONS: Cell<usize> = const { Cell::new(0) };
}

fn comparisons(work: impl FnOnce()) -> usize {
    COMPARISONS.set(0);
    work();
    COMPARISONS.get()
}

/// A key that counts how often it is compared.
#[derive(Clone, Copy, Debug)]
struct Counted(usize);

impl Ord for Counted {
    fn cmp(&self, other: &Counted) -> Ordering {
        COMPARISONS.set(COMPARISONS.get() + 1);
        self.0.cmp(&other.0)
    }
}
impl PartialOrd for Counted {
    fn partial_cmp(&self, other: &Counted) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl PartialEq for Counted {
    fn eq(&self, other: &Counted) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Counted {}

/// What stands in the roster: with equal keys they differ for this test only.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Member {
    key: usize,
    serial: usize,
}

impl Keyed for Member {
    type Key = Counted;

    fn key(&self) -> Counted {
        Counted(self.key)
    }
}

fn filled(members: usize) -> Roster<Member> {
    let mut roster = Roster::default();
    (0..members).for_each(|key| roster.push(Member { key, serial: key }));
    roster
}

/// Numbers that only look random: every run of the tests has the same.
fn mixed(number: usize) -> usize {
    let mixed = (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 32) as usize
}

const MANY: usize = 20_000;
/// What sorting so many may take, and a few looks at each.
const FEW_COMPARISONS: usize = MANY * 15 * 8;

#[track_caller]
fn leave_quickly(order: impl IntoIterator<Item = usize>) {
    let mut roster = filled(MANY);
    let taken = comparisons(|| {
        for key in order {
            assert_eq!(roster.remove(Counted(key)).unwrap().key, key);
        }
    });
    assert_eq!(roster.len(), 0);
    assert!(taken < FEW_COMPARISONS, "{taken} comparisons");
}

#[test]
fn many_leave_in_order() {
    leave_quickly(0..MANY);
}

#[test]
fn many_leave_in_reverse_order() {
    leave_quickly((0..MANY).rev());
}

#[test]
fn many_leave_in_any_order() {
    let mut order: Vec<usize> = (0..MANY).collect();
    order.sort_by_key(|&key| mixed(key));
    leave_quickly(order);
}

#[test]
fn many_leave_from_both_ends_towards_the_middle() {
    leave_quickly((0..MANY / 2).flat_map(|key| [MANY - 1 - key, key]));
}

#[test]
fn many_that_cannot_be_told_apart_leave() {
    let mut roster = Roster::default();
    (0..MANY).for_each(|serial| roster.push(Member { key: serial % 2, serial }));
    let taken = comparisons(|| {
        for serial in (1..MANY).step_by(2).chain((0..MANY).step_by(2)) {
            assert_eq!(roster.remove(Counted(serial % 2)).unwrap().serial, serial);
        }
    });
    assert!(taken < FEW_COMPARISONS, "{taken} comparisons");
}

#[test]
fn those_behind_one_that_stays_leave_no_places_behind() {
    for crowd in [1, 10, 100] {
        let mut roster = filled(crowd);
        for key in crowd..MANY {
            roster.push(Member { key, serial: key });
            if key > crowd {
                assert!(roster.remove(Counted(key - 1)).is_some());
            }
        }
        let room = roster.queue.capacity().max(roster.iter().size_hint().1.unwrap_or(0));
        assert!(room < 4 * crowd + 10, "{room} places for {crowd}");
    }
}

#[test]
fn a_number_is_passed_once() {
    let mut roster = filled(MANY);
    let mut at = 0;
    for _ in 0..MANY / 2 {
        let (number, member) = roster.at_or_after(at).unwrap();
        assert_eq!(member.key, at);
        at = number + 1;
    }
    // From the front, and from behind the number: the places move together, and it is not passed again before those that were not.
    for key in 0..MANY / 4 {
        roster.remove(Counted(key));
        roster.remove(Counted(MANY - 1 - key));
    }
    assert_eq!(roster.at_or_after(0).unwrap().1.key, MANY / 4);
    let (_, next) = roster.at_or_after(at).unwrap();
    assert!(next.key <= MANY / 2);
    assert!(roster.at_or_after(usize::MAX).is_none());
}

#[test]
fn it_does_what_a_list_does() {
    for seed in 0..20 {
        let (mut roster, mut list) = (Roster::default(), Vec::<Member>::new());
        for step in 0..2_000 {
            let number = mixed(seed * 10_000 + step);
            let key = number / 8 % 300;
            // It grows for a while, then shrinks.
            match number % 8 + usize::from(step > 1_200) * 3 {
                0..5 => {
                    let member = Member { key, serial: step };
                    roster.push(member);
                    list.push(member);
                }
                5 => {
                    let first = (!list.is_empty()).then(|| list.remove(0));
                    assert_eq!(roster.pop_front(), first);
                }
                _ => {
                    let at = list.iter().position(|member| member.key == key);
                    assert_eq!(roster.remove(Counted(key)), at.map(|at| list.remove(at)));
                }
            }
            assert_eq!(roster.front(), list.first());
            assert_eq!(roster.len(), list.len());
        }
        assert!(roster.iter().eq(&list));
        assert!(roster.into_iter().eq(list));
    }
}
