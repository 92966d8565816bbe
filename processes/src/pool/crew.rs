//! `Crew`: the processes of a pool, a thread that attends to each, and the jobs that wait for them.

use std::collections::VecDeque;
use std::io::BufReader;
use std::mem;
use std::net::Shutdown;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use kolo_executor::{Error, Kind, Result};
use rustix::process::Signal;

use crate::letter::Received;
use crate::pool::job::Job;
use crate::worker::Worker;

#[derive(Default)]
pub(crate) struct Crew {
    state: Mutex<State>,
    news: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    /// How many workers have nothing to do that no job has been submitted for.
    idle: usize,
    workers: Vec<Arc<Worker>>,
    attendants: Vec<JoinHandle<()>>,
    is_shut_down: bool,
    is_broken: bool,
}

impl Crew {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing of the user's runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many processes there are, and how many jobs wait for them.
    pub(crate) fn sizes(&self) -> (usize, usize) {
        let state = self.lock();
        (state.workers.len(), state.jobs.len())
    }

    pub(crate) fn is_shut_down(&self) -> bool {
        self.lock().is_shut_down
    }

    /// Fails unless jobs are accepted.
    pub(crate) fn check(&self) -> Result<()> {
        self.open().map(drop)
    }

    /// The state of a pool that accepts jobs.
    fn open(&self) -> Result<MutexGuard<'_, State>> {
        let state = self.lock();
        if state.is_shut_down && !state.is_broken {
            return Err(Error::runtime("cannot schedule new futures after shutdown"));
        }
        // Who attends to an idle worker hears of its death only when it is asked something.
        let has_died = |worker: &Arc<Worker>| !matches!(worker.poll(), Ok(None));
        if state.is_broken || state.idle > 0 && state.workers.iter().any(has_died) {
            drop(state);
            self.give_up(None);
            let text = "A child process terminated abruptly, the process pool is not usable anymore";
            return Err(Error::new(Kind::BrokenPool, text));
        }
        Ok(state)
    }

    /// Has a worker do the job: one that is idle, or a new one as long as there are fewer than `most`, or whoever is ready first.
    pub(crate) fn accept(self: &Arc<Self>, job: Job, most: usize) -> Result<()> {
        let mut state = self.open()?;
        state.jobs.push_back(job);
        if state.idle > 0 {
            state.idle -= 1;
            drop(state);
            self.news.notify_one();
            return Ok(());
        }
        if state.workers.len() == most {
            return Ok(());
        }
        match self.hire(&mut state) {
            // Those that are there come to it.
            Err(_) if !state.workers.is_empty() => Ok(()),
            Err(error) => {
                let job = state.jobs.pop_back();
                drop(state);
                drop(job);
                Err(error)
            }
            Ok(()) => Ok(()),
        }
    }

    fn hire(self: &Arc<Self>, state: &mut State) -> Result<()> {
        let worker = Arc::new(Worker::start(None)?);
        let (crew, attended) = (self.clone(), worker.clone());
        let attend = move || crew.attend(&attended);
        match thread::Builder::new().name("kolo-processes".to_owned()).spawn(attend) {
            Ok(attendant) => {
                state.workers.push(worker);
                state.attendants.push(attendant);
                Ok(())
            }
            Err(error) => {
                worker.signal(Signal::KILL)?;
                worker.wait(None)?;
                Err(Error::runtime(format!("can't start new thread: {error}")))
            }
        }
    }

    /// The life of a thread that attends to a worker.
    fn attend(self: &Arc<Self>, worker: &Worker) {
        let mut answers = BufReader::new(&worker.socket);
        let mut next = self.first();
        while let Some(mut job) = next.or_else(|| self.wait()) {
            if !job.begin() {
                next = self.first();
                continue;
            }
            let asked = job.letter.send(&worker.socket);
            match asked.and_then(|()| Received::receive(&mut answers)) {
                Ok(answer) => {
                    // Before anybody hears of the end: who then submits another job finds the worker idle.
                    next = self.first();
                    job.finish(answer);
                }
                Err(_) => {
                    self.give_up(Some(job));
                    break;
                }
            }
        }
        // It reads the end, and ends.
        let _ = worker.socket.shutdown(Shutdown::Write);
        let _ = worker.wait(None);
    }

    /// The first of the jobs that wait. If there is none, one worker more is idle.
    fn first(&self) -> Option<Job> {
        let mut state = self.lock();
        let first = state.jobs.pop_front();
        if first.is_none() {
            state.idle += 1;
        }
        first
    }

    /// Waits for a job, for a worker that is idle; `None` when none will come.
    fn wait(&self) -> Option<Job> {
        let mut state = self.lock();
        loop {
            // Whoever submits a job counts one less that is idle: it may be another that comes to it.
            match state.jobs.pop_front() {
                None if state.is_shut_down || state.is_broken => return None,
                None => state = self.news.wait(state).unwrap_or_else(PoisonError::into_inner),
                job => return job,
            }
        }
    }

    /// A worker has died, of whom somebody may have expected something: all jobs fail, first the one that it was at, and all workers end.
    fn give_up(&self, dying: Option<Job>) {
        let mut state = self.lock();
        let was_broken = mem::replace(&mut state.is_broken, true);
        let (jobs, workers) = (mem::take(&mut state.jobs), state.workers.clone());
        drop(state);
        self.news.notify_all();
        for worker in workers.into_iter().filter(|_| !was_broken) {
            // One that is stopped would not hear of it.
            let _ = worker.signal(Signal::TERM).and_then(|()| worker.signal(Signal::CONT));
            // And its attendant waits for no answer any more.
            let _ = worker.socket.shutdown(Shutdown::Both);
        }
        let text = "A process in the process pool was terminated abruptly while the future was running or pending.";
        for job in dying.into_iter().chain(jobs) {
            job.fail(Error::new(Kind::BrokenPool, text).without_place());
        }
    }

    pub(crate) fn shut_down(&self, wait: bool, cancel_futures: bool) {
        let mut state = self.lock();
        state.is_shut_down = true;
        let cancelled = cancel_futures.then(|| mem::take(&mut state.jobs));
        drop(state);
        self.news.notify_all();
        cancelled.into_iter().flatten().for_each(Job::cancel);
        if wait {
            self.join();
        }
    }

    /// Waits for the threads, of which this may be one, in a callback of a future.
    fn join(&self) {
        let here = thread::current().id();
        let mut state = self.lock();
        while let Some(at) = state.attendants.iter().position(|thread| thread.thread().id() != here) {
            let attendant = state.attendants.remove(at);
            drop(state);
            // What is the user's was caught one by one.
            let _ = attendant.join();
            state = self.lock();
        }
    }
}
