//! CPython's test_futures: promises and their callbacks. One test for each case, under the case's name.

mod common;

use std::cell::{Cell, RefCell};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use common::{DropFlag, Reports, Trace, boom, error_of, kind_of, panic_of, tick, virtual_loop};
use kolo_executor::{
    CallbackToken, EventLoop, Kind, Parking, Promise, Result, Waiter, cancellable, create_task, ensure_future, running_loop,
    shield,
};

// States.

#[test]
fn test_initial_state() {
    let event_loop = virtual_loop();
    let promise = event_loop.create_promise::<()>();
    assert!(!promise.cancelled() && !promise.done());
    promise.cancel();
    assert!(promise.cancelled() && promise.done());
}

#[test]
fn test_constructor_without_loop() {
    // A promise may be made before there is a loop; it belongs to the first that waits for it. What needs a loop says so.
    let promise = Promise::<i32>::new();
    let message = panic_of(|| promise.add_done_callback(|_| ()));
    let expected = "add_done_callback: no running event loop on this thread; call it from a coroutine inside `kolo::run(...)`";
    assert_eq!(message, expected);
    let mut waiting = pin!((&promise).into_future());
    let Poll::Pending = waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("the refusal comes one hop later")
    };
    let Poll::Ready(outcome) = waiting.poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("it is refused")
    };
    let message = "no running event loop: a new promise is awaited outside `run`";
    assert_eq!(error_of(outcome), (Kind::Runtime, message.to_owned()));

    let event_loop = virtual_loop();
    promise.set_result(1).unwrap();
    assert_eq!(event_loop.run_until_complete(promise).unwrap(), 1);
}

#[test]
fn test_constructor_use_running_loop() {
    let event_loop = virtual_loop();
    let promise = event_loop.run_until_complete(async { Ok(Promise::<i32>::new()) }).unwrap();
    // It is of that loop: another refuses it.
    let other = virtual_loop();
    assert_eq!(kind_of(other.run_until_complete(&promise)), Kind::Value);
    promise.set_result(7).unwrap();
    assert_eq!(event_loop.run_until_complete(promise).unwrap(), 7);
}

#[test]
fn test_future_cancel_message_getter() {
    let event_loop = virtual_loop();
    let promise = event_loop.create_promise::<()>();
    promise.cancel_with("my message");
    let expected = (Kind::Cancelled, "my message".to_owned());
    assert_eq!(error_of(promise.error()), expected);
    assert_eq!(error_of(event_loop.run_until_complete(&promise)), expected);
    assert_eq!(error_of(promise.result()), expected);
}

/// No setter changes a promise that is done.
fn refuses_to_change(promise: &Promise<i32>) {
    let before = format!("{promise:?}");
    let expected = (Kind::InvalidState, format!("invalid state: {:?}", promise.as_any()));
    assert_eq!(error_of(promise.set_result(0)), expected);
    assert_eq!(error_of(promise.set_error(boom("no"))), expected);
    assert!(!promise.cancel());
    assert_eq!(format!("{promise:?}"), before);
}

#[test]
fn test_cancel() {
    let event_loop = virtual_loop();
    let promise = event_loop.create_promise::<i32>();
    assert!(promise.cancel());
    assert!(promise.cancelled() && promise.done());
    assert_eq!(kind_of(promise.result()), Kind::Cancelled);
    assert_eq!(kind_of(promise.error()), Kind::Cancelled);
    refuses_to_change(&promise);
}

#[test]
fn test_result() {
    let event_loop = virtual_loop();
    let promise = event_loop.create_promise::<i32>();
    assert_eq!(
        error_of(promise.result()),
        (Kind::InvalidState, "Result is not set.".to_owned())
    );
    promise.set_result(42).unwrap();
    assert!(!promise.cancelled() && promise.done());
    assert_eq!(promise.result().unwrap(), 42);
    assert!(promise.error().unwrap().is_none());
    refuses_to_change(&promise);
}

