//! Takes many measurements: one process each, in interleaved rounds.

use serde_json::Value;

use crate::catalogue::{Memory, memories, workloads};
use crate::competitor::{Competitor, LARGEST_FOR_PYTHON, Python};
use crate::sample::median;

/// How much of everything to do.
#[derive(Clone, Copy)]
pub struct Effort {
    pub rounds: usize,
    pub milliseconds: u64,
    /// Memory and growth take long and vary little.
    pub slow_rounds: usize,
    pub memory_tasks: usize,
    pub growth_sizes: &'static [usize],
}

pub const FULL: Effort = Effort {
    rounds: 5,
    milliseconds: 100,
    slow_rounds: 3,
    memory_tasks: 1_000_000,
    growth_sizes: &[100, 1_000, 10_000, 100_000, 1_000_000],
};

/// Enough to see that everything runs.
pub const QUICK: Effort = Effort {
    rounds: 1,
    milliseconds: 10,
    slow_rounds: 1,
    memory_tasks: 10_000,
    growth_sizes: &[100, 1_000, 10_000],
};

/// What everyone came to at one kind of work.
pub struct Race {
    pub id: &'static str,
    pub title: &'static str,
    pub operation: &'static str,
    pub entries: Vec<Entry>,
}

pub struct Entry {
    pub name: String,
    pub peer: String,
    pub is_floor: bool,
    /// One for each round, or why there is none.
    pub samples: Result<Vec<f64>, String>,
}

impl Entry {
    pub fn median(&self) -> Option<f64> {
        self.samples.as_ref().ok().map(|samples| median(samples.clone()))
    }
}

fn with_python(mut competitors: Vec<Competitor>, python: Option<&Python>, work: &str) -> Vec<Competitor> {
    competitors.extend(python.into_iter().flat_map(|python| python.competitors(work)));
    competitors
}

fn competitors(work: &str, python: Option<&Python>) -> Vec<Competitor> {
    let all = workloads();
    let workload = all.iter().find(|workload| workload.id == work).expect("a known workload");
    let rust = workload
        .contenders
        .iter()
        .map(|c| Competitor::rust("sample", work, c))
        .collect();
    with_python(rust, python, work)
}

/// All workloads, or those that are named.
pub fn races(effort: Effort, python: Option<&Python>, only: &[String]) -> Vec<Race> {
    let mut works: Vec<_> = workloads()
        .into_iter()
        .filter(|workload| only.is_empty() || only.iter().any(|id| id == workload.id))
        .map(|workload| {
            let competitors = competitors(workload.id, python);
            let samples = vec![Ok(Vec::new()); competitors.len()];
            (workload, competitors, samples)
        })
        .collect();

    for round in 0..effort.rounds {
        for (workload, competitors, samples) in &mut works {
            eprintln!("round {} of {}: {}", round + 1, effort.rounds, workload.title);
            let measure = |who: &Competitor| number(who.measure(workload.size, Some(effort.milliseconds))?);
            add_round(round, competitors, samples, measure);
        }
    }

    works
        .into_iter()
        .map(|(workload, competitors, samples)| Race {
            id: workload.id,
            title: workload.title,
            operation: workload.operation,
            entries: entries(competitors, samples),
        })
        .collect()
}

/// Everyone once, beginning with another in each round. Who has failed is not asked again.
fn add_round<T>(
    round: usize,
    competitors: &[Competitor],
    samples: &mut [Result<Vec<T>, String>],
    measure: impl Fn(&Competitor) -> Result<T, String>,
) {
    for turn in 0..competitors.len() {
        let who = (turn + round) % competitors.len();
        let Ok(so_far) = &mut samples[who] else { continue };
        match measure(&competitors[who]) {
            Ok(sample) => so_far.push(sample),
            Err(reason) => samples[who] = Err(reason),
        }
    }
}

fn number(value: Value) -> Result<f64, String> {
    value.as_f64().ok_or_else(|| format!("it printed {value}"))
}

fn entries(competitors: Vec<Competitor>, samples: Vec<Result<Vec<f64>, String>>) -> Vec<Entry> {
    let entry = |(competitor, samples): (Competitor, _)| Entry {
        name: competitor.name,
        peer: competitor.peer,
        is_floor: competitor.is_floor,
        samples,
    };
    competitors.into_iter().zip(samples).map(entry).collect()
}

