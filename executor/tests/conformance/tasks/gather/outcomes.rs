//! What a gather of promises, and one of tasks, comes to.

use std::cell::Cell;
use std::rc::Rc;

use kolo_executor::{AnyPromise, Kind, Result};

use super::{Through, gathered, promises, settle};
use crate::support::outcome::{boom, kind_of};
use crate::support::reports::Reports;
use crate::support::runs::virtual_loop;

/// Counts how often it is called.
fn count_calls(promise: AnyPromise) -> Rc<Cell<usize>> {
    let calls = Rc::new(Cell::new(0));
    let count = calls.clone();
    promise.add_done_callback(move |_| count.set(count.get() + 1));
    calls
}

const BOTH: [Through; 2] = [Through::Promises, Through::Tasks];

#[test]
fn test_success() {
    for through in BOTH {
        let event_loop = virtual_loop();
        let [a, b, c] = promises(&event_loop);
        let gather = gathered(&event_loop, through, &[a.clone(), b.clone(), c.clone()]);
        let calls = count_calls(gather.any());
        b.set_result(1).unwrap();
        a.set_result(2).unwrap();
        settle(&event_loop);
        assert_eq!((calls.get(), gather.any().done()), (0, false));
        c.set_result(3).unwrap();
        settle(&event_loop);
        assert_eq!(calls.get(), 1);
        assert_eq!(gather.result().unwrap(), [2, 1, 3]);
    }
}

#[test]
fn test_result_exception_success() {
    for through in BOTH {
        let event_loop = virtual_loop();
        let [a, b, c] = promises(&event_loop);
        let gather = gathered(&event_loop, through, &[a.clone(), b.clone(), c.clone()]).with_exceptions();
        let calls = count_calls(gather.any());
        b.set_result(1).unwrap();
        a.set_result(2).unwrap();
        settle(&event_loop);
        assert_eq!((calls.get(), gather.any().done()), (0, false));
        c.set_result(3).unwrap();
        settle(&event_loop);
        assert_eq!(calls.get(), 1);
        let values: Vec<i32> = gather.results().unwrap().into_iter().map(Result::unwrap).collect();
        assert_eq!(values, [2, 1, 3]);
    }
}

#[test]
fn test_one_exception() {
    for through in BOTH {
        let event_loop = virtual_loop();
        let reports = Reports::of(&event_loop);
        let [a, b, c, d, e] = promises(&event_loop);
        let gather = gathered(&event_loop, through, &[&a, &b, &c, &d, &e].map(Clone::clone));
        let calls = count_calls(gather.any());
        let error = boom("first");
        a.set_result(1).unwrap();
        b.set_error(error.clone()).unwrap();
        settle(&event_loop);
        assert!(gather.any().done());
        assert_eq!(calls.get(), 1);
        assert!(gather.any().error().unwrap().unwrap().ptr_eq(&error));
        // What the others do changes nothing, and is reported by nobody.
        c.set_result(3).unwrap();
        d.cancel();
        e.set_error(boom("late")).unwrap();
        settle(&event_loop);
        assert!(gather.result().unwrap_err().ptr_eq(&error));
        assert_eq!(calls.get(), 1);
        drop((a, b, c, d, e, gather));
        assert!(reports.messages().is_empty());
    }
}

#[test]
fn test_return_exceptions() {
    for through in BOTH {
        let event_loop = virtual_loop();
        let [a, b, c, d] = promises(&event_loop);
        let gather = gathered(&event_loop, through, &[&a, &b, &c, &d].map(Clone::clone)).with_exceptions();
        let calls = count_calls(gather.any());
        b.set_result(1).unwrap();
        c.set_error(boom("one")).unwrap();
        a.set_result(3).unwrap();
        settle(&event_loop);
        assert!(!gather.any().done());
        d.set_error(boom("two")).unwrap();
        settle(&event_loop);
        assert_eq!((calls.get(), gather.any().done()), (1, true));
        let shown: Vec<String> = gather
            .results()
            .unwrap()
            .iter()
            .map(|outcome| format!("{outcome:?}"))
            .collect();
        assert_eq!(shown, ["Ok(3)", "Ok(1)", "Err(Other: one)", "Err(Other: two)"]);
    }
}

#[test]
fn test_result_exception_one_cancellation() {
    let event_loop = virtual_loop();
    let [a, b, c, d, e, f] = promises(&event_loop);
    let children = [&a, &b, &c, &d, &e, &f].map(Clone::clone);
    let gather = gathered(&event_loop, Through::Promises, &children).with_exceptions();
    let calls = count_calls(gather.any());
    a.set_result(1).unwrap();
    b.set_error(boom("one")).unwrap();
    c.cancel();
    settle(&event_loop);
    assert!(!gather.any().done());
    d.set_result(3).unwrap();
    e.cancel();
    f.set_error(boom("two")).unwrap();
    settle(&event_loop);
    let shown: Vec<String> = gather
        .results()
        .unwrap()
        .iter()
        .map(|outcome| format!("{outcome:?}"))
        .collect();
    let expected = [
        "Ok(1)",
        "Err(Other: one)",
        "Err(Cancelled)",
        "Ok(3)",
        "Err(Cancelled)",
        "Err(Other: two)",
    ];
    assert_eq!(shown, expected);
    assert_eq!(calls.get(), 1);
}

#[test]
fn test_one_cancellation() {
    let event_loop = virtual_loop();
    let [a, b, c, d, e] = promises(&event_loop);
    let gather = gathered(&event_loop, Through::Promises, &[&a, &b, &c, &d, &e].map(Clone::clone));
    let calls = count_calls(gather.any());
    a.set_result(1).unwrap();
    b.cancel();
    settle(&event_loop);
    assert!(gather.any().done());
    assert_eq!(calls.get(), 1);
    assert!(!gather.any().cancelled());
    assert_eq!(gather.any().error().unwrap().unwrap().kind(), Kind::Cancelled);
    c.set_result(3).unwrap();
    d.cancel();
    e.set_error(boom("late")).unwrap();
    settle(&event_loop);
    assert_eq!(kind_of(gather.result()), Kind::Cancelled);
    assert!(c.result().is_ok(), "the others are left alone");
}
