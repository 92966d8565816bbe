//! The operations that run bodies within something.

use std::rc::Rc;

use kolo::{Result, TaskGroup, Timeout, task_group};

use crate::bodies::Flow;
use crate::frame::Frame;
use crate::program::{Body, ScopeOp, Step, Ticks};
use crate::values::error_name;
use crate::world::World;

impl World {
    pub(crate) async fn within(self: &Rc<Self>, frame: &Rc<Frame>, step: &Step, op: &ScopeOp) -> Result<Flow> {
        match op {
            ScopeOp::Timeout { delay, body } => {
                self.within_timeout(frame, step, Timeout::after(delay.map(Ticks::seconds)), body)
                    .await
            }
            ScopeOp::TimeoutAt { when, body } => {
                self.within_timeout(frame, step, Timeout::at(when.map(Ticks::seconds)), body)
                    .await
            }
            ScopeOp::Group { group, body } => {
                let run = async |entered: TaskGroup| {
                    self.groups.set(*group, entered);
                    self.run_body(frame, body).await
                };
                let flow = self.logged(step, task_group(run).await)?;
                self.log(step, "ok");
                Ok(flow)
            }
            ScopeOp::Try {
                body,
                on_cancelled,
                on_error,
                finally,
            } => {
                let handlers = (on_cancelled.as_ref(), on_error.as_ref());
                let outcome = self.guarded(frame, step, body, handlers).await;
                if let Some(finally) = finally
                    && let Flow::Return(value) = self.run_body(frame, finally).await?
                {
                    return Ok(Flow::Return(value));
                }
                outcome
            }
            ScopeOp::Repeat { times, body } => {
                for _ in 0..*times {
                    if let Flow::Return(value) = self.run_body(frame, body).await? {
                        return Ok(Flow::Return(value));
                    }
                }
                Ok(Flow::Normal)
            }
        }
    }

    async fn within_timeout(self: &Rc<Self>, frame: &Rc<Frame>, step: &Step, timeout: Timeout, body: &Body) -> Result<Flow> {
        frame.timeouts.borrow_mut().push(timeout.clone());
        let outcome = timeout.clone().run(self.run_body(frame, body)).await;
        frame.timeouts.borrow_mut().pop();
        match &outcome {
            Ok(_) => self.log(step, format!("ok {}", timeout.expired())),
            Err(error) => self.log(step, format!("err {} {}", error_name(error), timeout.expired())),
        }
        outcome
    }

    /// Runs a body; what it fails with goes to the handler for it, if there is one.
    async fn guarded(
        self: &Rc<Self>,
        frame: &Rc<Frame>,
        step: &Step,
        body: &Body,
        (on_cancelled, on_error): (Option<&Body>, Option<&Body>),
    ) -> Result<Flow> {
        let error = match self.run_body(frame, body).await {
            Ok(flow) => return Ok(flow),
            Err(error) => error,
        };
        let Some(handler) = (if error.is_cancelled() { on_cancelled } else { on_error }) else {
            return Err(error);
        };
        self.log_at(&step.path, "catch", error_name(&error));
        frame.handling.borrow_mut().push(error);
        let outcome = self.run_body(frame, handler).await;
        frame.handling.borrow_mut().pop();
        outcome
    }
}
