//! `EventTests`: events.

use kolo_executor::testing::{Trace, run};
use kolo_executor::{Kind, Result, create_task, running_loop, sleep};
use kolo_sync::Event;

use crate::support::outcome::{kind_of, text};
use crate::support::runs::{cancel_soon, traced};

async fn wait(event: Event, trace: Trace, name: &'static str) -> Result<()> {
    event.wait().await?;
    trace.log_iteration(format_args!("{name} goes on, set: {}", event.is_set()));
    Ok(())
}

#[test]
fn test_repr() {
    let event = Event::new();
    assert_eq!(text(&event), "<Event [unset]>");
    event.set();
    assert_eq!(text(&event), "<Event [set]>");
    let events = traced(async move |trace| {
        event.clear();
        create_task(wait(event.clone(), trace.clone(), "waiter"));
        sleep(0).await?;
        trace.log_iteration(text(&event));
        event.set();
        trace.log_iteration(text(&event));
        sleep(0).await?;
        trace.log_iteration(text(&event));
        Ok(())
    });
    assert_eq!(
        events,
        [
            "+1 <Event [unset, waiters:1]>",
            "+1 <Event [set, waiters:1]>",
            "+2 waiter goes on, set: true",
            "+2 <Event [set]>",
        ]
    );
}

#[test]
fn test_wait() {
    let events = traced(async |trace| {
        let event = Event::new();
        let spawn = |name| create_task(wait(event.clone(), trace.clone(), name));
        let (first, second) = (spawn("first"), spawn("second"));
        sleep(0).await?;
        let third = spawn("third");
        trace.log_iteration("set");
        event.set();
        sleep(0).await?;
        assert!(first.done() && second.done() && third.done());
        Ok(())
    });
    assert_eq!(
        events,
        [
            "+1 set",
            // It was to run before the others were woken.
            "+2 third goes on, set: true",
            "+2 first goes on, set: true",
            "+2 second goes on, set: true",
        ]
    );
}

#[test]
fn test_wait_on_set() {
    run(async {
        let event = Event::new();
        event.set();
        let before = running_loop().iterations();
        event.wait().await?;
        assert_eq!(running_loop().iterations(), before, "at once");
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_wait_cancel() {
    run(async {
        let event = Event::new();
        let task = create_task({
            let event = event.clone();
            async move { event.wait().await }
        });
        cancel_soon(&task);
        assert_eq!(kind_of(task.await), Kind::Cancelled);
        assert_eq!(text(&event), "<Event [unset]>");
        Ok(())
    })
    .unwrap();
}

#[test]
fn test_clear() {
    let event = Event::new();
    assert!(!event.is_set());
    event.set();
    assert!(event.is_set());
    event.clear();
    assert!(!event.is_set());
}

#[test]
fn test_clear_with_waiters() {
    let events = traced(async |trace| {
        let event = Event::new();
        let task = create_task(wait(event.clone(), trace.clone(), "once"));
        sleep(0).await?;
        event.set();
        event.clear();
        assert!(!event.is_set());
        event.set();
        event.set();
        assert_eq!(text(&event), "<Event [set, waiters:1]>");
        sleep(0).await?;
        assert_eq!(text(&event), "<Event [set]>");
        assert!(task.done());

        event.clear();
        create_task(wait(event.clone(), trace.clone(), "even so"));
        sleep(0).await?;
        event.set();
        event.clear();
        sleep(0).await
    });
    assert_eq!(events, ["+2 once goes on, set: true", "+4 even so goes on, set: false"]);
}
