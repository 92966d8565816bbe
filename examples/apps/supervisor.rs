//! A supervisor: it keeps its children running, starts again those that end, and on SIGTERM ends all of them and itself.

use std::rc::Rc;

use kolo::{Event, PIPE, Result, add_signal_handler, create_subprocess_shell, run, sleep, task_group, timeout, wait_for};

const SIGTERM: i32 = 15;
/// Seconds between the end of a child and its next start.
const PAUSE: f64 = 0.01;
/// Seconds that a child has after a SIGTERM of its own.
const GRACE: f64 = 0.2;
/// After so many ends a child is given up.
const ATTEMPTS: u32 = 3;

struct Service {
    name: &'static str,
    command: &'static str,
}

static SERVICES: [Service; 3] = [
    Service {
        name: "flaky",
        command: "exit 3",
    },
    Service {
        name: "good",
        command: "trap 'exit 0' TERM; echo ready; while :; do sleep 0.01; done",
    },
    Service {
        name: "stubborn",
        command: "trap '' TERM; echo ready; while :; do sleep 0.01; done",
    },
];

/// Runs a service until it is given up, or everything is to end; tells how that came, and what was seen of it.
async fn supervise(service: &'static Service, ending: Rc<Event>) -> Result<String> {
    let mut codes = Vec::new();
    while codes.len() < ATTEMPTS as usize {
        let process = create_subprocess_shell(service.command).stdout(PIPE).await?;
        if process.stdout.as_ref().expect("a pipe").read_line().await?.is_empty() {
            // It has ended before it was ready.
            codes.push(process.wait().await?);
            sleep(PAUSE).await?;
            continue;
        }
        ending.wait().await?;
        process.terminate()?;
        return match timeout(GRACE, process.wait()).await {
            Ok(code) => Ok(format!("ended when it was asked to: {code}")),
            Err(error) if error.is_timeout() => {
                process.kill()?;
                Ok(format!("had to be killed: {}", process.wait().await?))
            }
            Err(error) => Err(error),
        };
    }
    Ok(format!("given up after {codes:?}"))
}

fn main() -> Result<()> {
    run(async {
        let ending = Rc::new(Event::new());
        let asked = ending.clone();
        add_signal_handler(SIGTERM, move || asked.set())?;
        let supervised = task_group(async |group| {
            let start = |service| group.create_task(supervise(service, ending.clone()));
            let tasks = SERVICES.iter().map(start).collect::<Result<Vec<_>>>()?;
            // What an operator would do: the parent of this shell is the supervisor.
            let operator = create_subprocess_shell("sleep 0.3; kill -TERM $PPID").await?;
            wait_for(operator.wait(), 10).await?;
            Ok(tasks)
        });
        for (service, task) in SERVICES.iter().zip(supervised.await?) {
            println!("{:>8}: {}", service.name, task.await?);
        }
        println!("the supervisor ends");
        Ok(())
    })
}
