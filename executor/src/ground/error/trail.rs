//! The trail of an error: through which tasks it came.
//!
//! Whoever awaits a task that has failed is given the task's error with one more [`Passage`] in front. The error itself stays shared by all of
//! them, but each has a trail of its own: what one does with it, or how often it looks, adds nothing to what the others hold.

use std::iter::successors;
use std::panic::Location;

use super::{Error, Inner};
use crate::ground::line::of_program;

/// One task, or promise, out of which an error came on its way; from [`Error::trail`].
///
/// ```
/// use kolo::{Error, create_task, run};
///
/// run(async {
///     let task = create_task(async { Err::<(), _>(Error::value("bad")) });
///     let error = task.await.unwrap_err();
///     for passage in error.trail() {
///         if let (Some(task), Some(place)) = (passage.task(), passage.awaited_at()) {
///             println!("{task}, awaited at {place}"); // Task-2, awaited at src/main.rs:5:22
///         }
///     }
///     Ok(())
/// })
/// .unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Passage {
    task: Option<Origin>,
    awaited: Awaited,
}

/// Which task it was.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub(crate) name: String,
    pub(crate) created_at: &'static Location<'static>,
}

/// Where it was awaited.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Awaited {
    At(&'static Location<'static>),
    /// Here, by a run: with this the error leaves the loop.
    ByRun(&'static Location<'static>),
    /// Whoever awaits what is in front of it will tell: a gather knows which child has failed, and its awaiter where.
    ToBeTold,
    Unknown,
}

impl Passage {
    /// The name that the task had. `None`: it was a promise, and no task.
    pub fn task(&self) -> Option<&str> {
        Some(&self.task.as_ref()?.name)
    }

    /// Where the task was created.
    ///
    /// ```
    /// use kolo::{Error, create_task, run};
    ///
    /// run(async {
    ///     let task = create_task(async { Err::<(), _>(Error::value("bad")) });
    ///     let error = task.await.unwrap_err();
    ///     let task = error.trail().next().unwrap();
    ///     println!("{:?} was created at {:?}", task.task(), task.created_at()); // Some("Task-2"), src/main.rs:4
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    pub fn created_at(&self) -> Option<&'static Location<'static>> {
        of_program(self.task.as_ref()?.created_at)
    }

    /// Where it was awaited, by the task before it in the trail. `None` where that is not known, as of a task of a group.
    pub fn awaited_at(&self) -> Option<&'static Location<'static>> {
        match self.awaited {
            Awaited::At(site) | Awaited::ByRun(site) => of_program(site),
            Awaited::ToBeTold | Awaited::Unknown => None,
        }
    }
}

/// What the awaiter of a task that has failed holds.
pub(super) struct Came {
    /// The error itself: one that has no trail.
    pub(super) made: Error,
    pub(super) passage: Passage,
    /// The same error, as the task held it that was awaited; `None` at the beginning of the trail.
    pub(super) before: Option<Error>,
}

impl Error {
    /// Through which tasks it came to whoever holds it, the outermost first: that which was awaited here, then that which was awaited by that
    /// one, and so on. Empty for an error that was made here, and for a plain cancellation, of which nothing is kept.
    ///
    /// ```
    /// use kolo::{Error, create_task, run};
    ///
    /// run(async {
    ///     let task = create_task(async { Err::<(), _>(Error::value("bad")) });
    ///     task.set_name("worker");
    ///     let error = task.await.unwrap_err();
    ///     let names: Vec<_> = error.trail().map(|passage| passage.task()).collect();
    ///     assert_eq!(names, [Some("worker")]);
    ///     Ok(())
    /// })
    /// .unwrap();
    /// ```
    pub fn trail(&self) -> impl Iterator<Item = &Passage> {
        successors(self.came(), |came| came.before.as_ref()?.came()).map(|came| &came.passage)
    }

    pub(super) fn came(&self) -> Option<&Came> {
        match self.0.as_deref() {
            Some(Inner::Came(came)) => Some(came),
            Some(Inner::Made(_)) | None => None,
        }
    }

    /// The same error, as it is held by whoever awaited this task, or a promise, that failed with it.
    #[cold]
    pub(crate) fn came_out_of(self, task: Option<Origin>, awaited: Awaited) -> Error {
        let tells = matches!(awaited, Awaited::At(_) | Awaited::ByRun(_));
        if !self.keeps_a_trail() || (task.is_none() && !tells) {
            return self;
        }
        let told = self
            .came()
            .filter(|came| task.is_none() && matches!(came.passage.awaited, Awaited::ToBeTold));
        let came = match told {
            Some(Came { made, passage, before }) => Came {
                made: made.clone(),
                passage: Passage {
                    awaited,
                    ..passage.clone()
                },
                before: before.clone(),
            },
            None => Came {
                made: self.came().map_or(&self, |came| &came.made).clone(),
                passage: Passage { task, awaited },
                before: self.came().is_some().then_some(self),
            },
        };
        Error::from_inner(Inner::Came(came))
    }

    /// Whether it came out of a run.
    pub(super) fn has_left_a_run(&self) -> bool {
        self.came()
            .is_some_and(|came| matches!(came.passage.awaited, Awaited::ByRun(_)))
    }

    /// Whether it is more than a plain cancellation, of which nothing is kept.
    pub(crate) fn keeps_a_trail(&self) -> bool {
        self.0.is_some()
    }

    /// The same error, with the trail of `other`.
    pub(super) fn with_trail_of(self, other: &Error) -> Error {
        let trail: Vec<&Passage> = other.trail().collect();
        let innermost_first = trail.into_iter().rev();
        innermost_first.fold(self, |error, passage| {
            error.came_out_of(passage.task.clone(), passage.awaited)
        })
    }
}
