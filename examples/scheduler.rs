//! A periodic scheduler, which Ctrl-C stops once its workers have ended. Notes: "Event".

mod utils;

use std::cell::Cell;
use std::rc::Rc;

use kolo::{Event, EventLoop, Kind, Result, Task, create_task, sleep};
use utils::{now, press_ctrl_c_at};

#[derive(Default)]
struct Scheduler {
    timer: u32,
    is_running: Cell<bool>,
    stop_event: Event,
    scheduler_task: Cell<Option<Task<()>>>,
    concurrent_workers: Cell<u32>,
}

impl Scheduler {
    fn new(timer: u32) -> Rc<Scheduler> {
        Rc::new(Scheduler {
            timer,
            ..Scheduler::default()
        })
    }

    async fn worker(self: Rc<Self>) -> Result<()> {
        self.concurrent_workers.update(|workers| workers + 1);

        println!("start {}", now());
        sleep(5).await?; // some useful work, which takes 5 seconds
        println!("stop {}", now());

        self.concurrent_workers.update(|workers| workers - 1);
        if !self.is_running.get() && self.concurrent_workers.get() == 0 {
            // The scheduler was stopped, and this was the last worker: `stop` has to be told that all of them have ended.
            self.stop_event.set();
        }
        Ok(())
    }

    /// Runs in the background, and wakes up once in so many seconds.
    async fn scheduler(self: Rc<Self>) -> Result<()> {
        while self.is_running.get() {
            create_task(self.clone().worker());
            sleep(self.timer).await?;
        }
        Ok(())
    }

    fn start(self: &Rc<Self>, event_loop: &EventLoop) {
        self.is_running.set(true);
        let task = event_loop.create_task(self.clone().scheduler());
        self.scheduler_task.set(Some(task));
    }

    /// Plans no new workers, and waits for those that there are.
    async fn stop(self: Rc<Self>) -> Result<()> {
        self.is_running.set(false);
        if let Some(task) = self.scheduler_task.take() {
            task.cancel();
        }
        self.stop_event.wait().await
    }
}

fn main() -> Result<()> {
    let event_loop = EventLoop::new()?;
    let s = Scheduler::new(2);
    s.start(&event_loop);
    press_ctrl_c_at(7.5, &event_loop);
    match event_loop.run_forever() {
        Err(error) if error.kind() == Kind::KeyboardInterrupt => event_loop.run_until_complete(s.stop())?,
        outcome => outcome?,
    }
    event_loop.close()
}
