//! Which operations the interpreter performs.

use crate::program::Program;

/// Operations on the primitives of kolo-sync: read, but not performed yet.
const NOT_COVERED: &[&str] = &[
    "bar_abort",
    "bar_info",
    "bar_reset",
    "bar_wait",
    "cond_acquire",
    "cond_locked",
    "cond_notify",
    "cond_notify_all",
    "cond_release",
    "cond_wait",
    "cond_wait_for",
    "ev_clear",
    "ev_is_set",
    "ev_set",
    "ev_wait",
    "lock_acquire",
    "lock_locked",
    "lock_release",
    "q_get",
    "q_get_nowait",
    "q_info",
    "q_join",
    "q_put",
    "q_put_nowait",
    "q_shutdown",
    "q_task_done",
    "sem_acquire",
    "sem_locked",
    "sem_release",
    "with_bar",
    "with_cond",
    "with_lock",
    "with_sem",
];

/// The operations of a program that cannot be performed, by name.
pub fn uncovered(program: &Program) -> Vec<&str> {
    program
        .operations
        .iter()
        .map(String::as_str)
        .filter(|name| NOT_COVERED.contains(name))
        .collect()
}
