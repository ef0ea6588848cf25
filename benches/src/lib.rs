//! Criterion benches and the floor that everything is compared with.
