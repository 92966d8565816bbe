//! The same with `openssl`'s ends: another implementation.

use std::io::Write;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use kolo::{Result, open_connection, run, sleep, start_server};

use crate::{client, echo, file, server};

/// A program that is ended with the test, however that ends.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn its_client_talks_to_our_server() {
    let output = run(async {
        let server = start_server(echo, ("127.0.0.1", 0)).tls(server()?).await?;
        let port = server.addresses()[0].port().unwrap();
        let mut openssl = Command::new("openssl");
        openssl.args([
            "s_client",
            "-quiet",
            "-verify_return_error",
            "-servername",
            "localhost",
            "-CAfile",
        ]);
        openssl.arg(file("ca.pem")).args(["-connect", &format!("127.0.0.1:{port}")]);
        let pipes = [Stdio::piped(), Stdio::piped(), Stdio::null()];
        let [stdin, stdout, stderr] = pipes;
        let (completer, promise) = kolo::running_loop().remote_promise();
        let thread = std::thread::spawn(move || {
            let mut child = Ended(
                openssl
                    .stdin(stdin)
                    .stdout(stdout)
                    .stderr(stderr)
                    .spawn()
                    .expect("openssl is installed"),
            );
            let mut input = child.0.stdin.take().unwrap();
            input.write_all(b"hello\n").unwrap();
            let mut output = child.0.stdout.take().unwrap();
            let mut line = [0; 6];
            std::io::Read::read_exact(&mut output, &mut line).unwrap();
            drop(input);
            drop(child);
            completer.set_result(line).unwrap();
        });
        let line = promise.await?;
        thread.join().unwrap();
        server.close();
        Ok(line)
    });
    assert_eq!(&output.unwrap(), b"hello\n");
}

/// A port that nobody listens at.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn our_client_talks_to_its_server() {
    let port = free_port();
    let mut openssl = Command::new("openssl");
    openssl.args(["s_server", "-quiet", "-rev", "-accept", &format!("127.0.0.1:{port}"), "-cert"]);
    openssl.arg(file("chain.pem")).arg("-key").arg(file("key.pem"));
    openssl.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let _server = Ended(openssl.spawn().expect("openssl is installed"));
    let line = run(async move {
        let (reader, writer) = connected(port).await?;
        // It sends back what it was sent, from behind.
        writer.write("hello\n")?;
        let line = reader.read_line().await?;
        writer.close();
        Ok(line)
    });
    assert_eq!(line.unwrap(), b"olleh\n");
}

/// Connected as soon as the server listens.
async fn connected(port: u16) -> Result<(kolo::StreamReader, kolo::StreamWriter)> {
    let mut attempts = 0;
    loop {
        match open_connection(("127.0.0.1", port)).tls(client()?).await {
            Err(error) if error.errno() == Some(111) && attempts < 500 => attempts += 1,
            outcome => return outcome,
        }
        sleep(0.01).await?;
    }
}
