//! What kolo sets out to reach, and whether it does.

use std::fmt::Write;

use super::tables::{figure, kolo};
use crate::runner::{Footprints, Race};

struct Target {
    work: &'static str,
    must: Must,
    /// Nanoseconds, or bytes.
    aim: Option<f64>,
    /// What limits it and what was tried, for when it is missed.
    limit: &'static str,
}

enum Must {
    /// This many times as fast as the best of the peers.
    Best(f64),
    /// As fast as each of these runtimes.
    Ahead(&'static [&'static str]),
    /// This many times as fast as this one.
    Than(&'static str, f64),
    /// Not more than this.
    AtMost(f64),
}

const fn ahead(work: &'static str, aim: f64, limit: &'static str) -> Target {
    Target {
        work,
        must: Must::Best(1.0),
        aim: Some(aim),
        limit,
    }
}

const fn than(work: &'static str, rival: &'static str, factor: f64, limit: &'static str) -> Target {
    Target {
        work,
        must: Must::Than(rival, factor),
        aim: None,
        limit,
    }
}

const TARGETS: [Target; 22] = [
    ahead(
        "spawn",
        18.0,
        "some 530 instructions from the spawning to the joining; a fifth of them to count references and to take the block from its pool and give it back, a quarter to enter and leave the only step, the rest the table of tasks, the queue and the outcome. Tried: the block's head written straight into place, three references counted at once, no box for what few tasks have.",
    ),
    ahead(
        "spawn_parked",
        40.0,
        "as spawn; and a real event with an order, cancellation and a place for reports stands beside the peers' bare list of wakers.",
    ),
    Target {
        work: "cancel",
        must: Must::Ahead(&["tokio", "smol"]),
        aim: Some(40.0),
        limit: "a cancelled task runs once more, to learn it and to clean up; the peers ahead drop theirs where they stand.",
    },
    Target {
        work: "yield",
        must: Must::Best(2.0),
        aim: Some(8.0),
        limit: "some 270 instructions, a third of them to enter and to leave a step: who runs, whether it is cancelled, where it stood.",
    },
    ahead(
        "ping_pong",
        45.0,
        "four operations of a queue that keeps asyncio's order, counts unfinished items and passes wake-ups on, and an iteration of the loop for each wake-up, which asyncio's order asks for. The floor beside it shows the loop without the queue.",
    ),
    than(
        "ping_pong",
        "tokio current_thread",
        3.0,
        "the same: the floor beside it shows how much of it is the loop.",
    ),
    ahead(
        "lock",
        40.0,
        "a hand-over is a wake-up and a yield, each an iteration of the loop; the lock itself adds the queue's entry and the note of who holds it.",
    ),
    than(
        "lock",
        "tokio current_thread",
        3.0,
        "half of it is the yield inside, which tokio's tasks do here in the cheapest way there is, by waking themselves; with `tokio::task::yield_now` they take more than twice as long.",
    ),
    ahead(
        "semaphore",
        40.0,
        "as the lock; a permit is handed over at the release, as in asyncio, past those that were granted one and have not run.",
    ),
    ahead("queue", 12.0, "the wake-ups; the items themselves cost little."),
    ahead(
        "timeout",
        45.0,
        "two looks at the clock, some 20 ns each, one to arm it and one because a timer is armed; then one small allocation for the scope.",
    ),
    ahead(
        "timeout_armed",
        45.0,
        "as without the other timers: the newest few are kept beside the heap.",
    ),
    ahead(
        "sleeps",
        500.0,
        "memory that is not in the cache: a task, its place in the table, its timer and its node in the heap.",
    ),
    Target {
        work: "gather",
        must: Must::Best(3.0),
        aim: Some(30.0),
        limit: "a child is a task, so what limits spawning limits it; telling the gather costs 15 ns a child.",
    },
    Target {
        work: "group",
        must: Must::Ahead(&["tokio"]),
        aim: None,
        limit: "",
    },
    Target {
        work: "wake_awake",
        must: Must::Best(1.0),
        aim: None,
        limit: "",
    },
    ahead(
        "asleep",
        150.0,
        "128 bytes of task and sleep; 8 in the table of tasks; a timer of 32 and its node of 24 in the heap.",
    ),
    Target {
        work: "parked",
        must: Must::AtMost(160.0),
        aim: Some(112.0),
        limit: "a head of 88 bytes, 48 of coroutine and wait, 8 in the table of tasks, 8 in the event's queue.",
    },
    than("spawn", "asyncio", 30.0, ""),
    than("spawn", "uvloop", 20.0, ""),
    than("yield", "asyncio", 30.0, ""),
    than("yield", "uvloop", 20.0, ""),
];

/// One line for each target, and below it one for each that was missed.
pub(super) fn table(races: &[Race], footprints: &[Footprints]) -> String {
    let mut text =
        "\n# Targets\n\nThe aims are nanoseconds, or bytes, on a machine on which malloc and free of 128 bytes take 23 ns.\n\n| work | kolo | must be | at most | met | aim | met |\n|---|---:|---|---:|---|---:|---|\n".to_owned();
    let mut missed = String::new();
    let all: Vec<_> = races
        .iter()
        .chain(footprints.iter().map(|footprint| &footprint.bytes))
        .collect();
    for target in &TARGETS {
        let Some(race) = all.iter().find(|race| race.id == target.work) else {
            continue;
        };
        let (Some(kolo), Some((bound, wording))) = (kolo(race), target.must.bound(race)) else {
            continue;
        };
        let met = |bound: f64| if kolo <= bound { "yes" } else { "**no**" };
        let _ = writeln!(
            text,
            "| {} | {} | {wording} | {} | {} | {} | {} |",
            race.title,
            figure(kolo),
            figure(bound),
            met(bound),
            target.aim.map_or(String::new(), figure),
            target.aim.map_or("", met),
        );
        if kolo > bound || target.aim.is_some_and(|aim| kolo > aim) {
            let limit = if target.limit.is_empty() {
                "not yet looked into."
            } else {
                target.limit
            };
            let what = if kolo > bound { &wording } else { "the aim" };
            let _ = writeln!(missed, "- {} ({what}): {limit}", race.title);
        }
    }
    if !missed.is_empty() {
        text += "\nWhat was missed, and what limits it:\n\n";
        text += &missed;
    }
    text
}

impl Must {
    /// The largest figure that meets it, and how to say it. Nothing if nobody was there to compare with.
    fn bound(&self, race: &Race) -> Option<(f64, String)> {
        let best = |counts: &dyn Fn(&str) -> bool| {
            let rivals = race.entries.iter().filter(|entry| !entry.is_floor && counts(&entry.peer));
            let figures = rivals.filter_map(|entry| Some((entry.median()?, entry.name.clone())));
            figures.min_by(|a, b| a.0.total_cmp(&b.0))
        };
        match *self {
            Must::Best(factor) => {
                let (figure, name) = best(&|peer| peer != "kolo")?;
                let wording = match factor {
                    1.0 => format!("ahead of the best, {name}"),
                    factor => format!("{factor} times as fast as the best, {name}"),
                };
                Some((figure / factor, wording))
            }
            Must::Ahead(rivals) => {
                let (figure, _) = best(&|peer| rivals.iter().any(|rival| peer.starts_with(rival)))?;
                Some((figure, format!("ahead of {}", rivals.join(" and "))))
            }
            Must::Than(rival, factor) => {
                let (figure, _) = best(&|peer| peer == rival)?;
                Some((figure / factor, format!("{factor} times as fast as {rival}")))
            }
            Must::AtMost(bound) => Some((bound, format!("at most {bound}"))),
        }
    }
}
