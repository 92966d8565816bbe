//! Errors into what other crates speak, and back: each direction, by `?` wherever the language allows it.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::num::ParseIntError;

use kolo_executor::{Error, Kind, Result};

type Shared = Box<dyn StdError + Send + Sync>;
type Sendable = Box<dyn StdError + Send>;
type Local = Box<dyn StdError>;

/// Out of kolo and back.
type Way = fn(Error) -> Result<()>;

/// Each way out of kolo and back. The functions in between are what users write: `?`, and `map_err` where there is no other way.
fn round_trips(error: &Error) -> Vec<(&'static str, Error)> {
    fn shared(error: Error) -> Result<(), Shared> {
        Err(error)?;
        Ok(())
    }
    fn from_shared(error: Error) -> Result<()> {
        shared(error).map_err(Error::from_boxed)?;
        Ok(())
    }
    fn sendable(error: Error) -> Result<(), Sendable> {
        Err(error)?;
        Ok(())
    }
    fn from_sendable(error: Error) -> Result<()> {
        sendable(error).map_err(|error| Error::from_boxed_local(error))?;
        Ok(())
    }
    fn local(error: Error) -> Result<(), Local> {
        Err(error)?;
        Ok(())
    }
    fn from_local(error: Error) -> Result<()> {
        local(error).map_err(Error::from_boxed_local)?;
        Ok(())
    }
    fn system(error: Error) -> io::Result<()> {
        Err(error)?;
        Ok(())
    }
    fn from_system(error: Error) -> Result<()> {
        system(error)?;
        Ok(())
    }
    fn any(error: Error) -> anyhow::Result<()> {
        Err(error)?;
        Ok(())
    }
    fn from_any(error: Error) -> Result<()> {
        any(error).map_err(Error::from_boxed)?;
        Ok(())
    }
    let ways: [(&str, Way); 5] = [
        ("Box<dyn Error + Send + Sync>", from_shared),
        ("Box<dyn Error + Send>", from_sendable),
        ("Box<dyn Error>", from_local),
        ("io::Error", from_system),
        ("anyhow::Error", from_any),
    ];
    ways.map(|(name, way)| (name, way(error.clone()).unwrap_err())).into()
}

#[test]
fn an_error_comes_back_as_the_same() {
    for error in [
        Error::cancelled(),
        Error::cancelled_with("enough"),
        Error::timeout(),
        Error::value("bad"),
    ] {
        for (way, back) in round_trips(&error) {
            assert!(back.ptr_eq(&error), "{way}: {back:?}");
            assert_eq!(back.is_cancelled(), error.is_cancelled(), "{way}");
        }
    }
}

#[test]
fn an_error_of_the_system_keeps_its_number_and_kind() {
    let error = Error::from(io::Error::from_raw_os_error(2));
    for (way, back) in round_trips(&error) {
        assert_eq!((back.kind(), back.errno()), (Kind::Io, Some(2)), "{way}");
        let system = io::Error::from(back);
        assert_eq!(
            (system.raw_os_error(), system.kind()),
            (Some(2), io::ErrorKind::NotFound),
            "{way}"
        );
    }
    let own_words = Error::from(io::Error::new(io::ErrorKind::AddrInUse, "taken"));
    for (way, back) in round_trips(&own_words) {
        assert_eq!(
            (back.kind(), back.errno(), back.message()),
            (Kind::Io, None, "taken"),
            "{way}"
        );
        let system = io::Error::from(back);
        assert_eq!(
            (system.kind(), system.to_string().as_str()),
            (io::ErrorKind::AddrInUse, "taken"),
            "{way}"
        );
    }
}

/// What other crates wrap around the errors of those beneath them.
#[derive(Debug)]
struct Wrapped(&'static str, Shared);

impl fmt::Display for Wrapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl StdError for Wrapped {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.1)
    }
}