#[test]
fn test_exception() {
    let event_loop = virtual_loop();
    let promise = event_loop.create_promise::<i32>();
    assert_eq!(
        error_of(promise.error()),
        (Kind::InvalidState, "Exception is not set.".to_owned())
    );
    let error = boom("expected");
    promise.set_error(error.clone()).unwrap();
    assert!(!promise.cancelled() && promise.done());
    assert!(promise.result().unwrap_err().ptr_eq(&error));
    assert!(promise.error().unwrap().unwrap().ptr_eq(&error));
    refuses_to_change(&promise);
}

#[test]
fn test_yield_from_twice() {
    let event_loop = virtual_loop();
    let trace = Trace::new();
    let promise = event_loop.create_promise::<i32>();
    let (waited, log) = (promise.clone(), trace.clone());
    let task = event_loop.create_task(async move {
        log.start();
        log.tick("A");
        let x = (&waited).await?;
        log.tick(format!("B {x}"));
        let y = (&waited).await?;
        log.tick(format!("C {y}"));
        Ok(())
    });
    tick(&event_loop);
    promise.set_result(42).unwrap();
    event_loop.run_until_complete(task).unwrap();
    assert_eq!(trace.take(), ["+0 A", "+1 B 42", "+1 C 42"]);
}

#[test]
fn test_future_repr() {
    let event_loop = virtual_loop();
    let promise = || event_loop.create_promise::<i32>();

    let pending = promise();
    assert_eq!(format!("{pending:?}"), "<Promise pending>");
    pending.add_done_callback(|_| ());
    assert_eq!(format!("{pending:?}"), "<Promise pending>");
    assert_eq!(format!("{:?}", pending.as_any()), "<Promise pending>");

    let cancelled = promise();
    cancelled.cancel();
    assert_eq!(format!("{cancelled:?}"), "<Promise cancelled>");

    let finished = promise();
    finished.set_result(4).unwrap();
    assert_eq!(format!("{finished:?}"), "<Promise finished result=4>");
    assert_eq!(finished.result().unwrap(), 4, "to look at it takes nothing away");

    let failed = promise();
    failed.set_error(boom("no")).unwrap();
    assert_eq!(format!("{failed:?}"), "<Promise finished error=Other('no')>");
    assert!(failed.has_unretrieved_error(), "to show it is not to look at it");
    assert_eq!(error_of(failed.result()), (Kind::Other, "no".to_owned()));
}

#[test]
fn test_copy_state() {
    // Outcomes are copied where one promise stands for another: behind a shield.
    let event_loop = virtual_loop();
    let error = boom("expected");
    let inner: [Promise<i32>; 3] = std::array::from_fn(|_| event_loop.create_promise());
    let given = inner.clone();
    let outer = event_loop
        .run_until_complete(async move { Ok(given.map(|promise| shield(&promise))) })
        .unwrap();
    inner[0].set_result(10).unwrap();
    inner[1].set_error(error.clone()).unwrap();
    inner[2].cancel();
    tick(&event_loop);
    assert_eq!(outer[0].result().unwrap(), 10);
    assert!(outer[1].error().unwrap().unwrap().ptr_eq(&error));
    assert!(outer[2].cancelled());

    // And where another thread waits: the errors are of the same kinds there.
    let remote = event_loop.remote();
    let kinds = std::thread::spawn(move || {
        let fine = remote.spawn(|| async { Ok(10) });
        let failed = remote.spawn(|| async { Err::<i32, _>(kolo_executor::Error::invalid_state("raised")) });
        let cancelled = remote.spawn(|| async { Err::<i32, _>(kolo_executor::Error::cancelled()) });
        let outcomes = (fine.wait().unwrap(), error_of(failed.wait()), kind_of(cancelled.wait()));
        remote.call_soon(|| running_loop().stop()).unwrap();
        outcomes
    });
    event_loop.run_forever().unwrap();
    let expected = (10, (Kind::InvalidState, "raised".to_owned()), Kind::Cancelled);
    assert_eq!(kinds.join().unwrap(), expected);
}

// Errors that nobody looks at.

/// What is reported when a promise goes after `use_it` has done something with it.
fn reports_after(use_it: impl FnOnce(&Promise<i32>)) -> Vec<String> {
    let event_loop = virtual_loop();
    let reports = Reports::of(&event_loop);
    let promise = event_loop.create_promise();
    use_it(&promise);
    drop(promise);
    tick(&event_loop);
    reports.messages()
}

