//! Runs everything and writes RESULTS.md; see the README for the other commands.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;
use std::{env, fs};

use kolo_benches::catalogue::{Contender, memories, workloads};
use kolo_benches::competitor::Python;
use kolo_benches::http;
use kolo_benches::memory::Footprint;
use kolo_benches::net::client::Client;
use kolo_benches::net::work::{Service, WORKS, Work};
use kolo_benches::net::{self, section};
use kolo_benches::os;
use kolo_benches::processes;
use kolo_benches::report;
use kolo_benches::runner::{FULL, QUICK, footprints, growths, races};
use kolo_benches::sample::sample;
use serde_json::json;

const USAGE: &str = "\
kolo-benches [--quick]                             everything; writes RESULTS.md and growth.svg
kolo-benches race WORKLOAD...                      these workloads only; prints their tables
kolo-benches net [--quick]                         servers; writes their section of RESULTS.md
kolo-benches net PART...                           servers, or works, that have this in their names; prints
kolo-benches http [--quick]                        servers and clients of HTTP; prints
kolo-benches os [ROUNDS]                            calls on threads, children, files; writes their section of RESULTS.md
kolo-benches serve SERVER SERVICE                  one server, which says at which port; SERVICE is close or a buffer's bytes
kolo-benches drive PORT CONNECTIONS REQUESTS       asks a server of messages of 64 bytes, for a profiler of the server
kolo-benches processes                             pools of processes, kolo's and Python's; prints
kolo-benches process-pool WAY WORKERS              one measurement of kolo's, in this process; WAY is map or run_in_executor
kolo-benches list                                  the workloads and who takes part in them
kolo-benches profile WORKLOAD ITERATIONS [WHO]     nothing but the work, for a profiler; WHO is kolo
kolo-benches sample WORKLOAD WHO SIZE MILLISECONDS one measurement, in this process
kolo-benches footprint asleep|parked WHO TASKS     the same for memory";