#[test]
fn a_cancellation_is_recognised_beneath_what_others_wrapped_around_it() {
    let wrapped = || Wrapped("request failed", Error::cancelled().into());
    let twice = || io::Error::other(Wrapped("connection lost", Shared::from(wrapped())));
    let boxed: Shared = twice().into();
    let local: Local = twice().into();
    let context = anyhow::Error::from(Error::cancelled())
        .context("while reading")
        .context("while loading");
    let outcomes = [
        Error::from(wrapped()),
        Error::from(twice()),
        Error::from_boxed(boxed),
        Error::from_boxed_local(local),
        Error::from_boxed(context),
    ];
    assert!(outcomes.iter().all(Error::is_cancelled), "{outcomes:?}");
    // And before it is converted.
    assert!(Error::carried_by(&twice()).is_some_and(Error::is_cancelled));
    let context = anyhow::Error::from(Error::timeout()).context("while reading");
    assert!(Error::carried_by(&*context).is_some_and(Error::is_timeout));
    assert!(Error::carried_by(&io::Error::other("nothing of ours")).is_none());
}

#[test]
fn what_is_wrapped_around_another_error_is_the_error() {
    let error = Error::from(Wrapped("request failed", Error::timeout().into()));
    assert_eq!((error.kind(), error.message()), (Kind::Other, "request failed"));
    let context = anyhow::Error::from(Error::timeout()).context("while reading");
    let error = Error::from_boxed(context);
    assert_eq!((error.kind(), error.message()), (Kind::Other, "while reading"));
    assert!(error.source().and_then(Error::carried_by).is_some_and(Error::is_timeout));
}

/// What each error of a chain says.
fn chain(error: &(dyn StdError + 'static)) -> Vec<String> {
    std::iter::successors(Some(error), |error| (*error).source())
        .map(ToString::to_string)
        .collect()
}

#[test]
fn the_chain_of_causes_is_kept() {
    let digit = || "x".parse::<i32>().unwrap_err();
    let wrapped = || Wrapped("no number", digit().into());
    let in_all = ["no number", "invalid digit found in string"];

    // In: the foreign error is the source, with what it names.
    let error = Error::from(wrapped());
    assert_eq!(chain(error.source().unwrap()), in_all);
    assert!(error.downcast_ref::<Wrapped>().is_some());
    let error = Error::from_boxed(anyhow::Error::from(digit()).context("no number"));
    assert_eq!(chain(error.source().unwrap()), in_all);
    let error = Error::from_boxed(anyhow::Error::from(digit()));
    assert!(error.downcast_ref::<ParseIntError>().is_some());
    let local: Local = wrapped().into();
    let error = Error::from_boxed_local(local);
    assert_eq!((error.kind(), error.message()), (Kind::Other, in_all[0]));
    assert_eq!(error.source_error().unwrap().message(), in_all[1]);

    // Out: what it says, and then each cause once, whether foreign or ours.
    for error in [Error::from(wrapped()), Error::other("no number").with_source(digit().into())] {
        let boxed: Local = error.into();
        assert_eq!(chain(&*boxed), in_all);
    }
    let any = anyhow::Error::from(Error::from(wrapped()));
    assert_eq!(format!("{any:#}"), "no number: invalid digit found in string");
    let ours = Error::value("outer").with_source(Error::value("middle").with_source(Error::from(digit())));
    assert_eq!(chain(&*ours.into_std()), ["outer", "middle", "invalid digit found in string"]);
}

#[test]
fn a_local_error_keeps_what_is_ours_among_its_causes() {
    let cause = Error::timeout();
    let local: Local = Wrapped("request failed", cause.clone().into()).into();
    let error = Error::from_boxed_local(local);
    assert_eq!(error.message(), "request failed");
    assert!(error.source_error().unwrap().ptr_eq(&cause));
}

#[test]
fn a_boxed_error_prints_as_the_error_itself() {
    let error = Error::value("bad");
    let boxed: Local = error.clone().into();
    assert_eq!(format!("{boxed:?}"), format!("{error:?}"));
    assert_eq!(boxed.to_string(), "bad");
}

#[test]
fn an_error_crosses_threads_in_a_box() {
    let boxed: Shared = Error::cancelled_with("enough").into();
    let back = std::thread::spawn(move || Error::from_boxed(boxed)).join().unwrap();
    assert_eq!((back.is_cancelled(), back.message()), (true, "enough"));
}