/// What a million waiting tasks cost: three races over the same measurements.
pub struct Footprints {
    pub title: &'static str,
    pub bytes: Race,
    pub spawn: Race,
    pub cancel: Race,
}

pub fn footprints(effort: Effort, python: Option<&Python>) -> Vec<Footprints> {
    let measure = |memory: Memory| {
        let ours = memory.contenders.iter().map(|c| Competitor::rust("footprint", memory.id, c));
        let competitors = with_python(ours.collect(), python, memory.id);
        let mut samples = vec![Ok(Vec::new()); competitors.len()];
        for round in 0..effort.slow_rounds {
            eprintln!("round {} of {}: {}", round + 1, effort.slow_rounds, memory.title);
            add_round(round, &competitors, &mut samples, |who| {
                who.measure(effort.memory_tasks, None)
            });
        }
        let race = |id, operation, key: &str| Race {
            id,
            title: memory.title,
            operation,
            entries: competitors
                .iter()
                .zip(&samples)
                .map(|(who, samples)| aspect(who, samples, key))
                .collect(),
        };
        Footprints {
            title: memory.title,
            bytes: race(memory.id, "one task", "bytes"),
            spawn: race("", "one task", "spawn"),
            cancel: race("", "one task", "cancel"),
        }
    };
    memories().into_iter().map(measure).collect()
}

fn aspect(who: &Competitor, samples: &Result<Vec<Value>, String>, key: &str) -> Entry {
    let numbers = |samples: &Vec<Value>| samples.iter().map(|value| value[key].as_f64()).collect::<Option<_>>();
    let samples = match samples {
        Ok(samples) => numbers(samples).ok_or_else(|| "not possible".to_owned()),
        Err(reason) => Err(reason.clone()),
    };
    Entry {
        name: who.name.clone(),
        peer: who.peer.clone(),
        is_floor: false,
        samples,
    }
}

/// How the cost of an operation grows with the number of tasks.
pub struct Growth {
    pub title: &'static str,
    pub sizes: &'static [usize],
    /// For each contender one median for each size.
    pub curves: Vec<(String, Vec<Option<f64>>)>,
}

const GROWTHS: [(&str, &str); 4] = [
    ("spawn", "Spawn and join n tasks"),
    ("yield", "Yield, n tasks"),
    ("timeout", "A timeout armed and disarmed, n other timers"),
    ("lock", "A lock, n contenders, a yield inside"),
];

/// Each runtime takes part with whatever served it best in the race.
pub fn growths(effort: Effort, python: Option<&Python>, races: &[Race]) -> Vec<Growth> {
    let grow = |(work, title): (&str, &'static str)| {
        let race = races.iter().find(|race| race.id == work).expect("a race that was run");
        let mut competitors = competitors(work, python);
        competitors.retain(|competitor| is_best_of_its_peer(competitor, race));
        let mut curves: Vec<_> = competitors.iter().map(|c| (c.name.clone(), Vec::new())).collect();
        for &size in effort.growth_sizes {
            eprintln!("{title}: {size}");
            let mut samples: Vec<_> = competitors
                .iter()
                .map(|c| match c.is_python && size > LARGEST_FOR_PYTHON {
                    true => Err("too slow".to_owned()),
                    false => Ok(Vec::new()),
                })
                .collect();
            let measure = |who: &Competitor| number(who.measure(size, Some(effort.milliseconds))?);
            for round in 0..effort.slow_rounds {
                add_round(round, &competitors, &mut samples, measure);
            }
            for ((_, curve), samples) in curves.iter_mut().zip(samples) {
                curve.push(samples.ok().map(median));
            }
        }
        Growth {
            title,
            sizes: effort.growth_sizes,
            curves,
        }
    };
    GROWTHS.into_iter().map(grow).collect()
}

fn is_best_of_its_peer(competitor: &Competitor, race: &Race) -> bool {
    let of_peer = race
        .entries
        .iter()
        .filter(|entry| entry.peer == competitor.peer && !entry.is_floor);
    let best = of_peer.filter_map(|entry| Some((entry.median()?, &entry.name)));
    best.min_by(|a, b| a.0.total_cmp(&b.0))
        .is_some_and(|(_, name)| *name == competitor.name)
}
