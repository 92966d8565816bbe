//! A cancellation goes down as far as tasks and gathers wait for each other, and no way twice that it can tell in advance.

use kolo_executor::testing::run;
use kolo_executor::{AnyPromise, Promise, Task, all_tasks, create_task, current_task, gather, sleep, task_group};

use super::{DEPTH, LINKS, chain, on_a_small_stack};

#[test]
fn a_long_chain_of_every_kind() {
    on_a_small_stack(concat!(module_path!(), "::a_long_chain_of_every_kind"), || {
        for (name, link) in LINKS {
            run(async move {
                let (end, top) = chain(DEPTH, link);
                sleep(0).await?;
                assert!(top.cancel(), "{name}");
                assert_eq!(end.cancelled(), name != "shield", "{name}");
                assert!((&top).await.unwrap_err().is_cancelled(), "{name}");
                Ok(())
            })
            .unwrap();
        }
    });
}

#[test]
fn a_long_chain_at_the_end_of_a_run() {
    on_a_small_stack(concat!(module_path!(), "::a_long_chain_at_the_end_of_a_run"), || {
        for (_, link) in LINKS {
            let end = run(async move {
                let (end, _) = chain(DEPTH, link);
                sleep(0).await?;
                Ok(end)
            });
            // Behind a shield, and where no task waits, there is nothing to be cancelled.
            drop(end.unwrap());
        }
    });
}

#[test]
fn a_long_chain_in_a_group() {
    on_a_small_stack(concat!(module_path!(), "::a_long_chain_in_a_group"), || {
        let outcome = run(task_group(async |group| {
            let mut last = group.create_task(sleep(10))?;
            for _ in 0..DEPTH {
                let inner = last;
                last = group.create_task(async move { gather([inner]).await.map(drop) })?;
            }
            sleep(1).await?;
            assert_eq!(all_tasks().len(), DEPTH + 2);
            current_task().unwrap().cancel();
            sleep(1).await
        }));
        assert!(outcome.unwrap_err().is_cancelled());
    });
}

/// Each layer waits twice for the one below: there are 2^60 ways down.
const LAYERS: usize = 60;

/// Two tasks gather the same two tasks, and so on.
fn diamond(layers: usize) -> (Vec<[Task<()>; 2]>, AnyPromise) {
    let mut all = vec![[create_task(sleep(10)), create_task(sleep(10))]];
    for _ in 1..layers {
        let below = all.last().unwrap().clone();
        let layer = [(); 2].map(|()| {
            let below = below.clone();
            create_task(async move { gather(&below).await.map(drop) })
        });
        all.push(layer);
    }
    let top = gather(all.last().unwrap()).as_any();
    (all, top)
}

#[test]
fn what_can_be_reached_in_many_ways_is_not_asked_as_often() {
    run(async {
        let (all, top) = diamond(LAYERS);
        sleep(0).await?;
        assert!(top.cancel());
        assert!((&top).await.unwrap_err().is_cancelled());
        assert!(all.iter().flatten().all(|task| task.cancelled()));
        Ok(())
    })
    .unwrap();
    // Gathers alone.
    run(async {
        let end = Promise::<()>::new();
        let mut top = end.as_any();
        for _ in 0..LAYERS {
            top = gather([&top, &top].map(AnyPromise::clone)).as_any();
        }
        assert!(top.cancel() && end.cancelled());
        assert!((&top).await.unwrap_err().is_cancelled());
        Ok(())
    })
    .unwrap();
    // At the end of a run, where each task is cancelled, and each with what is below it.
    run(async {
        diamond(LAYERS);
        sleep(0).await
    })
    .unwrap();
}

#[test]
fn every_way_counts_as_a_request() {
    run(async {
        let (all, top) = diamond(10);
        sleep(0).await?;
        assert!(top.cancel());
        for (layer, tasks) in all.iter().rev().enumerate() {
            assert!(tasks.iter().all(|task| task.cancelling() == 1 << layer), "{layer}");
        }
        // Of two that are cancelled one after the other each counts.
        assert!(top.cancel());
        assert!(all[0].iter().all(|task| task.cancelling() == 2 << 9));
        Ok(())
    })
    .unwrap();
}
