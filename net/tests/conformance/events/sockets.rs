//! Raw sockets.

use std::os::unix::net::UnixStream;
use std::rc::Rc;

use kolo_executor::{create_task, running_loop};
use kolo_net::sock_recv;

use crate::support::runs::{cancel_soon, in_loop};

#[test]
fn test_prompt_cancellation() {
    in_loop(async {
        let (ours, _theirs) = UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let ours = Rc::new(ours);
        let socket = ours.clone();
        let reader = create_task(async move { sock_recv(&socket, 1).await });
        cancel_soon(&reader);
        assert!((&reader).await.unwrap_err().is_cancelled());
        assert!(reader.cancelled());
        assert!(!running_loop().remove_reader(&*ours));
        Ok(())
    });
}
