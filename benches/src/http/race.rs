//! Takes the measurements, each in a process of its own, in interleaved rounds.

use std::env;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use rustix::process::Signal;

use super::servers::SERVERS;
use super::{HELLO, REQUEST};
use crate::clock::process_cpu;
use crate::net::client::Client;
use crate::net::race::{Effort, Running};
use crate::net::servers::{CLIENTS_PROCESSOR, SERVERS_PROCESSOR, stay_on};
use crate::net::work::{Service, Work};

/// Is this server.
pub fn serve(name: &str) -> Result<(), String> {
    let (_, serve) = SERVERS.iter().find(|server| server.0 == name).ok_or("no such server")?;
    rustix::process::set_parent_process_death_signal(Some(Signal::TERM)).map_err(|error| error.to_string())?;
    stay_on(SERVERS_PROCESSOR);
    serve();
    Ok(())
}

fn start(server: &str) -> Result<(Running, u16), String> {
    let program = env::current_exe().map_err(|error| error.to_string())?;
    let mut running = Running::start(Command::new(program).args(["serve-http", server]))?;
    let port = running.port()?;
    Ok((running, port))
}

/// The bytes of an answer: the same each time.
fn length_of_answer(port: u16) -> Result<usize, String> {
    let ask = || {
        let mut connection = TcpStream::connect(("127.0.0.1", port))?;
        connection.write_all(REQUEST)?;
        let mut answer = Vec::new();
        let mut byte = [0];
        while !answer.ends_with(HELLO.as_bytes()) {
            connection.read_exact(&mut byte)?;
            answer.push(byte[0]);
        }
        std::io::Result::Ok(answer.len())
    };
    ask().map_err(|error| error.to_string())
}

/// Nanoseconds of a server's CPU time for a request, over 100 connections that are kept.
fn hello(server: &str, effort: Effort) -> Result<f64, String> {
    let (running, port) = start(server)?;
    let work = Work {
        title: "hello over http1, 100 connections",
        service: Service::Echo { buffer: 0 },
        connections: 100,
        message: REQUEST.len(),
    };
    let mut client = Client::of_messages(work, port, REQUEST.to_vec(), length_of_answer(port)?)?;
    client.ask(effort.warm_up)?;
    let before = running.cpu()?;
    let answered = client.ask(effort.time)?;
    let spent = running.cpu()? - before;
    Ok(spent.as_nanos() as f64 / answered.max(1) as f64)
}

/// Nanoseconds of a client's CPU time for a request, the beginning of its process left out.
fn gets(client: &[String], port: u16) -> Result<f64, String> {
    let output = Command::new(&client[0]).args(&client[1..]).arg(port.to_string()).output();
    let output = output.map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stdout);
    said.trim().parse().map_err(|_| {
        String::from_utf8_lossy(&output.stderr)
            .lines()
            .last()
            .unwrap_or("nothing")
            .to_owned()
    })
}

/// What a thousand requests cost here, in nanoseconds each.
pub fn client(port: u16) -> Result<(), String> {
    stay_on(CLIENTS_PROCESSOR);
    let ask = || super::client::ask(port).map_err(|error| error.to_string());
    ask()?;
    let before = process_cpu();
    ask()?;
    println!("{}", (process_cpu() - before).as_nanos() as f64 / 1000.0);
    Ok(())
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// Both races, as tables.
pub fn race(effort: Effort) -> Result<String, String> {
    stay_on(CLIENTS_PROCESSOR);
    let mut servers = vec![Vec::new(); SERVERS.len()];
    for round in 0..effort.rounds {
        for turn in 0..SERVERS.len() {
            let who = (turn + round) % SERVERS.len();
            servers[who].push(hello(SERVERS[who].0, effort)?);
        }
    }
    let mut text = String::from("| hello over http1, 100 connections kept | CPU time of the server for a request |\n|---|---|\n");
    for ((name, _), figures) in SERVERS.iter().zip(servers) {
        text += &format!("| {name} | {:.1} us |\n", median(figures) / 1000.0);
    }

    let program = env::current_exe().map_err(|error| error.to_string())?.display().to_string();
    let python = env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("asyncio/fetch.py")
        .display()
        .to_string();
    let clients = [
        ("kolo ClientSession", vec![program, "ask-http".to_owned()]),
        ("aiohttp ClientSession", vec![python, script]),
    ];
    let (_running, port) = start(SERVERS[0].0)?;
    text += "\n| 1,000 GETs, 10 at a time | CPU time of the client for a request |\n|---|---|\n";
    for (name, client) in clients {
        let figures: Result<Vec<f64>, String> = (0..effort.rounds).map(|_| gets(&client, port)).collect();
        text += &match figures {
            Ok(figures) => format!("| {name} | {:.1} us |\n", median(figures) / 1000.0),
            Err(reason) => format!("| {name} | {reason} |\n"),
        };
    }
    Ok(text)
}
