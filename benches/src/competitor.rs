//! Who can be measured, and how.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::catalogue::Contender;

/// Beyond this the interpreters take minutes.
pub const LARGEST_FOR_PYTHON: usize = 100_000;

/// The longest that one measurement may take.
const LONGEST: Duration = Duration::from_secs(20);

/// How often to see whether it has ended.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// One of this program's own contenders, or a loop of a Python's. A measurement is a process either way.
pub struct Competitor {
    pub name: String,
    pub peer: String,
    pub is_floor: bool,
    program: PathBuf,
    arguments: Vec<String>,
    pub is_python: bool,
}

impl Competitor {
    pub fn rust<F>(command: &str, work: &str, contender: &Contender<F>) -> Competitor {
        Competitor {
            name: contender.name(),
            peer: contender.peer.to_owned(),
            is_floor: contender.is_floor(),
            program: env::current_exe().expect("the path of this program"),
            arguments: vec![command.to_owned(), work.to_owned(), contender.name()],
            is_python: false,
        }
    }

    /// One measurement of a size, as JSON; of about so many milliseconds, where that is a choice.
    pub fn measure(&self, size: usize, milliseconds: Option<u64>) -> Result<Value, String> {
        let size = if self.is_python { size.min(LARGEST_FOR_PYTHON) } else { size };
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .arg(size.to_string())
            .args(milliseconds.map(|time| time.to_string()));
        let output = output_in_time(&mut command)?;
        let printed = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            let complaint = String::from_utf8_lossy(&output.stderr);
            return Err(complaint.lines().last().unwrap_or("it was killed").to_owned());
        }
        serde_json::from_str(&printed).map_err(|error| error.to_string())
    }
}

/// What the command prints, which is little. Some peers' costs grow with the square of the size: nobody waits for those.
fn output_in_time(command: &mut Command) -> Result<Output, String> {
    let complain = |error: std::io::Error| error.to_string();
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(complain)?;
    let begun = Instant::now();
    while child.try_wait().map_err(complain)?.is_none() {
        if begun.elapsed() > LONGEST {
            child.kill().map_err(complain)?;
            child.wait().map_err(complain)?;
            return Err(format!("took longer than {} s", LONGEST.as_secs()));
        }
        thread::sleep(LOOK_AGAIN);
    }
    child.wait_with_output().map_err(complain)
}

/// asyncio, and uvloop where it is installed, on the workloads the script knows.
pub struct Python {
    program: PathBuf,
    script: PathBuf,
    pub loops: Vec<(String, String)>,
    workloads: Vec<String>,
}

impl Python {
    /// The interpreter named by `PYTHON`, otherwise `python3`; nothing if it does not run.
    pub fn find() -> Option<Python> {
        let program = PathBuf::from(env::var_os("PYTHON").unwrap_or_else(|| "python3".into()));
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("asyncio/loops.py");
        let output = Command::new(&program).arg(&script).arg("--which").output().ok()?;
        let which: Value = serde_json::from_slice(&output.stdout).ok()?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let loops = which["loops"]
            .as_object()?
            .iter()
            .map(|(name, version)| (name.clone(), text(version)));
        let workloads = which["workloads"].as_array()?.iter().map(text).collect();
        Some(Python {
            program,
            script,
            loops: loops.collect(),
            workloads,
        })
    }

    /// Servers of each loop, and the commands that are one.
    pub fn servers(&self) -> Vec<(String, String, Vec<String>)> {
        let script = self.script.with_file_name("net.py").display().to_string();
        let program = self.program.display().to_string();
        let kinds = [("streams", ""), ("protocol", " protocol")];
        let servers = self
            .loops
            .iter()
            .flat_map(|(name, _)| kinds.map(|(kind, suffix)| (name, kind, suffix)));
        let server = |(name, kind, suffix): (&String, &str, &str)| {
            let arguments = vec![script.clone(), name.clone(), kind.to_owned()];
            (format!("{name}{suffix}"), program.clone(), arguments)
        };
        servers.map(server).collect()
    }

    pub fn competitors(&self, work: &str) -> Vec<Competitor> {
        if !self.workloads.iter().any(|known| known == work) {
            return Vec::new();
        }
        let competitor = |(name, _): &(String, String)| Competitor {
            name: name.clone(),
            peer: name.clone(),
            is_floor: false,
            program: self.program.clone(),
            arguments: vec![self.script.display().to_string(), name.clone(), work.to_owned()],
            is_python: true,
        };
        self.loops.iter().map(competitor).collect()
    }
}
