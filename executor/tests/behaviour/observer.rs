//! What an observer is told, as one list.

use std::cell::RefCell;
use std::panic::Location;
use std::rc::Rc;
use std::thread;

use kolo_executor::{AnyPromise, AnyTask, Clock, EventLoop, Observer, Promise, create_task, sleep};

#[derive(Default)]
struct Events(RefCell<Vec<String>>);

impl Events {
    fn add(&self, event: String) {
        self.0.borrow_mut().push(event);
    }
}

impl Observer for Events {
    fn task_created(&self, task: &AnyTask) {
        self.add(format!("{} created", task.name()));
    }
    fn step_begins(&self, task: &AnyTask) {
        self.add(format!("{} begins", task.name()));
    }
    fn step_ends(&self, task: &AnyTask) {
        self.add(format!("{} ends", task.name()));
    }
    fn parked(&self, task: &AnyTask, on: Option<&AnyPromise>, at: Option<&'static Location<'static>>) {
        let at = at.map_or(0, Location::line);
        self.add(format!("{} parked on {on:?} in line {at}", task.name()));
    }
    fn woken(&self, task: &AnyTask, by: Option<&AnyTask>) {
        self.add(format!("{} woken by {:?}", task.name(), by.map(AnyTask::name)));
    }
    fn finished(&self, task: &AnyTask) {
        self.add(format!("{} finished", task.name()));
    }
    fn timer_fired(&self, deadline: f64) {
        self.add(format!("timer {deadline:?}"));
    }
}

#[test]
fn everything_is_told_in_its_order() {
    // A thread numbers its tasks, and a harness without threads of its own has run other tests in this one before.
    thread::spawn(told_in_its_order).join().unwrap();
}

fn told_in_its_order() {
    let event_loop = EventLoop::with_clock(Clock::Virtual).unwrap();
    let events = Rc::new(Events::default());
    event_loop.add_observer(events.clone());
    let first = line!();
    let main = event_loop.create_task(async {
        let promise = Promise::new();
        let setter = promise.clone();
        create_task(async move {
            sleep(1).await?;
            setter.set_result(7)
        });
        promise.await
    });
    main.set_name("main");
    assert_eq!(event_loop.run_until_complete(&main).unwrap(), 7);
    let (sleeps, waits) = (first + 5, first + 8);
    let expected = [
        "Task-1 created".to_owned(),
        "Task-1 woken by None".to_owned(),
        "main begins".to_owned(),
        "Task-2 created".to_owned(),
        "Task-2 woken by Some(\"main\")".to_owned(),
        "main ends".to_owned(),
        format!("main parked on Some(<Promise pending>) in line {waits}"),
        "Task-2 begins".to_owned(),
        "Task-2 ends".to_owned(),
        format!("Task-2 parked on None in line {sleeps}"),
        "timer 1.0".to_owned(),
        "Task-2 woken by None".to_owned(),
        "Task-2 begins".to_owned(),
        "main woken by Some(\"Task-2\")".to_owned(),
        "Task-2 ends".to_owned(),
        "Task-2 finished".to_owned(),
        "main begins".to_owned(),
        "main ends".to_owned(),
        "main finished".to_owned(),
    ];
    assert_eq!(*events.0.borrow(), expected);
}
