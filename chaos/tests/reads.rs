//! Reads against a plain model: whatever is read, in whatever pieces it comes, with whatever limit, has the outcome that the rules of
//! `asyncio.StreamReader` give by themselves.
//!
//! A case is drawn from its seed: reads of all kinds, one after the other, and what the reader is told while they wait: bytes in pieces of any
//! length, cancellations, the end or an error. The model knows of no tasks and no wake-ups: it tries a read on what has come, and if that
//! is not enough it takes the next of what the reader is told.
//!
//! `KOLO_FUZZ_READS=n` runs so many cases, `KOLO_FUZZ_SEED=s` begins with that seed; with the seed alone just that one runs, and is shown.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt::Write;
use std::rc::Rc;
use std::time::Instant;

use kolo::testing::{hops, run};
use kolo::{Error, IncompleteRead, LimitOverrun, Result, StreamReader, create_task};
use kolo_chaos::numbers::Numbers;
use kolo_chaos::workers::{on_all, told};

/// As many as fit into five seconds of a debug build on two processors.
const CASES: usize = 60_000;
/// How many are run by one loop.
const AT_ONCE: usize = 100;

#[test]
fn reads_have_the_outcomes_of_the_model() {
    let seed: Option<u64> = told("KOLO_FUZZ_SEED");
    let cases = told("KOLO_FUZZ_READS").unwrap_or(if seed.is_some() { 1 } else { CASES });
    let (first, shows) = (seed.unwrap_or(1), cases == 1);
    let start = Instant::now();
    let failures = on_all(cases.div_ceil(AT_ONCE), |number| {
        let from = first + (number * AT_ONCE) as u64;
        let count = AT_ONCE.min(cases - number * AT_ONCE) as u64;
        compare(from..from + count, shows)
    });
    println!("{cases} cases in {:.1} s", start.elapsed().as_secs_f64());
    let rerun = "to run one of them: KOLO_FUZZ_SEED=seed cargo test -p kolo-chaos --test reads -- --nocapture";
    assert!(failures.is_empty(), "{}\n{rerun}", failures.join("\n"));
}

/// Runs these cases in a loop of their own.
fn compare(seeds: std::ops::Range<u64>, shows: bool) -> std::result::Result<(), String> {
    let outcome = run(async move {
        for seed in seeds {
            let case = Case::draw(seed);
            if shows {
                println!("{case:#?}");
            }
            let (expected, real) = (case.model(), case.run().await?);
            if expected != real {
                return Ok(Err(format!("{seed}: the model says\n{expected}\nand the reader\n{real}")));
            }
        }
        Ok(Ok(()))
    });
    outcome.unwrap_or_else(|error| Err(format!("a run failed: {error:?}")))
}

#[derive(Debug)]
struct Case {
    limit: usize,
    reads: Vec<Read>,
    events: Vec<Event>,
}

/// What is read.
#[derive(Clone, Debug)]
enum Read {
    Some(usize),
    Exactly(usize),
    Until(Vec<Vec<u8>>),
    Line,
    ToEnd,
}

/// What the reader is told, once all that it was told before has had its effect.
#[derive(Clone, Debug)]
enum Event {
    Bytes(Vec<u8>),
    Cancel,
    End,
    Error,
}

/// Few kinds of bytes: separators are found, and their beginnings without their ends.
fn bytes(numbers: &mut Numbers, count: usize) -> Vec<u8> {
    (0..count).map(|_| b"aab\n"[numbers.below(4)]).collect()
}

impl Case {
    fn draw(seed: u64) -> Case {
        let mut numbers = Numbers::new(seed);
        let numbers = &mut numbers;
        let most = if numbers.once_in(4) { 64 } else { 8 };
        let limit = 1 + numbers.below(most);
        let reads = (0..1 + numbers.below(6)).map(|_| Read::draw(numbers)).collect();
        let most = if numbers.once_in(3) { 40 } else { 6 };
        let mut events: Vec<Event> = (0..numbers.below(8)).map(|_| Event::draw(numbers, most)).collect();
        events.push(if numbers.once_in(8) { Event::Error } else { Event::End });
        Case { limit, reads, events }
    }

