//! A WebSocket that echoes, by async-tungstenite on kolo's streams: `websocket_echo PORT`, or without a port a talk with itself.

use std::env;

use async_tungstenite::tungstenite::Message;
use async_tungstenite::{accept_async, client_async};
use futures_util::StreamExt;
use kolo::{Result, Server, StreamReader, StreamWriter, Streams, open_connection, run, start_server};

/// Gives every text and every block of bytes back. Pings and the closing are answered by the crate.
async fn echo(reader: StreamReader, writer: StreamWriter) -> Result<()> {
    let mut socket = accept_async(Streams { reader, writer }).await?;
    while let Some(message) = socket.next().await {
        let message = message?;
        if message.is_text() || message.is_binary() {
            socket.send(message).await?;
        }
    }
    Ok(())
}

async fn serve(port: u16) -> Result<Server> {
    start_server(echo, ("127.0.0.1", port)).await
}

/// Says these, one after the other, and gives what comes back.
async fn say(port: u16, texts: &[&str]) -> Result<Vec<String>> {
    let streams: Streams = open_connection(("127.0.0.1", port)).await?.into();
    let (mut socket, response) = client_async(format!("ws://127.0.0.1:{port}/"), streams).await?;
    let mut answers = vec![response.status().to_string()];
    for text in texts {
        socket.send(Message::text(*text)).await?;
        if let Some(answer) = socket.next().await {
            answers.push(answer?.into_text()?.to_string());
        }
    }
    socket.close(None).await?;
    while let Some(rest) = socket.next().await {
        rest?; // the answer to the closing
    }
    Ok(answers)
}

pub(crate) async fn talk() -> Result<Vec<String>> {
    let server = serve(0).await?;
    let port = server.addresses()[0].port().unwrap_or_default();
    let answers = say(port, &["hello", "is anybody there?"]).await?;
    server.close();
    server.wait_closed().await?;
    Ok(answers)
}

#[allow(dead_code, reason = "the test calls `talk`")]
fn main() -> Result<()> {
    match env::args().nth(1) {
        Some(port) => run(async move { serve(port.parse()?).await?.serve_forever().await }),
        None => {
            for answer in run(talk())? {
                println!("{answer}");
            }
            Ok(())
        }
    }
}
