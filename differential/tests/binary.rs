//! `kolo-trace`, as a script would use it.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

const PROGRAM: &str = r#"{"slots": 1, "coros": [[["spawn", 0, 1], ["sleep", 1], ["await", "t0"]], [["return", 2]]]}"#;

const TRACE: &str = "\
0 T0 0.0 spawn T1
0 T1 1.0 return 2
1 T0 0.1 sleep ok
1 T0 0.2 await ok 2
1 ! main ok 0
1 ! state T0 ok 0
1 ! state T1 ok 2
1 ! end
";

fn kolo_trace(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_kolo-trace"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn printed(output: &Output) -> &str {
    assert!(output.status.success(), "{}", complaint(output));
    std::str::from_utf8(&output.stdout).unwrap()
}

fn complaint(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

#[test]
fn a_program_on_standard_input() {
    assert_eq!(printed(&kolo_trace(&[], PROGRAM)), TRACE);
}

#[test]
fn a_line_of_a_corpus_in_a_file() {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("line.json");
    std::fs::write(&path, format!(r#"{{"id": "x", "program": {PROGRAM}, "trace": []}}"#)).unwrap();
    assert_eq!(printed(&kolo_trace(&[path.to_str().unwrap()], "")), TRACE);
}

#[test]
fn what_is_no_program_is_refused() {
    let cases = [
        ("[1,", "kolo-trace: not JSON: EOF while parsing a value at line 1 column 3\n"),
        (
            r#"{"coros": [[["nap", 1]]]}"#,
            "kolo-trace: op 0.0: expected the name of an op, found \"nap\"\n",
        ),
        (r#"{"barriers": [0], "coros": [[]]}"#, "kolo-trace: parties must be > 0\n"),
    ];
    for (input, expected) in cases {
        let output = kolo_trace(&[], input);
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(complaint(&output), expected);
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let output = kolo_trace(&["no/such/file.json"], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(complaint(&output).starts_with("kolo-trace: no/such/file.json: "));
}

#[test]
fn sockets_and_what_comes_through_them() {
    let program = r#"{"pairs": 1, "listeners": 1, "socks": 1, "coros": [[
        ["add_reader", "p0a", 1, [["recv", "p0a", 3], ["recv", "p0a", 99]]], ["send", "p0b", "abc\n"], ["recv", "x0", 1], ["sleep", 1],
        ["send", "p0b", ["big", 600]], ["recv", "p0a", 600], ["sk_close", "p0b"], ["send", "p0a", "x"], ["recv", "p0b", 1],
        ["sk_lclose", 0], ["sk_lclose", 0], ["recv", "p0a", 1], ["shut", "p0a", "rw"]
    ]]}"#;
    let trace = "\
0 T0 0.0 add_reader ok
0 T0 0.1 send ok 4
0 T0 0.2 recv none
0 - 0.0 reader p0a
0 - 0.0.0 recv ok 3:abc
0 - 0.0.1 recv ok 1:$
1 T0 0.3 sleep ok
1 T0 0.4 send ok 600
1 T0 0.5 recv ok 600#c1f40078
1 T0 0.6 sk_close ok
1 T0 0.7 send err BrokenPipe
1 T0 0.8 recv closed
1 T0 0.9 sk_lclose ok
1 T0 0.10 sk_lclose closed
1 T0 0.11 recv ok 0:
1 T0 0.12 shut ok
1 ! main ok 0
1 ! state T0 ok 0
1 ! end
";
    assert_eq!(printed(&kolo_trace(&[], program)), trace);
}

#[test]
fn a_run_without_an_end_is_given_up() {
    let lines = |program| {
        printed(&kolo_trace(&[], program))
            .lines()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    // After 20,000 iterations: the first has no line, and each sleep takes two.
    let sleeping = lines(r#"{"coros": [[["repeat", 100000, [["sleep", 1]]]]]}"#);
    assert_eq!(sleeping.len(), 10_000);
    assert_eq!(sleeping.last().unwrap(), "9999 ! overrun");
    // After 20,000 lines, but the iteration is completed.
    let talking = lines(r#"{"coros": [[["repeat", 100000, [["sleep", 0], ["log", 1], ["log", 2]]]]]}"#);
    assert_eq!(talking.len(), 20_002);
    assert_eq!(talking.last().unwrap(), "0 ! overrun");
}
