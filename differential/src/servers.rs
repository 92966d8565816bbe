//! Servers, and the operations on them.

use std::rc::Rc;

use kolo::{Result, Server, StreamReader, StreamWriter, start_unix_server};

use crate::program::{Destination, ServerOp, ServerWaitOp, Step};
use crate::streams::Connection;
use crate::world::World;

impl World {
    pub(crate) fn perform_on_server(&self, step: &Step, op: &ServerOp) {
        match op {
            ServerOp::Close(slot) => self.on_server(step, *slot, |server| {
                server.close();
                self.log(step, "ok");
            }),
            ServerOp::CloseClients(slot) => self.on_server(step, *slot, |server| {
                server.close_clients();
                self.log(step, "ok");
            }),
            ServerOp::AbortClients(slot) => self.on_server(step, *slot, |server| {
                server.abort_clients();
                self.log(step, "ok");
            }),
            ServerOp::IsServing(slot) => self.on_server(step, *slot, |server| self.log(step, server.is_serving())),
        }
    }

    pub(crate) async fn wait_for_server(self: &Rc<Self>, step: &Step, op: &ServerWaitOp) -> Result<()> {
        match op {
            ServerWaitOp::Start { slot, handler, limit } => {
                let mut starting = start_unix_server(self.handler(*handler), self.sockets.path(Destination::Server(*slot)));
                if let Some(limit) = limit {
                    starting = starting.limit(*limit);
                }
                let server = self.logged(step, starting.await)?;
                self.servers.set(*slot, server);
                self.log(step, "ok");
                Ok(())
            }
            ServerWaitOp::WaitClosed(slot) => {
                let wait_closed = async |server: Server| server.wait_closed().await;
                self.wait_with_server(step, *slot, wait_closed).await
            }
            ServerWaitOp::ServeForever(slot) => {
                let serve_forever = async |server: Server| server.serve_forever().await;
                self.wait_with_server(step, *slot, serve_forever).await
            }
        }
    }

    /// What is called with each connection: its coroutine is a call of the program's, which handles this connection.
    fn handler(
        self: &Rc<Self>,
        handler: usize,
    ) -> impl Fn(StreamReader, StreamWriter) -> crate::bodies::Coroutine<i64> + 'static {
        // Weak: the world keeps the server, which keeps this.
        let world = Rc::downgrade(self);
        move |reader, writer| {
            let world = world.upgrade().expect("the world outlives what runs in it");
            let connection = Connection::new((reader, writer));
            world.connections.borrow_mut().push(connection.clone());
            world.call_with(handler, Some(connection))
        }
    }

    fn on_server(&self, step: &Step, slot: usize, work: impl FnOnce(&Server)) {
        match self.servers.get(slot) {
            Some(server) => work(&server),
            None => self.log(step, "none"),
        }
    }

    async fn wait_with_server(&self, step: &Step, slot: usize, wait: impl AsyncFnOnce(Server) -> Result<()>) -> Result<()> {
        match self.servers.get(slot) {
            Some(server) => {
                self.logged(step, wait(server).await)?;
                self.log(step, "ok");
            }
            None => self.log(step, "none"),
        }
        Ok(())
    }
}
