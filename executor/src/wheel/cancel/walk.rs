//! The way of a cancellation through tasks that wait for each other, by themselves or in gathers.
//!
//! asyncio recurses: a task asks what it waits for, a gather asks each of its children, and what these answer decides what is armed and what
//! is noted. The same is asked here in the same order, depth first, but the path is a list of its own, because it may be longer than the
//! stack, and whoever was met is marked, because asyncio would
//!
//! - ask without end who is met again *on* the path, in a circle. Such a task is armed and woken. A gather cannot be: the task that leads to
//!   it is, in its place.
//! - ask who is met again *off* the path as often as there are ways to it, and there may be more than anybody can count. Who has been asked
//!   has cancelled all below that can be cancelled, and who has been asked twice has heard all of it refuse. From then on nothing changes
//!   but the counts of requests: the second answer is given again, and the counts are made up for in the end.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::{Asked, Several};
use crate::block::gather::GatherHead;
use crate::block::raw::Ref;
use crate::block::task::{TaskHead, TaskRef};
use crate::ground::error::Error;
use crate::wheel::wake::wake;

pub(super) struct Walk {
    error: Error,
    met: Vec<Met>,
    /// Where each stands in `met`, by its address.
    places: HashMap<usize, usize>,
    /// From the first to the one that asks now.
    path: Vec<usize>,
    /// How many have left the path for the first time.
    left: usize,
    /// Whether anybody was met more than twice.
    crowded: bool,
}

/// One that passes a cancellation on.
struct Met {
    who: Who,
    /// Of a task that stands at several leaves: what these wait for.
    several: Several,
    /// The task on whose behalf it asks: itself, or the last before it on the path.
    task: Option<usize>,
    on_path: bool,
    /// How often it has asked those below, twice at the most.
    rounds: u8,
    /// Which of those below it asks next.
    next: usize,
    /// Whether any has accepted in this round, or in the last.
    accepted: bool,
    /// Whoever is below it, but not in a circle with it, left the path before.
    left: usize,
    /// How often it was met beyond the rounds.
    more: u32,
}

enum Who {
    Task(TaskRef),
    Gather(Ref),
}

/// Whether it is one that passes a cancellation on, or may.
pub(super) fn passes_on(promise: &Ref) -> bool {
    promise.is::<TaskHead>() || promise.is::<GatherHead>()
}

impl Who {
    fn of(promise: &Ref) -> Who {
        match TaskRef::new(promise) {
            Some(task) => Who::Task(task),
            None => Who::Gather(promise.clone()),
        }
    }

    fn block(&self) -> &Ref {
        match self {
            Who::Task(task) => task.erased(),
            Who::Gather(gather) => gather,
        }
    }
}

impl Met {
    /// Whether the answer of the one that was asked last counts.
    fn counts(&self) -> bool {
        self.several.promises.is_empty() || self.next <= self.several.polled
    }

    /// The `n`th to be asked.
    fn below(&self, n: usize) -> Option<Ref> {
        match &self.who {
            Who::Task(task) if task.flags.stands_at_several() => self.several.promises.get(n).cloned(),
            Who::Task(task) => task.waiting_on().filter(|_| n == 0),
            Who::Gather(gather) => gather.own::<GatherHead>()?.children.get(n).map(|child| child.0.clone()),
        }
    }
}

impl Walk {
    pub(super) fn new(error: Error) -> Walk {
        Walk {
            error,
            met: Vec::new(),
            places: HashMap::new(),
            path: Vec::new(),
            left: 0,
            crowded: false,
        }
    }

    /// Cancels `promise`, as asyncio's `cancel()` of its kind does. Whether it accepts.
    pub(super) fn cancel(&mut self, promise: &Ref) -> bool {
        self.ask(promise).unwrap_or_else(|| self.go_on())
    }

    /// Cancels those who are asked in the place of this task, and arms it if all refuse.
    pub(super) fn cancel_below(&mut self, task: &TaskRef, asked: Asked) {
        let place = self.meet(Who::Task(task.clone()));
        self.begin_round(place, asked);
        self.go_on();
    }