const SILENCE: [String; 0] = [];

#[test]
fn test_tb_logger_abandoned() {
    assert_eq!(reports_after(|_| ()), SILENCE);
}

#[test]
fn test_tb_logger_not_called_after_cancel() {
    let reports = reports_after(|promise| {
        promise.set_error(boom("no")).unwrap();
        assert!(!promise.cancel());
    });
    assert_eq!(reports, SILENCE);
}

#[test]
fn test_tb_logger_result_unretrieved() {
    assert_eq!(reports_after(|promise| promise.set_result(42).unwrap()), SILENCE);
}

#[test]
fn test_tb_logger_result_retrieved() {
    let reports = reports_after(|promise| {
        promise.set_result(42).unwrap();
        promise.result().unwrap();
    });
    assert_eq!(reports, SILENCE);
}

#[test]
fn test_tb_logger_exception_unretrieved() {
    let reports = reports_after(|promise| promise.set_error(boom("boom")).unwrap());
    assert_eq!(reports, ["Promise exception was never retrieved"]);
}

#[test]
fn test_tb_logger_exception_retrieved() {
    let reports = reports_after(|promise| {
        promise.set_error(boom("boom")).unwrap();
        promise.error().unwrap();
    });
    assert_eq!(reports, SILENCE);
}

#[test]
fn test_tb_logger_exception_result_retrieved() {
    let reports = reports_after(|promise| {
        promise.set_error(boom("boom")).unwrap();
        promise.result().unwrap_err();
    });
    assert_eq!(reports, SILENCE);
}

#[test]
fn test_future_exception_never_retrieved() {
    for debug in [false, true] {
        let event_loop = virtual_loop();
        event_loop.set_debug(debug);
        let reports = Reports::of(&event_loop);
        let error = boom("out of memory");
        let promise = event_loop.create_promise::<()>();
        promise.set_error(error.clone()).unwrap();
        let second = promise.clone();
        drop(promise);
        assert!(reports.take().is_empty(), "a handle is left");
        drop(second);
        let reports = reports.take();
        assert_eq!(reports.len(), 1);
        assert_eq!(reports[0].message, "Promise exception was never retrieved");
        assert!(reports[0].error.as_ref().unwrap().ptr_eq(&error));
        assert_eq!(
            format!("{:?}", reports[0].promise.as_ref().unwrap()),
            "<Promise finished error=Other('out of memory')>"
        );
        assert!(reports[0].task.is_none());
    }
}

#[test]
fn test_future_del_collect() {
    // No garbage is collected here. What is left of the case: values whose destructors use promises and the loop.
    struct Evil(EventLoop);
    impl Drop for Evil {
        fn drop(&mut self) {
            let promise = self.0.create_promise();
            promise.add_done_callback(|_| ());
            promise.set_result(()).unwrap();
        }
    }
    let event_loop = virtual_loop();
    for _ in 0..100 {
        let promise = event_loop.create_promise();
        promise.set_result(Evil(event_loop.clone())).unwrap();
    }
    tick(&event_loop);
    assert_eq!(event_loop.turn().unwrap(), kolo_executor::Turn::Done);
}

// What comes from elsewhere.

#[test]
fn test_wrap_future_future() {
    let event_loop = virtual_loop();
    let promise = event_loop.create_promise::<()>();
    let same = promise.clone();
    let wrapped = event_loop.run_until_complete(async move { Ok(ensure_future(same)) }).unwrap();
    assert!(wrapped.ptr_eq(&promise));
}

/// A job of another executor, of which this thread sees only the outcome.
#[derive(Clone, Default)]
struct Job(Arc<Mutex<(Option<i32>, Option<Waker>)>>);

