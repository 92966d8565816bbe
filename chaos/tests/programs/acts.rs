//! What the program does where there is no awaiting: in callbacks, destructors, wakers, observers, between two awaits, outside of the loop.

use std::any::Any;
use std::panic::panic_any;
use std::rc::Rc;
use std::task::{Context, Waker};
use std::thread;

use kolo::{
    Clock, Error, EventLoop, ExceptionContext, Promise, all_tasks, create_task, current_task, run, shield, try_running_loop,
};
use kolo_chaos::numbers::Numbers;

use crate::at_primitives::act_at_primitive;
use crate::coroutines::coroutine;
use crate::leaves::leaf;
use crate::user::{Bell, Mortal, Payload, Trouble, Value, Watcher, run_script};
use crate::world::World;

/// A callback: a script, and a value whose end runs another.
pub(crate) fn callback(world: &World, numbers: &mut Numbers, who: &'static str) -> impl FnOnce() + 'static {
    let (mortal, script) = (Mortal::new(world, numbers, who), numbers.draw());
    move || {
        run_script(script, who);
        drop(mortal);
    }
}

/// The loop that runs, most of the time, or one that does not.
fn some_loop(world: &World, numbers: &mut Numbers) -> Option<EventLoop> {
    match try_running_loop() {
        Ok(running) if !numbers.once_in(8) => Some(running),
        _ => world.loops.get(numbers),
    }
}

/// Does one thing, whatever is drawn.
pub(crate) fn act(world: &World, numbers: &mut Numbers, who: &str) {
    match numbers.below(30) {
        0..8 => act_at_primitive(world, numbers, who),
        8..16 => act_on_handles(world, numbers, who),
        16..20 => drop_something(world, numbers, who),
        20..24 => make_something(world, numbers, who),
        24..27 => poll_something(world, numbers, who),
        27..29 => act_on_loop(world, numbers, who),
        _ if world.may_panic() => {
            world.tell(&format!("{who}: panic"));
            let payload: Payload = kolo_chaos::panics::Meant(Mortal::new(world, numbers, "panic"));
            panic_any(payload)
        }
        _ => {}
    }
}

fn make_something(world: &World, numbers: &mut Numbers, who: &str) {
    let what = numbers.below(8);
    world.tell(&format!("{who}: make {what}"));
    let Some(event_loop) = some_loop(world, numbers) else { return };
    match what {
        0 | 1 => {
            let task = event_loop.create_task(coroutine(world, numbers));
            world.tasks.put(numbers, task);
        }
        2 => {
            let promise = if numbers.once_in(2) {
                event_loop.create_promise()
            } else {
                Promise::new()
            };
            world.promises.put(numbers, promise);
        }
        3 => {
            let handle = event_loop.call_soon(callback(world, numbers, "callback"));
            world.things.put(numbers, Box::new(handle));
        }
        4 => {
            let handle = event_loop.call_later(numbers.below(4), callback(world, numbers, "timer"));
            if numbers.once_in(3) {
                handle.cancel();
            }
            world.things.put(numbers, Box::new(handle));
        }
        5 => {
            let watcher = Rc::new(Watcher::new(world, numbers));
            event_loop.add_observer(watcher.clone());
            world.watchers.put(numbers, (event_loop, watcher));
        }
        6 => {
            let promise = match world.tasks.get(numbers) {
                Some(task) if numbers.once_in(2) && try_running_loop().is_ok() => shield(&task),
                Some(task) => Promise::clone(&task),
                None => return,
            };
            world.promises.put(numbers, promise);
        }
        _ => {
            let new = EventLoop::with_clock(Clock::Virtual).expect("there are few loops");
            // What nobody handles is printed.
            new.set_exception_handler(Some(Rc::new(|_| {})));
            if numbers.once_in(6) {
                world.loops.put(numbers, new);
            }
        }
    }
}

fn act_on_handles(world: &World, numbers: &mut Numbers, who: &str) {
    let what = numbers.below(9);
    world.tell(&format!("{who}: handle {what}"));
    match what {
        0 => {
            let task = world.tasks.get(numbers);
            task.map(|task| task.cancel());
        }
        1 => {
            let promise = world.promises.get(numbers);
            promise.map(|promise| promise.cancel());
        }
        2 | 3 => {
            if let Some(promise) = world.promises.get(numbers) {
                let _ = promise.set_result(Value::new(world, numbers));
            }
        }
        4 => {
            if let Some(promise) = world.promises.get(numbers) {
                let _ = promise.set_error(Trouble(Mortal::new(world, numbers, "error")));
            }
        }
        5 => {
            let promise = match world.tasks.get(numbers) {
                Some(task) if numbers.once_in(2) => Some(task.as_any()),
                _ => world.promises.get(numbers).map(|promise| promise.as_any()),
            };
            // Without a loop, that of a promise is not known.
            if let Some(promise) = promise.filter(|_| try_running_loop().is_ok()) {
                let callback = callback(world, numbers, "done callback");
                let token = promise.add_done_callback(|_| callback());
                world.callbacks.put(numbers, (promise, token));
            }
        }
        6 => {
            if let Some((promise, token)) = world.callbacks.get(numbers) {
                promise.remove_done_callback(token);
            }
        }
        7 => {
            if let Some(task) = world.tasks.get(numbers) {
                let _ = (task.uncancel(), task.result(), task.error(), task.done());
                if numbers.once_in(4) {
                    let _ = task.take_result();
                }
            }
        }
        _ => {
            if let Some(group) = world.groups.get(numbers) {
                let _ = group.create_task(coroutine(world, numbers));
            }
            if let Some(timeout) = world.timeouts.get(numbers) {
                let _ = timeout.reschedule(numbers.below(3));
            }
        }
    }
}

fn drop_something(world: &World, numbers: &mut Numbers, who: &str) {
    let what = numbers.below(11);
    world.tell(&format!("{who}: drop {what}"));
    match what {
        0 => drop(world.tasks.take(numbers)),
        1 => drop(world.promises.take(numbers)),
        2 | 3 => drop(world.leaves.take(numbers)),
        4 => drop(world.callbacks.take(numbers)),
        5 => {
            if let Some((event_loop, watcher)) = world.watchers.take(numbers) {
                event_loop.remove_observer(&watcher);
            }
        }
        6 => drop(world.wakers.take(numbers)),
        7 | 8 => drop(world.things.take(numbers)),
        9 if numbers.once_in(6) => {
            // What it owns stays for ever, and where it waits it will not go on.
            if let Some(leaf) = world.leaves.take(numbers) {
                world.lost.set(true);
                std::mem::forget(leaf);
            }
        }
        9 => drop(world.groups.take(numbers)),
        _ if numbers.once_in(6) => drop(world.loops.take(numbers)),
        _ => drop(world.timeouts.take(numbers)),
    }
}

fn poll_something(world: &World, numbers: &mut Numbers, who: &str) {
    let what = numbers.below(5);
    world.tell(&format!("{who}: poll {what}"));
    match what {
        // From outside, even if a task runs: its waker is not in the context.
        0 | 1 => {
            let mut leaf = match world.leaves.take(numbers) {
                Some(leaf) if what == 0 => leaf,
                _ => leaf(world, numbers),
            };
            let waker = if numbers.once_in(4) {
                Waker::noop().clone()
            } else {
                Bell::new(world, numbers).into()
            };
            if leaf.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
                world.leaves.put(numbers, leaf);
            }
        }
        2 => {
            let waker = world.wakers.get(numbers);
            waker.inspect(Waker::wake_by_ref);
        }
        3 if numbers.once_in(30) => {
            // On another thread, whose end is waited for: the order of events is the same in every run.
            let waker = world.wakers.get(numbers);
            waker.map(|waker| thread::spawn(move || waker.wake()).join());
        }
        _ => drop(world.wakers.take(numbers)),
    }
}

