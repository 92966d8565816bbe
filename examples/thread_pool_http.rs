//! Blocking requests on threads, a mutex around their count, a task that reports. Notes: Избавление состояния гонки в многопоточности.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};

use kolo::{
    Error, Result, StreamReader, StreamWriter, ThreadPoolExecutor, create_task, gather, run, run_in_executor, running_loop,
    sleep, start_server,
};

/// The stand-in for www.example.com.
async fn serve(reader: StreamReader, writer: StreamWriter) -> Result<()> {
    reader.read_until(b"\r\n\r\n").await?;
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")?;
    writer.drain().await?;
    writer.close();
    writer.wait_closed().await
}

/// What `requests.get` does: it blocks its thread until the answer is there.
fn get_status_code(address: SocketAddr, counter: &Mutex<u32>) -> Result<u32> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n")?;
    let answer = io::read_to_string(&stream)?;
    *counter.lock().expect("nobody panics with it") += 1;
    let status = answer.split(' ').nth(1).ok_or_else(|| Error::value("no status"))?;
    Ok(status.parse()?)
}

async fn reporter(counter: Arc<Mutex<u32>>, request_count: u32) -> Result<()> {
    loop {
        let done = *counter.lock().expect("nobody panics with it"); // given back before the await
        if done >= request_count {
            return Ok(());
        }
        println!("Завершено запросов: {done}/{request_count}");
        sleep(0.5).await?;
    }
}

async fn requests(address: SocketAddr) -> Result<()> {
    let pool = ThreadPoolExecutor::new();
    let request_count = 200;
    let counter = Arc::new(Mutex::new(0));
    let reporter = create_task(reporter(counter.clone(), request_count));
    let tasks = (0..request_count).map(|_| {
        let counter = counter.clone();
        run_in_executor(&pool, move || get_status_code(address, &counter))
    });
    let results = gather(tasks).await?;
    reporter.await?;
    println!("{results:?}");
    Ok(())
}

fn main() -> Result<()> {
    run(async {
        let server = start_server(serve, ("127.0.0.1", 0)).await?;
        let address = server.addresses()[0]
            .inet()
            .ok_or_else(|| Error::value("it listens at a port"))?;
        println!("выполняется main с аргументами () {{}}");
        let start = running_loop().time();
        requests(address).await?;
        println!("main завершилась за {:.4} с", running_loop().time() - start);
        server.close();
        Ok(())
    })
}
