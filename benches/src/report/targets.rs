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

const TARGETS: [Target; 20] = [
    ahead("spawn", 18.0, ""),
    ahead("spawn_parked", 40.0, ""),
    Target {
        work: "cancel",
        must: Must::Ahead(&["tokio", "smol"]),
        aim: Some(40.0),
        limit: "",
    },
    Target {
        work: "yield",
        must: Must::Best(2.0),
        aim: Some(8.0),
        limit: "",
    },
    ahead("ping_pong", 45.0, ""),
    ahead("lock", 40.0, ""),
    ahead("semaphore", 40.0, ""),
    ahead("queue", 12.0, ""),
    ahead("timeout", 45.0, ""),
    ahead("timeout_armed", 45.0, ""),
    ahead("sleeps", 500.0, ""),
    Target {
        work: "gather",
        must: Must::Best(3.0),
        aim: Some(30.0),
        limit: "",
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
    ahead("asleep", 150.0, ""),
    Target {
        work: "parked",
        must: Must::AtMost(160.0),
        aim: Some(112.0),
        limit: "",
    },
    Target {
        work: "spawn",
        must: Must::Than("asyncio", 30.0),
        aim: None,
        limit: "",
    },
    Target {
        work: "spawn",
        must: Must::Than("uvloop", 20.0),
        aim: None,
        limit: "",
    },
    Target {
        work: "yield",
        must: Must::Than("asyncio", 30.0),
        aim: None,
        limit: "",
    },
    Target {
        work: "yield",
        must: Must::Than("uvloop", 20.0),
        aim: None,
        limit: "",
    },
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
