//! Destructors within destructors.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use kolo_executor::testing::run;
use kolo_executor::{
    AnyPromise, Context, ContextVar, Error, EventLoop, Kind, Promise, TimerHandle, create_task, running_loop, sleep,
};

use super::{DEPTH, LINKS, chain, on_a_small_stack};
use crate::support::lives::{DropFlag, Life, Living, OnDrop, keep};

#[test]
fn a_long_chain_that_waits() {
    on_a_small_stack(concat!(module_path!(), "::a_long_chain_that_waits"), || {
        for (_, link) in LINKS {
            run(async move {
                // The end of it first, then the beginning.
                let (end, top) = chain(DEPTH, link);
                drop(end);
                drop(top);
                let (end, top) = chain(DEPTH, link);
                drop(top);
                drop(end);
                Ok(())
            })
            .unwrap();
        }
    });
}

#[test]
fn a_long_chain_in_a_loop_that_is_closed() {
    on_a_small_stack(concat!(module_path!(), "::a_long_chain_in_a_loop_that_is_closed"), || {
        for (_, link) in LINKS {
            let event_loop = EventLoop::new().unwrap();
            event_loop.set_exception_handler(Some(Rc::new(|_| {})));
            let kept = event_loop
                .run_until_complete(async move {
                    let kept = chain(DEPTH, link);
                    sleep(0).await?;
                    Ok(kept)
                })
                .unwrap();
            event_loop.close().unwrap();
            drop(event_loop);
            drop(kept);
        }
    });
}

/// Something that owns the next one, which owns the next.
#[allow(dead_code, reason = "it is there to be owned")]
enum Chain {
    End,
    Value(Promise<Owns>),
    Callback(Promise<()>),
    Scheduled(TimerHandle),
    Values(Context),
}

/// A link and, counted, what stands beside it.
#[allow(dead_code, reason = "they are there to be owned")]
struct Owns(Chain, Life);

impl Owns {
    fn by_value(self) -> Chain {
        let promise = Promise::new();
        promise.set_result(self).unwrap();
        Chain::Value(promise)
    }

    fn by_callback(self) -> Chain {
        let promise = Promise::new();
        promise.add_done_callback(move |_| keep(&self));
        Chain::Callback(promise)
    }

    fn by_schedule(self) -> Chain {
        let handle = running_loop().call_later(10, move || keep(&self));
        Chain::Scheduled(handle)
    }

    fn by_context(self) -> Chain {
        static OWNED: ContextVar<Rc<Owns>> = ContextVar::new("owned");
        let context = Context::new();
        context.run(|| OWNED.set(Rc::new(self)));
        Chain::Values(context)
    }
}

const OWNERS: [fn(Owns) -> Chain; 4] = [Owns::by_value, Owns::by_callback, Owns::by_schedule, Owns::by_context];

#[test]
fn what_owns_the_next() {
    on_a_small_stack(concat!(module_path!(), "::what_owns_the_next"), || {
        for owner in OWNERS {
            let living = Living::new();
            let counted = living.clone();
            run(async move {
                let mut chain = Chain::End;
                for _ in 0..DEPTH {
                    chain = owner(Owns(chain, counted.one()));
                }
                // Callbacks that are scheduled are the loop's, and go with it.
                drop(chain);
                Ok(())
            })
            .unwrap();
            assert_eq!(living.count(), 0);
        }
    });
}

#[test]
fn all_of_them_in_turn() {
    on_a_small_stack(concat!(module_path!(), "::all_of_them_in_turn"), || {
        run(async {
            let living = Living::new();
            let mut chain = Chain::End;
            for number in 0..DEPTH {
                chain = OWNERS[[0, 1, 3][number % 3]](Owns(chain, living.one()));
            }
            let task = create_task(async move {
                sleep(10).await?;
                drop(chain);
                Ok(())
            });
            sleep(1).await?;
            task.cancel();
            assert!(task.await.is_err());
            assert_eq!(living.count(), 0);
            Ok(())
        })
        .unwrap();
    });
}

#[test]
fn errors_that_own_errors() {
    on_a_small_stack(concat!(module_path!(), "::errors_that_own_errors"), || {
        let links: [fn(Error) -> Error; 4] = [
            |inner| Error::value("outer").with_source(inner),
            |inner| Error::group("outer", vec![Error::timeout(), inner]),
            |inner| Error::from(std::fmt::Error).with_source(inner),
            |inner| {
                #[derive(Debug)]
                struct Foreign(Error);
                impl std::fmt::Display for Foreign {
                    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str(self.0.message())
                    }
                }
                impl std::error::Error for Foreign {}
                Error::from(Foreign(inner))
            },
        ];
        for link in links {
            let error = (0..DEPTH).fold(Error::other("first"), |inner, _| link(inner));
            assert!(format!("{error:?}").len() < 100 * DEPTH);
            drop(error);
        }
        // One error with a long history.
        let error = (0..DEPTH).fold(Error::from(std::fmt::Error), |error, _| error.with_source(Error::timeout()));
        assert!(error.downcast_ref::<std::fmt::Error>().is_some());
        assert_eq!(error.kind(), Kind::Other);
    });
}

