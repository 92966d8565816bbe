//! An armed timer, and disarming it.

use crate::ground::time::Nanos;
use crate::ground::timers::TimerKey;
use crate::wheel::core::Core;
use crate::wheel::current;
use crate::wheel::entry::Entry;

/// Names an armed timer of some loop. It does not keep the loop, which may own what owns this.
#[derive(Clone, Copy)]
pub(crate) struct Timer {
    loop_id: u16,
    key: TimerKey,
}

impl Timer {
    pub(crate) fn of(loop_id: u16, key: TimerKey) -> Timer {
        Timer { loop_id, key }
    }

    /// Queues `entry` in this loop when `delay` has passed.
    pub(crate) fn after(core: &Core, delay: Nanos, entry: Entry) -> Timer {
        Timer::of(core.id, core.arm_timer(core.time.now().saturating_add(delay), entry))
    }

    /// Does nothing when it has fired.
    #[inline(never)]
    pub(crate) fn disarm(self) {
        current::with_loop_of(self.loop_id, |event_loop| event_loop.0.disarm_timer(self.key));
    }
}
