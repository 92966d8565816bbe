//! Barriers that are reset and aborted.

use kolo_executor::{Result, create_task, running_loop};
use kolo_sync::Barrier;

use super::{EMPTY_AT_6, FIRST_PASS, N, Party, SECOND_PASS, all, events_of};
use crate::support::runs::traced;

/// All but one, whose wait is broken.
const BROKEN_AT_3: [&str; N - 1] = [
    "+3 0 finds it broken",
    "+3 1 finds it broken",
    "+3 2 finds it broken",
    "+3 3 finds it broken",
];

#[test]
fn test_reset_barrier_while_tasks_waiting() {
    let events = traced(async |trace| {
        let barrier = Barrier::new(N)?;
        let reset = barrier.clone();
        running_loop().call_soon(move || {
            create_task(async move { reset.reset().await });
        });
        all(N - 1, &trace, &barrier, async |party| party.wait().await.map(drop)).await
    });
    let empty = ["+5 <Barrier [filling, waiters:0/5]>"];
    assert_eq!(events, [&BROKEN_AT_3[..], &empty].concat());
}

/// What happens when the one in the middle resets the barrier.
const RESET_IN_THE_MIDDLE: [&str; 6] = [
    "+1 4 is number 4",
    "+2 0 is number 0",
    "+2 1 is number 1",
    "+2 1 resets it",
    "+2 2 finds it broken",
    "+2 3 finds it broken",
];

#[test]
fn test_reset_barrier_when_tasks_half_draining() {
    let events = events_of(N, async |party| {
        let passed = party.wait().await?;
        if passed.is_some() && party.count() == N - N / 2 {
            party.reset().await?;
        }
        Ok(())
    });
    let empty = ["+4 <Barrier [filling, waiters:0/5]>"];
    assert_eq!(events, [&RESET_IN_THE_MIDDLE[..], &empty].concat());
}

#[test]
fn test_reset_barrier_when_tasks_half_draining_half_blocking() {
    let events = events_of(N, async |party| {
        let passed = party.wait().await?;
        if passed.is_some() && party.count() > N / 2 {
            party.reset().await?;
        }
        party.wait().await?;
        Ok(())
    });
    assert_eq!(events, [&RESET_IN_THE_MIDDLE[..], &SECOND_PASS, &EMPTY_AT_6].concat());
}

#[test]
fn test_reset_barrier_while_tasks_waiting_and_waiting_again() {
    let events = traced(async |trace| {
        let barrier = Barrier::new(N)?;
        let reset = barrier.clone();
        let last = Party::new(N - 1, &barrier, &trace);
        running_loop().call_soon(move || {
            create_task(async move { reset.reset().await });
            running_loop().call_soon(move || {
                create_task(async move { last.wait().await });
            });
        });
        all(N - 1, &trace, &barrier, async |party| {
            assert_eq!(party.wait().await?, None);
            party.wait().await?;
            Ok(())
        })
        .await
    });
    let pass = [
        "+4 2 is number 4",
        "+5 3 is number 0",
        "+5 4 is number 1",
        "+5 0 is number 2",
        "+5 1 is number 3",
        "+7 <Barrier [filling, waiters:0/5]>",
    ];
    assert_eq!(events, [&BROKEN_AT_3[..], &pass].concat());
}

#[test]
fn test_reset_barrier_while_tasks_draining() {
    let events = events_of(N, async |party| {
        party.wait().await?;
        if party.count() == N {
            party.reset().await?;
        }
        party.wait().await?;
        party.wait().await?;
        Ok(())
    });
    let third_pass = [
        "+5 0 is number 4",
        "+6 1 is number 0",
        "+6 2 is number 1",
        "+6 3 is number 2",
        "+6 4 is number 3",
        "+8 <Barrier [filling, waiters:0/5]>",
    ];
    let expected = [&FIRST_PASS[..], &["+2 3 resets it"], &SECOND_PASS, &third_pass];
    assert_eq!(events, expected.concat());
}

#[test]
fn test_abort_barrier_when_tasks_half_draining_half_blocking() {
    let events = events_of(N, async |party| {
        if party.wait().await?.is_none() {
            return Ok(());
        }
        if party.count() > N / 2 {
            return party.abort().await;
        }
        party.log("waits again");
        party.wait().await?;
        Ok(())
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
async fn pass_twice_or_abort(party: &Party) -> Result<()> {
    match party.wait().await? {
        None => Ok(()),
        Some(index) if index == N / 2 => party.abort().await,
        Some(_) => party.wait().await.map(drop),
    }
}

const ABORTED_IN_THE_MIDDLE: [&str; 9] = [
    "+1 4 is number 4",
    "+2 0 is number 0",
    "+2 1 is number 1",
    "+2 2 is number 2",
    "+2 2 aborts it",
    "+2 3 finds it broken",
    "+3 4 finds it broken",
    "+3 0 finds it broken",
    "+3 1 finds it broken",
];

#[test]
fn test_abort_barrier_when_exception() {
    let events = events_of(N, async |party| pass_twice_or_abort(&party).await);
    assert_eq!(events, [&ABORTED_IN_THE_MIDDLE[..], &["+5 <Barrier [broken]>"]].concat());
}

#[test]
fn test_abort_barrier_when_exception_then_resetting() {
    let meeting = Barrier::new(N).unwrap();
    let events = events_of(N, move |party| {
        let meeting = meeting.clone();
        async move {
            pass_twice_or_abort(&party).await?;
            // All have left it when it is reset, and nobody enters it before.
            if meeting.wait().await? == N / 2 {
                party.reset().await?;
            }
            meeting.wait().await?;
            party.wait().await?;
            Ok(())
        }
    });
    let after = [
        "+4 4 resets it",
        "+6 3 is number 4",
        "+7 4 is number 0",
        "+7 0 is number 1",
        "+7 1 is number 2",
        "+7 2 is number 3",
        "+9 <Barrier [filling, waiters:0/5]>",
    ];
    assert_eq!(events, [&ABORTED_IN_THE_MIDDLE[..], &after].concat());
}