fn main() -> ExitCode {
    kolo::processes!(processes::increment);
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match *words {
        [] => everything(false),
        ["--quick"] => everything(true),
        ["race", ..] => race(&arguments[1..]),
        ["net"] => servers(false),
        ["net", "--quick"] => servers(true),
        ["net", ..] => race_servers(&arguments[1..]),
        ["http"] => race_http(net::race::FULL),
        ["http", "--quick"] => race_http(net::race::QUICK),
        ["serve-http", server] => http::race::serve(server),
        ["ask-http", port] => number(port).and_then(|port| http::race::client(port as u16)),
        ["os"] => threads_and_children("5", true),
        ["os", rounds] => threads_and_children(rounds, false),
        ["serve", server, service] => Service::of_word(service).and_then(|service| net::servers::serve(server, service)),
        ["drive", port, connections, requests] => drive(port, connections, requests),
        ["processes"] => processes::race().map(|table| println!("{table}")),
        ["process-pool", way, workers] => process_pool(way, workers),
        ["list"] => list(),
        ["profile", work, iterations] => profile(work, iterations, "kolo"),
        ["profile", work, iterations, who] => profile(work, iterations, who),
        ["sample", work, who, size, time] => one_sample(work, who, size, time),
        ["footprint", work, who, tasks] => one_footprint(work, who, tasks),
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn everything(quick: bool) -> Result<(), String> {
    let (effort, folder) = match quick {
        // A quick run's figures mean nothing: they must not land where somebody could take them for results.
        true => (QUICK, Path::new(env!("CARGO_MANIFEST_DIR")).join("target/quick")),
        false => (FULL, Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()),
    };
    let python = Python::find();
    let races = races(effort, python.as_ref(), &[]);
    let footprints = footprints(effort, python.as_ref());
    let growths = growths(effort, python.as_ref(), &races);
    let text = report::results(effort, python.as_ref(), &races, &footprints, &growths);
    let complain = |error: std::io::Error| error.to_string();
    let results = folder.join("RESULTS.md");
    // What the servers came to, and threads and children, is from runs of their own.
    let before = fs::read_to_string(&results).unwrap_or_default();
    let text = section::PLACE.carry_over(&before, text);
    let text = os::section::PLACE.carry_over(&before, text);
    fs::create_dir_all(&folder).map_err(complain)?;
    fs::write(results, text).map_err(complain)?;
    report::plot::draw(&folder.join("growth.svg"), &growths)?;
    eprintln!("written to {}", folder.display());
    Ok(())
}

fn servers(quick: bool) -> Result<(), String> {
    let (effort, folder) = match quick {
        true => (net::race::QUICK, Path::new(env!("CARGO_MANIFEST_DIR")).join("target/quick")),
        false => (net::race::FULL, Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()),
    };
    let python = Python::find();
    let (works, entries) = net::race::race(effort, python.as_ref(), &[]);
    let section = section::section(effort, python.as_ref(), &works, &entries);
    let complain = |error: std::io::Error| error.to_string();
    fs::create_dir_all(&folder).map_err(complain)?;
    let results = folder.join("RESULTS.md");
    let before = fs::read_to_string(&results).unwrap_or_default();
    fs::write(&results, section::PLACE.put_into(&before, &section)).map_err(complain)?;
    eprintln!("written to {}", results.display());
    Ok(())
}

fn race_servers(only: &[String]) -> Result<(), String> {
    let (works, entries) = net::race::race(net::race::FULL, Python::find().as_ref(), only);
    println!("{}", section::figures(&works, &entries));
    Ok(())
}

fn race_http(effort: net::race::Effort) -> Result<(), String> {
    println!("{}", http::race::race(effort)?);
    Ok(())
}

fn threads_and_children(rounds: &str, writes: bool) -> Result<(), String> {
    let rounds = number(rounds)? as usize;
    let figures = os::race(rounds)?;
    println!("{}", os::section::table(&figures));
    if writes {
        let complain = |error: std::io::Error| error.to_string();
        let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("RESULTS.md");
        let before = fs::read_to_string(&results).map_err(complain)?;
        let section = os::section::section(rounds, &figures);
        fs::write(&results, os::section::PLACE.put_into(&before, &section)).map_err(complain)?;
    }
    Ok(())
}

fn drive(port: &str, connections: &str, requests: &str) -> Result<(), String> {
    let connections = number(connections)? as usize;
    let work = Work { connections, ..WORKS[0] };
    let mut client = Client::new(work, number(port)? as u16)?;
    client.until(number(requests)?)
}

fn process_pool(way: &str, workers: &str) -> Result<(), String> {
    let each = processes::measure(way, number(workers)? as usize).map_err(|error| error.to_string())?;
    println!("{each}");
    Ok(())
}

fn race(only: &[String]) -> Result<(), String> {
    for race in races(FULL, Python::find().as_ref(), only) {
        println!("{}", report::tables::race(&race));
    }
    Ok(())
}

fn list() -> Result<(), String> {
    for workload in workloads() {
        println!("{}: {}", workload.id, workload.title);
        for contender in &workload.contenders {
            println!("    {}", contender.name());
        }
    }
    Ok(())
}

fn profile(work: &str, iterations: &str, who: &str) -> Result<(), String> {
    let (run, size) = find_run(work, who)?;
    let cost = run(size, number(iterations)?);
    eprintln!("{} operations, {:.1} ns each", cost.operations, cost.nanoseconds_each());
    Ok(())
}

fn one_sample(work: &str, who: &str, size: &str, milliseconds: &str) -> Result<(), String> {
    let (run, _) = find_run(work, who)?;
    let time = Duration::from_millis(number(milliseconds)?);
    println!("{}", json!(sample(run, number(size)? as usize, time)));
    Ok(())
}

fn one_footprint(work: &str, who: &str, tasks: &str) -> Result<(), String> {
    let memories = memories();
    let memory = memories.iter().find(|memory| memory.id == work).ok_or(USAGE)?;
    let run = find(&memory.contenders, who)?;
    let Footprint { bytes, spawn, cancel } = run(number(tasks)? as usize);
    println!("{}", json!({ "bytes": bytes, "spawn": spawn, "cancel": cancel }));
    Ok(())
}

fn find_run(work: &str, who: &str) -> Result<(kolo_benches::catalogue::Run, usize), String> {
    let workloads = workloads();
    let known = || workloads.iter().map(|workload| workload.id).collect::<Vec<_>>().join(" ");
    let workload = workloads.iter().find(|workload| workload.id == work);
    let workload = workload.ok_or_else(|| format!("no workload {work}; there are {}", known()))?;
    Ok((find(&workload.contenders, who)?, workload.size))
}

/// The contender of this full name, or the first of this runtime; if the machine lets it run.
fn find<F: Copy>(contenders: &[Contender<F>], who: &str) -> Result<F, String> {
    let named = contenders.iter().find(|contender| contender.name() == who);
    let contender = named.or_else(|| contenders.iter().find(|contender| contender.peer == who));
    let contender = contender.ok_or_else(|| format!("{who} takes no part in this"))?;
    (contender.available)()?;
    Ok(contender.run)
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("{text} is no number"))
}
