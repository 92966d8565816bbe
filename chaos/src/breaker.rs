//! A run that is broken at one await, in one of three ways, and what comes of it.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::panic::{Location, panic_any};
use std::rc::Rc;
use std::task::Poll;

use kolo::{AnyPromise, AnyTask, Error, EventLoop, Observer, Result};

use crate::panics::{self, Meant};
use crate::rest;

/// What happens, and at which await: the how-manieth suspension of the run, or resumption of a coroutine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// Nothing.
    Nowhere,
    /// The task is cancelled in the moment of this suspension.
    Cancel(usize),
    /// The coroutine panics instead of going on.
    Panic(usize),
    /// The coroutine is dropped instead of going on, as a foreign `select!` does, and fails with an error of its own.
    Drop(usize),
}

/// Breaks a run, and sees what comes of it. Clones are of the same run.
#[derive(Clone, Debug)]
pub struct Breaker(Rc<State>);

#[derive(Debug)]
struct State {
    how: Break,
    suspensions: Cell<usize>,
    resumptions: Cell<usize>,
    /// How many coroutines live.
    coroutines: Cell<usize>,
    faults: RefCell<Vec<String>>,
}

impl Breaker {
    /// For a run that is broken like this.
    pub fn new(how: Break) -> Breaker {
        Breaker(Rc::new(State {
            how,
            suspensions: Cell::new(0),
            resumptions: Cell::new(0),
            coroutines: Cell::new(0),
            faults: RefCell::default(),
        }))
    }

    /// Has the tasks of this loop cancelled.
    pub fn watch(&self, event_loop: &EventLoop) {
        event_loop.add_observer(Rc::new(self.clone()));
    }

    /// The coroutine, which is broken if it comes to that.
    pub fn call<T, C: Future<Output = Result<T>>>(&self, coroutine: C) -> impl Future<Output = Result<T>> + use<T, C> {
        let life = Life::new(&self.0);
        let (mut coroutine, mut begun) = (Some(Box::pin(coroutine)), false);
        poll_fn(move |context| {
            let Some(inner) = &mut coroutine else { return Poll::Pending };
            if std::mem::replace(&mut begun, true) {
                let number = count(&life.0.resumptions);
                if life.0.how == Break::Panic(number) {
                    panic_any(Meant(()));
                }
                if life.0.how == Break::Drop(number) {
                    coroutine = None;
                    return Poll::Ready(Err(Error::other("dropped")));
                }
            }
            inner.as_mut().poll(context)
        })
    }

    /// The loop is at rest.
    pub fn look(&self, event_loop: &EventLoop) {
        self.0.faults.borrow_mut().extend(rest::faults(event_loop));
    }

    /// Notes what is wrong.
    pub fn fault(&self, what: impl Into<String>) {
        self.0.faults.borrow_mut().push(what.into());
    }

    /// The run is over, and has been disposed of. Returns all that is known of it; of the panics that were not meant, those in kolo's sources.
    pub fn end(&self) -> Seen {
        let mut faults = self.0.faults.take();
        if self.0.coroutines.get() > 0 {
            faults.push(format!("{} coroutines outlive their run", self.0.coroutines.get()));
        }
        let of_kolo = |panic: &String| {
            ["executor/src/", "sync/src/", "net/src/"]
                .iter()
                .any(|crates| panic.contains(crates))
        };
        let panics = panics::unmeant().into_iter().filter(of_kolo);
        faults.extend(panics.map(|panic| format!("a panic: {panic}")));
        Seen {
            suspensions: self.0.suspensions.get(),
            resumptions: self.0.resumptions.get(),
            faults,
        }
    }
}

/// What was seen of a run.
#[derive(Debug)]
pub struct Seen {
    /// At how many awaits it could be cancelled.
    pub suspensions: usize,
    /// At how many it could panic, or be dropped.
    pub resumptions: usize,
    /// What is wrong with it.
    pub faults: Vec<String>,
}

impl Seen {
    /// How this run can be broken: in each way at so many awaits at the most, evenly spread.
    pub fn breaks(&self, at_most: usize) -> impl Iterator<Item = Break> + use<> {
        let some = move |count: usize| (0..count.min(at_most)).map(move |number| number * count / count.min(at_most));
        let (suspensions, resumptions) = (some(self.suspensions), some(self.resumptions));
        let panics = resumptions.clone().map(Break::Panic);
        suspensions
            .map(Break::Cancel)
            .chain(panics)
            .chain(resumptions.map(Break::Drop))
    }
}

/// One more; the number of this one.
fn count(counter: &Cell<usize>) -> usize {
    counter.replace(counter.get() + 1)
}

impl Observer for Breaker {
    fn parked(&self, task: &AnyTask, _on: Option<&AnyPromise>, _at: Option<&'static Location<'static>>) {
        if self.0.how == Break::Cancel(count(&self.0.suspensions)) {
            task.cancel();
        }
    }
}

/// A coroutine that lives.
struct Life(Rc<State>);

impl Life {
    fn new(run: &Rc<State>) -> Life {
        run.coroutines.set(run.coroutines.get() + 1);
        Life(run.clone())
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        self.0.coroutines.set(self.0.coroutines.get() - 1);
    }
}
