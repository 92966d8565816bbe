//! An echo server and its client in one loop, every event of it.

use kolo_executor::Result;
use kolo_executor::testing::Trace;
use kolo_net::{
    Server, StartServer, StreamReader, StreamWriter, open_connection, open_unix_connection, start_server, start_unix_server,
};

use crate::peers::scratch::Scratch;
use crate::peers::{Shown, Streams, address_of};
use crate::support::runs::traced;

async fn echo(trace: Trace, reader: StreamReader, writer: StreamWriter) -> Result<()> {
    trace.log_iteration("handler begins");
    loop {
        let data = reader.read(100).await?;
        trace.log_iteration(format_args!("server reads {}", data.shown()));
        if data.is_empty() {
            break;
        }
        writer.write(data)?;
        writer.drain().await?;
        trace.log_iteration("server has written");
    }
    writer.close();
    trace.log_iteration("server closes");
    writer.wait_closed().await?;
    trace.log_iteration("server has closed");
    Ok(())
}

/// What happens, with its iteration. The first word says who it happens to: those of one iteration stand in the order in which they happened.
async fn whole(
    trace: Trace,
    start: impl AsyncFnOnce(Trace) -> Result<Server>,
    connect: impl AsyncFnOnce(&Server) -> Result<Streams>,
) -> Result<()> {
    trace.start();
    let server = start(trace.clone()).await?;
    trace.log_iteration("started");
    let (reader, writer) = connect(&server).await?;
    trace.log_iteration("client has connected");
    writer.write("hi")?;
    let data = reader.read(100).await?;
    trace.log_iteration(format_args!("client reads {}", data.shown()));
    writer.close();
    writer.wait_closed().await?;
    trace.log_iteration("client has closed");
    server.close();
    server.wait_closed().await?;
    trace.log_iteration("all is over");
    Ok(())
}

fn serve(trace: Trace, start: impl FnOnce(Box<dyn Fn(StreamReader, StreamWriter) -> Handling>) -> StartServer) -> StartServer {
    start(Box::new(move |reader, writer| Box::pin(echo(trace.clone(), reader, writer))))
}

type Handling = std::pin::Pin<Box<dyn Future<Output = Result<()>>>>;

#[test]
fn v8_over_tcp() {
    let events = traced(async |trace| {
        let start = async |trace| serve(trace, |handler| start_server(handler, ("127.0.0.1", 0))).await;
        whole(trace, start, async |server| open_connection(address_of(server)).await).await
    });
    let expected = [
        "+4 started",
        "+8 handler begins",
        "+8 client has connected",
        "+10 server reads \"hi\"",
        "+10 server has written",
        "+12 client reads \"hi\"",
        "+14 client has closed",
        "+15 server reads \"\"",
        "+15 server closes",
        "+17 server has closed",
        "+17 all is over",
    ];
    assert_eq!(events, expected);
}

#[test]
fn v8_over_a_unix_socket() {
    let events = traced(async |trace| {
        let scratch = Scratch::new();
        let path = scratch.path("server");
        let start = async |trace| serve(trace, |handler| start_unix_server(handler, &path)).await;
        whole(trace, start, async |_| open_unix_connection(&path).await).await
    });
    let expected = [
        "+1 started",
        "+3 client has connected",
        "+5 handler begins",
        "+6 server reads \"hi\"",
        "+6 server has written",
        "+8 client reads \"hi\"",
        "+10 client has closed",
        "+11 server reads \"\"",
        "+11 server closes",
        "+13 server has closed",
        "+13 all is over",
    ];
    assert_eq!(events, expected);
}