    /// The answer, or `None`: those below it are to be asked first.
    fn ask(&mut self, promise: &Ref) -> Option<bool> {
        if promise.head().done() || !passes_on(promise) {
            return Some(promise.cancel(self.error.clone()));
        }
        let place = self.places.get(&promise.address()).copied();
        if let Some(place) = place {
            let met = &mut self.met[place];
            if met.on_path {
                self.close_circle(place);
                return Some(true);
            }
            if met.rounds == 2 {
                met.more = met.more.saturating_add(1);
                self.crowded = true;
                return Some(met.accepted);
            }
        }
        let who = Who::of(promise);
        let asked = match &who {
            Who::Task(task) => task.request_cancel(&self.error),
            // Its children.
            Who::Gather(_) => Asked::Several(Box::default()),
        };
        if let Asked::Nobody = asked {
            return Some(true);
        }
        let place = place.unwrap_or_else(|| self.meet(who));
        self.begin_round(place, asked);
        None
    }

    fn meet(&mut self, who: Who) -> usize {
        let place = self.met.len();
        self.places.insert(who.block().address(), place);
        self.met.push(Met {
            who,
            several: Several::default(),
            task: None,
            on_path: false,
            rounds: 0,
            next: 0,
            accepted: false,
            left: 0,
            more: 0,
        });
        place
    }

    fn begin_round(&mut self, place: usize, asked: Asked) {
        let several = match asked {
            Asked::Several(several) => *several,
            Asked::Nobody | Asked::One(_) => Several::default(),
        };
        let above = self.path.last().and_then(|&above| self.met[above].task);
        let met = &mut self.met[place];
        met.task = if let Who::Task(_) = met.who { Some(place) } else { above };
        met.on_path = true;
        met.rounds += 1;
        met.next = 0;
        met.accepted = several.accepted;
        met.several = several;
        self.path.push(place);
    }

    /// Asks until the path is empty. The answer of the one with which it began.
    fn go_on(&mut self) -> bool {
        let mut answer = None;
        while let Some(&place) = self.path.last() {
            let met = &mut self.met[place];
            met.accepted |= answer.take().unwrap_or(false) && met.counts();
            let next = met.below(met.next);
            met.next += 1;
            answer = match next {
                Some(promise) => self.ask(&promise),
                None => Some(self.end_round()),
            };
        }
        answer.unwrap_or(false)
    }

    fn end_round(&mut self) -> bool {
        let Some(met) = self.path.pop().map(|place| &mut self.met[place]) else {
            return false;
        };
        met.on_path = false;
        if met.rounds == 1 {
            met.left = self.left;
            self.left += 1;
        }
        match &met.who {
            Who::Task(task) => {
                if !met.accepted {
                    task.arm(self.error.clone());
                }
                met.accepted = true;
            }
            Who::Gather(gather) if met.accepted => {
                let head = gather.own::<GatherHead>();
                head.into_iter().for_each(|head| head.cancelled.set(Some(self.error.clone())));
            }
            Who::Gather(_) => {}
        }
        met.accepted
    }

    fn close_circle(&self, place: usize) {
        let by = match self.met[place].who {
            Who::Task(_) => Some(place),
            Who::Gather(_) => self.path.last().and_then(|&last| self.met[last].task),
        };
        if let Some(Who::Task(task)) = by.map(|by| &self.met[by].who) {
            task.arm(self.error.clone());
            wake(task.clone());
        }
    }

    /// Makes up for the requests that were left out: each that was met more than twice would have asked those below it as often.
    pub(super) fn end(mut self) {
        if !self.crowded {
            return;
        }
        let mut order: Vec<usize> = (0..self.met.len()).collect();
        order.sort_unstable_by_key(|&place| Reverse(self.met[place].left));
        for place in order {
            let Met { more, left, .. } = self.met[place];
            if more == 0 {
                continue;
            }
            if let Who::Task(task) = &self.met[place].who {
                task.add_requests(more);
            }
            for n in 0.. {
                let Some(below) = self.met[place].below(n) else { break };
                match self.places.get(&below.address()) {
                    Some(&below) if self.met[below].left < left => {
                        let met = &mut self.met[below];
                        met.more = met.more.saturating_add(more);
                    }
                    // A circle.
                    Some(_) => {}
                    None => {
                        let task = TaskRef::new(&below).filter(|task| !task.done());
                        task.into_iter().for_each(|task| task.add_requests(more));
                    }
                }
            }
        }
    }
}
