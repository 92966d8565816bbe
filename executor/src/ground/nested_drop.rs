//! Destructors within destructors, and not more of them than the stack has room for.
//!
//! What owns something that owns something, and so on, is dropped by recursion, and may do so more deeply than the stack is. So whatever may
//! be a link of such a chain drops what it owns by [`nested_drop`].
//!
//! # Order
//!
//! Down to [`DEEPEST`] destructors within each other nothing is changed: what is owned is dropped in the middle of its owner's destructor. What
//! is given up deeper than that waits for the destructor at that depth to return. Then it is dropped, in the order in which it was given up,
//! and so is what is given up meanwhile: owners still go before what they own.
//!
//! A destructor that panics does not keep those that wait from being run. The first panic goes on after them.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::mem::ManuallyDrop;

use crate::ground::caught::catch;
use crate::ground::on_drop::OnDrop;

/// Enough for what people write by hand, and little enough for a thread with a small stack.
const DEEPEST: u32 = 16;

type Destroy = Box<dyn FnOnce()>;

// Neither has a destructor of its own: they are used by those of other variables of the thread.
thread_local! {
    /// How many run within each other. One more than the deepest: there those that wait are run.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    static WAITING: ManuallyDrop<RefCell<VecDeque<Destroy>>> = const { ManuallyDrop::new(RefCell::new(VecDeque::new())) };
}

/// Calls `destroy`, which runs destructors: now, or, if too many are running within each other, before the last of these returns.
#[inline(always)]
pub(crate) fn nested_drop(destroy: impl FnOnce() + 'static) {
    let depth = DEPTH.get();
    if depth >= DEEPEST {
        return drop_deep(destroy);
    }
    DEPTH.set(depth + 1);
    let _back = OnDrop(|| DEPTH.set(depth));
    destroy();
}

#[cold]
#[inline(never)]
fn drop_deep(destroy: impl FnOnce() + 'static) {
    if DEPTH.get() > DEEPEST {
        return WAITING.with(|waiting| waiting.borrow_mut().push_back(Box::new(destroy)));
    }
    DEPTH.set(DEEPEST + 1);
    let mut panic = catch(destroy).err();
    while let Some(destroy) = WAITING.with(|waiting| waiting.borrow_mut().pop_front()) {
        panic = panic.or(catch(destroy).err());
    }
    DEPTH.set(DEEPEST);
    // Nothing of it is left when the thread ends.
    drop(WAITING.with(|waiting| waiting.take()));
    if let Some(panic) = panic {
        panic.resume();
    }
}

/// While it lives destructors are counted anew. For a loop that is run by a destructor: what is given up there is waited for there.
pub(crate) struct Anew(u32);

impl Anew {
    pub(crate) fn begin() -> Anew {
        Anew(DEPTH.replace(0))
    }
}

impl Drop for Anew {
    fn drop(&mut self) {
        DEPTH.set(self.0);
    }
}
