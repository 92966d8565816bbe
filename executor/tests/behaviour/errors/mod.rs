//! What an error tells: of what was foreign in it, of where it was made, and of the way that it came.

mod conversions;
mod data;
mod loops;
mod panics;
mod places;
mod trails;

use std::panic::Location;

use kolo_executor::{Error, Kind, Result};

/// The line of a place, which must be in the file of this name.
#[track_caller]
fn line_in(file: &str, place: Option<&Location<'_>>) -> u32 {
    let place = place.expect("a place");
    assert!(place.file().ends_with(file), "{place}");
    place.line()
}

#[test]
fn an_error_is_one_word() {
    assert_eq!(size_of::<Error>(), size_of::<usize>());
    assert_eq!(size_of::<Result<()>>(), 2 * size_of::<usize>());
}

#[test]
fn one_error_is_the_same_whatever_way_it_came() {
    let outcome = kolo_executor::testing::run(async {
        let task = kolo_executor::create_task(async { Err::<(), _>(Error::value("bad")) });
        let [first, second] = [(&task).await.unwrap_err(), (&task).await.unwrap_err()];
        assert!(first.ptr_eq(&second) && first.ptr_eq(&task.result().unwrap_err()));
        assert!(!first.ptr_eq(&Error::value("bad")));
        Err::<(), _>(first)
    });
    let error = outcome.unwrap_err();
    assert_eq!((error.kind(), error.message()), (Kind::Value, "bad"));
    assert!(error.ptr_eq(&error.clone()));
}

#[test]
fn an_error_with_a_new_cause_keeps_its_way() {
    let outcome = kolo_executor::testing::run(async {
        let task = kolo_executor::create_task(async { Err::<(), _>(Error::value("bad")) });
        let error = task.await.unwrap_err();
        let (place, tasks) = (error.place(), error.trail().count());
        let caused = error.with_source(Error::timeout());
        assert_eq!((caused.place(), caused.trail().count()), (place, tasks));
        Ok(caused.source_error().unwrap().kind())
    });
    assert_eq!(outcome.unwrap(), Kind::Timeout);
}
