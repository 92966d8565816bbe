//! Writes down what came out.

pub(crate) mod machine;
pub mod plot;
pub mod section;
pub mod tables;
mod targets;

use std::fmt::Write;

use crate::competitor::Python;
use crate::runner::{Effort, Footprints, Growth, Race};

/// The text of RESULTS.md.
pub fn results(effort: Effort, python: Option<&Python>, races: &[Race], footprints: &[Footprints], growths: &[Growth]) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "# Results\n\n\
         Written by the command in [README.md](README.md), which also says what each workload does. All figures are CPU time in \
         nanoseconds for one operation: medians over {} interleaved rounds ({} for memory and growth), each measurement in a \
         process of its own. Lower is better. *kolo is* says how many times as fast as the peer kolo is.\n",
        effort.rounds, effort.slow_rounds
    );
    text += &machine::describe(python);
    text += &targets::table(races, footprints);
    text += "\n# Each workload\n";
    for race in races {
        text += &tables::race(race);
    }
    text += "\n# Memory\n";
    for footprint in footprints {
        text += &tables::footprints(footprint);
    }
    text += "\n# How cost grows\n\n![How cost grows with the number of tasks](growth.svg)\n";
    for growth in growths {
        text += &tables::growth(growth);
    }
    text
}
