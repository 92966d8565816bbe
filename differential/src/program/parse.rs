//! From JSON to a [`Program`], or to a sentence on what is wrong with it.

use std::fmt;

use serde_json::Value;

use super::arguments::Arguments;
use super::{Body, Program, Resources, Step, table};

/// Why something is not a program: where it stands, what should stand there, what does.
#[derive(Debug)]
pub struct ParseError {
    place: String,
    expected: String,
    found: String,
}

impl ParseError {
    pub(super) fn new(place: impl Into<String>, expected: impl Into<String>, found: &Value) -> ParseError {
        ParseError {
            place: place.into(),
            expected: expected.into(),
            found: abridged(found),
        }
    }

    pub(super) fn missing(place: impl Into<String>, expected: impl Into<String>) -> ParseError {
        ParseError {
            place: place.into(),
            expected: expected.into(),
            found: "nothing".into(),
        }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: expected {}, found {}", self.place, self.expected, self.found)
    }
}

impl std::error::Error for ParseError {}

/// Enough of a value to recognise it by.
fn abridged(value: &Value) -> String {
    const ENOUGH: usize = 60;
    let text = value.to_string();
    match text.char_indices().nth(ENOUGH) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

/// Reads a program: the object itself, or a line of a corpus, an object that holds it under the key `program`.
///
/// # Errors
/// The first place at which the value is not a program, in the order of the text.
pub fn parse(value: &Value) -> Result<Program, ParseError> {
    let program = value.get("program").unwrap_or(value);
    let keys = program
        .as_object()
        .ok_or_else(|| ParseError::new("the program", "an object", program))?;
    let resources = Resources::parse(keys)?;
    let coroutines = match program["coros"].as_array() {
        Some(bodies) if !bodies.is_empty() => bodies,
        _ => {
            return Err(ParseError::new(
                "key \"coros\"",
                "a list of at least one body",
                &program["coros"],
            ));
        }
    };
    let mut scope = Scope::new(&resources, coroutines.len());
    let coroutines = coroutines
        .iter()
        .enumerate()
        .map(|(index, body)| scope.body(&index.to_string(), body))
        .collect::<Result<_, _>>()?;
    Ok(Program { resources, coroutines })
}

/// What surrounds the bodies being read: it decides what they may name and do.
pub(super) struct Scope<'a> {
    pub(super) resources: &'a Resources,
    pub(super) coroutines: usize,
    /// Within the acts of a callback, which nothing may wait in and no task runs.
    pub(super) in_callback: bool,
    /// Within a handler of a `try`, which has an error to raise again.
    pub(super) in_handler: bool,
}

impl<'a> Scope<'a> {
    fn new(resources: &'a Resources, coroutines: usize) -> Scope<'a> {
        Scope {
            resources,
            coroutines,
            in_callback: false,
            in_handler: false,
        }
    }

    pub(super) fn body(&mut self, path: &str, value: &Value) -> Result<Body, ParseError> {
        let steps = value
            .as_array()
            .ok_or_else(|| ParseError::new(format!("body {path}"), "a list of ops", value))?;
        steps
            .iter()
            .enumerate()
            .map(|(index, step)| self.step(format!("{path}.{index}"), step))
            .collect()
    }

    /// A body that is read under other rules than what surrounds it.
    pub(super) fn body_with(
        &mut self,
        path: &str,
        value: &Value,
        (in_callback, in_handler): (bool, bool),
    ) -> Result<Body, ParseError> {
        let outside = (self.in_callback, self.in_handler);
        (self.in_callback, self.in_handler) = (in_callback, in_handler);
        let body = self.body(path, value);
        (self.in_callback, self.in_handler) = outside;
        body
    }

    fn step(&mut self, path: String, value: &Value) -> Result<Step, ParseError> {
        let parts = value.as_array().and_then(|parts| parts.split_first());
        let named = parts.and_then(|(name, arguments)| Some((name.as_str()?, arguments)));
        let (name, arguments) =
            named.ok_or_else(|| ParseError::new(format!("op {path}"), "a list that begins with an op's name", value))?;
        let mut arguments = Arguments::new(self, &path, name, arguments);
        let op = table::read(&mut arguments)?;
        arguments.finish()?;
        Ok(Step {
            name: name.to_owned(),
            op,
            path,
        })
    }
}
