//! What the other processes are asked to do.

use std::fs::File;
use std::marker::PhantomData;
use std::process;
use std::thread;
use std::time::Duration;

use kolo::multiprocessing::{Array, Value};
use kolo::{Error, IncompleteRead, Kind, LimitOverrun, OsError, Result, processes};
use rustix::process::{Signal, getpid, kill_process};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

pub(crate) fn register() {
    processes!(
        add,
        answer,
        nothing,
        pid,
        stdin_is_empty,
        stop_here,
        exit_with,
        fail,
        fail_as,
        fail_with_data,
        fail_with_causes,
        panics,
        length,
        bytes,
        wait_for,
        increment,
        increment_all,
        take_and_die,
        take::<Dies>,
        take::<Fails>,
        take::<Panics>,
        take::<FailsToBeSent>,
        give::<Dies>,
        give::<Fails>,
        give::<Panics>,
        give::<FailsToBeRead>,
        give_value,
    );
}

pub(crate) fn die() {
    kill_process(getpid(), Signal::KILL).expect("one may kill oneself");
}

pub(crate) fn add(a: u64, b: u64) -> Result<u64> {
    Ok(a + b)
}

pub(crate) fn answer() -> Result<u64> {
    Ok(42)
}

pub(crate) fn nothing(_: Option<()>) -> Result<()> {
    Ok(())
}

/// It is in no list.
pub(crate) fn not_registered(n: u64) -> Result<u64> {
    Ok(n)
}

pub(crate) fn pid() -> Result<u32> {
    Ok(process::id())
}

pub(crate) fn stdin_is_empty() -> Result<bool> {
    Ok(std::io::read_to_string(std::io::stdin())?.is_empty())
}

pub(crate) fn stop_here() -> Result<()> {
    die();
    Ok(())
}

pub(crate) fn exit_with(code: i32) -> Result<()> {
    process::exit(code)
}

pub(crate) const KINDS: [Kind; 18] = [
    Kind::Cancelled,
    Kind::Timeout,
    Kind::InvalidState,
    Kind::Runtime,
    Kind::Value,
    Kind::QueueEmpty,
    Kind::QueueFull,
    Kind::QueueShutDown,
    Kind::BrokenBarrier,
    Kind::BrokenPool,
    Kind::IncompleteRead,
    Kind::LimitOverrun,
    Kind::Group,
    Kind::KeyboardInterrupt,
    Kind::Panic,
    Kind::Deadlock,
    Kind::Io,
    Kind::Other,
];

pub(crate) fn fail_as(kind: usize, message: String) -> Result<()> {
    Err(Error::new(KINDS[kind], message))
}

pub(crate) fn fail() -> Result<()> {
    Err(Error::value("bad")) // the line that is looked for
}

pub(crate) fn fail_with_data(number: u32) -> Result<()> {
    Err(match number {
        0 => File::open("/no/such/file").expect_err("there is none").into(),
        1 => {
            let (errno, text) = (111, "Connect call failed".into());
            OsError { errno, text }.into()
        }
        2 => {
            let (partial, expected) = (vec![1, 2], Some(5));
            IncompleteRead { partial, expected }.into()
        }
        3 => {
            let (message, consumed) = ("too long".into(), 64);
            LimitOverrun { message, consumed }.into()
        }
        _ => Error::group(
            "several",
            vec![Error::value("one"), Error::timeout(), Error::group("inner", vec![])],
        ),
    })
}

pub(crate) fn fail_with_causes(depth: u32) -> Result<()> {
    let innermost = Error::timeout();
    let outermost = (0..depth).fold(innermost, |cause, n| Error::runtime(n.to_string()).with_source(cause));
    Err(outermost)
}

pub(crate) fn panics() -> Result<()> {
    panic!("oh")
}

pub(crate) fn length(bytes: Vec<u8>) -> Result<usize> {
    Ok(bytes.len())
}

/// Says so before it returns as many.
pub(crate) fn bytes(count: usize, now: Value<bool>) -> Result<Vec<u8>> {
    let bytes = vec![7; count];
    now.set(true)?;
    Ok(bytes)
}

/// Says that it runs, and runs until it may end.
pub(crate) fn wait_for(begun: Value<bool>, may_end: Value<bool>) -> Result<u32> {
    begun.set(true)?;
    until(&may_end)?;
    pid()
}

pub(crate) fn until(flag: &Value<bool>) -> Result<()> {
    while !flag.get()? {
        thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

pub(crate) fn increment(shared: Value<u64>, times: u32) -> Result<()> {
    for _ in 0..times {
        let _held = shared.get_lock().hold()?;
        shared.set(shared.get()? + 1)?;
    }
    Ok(())
}

pub(crate) fn increment_all(shared: Array<f64>) -> Result<()> {
    let _held = shared.get_lock().hold()?;
    let all = shared.to_vec()?;
    shared.set_all(0, all.into_iter().map(|n| n + 1.0))
}

pub(crate) fn take_and_die(shared: Value<u64>) -> Result<()> {
    shared.get_lock().acquire()?;
    stop_here()
}

pub(crate) fn give_value() -> Result<Value<u64>> {
    Value::new(1)
}

/// A value that behaves in some way when it is sent, or read.
pub(crate) struct Odd<W>(pub(crate) PhantomData<W>);

impl<W> Odd<W> {
    pub(crate) const fn new() -> Odd<W> {
        Odd(PhantomData)
    }
}

pub(crate) trait Way {
    /// What happens in the process that reads an argument, or writes a result.
    fn happens() -> std::result::Result<(), &'static str>;
    /// Whether it does so when it is written here, and read there.
    const HERE: bool = false;
}

/// Where the tests run: all others have this variable.
fn is_here() -> bool {
    std::env::var_os("KOLO_PROCESS").is_none()
}

pub(crate) struct Dies;
pub(crate) struct Fails;
pub(crate) struct Panics;
pub(crate) struct FailsToBeSent;
pub(crate) struct FailsToBeRead;

impl Way for Dies {
    fn happens() -> std::result::Result<(), &'static str> {
        die();
        Ok(())
    }
}

impl Way for Fails {
    fn happens() -> std::result::Result<(), &'static str> {
        Err("it does not like to be moved")
    }
}

impl Way for Panics {
    fn happens() -> std::result::Result<(), &'static str> {
        panic!("moved")
    }
}

impl Way for FailsToBeSent {
    fn happens() -> std::result::Result<(), &'static str> {
        Err("it stays here")
    }
    const HERE: bool = true;
}

impl Way for FailsToBeRead {
    fn happens() -> std::result::Result<(), &'static str> {
        Err("it stays there")
    }
    const HERE: bool = true;
}

impl<W: Way> Serialize for Odd<W> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if W::HERE == is_here() {
            W::happens().map_err(ser::Error::custom)?;
        }
        serializer.serialize_u8(0)
    }
}

impl<'de, W: Way> Deserialize<'de> for Odd<W> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u8::deserialize(deserializer)?;
        if W::HERE == is_here() {
            W::happens().map_err(de::Error::custom)?;
        }
        Ok(Odd::new())
    }
}

pub(crate) fn take<W: Way>(_: Odd<W>) -> Result<()> {
    Ok(())
}

pub(crate) fn give<W: Way>() -> Result<Odd<W>> {
    Ok(Odd::new())
}
