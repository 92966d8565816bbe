//! The standard input: of a pipe, a socket, a file, a terminal, and none.

use std::env;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};

use kolo::testing::hops;
use kolo::{Kind, create_task, gather, input, run, sleep, stdin};
use rustix::fs::{OFlags, fcntl_getfl};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::scratch::Scratch;

const CHILD: &str = "KOLO_STDIN_CHILD";

/// The test `name` once more, in a process with this input; there `None`, for the test to go on as the program that reads.
fn reader(name: &str, input: impl Into<Stdio>) -> Option<Child> {
    if env::var_os(CHILD).is_some() {
        return None;
    }
    let (_program, name) = name.split_once("::").unwrap();
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--exact", name, "--nocapture", "--test-threads=1"])
        .env(CHILD, name)
        .stdin(input)
        .stdout(Stdio::piped());
    Some(command.spawn().unwrap())
}

/// What the program has told in lines of its own.
fn told(output: impl AsRef<[u8]>) -> Vec<String> {
    let text = String::from_utf8_lossy(output.as_ref());
    let lines = text.lines().filter_map(|line| Some(line.split_once("> ")?.1.to_owned()));
    lines.collect()
}

/// Tells the lines that it reads.
fn read_all() {
    run(async {
        let lines = stdin().await?;
        loop {
            let line = lines.read_line().await?;
            match String::from_utf8_lossy(&line).trim_end() {
                "" => break,
                line => println!("\n> {line}"),
            }
        }
        println!("\n> end");
        Ok(())
    })
    .unwrap();
}

fn finish(child: Child) -> Vec<String> {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    told(output.stdout)
}

/// The next line that it tells.
fn next_told(output: &mut impl Read) -> String {
    let mut line = Vec::new();
    let mut byte = [0];
    loop {
        assert_eq!(output.read(&mut byte).unwrap(), 1, "it ends");
        line.push(byte[0]);
        if byte[0] == b'\n' {
            match &told(&line)[..] {
                [told] => return told.clone(),
                _ => line.clear(),
            }
        }
    }
}

fn blocks(fd: impl AsFd) -> bool {
    !fcntl_getfl(fd).unwrap().contains(OFlags::NONBLOCK)
}

#[test]
fn a_pipe_is_read_as_it_fills() {
    let Some(mut child) = reader(concat!(module_path!(), "::a_pipe_is_read_as_it_fills"), Stdio::piped()) else {
        return read_all();
    };
    let (mut input, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    for line in ["one", "two"] {
        writeln!(input, "{line}").unwrap();
        assert_eq!(next_told(&mut output), line);
    }
    write!(input, "rest").unwrap();
    drop(input);
    assert_eq!([next_told(&mut output), next_told(&mut output)], ["rest", "end"]);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_file_is_read_to_its_end() {
    let text: String = (1..=50_000).map(|n| format!("{n}\n")).collect();
    let file = Scratch::new(text);
    let name = concat!(module_path!(), "::a_file_is_read_to_its_end");
    let Some(child) = reader(name, File::open(&file.0).unwrap()) else {
        return read_all();
    };
    let mut expected: Vec<String> = (1..=50_000).map(|n| n.to_string()).collect();
    expected.push("end".into());
    assert_eq!(finish(child), expected);
}

#[test]
fn without_one_it_has_ended() {
    let name = concat!(module_path!(), "::without_one_it_has_ended");
    if env::var_os(CHILD).is_some() {
        return read_all();
    }
    // Closed by a shell; Rust opens the null device in its place.
    let (_program, name) = name.split_once("::").unwrap();
    let output = Command::new("/bin/sh")
        .args(["-c", "exec \"$@\" <&-", "sh"])
        .arg(env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(CHILD, name)
        .output()
        .unwrap();
    assert!(output.status.success());
    assert_eq!(told(output.stdout), ["end"]);
}

/// Flags belong to what is shared, and a socket cannot be opened once more.
#[test]
fn a_socket_is_given_back_as_it_was() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let shared = theirs.try_clone().unwrap();
    let name = concat!(module_path!(), "::a_socket_is_given_back_as_it_was");
    let Some(mut child) = reader(name, OwnedFd::from(theirs)) else {
        return read_all();
    };
    let mut output = child.stdout.take().unwrap();
    (&ours).write_all(b"line\n").unwrap();
    assert_eq!(next_told(&mut output), "line");
    assert!(!blocks(&shared));
    ours.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(next_told(&mut output), "end");
    assert!(child.wait().unwrap().success());
    assert!(blocks(&shared));
}

/// A terminal's two sides.
fn terminal() -> (File, File) {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    let name = ptsname(&ours, Vec::new()).unwrap();
    let theirs = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY, rustix::fs::Mode::empty()).unwrap();
    (ours.into(), theirs.into())
}

#[test]
fn a_terminal_blocks_for_all_others_even_if_the_program_is_killed() {
    let (mut ours, theirs) = terminal();
    let shared = theirs.try_clone().unwrap();
    let name = concat!(
        module_path!(),
        "::a_terminal_blocks_for_all_others_even_if_the_program_is_killed"
    );
    let Some(mut child) = reader(name, theirs) else {
        return read_all();
    };
    let mut output = child.stdout.take().unwrap();
    for line in ["one", "two"] {
        writeln!(ours, "{line}").unwrap();
        assert_eq!(next_told(&mut output), line);
        assert!(blocks(&shared));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(blocks(&shared));
}

#[test]
fn a_terminal_ends_with_the_sign_for_that() {
    let (mut ours, theirs) = terminal();
    let name = concat!(module_path!(), "::a_terminal_ends_with_the_sign_for_that");
    let Some(child) = reader(name, theirs) else {
        return read_all();
    };
    ours.write_all(b"one\n\x04").unwrap();
    assert_eq!(finish(child), ["one", "end"]);
}

#[test]
fn questions_come_one_after_the_other_and_the_loop_goes_on() {
    let name = concat!(module_path!(), "::questions_come_one_after_the_other_and_the_loop_goes_on");
    let Some(mut child) = reader(name, Stdio::piped()) else {
        return run(async {
            let asking = gather(["first", "second"].map(|word| input(format!("\n> {word}?\n"))));
            // The answer is given after this.
            hops(20).await?;
            println!("\n> meanwhile");
            println!("\n> {:?}", asking.await?);
            // A line that nobody took is there for whoever asks next.
            let given_up = create_task(input(""));
            sleep(0).await?;
            given_up.cancel();
            println!("\n> next");
            println!("\n> {:?}", input("").await?);
            let error = input("").await.unwrap_err();
            assert_eq!((error.kind(), error.message()), (Kind::Io, "EOF when reading a line"));
            assert_eq!(error.place().unwrap().file(), file!());
            Ok(())
        })
        .unwrap();
    };
    let (mut input, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    for word in ["first", "second"] {
        assert_eq!(next_told(&mut output), format!("{word}?"));
        if word == "first" {
            assert_eq!(next_told(&mut output), "meanwhile");
        }
        write!(input, "{word} answer\r\n").unwrap();
    }
    assert_eq!(next_told(&mut output), "[\"first answer\", \"second answer\"]");
    assert_eq!(next_told(&mut output), "next");
    write!(input, "no newline").unwrap();
    drop(input);
    assert_eq!(next_told(&mut output), "\"no newline\"");
    assert!(child.wait().unwrap().success());
}
