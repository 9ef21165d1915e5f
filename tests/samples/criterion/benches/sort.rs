//! Small benchmarks with the kinds of names and throughputs that Criterion has.
use criterion::{criterion_group, criterion_main, BenchmarkId, Criterion, Throughput};
use std::time::Duration;

fn descending(size: u64) -> Vec<u64> {
    (0..size).rev().collect()
}

fn sort(criterion: &mut Criterion) {
    criterion.bench_function("sort_plain", |b| b.iter(|| descending(10).sort()));
    let mut group = criterion.benchmark_group("sort");
    for size in [10u64, 100] {
        group.throughput(Throughput::Elements(size));
        group.bench_with_input(BenchmarkId::new("stable", size), &size, |b, &size| {
            b.iter(|| descending(size).sort())
        });
    }
    group.finish();
    let mut group = criterion.benchmark_group("copy");
    group.throughput(Throughput::Bytes(4096));
    group.bench_function("bytes", |b| b.iter(|| vec![7u8; 4096].clone()));
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10)
        .warm_up_time(Duration::from_millis(20)).measurement_time(Duration::from_millis(50));
    targets = sort
}
criterion_main!(benches);
