//! Arrivals and headers in, a verdict with its evidence out.

pub mod causes;
mod chunks;
mod confidence;
mod cut;
mod diagnose;
mod findings;
pub mod media;
mod not_tested;
pub mod observations;
pub mod plan;
mod releases;
mod sentences;
mod signature;
mod stats;
mod text;
mod timeline;
mod weigh;

pub use diagnose::diagnose;
