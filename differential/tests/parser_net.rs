//! What the parser takes and refuses of sockets, streams and servers.

use std::path::Path;

use kolo_differential::parse;
use kolo_differential::program::{Destination, Op, ServerWaitOp, Stream, StreamOp, StreamWaitOp};
use serde_json::{Value, json};

fn program(op: &Value) -> Value {
    json!({
        "slots": 1, "pairs": 1, "listeners": 1, "socks": 2, "streams": 2, "servers": 1,
        "coros": [[["log", 1], op], []],
    })
}

fn op(op: Value) -> Op {
    let mut main = parse(&program(&op)).unwrap().coroutines.remove(0);
    let steps = std::rc::Rc::get_mut(&mut main).expect("nobody else has it");
    std::mem::replace(&mut steps[1].op, Op::Stream(StreamOp::Share(0)))
}

fn complaint_about(op: Value) -> String {
    parse(&program(&op)).expect_err("this is no op").to_string()
}

#[test]
fn every_program_of_the_corpora_is_understood() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for name in ["net.jsonl", "descriptors.jsonl"] {
        let corpus = std::fs::read_to_string(folder.join(name)).unwrap();
        assert!(!corpus.is_empty());
        for line in corpus.lines() {
            let item: Value = serde_json::from_str(line).unwrap();
            parse(&item).unwrap_or_else(|error| panic!("{}: {error}", item["id"]));
        }
    }
}

#[test]
fn streams_by_slot_or_as_the_frames_own() {
    assert!(matches!(
        op(json!(["rd_line", 1])),
        Op::StreamWait(StreamWaitOp::ReadLine(Stream::Slot(1)))
    ));
    assert!(matches!(
        op(json!(["wr_close", "me"])),
        Op::Stream(StreamOp::Close(Stream::Own))
    ));
    for (stream, found) in [(json!(2), "2"), (json!("x0"), "\"x0\""), (json!(null), "null")] {
        let expected =
            format!("op 0.1 (wr_drain), argument 1: expected an index below 2 into the streams, or \"me\", found {found}");
        assert_eq!(complaint_about(json!(["wr_drain", stream])), expected);
    }
}

#[test]
fn where_to_connect_to() {
    let Op::StreamWait(StreamWaitOp::OpenUnix { slot, to, limit }) = op(json!(["st_unix", 1, "v0", 7])) else {
        panic!("it connects");
    };
    assert_eq!((slot, to, limit), (1, Destination::Server(0), Some(7)));
    assert!(matches!(op(json!(["sock_connect", 1, "l0"])), Op::SocketWait(_)));
    for destination in ["l1", "v1", "p0a", "v"] {
        let expected =
            format!("op 0.1 (sock_connect), argument 2: expected one of \"lN\", \"vN\", N in range, found \"{destination}\"");
        assert_eq!(complaint_about(json!(["sock_connect", 0, destination])), expected);
    }
}

#[test]
fn limits_separators_and_lines() {
    let Op::StreamWait(StreamWaitOp::ReadUntil { separators, .. }) = op(json!(["rd_until", 0, ";\n"])) else {
        panic!("it reads");
    };
    assert_eq!(separators, [b";\n"]);
    let Op::StreamWait(StreamWaitOp::ReadUntil { separators, .. }) = op(json!(["rd_until", 0, ["", ";"]])) else {
        panic!("it reads");
    };
    assert_eq!(separators, [&b""[..], b";"]);
    let cases = [
        (
            json!(["rd_until", 0, [1]]),
            "op 0.1 (rd_until), argument 2: expected a text or a list of texts, found [1]",
        ),
        (
            json!(["rd_new", 0, 0]),
            "op 0.1 (rd_new), argument 2: expected an integer above 0, or null, found 0",
        ),
        (
            json!(["wr_lines", 0, ["a", ""]]),
            "op 0.1 (wr_lines), argument 2: expected data that is not empty: a text, or [\"big\", n] with n from 1 to 1048576, found \"\"",
        ),
        (
            json!(["wr_limits", 0, "r", null]),
            "op 0.1 (wr_limits), argument 2: expected an integer, found \"r\"",
        ),
        (
            json!(["rd_read", 0, null]),
            "op 0.1 (rd_read), argument 2: expected an integer, found null",
        ),
    ];
    for (op, expected) in cases {
        assert_eq!(complaint_about(op), expected);
    }
}

#[test]
fn servers_and_their_handlers() {
    let Op::ServerWait(ServerWaitOp::Start { slot, handler, limit }) = op(json!(["srv_start", 0, 1, null])) else {
        panic!("it starts a server");
    };
    assert_eq!((slot, handler, limit), (0, 1, None));
    assert_eq!(
        complaint_about(json!(["srv_start", 0, 2, null])),
        "op 0.1 (srv_start), argument 2: expected an index below 2 into the coroutines, found 2"
    );
    assert_eq!(
        complaint_about(json!(["srv_close", 1])),
        "op 0.1 (srv_close), argument 1: expected an index below 1 into the servers, found 1"
    );
}

#[test]
fn what_waits_may_not_stand_in_a_callback() {
    for waiting in [
        json!(["sock_recv", "p0a", 1]),
        json!(["st_open", 0, "p0a", null]),
        json!(["rd_line", "me"]),
        json!(["srv_forever", 0]),
    ] {
        let name = waiting[0].clone();
        let expected = format!("op 0.1.0: expected an op that is allowed in a callback, found {name}");
        assert_eq!(complaint_about(json!(["call_soon", null, [waiting]])), expected);
    }
    op(json!([
        "add_reader",
        "p0a",
        1,
        [["wr_write", "me", "x"], ["srv_close", 0], ["rd_exc", 0]]
    ]));
}
