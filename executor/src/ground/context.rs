//! A context: values that belong to a task instead of to the program.

use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use crate::ground::nested_drop::nested_drop;

/// The values of all context variables. A handle: clones are the same context. Mirrors `contextvars.Context`.
///
/// A task runs in a copy of the context in which it was created, a callback in a copy of the one in which it was registered, unless they
/// are given one.
///
/// ```
/// use kolo::{Context, ContextVar, Task, run};
///
/// static USER: ContextVar<&str> = ContextVar::new("user");
///
/// run(async {
///     USER.set("ada");
///     let clean = Task::builder().context(Context::new()).spawn(async { Ok(USER.get()) });
///     assert_eq!(clean.await?, None);
///     Ok(())
/// })
/// .unwrap();
/// ```
#[derive(Clone)]
pub struct Context(
    /// `None`: nothing was ever set, and nobody has a handle. Most programs have no variables, and pay nothing for them.
    Option<Rc<RefCell<Rc<Values>>>>,
);

/// Programs have a handful of variables: a list beats a map. Copies share it until one of them changes.
#[derive(Clone, Default)]
struct Values(Vec<(u64, Rc<dyn Any>)>);

/// A value may own another context, in a long chain.
impl Drop for Values {
    fn drop(&mut self) {
        let values = std::mem::take(&mut self.0);
        if !values.is_empty() {
            nested_drop(|| drop(values));
        }
    }
}

impl Default for Context {
    fn default() -> Self {
        Context::new()
    }
}

impl Context {
    /// A context without values. Mirrors `contextvars.Context()`.
    pub fn new() -> Context {
        let mut context = Context::NONE;
        context.values();
        context
    }

    /// A context with the same values, which changes on its own. Mirrors `Context.copy`.
    ///
    /// ```
    /// use kolo::{Context, ContextVar};
    ///
    /// thread_local!(static USER: ContextVar<&'static str> = ContextVar::new("user"));
    ///
    /// USER.with(|user| {
    ///     user.set("Ann");
    ///     let before = Context::current();
    ///     let mine = before.copy();
    ///     mine.run(|| user.set("Bob"));
    ///     assert_eq!(mine.run(|| user.get()).unwrap(), "Bob");
    ///     assert_eq!(before.run(|| user.get()).unwrap(), "Ann");
    /// });
    /// ```
    pub fn copy(&self) -> Context {
        let mut copy = self.bare_copy();
        copy.values();
        copy
    }

    /// The copy for a new task or callback, which gets a place of its own when it is needed.
    #[inline]
    pub(crate) fn bare_copy(&self) -> Context {
        match &self.0 {
            Some(values) if !values.borrow().0.is_empty() => Context(Some(Rc::new(values.as_ref().clone()))),
            _ => Context::NONE,
        }
    }

    pub(crate) const NONE: Context = Context(None);

    pub(crate) fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// This context, for somebody to keep: from now on it has a place of its own.
    pub(crate) fn handle(&mut self) -> Context {
        self.values();
        self.clone()
    }

    fn values(&mut self) -> &RefCell<Rc<Values>> {
        self.0.get_or_insert_default()
    }

    pub(crate) fn get(&self, variable: u64) -> Option<Rc<dyn Any>> {
        let values = self.0.as_ref()?.borrow();
        values
            .0
            .iter()
            .find(|(key, _)| *key == variable)
            .map(|(_, value)| value.clone())
    }

    pub(crate) fn set(&mut self, variable: u64, value: Option<Rc<dyn Any>>) -> Option<Rc<dyn Any>> {
        let mut values = self.values().borrow_mut();
        let values = &mut Rc::make_mut(&mut values).0;
        let old = values
            .iter()
            .position(|(key, _)| *key == variable)
            .map(|at| values.swap_remove(at).1);
        values.extend(value.map(|value| (variable, value)));
        old
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let set = self.0.as_ref().map_or(0, |values| values.borrow().0.len());
        write!(f, "<Context of {set} variables>")
    }
}
