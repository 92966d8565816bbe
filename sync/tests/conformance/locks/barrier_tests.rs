//! `BarrierTests`: barriers.

use std::cell::Cell;
use std::rc::Rc;

use kolo_executor::testing::{Trace, run};
use kolo_executor::{Kind, Result, create_task, gather, running_loop, sleep};
use kolo_sync::Barrier;

use crate::support::outcome::{error_of, kind_of, text};
use crate::support::runs::traced;

/// How many parties there are unless a case says otherwise.
const N: usize = 5;

/// A task's way through its barriers.
#[derive(Clone)]
struct Party {
    name: usize,
    trace: Trace,
}

impl Party {
    /// Waits, and gives the index, or nothing if the barrier was broken meanwhile.
    async fn wait(&self, barrier: &Barrier) -> Result<Option<usize>> {
        match barrier.wait().await {
            Ok(index) => {
                self.log(format_args!("is number {index}"));
                Ok(Some(index))
            }
            Err(error) if error.kind() == Kind::BrokenBarrier => {
                self.log("finds it broken");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn log(&self, event: impl std::fmt::Display) {
        self.trace.log_iteration(format_args!("{} {event}", self.name));
    }
}

/// The tasks of `parties`, numbered from 0, all together; and what the barrier looks like afterwards.
async fn all<F: Future<Output = Result<()>> + 'static>(
    parties: usize,
    trace: &Trace,
    barrier: &Barrier,
    body: impl Fn(Party, Barrier) -> F,
) -> Result<()> {
    let coroutines = (0..parties).map(|name| {
        let trace = trace.clone();
        body(Party { name, trace }, barrier.clone())
    });
    gather(coroutines.collect::<Vec<_>>()).await?;
    trace.log_iteration(text(barrier));
    Ok(())
}

/// Counts those that get that far.
#[derive(Clone, Default)]
struct Counter(Rc<Cell<usize>>);

impl Counter {
    fn next(&self) -> usize {
        self.0.set(self.0.get() + 1);
        self.0.get()
    }
}

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
    let events = traced(async |trace| {
        let barrier = Barrier::new(3)?;
        all(3, &trace, &barrier, async |party, barrier| {
            party.wait(&barrier).await.map(drop)
        })
        .await
    });
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
            let party = Party {
                name,
                trace: trace.clone(),
            };
            let barrier = barrier.clone();
            tasks.push(create_task({
                let barrier = barrier.clone();
                async move { party.wait(&barrier).await }
            }));
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
    let events = traced(async |trace| {
        let barrier = Barrier::new(N)?;
        all(N, &trace, &barrier, async |party, barrier| {
            party.wait(&barrier).await?;
            party.wait(&barrier).await?;
            Ok(())
        })
        .await
    });
    assert_eq!(
        events,
        [
            "+1 4 is number 4",
            "+2 0 is number 0",
            "+2 1 is number 1",
            "+2 2 is number 2",
            "+2 3 is number 3",
            "+3 2 is number 4",
            "+4 3 is number 0",
            "+4 4 is number 1",
            "+4 0 is number 2",
            "+4 1 is number 3",
            "+6 <Barrier [filling, waiters:0/5]>"
        ]
    );
}

#[test]
fn test_draining_state() {
    let events = traced(async |trace| {
        let barrier = Barrier::new(N)?;
        all(N, &trace, &barrier, async |party, barrier| {
            barrier.wait().await?;
            party.log(text(&barrier));
            Ok(())
        })
        .await
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
    let events = traced(async |trace| {
        let again = 2;
        let barrier = Barrier::new(N)?;
        let others = Barrier::new(N - again)?;
        let out = Counter::default();
        all(N, &trace, &barrier, |party, barrier| {
            let (others, out) = (others.clone(), out.clone());
            async move {
                party.wait(&barrier).await?;
                if out.next() > again {
                    party.log("meets the others");
                    party.wait(&others).await?;
                }
                party.wait(&barrier).await?;
                Ok(())
            }
        })
        .await
    });
    assert_eq!(
        events,
        [
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
            "+3 2 is number 4",
            "+4 3 is number 0",
            "+4 4 is number 1",
            "+4 0 is number 2",
            "+4 1 is number 3",
            "+6 <Barrier [filling, waiters:0/5]>"
        ]
    );
}

#[test]
fn test_filling_tasks_cancel_one() {
    let events = traced(async |trace| {
        let barrier = Barrier::new(3)?;
        let arrive = |name| {
            let (barrier, party) = (
                barrier.clone(),
                Party {
                    name,
                    trace: trace.clone(),
                },
            );
            create_task(async move { party.wait(&barrier).await })
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

#[test]
fn test_reset_barrier_while_tasks_waiting() {
    let events = traced(async |trace| {
        let barrier = Barrier::new(N)?;
        let reset = barrier.clone();
        running_loop().call_soon(move || {
            create_task(async move { reset.reset().await });
        });
        all(N - 1, &trace, &barrier, async |party, barrier| {
            party.wait(&barrier).await.map(drop)
        })
        .await
    });
    assert_eq!(
        events,
        [
            "+3 0 finds it broken",
            "+3 1 finds it broken",
            "+3 2 finds it broken",
            "+3 3 finds it broken",
            "+5 <Barrier [filling, waiters:0/5]>"
        ]
    );
}

#[test]
fn test_reset_barrier_when_tasks_half_draining() {
    let events = traced(async |trace| {
        let barrier = Barrier::new(N)?;
        let out = Counter::default();
        all(N, &trace, &barrier, |party, barrier| {
            let out = out.clone();
            async move {
                let passed = party.wait(&barrier).await?;
                if passed.is_some() && out.next() == N - N / 2 {
                    party.log("resets it");
                    barrier.reset().await?;
                }
                Ok(())
            }
        })
        .await
    });
    assert_eq!(
        events,
        [
            "+1 4 is number 4",
            "+2 0 is number 0",
            "+2 1 is number 1",
            "+2 1 resets it",
            "+2 2 finds it broken",
            "+2 3 finds it broken",
            "+4 <Barrier [filling, waiters:0/5]>"
        ]
    );
}

#[test]
fn test_reset_barrier_when_tasks_half_draining_half_blocking() {
    let events = traced(async |trace| {
        let barrier = Barrier::new(N)?;
        let out = Counter::default();
        all(N, &trace, &barrier, |party, barrier| {
            let out = out.clone();
            async move {
                let passed = party.wait(&barrier).await?;
                if passed.is_some() && out.next() > N / 2 {
                    party.log("resets it");
                    barrier.reset().await?;
                }
                party.wait(&barrier).await?;
                Ok(())
            }
        })
        .await
    });
    assert_eq!(
        events,
        [
            "+1 4 is number 4",
            "+2 0 is number 0",
            "+2 1 is number 1",
            "+2 1 resets it",
            "+2 2 finds it broken",
            "+2 3 finds it broken",
            "+3 2 is number 4",
            "+4 3 is number 0",
            "+4 4 is number 1",
            "+4 0 is number 2",
            "+4 1 is number 3",
            "+6 <Barrier [filling, waiters:0/5]>"
        ]
    );
}

#[test]
fn test_reset_barrier_while_tasks_waiting_and_waiting_again() {
    let events = traced(async |trace| {
        let barrier = Barrier::new(N)?;
        let (reset, last) = (barrier.clone(), barrier.clone());
        let party = Party {
            name: N - 1,
            trace: trace.clone(),
        };
        running_loop().call_soon(move || {
            create_task(async move { reset.reset().await });
            running_loop().call_soon(move || {
                create_task(async move { party.wait(&last).await });
            });
        });
        all(N - 1, &trace, &barrier, async |party, barrier| {
            assert_eq!(party.wait(&barrier).await?, None);
            party.wait(&barrier).await?;
            Ok(())
        })
        .await
    });
    assert_eq!(
        events,
        [
            "+3 0 finds it broken",
            "+3 1 finds it broken",
            "+3 2 finds it broken",
            "+3 3 finds it broken",
            "+4 2 is number 4",
            "+5 3 is number 0",
            "+5 4 is number 1",
            "+5 0 is number 2",
            "+5 1 is number 3",
            "+7 <Barrier [filling, waiters:0/5]>"
        ]
    );
}

#[test]
fn test_reset_barrier_while_tasks_draining() {
    let events = traced(async |trace| {
        let barrier = Barrier::new(N)?;
        let out = Counter::default();
        all(N, &trace, &barrier, |party, barrier| {
            let out = out.clone();
            async move {
                party.wait(&barrier).await?;
                if out.next() == N {
                    party.log("resets it");
                    barrier.reset().await?;
                }
                party.wait(&barrier).await?;
                party.wait(&barrier).await?;
                Ok(())
            }
        })
        .await
    });
    assert_eq!(
        events,
        [
            "+1 4 is number 4",
            "+2 0 is number 0",
            "+2 1 is number 1",
            "+2 2 is number 2",
            "+2 3 is number 3",
            "+2 3 resets it",
            "+3 2 is number 4",
            "+4 3 is number 0",
            "+4 4 is number 1",
            "+4 0 is number 2",
            "+4 1 is number 3",
            "+5 0 is number 4",
            "+6 1 is number 0",
            "+6 2 is number 1",
            "+6 3 is number 2",
            "+6 4 is number 3",
            "+8 <Barrier [filling, waiters:0/5]>"
        ]
    );
}

#[test]
fn test_abort_barrier_when_tasks_half_draining_half_blocking() {
    let events = traced(async |trace| {
        let barrier = Barrier::new(N)?;
        let out = Counter::default();
        all(N, &trace, &barrier, |party, barrier| {
            let out = out.clone();
            async move {
                if party.wait(&barrier).await?.is_none() {
                    return Ok(());
                }
                if out.next() > N / 2 {
                    party.log("aborts it");
                    return barrier.abort().await;
                }
                party.log("waits again");
                party.wait(&barrier).await?;
                Ok(())
            }
        })
        .await
    });
    assert_eq!(
        events,
        [
            "+1 4 is number 4",
            "+1 4 waits again",
            "+2 0 is number 0",
            "+2 0 waits again",
            "+2 1 is number 1",
            "+2 1 aborts it",
            "+2 2 finds it broken",
            "+2 3 finds it broken",
            "+3 4 finds it broken",
            "+3 0 finds it broken",
            "+5 <Barrier [broken]>"
        ]
    );
}

/// Passes the barrier, and once more; but whoever is in the middle aborts it instead.
async fn pass_twice_or_abort(party: &Party, barrier: &Barrier) -> Result<()> {
    match party.wait(barrier).await? {
        None => Ok(()),
        Some(index) if index == N / 2 => {
            party.log("aborts it");
            barrier.abort().await
        }
        Some(_) => party.wait(barrier).await.map(drop),
    }
}

#[test]
fn test_abort_barrier_when_exception() {
    let events = traced(async |trace| {
        let barrier = Barrier::new(N)?;
        all(N, &trace, &barrier, async |party, barrier| {
            pass_twice_or_abort(&party, &barrier).await
        })
        .await
    });
    assert_eq!(
        events,
        [
            "+1 4 is number 4",
            "+2 0 is number 0",
            "+2 1 is number 1",
            "+2 2 is number 2",
            "+2 2 aborts it",
            "+2 3 finds it broken",
            "+3 4 finds it broken",
            "+3 0 finds it broken",
            "+3 1 finds it broken",
            "+5 <Barrier [broken]>"
        ]
    );
}

#[test]
fn test_abort_barrier_when_exception_then_resetting() {
    let events = traced(async |trace| {
        let barrier = Barrier::new(N)?;
        let meeting = Barrier::new(N)?;
        all(N, &trace, &barrier, |party, barrier| {
            let meeting = meeting.clone();
            async move {
                pass_twice_or_abort(&party, &barrier).await?;
                // All have left it when it is reset, and nobody enters it before.
                if meeting.wait().await? == N / 2 {
                    party.log("resets it");
                    barrier.reset().await?;
                }
                meeting.wait().await?;
                party.wait(&barrier).await?;
                Ok(())
            }
        })
        .await
    });
    assert_eq!(
        events,
        [
            "+1 4 is number 4",
            "+2 0 is number 0",
            "+2 1 is number 1",
            "+2 2 is number 2",
            "+2 2 aborts it",
            "+2 3 finds it broken",
            "+3 4 finds it broken",
            "+3 0 finds it broken",
            "+3 1 finds it broken",
            "+4 4 resets it",
            "+6 3 is number 4",
            "+7 4 is number 0",
            "+7 0 is number 1",
            "+7 1 is number 2",
            "+7 2 is number 3",
            "+9 <Barrier [filling, waiters:0/5]>"
        ]
    );
}
