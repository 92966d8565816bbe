//! What libraries keep for a loop.

use std::rc::Rc;

use crate::wheel::core::EventLoop;

impl EventLoop {
    /// What somebody keeps for this loop: the one value of this type, made when it is first asked for, and dropped when the loop closes. For
    /// libraries, of types of their own. A closed loop keeps nothing: the value is a new one each time.
    ///
    /// ```
    /// use std::cell::Cell;
    ///
    /// use kolo::EventLoop;
    ///
    /// #[derive(Default)]
    /// struct Requests(Cell<u32>);
    ///
    /// let event_loop = EventLoop::new()?;
    /// event_loop.attached::<Requests>().0.set(7);
    /// assert_eq!(event_loop.attached::<Requests>().0.get(), 7);
    /// # Ok::<(), kolo::Error>(())
    /// ```
    pub fn attached<T: Default + 'static>(&self) -> Rc<T> {
        let find = || {
            let attached = self.0.attached.borrow();
            attached.iter().find_map(|value| value.clone().downcast::<T>().ok())
        };
        if let Some(value) = find() {
            return value;
        }
        // User code, which may have asked for the same.
        let made = Rc::new(T::default());
        find().unwrap_or_else(|| {
            if !self.is_closed() {
                self.0.attached.borrow_mut().push(made.clone());
            }
            made
        })
    }
}
