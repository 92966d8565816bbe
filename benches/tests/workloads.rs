//! Every contender does its work at a small size, so that a benchmark that has come to hang or to count wrongly shows up here.

use kolo_benches::catalogue::{Workload, memories, workloads};

/// Workloads whose size is not the number of their operations keep it; the others need not be that large.
fn small(workload: &Workload) -> (usize, u64) {
    match workload.id {
        "ping_pong" | "queue" | "timeout" | "wake_asleep" => (workload.size, workload.operations),
        "timeout_armed" => (20, 1),
        _ => (20, 20),
    }
}

#[test]
fn every_workload_counts_its_operations() {
    for workload in workloads() {
        let (size, operations) = small(&workload);
        // An iteration of sleeps takes a second, whatever its size.
        let iterations = if workload.id == "sleeps" { 1 } else { 3 };
        for contender in workload.contenders.iter().filter(|contender| (contender.available)().is_ok()) {
            let cost = (contender.run)(size, iterations);
            assert_eq!(
                cost.operations,
                iterations * operations,
                "{} on {}",
                workload.id,
                contender.name()
            );
        }
    }
}

#[test]
fn an_iteration_is_as_many_operations_as_the_catalogue_says() {
    for workload in workloads().iter().filter(|workload| workload.id != "sleeps") {
        let cost = (workload.contenders[0].run)(workload.size, 1);
        assert_eq!(cost.operations, workload.operations, "{}", workload.id);
    }
}

#[test]
fn names_are_unique() {
    for workload in workloads() {
        let mut names: Vec<_> = workload.contenders.iter().map(|contender| contender.name()).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), workload.contenders.len(), "{}", workload.id);
    }
}

#[test]
fn every_footprint_is_there() {
    for memory in memories() {
        for contender in memory.contenders.iter().filter(|contender| (contender.available)().is_ok()) {
            let footprint = (contender.run)(10_000);
            assert!(footprint.spawn > 0.0, "{} on {}", memory.id, contender.name());
        }
    }
}
