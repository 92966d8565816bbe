//! What the parser says about text that is no program.

use kolo_differential::{parse, program::Op};
use serde_json::{Value, json};

fn complaint(program: &Value) -> String {
    parse(program).expect_err("this is no program").to_string()
}

/// The complaint about a main body that consists of this op, with one of every resource around it.
fn complaint_about(op: Value) -> String {
    complaint(&json!({
        "locks": 1, "semaphores": [1], "bounded": [1], "conditions": 1, "counters": 1, "futures": 1, "groups": 1, "slots": 2,
        "gslots": 1, "sslots": 1, "hslots": 1, "dslots": 1, "pairs": 1, "listeners": 1, "socks": 1, "coros": [[["log", 1], op], []],
    }))
}

#[test]
fn a_program_is_read_with_the_path_of_every_step() {
    let program = parse(&json!({
        "slots": 1,
        "coros": [
            [["try", [["sleep", 2]], null, [["reraise"]], [["return", "r"]]]],
            [["call_soon", null, [["log", 1], ["log", 2]]], ["wait_for", 3, [["log", 3]]]],
        ],
    }))
    .unwrap();
    let main = &program.coroutines[0];
    assert_eq!(main[0].path, "0.0");
    let Op::Scope(kolo_differential::program::ScopeOp::Try {
        body,
        on_cancelled,
        on_error,
        finally,
    }) = &main[0].op
    else {
        panic!("the first step is a try");
    };
    assert_eq!(body[0].path, "0.0t.0");
    assert!(on_cancelled.is_none());
    assert_eq!(on_error.as_ref().unwrap()[0].path, "0.0e.0");
    assert_eq!(finally.as_ref().unwrap()[0].path, "0.0f.0");
}

#[test]
fn a_line_of_a_corpus_is_a_program_too() {
    let program = parse(&json!({"id": "x", "program": {"coros": [[["log", 1]]]}, "trace": []})).unwrap();
    assert_eq!(program.coroutines.len(), 1);
}

#[test]
fn the_program_itself() {
    assert_eq!(complaint(&json!([])), "the program: expected an object, found []");
    assert_eq!(
        complaint(&json!({})),
        "key \"coros\": expected a list of at least one body, found null"
    );
    assert_eq!(
        complaint(&json!({"coros": []})),
        "key \"coros\": expected a list of at least one body, found []"
    );
    assert_eq!(complaint(&json!({"coros": [7]})), "body 0: expected a list of ops, found 7");
}

#[test]
fn its_resources() {
    let with = |key: &str, value: Value| complaint(&json!({key: value, "coros": [[]]}));
    assert_eq!(
        with("locks", json!(-1)),
        "key \"locks\": expected a number, 0 or above, found -1"
    );
    assert_eq!(with("bounded", json!(2)), "key \"bounded\": expected a list, found 2");
    assert_eq!(
        with("barriers", json!([1, "2"])),
        "key \"barriers\": expected a number, 0 or above, found \"2\""
    );
    assert_eq!(
        with("ctxvars", json!(5)),
        "key \"ctxvars\": expected at most 4 context variables, found 5"
    );
    assert_eq!(
        with("mutexes", json!(1)),
        "key \"mutexes\": expected a key of the program language, found 1"
    );
    assert_eq!(
        with("queues", json!([{"kind": "ring", "maxsize": 0}])),
        "key \"queues\": expected a queue of kind fifo, lifo or priority, found {\"kind\":\"ring\",\"maxsize\":0}"
    );
}

#[test]
fn ops_that_are_none() {
    assert_eq!(
        complaint_about(json!("sleep")),
        "op 0.1: expected a list that begins with an op's name, found \"sleep\""
    );
    assert_eq!(
        complaint_about(json!([])),
        "op 0.1: expected a list that begins with an op's name, found []"
    );
    assert_eq!(
        complaint_about(json!(["slumber", 1])),
        "op 0.1: expected the name of an op, found \"slumber\""
    );
}

#[test]
fn too_few_and_too_many_arguments() {
    assert_eq!(
        complaint_about(json!(["sleep"])),
        "op 0.1 (sleep), argument 1: expected ticks, 0 or above, found nothing"
    );
    assert_eq!(
        complaint_about(json!(["spawn", 0])),
        "op 0.1 (spawn), argument 2: expected an index below 2 into the coroutines, found nothing"
    );
    assert_eq!(
        complaint_about(json!(["sleep", 1, 2])),
        "op 0.1 (sleep): expected 1 arguments, found 2"
    );
}

