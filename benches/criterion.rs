//! The same workloads under criterion: `cargo bench`, or `cargo bench -- spawn` for one of them.
//!
//! Criterion takes the contenders one after the other and all in one process, so what RESULTS.md says counts for more; but it
//! knows what the last run came to, and says how much has changed since. Its times are CPU time here as well.

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use kolo_benches::catalogue::workloads;

fn all(criterion: &mut Criterion) {
    for workload in workloads() {
        let mut group = criterion.benchmark_group(workload.id);
        group
            .sampling_mode(SamplingMode::Flat)
            .sample_size(10)
            .warm_up_time(Duration::from_millis(100))
            .measurement_time(Duration::from_millis(500))
            .throughput(Throughput::Elements(workload.operations));
        for contender in &workload.contenders {
            if let Err(reason) = (contender.available)() {
                eprintln!("{}: {reason}", contender.name());
                continue;
            }
            group.bench_function(BenchmarkId::from_parameter(contender.name()), |bencher| {
                bencher.iter_custom(|iterations| (contender.run)(workload.size, iterations).cpu);
            });
        }
        group.finish();
    }
}

criterion_group!(benches, all);
criterion_main!(benches);
