//! Only benchmarks here.
