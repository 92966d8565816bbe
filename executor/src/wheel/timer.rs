//! An armed timer, and disarming it.

use std::num::NonZeroU64;

use crate::ground::time::Nanos;
use crate::ground::timers::TimerKey;
use crate::wheel::core::Core;
use crate::wheel::current;
use crate::wheel::entry::Entry;

/// Names an armed timer of some loop. It does not keep the loop, which may own what owns this.
#[derive(Clone, Copy)]
pub(crate) struct Timer {
    sequence: NonZeroU64,
    slot: u32,
    loop_id: u16,
}

// Beside a delay that is yet to begin, it takes no more room than by itself: see `Sleep`.
const _: () = assert!(size_of::<Timer>() == 16);

impl Timer {
    pub(crate) fn of(loop_id: u16, key: TimerKey) -> Timer {
        let TimerKey { sequence, slot } = key;
        Timer { sequence, slot, loop_id }
    }

    /// Queues `entry` in this loop when `delay` has passed.
    pub(crate) fn after(core: &Core, delay: Nanos, entry: Entry) -> Timer {
        Timer::of(core.id, core.arm_timer(core.time.now().saturating_add(delay), entry))
    }

    /// Does nothing when it has fired.
    #[inline(never)]
    pub(crate) fn disarm(self) {
        let Timer { sequence, slot, loop_id } = self;
        let key = TimerKey { sequence, slot };
        current::with_loop_of(loop_id, |event_loop| event_loop.0.disarm_timer(key));
    }
}
