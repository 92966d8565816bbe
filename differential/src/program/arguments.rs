//! The arguments of one op, taken from left to right and checked as they are taken.

use serde_json::Value;

use super::parse::{ParseError, Scope};
use super::{Body, Child, CompletionMode, Operand, Reference, Target, Ticks, WaitMode};

/// The arguments of one op that are still to be taken.
pub(super) struct Arguments<'s, 'r, 'v> {
    scope: &'s mut Scope<'r>,
    path: &'s str,
    name: &'s str,
    all: &'v [Value],
    taken: usize,
}

impl<'s, 'r, 'v> Arguments<'s, 'r, 'v> {
    pub(super) fn new(scope: &'s mut Scope<'r>, path: &'s str, name: &'s str, all: &'v [Value]) -> Self {
        Arguments {
            scope,
            path,
            name,
            all,
            taken: 0,
        }
    }

    pub(super) fn op_name(&self) -> &'s str {
        self.name
    }

    pub(super) fn resources(&self) -> &'r super::Resources {
        self.scope.resources
    }

    /// That the op itself may not stand here, or is none at all.
    pub(super) fn refuse(&self, expected: &str) -> ParseError {
        ParseError::new(format!("op {}", self.path), expected, &Value::from(self.name))
    }

    /// Refuses an op that needs a running task, in callbacks.
    pub(super) fn outside_callbacks(&self) -> Result<(), ParseError> {
        if self.scope.in_callback {
            Err(self.refuse("an op that is allowed in a callback"))
        } else {
            Ok(())
        }
    }

    /// Refuses an op that needs an error being handled, outside handlers.
    pub(super) fn inside_handlers(&self) -> Result<(), ParseError> {
        if self.scope.in_handler {
            Ok(())
        } else {
            Err(self.refuse("an op that is allowed outside a handler"))
        }
    }

    /// That all have been taken.
    pub(super) fn finish(self) -> Result<(), ParseError> {
        if self.taken == self.all.len() {
            return Ok(());
        }
        let expected = format!("{} arguments", self.taken);
        Err(ParseError::new(
            format!("op {} ({})", self.path, self.name),
            expected,
            &self.all.len().into(),
        ))
    }

    pub(super) fn next(&mut self, expected: &str) -> Result<&'v Value, ParseError> {
        self.taken += 1;
        self.all
            .get(self.taken - 1)
            .ok_or_else(|| ParseError::missing(self.place(), expected))
    }

    /// That the argument taken last is not what it should be.
    pub(super) fn wrong(&self, expected: impl Into<String>, found: &Value) -> ParseError {
        ParseError::new(self.place(), expected, found)
    }

    fn place(&self) -> String {
        format!("op {} ({}), argument {}", self.path, self.name, self.taken)
    }

    pub(super) fn operand(&mut self) -> Result<Operand, ParseError> {
        const EXPECTED: &str = "an integer or \"r\"";
        let value = self.next(EXPECTED)?;
        match (value.as_i64(), value.as_str()) {
            (Some(literal), _) => Ok(Operand::Literal(literal)),
            (_, Some("r")) => Ok(Operand::Register),
            _ => Err(self.wrong(EXPECTED, value)),
        }
    }

    pub(super) fn integer(&mut self) -> Result<i64, ParseError> {
        let value = self.next("an integer")?;
        value.as_i64().ok_or_else(|| self.wrong("an integer", value))
    }

    pub(super) fn count(&mut self) -> Result<usize, ParseError> {
        const EXPECTED: &str = "an integer, 0 or above";
        let value = self.next(EXPECTED)?;
        let count = value.as_u64().and_then(|count| usize::try_from(count).ok());
        count.ok_or_else(|| self.wrong(EXPECTED, value))
    }

    pub(super) fn optional_integer(&mut self) -> Result<Option<i64>, ParseError> {
        match self.all.get(self.taken) {
            Some(Value::Null) => self.next("an integer or null").map(|_| None),
            _ => self.integer().map(Some),
        }
    }

    pub(super) fn optional_count(&mut self) -> Result<Option<usize>, ParseError> {
        match self.all.get(self.taken) {
            Some(Value::Null) => self.next("an integer, 0 or above, or null").map(|_| None),
            _ => self.count().map(Some),
        }
    }

    pub(super) fn boolean(&mut self) -> Result<bool, ParseError> {
        let value = self.next("true or false")?;
        value.as_bool().ok_or_else(|| self.wrong("true or false", value))
    }

    pub(super) fn ticks(&mut self) -> Result<Ticks, ParseError> {
        self.optional_ticks_or("ticks, 0 or above")?
            .ok_or_else(|| self.wrong("ticks, 0 or above", &Value::Null))
    }

    pub(super) fn optional_ticks(&mut self) -> Result<Option<Ticks>, ParseError> {
        self.optional_ticks_or("ticks, 0 or above, or null")
    }

    fn optional_ticks_or(&mut self, expected: &str) -> Result<Option<Ticks>, ParseError> {
        let value = self.next(expected)?;
        match value.as_i64() {
            Some(ticks) if ticks >= 0 => Ok(Some(Ticks(ticks))),
            None if value.is_null() => Ok(None),
            _ => Err(self.wrong(expected, value)),
        }
    }

    /// An index below `count` into `what`.
    pub(super) fn index(&mut self, count: usize, what: &str) -> Result<usize, ParseError> {
        let expected = format!("an index below {count} into the {what}");
        let value = self.next(&expected)?;
        in_range(value, count).ok_or_else(|| self.wrong(expected, value))
    }

    /// An index below `count` into `what`, or null.
    pub(super) fn optional_index(&mut self, count: usize, what: &str) -> Result<Option<usize>, ParseError> {
        let expected = format!("an index below {count} into the {what}, or null");
        let value = self.next(&expected)?;
        if value.is_null() {
            return Ok(None);
        }
        in_range(value, count).map(Some).ok_or_else(|| self.wrong(expected, value))
    }

    pub(super) fn coroutine(&mut self) -> Result<usize, ParseError> {
        self.index(self.scope.coroutines, "coroutines")
    }

    /// A reference of one of these kinds, such as `"t0"` of kind `t`.
    pub(super) fn reference(&mut self, kinds: &str) -> Result<Reference, ParseError> {
        let expected = expected_reference(kinds);
        let value = self.next(&expected)?;
        self.as_reference(value, kinds).ok_or_else(|| self.wrong(expected, value))
    }

    pub(super) fn references(&mut self, kinds: &str) -> Result<Vec<Reference>, ParseError> {
        self.each(&expected_reference(kinds), |this, value| this.as_reference(value, kinds))
    }

    pub(super) fn child(&mut self) -> Result<Child, ParseError> {
        let expected = expected_reference("ctfs");
        let value = self.next(&expected)?;
        self.as_child(value, "tfs").ok_or_else(|| self.wrong(expected, value))
    }

    pub(super) fn children(&mut self) -> Result<Vec<Child>, ParseError> {
        self.each(&expected_reference("ctfs"), |this, value| this.as_child(value, "tfs"))
    }

    pub(super) fn each<T>(&mut self, expected: &str, read: impl Fn(&Self, &Value) -> Option<T>) -> Result<Vec<T>, ParseError> {
        let value = self.next("a list")?;
        let items = value.as_array().ok_or_else(|| self.wrong("a list", value))?;
        items
            .iter()
            .map(|item| read(self, item).ok_or_else(|| self.wrong(expected, item)))
            .collect()
    }

    fn as_reference(&self, value: &Value, kinds: &str) -> Option<Reference> {
        let text = value.as_str()?;
        let kind = text.chars().next().filter(|kind| kinds.contains(*kind))?;
        if text == "m" {
            return Some(Reference::Main);
        }
        let index: usize = text.get(1..)?.parse().ok()?;
        let resources = self.scope.resources;
        let (count, reference) = match kind {
            't' => (resources.task_slots, Reference::Task(index)),
            'f' => (resources.futures, Reference::Promise(index)),
            'g' => (resources.gather_slots, Reference::Gather(index)),
            's' => (resources.shield_slots, Reference::Shield(index)),
            _ => return None,
        };
        (index < count).then_some(reference)
    }

    fn as_child(&self, value: &Value, kinds: &str) -> Option<Child> {
        match value.as_str()?.strip_prefix('c') {
            Some(index) => {
                let index: usize = index.parse().ok()?;
                (index < self.scope.coroutines).then_some(Child::Call(index))
            }
            None => self.as_reference(value, kinds).map(Child::Object),
        }
    }

    pub(super) fn target(&mut self) -> Result<Target, ParseError> {
        const EXPECTED: &str = "a body or a reference";
        let value = self.next(EXPECTED)?;
        if value.is_array() {
            return self.scope.body_with(self.path, value, (false, false)).map(Target::Body);
        }
        self.as_child(value, "tfgs")
            .map(Target::Child)
            .ok_or_else(|| self.wrong(EXPECTED, value))
    }

    pub(super) fn wait_mode(&mut self) -> Result<WaitMode, ParseError> {
        const EXPECTED: &str = "\"ALL\", \"FIRST\" or \"EXC\"";
        let value = self.next(EXPECTED)?;
        match value.as_str() {
            Some("ALL") => Ok(WaitMode::All),
            Some("FIRST") => Ok(WaitMode::First),
            Some("EXC") => Ok(WaitMode::FirstError),
            _ => Err(self.wrong(EXPECTED, value)),
        }
    }

    pub(super) fn completion_mode(&mut self) -> Result<CompletionMode, ParseError> {
        const EXPECTED: &str = "\"plain\" or \"async\"";
        let value = self.next(EXPECTED)?;
        match value.as_str() {
            Some("plain") => Ok(CompletionMode::Results),
            Some("async") => Ok(CompletionMode::Objects),
            _ => Err(self.wrong(EXPECTED, value)),
        }
    }

    /// The steps that run within this op, in its frame.
    pub(super) fn body(&mut self) -> Result<Body, ParseError> {
        let value = self.next("a body")?;
        self.scope.body(self.path, value)
    }

    /// What a callback does.
    pub(super) fn acts(&mut self) -> Result<Body, ParseError> {
        let value = self.next("a body")?;
        self.scope.body_with(self.path, value, (true, false))
    }

    /// The body that a `try` guards. The four bodies of a `try` are told apart by a letter in the path.
    pub(super) fn guarded_body(&mut self) -> Result<Body, ParseError> {
        let value = self.next("a body")?;
        self.scope.body(&format!("{}t", self.path), value)
    }

    /// Another body of a `try`: `c` and `e` handle an error, `f` runs in any case.
    pub(super) fn handler(&mut self, letter: char) -> Result<Option<Body>, ParseError> {
        let value = self.next("a body or null")?;
        if value.is_null() {
            return Ok(None);
        }
        let rules = (self.scope.in_callback, self.scope.in_handler || letter != 'f');
        self.scope
            .body_with(&format!("{}{letter}", self.path), value, rules)
            .map(Some)
    }
}

fn in_range(value: &Value, count: usize) -> Option<usize> {
    value
        .as_u64()
        .and_then(|index| usize::try_from(index).ok())
        .filter(|index| *index < count)
}

fn expected_reference(kinds: &str) -> String {
    let examples: Vec<_> = kinds
        .chars()
        .map(|kind| if kind == 'm' { "\"m\"".into() } else { format!("\"{kind}N\"") })
        .collect();
    format!("one of {}, N in range", examples.join(", "))
}
