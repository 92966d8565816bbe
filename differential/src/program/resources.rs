//! What a program declares: how many of each resource there are, and how they begin.

use serde_json::{Map, Value};

use super::ParseError;

/// The resources of a program. All are shared by all of its tasks and callbacks.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "fields are named for the keys of the program")]
pub struct Resources {
    pub locks: usize,
    pub events: usize,
    pub conditions: usize,
    pub semaphores: Vec<usize>,
    pub bounded: Vec<usize>,
    pub barriers: Vec<usize>,
    pub queues: Vec<QueueShape>,
    pub futures: usize,
    pub counters: usize,
    pub context_variables: usize,
    pub task_slots: usize,
    pub gather_slots: usize,
    pub shield_slots: usize,
    pub handle_slots: usize,
    pub callback_slots: usize,
    pub groups: usize,
    pub pairs: usize,
    pub listeners: usize,
    pub socks: usize,
    pub streams: usize,
    pub servers: usize,
}

/// How a queue begins.
#[derive(Debug)]
pub struct QueueShape {
    /// Which end items leave by.
    pub kind: QueueKind,
    /// How many items it holds; 0 for any number.
    pub maxsize: usize,
}

/// Which item a queue gives out next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum QueueKind {
    Fifo,
    Lifo,
    Priority,
}

/// As many context variables as any program may declare.
const MOST_CONTEXT_VARIABLES: usize = 4;

impl Resources {
    /// Reads every key of the program but `coros`.
    pub(super) fn parse(program: &Map<String, Value>) -> Result<Resources, ParseError> {
        let mut resources = Resources::default();
        for (key, value) in program {
            match key.as_str() {
                "coros" => {}
                "locks" => resources.locks = count(key, value)?,
                "events" => resources.events = count(key, value)?,
                "conditions" => resources.conditions = count(key, value)?,
                "semaphores" => resources.semaphores = counts(key, value)?,
                "bounded" => resources.bounded = counts(key, value)?,
                "barriers" => resources.barriers = counts(key, value)?,
                "queues" => resources.queues = list(key, value)?.iter().map(queue).collect::<Result<_, _>>()?,
                "futures" => resources.futures = count(key, value)?,
                "counters" => resources.counters = count(key, value)?,
                "ctxvars" => resources.context_variables = count(key, value)?,
                "slots" => resources.task_slots = count(key, value)?,
                "gslots" => resources.gather_slots = count(key, value)?,
                "sslots" => resources.shield_slots = count(key, value)?,
                "hslots" => resources.handle_slots = count(key, value)?,
                "dslots" => resources.callback_slots = count(key, value)?,
                "groups" => resources.groups = count(key, value)?,
                "pairs" => resources.pairs = count(key, value)?,
                "listeners" => resources.listeners = count(key, value)?,
                "socks" => resources.socks = count(key, value)?,
                "streams" => resources.streams = count(key, value)?,
                "servers" => resources.servers = count(key, value)?,
                _ => {
                    return Err(ParseError::new(
                        format!("key {key:?}"),
                        "a key of the program language",
                        value,
                    ));
                }
            }
        }
        if resources.context_variables > MOST_CONTEXT_VARIABLES {
            let expected = format!("at most {MOST_CONTEXT_VARIABLES} context variables");
            return Err(ParseError::new(
                "key \"ctxvars\"",
                expected,
                &resources.context_variables.into(),
            ));
        }
        Ok(resources)
    }
}

fn list<'a>(key: &str, value: &'a Value) -> Result<&'a Vec<Value>, ParseError> {
    value
        .as_array()
        .ok_or_else(|| ParseError::new(format!("key {key:?}"), "a list", value))
}

fn count(key: &str, value: &Value) -> Result<usize, ParseError> {
    let number = value.as_u64().and_then(|number| usize::try_from(number).ok());
    number.ok_or_else(|| ParseError::new(format!("key {key:?}"), "a number, 0 or above", value))
}

fn counts(key: &str, value: &Value) -> Result<Vec<usize>, ParseError> {
    list(key, value)?.iter().map(|item| count(key, item)).collect()
}

fn queue(value: &Value) -> Result<QueueShape, ParseError> {
    let kind = match value["kind"].as_str() {
        Some("fifo") => QueueKind::Fifo,
        Some("lifo") => QueueKind::Lifo,
        Some("priority") => QueueKind::Priority,
        _ => {
            return Err(ParseError::new(
                "key \"queues\"",
                "a queue of kind fifo, lifo or priority",
                value,
            ));
        }
    };
    Ok(QueueShape {
        kind,
        maxsize: count("queues", &value["maxsize"])?,
    })
}
