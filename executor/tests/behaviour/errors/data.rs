//! Errors that carry data.

use std::io;

use kolo_executor::{Error, IncompleteRead, Kind, LimitOverrun, OsError, Result};

fn read(expected: Option<usize>) -> Result<()> {
    let partial = b"ab".to_vec();
    Err(IncompleteRead { partial, expected })?;
    Ok(())
}

#[test]
fn an_incomplete_read_says_how_much_there_was() {
    let error = read(Some(5)).unwrap_err();
    assert_eq!(error.kind(), Kind::IncompleteRead);
    assert_eq!(error.message(), "2 bytes read on a total of 5 expected bytes");
    let data: &IncompleteRead = error.downcast_ref().unwrap();
    assert_eq!((data.partial.as_slice(), data.expected), (&b"ab"[..], Some(5)));
    assert_eq!(
        read(None).unwrap_err().message(),
        "2 bytes read on a total of undefined expected bytes"
    );
    assert_eq!(io::Error::from(error).kind(), io::ErrorKind::UnexpectedEof);
}

#[test]
fn a_limit_overrun_says_what_can_be_taken_out() {
    let message = "Separator is not found, and chunk exceed the limit";
    let error = Error::from(LimitOverrun {
        message: message.into(),
        consumed: 64,
    });
    assert_eq!((error.kind(), error.message()), (Kind::LimitOverrun, message));
    assert_eq!(error.downcast_ref::<LimitOverrun>().unwrap().consumed, 64);
}

#[test]
fn an_error_of_the_system_has_a_number_and_a_text() {
    let error = Error::from(OsError {
        errno: 111,
        text: "Connect call failed ('127.0.0.1', 1)".into(),
    });
    assert_eq!((error.kind(), error.errno()), (Kind::Io, Some(111)));
    assert_eq!(error.message(), "[Errno 111] Connect call failed ('127.0.0.1', 1)");
    let system = io::Error::from(error);
    assert_eq!(
        (system.raw_os_error(), system.kind()),
        (Some(111), io::ErrorKind::ConnectionRefused)
    );
    assert_eq!(Error::from(system).errno(), Some(111));
    assert_eq!(Error::value("no number").errno(), None);
}

#[test]
fn a_group_has_its_members() {
    let members = vec![read(Some(3)).unwrap_err(), Error::value("bad")];
    let group = Error::group("several", members);
    assert_eq!((group.kind(), group.message()), (Kind::Group, "several"));
    assert_eq!(group.errors().len(), 2);
    assert!(group.errors()[0].downcast_ref::<IncompleteRead>().is_some());
}
