//! What is told of those that wait for each other, however they do.

use kolo_executor::testing::run;
use kolo_executor::{Kind, Promise, Task, create_task, gather, running_loop, sleep};

use super::{LINKS, chain, on_a_small_stack};

/// Each layer waits twice for the one below: there are 2^60 ways down.
const LAYERS: usize = 60;

#[test]
fn a_deadlock_that_can_be_reached_in_many_ways_is_told_once() {
    // Through gathers alone.
    let error = run(async {
        let end = create_task(async { Promise::<()>::new().await });
        let mut top = end.as_any();
        for _ in 0..LAYERS {
            top = gather([top.clone(), top]).return_exceptions().as_any();
            // Two that are not the same.
            top = gather([gather([top.clone()]).as_any(), gather([top]).as_any()]).as_any();
        }
        assert_eq!(end.as_any().awaiters(), []);
        let waits = create_task(async move { (&top).await });
        sleep(0).await?;
        assert_eq!(end.as_any().awaiters(), [waits.as_any_task()]);
        waits.await
    })
    .unwrap_err();
    assert_eq!(error.kind(), Kind::Deadlock);
    assert!(error.message().contains("3 tasks are stuck"), "{error}");

    // Through tasks.
    let error = run(async {
        let mut layer = [(); 2].map(|()| create_task(async { Promise::<()>::new().await }));
        for _ in 1..LAYERS {
            layer = [(); 2].map(|()| {
                let below: [Task<()>; 2] = layer.clone();
                create_task(async move { gather(&below).await.map(drop) })
            });
        }
        sleep(0).await?;
        assert_eq!(running_loop().task_tree().lines().count(), 2 * LAYERS + 1);
        gather(layer).await
    })
    .unwrap_err();
    assert!(
        error.message().contains(&format!("{} tasks are stuck", 2 * LAYERS + 1)),
        "{error}"
    );
}

#[test]
fn a_long_chain_is_told_of() {
    on_a_small_stack(concat!(module_path!(), "::a_long_chain_is_told_of"), || {
        for (name, link) in LINKS {
            let error = run(async move {
                let (end, top) = chain(10_000, link);
                let first = create_task(async move { end.await });
                sleep(0).await?;
                assert!(!running_loop().task_tree().is_empty());
                assert!(!first.stack().is_empty());
                gather([top, first.as_any()]).await
            })
            .unwrap_err();
            assert_eq!(error.kind(), Kind::Deadlock, "{name}");
        }
    });
}

#[test]
fn a_crowd_behind_many_gathers_is_told_of_in_time() {
    // Each task is gathered with all that come before it: their ways to the last together are 200 million long.
    let error = run(async {
        let mut top = create_task(async { Promise::<()>::new().await }).as_any();
        for _ in 0..20_000 {
            let task = create_task(async { Promise::<()>::new().await });
            top = gather([top, task.as_any()]).as_any();
        }
        sleep(0).await?;
        (&top).await
    })
    .unwrap_err();
    assert!(error.message().contains("20002 tasks are stuck"));
}