    /// What each read comes to, line by line.
    fn model(&self) -> String {
        let mut model = Model {
            limit: self.limit,
            ..Model::default()
        };
        let mut events: VecDeque<Event> = self.events.iter().cloned().collect();
        let mut outcomes = String::new();
        for read in &self.reads {
            let mut taken = Vec::new();
            let outcome = loop {
                if let Some(outcome) = model.attempt(read, &mut taken) {
                    break outcome;
                }
                match events.pop_front().expect("the end comes last") {
                    Event::Bytes(bytes) => model.buffer.extend(bytes),
                    Event::Cancel => break "cancelled".to_owned(),
                    Event::End => model.has_ended = true,
                    Event::Error => model.has_failed = true,
                }
            };
            writeln!(outcomes, "{outcome}").expect("a text");
        }
        write!(outcomes, "{} left", model.buffer.len()).expect("a text");
        outcomes
    }

    /// The same of a reader.
    async fn run(&self) -> Result<String> {
        let reader = StreamReader::with_limit(self.limit)?;
        let outcomes = Rc::new(RefCell::new(String::new()));
        let task = {
            let (reads, reader, outcomes) = (self.reads.clone(), reader.clone(), outcomes.clone());
            create_task(async move {
                for read in reads {
                    let outcome = shown(read.of(&reader).await);
                    writeln!(outcomes.borrow_mut(), "{outcome}").expect("a text");
                }
                Ok(())
            })
        };
        hops(1).await?;
        for event in &self.events {
            if task.done() {
                break;
            }
            match event {
                Event::Bytes(bytes) => reader.feed_data(bytes),
                Event::Cancel => drop(task.cancel()),
                Event::End => reader.feed_eof(),
                Event::Error => reader.set_error(Error::value("mine")),
            }
            hops(1).await?;
        }
        task.await?;
        let mut outcomes = outcomes.take();
        let debug = format!("{reader:?}");
        let words: Vec<&str> = debug.split(' ').collect();
        let left = match words[..] {
            [_, count, "bytes" | "bytes>", ..] => count,
            _ => "0",
        };
        write!(outcomes, "{left} left").expect("a text");
        Ok(outcomes)
    }
}

impl Event {
    fn draw(numbers: &mut Numbers, most: usize) -> Event {
        if numbers.once_in(8) {
            return Event::Cancel;
        }
        let count = numbers.below(most + 1);
        Event::Bytes(bytes(numbers, count))
    }
}

impl Read {
    fn draw(numbers: &mut Numbers) -> Read {
        match numbers.below(8) {
            0 => Read::Some(numbers.below(12)),
            1 => Read::Exactly(numbers.below(12)),
            2 | 3 => Read::Line,
            4 if numbers.once_in(2) => Read::ToEnd,
            _ => {
                let count = if numbers.once_in(12) { 0 } else { 1 + numbers.below(3) };
                let length = |numbers: &mut Numbers| if numbers.once_in(20) { 0 } else { 1 + numbers.below(4) };
                let mut separator = || {
                    let length = length(numbers);
                    bytes(numbers, length)
                };
                Read::Until((0..count).map(|_| separator()).collect())
            }
        }
    }

    async fn of(self, reader: &StreamReader) -> Result<Vec<u8>> {
        match self {
            Read::Some(count) => reader.read(count).await,
            Read::Exactly(count) => reader.read_exactly(count).await,
            Read::Until(separators) => reader.read_until_any(separators).await,
            Read::Line => reader.read_line().await,
            Read::ToEnd => reader.read_to_end().await,
        }
    }
}

/// An outcome with all its data.
fn shown(outcome: Result<Vec<u8>>) -> String {
    let error = match outcome {
        Ok(bytes) => return text(&bytes),
        Err(error) if error.is_cancelled() => return "cancelled".to_owned(),
        Err(error) => error,
    };
    if let Some(incomplete) = error.downcast_ref::<IncompleteRead>() {
        return format!("{} of {:?}", text(&incomplete.partial), incomplete.expected);
    }
    match error.downcast_ref::<LimitOverrun>() {
        Some(overrun) => format!("{}: {}", overrun.message, overrun.consumed),
        None => format!("{:?}: {}", error.kind(), error.message()),
    }
}