#[test]
fn errors_that_came_a_long_way() {
    on_a_small_stack(concat!(module_path!(), "::errors_that_came_a_long_way"), || {
        let outcome = run(async {
            let first = create_task(async { Err::<(), _>(Error::value("bad")) });
            let last = (0..DEPTH).fold(first, |inner, _| create_task(async move { inner.await }));
            last.await
        });
        let error = outcome.unwrap_err();
        assert_eq!(error.trail().count(), DEPTH + 2);
        assert!(format!("{error:?}").lines().count() < 30);
        drop(error);
    });
}

#[test]
fn few_are_dropped_in_the_middle_of_their_owners() {
    let (order, trace) = traced(10, |_| false);
    drop(order);
    // Each owner's other field goes after what it owns is gone.
    assert_eq!(*trace.borrow(), (0..10).collect::<Vec<_>>());
}

#[test]
fn of_many_each_is_dropped_once_and_owners_go_before_what_they_own() {
    const MANY: usize = 1000;
    let (order, trace) = traced(MANY, |_| false);
    drop(order);
    let trace = trace.borrow();
    let (mut sorted, deepest) = (trace.clone(), MANY - 17);
    sorted.sort_unstable();
    assert_eq!(sorted, (0..MANY).collect::<Vec<_>>());
    // The sixteen within each other go last, from the inside out.
    assert_eq!(trace[..deepest + 1], *(0..=deepest).rev().collect::<Vec<_>>());
    assert_eq!(trace[deepest + 1..], *(deepest + 1..MANY).collect::<Vec<_>>());
}

#[test]
fn a_destructor_deep_inside_that_panics_keeps_nobody_from_being_dropped() {
    let (order, trace) = traced(1000, |number| [3, 500, 501].contains(&number));
    let outcome = catch_unwind(AssertUnwindSafe(|| drop(order)));
    assert_eq!(*outcome.unwrap_err().downcast::<String>().unwrap(), "501");
    assert_eq!(trace.borrow().len(), 1000);
    // And afterwards all is as before.
    let (order, trace) = traced(1000, |_| false);
    drop(order);
    assert_eq!(trace.borrow().len(), 1000);
}

#[test]
fn a_loop_that_is_run_by_a_destructor_deep_inside_drops_at_once() {
    let ran = Rc::new(Cell::new(false));
    let tells = ran.clone();
    let (order, _) = traced(100, move |number| {
        if number == 10 {
            let (tells, (flag, dropped)) = (tells.clone(), DropFlag::new());
            run(async move {
                let promise = Promise::new();
                promise.set_result(dropped).unwrap_or_default();
                drop(promise);
                assert!(flag.get());
                tells.set(true);
                Ok(())
            })
            .unwrap();
        }
        false
    });
    drop(order);
    assert!(ran.get());
}

#[test]
fn a_long_chain_goes_with_its_thread() {
    thread_local!(static HELD: RefCell<Option<AnyPromise>> = const { RefCell::new(None) });
    on_a_small_stack(concat!(module_path!(), "::a_long_chain_goes_with_its_thread"), || {
        static LEFT: AtomicUsize = AtomicUsize::new(DEPTH);
        let thread = thread::Builder::new().stack_size(512 << 10);
        let thread = thread.spawn(|| {
            let (order, _) = traced(DEPTH, |_| LEFT.fetch_sub(1, Ordering::Relaxed) == 0);
            HELD.set(Some(order));
        });
        thread.unwrap().join().unwrap();
        assert_eq!(LEFT.load(Ordering::Relaxed), 0);
    });
}

/// Promises each of which owns, beside the one before it, something that notes the number of its link when it is dropped.
fn traced(links: usize, panics: impl Fn(usize) -> bool + Clone + 'static) -> (AnyPromise, Rc<RefCell<Vec<usize>>>) {
    struct Value<F: FnMut()>(
        #[allow(dead_code, reason = "dropped before the other")] Option<AnyPromise>,
        OnDrop<F>,
    );
    let trace: Rc<RefCell<Vec<usize>>> = Rc::default();
    let mut last = None;
    for number in 0..links {
        let promise = Promise::new();
        let (list, panics) = (trace.clone(), panics.clone());
        let note = OnDrop(move || {
            list.borrow_mut().push(number);
            assert!(!panics(number), "{number}");
        });
        assert!(promise.set_result(Value(last.take(), note)).is_ok());
        last = Some(promise.as_any());
    }
    (last.unwrap(), trace)
}
