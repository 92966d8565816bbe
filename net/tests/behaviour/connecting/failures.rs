//! What is said when nobody can be reached.

use std::io::Write;
use std::net::TcpListener;

use kolo_executor::Kind;
use kolo_net::{Family, create_connection, open_connection, open_unix_connection};

use super::{at, closed_port, here, listener, silent, try_out};
use crate::support::outcome::error_of;
use crate::support::runs::{in_loop, traced};

#[test]
fn every_address_that_was_tried_is_told_of() {
    let (_kept, port) = closed_port();
    let events = traced(async move |trace| {
        try_out(&trace, "one", at(port)).await?;
        try_out(&trace, "two", here(port)).await?;
        try_out(&trace, "a race", here(port).happy_eyeballs_delay(0.25)).await?;
        try_out(&trace, "one in a race", at(port).happy_eyeballs_delay(0.25)).await
    });
    let one = format!("[Errno 111] Connect call failed ('127.0.0.1', {port})");
    let both = format!("Multiple exceptions: [Errno 111] Connect call failed ('::1', {port}, 0, 0), {one}");
    let expected = [
        format!("+2 one: {one}"),
        format!("+6 two: {both}"),
        format!("+11 a race: {both}"),
        format!("+7 one in a race: {one}"),
    ];
    assert_eq!(events, expected);
}

#[test]
fn all_errors_are_a_group() {
    in_loop(async {
        let (_kept, port) = closed_port();
        for connection in [here(port), here(port).happy_eyeballs_delay(0.25)] {
            let error = connection.all_errors(true).await.map(drop).unwrap_err();
            assert_eq!((error.kind(), error.message()), (Kind::Group, "create_connection failed"));
            let numbers: Vec<_> = error.errors().iter().map(|error| error.errno()).collect();
            assert_eq!(numbers, [Some(111); 2]);
        }
        let error = at(port).all_errors(true).await.map(drop).unwrap_err();
        assert_eq!(error.errors().len(), 1);
        Ok(())
    });
}

#[test]
fn a_local_address_that_cannot_be_had_is_told_of() {
    let (_listener, address) = listener();
    let port = address.port();
    let (_kept, closed) = closed_port();
    let events = traced(async move |trace| {
        try_out(&trace, "in use", at(port).local_address("127.0.0.1", port)).await?;
        try_out(&trace, "of another family", at(port).local_address("::1", 0)).await?;
        try_out(&trace, "of one of two", here(closed).local_address("127.0.0.1", 0)).await
    });
    let expected = [
        format!(
            "+0 in use: [Errno 98] error while attempting to bind on address ('127.0.0.1', {port}): [errno 98] address already in use"
        ),
        "+0 of another family: no matching local address with family=<AddressFamily.AF_INET: 2> found".to_owned(),
        format!(
            "+4 of one of two: Multiple exceptions: no matching local address with family=<AddressFamily.AF_INET6: 10> found, \
             [Errno 111] Connect call failed ('127.0.0.1', {closed})"
        ),
    ];
    assert_eq!(events, expected);
}

#[test]
fn an_error_knows_the_line_of_the_program_and_the_number_of_the_system() {
    in_loop(async {
        let (_kept, port) = closed_port();
        let errors = [
            open_connection(("127.0.0.1", port)).await.map(drop).unwrap_err(),
            open_connection(("127.0.0.1", port))
                .local_address("::1", 0)
                .await
                .map(drop)
                .unwrap_err(),
            open_connection(port).await.map(drop).unwrap_err(),
            open_connection(("no such host", port)).await.map(drop).unwrap_err(),
            open_unix_connection("/no/such/socket").await.map(drop).unwrap_err(),
        ];
        let numbers = errors.each_ref().map(|error| error.errno());
        assert_eq!(numbers, [Some(111), None, None, Some(-2), Some(2)]);
        for error in errors {
            assert_eq!((error.kind(), error.place().unwrap().file()), (Kind::Io, file!()), "{error}");
        }
        Ok(())
    });
}

#[test]
fn addresses_of_one_family_alone_are_tried() {
    in_loop(async {
        let (_listener, address) = listener();
        let port = address.port();
        let connection = here(port).family(Family::V4).await?;
        assert_eq!(connection.0.peer_address().unwrap().inet(), Some(address));
        connection.0.abort();
        let text = "[Errno -9] Address family for hostname not supported".to_owned();
        let outcome = at(port).family(Family::V6).await.map(drop);
        assert_eq!(error_of(outcome), (Kind::Io, text));
        Ok(())
    });
}

#[test]
fn names_and_paths_that_are_none_are_refused() {
    in_loop(async {
        let unknown = (Kind::Io, "[Errno -2] Name or service not known".to_owned());
        for host in ["", "a\0b", "no such host"] {
            let outcome = create_connection(silent, (host, 80)).await.map(drop);
            assert_eq!(error_of(outcome), unknown, "{host:?}");
        }
        let long = "x".repeat(108);
        let outcome = open_unix_connection(long).await.map(drop);
        assert_eq!(error_of(outcome), (Kind::Io, "AF_UNIX path too long".to_owned()));
        Ok(())
    });
}

#[test]
fn an_address_that_answers_after_another_that_does_not_is_taken() {
    in_loop(async {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let (reader, _writer) = open_connection(listener.local_addr()?.port()).await?;
        listener.accept()?.0.write_all(b"hello")?;
        assert_eq!(reader.read_exactly(5).await?, b"hello");
        Ok(())
    });
}
