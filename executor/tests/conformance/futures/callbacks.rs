//! Done callbacks.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use kolo_executor::testing::tick;
use kolo_executor::{CallbackToken, EventLoop, Promise};

use crate::support::lives::OnDrop;
use crate::support::outcome::boom;
use crate::support::runs::virtual_loop;

/// A promise, and callbacks that each put a number into a bag.
struct Bag {
    event_loop: EventLoop,
    promise: Promise<&'static str>,
    numbers: Rc<RefCell<Vec<i32>>>,
}

impl Bag {
    fn new() -> Bag {
        let event_loop = virtual_loop();
        Bag {
            promise: event_loop.create_promise(),
            event_loop,
            numbers: Rc::default(),
        }
    }

    fn add(&self, number: i32) -> CallbackToken {
        let numbers = self.numbers.clone();
        self.promise.add_done_callback(move |_| numbers.borrow_mut().push(number))
    }

    fn remove(&self, token: CallbackToken) -> bool {
        self.promise.remove_done_callback(token)
    }

    /// Completes the promise; what is in the bag at once, and what one iteration later.
    fn complete(self) -> (Vec<i32>, Vec<i32>) {
        self.promise.set_result("foo").unwrap();
        let before = self.numbers.take();
        tick(&self.event_loop);
        assert_eq!(self.promise.result().unwrap(), "foo");
        (before, self.numbers.take())
    }
}

#[test]
fn test_callbacks_remove_first_callback() {
    let bag = Bag::new();
    let tokens = [42, 17, 100].map(|number| bag.add(number));
    assert!(bag.remove(tokens[0]));
    assert!(!bag.remove(tokens[0]));
    assert_eq!(bag.complete(), (vec![], vec![17, 100]));
}

#[test]
fn test_callbacks_remove_first_and_second_callback() {
    let bag = Bag::new();
    let tokens = [42, 17, 100].map(|number| bag.add(number));
    assert!(bag.remove(tokens[0]));
    assert!(bag.remove(tokens[1]));
    assert!(!bag.remove(tokens[0]));
    assert_eq!(bag.complete(), (vec![], vec![100]));
}

#[test]
fn test_callbacks_remove_third_callback() {
    let bag = Bag::new();
    let tokens = [42, 17, 100].map(|number| bag.add(number));
    assert!(bag.remove(tokens[2]));
    assert!(!bag.remove(tokens[2]));
    assert_eq!(bag.complete(), (vec![], vec![42, 17]));
}

#[test]
fn test_callbacks_invoked_on_set_result() {
    let bag = Bag::new();
    bag.add(42);
    bag.add(17);
    assert_eq!(bag.complete(), (vec![], vec![42, 17]));
}

#[test]
fn test_callbacks_invoked_on_set_exception() {
    let bag = Bag::new();
    bag.add(100);
    let error = boom("no");
    bag.promise.set_error(error.clone()).unwrap();
    assert_eq!(bag.numbers.take(), []);
    tick(&bag.event_loop);
    assert_eq!(bag.numbers.take(), [100]);
    assert!(bag.promise.error().unwrap().unwrap().ptr_eq(&error));
}

#[test]
fn test_remove_done_callback() {
    let bag = Bag::new();
    let first = bag.add(1);
    let second = bag.add(2);
    assert!(bag.remove(second));
    // Each registration has a token of its own: that of another promise names nothing here.
    let foreign = Bag::new();
    assert!(!bag.remove(foreign.add(3)));
    bag.add(2);
    let mut ones = vec![first];
    ones.extend((0..5).map(|_| bag.add(1)));
    let removed = ones.into_iter().filter(|token| bag.remove(*token)).count();
    assert_eq!(removed, 6);
    assert_eq!(bag.complete(), (vec![], vec![2]));
}

/// Adds a callback whose destructor, when it is taken back, calls `evil`; takes it back among 64 others.
fn take_back_evil(bag: &Bag, evil: impl FnMut() + 'static) -> Vec<CallbackToken> {
    let mut others: Vec<CallbackToken> = (0..32).map(|number| bag.add(number)).collect();
    let owned = OnDrop(evil);
    let token = bag.promise.add_done_callback(move |_| drop(owned));
    others.extend((32..64).map(|number| bag.add(number)));
    assert!(bag.remove(token));
    others
}

#[test]
fn test_remove_done_callbacks_list_mutation() {
    let bag = Bag::new();
    let victim = bag.add(-1);
    let promise = bag.promise.clone();
    take_back_evil(&bag, move || assert!(promise.remove_done_callback(victim)));
    assert_eq!(bag.complete(), (vec![], (0..64).collect()));
}

#[test]
fn test_remove_done_callbacks_list_clear() {
    let bag = Bag::new();
    let tokens: Rc<RefCell<Vec<CallbackToken>>> = Rc::default();
    tokens.borrow_mut().extend((0..64).map(|number| bag.add(number)));
    let (promise, all) = (bag.promise.clone(), tokens.clone());
    let others = take_back_evil(&bag, move || {
        for token in all.take() {
            assert!(promise.remove_done_callback(token));
        }
    });
    assert_eq!(others.into_iter().filter(|token| bag.remove(*token)).count(), 64);
    assert_eq!(bag.complete(), (vec![], vec![]));
}

#[test]
fn test_schedule_callbacks_list_mutation_1() {
    let bag = Bag::new();
    let later: Rc<Cell<Option<CallbackToken>>> = Rc::default();
    let answer = Rc::new(Cell::new(None));
    let (slot, said) = (later.clone(), answer.clone());
    bag.promise
        .add_done_callback(move |promise| said.set(Some(promise.remove_done_callback(slot.get().unwrap()))));
    later.set(Some(bag.add(1)));
    bag.add(2);
    assert_eq!(bag.complete(), (vec![], vec![1, 2]));
    assert_eq!(answer.get(), Some(false), "it stood in the ready queue already");
}

#[test]
fn test_schedule_callbacks_list_mutation_2() {
    let bag = Bag::new();
    let (promise, numbers) = (bag.promise.clone(), bag.numbers.clone());
    take_back_evil(&bag, move || {
        for number in 100..200 {
            let numbers = numbers.clone();
            promise.add_done_callback(move |_| numbers.borrow_mut().push(number));
        }
    });
    assert_eq!(bag.complete(), (vec![], (0..64).chain(100..200).collect()));
}
