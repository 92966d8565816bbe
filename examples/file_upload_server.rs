//! A server of streams, and an event that tells when an upload is complete. Notes: "Уведомление задач с помощью событий".

use std::cell::RefCell;
use std::rc::Rc;

use kolo::{
    Event, Promise, Result, StreamReader, StreamWriter, create_task, gather, open_connection, run, running_loop, sleep,
    start_server,
};

mod utils;
use utils::Repr;

/// A handle: clones are the same upload.
#[derive(Clone, Default)]
struct FileUpload {
    finished: Event,
    buffer: Rc<RefCell<Vec<u8>>>,
}

impl FileUpload {
    async fn accept_upload(self, reader: StreamReader, writer: StreamWriter) -> Result<()> {
        while let data = reader.read(1024).await?
            && !data.is_empty()
        {
            self.buffer.borrow_mut().extend(data);
        }
        self.finished.set();
        writer.close();
        writer.wait_closed().await
    }
}

async fn client_connected(reader: StreamReader, writer: StreamWriter) -> Result<()> {
    let upload = FileUpload::default();
    create_task(upload.clone().accept_upload(reader, writer));
    create_task(async move {
        upload.finished.wait().await?;
        println!("{}", upload.buffer.borrow().repr());
        Ok(())
    });
    Ok(())
}

/// Serves, and tells the port at which it listens once it does.
async fn serve(listening: Promise<u16>) -> Result<()> {
    let server = start_server(client_connected, ("127.0.0.1", 0)).await?;
    listening.set_result(server.addresses()[0].port().expect("of TCP"))?;
    server.serve_forever().await
}

/// In place of telnet: uploads a file piece by piece.
async fn send_file(port: u16, chunks: &[&str]) -> Result<()> {
    let (_reader, writer) = open_connection(("127.0.0.1", port)).await?;
    for chunk in chunks {
        writer.write(chunk)?;
        writer.drain().await?;
        sleep(1).await?;
    }
    writer.close();
    writer.wait_closed().await
}

fn main() -> Result<()> {
    run(async {
        let listening = running_loop().create_promise();
        let serving = create_task(serve(listening.clone()));
        let port = listening.await?;
        gather([
            send_file(port, &["first ", "second ", "third"]),
            send_file(port, &["short ", "file"]),
            send_file(port, &[]),
        ])
        .await?;
        sleep(1).await?;
        serving.cancel();
        Ok(())
    })
}
