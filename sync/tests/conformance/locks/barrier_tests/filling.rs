//! Barriers that are filled and passed.

use kolo_executor::testing::run;
use kolo_executor::{Kind, create_task, gather, running_loop, sleep};
use kolo_sync::Barrier;

use super::{EMPTY_AT_6, FIRST_PASS, N, Party, SECOND_PASS, events_of};
use crate::support::outcome::{error_of, kind_of, text};
use crate::support::runs::traced;

#[test]
fn test_repr() {
    let events = traced(async |trace| {
        let barrier = Barrier::new(N)?;
        trace.log_iteration(text(&barrier));
        let mut tasks = Vec::new();
        let mut arrive = |count| {
            for _ in 0..count {
                let barrier = barrier.clone();
                tasks.push(create_task(async move { barrier.wait().await }));
            }
        };
        arrive(2);
        sleep(0).await?;
        trace.log_iteration(text(&barrier));
        arrive(barrier.parties() - barrier.n_waiting());
        sleep(0).await?;
        trace.log_iteration(text(&barrier));
        arrive(2);
        sleep(0).await?;
        barrier.reset().await?;
        trace.log_iteration(text(&barrier));
        arrive(2);
        sleep(0).await?;
        barrier.abort().await?;
        trace.log_iteration(text(&barrier));
        assert!(barrier.broken());
        let outcomes = gather(tasks).return_exceptions().await?;
        let outcomes: Vec<_> = outcomes
            .into_iter()
            .map(|outcome| outcome.map_err(|error| error.kind()))
            .collect();
        trace.log_iteration(format_args!("{outcomes:?}"));
        Ok(())
    });
    assert_eq!(
        events,
        [
            "+0 <Barrier [filling, waiters:0/5]>",
            "+1 <Barrier [filling, waiters:2/5]>",
            "+2 <Barrier [draining, waiters:0/5]>",
            "+3 <Barrier [resetting, waiters:0/5]>",
            "+4 <Barrier [broken]>",
            "+7 [Ok(0), Ok(1), Ok(2), Ok(3), Ok(4), Err(BrokenBarrier), Err(BrokenBarrier), Err(BrokenBarrier), Err(BrokenBarrier)]"
        ]
    );
}

#[test]
fn test_barrier_parties() {
    for parties in [0, -4] {
        let error = error_of(Barrier::new(parties));
        assert_eq!(error, (Kind::Value, "parties must be > 0".to_owned()), "{parties} parties");
    }
    assert_eq!(Barrier::new(N).unwrap().parties(), N);
}

#[test]
fn test_context_manager() {
    let events = events_of(3, async |party| party.wait().await.map(drop));
    assert_eq!(
        events,
        [
            "+1 2 is number 2",
            "+2 0 is number 0",
            "+2 1 is number 1",
            "+4 <Barrier [filling, waiters:0/3]>"
        ]
    );
}

#[test]
fn test_filling_one_task() {
    run(async {
        let barrier = Barrier::new(1)?;
        let before = running_loop().iterations();
        assert_eq!(barrier.wait().await?, 0);
        assert_eq!(running_loop().iterations(), before, "at once");
        assert_eq!(text(&barrier), "<Barrier [filling, waiters:0/1]>");
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_filling_one_task_twice() {
    run(async {
        let barrier = Barrier::new(1)?;
        for _ in 0..2 {
            let task = create_task({
                let barrier = barrier.clone();
                async move { barrier.wait().await }
            });
            sleep(0).await?;
            assert_eq!(task.result()?, 0);
            assert_eq!(barrier.n_waiting(), 0);
        }
        assert!(!barrier.broken());
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_filling_task_by_task() {
    let events = traced(async |trace| {
        let barrier = Barrier::new(3)?;
        let mut tasks = Vec::new();
        for name in 0..3 {
            let party = Party::new(name, &barrier, &trace);
            tasks.push(create_task(async move { party.wait().await }));
            sleep(0).await?;
            trace.log_iteration(format_args!("{barrier:?}, n_waiting {}", barrier.n_waiting()));
        }
        gather(tasks).await?;
        assert!(!barrier.broken());
        trace.log_iteration(text(&barrier));
        Ok(())
    });
    assert_eq!(
        events,
        [
            "+1 <Barrier [filling, waiters:1/3]>, n_waiting 1",
            "+2 <Barrier [filling, waiters:2/3]>, n_waiting 2",
            "+3 2 is number 2",
            "+3 <Barrier [draining, waiters:0/3]>, n_waiting 0",
            "+4 0 is number 0",
            "+4 1 is number 1",
            "+6 <Barrier [filling, waiters:0/3]>"
        ]
    );
}

#[test]
fn test_filling_tasks_check_return_value() {
    let events = events_of(N, async |party| {
        party.wait().await?;
        party.wait().await?;
        Ok(())
    });
    assert_eq!(events, [&FIRST_PASS[..], &SECOND_PASS, &EMPTY_AT_6].concat());
}

#[test]
fn test_draining_state() {
    let events = events_of(N, async |party| {
        party.barrier.wait().await?;
        party.log(text(&party.barrier));
        Ok(())
    });
    assert_eq!(
        events,
        [
            "+1 4 <Barrier [draining, waiters:0/5]>",
            "+2 0 <Barrier [draining, waiters:0/5]>",
            "+2 1 <Barrier [draining, waiters:0/5]>",
            "+2 2 <Barrier [draining, waiters:0/5]>",
            "+2 3 <Barrier [filling, waiters:0/5]>",
            "+4 <Barrier [filling, waiters:0/5]>"
        ]
    );
}

#[test]
fn test_blocking_tasks_while_draining() {
    let again = 2;
    let others = Barrier::new(N - again).unwrap();
    let events = events_of(N, move |party| {
        let others = others.clone();
        async move {
            party.wait().await?;
            if party.count() > again {
                party.log("meets the others");
                party.wait_at(&others).await?;
            }
            party.wait().await?;
            Ok(())
        }
    });
    let meeting = [
        "+1 4 is number 4",
        "+2 0 is number 0",
        "+2 1 is number 1",
        "+2 1 meets the others",
        "+2 2 is number 2",
        "+2 2 meets the others",
        "+2 3 is number 3",
        "+2 3 meets the others",
        "+2 3 is number 2",
        "+3 1 is number 0",
        "+3 2 is number 1",
    ];
    assert_eq!(events, [&meeting[..], &SECOND_PASS, &EMPTY_AT_6].concat());
}

#[test]
fn test_filling_tasks_cancel_one() {
    let events = traced(async |trace| {
        let barrier = Barrier::new(3)?;
        let arrive = |name| {
            let party = Party::new(name, &barrier, &trace);
            create_task(async move { party.wait().await })
        };
        let first = arrive(0);
        sleep(0).await?;
        let second = arrive(1);
        sleep(0).await?;
        assert_eq!(barrier.n_waiting(), 2);

        first.cancel();
        sleep(0).await?;
        assert_eq!(barrier.n_waiting(), 1);
        assert_eq!(kind_of((&first).await), Kind::Cancelled);
        assert!(first.cancelled());
        let third = arrive(2);
        sleep(0).await?;
        trace.log_iteration(text(&barrier));
        gather([second, third, arrive(3)]).await?;
        trace.log_iteration(text(&barrier));
        Ok(())
    });
    assert_eq!(
        events,
        [
            "+4 <Barrier [filling, waiters:2/3]>",
            "+5 3 is number 2",
            "+6 1 is number 1",
            "+6 2 is number 1",
            "+8 <Barrier [filling, waiters:0/3]>"
        ]
    );
}
