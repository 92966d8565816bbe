//! What may go to another thread, and what must not.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::{Mutex, MutexGuard};
use std::task::Waker;

use kolo_executor::primitive::{Parking, Waiter};
use kolo_executor::types::Many;
use kolo_executor::{
    AnyPromise, AnyTask, AsCompleted, CallbackToken, Cancellable, Completer, Context, ContextToken, ContextVar, Error, EventLoop,
    ExceptionContext, Gather, Handle, Kind, Promise, Readiness, RemoteHandle, RemoteRef, RemoteTask, Result, Runner, Sleep, Task,
    TaskGroup, Timeout, TimerHandle, Turn, Wait, Watching,
};

/// What holds of every type.
trait Otherwise {
    const HAS: bool = false;
}
impl<T> Otherwise for T {}

/// Which types have which trait, found out while this is compiled: a constant of the type itself comes before that of a trait which
/// every type has.
macro_rules! assert_has {
    ($expected:literal, $bound:ident: $($what:ty),+ $(,)?) => {{
        struct Asked<T>(std::marker::PhantomData<T>);
        #[allow(dead_code, reason = "it is there only for the types that have the trait")]
        impl<T: $bound> Asked<T> {
            const HAS: bool = true;
        }
        $(assert_eq!(<Asked<$what>>::HAS, $expected, "{}: {}", stringify!($what), stringify!($bound));)+
    }};
}

/// Both at once.
trait Shared: Send + Sync {}
impl<T: Send + Sync> Shared for T {}

#[test]
fn the_question_is_answered_right() {
    assert_has!(true, Shared: u8, String, Mutex<Cell<u8>>);
    assert_has!(true, Send: Cell<u8>);
    assert_has!(true, Sync: MutexGuard<'static, u8>);
    assert_has!(false, Send: Rc<u8>, *const u8, MutexGuard<'static, u8>);
    assert_has!(false, Sync: Rc<u8>, *const u8, Cell<u8>);
    assert_has!(false, Shared: Cell<u8>, MutexGuard<'static, u8>);
}

#[test]
fn what_belongs_to_a_loop_stays_in_its_thread() {
    type Awaited<T> = <T as IntoFuture>::IntoFuture;
    macro_rules! assert_has_not {
        ($bound:ident) => {
            assert_has!(false, $bound: EventLoop, Runner, Handle, TimerHandle, ExceptionContext);
            assert_has!(false, $bound: Task<u8>, Promise<u8>, AnyTask, AnyPromise, TaskGroup, Timeout);
            assert_has!(false, $bound: Awaited<Task<u8>>, Awaited<&'static Promise<u8>>, Awaited<&'static AnyPromise>);
            assert_has!(false, $bound: Gather<Many<Task<u8>, u8>>, Wait<Task<u8>>, AsCompleted<Task<u8>>);
            assert_has!(false, $bound: Sleep, Cancellable<std::future::Pending<u8>>, Waiter, Parking);
            assert_has!(false, $bound: Context, ContextToken<u8>, Watching, Readiness<'static>);
        };
    }
    assert_has_not!(Send);
    assert_has_not!(Sync);
}

#[test]
fn what_is_made_for_other_threads_goes_there() {
    assert_has!(true, Shared: Waker, RemoteHandle, RemoteTask<u8>, Error, Result<u8>, Kind, Turn, CallbackToken);
    // What these refer to stays where it is.
    assert_has!(true, Shared: RemoteRef<Rc<u8>>, RemoteRef<Promise<u8>>, Completer<u8>, Completer<Cell<u8>>);
    // A remote task hands its value over.
    assert_has!(true, Shared: RemoteTask<Cell<u8>>);
    assert_has!(false, Send: RemoteTask<Rc<u8>>);
    assert_has!(false, Sync: RemoteTask<Rc<u8>>);
    // A variable has no value of its own: values are in the contexts of each thread.
    assert_has!(true, Shared: ContextVar<Rc<u8>>);
}
