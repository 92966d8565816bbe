//! Takes the measurements: a process for each server and each work, in interleaved rounds.

use std::env;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::time::ClockId;
use nix::unistd::Pid;
use rustix::process::{Resource, getrlimit, setrlimit};

use super::client::Client;
use super::servers::{CLIENTS_PROCESSOR, SERVERS, stay_on};
use super::work::{WORKS, Work};
use crate::competitor::Python;

#[derive(Clone, Copy)]
pub struct Effort {
    pub rounds: usize,
    pub warm_up: Duration,
    pub time: Duration,
}

pub const FULL: Effort = Effort {
    rounds: 5,
    warm_up: Duration::from_millis(200),
    time: Duration::from_millis(1000),
};

/// Enough to see that everything runs.
pub const QUICK: Effort = Effort {
    rounds: 1,
    warm_up: Duration::from_millis(20),
    time: Duration::from_millis(100),
};

/// What a server came to.
pub struct Entry {
    pub name: String,
    /// For each work the nanoseconds of a request in each round, or why there are none.
    pub figures: Vec<Result<Vec<f64>, String>>,
}

/// All servers, or those whose names have one of these in them, at all works, or at those whose titles have.
pub fn race(effort: Effort, python: Option<&Python>, only: &[String]) -> (Vec<Work>, Vec<Entry>) {
    allow_many_descriptors();
    stay_on(CLIENTS_PROCESSOR);
    let is_named = |name: &str| only.is_empty() || only.iter().any(|part| name.contains(part.as_str()));
    let any_works = WORKS.iter().any(|work| !only.is_empty() && is_named(work.title));
    let works: Vec<Work> = WORKS.into_iter().filter(|work| !any_works || is_named(work.title)).collect();
    let servers = servers(python);
    let any_servers = servers.iter().any(|server| is_named(&server.name));
    let servers: Vec<_> = servers
        .into_iter()
        .filter(|server| !any_servers || is_named(&server.name))
        .collect();
    let mut figures = vec![vec![Ok(Vec::new()); works.len()]; servers.len()];
    for round in 0..effort.rounds {
        for (at, work) in works.iter().enumerate() {
            eprintln!("round {} of {}: {}", round + 1, effort.rounds, work.title);
            for turn in 0..servers.len() {
                let who = (turn + round) % servers.len();
                let Ok(so_far) = &mut figures[who][at] else { continue };
                match servers[who].measure(effort, *work) {
                    Ok(figure) => so_far.push(figure),
                    Err(reason) => figures[who][at] = Err(reason),
                }
            }
        }
    }
    let names = servers.into_iter().map(|server| server.name);
    let entries = names.zip(figures).map(|(name, figures)| Entry { name, figures });
    (works, entries.collect())
}

/// A server, and the command that is one.
struct Server {
    name: String,
    program: String,
    arguments: Vec<String>,
}

fn servers(python: Option<&Python>) -> Vec<Server> {
    let program = env::current_exe().expect("the path of this program").display().to_string();
    let ours = SERVERS.iter().map(|(name, _)| Server {
        name: (*name).to_owned(),
        program: program.clone(),
        arguments: vec!["serve".to_owned(), (*name).to_owned()],
    });
    let theirs = python
        .into_iter()
        .flat_map(Python::servers)
        .map(|(name, program, arguments)| Server {
            name,
            program,
            arguments,
        });
    ours.chain(theirs).collect()
}

impl Server {
    /// Nanoseconds of the server's CPU time for a request.
    fn measure(&self, effort: Effort, work: Work) -> Result<f64, String> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).arg(work.service.word());
        let mut running = Running::start(&mut command)?;
        let mut client = Client::new(work, running.port()?)?;
        client.ask(effort.warm_up)?;
        let before = running.cpu()?;
        let answered = client.ask(effort.time)?;
        let spent = running.cpu()? - before;
        Ok(spent.as_nanos() as f64 / answered.max(1) as f64)
    }
}

/// A server's process, which ends with this.
pub(crate) struct Running(Child);

impl Running {
    pub(crate) fn start(command: &mut Command) -> Result<Running, String> {
        let child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        child.map(Running).map_err(|error| error.to_string())
    }

    /// At which it listens: the first thing that it says.
    pub(crate) fn port(&mut self) -> Result<u16, String> {
        let mut line = String::new();
        let output = self.0.stdout.as_mut().ok_or("nothing is heard of it")?;
        BufReader::new(output)
            .read_line(&mut line)
            .map_err(|error| error.to_string())?;
        line.trim().parse().map_err(|_| "it does not start".to_owned())
    }

    /// What all of its threads have used so far.
    pub(crate) fn cpu(&self) -> Result<Duration, String> {
        let clock = ClockId::pid_cpu_clock_id(Pid::from_raw(self.0.id() as i32));
        let now = clock
            .and_then(ClockId::now)
            .map_err(|error| format!("it has ended: {error}"))?;
        Ok(now.into())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// As many as this process may have; a server inherits that.
fn allow_many_descriptors() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    let _ = setrlimit(Resource::Nofile, limit);
}
