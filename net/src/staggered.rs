//! A race whose runners start one after the other, each when the one before has failed or has run for some time. Mirrors
//! `asyncio.staggered`.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use kolo_executor::{Result, Task, create_task, wait, wait_for};
use kolo_sync::Event;

/// Runs the first of `count` coroutines, and each further one `delay` seconds after the one before, or when that has failed. The first that
/// succeeds wins, and the others are cancelled; `None` when all have failed.
///
/// # Errors
/// Cancelled, when the task was; Value, when the delay is NaN. Those of the coroutines are told to nobody.
///
/// # Cancel safety
/// All that run are cancelled.
pub(crate) async fn staggered_race<T, F, C>(count: usize, coroutine: F, delay: f64) -> Result<Option<T>>
where
    T: 'static,
    F: Fn(usize) -> C + 'static,
    C: Future<Output = Result<T>> + 'static,
{
    let race = Rc::new(Race {
        count,
        coroutine,
        delay,
        started: Cell::new(0),
        runners: Runners::default(),
        winner: RefCell::new(None),
    });
    let _left = CancelledAtTheEnd(race.runners.clone());
    race.clone().start(None);
    let mut done = 0;
    // They grow in number while they run.
    while done != race.runners.all().len() {
        let (ended, _) = wait(race.runners.all()).await?;
        done = ended.len();
        for runner in ended.iter().filter(|runner| !runner.cancelled()) {
            runner.error()?.map_or(Ok(()), Err)?;
        }
    }
    Ok(race.winner.take())
}

struct Race<T, F> {
    count: usize,
    coroutine: F,
    delay: f64,
    /// How many coroutines have been started.
    started: Cell<usize>,
    runners: Runners,
    winner: RefCell<Option<T>>,
}

impl<T, F, C> Race<T, F>
where
    T: 'static,
    F: Fn(usize) -> C + 'static,
    C: Future<Output = Result<T>> + 'static,
{
    /// Has a task run the next coroutine, when it is its turn.
    fn start(self: Rc<Self>, previous_failed: Option<Event>) {
        let runners = self.runners.clone();
        runners.add(create_task(self.run_one(previous_failed)));
    }

    async fn run_one(self: Rc<Self>, previous_failed: Option<Event>) -> Result<()> {
        if let Some(failed) = previous_failed {
            match wait_for(failed.wait(), self.delay).await {
                Err(error) if !error.is_timeout() => return Err(error),
                _ => {}
            }
        }
        let number = self.started.get();
        if number == self.count {
            return Ok(());
        }
        self.started.set(number + 1);
        let failed = Event::new();
        self.clone().start(Some(failed.clone()));
        match (self.coroutine)(number).await {
            // A cancellation is one of the ways to fail, too.
            Err(_) => failed.set(),
            Ok(value) => {
                self.winner.replace(Some(value));
                self.runners.cancel_all_but(Some(number));
            }
        }
        Ok(())
    }
}

/// The tasks of a race, in the order of their coroutines.
#[derive(Clone, Default)]
struct Runners(Rc<RefCell<Vec<Task<()>>>>);

impl Runners {
    fn add(&self, runner: Task<()>) {
        self.0.borrow_mut().push(runner);
    }

    fn all(&self) -> Vec<Task<()>> {
        self.0.borrow().clone()
    }

    fn cancel_all_but(&self, spared: Option<usize>) {
        for (_, runner) in self.all().iter().enumerate().filter(|(number, _)| Some(*number) != spared) {
            runner.cancel();
        }
    }
}

/// No runner outlives the race.
struct CancelledAtTheEnd(Runners);

impl Drop for CancelledAtTheEnd {
    fn drop(&mut self) {
        self.0.cancel_all_but(None);
    }
}
