//! Coroutines: a few steps each, with everything that kolo has to wait for several things, or not for ever.

use std::pin::Pin;

use kolo::{
    Result, ReturnWhen, Timeout, as_completed, current_task, gather, shield, sleep, task_group, timeout, try_running_loop, wait,
    wait_for,
};
use kolo_chaos::numbers::Numbers;

use crate::acts::act;
use crate::leaves::leaf;
use crate::user::{Leaf, Mortal, Trouble, Value};
use crate::world::{World, current};

pub(crate) type Coroutine = Pin<Box<dyn Future<Output = Result<Value>>>>;

/// A coroutine, drawn as it goes. It does nothing more when the program has nothing left to pay with.
pub(crate) fn coroutine(world: &World, numbers: &mut Numbers) -> Coroutine {
    let (mortal, seed) = (Mortal::new(world, numbers, "coroutine"), numbers.draw());
    Box::pin(async move {
        let _mortal = mortal;
        let mut numbers = Numbers::new(seed);
        for _ in 0..numbers.below(6) {
            let Some(world) = current().filter(|world| world.spend()) else {
                break;
            };
            if numbers.once_in(2) {
                act(&world, &mut numbers, "coroutine");
                continue;
            }
            let step = step(&world, &mut numbers);
            drop(world);
            let outcome = step.await;
            if outcome.is_err() && numbers.once_in(3) {
                outcome?;
            }
        }
        let Some(world) = current() else {
            return Err(kolo::Error::cancelled());
        };
        if numbers.once_in(6) {
            return Err(Trouble(Mortal::new(&world, &mut numbers, "error")).into());
        }
        Ok(Value::new(&world, &mut numbers))
    })
}

/// One await.
fn step(world: &World, numbers: &mut Numbers) -> Leaf {
    let what = numbers.below(20);
    world.tell(&format!("coroutine: await {what}"));
    match what {
        0..6 => leaf(world, numbers),
        // It may have begun to wait in another task, or in none.
        6 => world.leaves.take(numbers).unwrap_or_else(|| leaf(world, numbers)),
        7 => Box::pin(sleep(0)),
        8 => held(world, numbers),
        _ => several(world, numbers, what),
    }
}

/// Waits while it holds something. What for is drawn then: a wait that stands in a queue already must not be kept from going on.
fn held(world: &World, numbers: &mut Numbers) -> Leaf {
    let (lock, seed) = (world.primitives.locks[numbers.below(2)].clone(), numbers.draw());
    Box::pin(async move {
        let _held = lock.hold().await?;
        let inner = current().map(|world| step(&world, &mut Numbers::new(seed)));
        inner.unwrap_or_else(|| Box::pin(sleep(0))).await
    })
}

fn several(world: &World, numbers: &mut Numbers, what: usize) -> Leaf {
    let (one, other, delay) = (coroutine(world, numbers), coroutine(world, numbers), numbers.below(4));
    let task = world.tasks.get(numbers);
    match what {
        9 => Box::pin(async move { gather([one, other]).await.map(drop) }),
        10 => Box::pin(async move { gather([one, other]).return_exceptions().await.map(drop) }),
        11 => Box::pin(async move { shield(one).await.map(drop) }),
        12 => Box::pin(async move {
            match task {
                Some(task) => wait_for(&task, delay).await.map(drop),
                None => wait_for(one, delay).await.map(drop),
            }
        }),
        13 => Box::pin(async move { wait_for(one, delay).await.map(drop) }),
        14 => Box::pin(async move { timeout(delay, one).await.map(drop) }),
        15 => Box::pin(async move {
            let limit = Timeout::after(delay);
            if let Some(world) = current() {
                world.timeouts.put(&mut Numbers::new(1), limit.clone());
            }
            limit.run(one).await.map(drop)
        }),
        16 => Box::pin(task_group(async move |group| {
            if let Some(world) = current() {
                world.groups.put(&mut Numbers::new(2), group.clone());
            }
            group.create_task(one)?;
            let task = group.create_task(other)?;
            (&task).await.map(drop)
        })),
        17 => Box::pin(async move {
            let mut completed = as_completed([one, other]).timeout(delay);
            while let Some(outcome) = completed.next().await {
                drop(outcome?);
            }
            Ok(())
        }),
        18 => Box::pin(async move {
            let Some(task) = task else { return sleep(delay).await };
            let waiting = wait([task.as_any()]).timeout(delay).return_when(ReturnWhen::FirstCompleted);
            waiting.await.map(drop)
        }),
        _ => Box::pin(async move {
            // A handle of the loop that waits in it would keep it for ever.
            let task = try_running_loop()?.create_task(one);
            let own = current_task();
            drop(other);
            let outcome = task.await.map(drop);
            drop(own);
            outcome
        }),
    }
}
