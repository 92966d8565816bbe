//! What is measured is CPU time: it does not count the moments in which somebody else had the processor.

use std::time::Duration;

use nix::time::ClockId;

/// What a piece of work cost: CPU time, and how many operations it was spent on.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    pub cpu: Duration,
    pub operations: u64,
}

impl Cost {
    pub fn nanoseconds_each(self) -> f64 {
        self.cpu.as_nanos() as f64 / self.operations as f64
    }
}

/// CPU time used so far by all threads of this process: some runtimes keep a helper thread, and its work counts.
pub fn process_cpu() -> Duration {
    now(ClockId::CLOCK_PROCESS_CPUTIME_ID)
}

/// CPU time used so far by the calling thread.
pub fn thread_cpu() -> Duration {
    now(ClockId::CLOCK_THREAD_CPUTIME_ID)
}

fn now(clock: ClockId) -> Duration {
    clock.now().expect("a clock that Linux has").into()
}

/// Counts the process's CPU time between `start` and `stop`, as often as wanted.
#[derive(Default)]
pub struct Stopwatch {
    started: Duration,
    counted: Duration,
}

impl Stopwatch {
    pub fn started() -> Stopwatch {
        let mut watch = Stopwatch::default();
        watch.start();
        watch
    }

    pub fn start(&mut self) {
        self.started = process_cpu();
    }

    pub fn stop(&mut self) {
        self.counted += process_cpu() - self.started;
    }

    /// The cost of each of `operations`, which took all the time counted so far.
    pub fn cost(&self, operations: u64) -> Cost {
        Cost {
            cpu: self.counted,
            operations,
        }
    }
}