fn text(bytes: &[u8]) -> String {
    format!("{:?}", String::from_utf8_lossy(bytes))
}

/// What a reader knows.
#[derive(Default)]
struct Model {
    limit: usize,
    buffer: Vec<u8>,
    has_ended: bool,
    has_failed: bool,
}

const NOT_FOUND: &str = "Separator is not found, and chunk exceed the limit";
const TOO_LONG: &str = "Separator is found, but chunk is longer than limit";

/// What a search comes to.
enum Search {
    /// With the separator.
    Chunk(usize),
    Incomplete,
    Overrun(&'static str, usize),
}

impl Model {
    /// What this comes to, if what has come is enough; `taken` is what a read to the end has so far.
    fn attempt(&mut self, read: &Read, taken: &mut Vec<u8>) -> Option<String> {
        if let Read::Until(separators) = read
            && let Some(error) = refused(separators)
        {
            return Some(format!("Value: {error}"));
        }
        if self.has_failed {
            return Some("Value: mine".to_owned());
        }
        match read {
            Read::Some(0) => Some(text(b"")),
            Read::Some(count) => (!self.buffer.is_empty() || self.has_ended).then(|| text(&self.take(*count))),
            Read::Exactly(count) if self.buffer.len() >= *count => Some(text(&self.take(*count))),
            Read::Exactly(count) => self
                .has_ended
                .then(|| format!("{} of {:?}", text(&self.take(usize::MAX)), Some(*count))),
            Read::Until(separators) => Some(match self.search(separators)? {
                Search::Chunk(end) => text(&self.take(end)),
                Search::Incomplete => format!("{} of None", text(&self.take(usize::MAX))),
                Search::Overrun(message, consumed) => format!("{message}: {consumed}"),
            }),
            Read::Line => Some(match self.search(&[b"\n".to_vec()])? {
                Search::Chunk(end) => text(&self.take(end)),
                Search::Incomplete => text(&self.take(usize::MAX)),
                Search::Overrun(message, consumed) => {
                    let has_end = self.buffer.get(consumed) == Some(&b'\n');
                    self.take(if has_end { consumed + 1 } else { usize::MAX });
                    format!("Value: {message}")
                }
            }),
            Read::ToEnd => {
                while !self.buffer.is_empty() {
                    let block = self.take(self.limit);
                    taken.extend(block);
                }
                self.has_ended.then(|| text(taken))
            }
        }
    }

    fn take(&mut self, count: usize) -> Vec<u8> {
        self.buffer.drain(..count.min(self.buffer.len())).collect()
    }

    /// The separator that ends first, of those that end there the shortest.
    fn search(&self, separators: &[Vec<u8>]) -> Option<Search> {
        let longest = separators.iter().map(Vec::len).max().unwrap_or(0);
        let found = (1..=self.buffer.len()).find_map(|end| {
            let ending = separators.iter().filter(|separator| self.buffer[..end].ends_with(separator));
            ending.map(|separator| (end - separator.len(), end)).max()
        });
        let passed = (self.buffer.len() + 1).saturating_sub(longest);
        match found {
            Some((start, _)) if start > self.limit => Some(Search::Overrun(TOO_LONG, start)),
            Some((_, end)) => Some(Search::Chunk(end)),
            None if passed > self.limit => Some(Search::Overrun(NOT_FOUND, passed)),
            None => self.has_ended.then_some(Search::Incomplete),
        }
    }
}

/// What is wrong with the separators.
fn refused(separators: &[Vec<u8>]) -> Option<&'static str> {
    if separators.is_empty() {
        return Some("Separator should contain at least one element");
    }
    let is_empty = separators.iter().any(Vec::is_empty);
    is_empty.then_some("Separator should be at least one-byte string")
}