fn act_on_loop(world: &World, numbers: &mut Numbers, who: &str) {
    let what = numbers.below(13);
    world.tell(&format!("{who}: loop {what}"));
    let Some(event_loop) = some_loop(world, numbers) else { return };
    match what {
        0 => event_loop.stop(),
        1 if numbers.once_in(4) => {
            let _ = event_loop.close();
        }
        2 => {
            let _ = event_loop.turn();
        }
        // A run in what a remote handle's call leads to would wait in real time, because of the handle.
        3 if !world.reached.get() => {
            // Refused while a loop runs; and it must not wait for ever where none does.
            let stop = event_loop.clone();
            let timer = event_loop.call_later(100, move || stop.stop());
            let outcome = event_loop.run_until_complete(coroutine(world, numbers));
            timer.cancel();
            world.things.put(numbers, Box::new(outcome));
        }
        4 if try_running_loop().is_ok() => {
            let refused = run(coroutine(world, numbers));
            world.things.put(numbers, Box::new(refused));
        }
        5 => {
            let (mortal, script) = (Mortal::new(world, numbers, "exception handler"), numbers.draw());
            let handler = move |report: &ExceptionContext| {
                let _ = (&mortal, report);
                run_script(script, "exception handler");
            };
            event_loop.set_exception_handler(Some(Rc::new(handler)));
        }
        6 => {
            let error = Error::from(Trouble(Mortal::new(world, numbers, "error")));
            event_loop.call_exception_handler(&ExceptionContext::new("trouble").with_error(error));
        }
        7 => {
            let letter = callback(world, numbers, "letter");
            let before = world.reached.replace(true);
            let _ = event_loop.remote().call_soon(letter);
            world.reached.set(before);
        }
        8 if try_running_loop().is_ok() => {
            let task = create_task(coroutine(world, numbers));
            world.tasks.put(numbers, task);
        }
        9 => {
            let current = current_task();
            current.map(|task| task.cancel());
        }
        10 if try_running_loop().is_ok() => {
            let seen: Vec<String> = all_tasks().iter().map(|task| format!("{task:?} {}", task.stack())).collect();
            world.things.put(numbers, Box::new(seen));
        }
        _ => look(world, &event_loop),
    }
}

/// Looks at everything that can be looked at.
fn look(world: &World, event_loop: &EventLoop) {
    let queues = event_loop.queues();
    let told: Vec<String> = queues
        .iter()
        .map(|queue| format!("{queue:?} {:?} {:?}", queue.waiting(), queue.holders()))
        .collect();
    let tasks = event_loop.all_tasks();
    let waits: Vec<String> = tasks
        .iter()
        .map(|task| format!("{:?} {:?} {}", task.waits(), task.awaiters(), task.stack()))
        .collect();
    let tree = event_loop.task_tree();
    let own: Vec<String> = world.tasks.all().iter().map(|task| format!("{task:?}")).collect();
    let all: Box<dyn Any> = Box::new((told, waits, tree, own));
    drop(all);
}