#[test]
fn arguments_of_the_wrong_kind() {
    let cases = [
        (
            json!(["send", "p1a", "x"]),
            "op 0.1 (send), argument 1: expected one of \"pNa\", \"pNb\", \"xN\", N in range, found \"p1a\"",
        ),
        (
            json!(["send", "p0b", ["big", 0]]),
            "op 0.1 (send), argument 2: expected a text, or [\"big\", n] with n from 1 to 1048576, found [\"big\",0]",
        ),
        (
            json!(["shut", "x0", "x"]),
            "op 0.1 (shut), argument 2: expected \"r\", \"w\" or \"rw\", found \"x\"",
        ),
        (
            json!(["add_reader", "p0a", -1, []]),
            "op 0.1 (add_reader), argument 2: expected an integer, 0 or above, found -1",
        ),
        (
            json!(["sk_lclose", 1]),
            "op 0.1 (sk_lclose), argument 1: expected an index below 1 into the listeners, found 1",
        ),
        (
            json!(["log", "s"]),
            "op 0.1 (log), argument 1: expected an integer or \"r\", found \"s\"",
        ),
        (
            json!(["set", 1.5]),
            "op 0.1 (set), argument 1: expected an integer, found 1.5",
        ),
        (
            json!(["sleep", -1]),
            "op 0.1 (sleep), argument 1: expected ticks, 0 or above, found -1",
        ),
        (
            json!(["timeout", "r", []]),
            "op 0.1 (timeout), argument 1: expected ticks, 0 or above, or null, found \"r\"",
        ),
        (
            json!(["to_info", -1]),
            "op 0.1 (to_info), argument 1: expected an integer, 0 or above, found -1",
        ),
        (
            json!(["gather", 0, []]),
            "op 0.1 (gather), argument 1: expected true or false, found 0",
        ),
        (
            json!(["gather", true, "c1"]),
            "op 0.1 (gather), argument 2: expected a list, found \"c1\"",
        ),
        (
            json!(["wait", [], null, "SOME"]),
            "op 0.1 (wait), argument 3: expected \"ALL\", \"FIRST\" or \"EXC\", found \"SOME\"",
        ),
        (
            json!(["as_completed", "sync", [], null]),
            "op 0.1 (as_completed), argument 1: expected \"plain\" or \"async\", found \"sync\"",
        ),
        (json!(["repeat", 2, null]), "body 0.1: expected a list of ops, found null"),
        (
            json!(["wait_for", 1, 7]),
            "op 0.1 (wait_for), argument 2: expected a body or a reference, found 7",
        ),
    ];
    for (op, expected) in cases {
        assert_eq!(complaint_about(op), expected);
    }
}

#[test]
fn indices_and_references_out_of_range() {
    let cases = [
        (
            json!(["spawn", 2, 1]),
            "op 0.1 (spawn), argument 1: expected an index below 2 into the slots, or null, found 2",
        ),
        (
            json!(["spawn", null, 2]),
            "op 0.1 (spawn), argument 2: expected an index below 2 into the coroutines, found 2",
        ),
        (
            json!(["sem_release", 2]),
            "op 0.1 (sem_release), argument 1: expected an index below 2 into the semaphores, found 2",
        ),
        (
            json!(["h_cancel", null]),
            "op 0.1 (h_cancel), argument 1: expected an index below 1 into the hslots, found null",
        ),
        (
            json!(["await", "m"]),
            "op 0.1 (await), argument 1: expected one of \"tN\", \"fN\", \"gN\", \"sN\", N in range, found \"m\"",
        ),
        (
            json!(["await", "t2"]),
            "op 0.1 (await), argument 1: expected one of \"tN\", \"fN\", \"gN\", \"sN\", N in range, found \"t2\"",
        ),
        (
            json!(["shield", "g0"]),
            "op 0.1 (shield), argument 1: expected one of \"cN\", \"tN\", \"fN\", \"sN\", N in range, found \"g0\"",
        ),
        (
            json!(["gather", true, ["c1", "c2"]]),
            "op 0.1 (gather), argument 2: expected one of \"cN\", \"tN\", \"fN\", \"sN\", N in range, found \"c2\"",
        ),
        (
            json!(["wait", ["c1"], 1, "ALL"]),
            "op 0.1 (wait), argument 1: expected one of \"tN\", \"fN\", \"sN\", \"gN\", N in range, found \"c1\"",
        ),
    ];
    for (op, expected) in cases {
        assert_eq!(complaint_about(op), expected);
    }
}

#[test]
fn ops_where_they_may_not_stand() {
    let in_callback = |op: Value| complaint_about(json!(["call_soon", null, [op]]));
    for op in [
        json!(["sleep", 1]),
        json!(["return", 1]),
        json!(["uncancel"]),
        json!(["lock_acquire", 0]),
    ] {
        let expected = format!("op 0.1.0: expected an op that is allowed in a callback, found {}", op[0]);
        assert_eq!(in_callback(op), expected);
    }
    assert_eq!(
        complaint_about(json!(["reraise"])),
        "op 0.1: expected an op that is allowed outside a handler, found \"reraise\""
    );
    assert_eq!(
        complaint_about(json!(["try", [], null, [["wait_for", 1, [["reraise"]]]], null])),
        "op 0.1e.0.0: expected an op that is allowed outside a handler, found \"reraise\""
    );
    assert_eq!(
        complaint_about(json!(["try", [], null, null, [["reraise"]]])),
        "op 0.1f.0: expected an op that is allowed outside a handler, found \"reraise\""
    );
}

#[test]
fn long_values_are_abridged() {
    let long = "x".repeat(100);
    let complaint = complaint_about(json!(["log", long]));
    assert_eq!(
        complaint,
        format!(
            "op 0.1 (log), argument 1: expected an integer or \"r\", found \"{}...",
            "x".repeat(59)
        )
    );
}
