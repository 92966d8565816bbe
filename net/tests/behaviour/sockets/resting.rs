//! A socket of TCP whose task goes on to wait for the next message stays with the system's poll in between.

use std::cell::Cell;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::rc::Rc;

use kolo_executor::testing::{self, hops};
use kolo_executor::{Kind, Result, create_task, running_loop, sleep};
use kolo_net::{sock_recv, sock_sendall};

use crate::support::child::in_child;

/// Two ends that do not block.
fn pair() -> (Rc<TcpStream>, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (theirs, _) = listener.accept().unwrap();
    for end in [&ours, &theirs] {
        end.set_nonblocking(true).unwrap();
        end.set_nodelay(true).unwrap();
    }
    (Rc::new(ours), theirs)
}

#[test]
fn message_after_message_comes() {
    testing::run(async {
        let (ours, mut theirs) = pair();
        let echo = create_task(async move {
            for _ in 0..100 {
                let bytes = sock_recv(&ours, 100).await?;
                sock_sendall(&ours, &bytes).await?;
            }
            Ok(())
        });
        for i in 0..100_u8 {
            theirs.write_all(&[i])?;
            hops(4).await?;
            let mut answer = [0; 2];
            assert_eq!((theirs.read(&mut answer)?, answer[0]), (1, i));
        }
        echo.await
    })
    .unwrap();
}

#[test]
fn it_takes_as_many_iterations_each_time() {
    testing::run(async {
        let (ours, mut theirs) = pair();
        let came = Rc::new(Cell::new(0));
        let (counter, socket) = (came.clone(), ours.clone());
        let reads = create_task(async move {
            loop {
                sock_recv(&socket, 100).await?;
                counter.set(running_loop().iterations());
            }
            #[allow(unreachable_code, reason = "says the coroutine's type")]
            Ok(())
        });
        hops(1).await?;
        for _ in 0..10 {
            let before = running_loop().iterations();
            theirs.write_all(b"x")?;
            hops(4).await?;
            assert_eq!(came.get() - before, 2);
        }
        reads.cancel();
        Ok(())
    })
    .unwrap();
}

#[test]
fn another_socket_with_its_number_is_another_one() {
    // Alone in its process: nobody else takes the number.
    let name = concat!(module_path!(), "::another_socket_with_its_number_is_another_one");
    in_child(name, &[], || testing::run(number_given_again()).unwrap());
}

async fn number_given_again() -> Result<()> {
    let (ours, mut theirs) = pair();
    let (other, mut others) = pair();
    let number = ours.as_raw_fd();
    let reader = create_task(async move {
        assert_eq!(sock_recv(&ours, 100).await?, b"one");
        // It is closed in the same step, and its number given to the next.
        drop(ours);
        let mut lower = Vec::new();
        let again = loop {
            let again = other.try_clone()?;
            match again.as_raw_fd() == number {
                true => break Rc::new(again),
                false => lower.push(again),
            }
        };
        sock_recv(&again, 100).await
    });
    theirs.write_all(b"one")?;
    hops(4).await?;
    others.write_all(b"two")?;
    assert_eq!(reader.await?, b"two");
    Ok(())
}

#[test]
fn a_reader_that_is_added_in_the_same_step_is_called() {
    testing::run(async {
        let (ours, mut theirs) = pair();
        let called = Rc::new(Cell::new(false));
        let (flag, socket) = (called.clone(), ours.clone());
        let reader = create_task(async move {
            sock_recv(&socket, 100).await?;
            running_loop().add_reader(&*socket, move || flag.set(true))
        });
        theirs.write_all(b"x")?;
        reader.await?;
        assert!(!called.get());
        theirs.write_all(b"y")?;
        hops(2).await?;
        assert!(called.get() && running_loop().remove_reader(&*ours));
        Ok(())
    })
    .unwrap();
}

#[test]
fn one_that_nobody_waits_for_again_is_watched_no_more() {
    let outcome: Result<()> = testing::run(async {
        let (ours, mut theirs) = pair();
        let socket = ours.clone();
        let reader = create_task(async move { sock_recv(&socket, 100).await });
        theirs.write_all(b"x")?;
        reader.await?;
        // Neither what comes now nor the socket keeps the clock, or the proof.
        theirs.write_all(b"y")?;
        sleep(3600).await?;
        running_loop().create_promise::<()>().await
    });
    assert_eq!(outcome.unwrap_err().kind(), Kind::Deadlock);
}
