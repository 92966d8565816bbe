//! The proof of deadlock: nothing can ever run again.

use crate::core::Core;
use crate::error::{Error, Kind, Result};

impl Core {
    /// Called when the loop would wait for ever.
    ///
    /// # Errors
    /// Deadlock, when it is certain that nothing could end the wait: no timer, no watched descriptor, no handle of another thread, and
    /// every task is parked on something of kolo's, which only this thread can complete.
    pub(crate) fn prove_deadlock(&self) -> Result<()> {
        if !self.proves_deadlock.get() || !self.is_idle_for_ever() {
            return Ok(());
        }
        let tasks = self.tasks.borrow().all();
        if tasks.iter().any(|task| task.may_be_woken_by_others()) {
            return Ok(());
        }
        self.reported_stuck.set(true);
        let mut text = String::from("nothing can ever run again");
        for task in &tasks {
            text.push_str(&format!("\n  task '{}', created at {}", task.name(), task.created_at));
            if let Some(parked) = task.parked() {
                text.push_str(&format!(", waits for {parked}"));
            }
        }
        Err(Error::new(Kind::Deadlock, text))
    }
}