impl Job {
    fn finish(&self, value: i32) {
        let mut state = self.0.lock().unwrap();
        state.0 = Some(value);
        let waker = state.1.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Future for Job {
    type Output = i32;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<i32> {
        let mut state = self.0.lock().unwrap();
        state.1 = Some(context.waker().clone());
        state.0.map_or(Poll::Pending, Poll::Ready)
    }
}

#[test]
fn test_wrap_future_of_a_thread() {
    let event_loop = virtual_loop();
    let job = Job::default();
    let remote = event_loop.remote();
    let worker = job.clone();
    let thread = std::thread::spawn(move || {
        worker.finish(7);
        drop(remote);
        std::thread::current().id()
    });
    let value = event_loop.run_until_complete(async move { cancellable(job).await });
    assert_eq!(value.unwrap(), 7);
    assert_ne!(thread.join().unwrap(), std::thread::current().id());
}

#[test]
fn test_wrap_future_without_loop() {
    let mut wrapped = pin!(cancellable(Job::default()));
    let Poll::Ready(outcome) = wrapped.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("without a loop there is nothing to wait in")
    };
    assert_eq!(error_of(outcome), (Kind::Runtime, "no running event loop".to_owned()));
}

#[test]
fn test_wrap_future_cancel2() {
    let event_loop = virtual_loop();
    let job = Job::default();
    let wrapped = job.clone();
    let task = event_loop.create_task(async move { cancellable(wrapped).await });
    tick(&event_loop);
    job.finish(42);
    assert!(task.cancel());
    assert_eq!(kind_of(event_loop.run_until_complete(&task)), Kind::Cancelled);
    assert!(task.cancelled());
    assert_eq!(job.0.lock().unwrap().0, Some(42));
}

/// Waits in its parking place; who is to wake it is put into the slot.
struct Parked {
    parking: Parking,
    slot: Rc<RefCell<Option<Waiter>>>,
}

impl Future for Parked {
    type Output = Result<()>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        let Parked { parking, slot } = &mut *self;
        parking.poll(context, |waiter| drop(slot.replace(Some(waiter))))
    }
}

#[test]
fn test_set_result_unless_cancelled() {
    let event_loop = virtual_loop();
    let promise = event_loop.create_promise::<i32>();
    let timed = promise.clone();
    event_loop.call_later(1, move || drop(timed.set_result(2)));
    promise.cancel();
    assert_eq!(kind_of(event_loop.run_until_complete(&promise)), Kind::Cancelled);
    event_loop.run_until_complete(kolo_executor::sleep(2)).unwrap();
    assert!(promise.cancelled());

    // The waits of primitives: to wake one that was cancelled does nothing, and says so.
    let slot = Rc::new(RefCell::new(None));
    let parked = Parked {
        parking: Parking::new(std::panic::Location::caller()),
        slot: slot.clone(),
    };
    let task = event_loop.create_task(parked);
    tick(&event_loop);
    let waiter = slot.take().unwrap();
    assert!(!waiter.is_done());
    task.cancel();
    assert!(waiter.is_cancelled());
    assert!(!waiter.wake());
    assert_eq!(kind_of(event_loop.run_until_complete(&task)), Kind::Cancelled);
    assert!(!waiter.wake());
}

// Callbacks.

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

/// Does something with the promise when the callback that owns it is dropped.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
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

#[test]
fn test_callback_added_late() {
    // A callback that is added to a promise that is done runs a hop later, after those that were there before.
    let event_loop = virtual_loop();
    let trace = Trace::new();
    let promise = event_loop.create_promise::<()>();
    let (first, second) = (trace.clone(), trace.clone());
    event_loop
        .run_until_complete(async move {
            first.start();
            let log = first.clone();
            promise.add_done_callback(move |promise| {
                first.tick("first");
                promise.add_done_callback(move |_| first.tick("late"));
            });
            promise.add_done_callback(move |_| second.tick("second"));
            let setter = promise.clone();
            create_task(async move { setter.set_result(()) });
            promise.await?;
            log.tick("awaiter");
            kolo_executor::sleep(0).await
        })
        .unwrap();
    assert_eq!(trace.take(), ["+2 first", "+2 second", "+2 awaiter", "+3 late"]);
}

#[test]
fn test_callbacks_are_dropped_with_the_loop() {
    let event_loop = virtual_loop();
    let (dropped, flag) = DropFlag::new();
    let promise = event_loop.create_promise::<()>();
    event_loop.close().unwrap();
    promise.add_done_callback(move |_| drop(flag));
    promise.set_result(()).unwrap();
    assert!(dropped.get(), "nobody will ever run it");
}
